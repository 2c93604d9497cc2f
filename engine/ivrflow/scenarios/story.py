"""What happened in a scenario, as a transcript for people."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ivrflow.emulator.transcript import (
    Changed,
    Cut,
    Entry,
    Heard,
    Received,
    Requested,
    Sent,
    in_words,
)
from ivrflow.machine.effects import (
    CancelLegs,
    Control,
    Divided,
    Effect,
    Emit,
    Log,
    OrderCallout,
    Send,
    Tell,
    Wake,
)
from ivrflow.machine.events import (
    Chosen,
    Digits,
    Event,
    Incoming,
    MenuFailed,
    MenuHangup,
    NoInput,
    NoMatch,
    Unreached,
)
from ivrflow.model.flow import ALL, Flow
from ivrflow.scenarios.answers import Answered
from ivrflow.scenarios.receivers import Delivered
from ivrflow.scenarios.stage import Seen, Stage

QUIET = (Changed, Cut, Received, Requested, Sent)
"""Entries that only matter to who looks at the wire."""

Beside = Answered | Seen | Delivered
"""What happens between two entries of the transcript."""

WORD_BY_EVENT: dict[type, str] = {
    MenuFailed: "menu failed",
    MenuHangup: "hung up in the menu",
    NoInput: "no input",
    NoMatch: "no match",
}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """`at` is in milliseconds since the call began; `place` is where in a flow it is written."""

    at: int
    text: str
    place: str = ""


def story(stage: Stage, flows: Mapping[str, Flow]) -> tuple[Line, ...]:
    """Return what was heard and done, and how the engine moved."""
    return tuple(_lines(stage, flows))


def place_of(stage: Stage, flows: Mapping[str, Flow]) -> str:
    """Return where the state is written in which the call is, "" before its first turn."""
    return "" if stage.last is None else _place(stage.last, flows)


def _lines(stage: Stage, flows: Mapping[str, Flow]) -> Iterator[Line]:
    begun = stage.scenario.begins
    transcript = stage.platform.transcript
    margin_by_call = _margins(stage)
    read = 0
    beside: list[Beside] = [*stage.answers.given, *stage.seen, *stage.received.delivered]
    for each in sorted(beside, key=lambda one: one.after):  # stable: first asked, then moved
        yield from _heard(transcript[read : each.after], begun, margin_by_call)
        read = each.after
        if isinstance(each, Seen):
            yield from _turn(each, begun, flows, margin_by_call.get(each.event.call, ""))
        else:
            yield Line(at=each.at - begun, text=f"  {each.text}")
    yield from _heard(transcript[read:], begun, margin_by_call)


def _margins(stage: Stage) -> dict[str, str]:
    """Return how the lines of each call begin: those of the first have no mark."""
    calls = enumerate(stage.platform.world.calls, 1)
    return {call: f"[{number}] " if number > 1 else "" for number, call in calls}


def _heard(
    entries: Iterable[Entry], begun: int, margin_by_call: Mapping[str, str]
) -> Iterator[Line]:
    for entry in entries:
        margin = margin_by_call.get(entry.call, "")
        if isinstance(entry, Sent) and entry.attempt == "again":
            text = f"{margin}  {entry.event.upper()} is sent again"
            yield Line(at=entry.at - begun, text=text)
        if _matters(entry):
            yield Line(at=entry.at - begun, text=margin + in_words(entry))


def _matters(entry: Entry) -> bool:
    failed = isinstance(entry, Received) and bool(entry.failure or entry.status >= 400)
    silent = isinstance(entry, Heard) and not entry.text
    return failed or not (silent or isinstance(entry, QUIET))


def _turn(seen: Seen, begun: int, flows: Mapping[str, Flow], margin: str) -> Iterator[Line]:
    trace = seen.step.trace
    visited = ", ".join(trace.visited)
    moved = f"{_event(seen.event)}: {visited or seen.step.verdict}"
    yield Line(at=seen.at - begun, text=f"{margin}  {moved}", place=_place(seen, flows))
    if trace.fault:
        yield Line(at=seen.at - begun, text=f"{margin}  failed: {trace.fault}")
    for told in filter(None, map(_effect, seen.step.effects)):
        yield Line(at=seen.at - begun, text=f"{margin}  {told}")


def _effect(effect: Effect) -> str:
    """Return what a turn asked for, "" for what is seen where it is done."""
    match effect:
        case Log(text=text):
            return f'log "{text}"'
        case OrderCallout(order=order):
            to = order.fault if order.dial is None else order.dial.to
            return f"callout {order.name} to {to}"
        case Emit(event=name, data=data, to=to):
            return f"emit {name} to {to} {msgspec.json.encode(data).decode()}"
        case Control(command=command, room=room, who=who):
            return f"{command} {who or ALL} in {room}"
        case Divided(room=room, region=region, other=other):
            return f"{room} is in {other}, this call in {region}"
        case Send(name=name, to=to):
            return f"signal {name} to {to}"
        case CancelLegs(legs=legs):
            return f"legs {', '.join(map(str, legs))} not wanted any more"
        case Tell() | Wake():
            return ""


def _event(event: Event) -> str:
    match event:
        case Incoming(called=called):
            return f"incoming call to {called}"
        case Chosen(value=value):
            return f"chosen {value}"
        case Unreached(result=result):
            return f"unreached, {result}"
        case Digits(digits=digits):
            return f"digits {digits}"
        case _:
            return WORD_BY_EVENT.get(type(event), type(event).__name__.lower())


def _place(seen: Seen, flows: Mapping[str, Flow]) -> str:
    frame = seen.step.session.frame
    flow = flows.get(frame.flow)
    state = flow.states.get(frame.state) if flow is not None else None
    return f"{flow.path}:{state.at.line}" if flow is not None and state is not None else ""
