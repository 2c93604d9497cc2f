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

from collections.abc import Mapping

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.machine.act import act
from ivrflow.machine.effects import CancelLegs, Effect, Wake
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
    Own,
    Signal,
    Woken,
)
from ivrflow.machine.outcome import Step, Trace, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.replies import MENU
from ivrflow.machine.session import ASKING, CONTEXT_BY_WAIT, Session, Wait
from ivrflow.machine.take import take
from ivrflow.machine.unasked import give_up, stay, tell
from ivrflow.machine.walk import Turn, Walk
from ivrflow.model.context import Context
from ivrflow.model.outcomes import LEG_BRIDGED, of_signal

MAX_INBOX = 100
"""What may have been raised and not been taken; more signals are refused. Of so many signals a call
knows that it has had them."""


def raised(turn: Turn, event: Own) -> Step:
    """Take what the engine itself brings about."""
    session = turn.session
    if session.is_closed:
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
    gone = session.is_closed or session.moving is not None
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
            waits = session.wait in CONTEXT_BY_WAIT or session.wait is Wait.HOLD
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
    state = program.state(session.frame.flow, session.frame.state)
    return state is not None and outcome in state.on


def _settle(turn: Turn, otherwise: Verdict) -> Step:
    """Take what can be taken now; the verdict is `otherwise` where that is nothing."""
    session = turn.session
    context = CONTEXT_BY_WAIT.get(session.wait)
    if context is None or session.moving is not None:
        return Step(session=session, verdict=otherwise)
    try:
        return _told(Walk(turn, context), otherwise)
    except EvaluationError as fault:
        return give_up(turn, context, str(fault))


def _told(walk: Walk, otherwise: Verdict) -> Step:
    outcome, entered = take(walk)
    if walk.has_left and entered is not None:
        act(walk, entered)
        return tell(walk, outcome)
    step = stay(walk, outcome)
    return step if outcome else msgspec.structs.replace(step, verdict=otherwise)


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
    step = give_up(unmoved.after(refusals=1), Context.PARKED, fault)
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
