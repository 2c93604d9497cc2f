"""Taking what was raised for a call, and its timers, in order."""

from ivrflow.machine.effects import CancelLegs
from ivrflow.machine.events import LegBridged, LegEnded, Raised, Signal
from ivrflow.machine.go import go
from ivrflow.machine.legs import without_legs
from ivrflow.machine.program import State, Transition
from ivrflow.machine.timers import next_due, taken
from ivrflow.machine.walk import Turn, Walk
from ivrflow.model.outcomes import LEG_BRIDGED, LEG_ENDED, of_signal


def take(walk: Walk) -> tuple[str, State | None]:
    """Take all that was raised and all timers that are due, until the call leaves its state.

    Returns the outcomes, "" if there were none, and the state where it is then, None if it never
    went anywhere.
    """
    outcomes: list[str] = []
    entered = None
    while not walk.has_left:
        found = _next(walk)
        if found is None:
            break
        outcome, transition = found
        outcomes.append(outcome)
        entered = go(walk, transition) or entered
    return ", ".join(outcomes), entered


def let_go(turn: Turn) -> tuple[Turn, tuple[CancelLegs, ...]]:
    """Take nothing of what was raised, for it has failed and would fail again: return the turn
    without it. Legs that are over are so all the same, and who has accepted waits for nobody."""
    session = turn.session
    if not session.inbox:
        return turn, ()
    over = {each.leg for each in session.inbox if isinstance(each, LegEnded)}
    frames = tuple(without_legs(frame, over) for frame in session.frames)
    alone = tuple(each.leg for each in session.inbox if isinstance(each, LegBridged))
    cancelled = (CancelLegs(legs=alone),) if alone else ()
    return turn.after(frames=frames, inbox=()), cancelled


def _next(walk: Walk) -> tuple[str, Transition] | None:
    """Return what is to be handled next and how: what was raised, then timers. What the state does
    not handle is noted, and dropped."""
    while walk.inbox:
        event = walk.inbox.pop(0)
        outcome = _note(walk, event)
        transition = walk.current.on.get(outcome)
        if transition is not None:
            return outcome, transition
    timers = walk.current.timers
    place = next_due(walk.due, walk.told.now) if timers else None
    if place is None:
        return None
    walk.due = taken(walk.due, place, timers, walk.names, walk.told.now)
    timer = timers[place]
    return "every" if timer.every else "after", (timer.move,)


def _note(walk: Walk, event: Raised) -> str:
    """Note what was raised, and return the outcome that it has; "" where it has none here."""
    match event:
        case LegEnded(leg=leg, result=result):
            walk.names["result"] = result
            return LEG_ENDED if walk.end_leg(leg) else ""
        case LegBridged(leg=leg, room=room):
            if leg not in walk.legs or _has_ended(walk, leg):
                return ""
            walk.bridged, walk.bridge_room = leg, room
            return LEG_BRIDGED
        case Signal(name=name, data=data):
            walk.names["signal"] = {"data": data}
            return of_signal(name)


def _has_ended(walk: Walk, leg: int) -> bool:
    """Whether a leg did not wait for the call, as is to be told next."""
    return any(isinstance(each, LegEnded) and each.leg == leg for each in walk.inbox)
