"""A disk that is left as it is when the server that writes to it is killed."""

from pathlib import Path

from ivrflow.store.sqlite import SqliteStore

IDENTITY = b"the same at each play".ljust(32, b".")
"""What identities are made with, so that the same things have the same ids whenever they happen."""

FILES = ("state.db", "state.db-wal", "state.db.key")
"""What a store leaves behind. The file itself is copied before its log: a checkpoint that runs
meanwhile takes nothing out of the log before the next turn is written."""


class Disk:
    """A store in a directory below `directory`, opened again and again. The one before may still be
    open, and has not been told: a store is opened on a copy of what lies there in that moment."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._opened = 0

    async def open(self) -> SqliteStore:
        before, here = (self.directory / str(self._opened + more) for more in (0, 1))
        here.mkdir()
        for name in FILES:
            if (before / name).exists():
                (here / name).write_bytes((before / name).read_bytes())
        self._opened += 1
        return await SqliteStore.open(here / "state.db", IDENTITY)
