"""Walking a program from an outcome to the next action."""

from ivrflow.errors import EvaluationError
from ivrflow.machine.ask import look_up
from ivrflow.machine.outcome import Join
from ivrflow.machine.perform import PERFORM_BY_STEP
from ivrflow.machine.program import (
    Action,
    Bridge,
    Conference,
    Move,
    Request,
    Return,
    Run,
    State,
    Step,
    Transition,
    handler_of,
)
from ivrflow.machine.rooms import enter as enter_room
from ivrflow.machine.walk import MAX_PASSING, Walk
from ivrflow.model.outcomes import TOO_LATE


def go(walk: Walk, transition: Transition) -> State | None:
    """Take the first move that holds, and on through all that the caller doesn't notice.

    Returns the state whose action is due, or None where the call stays as it is.
    """
    for _ in range(MAX_PASSING):
        move = _first_that_holds(walk, transition)
        if move is None:
            return None
        if move.steps:
            _perform(walk, move.steps)
        if move.prompt:
            walk.instructions += walk.say(move.prompt)
        if move.next is None:
            return None
        state = enter(walk, move.next)
        way = _pass(walk, state)
        if way is None:
            return state
        transition = way
    last = walk.visited[-1]
    raise EvaluationError(f'more than {MAX_PASSING} passing states in one reply, up to "{last}"')


def enter(walk: Walk, name: str) -> State:
    """Count the visit, run the state's steps and say its prompt."""
    state = walk.state_called(name)
    walk.visits[name] += 1
    walk.visited.append(f"{walk.flow.name}:{name}" if walk.outer else name)
    waits = state.action is not None and not _is_silent(state.action)
    anew = waits and walk.arrive(name)
    if state.steps:
        _perform(walk, state.steps)
    if state.prompt:
        walk.instructions += walk.say(state.prompt)
    if anew and state.timers:
        walk.begin_timers(state.timers)
    return state


def _pass(walk: Walk, state: State) -> Transition | None:
    """Return the way on from a state that waits for nobody, None where one does."""
    match state.action:
        case None:
            return state.next
        case Request() as request:
            return look_up(walk, state, request)
        case Run() as run:
            return walk.run(run)
        case Return() as back:
            return walk.back(back)
        case Bridge(to="parent"):
            return _join(walk, state)
        case Conference() as conference:
            return enter_room(walk, state, conference)
        case _:
            return None


def _join(walk: Walk, state: State) -> Transition | None:
    """Ask whether the parent of this leg still waits; returns the way on if it does not. Nobody
    waits for a call that is no leg."""
    session = walk.session
    if session.parent and not walk.bridge_room:
        walk.bridge_room = walk.told.joined(Join(parent=session.parent, leg=session.leg))
    return None if walk.bridge_room else handler_of(state, TOO_LATE)


def _first_that_holds(walk: Walk, transition: Transition) -> Move | None:
    for move in transition:
        if move.when is None or move.when(walk.names):
            return move
    return None


def _perform(walk: Walk, steps: tuple[Step, ...]) -> None:
    for step in steps:
        PERFORM_BY_STEP[type(step)](walk, step)


def _is_silent(action: Action) -> bool:
    """Whether the caller doesn't notice an action at all, so the call stays in its last state."""
    return isinstance(action, Request) and not action.meanwhile
