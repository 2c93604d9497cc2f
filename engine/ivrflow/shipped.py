"""The library of flows that ship with the engine: `std/ask-number` and its like."""

from functools import cache
from importlib.resources import files

PREFIX = "std/"


@cache
def names() -> tuple[str, ...]:
    """Return the names of all flows of the library."""
    found = (files("ivrflow") / "std").iterdir()
    return tuple(sorted(PREFIX + each.name.removesuffix(".flow.yaml") for each in found))


@cache
def text(name: str) -> bytes:
    """Return the file of the flow `name`, which must be one of `names`."""
    return (files("ivrflow") / "std" / f"{name.removeprefix(PREFIX)}.flow.yaml").read_bytes()
