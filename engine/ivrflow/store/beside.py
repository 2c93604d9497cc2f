"""A SQLite store for a person; another process may be serving from the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivrflow.errors import StoreError
from ivrflow.store.sqlite import is_earlier

BUSY_SECONDS = 10.0
"""How long to wait for the server, which writes most of the time when it is busy."""


@contextmanager
def open_beside(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file that is a store already, each statement a transaction; raises `StoreError`."""
    if not path.is_file():
        raise StoreError(f"there is no store {path}: name another file with --store")
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
    try:
        _check_layout(connection, path)
        yield connection
    except sqlite3.Error as error:
        raise StoreError(f"{path} can't be used as a store: {error}") from error
    finally:
        connection.close()


def _check_layout(connection: sqlite3.Connection, path: Path) -> None:
    query = "SELECT value FROM meta WHERE name = 'format'"
    (found,) = connection.execute(query).fetchone() or (b"",)
    if is_earlier(found, path):
        raise StoreError(f"{path} is of an earlier layout: `ivrflow serve` brings it up to date")
