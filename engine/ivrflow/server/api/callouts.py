"""Outgoing calls: ordered, looked at, cancelled."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import uuid4

from msgspec import UNSET, Meta, Struct, UnsetType

from ivrflow.callouts import Callout as Kept
from ivrflow.callouts import State
from ivrflow.clock import as_milliseconds
from ivrflow.errors import OrderError, StoreError
from ivrflow.runtime.callouts import FARTHEST, TOO_FAR
from ivrflow.runtime.ordering import ordered
from ivrflow.runtime.tries import cancelled
from ivrflow.server.api.asked import (
    LONGEST_PAGE,
    Asked,
    Listing,
    Moment,
    Name,
    cut,
    moment,
    moment_of,
)
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.problems import Problem, forgotten, missing, unfit
from ivrflow.store.base import CalloutFilter, Records

MAX_ORDERS = 500
"""Callouts in one request."""

LONGEST_AGO = 86_400_000
"""Milliseconds; who orders something for longer ago means another time."""

TOO_LATE = "`at` is more than a day ago"

Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]

Status = Literal["ordered", "known", "other", "taken", "refused"]


class Wanted(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"given": "with"}
):
    """A callout that is to be placed: `name`, or `flow.name` where several flows have one of that
    name. Values of `with` that are texts are read by the type of the parameter. Who asks again with
    the same `id` asks for nothing new. `at`: when, with its offset, at most
    a day ago and a year away; else at once. `application` is
    needed if the server has several."""

    name: str
    given: dict[str, object] = {}
    id: Id | UnsetType = UNSET
    at: Moment | UnsetType = UNSET
    application: str = ""


class Orders(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is ordered together; each is kept or refused for itself."""

    callouts: Annotated[tuple[Wanted, ...], Meta(min_length=1, max_length=MAX_ORDERS)]


class Callout(Struct, frozen=True, kw_only=True):
    """A callout. At `due` something is to be done for it, or it was over. `to` is "" for nobody,
    and where this server lacks the key to read it; `call` is the call id of its last try, `result`
    what came of that."""

    id: str
    flow: str
    name: str
    to: str
    state: State
    attempts: int
    result: str
    reason: str
    made: str
    due: str
    call: str


class Ordered(Struct, frozen=True, kw_only=True):
    """What became of an order. `status`: `ordered`; `known`, the same was ordered with that id
    before; `other`, something else was, which `callout` shows; `taken`, another of its key waits
    or is live; `refused`, for the `reason`."""

    status: Status
    callout: Callout | None = None
    reason: str = ""


