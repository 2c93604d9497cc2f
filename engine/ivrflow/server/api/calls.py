"""Calls that the engine answers, live ones and those that were over lately, and their journals."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Literal
from uuid import uuid4

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from ivrflow.errors import EvaluationError, StoreError
from ivrflow.expr.compile import bounded_value
from ivrflow.machine.environment import fill_json, without_marks
from ivrflow.machine.events import Event, Signal
from ivrflow.machine.outcome import Verdict
from ivrflow.machine.raised import MAX_INBOX
from ivrflow.machine.session import FORMAT, Session
from ivrflow.machine.session import Call as Party
from ivrflow.runtime.deadline import LateError
from ivrflow.runtime.live import FLAG_BY_VERDICT, RESCUED
from ivrflow.server.api.asked import Application, Asked, Listing, Name, Number, cut, moment
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.problems import Problem, missing, unfit
from ivrflow.server.callbacks import UNSIGNED_APP
from ivrflow.sinch import rest
from ivrflow.store.base import CallFilter, Listed, Row

LONGEST_DATA = 8_192
"""Bytes that may go with a signal."""

Life = Literal["live", "over"]
Became = Literal["moved", "stale", "ignored", "failed", "rescued"]

VERDICT_BY_FLAG: dict[int, Became] = {
    **{flag: verdict.value for verdict, flag in FLAG_BY_VERDICT.items()},
    RESCUED: "rescued",
}

_decoder = msgspec.json.Decoder(Session)
_event: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class Running(Struct, frozen=True, kw_only=True):
    """A running flow, and the state that it is in, "" before it has entered one."""

    flow: str
    state: str


class Call(Struct, frozen=True, kw_only=True):
    """A call. `flow` is the one in which it began, on `program`; `running` are those that it is in,
    from that one to the innermost. `context` is where the last reply was sent, `wait` what it made
    the call wait for. `caller` is null where the number is withheld, `callout` the id of the
    callout that became this call, "" for one that came in. `began` and `changed` are when its first
    and its last turn were, `over` when it was over, null while it lives; `result` and `reason` say
    how it ended. `sealed`: this server lacks the key, or the release, to read more of it.
    """

    id: str
    application: str
    state: Life
    flow: str
    program: str
    running: list[Running]
    context: str
    wait: str
    locale: str
    caller: str | None
    called: str
    domain: str
    region: str
    callout: str
    began: str
    changed: str
    over: str | None
    result: str
    reason: str
    sealed: bool


class CallPage(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last. A page looks at some
    thousands of calls, so it may hold few, or none, where another follows."""

    calls: list[Call]
    next: str | None = None


class Turn(Struct, frozen=True, kw_only=True):
    """A turn of a call. What may be a secret stands as asterisks in `event` and `facts`. `verdict`:
    the event `moved` the call; was `stale` (it answered an older offer) or `ignored`, and changed
    nothing; the flow `failed` on it; the caller was `rescued`, since the turn came too late.
    `reply` is SVAML, null where none was sent."""

    at: str
    event: Raw
    verdict: Became
    facts: Raw
    reply: Raw | None


class Journal(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last."""

    turns: list[Turn]
    next: str | None = None


class Calls(Listing, frozen=True, kw_only=True):
    flow: Annotated[Name, Meta(description="only those that began in it")] | UnsetType = UNSET
    state: Annotated[Life, Meta(description="only those that live, or are over")] | UnsetType = (
        UNSET
    )
    cursor: Number | UnsetType = UNSET


class OneCall(Asked, frozen=True, kw_only=True):
    call: Annotated[Name, Meta(description="its id")]
    application: Application | UnsetType = UNSET


class OneJournal(Listing, frozen=True, kw_only=True):
    call: Annotated[Name, Meta(description="its id")]
    application: Application | UnsetType = UNSET
    cursor: Number | UnsetType = UNSET


class OneSignal(OneCall, frozen=True, kw_only=True):
    signal: Annotated[
        str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$", description="its name, as flows wait for it")
    ]


class Signalled(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes with a signal: `data` is what flows see as `signal.data`, `id` tells it from
    others."""

    data: object = UNSET
    id: Annotated[str, Meta(max_length=64)] = ""


async def listed(engine: Engine, asked: Calls) -> CallPage:
    """Return calls, the latest first."""
    flows = await engine.flow_by_program()
    programs = tuple(id for id, flow in flows.items() if flow == asked.flow)
    only = CallFilter(
        programs=programs if asked.flow else None,
        over=None if asked.state is UNSET else asked.state == "over",
    )
    found = await engine.turns.store.calls(only, int(asked.cursor or 0), asked.limit)
    shown = [_shown(engine, each, flows.get(each.program, "")) for each in found.calls]
    return CallPage(calls=shown, next=str(found.next) if found.next else None)


async def one(engine: Engine, asked: OneCall) -> Call:
    """Return a call."""
    return await _whole(engine, await _found(engine, asked))


async def journal(engine: Engine, asked: OneJournal) -> Journal:
    """Return the turns of a call, the latest first."""
    call = await _found(engine, asked)
    before, limit = int(asked.cursor or 0), asked.limit
    rows = await engine.turns.store.turns(call.app, call.call, before, limit + 1)
    page, more = cut(rows, limit, lambda numbered: str(numbered[0]))
    return Journal(turns=[_turn(row) for _, row in page], next=more)


async def hang_up(engine: Engine, asked: OneCall) -> Call:
    """Ask the platform to end a live call.

    It is over when the platform says so, a moment later.
    """
    call = await _found(engine, asked)
    if call.over:
        raise Problem(HTTPStatus.CONFLICT, "it is over")
    session = _session(engine, call)
    region = "" if session is None else session.call.region
    await engine.ask(call.app, rest.hang_up(call.call), region)
    return await _whole(engine, call)


async def signal(engine: Engine, asked: OneSignal, body: Signalled) -> Call:
    """Bring a live call a signal.

    Only the state that the call is in can take it, and it takes it if it handles `signal.` and the
    name: a call that is held hears of it when its prompt is over, others at once. Who asks again
    with the same `id` brings nothing new, and may not bring anything else. Without a body it comes
    without data.
    """
    call = await _found(engine, asked)
    event = Signal(
        app=call.app,
        call=call.call,
        name=asked.signal,
        id=body.id or uuid4().hex,
        data=_data(body),
    )
    try:
        verdict = await engine.turns.bring(event)
    except LateError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(error)) from None
    if verdict in (None, Verdict.STALE, Verdict.IGNORED):
        await _require_had(engine, event, verdict)
    return await _whole(engine, await _found(engine, asked))


