"""Jobs: what is on its way to others, and what was given up."""

from http import HTTPStatus
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from ivrflow.errors import ConflictError
from ivrflow.jobs import Job as Kept
from ivrflow.jobs import State, revived
from ivrflow.server.api.asked import Asked, Listing, Name, cut, moment
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.problems import Problem, forgotten, missing
from ivrflow.store.base import JobFilter


class Job(Struct, frozen=True, kw_only=True):
    """Something that is to be done after a turn of `call`, for `to`. At `due` it is to be done, is
    due again, was done or given up; `fault` says why the last of its `tries` failed."""

    id: str
    state: State
    kind: str
    to: str
    name: str
    application: str
    call: str
    made: str
    due: str
    tries: int
    fault: str


class JobShown(Job, frozen=True, kw_only=True):
    """A job with what it is done with: null where that is sealed, or it is done."""

    body: object


class JobPage(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last."""

    jobs: list[Job]
    next: str | None = None


class Jobs(Listing, frozen=True, kw_only=True):
    state: Annotated[State, Meta(description="only those in it")] | UnsetType = UNSET
    to: (
        Annotated[Name, Meta(description="only those for it, a webhook for example")] | UnsetType
    ) = UNSET
    call: Annotated[Name, Meta(description="only those of a call")] | UnsetType = UNSET


class OneJob(Asked, frozen=True, kw_only=True):
    job: Annotated[Name, Meta(description="its id")]


async def listed(engine: Engine, asked: Jobs) -> JobPage:
    """Return jobs, the latest first."""
    store = engine.turns.store
    only = JobFilter(state=asked.state or "", to=asked.to or "", call=asked.call or "")
    rows = await store.jobs(only, asked.cursor or "", asked.limit + 1)
    if asked.cursor and await store.job(asked.cursor) is None:
        raise forgotten(asked.cursor)
    page, more = cut(rows, asked.limit, lambda job: job.id)
    return JobPage(jobs=[_shown(each) for each in page], next=more)


async def one(engine: Engine, asked: OneJob) -> JobShown:
    """Return a job."""
    job = await _found(engine, asked)
    return _whole(job)


async def retry(engine: Engine, asked: OneJob) -> JobShown:
    """Try a dead job again, from the beginning; it keeps its id."""
    job = await _found(engine, asked)
    if job.state is not State.DEAD:
        raise _conflict(f"it is {job.state}, not dead: there is nothing to try again")
    after = revived(job, engine.at())
    try:
        await engine.turns.store.put_jobs([after])
    except ConflictError:
        raise _conflict("somebody else changed it just now: look again") from None
    engine.turns.outbox.notice()
    return _whole(after)


async def _found(engine: Engine, asked: OneJob) -> Kept:
    job = await engine.turns.store.job(asked.job)
    if job is None:
        raise missing("job", asked.job)
    return job


def _shown(job: Kept) -> Job:
    return msgspec.convert(_values(job), Job)


def _whole(job: Kept) -> JobShown:
    return msgspec.convert({**_values(job), "body": _body(job)}, JobShown)


def _values(job: Kept) -> dict[str, object]:
    return {
        "id": job.id,
        "state": job.state,
        "kind": job.kind,
        "to": job.to,
        "name": job.name,
        "application": job.app,
        "call": job.call,
        "made": moment(job.made),
        "due": moment(job.due),
        "tries": job.attempt,
        "fault": job.fault,
    }


def _body(job: Kept) -> object:
    try:
        return msgspec.json.decode(job.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _conflict(detail: str) -> Problem:
    return Problem(HTTPStatus.CONFLICT, detail)
