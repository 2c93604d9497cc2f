"""States from which no end of the call can be reached."""

from collections.abc import Iterable, Iterator, Mapping, Set

from ivrflow.analysis.circles import circles, components
from ivrflow.analysis.subject import Subject
from ivrflow.model.flow import Collect, Hold, Menu, RequestAction, Return, Run, State, runs, targets

WAITS = (Menu, Collect, Hold, RequestAction, Run)
"""Actions after which the call goes on; all others end it, or hand it over."""


def trapped(subject: Subject) -> Iterator[tuple[str, ...]]:
    """Yield the states of a flow that lead to each other only, those of one trap together.

    States that pass calls round in a circle are left to a rule of their own.
    """
    kept = subject.reachable - _ending(subject)
    caught = [name for name in subject.states if name in kept]
    place = {name: at for at, name in enumerate(caught)}

    def after(name: str) -> Iterator[str]:
        return (each for each in _after(subject, name) if each in place)

    for states in components(caught, after):
        if all(each in states for name in states for each in after(name)):
            yield tuple(sorted(states, key=place.__getitem__))


def _ending(subject: Subject) -> set[str]:
    """The states from which an end can be reached, or something that is wrong otherwise."""
    before: dict[str, list[str]] = {}
    todo: list[str] = []
    for name, state in subject.states.items():
        after = set(_after(subject, name))
        if _ends(subject, state, after):
            todo.append(name)
        for each in after:
            before.setdefault(each, []).append(name)
    found = _back(before, todo)
    if subject.reachable <= found:
        return found
    return found | _back(before, _passed_round(subject))


def _back(before: Mapping[str, list[str]], names: Iterable[str]) -> set[str]:
    """Return `names` and all that leads to them."""
    todo, found = list(names), set[str]()
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += before.get(name, ())
    return found


def _ends(subject: Subject, state: State, after: Set[str]) -> bool:
    """Whether a call may end in a state that leads to those `after` it, or other rules tell what is
    wrong there."""
    if not after <= subject.states.keys() or not after:
        return True
    if isinstance(state.action, Run):
        return _lets_go(subject, state.action)
    if isinstance(state.action, Menu | Collect | Hold):
        return _has_outer_keys(subject)
    return state.action is not None and not isinstance(state.action, WAITS)


def _lets_go(subject: Subject, run: Run) -> bool:
    """Whether a call may end within a flow that is run."""
    todo, seen = [run.flow.name], set[str]()
    while todo:
        flow = subject.others.get(todo.pop())
        if flow is None or flow.name in seen:
            continue
        seen.add(flow.name)
        for state in flow.states.values():
            if state.action is not None and not isinstance(state.action, (*WAITS, Return)):
                return True
        todo += [each.flow.name for each in runs(flow)]
    return False


def _has_outer_keys(subject: Subject) -> bool:
    """Whether keys of flows that run this one lead out of its menus."""
    runners = subject.application.passing.runners.get(subject.flow.name, ())
    return any(subject.others[flow].on.keys for flow, _ in runners)


def _passed_round(subject: Subject) -> set[str]:
    places = [(subject.flow.name, name) for name in subject.states]
    found = circles(places, subject.application.passing.passed_to)
    return {name for circle in found for flow, name in circle if flow == subject.flow.name}


def _after(subject: Subject, name: str) -> Iterator[str]:
    """Yield the states that a call can go on to from a state."""
    for way in subject.ways_by_state[name]:
        if way.leads:
            yield from (ref.name for ref in targets(way.transition))
