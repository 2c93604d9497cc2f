"""In which contexts each state can reply, and the shortest way that leads there."""

from collections import deque
from collections.abc import Iterator

import msgspec

from ivrflow.analysis.graph import Way, context_after, targets, ways
from ivrflow.model.context import Context
from ivrflow.model.flow import Collect, Flow, Menu


class Visit(msgspec.Struct, frozen=True):
    """A state entered in a context; `before` and `outcome` tell how, None at the start."""

    state: str
    context: Context
    before: "Visit | None" = None
    outcome: str = ""

    @property
    def path(self) -> str:
        """The way that led here: `greet -> main_menu -[1]-> sales`."""
        way: list[str] = []
        visit: Visit | None = self
        while visit is not None:
            arrow = " -> " if visit.outcome == "next" else f" -[{visit.outcome}]-> "
            first = f"{visit.outcome} -> " if visit.outcome else ""
            way.append((arrow if visit.before else first) + visit.state)
            visit = visit.before
        return "".join(reversed(way))


def visits(flow: Flow) -> dict[tuple[str, Context], Visit]:
    """Return the first visit to each state in each context, breadth first: the shortest way."""
    found: dict[tuple[str, Context], Visit] = {}
    _spread(flow, Visit(flow.start.name, Context.ICE), found)
    if flow.on.error is not None:
        for context in _contexts_of_failure(flow, found):
            _spread(flow, Visit(flow.on.error.name, context, None, "error"), found)
    return found


def _spread(flow: Flow, first: Visit, found: dict[tuple[str, Context], Visit]) -> None:
    """Add `first` and all that it leads to."""
    todo = deque([first])
    while todo:
        visit = todo.popleft()
        state = flow.states.get(visit.state)
        if state is None or (visit.state, visit.context) in found:
            continue
        found[visit.state, visit.context] = visit
        for way in ways(flow, state):
            todo.extend(_next(flow, visit, way))


def _contexts_of_failure(flow: Flow, found: dict[tuple[str, Context], Visit]) -> Iterator[Context]:
    """The error state speaks when the first reply fails, or one after a menu; never into a call
    that is connected, which goes on."""
    yield Context.ICE
    asking = (Menu, Collect)
    if any(isinstance(flow.states[name].action, asking) for name, _ in found):
        yield Context.MENU


def _next(flow: Flow, visit: Visit, way: Way) -> list[Visit]:
    if not way.answered:
        return []
    context = context_after(flow.states[visit.state], way, visit.context)
    return [Visit(ref.name, context, visit, way.outcome) for ref in targets(way.transition)]
