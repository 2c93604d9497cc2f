"""Taking edits of the flows while calls go on."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog

from ivrflow.library import Library

POLL_SECONDS = 0.5

Reload = Callable[[Library], Awaitable[None]]

log = structlog.get_logger()


async def reload_now(library: Library) -> None:
    """Read the flows again; a broken edit is told, and the last good flows stay."""
    try:
        findings = await asyncio.to_thread(library.reload)
    except Exception as error:  # a bug of ours must not end the watch: the last good flows stay
        log.exception("reload failed")
        library.problem = f"the flows can't be read: {error}"
        return
    if not library.problem:
        programs = {name: each.id for name, each in library.current.programs.items()}
        log.info("reloaded", programs=programs)
        return
    for each in findings[:10]:
        place = f"{each.path}:{each.span.line}:{each.span.column}"
        log.error("finding", place=place, code=each.code, message=each.message, help=each.help)
    log.error("kept the last good flows", problem=library.problem)


async def watch(library: Library, reload: Reload = reload_now) -> None:
    """Reload whenever a file of the library's directory changes."""
    seen = await asyncio.to_thread(stamps, library.directory)
    while True:
        await asyncio.sleep(POLL_SECONDS)
        now = await asyncio.to_thread(stamps, library.directory)
        if now != seen:
            seen = now
            await reload(library)


def stamps(directory: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of each YAML file, by its path."""
    found = {}
    for file in directory.rglob("*.y*ml"):
        try:
            status = file.stat()
        except OSError:
            continue
        found[str(file)] = (status.st_size, status.st_mtime_ns)
    return found
