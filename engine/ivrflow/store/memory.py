"""A store that forgets everything when the process ends: for rehearsal and tests."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence

import msgspec

from ivrflow.callouts import Callout
from ivrflow.errors import ConflictError
from ivrflow.jobs import Job
from ivrflow.records import Kept, Put
from ivrflow.store.base import (
    KEPT,
    CallFilter,
    CalloutFilter,
    CallPage,
    Commit,
    Decide,
    Draft,
    JobFilter,
    Listed,
    Place,
    Recent,
    Row,
    Stored,
    Turn,
)
from ivrflow.store.memory_callouts import MemoryCallouts
from ivrflow.store.memory_jobs import MemoryJobs
from ivrflow.store.memory_records import NOBODY, MemoryRecords, MemoryTurn

LAST = 2**63 - 1


class Committed:
    """A turn that is committed, or refused, as soon as it is submitted."""

    def __init__(self, done: asyncio.Future[Place]) -> None:
        self.done = done

    def withdraw(self) -> bool:
        return False


class _Call(msgspec.Struct):
    """A call's last turn, and all of its journal."""

    number: int
    last: Turn
    journal: list[Row]


class _Seen:
    """What one turn sees of the store; meets `ivrflow.store.base.Records`."""

    def __init__(self, turn: MemoryTurn, load: Callable[[str, str], Stored | None]) -> None:
        self.perform = turn.perform
        self.call = load


