"""A flow as a graph: the ways out of each state, and where they lead."""

from collections.abc import Iterable, Iterator

import msgspec

from ivrflow.model.context import Context
from ivrflow.model.flow import (
    Collect,
    Conference,
    Connect,
    Digits,
    Flow,
    Menu,
    Park,
    Ref,
    State,
    Transition,
)
from ivrflow.model.inherit import handlers_of, keys_of

HEARD = frozenset({"no_input", "no_match", "invalid", "collected", "digits"})
"""Outcomes that come with an input."""

AMD_OUTCOMES = ("human", "machine", "unsure")


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way out of a state.

    `event`: the call waits for it; else the state passes on in the same reply. `answered`: somebody
    waits for a reply, so it must lead to a state. `into` is assigned on this way.
    """

    outcome: str
    transition: Transition
    event: bool = True
    answered: bool = True
    hears: bool = False
    into: str = ""


def ways(flow: Flow, state: State) -> Iterator[Way]:
    """Yield every way out of `state`, those inherited from its flow included."""
    if state.action is None:
        if state.next:
            yield Way(outcome="next", transition=state.next, event=False)
        return
    for choice in keys_of(flow, state):
        yield Way(outcome=choice.key, transition=choice.transition, hears=True)
    possible = outcomes_of(state)
    for outcome, transition in handlers_of(flow, state).items():
        if outcome in possible:
            yield Way(
                outcome=outcome,
                transition=transition,
                answered=outcome not in ("ended", "digits"),
                hears=outcome in HEARD,
                into=_into(state) if outcome == "collected" else "",
            )


def _into(state: State) -> str:
    digits = wanted_digits(state)
    return digits.into.name if digits is not None and digits.into is not None else ""


def wanted_digits(state: State) -> Digits | None:
    """Return the digits that a state asks for, if it does."""
    match state.action:
        case Menu(extension=extension):
            return extension
        case Collect(digits=digits):
            return digits
        case _:
            return None


def outcomes_of(state: State) -> tuple[str, ...]:
    """Return the outcomes that the action of `state` can have, its keys left out."""
    match state.action:
        case Menu(extension=extension):
            collected = ("collected",) if extension else ()
            return ("no_input", "no_match", *collected, "ended")
        case Collect():
            return ("collected", "no_input", "invalid", "ended")
        case Connect(amd=amd):
            return (*(AMD_OUTCOMES if amd else ("answered",)), "ended")
        case Conference(dtmf=dtmf):
            return ("digits", "ended") if dtmf == "detect" else ("ended",)
        case Park() | None:
            return ("ended",) if state.action else ()
        case _:
            return ("ended",)


def required_outcomes(state: State) -> tuple[str, ...]:
    """Return the outcomes that can happen and for which only the author has an answer."""
    match state.action:
        case Menu(extension=extension):
            return ("no_input", "no_match", "collected") if extension else ("no_input", "no_match")
        case Collect(digits=digits, check=check):
            alone = digits.fixed and not digits.pattern and check is None
            return ("collected", "no_input") if alone else ("collected", "no_input", "invalid")
        case Connect(amd=True):
            return AMD_OUTCOMES
        case Conference(dtmf="detect"):
            return ("digits",)
        case _:
            return ()


def context_after(state: State, way: Way, context: Context) -> Context:
    """Return the context of the reply that `way` leads to, if `state` replied in `context`."""
    if not way.event:
        return context
    if not way.answered:
        return Context.ROOM if way.outcome == "digits" else Context.NONE
    if isinstance(state.action, Connect) or context is Context.BRIDGED:
        return Context.BRIDGED
    return Context.MENU


def targets(transition: Transition) -> Iterator[Ref]:
    """Yield the states that a transition can lead to."""
    for move in transition:
        if move.next is not None:
            yield move.next


def reachable(flow: Flow, others: Iterable[str] = ()) -> set[str]:
    """Return the states that a call can come to from the start, the error state and `others`."""
    found: set[str] = set()
    todo = [flow.start.name, *others]
    if flow.on.error is not None:
        todo.append(flow.on.error.name)
    while todo:
        name = todo.pop()
        state = flow.states.get(name)
        if state is None or name in found:
            continue
        found.add(name)
        for way in ways(flow, state):
            todo += [ref.name for ref in targets(way.transition)]
    return found
