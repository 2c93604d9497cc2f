"""The reply of one state out of its order, for authors who look at what they wrote."""

from ivrflow.errors import EvaluationError, UsageError
from ivrflow.machine.act import say_meanwhile
from ivrflow.machine.events import Incoming
from ivrflow.machine.go import enter
from ivrflow.machine.hear import follow
from ivrflow.machine.outcome import Facts, Need
from ivrflow.machine.program import Move, Program, Request
from ivrflow.machine.replies import Reply
from ivrflow.machine.scope import FactMissingError, Told
from ivrflow.machine.step import begin
from ivrflow.machine.walk import Turn, Walk
from ivrflow.model.context import Context

ANSWER_FIRST = (
    "asks somebody first and replies as the answer says: "
    "show one of the states that its outcomes lead to"
)
"""What is told of a state with a look-up."""


def preview(
    program: Program, state: str, context: Context, call: Incoming, facts: Facts
) -> Reply | Need:
    """Return what `state` replies in `context` when it is the first that `call` enters, or the fact
    that is missing.

    Raises `UsageError` where the state reads a value that only the way there gives it.
    """
    walk = Walk(Turn(program, begin(program, call, params={}, locale=""), Told(facts)), context)
    try:
        _show(walk, state)
        reply = walk.reply()
    except FactMissingError as missing:
        return Need(missing.fact)
    except EvaluationError as fault:
        raise UsageError(f'"{state}" can\'t be shown by itself: {fault}') from fault
    if reply is None:
        raise UsageError(f'"{state}" gives no reply')
    return reply


def _show(walk: Walk, name: str) -> None:
    """Enter a state; of a look-up what is said meanwhile is shown."""
    state = walk.flow.states.get(name)
    if state is None or not isinstance(state.action, Request):
        follow(walk, "preview", (Move(next=name),))
        return
    enter(walk, name)
    if not state.action.meanwhile:
        raise UsageError(f'"{name}" {ANSWER_FIRST}')
    say_meanwhile(walk, state.action)
