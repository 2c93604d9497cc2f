"""The records of a SQLite store, for a person; another process may be serving from the file."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ivrflow.records import Kept, Put
from ivrflow.store.beside import open_beside
from ivrflow.store.sql import statement
from ivrflow.store.sqlite_records import NEVER, drop_records, put_record


class RecordsFile:
    """Reads and changes records in short transactions of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> "Iterator[RecordsFile]":
        """Open a file that is a store already; raises `StoreError`."""
        with open_beside(path) as connection:
            yield cls(connection)

    def rows(self, record: str | None, key: str | None, at: int) -> list[Kept]:
        """Return what has not expired at `at`: of one record or all, under one key or all."""
        told = {"name": record, "key": key, "at": at}
        return [
            Kept(
                record=name,
                key=under,
                value=msgspec.json.decode(value),
                expires=None if expires == NEVER else expires,
                app=app,
                call=call,
                place=place,
            )
            for name, under, value, expires, app, call, place in self._connection.execute(
                statement("list_records"), told
            )
        ]

    def put(self, put: Put, at: int) -> None:
        put_record(self._connection, put, at)

    def delete(self, record: str, key: str, call: str | None, at: int) -> int:
        """Forget what stands under a key, or what one call has of it; returns how many went."""
        return drop_records(self._connection, record, key, call, at)
