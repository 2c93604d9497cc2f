"""What is raised while a call waits: legs that end or accept, signals, timers.

It is taken in order, when the platform can be told of what follows. A call that is held by a menu
takes it when the menu comes round (`take`, of `hear`). Of one that is parked, in a room or
connected the platform asks nothing: there it is taken at once, and what follows is told (`raised`):

    wait                context   may be told
    park                parked    anything that an incoming call may be answered
    conference, bridge  room      words, and little else
    connect, talk       live      words, a hangup

A parked call moves in two steps: what it becomes lies in `Session.moving` until the platform has
taken it. Everywhere else, in menus above all, what was raised waits.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.machine.act import act
from ivrflow.machine.effects import CancelLegs, Effect, Tell, Wake
from ivrflow.machine.events import (
    Answered,
    Chosen,
    Digits,
    Event,
    LegBridged,
    LegEnded,
    MenuFailed,
    MenuHangup,
    Moved,
    NoInput,
    NoMatch,
    Notified,
    Own,
    Signal,
    Woken,
)
from ivrflow.machine.fail import fail
from ivrflow.machine.go import go
from ivrflow.machine.outcome import Step, Trace, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.replies import MENU, Audio, Continue, Instruction, Reply, Say, Ssml
from ivrflow.machine.session import ASKING, Session, Wait
from ivrflow.machine.take import let_go, take
from ivrflow.machine.walk import UNASKED, Turn, Walk, without_legs
from ivrflow.model.context import Context
from ivrflow.model.flow import Listener
from ivrflow.model.outcomes import LEG_BRIDGED, of_signal

CONTEXT_BY_WAIT: Mapping[Wait, Context] = {
    Wait.PARK: Context.PARKED,
    Wait.CONFERENCE: Context.ROOM,
    Wait.BRIDGE: Context.ROOM,
    Wait.CONNECT: Context.LIVE,
    Wait.TALK: Context.LIVE,
}
"""Where replies go that nobody asked for; of what the call waits for elsewhere it can't be told."""

MAX_INBOX = 100
"""What may have been raised and not been taken; more signals are refused. Of so many signals a call
knows that it has had them."""


def raised(turn: Turn, event: Own) -> Step:
    """Take what the engine itself brings about."""
    session = turn.session
    if session.over or session.ended or session.rescued:
        return Step(session=session, verdict=Verdict.IGNORED)
    match event:
        case Moved():
            return _moved(turn, event)
        case Woken():
            return _settle(turn, Verdict.IGNORED)
        case LegBridged():
            ignored = Step(session=session, verdict=Verdict.IGNORED)
            return accept(turn.program, session, event) or ignored
        case _ if not _wants(turn.program, session, event):
            return Step(session=session, verdict=Verdict.IGNORED)
        case _:
            return _settle(turn.after(**_with(session, event)), Verdict.MOVED)


def answered_move(turn: Turn, event: Event) -> Turn:
    """Return the turn of a call that may be led elsewhere: there, where the event answers what it
    was told to do there."""
    moved = turn.session.moving
    if moved is None:
        return turn
    match event:
        case Chosen(offer=offer):
            there = moved.wait in ASKING and offer in (0, moved.offer)
        case Digits(menu=menu) if menu != MENU:
            there = moved.wait is Wait.CONFERENCE
        case Digits() | NoInput() | NoMatch() | MenuHangup() | MenuFailed():
            there = moved.wait in ASKING
        case Answered():
            there = moved.wait is Wait.CONNECT
        case _:
            there = False
    return adopted(turn) if there else turn


def adopted(turn: Turn) -> Turn:
    """Return the turn of a parked call that the platform has led where it was told to."""
    session = turn.session
    moved = session.moving
    if moved is None:
        return turn
    session = msgspec.structs.replace(moved, inbox=session.inbox, signals=session.signals)
    return Turn(turn.program, session, turn.told)