class CalloutPage(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last."""

    callouts: list[Callout]
    next: str | None = None


class Callouts(Listing, frozen=True, kw_only=True):
    id: (
        Annotated[
            tuple[Name, ...],
            Meta(max_length=LONGEST_PAGE, description="those of these ids, and no others"),
        ]
        | UnsetType
    ) = UNSET
    flow: Annotated[Name, Meta(description="only those that it declares")] | UnsetType = UNSET
    name: Annotated[Name, Meta(description="only those of that name")] | UnsetType = UNSET
    state: Annotated[State, Meta(description="only those in it")] | UnsetType = UNSET


class OneCallout(Asked, frozen=True, kw_only=True):
    callout: Annotated[Name, Meta(description="its id")]


async def order(engine: Engine, asked: Asked, body: Orders) -> list[Ordered]:
    """Order callouts.

    The answer has one item for each, in their order.
    """
    made = [_made(engine, each) for each in body.callouts]
    wanted = [each for each in made if isinstance(each, Kept)]
    kept = await engine.turns.store.put_callouts(wanted)
    engine.turns.notice()
    known = await _known(engine, [each.id for each in wanted])
    told = (_ordered(engine, *each) for each in zip(wanted, known, kept, strict=True))
    return [_refused(each) if isinstance(each, Problem) else next(told) for each in made]


async def listed(engine: Engine, asked: Callouts) -> CalloutPage:
    """Return callouts, the latest first; or those of some ids, in their order."""
    if asked.id:
        found = [each for each in await _known(engine, asked.id) if each is not None]
        wanted = [each for each in found if asked.state in (UNSET, each.state)]
        return CalloutPage(callouts=[_shown(engine, each) for each in wanted])
    only = CalloutFilter(flow=asked.flow or "", name=asked.name or "", state=asked.state or "")
    rows = await engine.turns.store.callouts(only, asked.cursor or "", asked.limit + 1)
    if asked.cursor and await engine.turns.store.callout(asked.cursor) is None:
        raise forgotten(asked.cursor)
    page, more = cut(rows, asked.limit, lambda callout: callout.id)
    return CalloutPage(callouts=[_shown(engine, each) for each in page], next=more)


async def one(engine: Engine, asked: OneCallout) -> Callout:
    """Return a callout."""
    found = await engine.turns.store.callout(asked.callout)
    if found is None:
        raise missing("callout", asked.callout)
    return _shown(engine, found)


async def cancel(engine: Engine, asked: OneCallout) -> Callout:
    """Cancel a callout that waits; one that rings or is live goes on."""
    at = engine.at()

    def decide(known: Kept, records: Records) -> Kept | None:
        return cancelled(known, "somebody cancelled it", at)

    found = await engine.turns.store.amend(asked.callout, at, decide)
    if found is None:
        raise missing("callout", asked.callout)
    if found.result != "cancelled":
        message = f"it is {found.state}: only a callout that waits can be cancelled"
        raise Problem(HTTPStatus.CONFLICT, message)
    engine.turns.notice()
    return _shown(engine, found)


# -- orders ---------------------------------------------------------------------------------------


def _made(engine: Engine, wanted: Wanted) -> Kept | Problem:
    try:
        made = ordered(engine.turns.library.current.programs, wanted.name, wanted.given)
        now = engine.at()
        due = now if wanted.at is UNSET else as_milliseconds(moment_of(wanted.at))
        if due > now + FARTHEST:
            return unfit(TOO_FAR)
        if due < now - LONGEST_AGO:
            return unfit(TOO_LATE)
        app = engine.application(wanted.application)
    except OrderError as error:
        return unfit(str(error))
    except Problem as problem:
        return problem
    id = wanted.id or uuid4().hex
    return engine.turns.callouts.wanted(app, made, id=id, at=now, due=due)


async def _known(engine: Engine, ids: Sequence[str]) -> list[Kept | None]:
    return await engine.turns.store.callouts_by_id(ids)


def _ordered(engine: Engine, made: Kept, known: Kept | None, is_kept: bool) -> Ordered:
    if known is None:
        return Ordered(status="taken", reason=f'"{made.key}" has a callout that is not over')
    if is_kept:
        return Ordered(status="ordered", callout=_shown(engine, known))
    same = _asked_for(engine, made) == _asked_for(engine, known)
    return Ordered(status="known" if same else "other", callout=_shown(engine, known))


def _asked_for(engine: Engine, callout: Kept) -> tuple[object, ...]:
    order = engine.turns.callouts.order(callout)
    return callout.app, order.flow, order.name, order.params


def _refused(problem: Problem) -> Ordered:
    return Ordered(status="refused", reason=problem.detail)


def _shown(engine: Engine, callout: Kept) -> Callout:
    return Callout(
        id=callout.id,
        flow=callout.flow,
        name=callout.name,
        to=_target(engine, callout),
        state=callout.state,
        attempts=callout.attempt,
        result=callout.result,
        reason=callout.reason,
        made=moment(callout.made),
        due=moment(callout.due),
        call=callout.call,
    )


def _target(engine: Engine, callout: Kept) -> str:
    """Whom a callout calls; "" for nobody, and where this server lacks the key to read it."""
    try:
        dial = engine.turns.callouts.order(callout).dial
    except StoreError:
        return ""
    return "" if dial is None else dial.to
