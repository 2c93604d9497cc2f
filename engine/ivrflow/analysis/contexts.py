"""In which contexts each state can reply, and the shortest way that leads there."""

from collections import deque

import msgspec

from ivrflow.analysis.graph import Way, context_after, targets, ways
from ivrflow.model.context import Context
from ivrflow.model.flow import Flow

START_BY_CONTEXT = {
    Context.ICE: "an incoming call",
    Context.MENU: "a menu",
    Context.BRIDGED: "the called party's answer",
    Context.ROOM: "keys pressed in the room",
    Context.NONE: "news beside the call",
}


class Visit(msgspec.Struct, frozen=True):
    """A state entered in a context; `before` and `outcome` tell how, None at the start."""

    state: str
    context: Context
    before: "Visit | None" = None
    outcome: str = ""

    @property
    def path(self) -> str:
        """The way that led here: `greet -> main_menu -[1]-> sales`."""
        if self.before is None:
            return f"{self.outcome} -> {self.state}" if self.outcome else self.state
        arrow = " -> " if self.outcome == "next" else f" -[{self.outcome}]-> "
        return self.before.path + arrow + self.state


def visits(flow: Flow) -> dict[tuple[str, Context], Visit]:
    """Return the first visit to each state in each context, breadth first: the shortest way."""
    found: dict[tuple[str, Context], Visit] = {}
    todo = deque([Visit(flow.start.name, Context.ICE)])
    asks = False
    while todo:
        visit = todo.popleft()
        state = flow.states.get(visit.state)
        if state is None or (visit.state, visit.context) in found:
            continue
        found[visit.state, visit.context] = visit
        for way in ways(flow, state):
            asks = asks or (way.event and way.answered)
            todo.extend(_next(flow, visit, way))
        if not todo and flow.on.error is not None:
            todo.extend(_failures(flow.on.error.name, found, asks=asks))
    return found


def _next(flow: Flow, visit: Visit, way: Way) -> list[Visit]:
    if not way.answered:
        return []
    context = context_after(flow.states[visit.state], way, visit.context)
    return [
        Visit(move.next.name, context, visit, way.outcome)
        for move in targets(way.transition)
        if move.next
    ]


def _failures(state: str, found: dict[tuple[str, Context], Visit], *, asks: bool) -> list[Visit]:
    """The error state speaks when the first reply fails, or a later one that isn't bridged."""
    contexts = [Context.ICE, Context.MENU] if asks else [Context.ICE]
    return [
        Visit(state, context, None, "error")
        for context in contexts
        if (state, context) not in found
    ]
