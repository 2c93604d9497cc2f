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
from ivrflow.machine.effects import Control, Divided, Effect, Emit, Log, OrderCallout
from ivrflow.machine.events import (
    Chosen,
    Digits,
    Event,
    Incoming,
    MenuFailed,
    MenuHangup,
    NoInput,
    NoMatch,
)
from ivrflow.model.flow import ALL, Flow
from ivrflow.scenarios.answers import Answered
from ivrflow.scenarios.stage import Seen, Stage

QUIET = (Changed, Cut, Received, Requested, Sent)
"""Entries that only matter to who looks at the wire."""

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
    return "" if stage.step is None else _place(stage.seen[-1], flows)


def _lines(stage: Stage, flows: Mapping[str, Flow]) -> Iterator[Line]:
    begun = stage.scenario.begins
    transcript = stage.platform.transcript
    read = 0
    beside: list[Answered | Seen] = [*stage.answers.given, *stage.seen]
    for each in sorted(beside, key=lambda one: one.after):  # stable: first asked, then moved
        yield from _heard(transcript[read : each.after], begun)
        read = each.after
        if isinstance(each, Answered):
            yield Line(at=each.at - begun, text=f"  {each.text}")
        else:
            yield from _turn(each, begun, flows)
    yield from _heard(transcript[read:], begun)


def _heard(entries: Iterable[Entry], begun: int) -> Iterator[Line]:
    for entry in entries:
        if isinstance(entry, Sent) and entry.attempt == "again":
            yield Line(at=entry.at - begun, text=f"  {entry.event.upper()} is sent again")
        if _matters(entry):
            yield Line(at=entry.at - begun, text=in_words(entry))


def _matters(entry: Entry) -> bool:
    failed = isinstance(entry, Received) and bool(entry.failure or entry.status >= 400)
    silent = isinstance(entry, Heard) and not entry.text
    return failed or not (silent or isinstance(entry, QUIET))


def _turn(seen: Seen, begun: int, flows: Mapping[str, Flow]) -> Iterator[Line]:
    trace = seen.step.trace
    visited = ", ".join(trace.visited)
    moved = f"{_event(seen.event)}: {visited or seen.step.verdict}"
    yield Line(at=seen.at - begun, text=f"  {moved}", place=_place(seen, flows))
    if trace.fault:
        yield Line(at=seen.at - begun, text=f"  failed: {trace.fault}")
    for effect in seen.step.effects:
        yield Line(at=seen.at - begun, text="  " + _effect(effect))


def _effect(effect: Effect) -> str:
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


def _event(event: Event) -> str:
    match event:
        case Incoming(called=called):
            return f"incoming call to {called}"
        case Chosen(value=value):
            return f"chosen {value}"
        case Digits(digits=digits):
            return f"digits {digits}"
        case _:
            return WORD_BY_EVENT.get(type(event), type(event).__name__.lower())


def _place(seen: Seen, flows: Mapping[str, Flow]) -> str:
    frame = seen.step.session.frame
    flow = flows.get(frame.flow)
    state = flow.states.get(frame.state) if flow is not None else None
    return f"{flow.path}:{state.at.line}" if flow is not None and state is not None else ""
