"""Jobs: what is to be done after a commit, as the store keeps it."""

from enum import StrEnum

import msgspec

LIFE = 86_400_000
"""Milliseconds for which a job is tried."""

MAX_TRIES = 20

LEASE = 60_000
"""Milliseconds for which a job belongs to who took it; a try takes less."""

LOST = "who did it was stopped meanwhile"
"""Why the last try failed of which nobody knows what came of it."""


class State(StrEnum):
    """Where a job is.

    `waiting`: to be done when it is due. `running`: somebody does it; when the lease is over, who
    had it is gone, and it is due again. `done`: nothing is left of it but its row. `dead`: given
    up, until somebody wants it tried again.
    """

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


OPEN = (State.WAITING, State.RUNNING)


class Job(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing to be done at least once.

    `id` tells it from all others, and goes with every try; who adds one of a known `id` adds
    nothing. `kind` says what is done, `to` to whom, `name` what people call it, `body` (sealed, or
    as it is) with what. `app` and `call` are those of the call that wanted it. Jobs of one `lane`,
    unless it is "", are done one after the other, in the order in which they were added.

    `rev` counts its changes, `attempt` its tries. `made`, `due` and `until` are milliseconds since
    1970: at `due` it is to be done, its lease is over, or it was done or given up; after `until`
    it is tried no more. `fault` says why the last try failed.
    """

    id: str
    kind: str
    to: str
    name: str
    app: str
    call: str
    body: bytes
    made: int
    due: int
    until: int
    lane: str = ""
    rev: int = 1
    state: State = State.WAITING
    attempt: int = 0
    fault: str = ""

    def changed(self, **changes: object) -> "Job":
        """Return the job after a change."""
        return msgspec.structs.replace(self, rev=self.rev + 1, **changes)


def taken(job: Job, at: int, lease: int = LEASE) -> Job:
    """Somebody is about to do it."""
    fault = LOST if job.state is State.RUNNING else job.fault
    return job.changed(state=State.RUNNING, attempt=job.attempt + 1, due=at + lease, fault=fault)


def is_lost(job: Job) -> bool:
    """Whether nobody knows what came of the try before this one."""
    return job.fault == LOST


def done(job: Job, at: int) -> Job:
    """It was done. What it was done with is nobody's any more."""
    return job.changed(state=State.DONE, due=at, fault="", body=b"")


def again(job: Job, at: int, fault: str, *, pause: int, tries: int = MAX_TRIES) -> Job:
    """A try failed; another comes after `pause` milliseconds, the last when its time is over."""
    if job.attempt >= tries or at >= job.until:
        return buried(job, at, fault)
    return job.changed(state=State.WAITING, due=min(at + pause, job.until), fault=fault)


def buried(job: Job, at: int, fault: str) -> Job:
    """Nobody tries any more."""
    return job.changed(state=State.DEAD, due=at, fault=fault)


def revived(job: Job, at: int) -> Job:
    """Somebody wants it tried again, from the beginning and at once."""
    return job.changed(state=State.WAITING, attempt=0, due=at, until=at + LIFE, fault="")


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how soon: `tries`, and the milliseconds before another, at most: `first`, then
    each time twice the last, up to the `longest`."""

    first: int
    longest: int
    tries: int = MAX_TRIES


PATIENT = Pace(first=5_000, longest=4 * 3_600_000)


def pause(attempt: int, chance: float, pace: Pace = PATIENT) -> int:
    """Return the milliseconds after the try `attempt`; `chance` is a number from 0 to 1.

    Full jitter: who failed together does not come back together.
    """
    return int(chance * min(pace.first << (attempt - 1), pace.longest))


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a try. `fault` says why it failed, "" if it did not; `again`: another try may
    help, after `pause` milliseconds at least, and at this `pace`."""

    fault: str = ""
    again: bool = False
    pause: int = 0
    pace: Pace = PATIENT
