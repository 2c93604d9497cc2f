"""Acts as they are written, in a file or one after the other on stdin."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

from ivrflow.errors import ScriptError, UsageError
from ivrflow.rehearsal.acts import Act, parse_act

CHUNK = 65_536


async def from_file(path: Path) -> AsyncIterator[tuple[str, Act]]:
    """Yield the acts of a script, each with its place; raises `UsageError` before the first."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}") from error
    for each in [*_acts(str(path), enumerate(text.splitlines(), 1))]:
        yield each


async def from_stdin(descriptor: int = 0) -> AsyncIterator[tuple[str, Act]]:
    """Yield acts as their lines come, so that a program at the other end can answer the call.

    Raises `ScriptError`.
    """
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def feed() -> None:
        rest = b""
        while chunk := os.read(descriptor, CHUNK):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                loop.call_soon_threadsafe(lines.put_nowait, line.decode("utf-8", "replace"))
        for last in (rest.decode("utf-8", "replace"), None):
            loop.call_soon_threadsafe(lines.put_nowait, last)

    threading.Thread(target=feed, daemon=True).start()
    number = 0
    while (line := await lines.get()) is not None:
        number += 1
        for each in _acts("stdin", [(number, line)]):
            yield each


def _acts(name: str, lines: Iterable[tuple[int, str]]) -> Iterable[tuple[str, Act]]:
    for number, line in lines:
        place = f"{name}:{number}"
        try:
            act = parse_act(line)
        except ScriptError as error:
            raise ScriptError(f"{place}: {error}") from None
        if act is not None:
            yield place, act
