"""Changing an author's files: shown as a diff, or written whole or not at all."""

import difflib
import os
import shutil
from pathlib import Path

from ivrflow.errors import UsageError


def diff(path: str, old: str, new: str) -> str:
    """Return the change of the file `path` as a unified diff, without its last line break."""
    lines = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), path, path
    )
    marked = (
        each if each.endswith("\n") else f"{each}\n\\ No newline at end of file\n" for each in lines
    )
    return "".join(marked).rstrip("\n")


def rewrite(path: Path, text: str) -> None:
    """Write `text` to the file `path`, which keeps its mode if it is there; raises `UsageError`."""
    file = path.resolve()
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode("utf-8"))
        if file.exists():
            shutil.copymode(file, beside)
        beside.replace(file)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise UsageError(f"can't write {path}: {error.strerror}") from error
