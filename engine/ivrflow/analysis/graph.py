"""A flow as a graph: the ways out of each state, and where they lead."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from ivrflow.model.context import Context
from ivrflow.model.flow import (
    Collect,
    Conference,
    Connect,
    Flow,
    Menu,
    Move,
    Park,
    State,
    Transition,
)

INHERITED_BY_MENUS = ("no_input", "no_match", "invalid")
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
    own: bool = True


def ways(flow: Flow, state: State) -> Iterator[Way]:
    """Yield every way out of `state`, those inherited from its flow included."""
    match state.action:
        case Menu(choices=choices, extension=extension):
            own = {choice.key for choice in choices}
            for choice in (*choices, *(each for each in flow.on.keys if each.key not in own)):
                yield Way(
                    outcome=choice.key,
                    transition=choice.transition,
                    hears=True,
                    own=choice.key in own,
                )
            into = extension.into.name if extension and extension.into else ""
            yield from _handled(flow, state, into)
        case Collect(keys=keys, digits=digits):
            own = {choice.key for choice in keys}
            star = (each for each in flow.on.keys if each.key == "*" and "*" not in own)
            for choice in (*keys, *star):
                yield Way(
                    outcome=choice.key,
                    transition=choice.transition,
                    hears=True,
                    own=choice.key in own,
                )
            yield from _handled(flow, state, digits.into.name if digits.into else "")
        case None:
            if state.next:
                yield Way(outcome="next", transition=state.next, event=False)
        case _:
            yield from _handled(flow, state, "")


def _handled(flow: Flow, state: State, into: str) -> Iterator[Way]:
    asks = isinstance(state.action, Menu | Collect)
    inherited = flow.on.by_outcome if asks else {}
    handlers: Mapping[str, Transition] = {
        **{name: inherited[name] for name in INHERITED_BY_MENUS if name in inherited},
        **state.on.by_outcome,
    }
    for outcome, transition in handlers.items():
        if outcome not in outcomes_of(state):
            continue
        yield Way(
            outcome=outcome,
            transition=transition,
            answered=outcome not in ("ended", "digits"),
            hears=outcome != "ended" and (asks or outcome == "digits"),
            into=into if outcome == "collected" else "",
            own=outcome in state.on.by_outcome,
        )


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


def targets(transition: Transition) -> Iterator[Move]:
    """Yield the moves that lead to a state."""
    for move in transition:
        if move.next is not None:
            yield move


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
            todo += [move.next.name for move in targets(way.transition) if move.next]
    return found
