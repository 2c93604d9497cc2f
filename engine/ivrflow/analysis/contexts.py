"""In which contexts each state can reply, and a short way that leads there, over all flows that run
each other.

A flow is explored once for each context in which it begins; what is found there of its returns and
menus serves all that run it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import msgspec

from ivrflow.analysis.graph import Graph, Way, context_after
from ivrflow.machine.walk import MAX_FRAMES
from ivrflow.model.context import Context
from ivrflow.model.flow import (
    Collect,
    Flow,
    Hold,
    Menu,
    RequestAction,
    Return,
    Run,
    State,
    runs,
    targets,
)
from ivrflow.model.inherit import Visible
from ivrflow.model.waiting import is_parked

MAY_PARK = (Context.ICE, Context.PARKED)
"""Where a hold that can be a park is one."""


FAILING = frozenset({Context.MENU, Context.HELD, Context.PARKED})
"""Contexts of replies, but for the first one, in whose place the error state speaks."""


class Visit(msgspec.Struct, frozen=True):
    """A state entered in a context; `before` and `outcome` tell how, None at the start. `flow` is
    named where the visit begins another flow."""

    state: str
    context: Context
    before: "Visit | None" = None
    outcome: str = ""
    flow: str = ""

    @property
    def path(self) -> str:
        """The way that led here: `greet -> main_menu -[1]-> sales`."""
        way: list[str] = []
        visit: Visit | None = self
        while visit is not None:
            arrow = " -> " if visit.outcome == "next" else f" -[{visit.outcome}]-> "
            first = f"{visit.outcome} -> " if visit.outcome else ""
            name = f"{visit.flow}:{visit.state}" if visit.flow else visit.state
            way.append((arrow if visit.before else first) + name)
            visit = visit.before
        return "".join(reversed(way))


Visits = dict[tuple[str, Context], Visit]


@dataclass
class Contexts:
    """What was found: the first visit to each state in each context by flow, and the contexts in
    which each run of a flow comes back, by flow, state, context and outcome. `longest_park` is how
    long a call may be parked, in milliseconds; `under_keys` are the flows in which keys of others
    work that run them."""

    longest_park: int
    under_keys: frozenset[str] = frozenset()
    visits_by_flow: dict[str, Visits] = field(default_factory=dict)
    returned: dict[tuple[str, str, Context, str], set[Context]] = field(default_factory=dict)

    def after(self, flow: Flow, state: State, way: Way, context: Context) -> Iterable[Context]:
        """Return the contexts of the replies that `way` leads to from `state` in `context`."""
        if isinstance(state.action, Run) and way.answered:
            return self.returned.get((flow.name, state.name, context, way.outcome), set())
        return {self.after_action(flow, state, way, context)}

    def after_action(self, flow: Flow, state: State, way: Way, context: Context) -> Context:
        """Return the context of the reply that `way` leads to, if `state` runs no other flow."""
        parked = self.is_parked(flow, state, context)
        return context_after(state, way, context, parked=parked)

    def is_parked(self, flow: Flow, state: State, context: Context) -> bool:
        """Whether the hold of `state` is a park in `context`: callers who are parked press no
        keys, of the flows around neither."""
        if context not in MAY_PARK or flow.name in self.under_keys:
            return False
        return is_parked(flow, state, self.longest_park)


def explore(
    beginnings: Iterable[tuple[Flow, Context]],
    flows: Mapping[str, Flow],
    visible: Mapping[str, Visible],
    longest_park: int,
) -> Contexts:
    """Explore all that calls can come to, from where they begin; `flows` are all by name, `visible`
    is what each can name, `longest_park` how many milliseconds a call may be parked."""
    explorer = _Explorer(flows, visible, longest_park)
    for flow, context in beginnings:
        explorer.flow(flow, Visit(flow.start.name, context))
    return explorer.found


@dataclass
class _Summary:
    """What a flow does that began in some context: where it returns, by outcome; the contexts that
    follow its menus; those in which it is told of something while it waits."""

    returns: dict[str, dict[Context, Visit]] = field(default_factory=dict)
    heard: set[Context] = field(default_factory=set)
    told: set[Context] = field(default_factory=set)


class _Explorer:
    def __init__(
        self, flows: Mapping[str, Flow], visible: Mapping[str, Visible], longest_park: int
    ) -> None:
        self.flows = flows
        self.visible = visible
        self.found = Contexts(longest_park, _under_keys(flows))
        self.summaries: dict[tuple[str, Context], _Summary] = {}
        self.depth = 0

    def flow(self, flow: Flow, first: Visit) -> _Summary:
        """Explore `flow` from its start; one that runs itself is taken for one that never returns
        there, which a rule of its own refuses."""
        key = (flow.name, first.context)
        if key in self.summaries:
            return self.summaries[key]
        summary = self.summaries[key] = _Summary()
        seen: Visits = {}
        self.spread(flow, first, summary, seen)
        if flow.on.error is not None:
            for context in _contexts_of_failure(first, summary):
                visit = Visit(flow.on.error.name, context, None, "error")
                self.spread(flow, visit, summary, seen)
        return summary

    def spread(self, flow: Flow, first: Visit, summary: _Summary, seen: Visits) -> None:
        """Add `first` and all that it leads to in `flow`."""
        visits = self.found.visits_by_flow.setdefault(flow.name, {})
        graph = Graph(flow, self.flows, self.visible[flow.name].requests)
        todo = deque([first])
        while todo:
            visit = todo.popleft()
            key = (visit.state, visit.context)
            state = flow.states.get(visit.state)
            if state is None or key in seen:
                continue
            seen[key] = visit
            visits.setdefault(key, visit)
            todo.extend(self.next(graph, state, visit, summary))

    def next(self, graph: Graph, state: State, visit: Visit, summary: _Summary) -> Iterator[Visit]:
        match state.action:
            case Run() as run:
                yield from self.run(graph, state, run, visit, summary)
                return
            case Return(name=name):
                summary.returns.setdefault(name.name, {}).setdefault(visit.context, visit)
            case Menu() | Collect() | RequestAction(meanwhile=(_, *_)):
                bridged = visit.context is Context.BRIDGED
                summary.heard.add(Context.BRIDGED if bridged else Context.MENU)
            case Hold() if not self.found.is_parked(graph.flow, state, visit.context):
                summary.heard.add(Context.HELD)
            case _:
                pass
        for way in graph.ways(state):
            if way.leads:
                context = self.found.after_action(graph.flow, state, way, visit.context)
                summary.told |= {context} if way.raised else set()
                arrivals = _arrivals(way, context, visit)
                yield from (each for each in arrivals if not _stays(each, state))

    def run(
        self, graph: Graph, state: State, run: Run, visit: Visit, summary: _Summary
    ) -> Iterator[Visit]:
        """Explore the flow that is run, and go on where it returns or is left by a key. Flows that
        are nested too deeply are for a rule of its own to find."""
        flow = self.flows.get(run.flow.name)
        if flow is None or self.depth >= MAX_FRAMES:
            return
        self.depth += 1
        inner = self.flow(flow, Visit(flow.start.name, visit.context, visit, "run", flow.name))
        self.depth -= 1
        summary.heard |= inner.heard
        summary.told |= inner.told
        ways = {way.outcome: way for way in graph.ways(state)}
        for outcome, visits in inner.returns.items():
            key = (graph.flow.name, state.name, visit.context, outcome)
            self.found.returned.setdefault(key, set()).update(visits)
            if outcome in ways:
                for context in visits:
                    yield from _arrivals(ways[outcome], context, visit)
        for choice in graph.flow.on.keys:
            way = Way(outcome=choice.key, transition=choice.transition)
            for context in inner.heard:
                yield from _arrivals(way, context, visit)


def _stays(visit: Visit, state: State) -> bool:
    """Whether a call that is told of something comes back to the room or the party where it is."""
    return visit.context in (Context.ROOM, Context.LIVE) and visit.state == state.name


def _under_keys(flows: Mapping[str, Flow]) -> frozenset[str]:
    found: set[str] = set()
    todo = [flow for flow in flows.values() if flow.on.keys]
    while todo:
        inner = {run.flow.name for run in runs(todo.pop())} & flows.keys() - found
        found |= inner
        todo += [flows[name] for name in inner]
    return frozenset(found)


def _arrivals(way: Way, context: Context, visit: Visit) -> Iterator[Visit]:
    for ref in targets(way.transition):
        yield Visit(ref.name, context, visit, way.outcome)


def _contexts_of_failure(first: Visit, summary: _Summary) -> Iterator[Context]:
    """The error state speaks when the first reply of a call fails, one after a menu, or to a caller
    who is held; never into a room or to parties who talk, who go on."""
    if first.before is None and first.context in (Context.ICE, Context.ANSWERED):
        yield first.context
    yield from sorted((summary.heard | summary.told) & FAILING)
