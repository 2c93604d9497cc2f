"""One process a store: a lock that the operating system drops when its holder dies."""

import os
from pathlib import Path

from ivrflow.errors import StoreError

try:
    import fcntl
except ImportError:  # Windows has no such lock; there the operator sees to it
    fcntl = None  # type: ignore[assignment]


class FileLock:
    """Holds `path` locked until released; raises `StoreError` if another process does."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        if fcntl is None:
            return
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            store = path.name.removesuffix(".lock")
            raise StoreError(
                f"another process serves from {path.parent / store}: stop it, or name another "
                "file with --store"
            ) from None

    def release(self) -> None:
        os.close(self._descriptor)
