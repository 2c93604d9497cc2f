"""Every way through a program that a caller can go, as far as keys lead: no network, no clock."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, product
from typing import Any

import msgspec
from raising import raised_after, told, waiting

from ivrflow.expr.pattern import parse_pattern
from ivrflow.expr.types import T, Type
from ivrflow.machine.callouts import begin_callout, order
from ivrflow.machine.events import (
    Answered,
    Chosen,
    Digits,
    Ended,
    Event,
    Incoming,
    LegBridged,
    MenuHangup,
    NoInput,
    NoMatch,
    Notified,
    Unreached,
)
from ivrflow.machine.lookups import LookedUp, Lookup, Pending, Waiting, failed
from ivrflow.machine.outcome import Answer, Facts, Join, Need, Recorded, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.raised import accept
from ivrflow.machine.replies import MENU, Menu, Reply
from ivrflow.machine.session import Session, Wait
from ivrflow.machine.step import begin, step
from ivrflow.records import (
    Claim,
    Count,
    Delete,
    Dequeue,
    Enqueue,
    Length,
    Ordered,
    Place,
    Put,
    Read,
)
from ivrflow.sinch.render import render

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}
CALLERS = ("+46701234567", None)
MOMENTS = (
    "2026-11-24T10:00:00Z",  # a Tuesday
    "2026-11-24T16:30:00Z",
    "2026-11-28T12:00:00Z",  # a Saturday
    "2026-11-28T23:30:00Z",
)
MOST_TURNS = 4_000


@dataclass
class Explored:
    """The states that calls came to (`flow:state`), and what failed."""

    visited: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Beginning:
    """How calls begin, and the patterns of what is dialled: some of it fits, some does not."""

    params: Mapping[str, object]
    locale: str
    patterns: list[str]


def explore(program: Program, how: Beginning) -> Explored:
    """Call `program` with several callers at several times, and press all there is to press."""
    found = Explored()
    for caller, moment in product(CALLERS, MOMENTS):
        incoming = Incoming(**CALL, caller=caller, called="+46850000100", custom="12")
        first = begin(program, incoming, params=how.params, locale=how.locale)
        _spread(program, (first, incoming), moment, how.patterns, found)
    return found


def explore_callout(program: Program, callee: Program, name: str, patterns: list[str]) -> Explored:
    """Answer a callout that `program` declares, as a person and as a machine, or don't."""
    found = Explored()
    callout = program.flow.callouts[name]
    needed = {key: each for key, each in callout.params.items() if key not in callout.defaults}
    target = "ann@sip.example.com" if callout.is_sip else SAMPLES[T.PHONE]
    given = {key: target if is_text(each) else sample(each) for key, each in needed.items()}
    wanted = order(program, program.flow, name, given)
    wanted = msgspec.structs.replace(wanted, parent="call-0", leg=1)
    assert wanted.dial is not None, wanted.fault
    begins: list[Answered | Unreached] = [Unreached(**CALL, result="busy")]
    begins += [Answered(**CALL, amd=amd) for amd in ("", "human", "machine", "unsure")]
    for moment, event in product(MOMENTS, begins):
        first = begin_callout(callee, wanted, event, "callout-1")
        _spread(callee, (first, event), moment, patterns, found)
    return found


def is_text(type_: Type) -> bool:
    """Whether any text is of a type, so that it may be what is dialled."""
    return type_.name is T.STRING and not type_.enum


def _spread(
    program: Program,
    first: tuple[Session, Event],
    moment: str,
    patterns: list[str],
    found: Explored,
) -> None:
    seen: set[object] = set()
    todo: deque[tuple[Session, Event, str, Reply | None]] = deque([(*first, moment, None)])
    for _ in range(MOST_TURNS):
        if not todo:
            return
        session, event, now, heard = todo.popleft()
        for taken in takes(program, session, event, now):
            note(program, taken, event, found)
            after, reply = taken.session, told(taken) or heard
            signature = _signature(after)
            if reply is not None and not after.ended and signature not in seen:
                seen.add(signature)
                events = ((each, now) for each in events_after(after, reply, patterns))
                raised = raised_after(program, after, now, CALL)
                todo.extend((after, each, then, reply) for each, then in chain(events, raised))


def takes(program: Program, session: Session, event: Event, moment: str) -> Iterator[Step]:
    """Step on in all ways that follow from what the world may answer."""
    if isinstance(event, LegBridged):
        accepted = accept(program, session, event)
        yield from () if accepted is None else (accepted,)
        return
    todo: list[tuple[Answer, ...]] = [()]
    while todo:
        told = todo.pop()
        taken = step(program, session, event, Facts(now=moment, answers=told))
        if isinstance(taken, Step):
            yield taken
        else:
            todo += [(*told, each) for each in answers(program, taken)]