class MemoryStore:
    """Keeps calls in dicts; meets `ivrflow.store.base.Store`. With the same `identity_key` the same
    events have the same identities."""

    def __init__(self, identity_key: bytes = b"") -> None:
        self.identity_key = identity_key or secrets.token_bytes(32)
        self.backlog = 0
        self._calls: dict[tuple[str, str], _Call] = {}
        self._closures: dict[str, bytes] = {}
        self._numbered = 0
        self._records = MemoryRecords()
        self._jobs = MemoryJobs()
        self._callouts = MemoryCallouts(self._jobs.put)
        self._secret_key = secrets.token_bytes(32)

    def secret_key(self) -> bytes:
        return self._secret_key

    def submit(self, turn: Turn | Draft) -> Commit:
        done: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        try:
            done.set_result(self._make(turn) if isinstance(turn, Draft) else self._keep(turn))
        except Exception as error:  # whatever it was, who waits must hear of it
            done.set_exception(error)
        return Committed(done)

    def _make(self, draft: Draft) -> Place:
        owner = draft.app, draft.call
        records = MemoryTurn(self._records, owner, draft.at, self._callouts.is_ordered)
        try:
            return self._keep(draft.make(_Seen(records, self._stored)))
        except BaseException:
            records.undo()
            raise

    def _keep(self, turn: Turn) -> Place:
        for each in (turn, *turn.also):
            self._require_next(each)
        self._callouts.put([callout for each in (turn, *turn.also) for callout in each.callouts])
        for each in turn.also:
            self._write(each)
        return self._write(turn)

    def _require_next(self, turn: Turn) -> None:
        known = self._calls.get((turn.app, turn.call))
        begins = turn.place is None
        follows = (known.last.rev if known else 0) + 1 == turn.rev
        if begins != (turn.rev == 1) or not follows:
            raise ConflictError(f"turn {turn.rev} of {turn.call} came too late")

    def _write(self, turn: Turn) -> Place:
        known = self._calls.get((turn.app, turn.call))
        if turn.jobs:
            self._jobs.put(turn.jobs)
        if known is None:
            self._numbered += 1
            known = self._calls[turn.app, turn.call] = _Call(self._numbered, turn, [])
        known.last = turn
        known.journal.append(
            Row(
                at=turn.at,
                flags=turn.flags,
                key=turn.key,
                event=turn.event,
                facts=turn.facts,
                reply=turn.reply,
            )
        )
        self._closures[turn.program] = turn.closure
        if turn.over:
            self._records.leave_queues((turn.app, turn.call))
        return Place(known.number, turn.rev)

    async def load(self, app: str, call: str) -> Stored | None:
        return self._stored(app, call)

    def _stored(self, app: str, call: str) -> Stored | None:
        known = self._calls.get((app, call))
        if known is None:
            return None
        last = known.last
        return Stored(
            rev=last.rev,
            place=Place(known.number, last.rev),
            program=last.program,
            format=last.format,
            over=last.over,
            session=last.session,
            recent=tuple(Recent(row.key, row.flags, row.reply) for row in known.journal[-KEPT:]),
        )

    async def closure(self, program: str) -> bytes | None:
        return self._closures.get(program)

    async def journal(self, app: str, call: str) -> list[Row]:
        known = self._calls.get((app, call))
        return list(known.journal) if known else []

    async def calls(self, only: CallFilter, before: int, limit: int) -> CallPage:
        rows = (_listed(each) for each in reversed(self._calls.values()))
        wanted = [each for each in rows if _wanted(each, only) and each.number < (before or LAST)]
        more = wanted[limit - 1].number if len(wanted) > limit else 0
        return CallPage(calls=tuple(wanted[:limit]), next=more)

    async def call(self, app: str, call: str) -> Listed | None:
        known = self._calls.get((app, call))
        return None if known is None else _listed(known)

    async def turns(self, app: str, call: str, before: int, limit: int) -> list[tuple[int, Row]]:
        known = self._calls.get((app, call))
        rows = list(enumerate(known.journal, 1)) if known else []
        return [each for each in reversed(rows) if each[0] < (before or LAST)][:limit]

    async def program_ids(self) -> list[str]:
        return list(self._closures)

    async def entries(
        self, record: str, key: str | None, at: int, after: tuple[str, int], limit: int
    ) -> list[tuple[int, Kept]]:
        return self._records.entries(record, key, at, after)[:limit]

    async def put_record(self, put: Put, at: int) -> None:
        MemoryTurn(self._records, NOBODY, at).perform(put)

    async def drop_records(self, record: str, key: str, call: str | None, at: int) -> int:
        return self._records.drop((record, key), call, at)

    async def put_callouts(self, callouts: Sequence[Callout]) -> list[bool]:
        return self._callouts.put(callouts)

    async def amend(self, id: str, at: int, decide: Decide) -> Callout | None:
        known = self._callouts.get(id)
        if known is None:
            return None
        records = MemoryTurn(self._records, (known.app, id), at)
        try:
            after = decide(known, _Seen(records, self._stored))
            if after is not None:
                self._callouts.put([after])
        except BaseException:
            records.undo()
            raise
        return after or known

    async def callout(self, id: str) -> Callout | None:
        return self._callouts.get(id)

    async def callouts_by_id(self, ids: Sequence[str]) -> list[Callout | None]:
        return [self._callouts.get(each) for each in ids]

    async def callout_of(self, app: str, call: str) -> Callout | None:
        return self._callouts.of(app, call)

    async def waiting_callouts(self, app: str, at: int, limit: int) -> list[Callout]:
        return self._callouts.waiting(app, at, limit)

    async def waiting_legs(self, at: int) -> list[Callout]:
        return self._callouts.waiting_legs(at)

    async def due_callouts(self, at: int, limit: int) -> list[Callout]:
        return self._callouts.due(at, limit)

    async def next_due(self, dialled: Iterable[str]) -> int | None:
        return self._callouts.next_due(dialled)

    async def busy_callouts(self) -> dict[str, int]:
        return self._callouts.busy()

    async def callouts(self, only: CalloutFilter, before: str, limit: int) -> list[Callout]:
        return self._callouts.listed(only, before, limit)

    async def put_jobs(self, jobs: Sequence[Job]) -> None:
        self._jobs.put(jobs)

    async def job(self, id: str) -> Job | None:
        return self._jobs.get(id)

    async def due_jobs(self, at: int, each: int) -> list[Job]:
        return self._jobs.due(at, each)

    async def next_due_job(self, after: int) -> int | None:
        return self._jobs.next_due(after)

    async def jobs(self, only: JobFilter, before: str, limit: int) -> list[Job]:
        return self._jobs.listed(only, before, limit)

    async def probe(self) -> None:
        pass

    async def sweep(self, before: int, limit: int, *, now: int) -> int:
        old = [
            key for key, call in self._calls.items() if (call.last.over or call.last.due) < before
        ][:limit]
        for key in old:
            del self._calls[key]
            self._records.leave_queues(key)
        used = {call.last.program for call in self._calls.values()}
        self._closures = {key: value for key, value in self._closures.items() if key in used}
        gone = len(old) + self._records.sweep(now, limit - len(old))
        gone += self._callouts.sweep(before, limit - gone)
        return gone + self._jobs.sweep(before, limit - gone)

    async def close(self) -> None:
        pass


def _listed(call: _Call) -> Listed:
    last = call.last
    return Listed(
        number=call.number,
        app=last.app,
        call=last.call,
        program=last.program,
        format=last.format,
        over=last.over,
        session=last.session,
        at=last.at,
        began=call.journal[0].at,
    )


def _wanted(call: Listed, only: CallFilter) -> bool:
    is_of = only.programs is None or call.program in only.programs
    return is_of and only.over in (None, bool(call.over))