async def _require_had(engine: Engine, event: Signal, verdict: Verdict | None) -> None:
    """Raise the problem of a signal that the call didn't take, unless it has had it before."""
    known = await _signals_of_id(engine, event)
    had = next((each for each, became in known if became != Verdict.IGNORED.value), None)
    if had is not None:
        other = not had.masked and had.data != _as_kept(event.data)
        if had.name != event.name or other:
            message = f'another signal, or other data, came with the id "{event.id}" before'
            raise Problem(HTTPStatus.CONFLICT, message)
        return
    if verdict is Verdict.STALE:
        message = f'it was refused when it came with the id "{event.id}" first: choose another id'
        raise Problem(HTTPStatus.CONFLICT, message)
    raise await _refusal(engine, event)


async def _signals_of_id(engine: Engine, event: Signal) -> list[tuple[Signal, Became]]:
    """Return the signals of its id that came to a call, and what became of them when they did."""
    rows = await engine.turns.store.journal(event.app, event.call)
    came = [(_event.decode(row.event), VERDICT_BY_FLAG[row.flags]) for row in rows]
    return [
        (each, became) for each, became in came if isinstance(each, Signal) and each.id == event.id
    ]


def _as_kept(data: object) -> object:
    return msgspec.json.decode(msgspec.json.encode(data))


async def _refusal(engine: Engine, event: Signal) -> Problem:
    call = await engine.turns.store.call(event.app, event.call)
    if call is None:
        return missing("call", event.call)
    session = _session(engine, call)
    if call.over or (session is not None and session.is_closed):
        return Problem(HTTPStatus.CONFLICT, "it is over")
    if session is not None and len(session.inbox) >= MAX_INBOX:
        return Problem(HTTPStatus.TOO_MANY_REQUESTS, "too many signals wait: ask again later")
    where = "" if session is None else f' in "{session.frame.state}"'
    return Problem(HTTPStatus.CONFLICT, f'it does not wait for "{event.name}"{where}')


def _data(body: Signalled) -> object:
    if body.data is UNSET:
        return None
    if len(msgspec.json.encode(body.data)) > LONGEST_DATA:
        raise unfit(f"`data` has more than {LONGEST_DATA} bytes")
    try:
        return without_marks(bounded_value(body.data))
    except EvaluationError as error:
        raise unfit(f"`data`: {error}") from None


async def _found(engine: Engine, asked: OneCall | OneJournal) -> Listed:
    known = (*engine.applications, UNSIGNED_APP)
    apps = (asked.application,) if asked.application else known
    store = engine.turns.store
    for found in await asyncio.gather(*(store.call(app, asked.call) for app in apps)):
        if found is not None:
            return found
    raise missing("call", asked.call)


async def _whole(engine: Engine, call: Listed) -> Call:
    flows = await engine.flow_by_program()
    return _shown(engine, call, flows.get(call.program, ""))


def _session(engine: Engine, call: Listed) -> Session | None:
    """Return what is known of a call, None where this server can't read it."""
    if call.format > FORMAT:
        return None
    try:
        return _decoder.decode(engine.turns.vault.open((call.app, call.call), call.session))
    except (StoreError, msgspec.DecodeError):
        return None


def _shown(engine: Engine, call: Listed, flow: str) -> Call:
    session = _session(engine, call)
    known = session or Session(call=Party(app=call.app, id=call.call), frames=(), locale="")
    return Call(
        id=call.call,
        application=call.app,
        state="over" if call.over else "live",
        flow=flow,
        program=call.program,
        running=[Running(flow=each.flow, state=each.state) for each in known.frames],
        context="" if session is None else known.context,
        wait="" if session is None else known.wait,
        locale=known.locale,
        caller=known.call.caller,
        called=known.call.called,
        domain="" if session is None else known.call.domain,
        region=known.call.region,
        callout=known.callout,
        began=moment(call.began),
        changed=moment(call.at),
        over=moment(call.over) if call.over else None,
        result=known.result,
        reason=known.reason,
        sealed=session is None,
    )


def _turn(row: Row) -> Turn:
    reply = fill_json(row.reply, "{{{{ env.{} }}}}".format)
    return Turn(
        at=moment(row.at),
        event=Raw(row.event),
        verdict=VERDICT_BY_FLAG[row.flags],
        facts=Raw(row.facts),
        reply=Raw(reply) if reply else None,
    )