def answers(program: Program, need: Need) -> list[Answer]:
    """What the world may say to a question, the usual and the unusual."""
    match need.fact:
        case Count():
            return [Recorded(value=1), Recorded(value=3)]
        case Delete() | Ordered():
            return [Recorded(value=True), Recorded(value=False)]
        case Join():
            return [Recorded(value="room-1"), Recorded(value="")]
        case Claim(keys=keys):
            return [*(Recorded(value=each) for each in keys[:1]), Recorded()]
        case Read(record="@regions"):
            return [Recorded(value=""), Recorded(value="euc1")]
        case Read(record=name) | Dequeue(record=name):
            return [Recorded(value=sample(kept(program, name))), Recorded()]
        case Lookup() as lookup:
            return looked_up(lookup)
        case Pending(lookup=lookup):
            return [Waiting(), *looked_up(lookup)]
        case _:
            return places(need)


def places(need: Need) -> list[Answer]:
    """What the world may say of queues, and where something is kept."""
    match need.fact:
        case Put():
            return [Recorded()]
        case Enqueue(record="@participants" | "@starters"):
            return [Recorded(value=1), Recorded(value=999)]
        case Enqueue():
            return [Recorded(value=2)]
        case Length():
            return [Recorded(value=0), Recorded(value=1)]
        case Place():
            return [Recorded(value=2), Recorded()]
        case _:
            raise AssertionError(need)


def looked_up(lookup: Lookup) -> list[Answer]:
    """What may become of a look-up: its answer, each outcome of its own, a failure."""
    brought = None if lookup.returns is None else sample(lookup.returns)
    own = [LookedUp(outcome=each) for each in lookup.status.values()]
    return [LookedUp(outcome="ok", value=brought), failed("no answer"), *own]


def kept(program: Program, name: str) -> Type:
    """The type of what a record keeps."""
    known = (each for flow in program.flows.values() for each in flow.records.values())
    return next(each.kept for each in known if each.name == name)


SAMPLES: dict[T, object] = {
    T.INTEGER: 3,
    T.NUMBER: 2.5,
    T.BOOLEAN: True,
    T.DIGITS: "0042",
    T.PHONE: "+46850000001",
    T.DATE: "2026-11-24",
    T.TIME: "08:30",
    T.DURATION: 20_000,
}


def sample(type_: Type) -> object:
    """A value of a type."""
    if type_.name is T.OBJECT:
        return {name: sample(each) for name, each in (type_.properties or {}).items()}
    if type_.name is T.LIST:
        return [sample(type_.of or Type(name=T.STRING))]
    return type_.enum[0] if type_.enum else SAMPLES.get(type_.name, "SEK")


def note(program: Program, taken: Step, event: Event, found: Explored) -> None:
    outer = program.flow.name
    found.visited |= {each if ":" in each else f"{outer}:{each}" for each in taken.trace.visited}
    if taken.verdict is Verdict.FAILED:
        found.faults.append(f"{taken.trace.fault} ({event})")
    reply = told(taken)
    if reply is not None:
        render(reply)


def _signature(session: Session) -> object:
    """What tells sessions apart that go on differently, with counters cut."""
    frames = tuple(
        (frame.flow, frame.state, str(sorted(frame.vars.items(), key=str)), _counts(frame.visits))
        for frame in session.frames
    )
    tries = min(session.tries, 4)
    return frames, session.wait, session.locale, tries, session.failures, waiting(session)


def _counts(visits: dict[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((name, min(count, 2)) for name, count in visits.items()))


def events_after(session: Session, reply: Reply, patterns: list[str]) -> Iterator[Event]:
    """What may happen to a call that has heard `reply`."""
    yield Ended(**CALL, result="busy", reason="callee_hangup")
    yield Notified(**CALL, type="recording_available", destination="s3://a/b.mp3")
    yield Notified(**CALL, type="transcription_available", destination="s3://a/b.json")
    match session.wait:
        case Wait.MENU | Wait.COLLECT | Wait.LOOK_UP | Wait.HOLD:
            assert isinstance(reply.action, Menu)
            yield from _inputs(session, reply.action, patterns)
        case Wait.CONNECT:
            for amd in ("", "human", "machine", "notsure"):
                yield Answered(**CALL, amd=amd)
                yield Notified(**CALL, type="amd", amd=amd)
        case Wait.CONFERENCE:
            for key in "15":
                yield Digits(**CALL, digits=key, menu="room")
        case _:
            pass


def _inputs(session: Session, menu: Menu, patterns: list[str]) -> Iterator[Event]:
    yield MenuHangup(**CALL, menu=MENU)
    yield NoInput(**CALL, menu=MENU)
    yield NoMatch(**CALL, menu=MENU, value="7")
    for key in menu.keys:
        yield Chosen(**CALL, menu=MENU, value=key.value, offer=session.offer)
    if menu.max_digits:
        for digits in dict.fromkeys(chain("0123456789*#", _dialled(menu.max_digits, patterns))):
            yield Digits(**CALL, menu=MENU, digits=digits)


def _dialled(most: int, patterns: list[str]) -> Iterator[str]:
    """Digits that fit some pattern, or are as long as can be, with every last digit."""
    bases = ["".join(min(place) for place in parse_pattern(each)) for each in patterns]
    bases += ["4" + "0" * (most - 1), "1" * min(most, 4), str(SAMPLES[T.DIGITS])]
    for base in bases:
        yield base
        yield from (base[:-1] + last for last in "0123456789")
