"""Where the walk goes on without waiting for the caller: in the same reply."""

from collections.abc import Iterator, Mapping

from ivrflow.analysis.graph import targets
from ivrflow.model.flow import Flow, RequestAction, Return, Run, State


def passed_to(flow: Flow, name: str, flows: Mapping[str, Flow]) -> list[str]:
    """Return the states that the state `name` passes a call to; `flows` are those it may run."""
    state = flow.states.get(name)
    return [] if state is None else list(_passed(state, flows, frozenset({flow.name})))


def _passed(state: State, flows: Mapping[str, Flow], running: frozenset[str]) -> Iterator[str]:
    match state.action:
        case None:
            yield from (ref.name for ref in targets(state.next))
        case RequestAction(meanwhile=()):
            for transition in state.on.by_outcome.values():
                yield from (ref.name for ref in targets(transition))
        case Run() as run:
            for outcome in _returned_at_once(run, flows, running):
                yield from (ref.name for ref in targets(state.on.by_outcome.get(outcome, ())))
        case _:
            pass


def _returned_at_once(run: Run, flows: Mapping[str, Flow], running: frozenset[str]) -> set[str]:
    """Return the outcomes that a flow can have without waiting for the caller."""
    flow = flows.get(run.flow.name)
    if flow is None or flow.name in running:
        return set()
    outcomes: set[str] = set()
    seen: set[str] = set()
    todo = [flow.start.name]
    while todo:
        state = flow.states.get(todo.pop())
        if state is None or state.name in seen:
            continue
        seen.add(state.name)
        if isinstance(state.action, Return):
            outcomes.add(state.action.name.name)
        todo += _passed(state, flows, running | {flow.name})
    return outcomes
