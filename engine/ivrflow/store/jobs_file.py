"""The jobs of a SQLite store, for a person; another process may be doing them."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivrflow.jobs import Job
from ivrflow.store.base import JobFilter
from ivrflow.store.beside import open_beside
from ivrflow.store.sqlite_jobs import find_job, list_jobs, put_jobs


class JobsFile:
    """Reads and changes jobs in short transactions of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> "Iterator[JobsFile]":
        """Open a file that is a store already; raises `StoreError`."""
        with open_beside(path) as connection:
            yield cls(connection)

    def listed(self, only: JobFilter, limit: int) -> list[Job]:
        """Return jobs, the latest first."""
        return list_jobs(self._connection, only, "", limit)

    def get(self, id: str) -> Job | None:
        return find_job(self._connection, id)

    def change(self, job: Job) -> None:
        """Keep a change; raises `ConflictError` where somebody else made one meanwhile."""
        put_jobs(self._connection, [job])

    def drop(self, id: str) -> bool:
        """Forget a job; False if there is none."""
        return self._connection.execute("DELETE FROM job WHERE id = ?", (id,)).rowcount == 1
