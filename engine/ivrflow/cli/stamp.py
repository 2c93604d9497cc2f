"""What findings follow from besides the files that are checked: engine, its data, the day."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from hashlib import sha256
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
CHECKOUT = PACKAGE.parents[1] / "schemas"
"""Where the schemas are, if the package is not a wheel's."""

ZONES = (
    Path("/usr/share/zoneinfo"),
    Path("/usr/lib/zoneinfo"),
    Path("/usr/share/lib/zoneinfo"),
    Path("/etc/zoneinfo"),
)
"""Where systems keep time zones."""

DISTRIBUTION = (".dist-info", ".egg-info")


def stamp(today: date) -> bytes:
    """Return a hash that changes with whatever may make lint find something else in equal files.

    `today` is the day on which dates are past. Files of the engine count by size and time of their
    last change, so that who edits a rule sees what it finds; other packages by the names of their
    releases.
    """
    known = sha256()
    for part in _parts(today):
        known.update(part.encode("utf-8", "surrogateescape") + b"\0")
    return known.digest()


def _parts(today: date) -> Iterator[str]:
    yield today.isoformat()
    yield sys.version
    yield str(PACKAGE)
    yield from sorted(_files(PACKAGE))
    yield from sorted(_files(CHECKOUT))
    yield from _distributions()
    yield os.environ.get("PYTHONTZPATH", "")
    for directory in ZONES:
        with suppress(OSError):
            yield f"{directory} {directory.stat().st_mtime_ns}"


def _files(directory: Path | str) -> Iterator[str]:
    """Yield the files below `directory` that an engine is made of."""
    try:
        entries = list(os.scandir(directory))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry.path)
        else:
            with suppress(OSError):  # gone meanwhile
                seen = entry.stat(follow_symlinks=False)
                yield f"{entry.path} {seen.st_size} {seen.st_mtime_ns}"


def _distributions() -> Iterator[str]:
    """Yield the installed packages, each with its release."""
    for directory in map(Path, sys.path):
        with suppress(OSError):  # an archive, or not there
            names = (each.name for each in directory.iterdir())
            yield from sorted(name for name in names if name.endswith(DISTRIBUTION))
