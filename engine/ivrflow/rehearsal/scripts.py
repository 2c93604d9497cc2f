"""Acts as they are written, in a file or one after the other on stdin."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path

from ivrflow.errors import ScriptError, UsageError
from ivrflow.rehearsal.acts import parse_act
from ivrflow.rehearsal.player import Placed

CHUNK = 65_536


Acts = AsyncIterator[Placed]


def from_file(path: Path) -> Acts:
    """Return the acts of a script; raises `UsageError` for what can't be read."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}") from error
    acts = list(_acts(str(path), enumerate(text.splitlines(), 1)))

    async def each() -> Acts:
        for act in acts:
            yield act

    return each()


async def from_stdin(descriptor: int = 0) -> Acts:
    """Yield acts as their lines come, so that a program at the other end can answer the call.

    Raises `ScriptError`.
    """
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def feed() -> None:
        with suppress(RuntimeError):  # the call is over, and nobody wants more
            for line in chain(_lines(descriptor), (None,)):
                loop.call_soon_threadsafe(lines.put_nowait, line)

    threading.Thread(target=feed, daemon=True).start()
    number = 0
    while (line := await lines.get()) is not None:
        number += 1
        for each in _acts("stdin", [(number, line)]):
            yield each


def _lines(descriptor: int) -> Iterator[str]:
    """Yield lines as they come; what can't be read is empty."""
    rest = b""
    with suppress(OSError):
        while chunk := os.read(descriptor, CHUNK):
            *whole, rest = (rest + chunk).split(b"\n")
            yield from (line.decode("utf-8", "replace") for line in whole)
    yield rest.decode("utf-8", "replace")


def _acts(name: str, lines: Iterable[tuple[int, str]]) -> Iterator[Placed]:
    for number, line in lines:
        place = f"{name}:{number}"
        try:
            act = parse_act(line)
        except ScriptError as error:
            raise ScriptError(f"{place}: {error}") from None
        if act is not None:
            yield place, act
