"""The worker: does jobs, at least once each, and again until they are done or given up.

A job is taken, in a commit of its own, before it is done: who is killed meanwhile leaves it to the
next, when the lease is over. The id is the same at every try, so who is told twice can know it.
"""

import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from time import monotonic
from traceback import format_tb

import structlog

from ivrflow import jobs
from ivrflow.clock import as_milliseconds, now
from ivrflow.commands import PLATFORM
from ivrflow.errors import ConflictError, StoreError
from ivrflow.jobs import Job, Outcome
from ivrflow.runtime.outbox import Outbox
from ivrflow.runtime.rounds import LONGEST, Rounds
from ivrflow.store.base import Store

AT_ONCE = 10
"""Jobs for one receiver that are done at a time: one that is slow keeps no other waiting."""

AT_ONCE_BY_RECEIVER: Mapping[str, int] = {PLATFORM: 50}
"""Receivers that are no single server of somebody's."""

MOST_AT_ONCE = max(AT_ONCE, *AT_ONCE_BY_RECEIVER.values())

Do = Callable[[Job, bytes], Awaitable[Outcome]]
"""Does a job of some kind, with what it is done with, in less time than the lease lasts."""

log = structlog.get_logger()


class Worker:
    """Does the jobs of a store, each by its kind; `chance` yields numbers from 0 to 1, `lease` is
    in milliseconds."""

    def __init__(
        self,
        store: Store,
        outbox: Outbox,
        do_by_kind: Mapping[str, Do],
        *,
        now: Callable[[], datetime] = now,
        chance: Callable[[], float] = random.random,
        lease: int = jobs.LEASE,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._do_by_kind = do_by_kind
        self._now = now
        self._chance = chance
        self._lease = lease
        self._rounds = Rounds()
        self._under_way: Counter[str] = Counter()
        outbox.notice = self._rounds.wake

    async def run(self) -> None:
        """Work until cancelled."""
        await self._rounds.run(self.work, "jobs")

    async def catch_up(self) -> bool:
        """Do all that is due; returns whether there was anything. In the place of `run`, for those
        who keep the time themselves."""
        return await self._rounds.catch_up(self.work)

    @property
    def woken(self) -> bool:
        """Whether something may be due since `catch_up`, however soon that was."""
        return self._rounds.woken

    async def due(self) -> int | None:
        """Return when something is to be done next, in milliseconds since 1970; None: nothing is,
        as far as is known now."""
        return await self._store.next_due_job(self._at())

    async def drain(self) -> None:
        """Wait for what has begun. What is not waited for is done again when its lease is over."""
        await self._rounds.drain()

    async def work(self) -> float:
        """Begin all that is due; returns after how many seconds to look again."""
        at = self._at()
        mine = [jobs.taken(job, at, self._lease) for job in await self._room_for(at)]
        try:
            if mine:
                await self._store.put_jobs(mine)
        except ConflictError:  # somebody was faster with one of them: look again
            return 0.0
        for job in mine:
            self._under_way[job.to] += 1
            self._rounds.begin(job.id, self._do(job))
        due = await self._store.next_due_job(at)
        return LONGEST if due is None else (due - self._at()) / 1000

    async def _room_for(self, at: int) -> list[Job]:
        """Return the jobs that are due, as far as there is room."""
        found: list[Job] = []
        under_way = self._under_way.copy()
        for job in await self._store.due_jobs(at, MOST_AT_ONCE):
            room = AT_ONCE_BY_RECEIVER.get(job.to, AT_ONCE)
            if job.id not in self._rounds and under_way[job.to] < room:
                under_way[job.to] += 1
                found.append(job)
        return found

    async def _do(self, job: Job) -> None:
        begun = monotonic()
        try:
            outcome = await self._tried(job)
            after = self._after(job, outcome)
            await self._store.put_jobs([after])
            _tell(after, monotonic() - begun)
        except StoreError as error:  # a conflict too: somebody else has taken or dropped it
            log.error("what came of a job is not kept", id=job.id, reason=str(error))
        finally:
            self._under_way[job.to] -= 1

    async def _tried(self, job: Job) -> Outcome:
        try:
            do = self._do_by_kind.get(job.kind)
            if do is None:
                return Outcome(fault=f'nobody does jobs of the kind "{job.kind}"', again=True)
            return await do(job, self._outbox.body(job))
        except StoreError as error:
            return Outcome(fault=str(error), again=True)
        except Exception as error:  # a bug of ours must not stop the others
            # Neither its words nor its values: they may be secrets.
            kind, where = type(error).__name__, format_tb(error.__traceback__)
            log.error("job failed", id=job.id, error=kind, where="".join(where))
            return Outcome(fault="a fault of the engine", again=True)

    def _after(self, job: Job, outcome: Outcome) -> Job:
        at = self._at()
        if not outcome.fault:
            return jobs.done(job, at)
        if not outcome.again:
            return jobs.buried(job, at, outcome.fault)
        pause = max(outcome.pause, jobs.pause(job.attempt, self._chance(), outcome.pace))
        return jobs.again(job, at, outcome.fault, pause=pause, tries=outcome.pace.tries)

    def _at(self) -> int:
        return as_milliseconds(self._now())


def _tell(job: Job, seconds: float) -> None:
    told = {"id": job.id, "to": job.to, "name": job.name, "call": job.call, "attempt": job.attempt}
    match job.state:
        case jobs.State.DONE:
            log.info("job done", **told, ms=round(seconds * 1000))
        case jobs.State.DEAD:
            log.error("job given up", **told, fault=job.fault)
        case _:
            log.warning("job again", **told, fault=job.fault)
