"""Jobs in SQLite, inside whatever transaction is open."""

import sqlite3
from collections.abc import Iterable

import msgspec

from ivrflow.errors import ConflictError
from ivrflow.jobs import Job
from ivrflow.store.base import JobFilter
from ivrflow.store.sql import statement

Row = tuple[object, ...]


def put_jobs(connection: sqlite3.Connection, jobs: Iterable[Job]) -> None:
    """See `Store.put_jobs`."""
    for job in jobs:
        if job.rev == 1:
            connection.execute(statement("put_job"), msgspec.structs.astuple(job))
            continue
        row = msgspec.structs.asdict(job)
        if connection.execute(statement("move_job"), row).rowcount != 1:
            raise ConflictError(f"job {job.id} was changed by another")


def find_job(connection: sqlite3.Connection, id: str) -> Job | None:
    """Return a job by its id."""
    row = connection.execute(statement("job"), (id,)).fetchone()
    return None if row is None else _job(row)


def due_jobs(connection: sqlite3.Connection, at: int, each: int) -> list[Job]:
    """Return jobs that are due, some to everybody."""
    receivers = connection.execute(statement("receivers")).fetchall()
    found = [
        _job(row)
        for (to,) in receivers
        for row in connection.execute(statement("due_jobs"), {"to": to, "at": at, "each": each})
    ]
    return sorted(found, key=lambda job: job.due)


def next_due_job(connection: sqlite3.Connection, after: int) -> int | None:
    """Return when the next job becomes due."""
    due: int | None = connection.execute(statement("next_due_job"), (after,)).fetchone()[0]
    return due


def list_jobs(
    connection: sqlite3.Connection, only: JobFilter, before: str, limit: int
) -> list[Job]:
    """Return jobs, the latest first."""
    wanted = {**msgspec.structs.asdict(only), "before": before, "limit": limit}
    return [_job(row) for row in connection.execute(statement("list_jobs"), wanted)]


def _job(row: Row) -> Job:
    return msgspec.convert(dict(zip(Job.__struct_fields__, row, strict=True)), Job)
