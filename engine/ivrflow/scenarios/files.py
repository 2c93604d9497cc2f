"""Files of scenarios, by their names."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".calltest.yaml", ".calltest.yml")


def is_scenarios(file: Path) -> bool:
    """Whether a file is one of scenarios."""
    return file.name.endswith(SUFFIXES)


def scenarios_under(path: Path) -> Iterator[Path]:
    """Yield the files of scenarios under a directory, or the file that `path` is."""
    if not path.is_dir():
        yield path
        return
    for file in path.rglob("*.calltest.y*ml"):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if not hidden and is_scenarios(file) and not file.is_dir():
            yield file


def content_of(file: Path) -> bytes:
    """Return what a file holds; raises `OSError`, also for what is no file and may never end."""
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "it is no file", os.fspath(file))
    return file.read_bytes()