def accept(program: Program, session: Session, event: LegBridged) -> Step | None:
    """Return the turn of a call that lets one of its legs talk to it, None where that is too late.

    The leg goes to the room in the transaction of this turn; the call follows as soon as it can,
    whatever else was raised before. Its other legs are not wanted any more.
    """
    frame = session.frame
    taken = any(isinstance(each, LegBridged) for each in session.inbox) or frame.bridged
    gone = session.over or session.ended or session.rescued or session.moving is not None
    waits = session.wait in (Wait.HOLD, Wait.PARK) and event.leg in frame.legs
    if taken or gone or not waits or not _handles(program, session, LEG_BRIDGED):
        return None
    others = tuple(leg for leg in frame.legs if leg != event.leg)
    effects: tuple[Effect, ...] = (CancelLegs(legs=others), Wake()) if others else (Wake(),)
    own = msgspec.structs.replace(frame, legs=(event.leg,))
    session = msgspec.structs.replace(
        session, frames=(*session.frames[:-1], own), inbox=(event, *session.inbox)
    )
    return Step(
        session=session, verdict=Verdict.MOVED, effects=effects, trace=Trace(outcome="accepted")
    )


def _wants(program: Program, session: Session, event: LegEnded | Signal) -> bool:
    """Whether a call has any use for what is raised."""
    match event:
        case LegEnded(leg=leg):
            return leg in session.legs
        case Signal(name=name, id=id):
            waits = session.wait in UNASKED or session.wait is Wait.HOLD
            room = len(session.inbox) < MAX_INBOX and id not in session.signals
            return waits and room and _handles(program, session, of_signal(name))


def _with(session: Session, event: LegEnded | Signal) -> Mapping[str, object]:
    """Return what changes in a session for which something is raised."""
    inbox = (*session.inbox, event)
    if isinstance(event, LegEnded):
        return {"inbox": inbox}
    return {"inbox": inbox, "signals": (*session.signals, event.id)[-MAX_INBOX:]}


def _handles(program: Program, session: Session, outcome: str) -> bool:
    """Whether the state that a call is in handles an outcome."""
    flow = program.flows.get(session.frame.flow)
    state = None if flow is None else flow.states.get(session.frame.state)
    return state is not None and outcome in state.on


# -- what follows ---------------------------------------------------------------------------------


def _settle(turn: Turn, otherwise: Verdict) -> Step:
    """Take what can be taken now; the verdict is `otherwise` where that is nothing."""
    session = turn.session
    context = CONTEXT_BY_WAIT.get(session.wait)
    if context is None or session.moving is not None:
        return Step(session=session, verdict=otherwise)
    try:
        return _told(Walk(turn, context), otherwise)
    except EvaluationError as fault:
        return _failed(turn, context, str(fault))


def _told(walk: Walk, otherwise: Verdict) -> Step:
    outcome, entered = take(walk)
    if walk.has_left and entered is not None:
        act(walk, entered)
        return _tell(walk, outcome)
    step = _stayed(walk, outcome)
    return step if outcome else msgspec.structs.replace(step, verdict=otherwise)


def _stayed(walk: Walk, outcome: str) -> Step:
    """Return the turn of a call that stays where it is, and may be told something there."""
    if not walk.instructions:
        return walk.quietly(outcome)
    if walk.context is Context.PARKED:
        act(walk, walk.current)
    else:
        walk.action, walk.room = Continue(), walk.session.room
    return _tell(walk, outcome)


def _tell(walk: Walk, outcome: str) -> Step:
    """Return a turn whose reply the platform is told. A parked call stays as it is until then."""
    return _unasked(walk.session, walk.step(outcome), parked=walk.context is Context.PARKED)


def _unasked(before: Session, step: Step, *, parked: bool) -> Step:
    assert step.reply is not None  # noqa: S101  what is told has an action
    session = step.session
    if parked:
        over = set(before.legs).difference(session.legs)
        session = msgspec.structs.replace(
            before,
            frames=tuple(without_legs(frame, over) for frame in before.frames),
            inbox=session.inbox,
            placed=session.placed,
            signals=session.signals,
            moving=msgspec.structs.replace(session, moving=None),
        )
    live = step.session.context is Context.LIVE
    tells = _by_listener(step.reply) if live else (Tell(reply=step.reply, moves=parked),)
    return msgspec.structs.replace(
        step, session=session, reply=None, effects=(*step.effects, *tells)
    )


