"""The library of flows that ship with the engine: `std/ask-number` and its like."""

from functools import cache
from pathlib import Path

PREFIX = "std/"
DIRECTORY = Path(__file__).parent / "std"


@cache
def names() -> tuple[str, ...]:
    """Return the names of all flows of the library."""
    found = DIRECTORY.glob("*.flow.yaml")
    return tuple(sorted(PREFIX + each.name.removesuffix(".flow.yaml") for each in found))


@cache
def text(name: str) -> bytes:
    """Return the file of the flow `name`, which must be one of `names`."""
    return (DIRECTORY / f"{name.removeprefix(PREFIX)}.flow.yaml").read_bytes()
