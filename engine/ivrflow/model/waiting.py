"""What a state that waits can be made of: how long its timers let it last, whether it can be a
park.
"""

import re
from collections.abc import Iterator

from ivrflow.expr.types import T
from ivrflow.model.flow import (
    Bridge,
    CalloutStep,
    Conference,
    Duration,
    Fixed,
    Flow,
    Hold,
    PlayPart,
    Prompt,
    RequestAction,
    Run,
    State,
    Step,
    Timer,
    Transition,
    targets,
)
from ivrflow.model.inherit import keys_of
from ivrflow.model.literals import written_duration

_PARAMETER = re.compile(r"\bparams\s*(?:\.\s*|\[\s*['\"])(\w+)")


def is_parked(flow: Flow, state: State, longest: int) -> bool:
    """Whether the hold of `state` is a park where a call may be parked, for `longest` milliseconds
    at most.

    A parked caller hears words, presses no key, and can't be kept longer: so a timer must surely
    lead away in time. Keys of flows that run this one are for the machine to know.
    """
    if not isinstance(state.action, Hold) or keys_of(flow, state):
        return False
    limits = (each.time for each in surely_leaving(flow, state))
    in_time = any(isinstance(each, Fixed) and each.milliseconds <= longest for each in limits)
    return in_time and _is_spoken(flow, state.action.prompt)


def outcome_of(timer: Timer) -> str:
    """Return how a timer is called among the outcomes of its state: `after 5m`, `every 30s`."""
    return f"{timer.word} {_written(timer.time)}"


def _written(duration: Duration) -> str:
    if isinstance(duration, Fixed):
        return written_duration(duration.milliseconds)
    return duration.text.source


def places_leg(step: Step) -> bool:
    """Whether a step places a leg of the run that takes it."""
    return isinstance(step, CalloutStep) and not step.keep


def surely_leaving(flow: Flow, state: State) -> Iterator[Timer]:
    """Yield the timers of `state` that always lead to another state, and not back in the same
    reply: coming back keeps timers that have run out."""
    for timer in state.timers:
        target = timer.move.next
        if timer.move.when is not None or target is None:
            continue
        if state.name not in _passed(flow, target.name):
            yield timer


def _passed(flow: Flow, name: str) -> set[str]:
    """Return the state `name`, and those to which it may pass a call on."""
    found: set[str] = set()
    todo = [name]
    while todo:
        state = flow.states.get(todo.pop())
        if state is None or state.name in found:
            continue
        found.add(state.name)
        todo += [ref.name for each in _passing(state) for ref in targets(each)]
    return found


def _passing(state: State) -> Iterator[Transition]:
    """Yield where a state leads that may wait for nothing: what is run may return at once, a bridge
    may be too late, a room full."""
    match state.action:
        case None:
            yield state.next
        case Run() | RequestAction(meanwhile=()) | Bridge() | Conference():
            yield from state.on.by_outcome.values()
        case _:
            pass


def _is_spoken(flow: Flow, prompt: Prompt) -> bool:
    """Whether a prompt has words only, in the call's own voice; a parameter that is a prompt may be
    a sound."""
    heard = {name for name, decl in flow.params.items() if decl.type.name is T.PROMPT}
    return all(
        not isinstance(part, PlayPart)
        and not (part.voice or part.locale)
        and heard.isdisjoint(_PARAMETER.findall(part.text.source))
        for part in prompt
    )
