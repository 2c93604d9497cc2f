"""Steps of a program, performed: one function a kind of step."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import bounded_value
from ivrflow.machine import recorded
from ivrflow.machine.callouts import order
from ivrflow.machine.computed import call_id, room
from ivrflow.machine.effects import Control, Emit, Log, OrderCallout, Send
from ivrflow.machine.environment import without_marks
from ivrflow.machine.orders import Order
from ivrflow.machine.program import (
    AnswerStep,
    CalloutStep,
    ControlStep,
    EmitStep,
    LocaleStep,
    LogStep,
    PromptStep,
    RecordOperation,
    SendDtmfStep,
    SetStep,
    SignalStep,
    StartRecordingStep,
    StopRecordingStep,
)
from ivrflow.machine.replies import Answer, SendDtmf, StartRecording, StopRecording
from ivrflow.machine.scope import Names
from ivrflow.machine.walk import Walk
from ivrflow.model.flow import FATES
from ivrflow.model.literals import fits
from ivrflow.model.locales import is_locale
from ivrflow.records import Ordered

MAX_CALLOUTS = 100
"""Callouts that one step places; more of them come from a file, see `ivrflow callout`."""

ORDERED, ALREADY, REFUSED = FATES


def _set(walk: Walk, step: SetStep) -> None:
    value = step.value(walk.names)
    if step.type is not None and not fits(value, step.type):
        raise EvaluationError(f'what "{step.name}" is set to is no {step.type.name}')
    walk.assign(step.name, value)


def _prompt(walk: Walk, step: PromptStep) -> None:
    walk.instructions += walk.say(step.prompt)


def _locale(walk: Walk, step: LocaleStep) -> None:
    wanted = str(step.locale(walk.names))
    if not is_locale(wanted):
        raise EvaluationError(f'"{wanted}" is no locale')
    walk.locale = walk.names["locale"] = wanted


def _answer(walk: Walk, step: AnswerStep) -> None:
    walk.instructions.append(Answer())


def _start_recording(walk: Walk, step: StartRecordingStep) -> None:
    target = str(step.to(walk.names))
    if "://" not in target:
        raise EvaluationError(f'"{target}" is no place for a recording')
    recording = StartRecording(
        to=target,
        credentials=step.credentials,
        format=step.format,
        transcribe=walk.locale if step.transcribe == "" else step.transcribe or "",
    )
    walk.instructions.append(recording)


def _stop_recording(walk: Walk, step: StopRecordingStep) -> None:
    walk.instructions.append(StopRecording())


def _send_dtmf(walk: Walk, step: SendDtmfStep) -> None:
    walk.instructions.append(SendDtmf(tones=str(step.tones(walk.names))))


def _log(walk: Walk, step: LogStep) -> None:
    line = str(step.text(walk.names))
    walk.effects.append(Log(flow=walk.flow.name, state=walk.state, text=line))


def _order_callout(walk: Walk, step: CalloutStep) -> None:
    fates: list[str] = []
    for names in _once_for_each(walk, step):
        given = {name: value(names) for name, value in step.params.items()}
        wanted = order(walk.program, walk.flow, step.name, given)
        wanted = msgspec.structs.replace(wanted, region=walk.session.call.region)
        when = "" if step.when is None else _moment(str(step.when(names)))
        leg = 0 if step.keep else walk.place_leg()
        if step.into is not None:
            fates.append(_fate(walk, wanted))
        placed = OrderCallout(order=wanted, state=walk.state, at=when, leg=leg)
        walk.effects.append(placed)
    if step.into is not None:
        walk.assign(step.into, next((each for each in fates if each != ORDERED), ORDERED))


def _fate(walk: Walk, wanted: Order) -> str:
    """What will become of an order, one of `FATES`: of one key there is one callout at a time."""
    if wanted.fault:
        return REFUSED
    if not wanted.key:
        return ORDERED
    before = (each.order for each in walk.effects if isinstance(each, OrderCallout))
    asked = Ordered(record=wanted.name, key=wanted.key, flow=wanted.flow)
    known = any(_is_same(each, wanted) for each in before) or walk.told.recorded(asked)
    return ALREADY if known else ORDERED


def _is_same(one: Order, other: Order) -> bool:
    return (one.flow, one.name, one.key) == (other.flow, other.name, other.key)


def _emit(walk: Walk, step: EmitStep) -> None:
    data: dict[str, object] = {
        name: without_marks(value(walk.names)) for name, value in step.data.items()
    }
    bounded_value(data)
    walk.effects.append(Emit(event=step.event, to=step.to, state=walk.state, data=data))


def _signal(walk: Walk, step: SignalStep) -> None:
    to = str(step.to(walk.names)).strip()
    if not to:
        raise EvaluationError(f'the signal "{step.name}" goes to no call')
    data = None if step.data is None else without_marks(bounded_value(step.data(walk.names)))
    walk.count_signal()
    walk.effects.append(Send(name=step.name, to=to, data=data))


def _control(walk: Walk, step: ControlStep) -> None:
    call = walk.session.call.id if step.who is None else call_id(str(step.who(walk.names)).strip())
    wanted = Control(
        command=step.command,
        room=room(str(step.room(walk.names))),
        state=walk.state,
        who="" if step.everybody else call,
        hold_music=step.hold_music,
    )
    walk.effects.append(wanted)


def _once_for_each(walk: Walk, step: CalloutStep) -> Iterator[Names]:
    """Yield the names that a step sees: once, or for each item of a list, which is `item` then."""
    if step.for_each is None:
        yield walk.names
        return
    items = step.for_each(walk.names)
    if not isinstance(items, list):
        raise EvaluationError(f'what "{step.name}" is placed for is no list')
    if len(items) > MAX_CALLOUTS:
        raise EvaluationError(f"more than {MAX_CALLOUTS} callouts in one step")
    for item in items:
        walk.names["item"] = item
        yield walk.names
    walk.names.pop("item", None)


def _moment(text: str) -> str:
    try:
        aware = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise EvaluationError(f'"{text}" is no point in time')
    return text


def _use_record(walk: Walk, step: RecordOperation) -> None:
    value = recorded.perform(step, walk.names, walk.told.recorded)
    if step.into is not None:
        walk.assign(step.into, value)


PERFORM_BY_STEP: dict[type, Callable[[Walk, Any], None]] = {
    SetStep: _set,
    PromptStep: _prompt,
    LocaleStep: _locale,
    AnswerStep: _answer,
    StartRecordingStep: _start_recording,
    RecordOperation: _use_record,
    CalloutStep: _order_callout,
    EmitStep: _emit,
    SignalStep: _signal,
    ControlStep: _control,
    StopRecordingStep: _stop_recording,
    SendDtmfStep: _send_dtmf,
    LogStep: _log,
}
