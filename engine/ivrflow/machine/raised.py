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
    LegBridged,
    LegEnded,
    Moved,
    Notified,
    Own,
    Raised,
    Signal,
    Woken,
)
from ivrflow.machine.fail import fail
from ivrflow.machine.go import go
from ivrflow.machine.outcome import Step, Trace, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.replies import Audio, Continue, Instruction, Reply, Say, Ssml
from ivrflow.machine.session import Session, Wait
from ivrflow.machine.take import LEG_BRIDGED, has_left, signalled, take
from ivrflow.machine.walk import UNASKED, Turn, Walk
from ivrflow.model.context import Context
from ivrflow.model.flow import Listener

CONTEXT_BY_WAIT: Mapping[Wait, Context] = {
    Wait.PARK: Context.PARKED,
    Wait.CONFERENCE: Context.ROOM,
    Wait.BRIDGE: Context.ROOM,
    Wait.CONNECT: Context.LIVE,
    Wait.TALK: Context.LIVE,
}
"""Where replies go that nobody asked for; of what the call waits for elsewhere it can't be told."""


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
        case _ if not _wants(turn.program, session, event):
            return Step(session=session, verdict=Verdict.IGNORED)
        case _:
            return _settle(turn.after(inbox=(*session.inbox, event)), Verdict.MOVED)


def adopted(turn: Turn) -> Turn:
    """Return the turn of a parked call that the platform has led where it was told to."""
    session = turn.session
    moved = session.moving
    if moved is None:
        return turn
    inbox = (*moved.inbox, *session.inbox[len(moved.inbox) :])
    session = msgspec.structs.replace(moved, inbox=inbox)
    return Turn(turn.program, session, turn.told)


def accept(program: Program, session: Session, event: LegBridged) -> Step | None:
    """Return the turn of a call that lets one of its legs talk to it, None where that is too late.

    The leg goes to the room in the transaction of this turn; the call follows as soon as it can.
    Its other legs are not wanted any more.
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
        session, frames=(*session.frames[:-1], own), inbox=(*session.inbox, event)
    )
    return Step(
        session=session, verdict=Verdict.MOVED, effects=effects, trace=Trace(outcome="accepted")
    )


def _wants(program: Program, session: Session, event: Raised) -> bool:
    """Whether a call has any use for what is raised."""
    match event:
        case LegEnded(leg=leg):
            return any(leg in frame.legs for frame in session.frames)
        case LegBridged():
            return False  # it comes with the turn of its leg, see `accept`
        case Signal(name=name):
            waits = session.wait in UNASKED or session.wait is Wait.HOLD
            return waits and _handles(program, session, signalled(name))


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
    if has_left(walk) and entered is not None:
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
        waiting = msgspec.structs.replace(before, inbox=session.inbox, moving=None)
        session = msgspec.structs.replace(waiting, moving=step.session)
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
    session = turn.session
    if context is Context.PARKED:
        step = fail(turn.after(inbox=()), context, fault)
        return _unasked(session, step, parked=True)
    session = msgspec.structs.replace(session, inbox=(), due=())
    return Step(session=session, verdict=Verdict.FAILED, trace=Trace(fault=fault))


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
    match event.outcome:
        case "done":
            return _settle(adopted(turn), Verdict.MOVED)
        case "refused" if not session.refusals:
            turn = turn.after(moving=None, refusals=1)
            return _failed(turn, Context.PARKED, f"the platform refused to move it: {event.reason}")
        case _:
            trace = Trace(fault=event.reason)
            return Step(session=turn.after(moving=None).session, verdict=Verdict.MOVED, trace=trace)
