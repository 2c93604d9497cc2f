"""Callouts with the values of one: whom to call, and whether now is the time."""

from collections.abc import Mapping

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope, Value, bounded_value
from ivrflow.machine.calendar import is_open, next_opening
from ivrflow.machine.computed import Fence, address, milliseconds, number, shown
from ivrflow.machine.environment import without_marks
from ivrflow.machine.events import Answered, Unreached
from ivrflow.machine.orders import Dial, Order
from ivrflow.machine.outcome import Facts, Need
from ivrflow.machine.program import Callout, Flow, Program
from ivrflow.machine.recorded import key_text
from ivrflow.machine.scope import FactMissingError, Names, Told, Visits
from ivrflow.machine.session import Call, Frame, Session
from ivrflow.model.context import Context
from ivrflow.model.literals import fits
from ivrflow.numbers import normalise


class Go(msgspec.Struct, frozen=True):
    """Now is the time."""


class Later(msgspec.Struct, frozen=True):
    """Not now, but at a point in time (ISO 8601)."""

    at: str


class Never(msgspec.Struct, frozen=True):
    """Not any more, and why."""

    reason: str


Judgement = Go | Later | Never


def order(program: Program, flow: Flow, name: str, given: Mapping[str, object]) -> Order:
    """Return the callout `name` of `flow` with `given` parameters.

    Never raises: with parameters that make no call it says why.
    """
    callout = flow.callouts.get(name)
    if callout is None:
        return Order(flow=flow.name, name=name, fault=f'there is no callout "{name}"')
    try:
        params = _params(callout, given)
        dial = _dial(callout, params, program.dial_allow)
        key = _key(callout, params, dial)
        return Order(flow=flow.name, name=name, params=params, key=key, dial=dial)
    except EvaluationError as fault:
        return Order(flow=flow.name, name=name, fault=str(fault))


def judge(program: Program, wanted: Order, facts: Facts) -> Judgement | Need:
    """Say whether an order is to be dialled now: within its hours, and unless its condition holds.

    `program` is the newest one of the flow that declares it; its condition may ask for records.
    What was ordered before an edit must still make a call: its parameters, and `dial.allow`.
    """
    callout = program.flow.callouts.get(wanted.name)
    if callout is None:
        return Never(f'"{wanted.flow}" has no callout "{wanted.name}" any more')
    try:
        _require_call(program, callout, wanted)
        return _judge(program, callout, wanted, Told(facts))
    except EvaluationError as fault:
        return Never(str(fault))
    except FactMissingError as missing:
        return Need(missing.fact)


def begin_callout(
    program: Program, wanted: Order, event: Answered | Unreached, callout: str
) -> Session:
    """Return the session of a callout before its first step. `program` is the newest one of the
    flow that it runs, `callout` its id."""
    flow = program.flow
    known = {name: each for name, each in wanted.params.items() if name in flow.known}
    return Session(
        call=_call(wanted, event),
        frames=(Frame(flow=flow.name, vars=dict(flow.vars), params={**flow.params, **known}),),
        locale=flow.locale,
        context=Context.ANSWERED,
        callout=callout,
        generation=wanted.generation + 1,
        parent=wanted.parent,
        leg=wanted.leg,
    )


def _call(wanted: Order, event: Answered | Unreached) -> Call:
    dial = wanted.dial or Dial(to="")
    named = event.region if isinstance(event, Answered) else ""
    return Call(
        app=event.app,
        id=event.call,
        caller=normalise(dial.cli),
        called=dial.to,
        domain="sip" if dial.is_sip else "pstn",
        region=named or wanted.region,
    )


def _require_call(program: Program, callout: Callout, wanted: Order) -> None:
    _params(callout, {name: each for name, each in wanted.params.items() if name in callout.params})
    if wanted.dial is not None and not wanted.dial.is_sip and callout.fenced:
        number(wanted.dial.to, program.dial_allow)


def _judge(program: Program, callout: Callout, wanted: Order, told: Told) -> Judgement:
    names = _names(program, wanted, told)
    hours = None if callout.hours is None else callout.hours(names)
    calendar = program.schedules.get(str(hours))  # of one that is gone nobody knows the hours
    if callout.unless is not None and callout.unless(names):
        return Never("its `unless` holds")
    if calendar is None or is_open(calendar, told.now()):
        return Go()
    opening = next_opening(calendar, told.now())
    return Never("its hours never come") if opening is None else Later(opening)


def _names(program: Program, wanted: Order, told: Told) -> Names:
    """What the condition of a callout sees: its parameters, records, schedules and the time."""
    flow = program.flow
    frame = Frame(flow=flow.name, vars=dict(wanted.params))
    session = Session(call=Call(app="", id=""), frames=(frame,), locale=flow.locale)
    return Names(session, frame, Visits(), told, schedules=program.schedules, records=flow.records)


def _params(callout: Callout, given: Mapping[str, object]) -> dict[str, object]:
    """Return all parameters; raises `EvaluationError` where one is missing, unknown or wrong."""
    unknown = given.keys() - callout.params.keys()
    if unknown:
        raise EvaluationError(f'"{callout.flow}" has no parameter "{min(unknown)}"')
    params = {**callout.defaults, **{name: _plain(each) for name, each in given.items()}}
    for name, type_ in callout.params.items():
        if name not in params:
            raise EvaluationError(f'"{callout.flow}" needs the parameter "{name}" ({type_.name})')
        if not fits(params[name], type_):
            raise EvaluationError(f'the parameter "{name}" is no {type_.name}')
    return params


def _plain(value: object) -> object:
    return without_marks(bounded_value(value))


def _dial(callout: Callout, params: Scope, fence: Fence) -> Dial:
    return Dial(
        to=_target(callout, params, fence),
        cli=shown(callout.cli, params),
        timeout=milliseconds(callout.timeout, params),
        max_duration=milliseconds(callout.max_duration, params),
        amd=callout.amd,
        dtmf=_text(callout.dtmf, params),
        is_sip=callout.is_sip,
    )


def _target(callout: Callout, params: Scope, fence: Fence) -> str:
    target = str(callout.to(params)).strip()
    if callout.is_sip:
        return address(target, "sip")
    return number(target, fence if callout.fenced else None)


def _key(callout: Callout, params: Scope, dial: Dial) -> str:
    """Return the key of a callout: one that is the target is so however that is written."""
    key = _text(callout.key, params)
    return dial.to if key.strip() == str(callout.to(params)).strip() else key_text(key)


def _text(value: Value | None, params: Scope) -> str:
    return "" if value is None else str(value(params))
