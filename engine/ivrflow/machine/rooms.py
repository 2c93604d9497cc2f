"""Rooms that the engine keeps: how many may be in one, who starts it, and who ends it.

The platform knows none of this. Who comes in takes a place in the room's queue, in the transaction
of the turn, so that two who come at once can't both have the last place; the call's end gives it
back. A starter takes a place in a queue of its own. What follows for those who are in the room are
commands to it, done after the commit.
"""

from ivrflow.errors import EvaluationError
from ivrflow.machine.computed import room
from ivrflow.machine.effects import Control, Divided
from ivrflow.machine.program import Conference, State, Transition, handler_of
from ivrflow.machine.recorded import key_text
from ivrflow.machine.session import Session, Wait
from ivrflow.machine.walk import Walk
from ivrflow.model.outcomes import FULL
from ivrflow.pace import LONGEST_CALL
from ivrflow.records import Delete, Enqueue, Length, Operation, Put, Read

PARTICIPANTS = "@participants"
STARTERS = "@starters"
REGIONS = "@regions"
"""Records of rooms. No record of an author is called so."""

PUT_OUT = "manager_hangup"
"""The reason of the end of a call that has not left its room by itself."""


def key_of(app: str, name: str) -> str:
    """Return the key of a room: each application has its own."""
    return key_text(f"{app}/{name}")


def enter(walk: Walk, state: State, conference: Conference) -> Transition | None:
    """Go into a room; returns the way on where there is no place left."""
    if conference.max is None and conference.start_on_enter is None:
        return None
    name = room(str(conference.id(walk.names)))
    key = key_of(walk.session.call.app, name)
    place = _number(walk, Enqueue(record=PARTICIPANTS, key=key, lasts=LONGEST_CALL))
    if conference.max is not None and place > conference.max(walk.names):
        walk.told.recorded(Delete(record=PARTICIPANTS, key=key))
        return handler_of(state, FULL)
    _meet(walk, key, name, first=place == 1)
    if conference.start_on_enter is not None:
        _start(walk, conference, key, name)
    return None


def closing(session: Session, state: State | None) -> tuple[Control, ...]:
    """Return what the end of a call does to the room that it is in: nothing where it was put out
    itself, for whoever did that has said what becomes of the others."""
    action = None if state is None else state.action
    if session.wait is not Wait.CONFERENCE or session.rescued:
        return ()
    if session.reason == PUT_OUT:
        return ()
    if not isinstance(action, Conference) or not action.end_on_exit:
        return ()
    return (Control(command="kick_all", room=session.room, state=session.frame.state),)


def _meet(walk: Walk, key: str, name: str, *, first: bool) -> None:
    """A room is where its first participant is; others elsewhere are in another of that name."""
    region = walk.session.call.region
    if first:
        walk.told.recorded(Put(record=REGIONS, key=key, value=region, lasts=LONGEST_CALL))
        return
    known = walk.told.recorded(Read(record=REGIONS, key=key))
    if known is not None and known != region:
        divided = Divided(room=name, state=walk.state, region=region, other=str(known))
        walk.effects.append(divided)


def _start(walk: Walk, conference: Conference, key: str, name: str) -> None:
    """Let everybody hear each other, or wait for somebody who does."""
    if conference.start_on_enter:
        if _number(walk, Enqueue(record=STARTERS, key=key, lasts=LONGEST_CALL)) == 1:
            at_once = Control(command="resume", room=name, state=walk.state)
            after = Control(command="resume", room=name, state=walk.state, queued=True)
            walk.effects += (at_once, after)
        return
    if _number(walk, Length(record=STARTERS, key=key)) == 0:
        wait = Control(
            command="hold",
            room=name,
            state=walk.state,
            who=walk.session.call.id,
            hold_music=conference.hold_music,
            queued=True,
        )
        walk.effects.append(wait)


def _number(walk: Walk, operation: Operation) -> int:
    found = walk.told.recorded(operation)
    if not isinstance(found, int):
        raise EvaluationError("a room was told what is no number")
    return found
