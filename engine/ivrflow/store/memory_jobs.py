"""Jobs in a dict."""

from collections.abc import Iterable, Iterator

from ivrflow.errors import ConflictError
from ivrflow.jobs import OPEN, Job
from ivrflow.store.base import JobFilter


class MemoryJobs:
    """Every job of a store, by id, in the order in which they were added."""

    def __init__(self) -> None:
        self._rows: dict[str, Job] = {}

    def put(self, jobs: Iterable[Job]) -> None:
        """See `Store.put_jobs`."""
        before = dict(self._rows)
        try:
            for each in jobs:
                self._put(each)
        except ConflictError:
            self._rows = before
            raise

    def _put(self, job: Job) -> None:
        if job.rev == 1:
            self._rows.setdefault(job.id, job)
            return
        known = self._rows.get(job.id)
        if known is None or known.rev + 1 != job.rev:
            raise ConflictError(f"job {job.id} was changed by another")
        self._rows[job.id] = job

    def get(self, id: str) -> Job | None:
        return self._rows.get(id)

    def due(self, at: int, each: int) -> list[Job]:
        found: list[Job] = []
        room: dict[str, int] = {}
        for job in sorted(self._ready(), key=lambda job: job.due):
            left = room.get(job.to, each)
            if job.due <= at and left:
                room[job.to] = left - 1
                found.append(job)
        return found

    def next_due(self, after: int) -> int | None:
        return min((job.due for job in self._open() if job.due > after), default=None)

    def _open(self) -> Iterator[Job]:
        return (job for job in self._rows.values() if job.state in OPEN)

    def _ready(self) -> Iterator[Job]:
        """Yield the open jobs that no earlier one of their lane holds up."""
        lanes: set[str] = set()
        for job in self._open():
            if not job.lane or job.lane not in lanes:
                yield job
            lanes.add(job.lane)

    def listed(self, only: JobFilter, before: str, limit: int) -> list[Job]:
        rows = list(reversed(self._rows.values()))
        ids = [each.id for each in rows]
        start = ids.index(before) + 1 if before in ids else 0
        return [each for each in rows[start:] if _wanted(each, only)][:limit]

    def sweep(self, before: int, limit: int) -> int:
        old = [job.id for job in self._rows.values() if job.state not in OPEN and job.due < before][
            :limit
        ]
        for id in old:
            del self._rows[id]
        return len(old)


def _wanted(job: Job, only: JobFilter) -> bool:
    return all(
        not wanted or wanted == given
        for wanted, given in (
            (only.state, job.state),
            (only.to, job.to),
            (only.call, job.call),
        )
    )
