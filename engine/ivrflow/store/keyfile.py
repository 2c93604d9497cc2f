"""The key of secrets in a file beside the store: who has a copy of the store has no key with it."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from ivrflow.errors import StoreUnavailableError
from ivrflow.keys import make_key, read_key


def read_or_make_key(path: Path) -> bytes:
    """Return the key in the file `path`, which is made, for its owner only, if there is none.

    Of several that make it at once one is first, and all get its key.
    """
    try:
        if not path.exists():
            _make(path)
        return read_key(path.read_text("ascii"))
    except OSError as error:
        reason = error.strerror or error
        raise StoreUnavailableError(f"the key {path} can't be used: {reason}") from error
    except ValueError as error:
        remedy = "or bring back the one that live calls were sealed with"
        raise StoreUnavailableError(f"the key {path} can't be used: {error}, {remedy}") from error


def _make(path: Path) -> None:
    """Write the whole key beside, then give it its name, which only the first can."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(make_key() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
        _sync(path.parent)
    finally:
        Path(draft).unlink()


def _sync(directory: Path) -> None:
    """See to it that a name survives a power cut, as the calls will that need its file."""
    with suppress(OSError):  # Windows opens no directories
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