def _by_listener(reply: Reply) -> Iterator[Tell]:
    """Yield what two who talk to each other are told, in order: words to one side are a request of
    their own, which does nothing else."""
    groups = [(to, tuple(each)) for to, each in groupby(reply.instructions, _listener)]
    last = groups.pop()[1] if groups and not groups[-1][0] else ()
    for to, words in groups:
        said = msgspec.structs.replace(reply, instructions=words, action=Continue())
        yield Tell(reply=said, to=to)
    if last or not isinstance(reply.action, Continue):
        yield Tell(reply=msgspec.structs.replace(reply, instructions=last))


def _listener(instruction: Instruction) -> Listener:
    return instruction.to if isinstance(instruction, Say | Ssml | Audio) else ""


def _failed(turn: Turn, context: Context, fault: str) -> Step:
    """What was raised came to nothing. A parked caller hears of it; those who talk go on talking.

    It is not taken again: it would fail again.
    """
    turn, cancelled = let_go(turn)
    if context is Context.PARKED:
        step = _unasked(turn.session, fail(turn, context, fault), parked=True)
    else:
        session = turn.after(due=()).session
        step = Step(session=session, verdict=Verdict.FAILED, trace=Trace(fault=fault))
    return msgspec.structs.replace(step, effects=(*cancelled, *step.effects))


def detected(turn: Turn, event: Notified) -> Step:
    """Who answered is known only now, while the call goes on, or known better: what beeps is a
    machine, whatever was said of it before."""
    session = turn.session
    beeped = session.beeped or has_beeped(event)
    verdict = "machine" if beeped else verdict_of(event)
    turn = turn.after(amd=verdict, beeped=beeped)
    context = CONTEXT_BY_WAIT.get(session.wait)
    gone = session.over or session.ended or session.rescued
    if gone or verdict == session.amd or context is not Context.LIVE:
        return Step(session=turn.session, verdict=Verdict.MOVED, trace=Trace(outcome=verdict))
    try:
        return _handled(Walk(turn, context), verdict)
    except EvaluationError as fault:
        return _failed(turn, context, str(fault))


def verdict_of(event: Answered | Notified) -> str:
    """Return who answered: `human`, `machine`, or `unsure`."""
    return event.amd if event.amd in ("human", "machine") else "unsure"


def has_beeped(event: Answered | Notified) -> bool:
    """Whether an event tells of the beep of an answering machine."""
    return event.amd_reason == "beep" or (isinstance(event, Notified) and event.type == "amd_beep")


def _handled(walk: Walk, outcome: str) -> Step:
    """Take one outcome of the state in which two parties talk."""
    entered = go(walk, walk.current.on.get(outcome, ()))
    if entered is not None:
        act(walk, entered)
        return _tell(walk, outcome)
    return _stayed(walk, outcome)


def _moved(turn: Turn, event: Moved) -> Step:
    """The platform has taken the reply that leads a parked call elsewhere, or it has not."""
    session = turn.session
    if session.moving is None or session.moving.offer != event.offer:
        return Step(session=session, verdict=Verdict.IGNORED)
    if event.outcome == "done":
        return _settle(adopted(turn), Verdict.MOVED)
    unmoved, lost = turn.after(moving=None), _stranded(session, session.moving)
    if event.outcome == "gone" or session.refusals:
        trace = Trace(fault=event.reason)
        return Step(session=unmoved.session, verdict=Verdict.MOVED, effects=lost, trace=trace)
    fault = f"the platform refused to move it: {event.reason}"
    step = _failed(unmoved.after(refusals=1), Context.PARKED, fault)
    return msgspec.structs.replace(step, effects=(*lost, *step.effects))


def _stranded(session: Session, moved: Session) -> tuple[CancelLegs, ...]:
    """Want no more, of a call that stays where it is, the legs that it was led to or placed on the
    way there."""
    own = {leg for frame in session.frames for leg in (*frame.legs, frame.bridged)}
    placed = {leg for leg in session.legs if leg not in own}
    bridged = {frame.bridged for frame in session.frames}
    met = {frame.bridged for frame in moved.frames} - bridged
    legs = tuple(sorted(placed | met))
    return (CancelLegs(legs=legs),) if legs else ()
