"""How long a caller may hear nothing: the look-ups that one reply can wait for, one after another.

The walk of one reply may leave a flow for another and come back, so states are followed through
all flows. Where a flow is run from several places, each of them counts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ivrflow.analysis.graph import Graph, is_silent, targets
from ivrflow.machine.walk import MAX_PASSING
from ivrflow.model.flow import Flow, Request, RequestAction, Return, Run, State, Transition

Place = tuple[str, str]
"""A flow's name and a state's."""


@dataclass(frozen=True, eq=False)
class Patience:
    """The worst case of the look-ups of `flows`; `shared` are the requests of the application."""

    flows: Mapping[str, Flow]
    shared: Mapping[str, Request]
    worst: dict[Place, tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    def before_reply(self, place: Place, depth: int = 0) -> tuple[int, tuple[str, ...]]:
        """Return how long the look-ups from a state on can take, in milliseconds, and which they
        are. States that pass a call round in a circle are for another rule to find."""
        if place in self.worst or depth > MAX_PASSING:
            return self.worst.get(place, (0, ()))
        self.worst[place] = (0, ())
        own, name = self._own(place)
        after = [self.before_reply(each, depth + 1) for each in self._passed_to(place)]
        rest, names = max(after, default=(0, ()))
        self.worst[place] = (own + rest, (*name, *names))
        return self.worst[place]

    def _own(self, place: Place) -> tuple[int, tuple[str, ...]]:
        flow, state = self._state(place)
        if flow is None or state is None or not is_silent(state):
            return 0, ()
        assert isinstance(state.action, RequestAction)  # noqa: S101  what is silent is one
        request = Graph(flow, self.flows, self.shared).request_of(state.action)
        return (0, ()) if request is None else (request.patience, (state.action.request.name,))

    def _state(self, place: Place) -> tuple[Flow | None, State | None]:
        flow = self.flows.get(place[0])
        return flow, None if flow is None else flow.states.get(place[1])

    def _passed_to(self, place: Place) -> Iterator[Place]:
        """Yield where the walk goes on from a state in the same reply."""
        flow, state = self._state(place)
        if flow is None or state is None:
            return
        match state.action:
            case None:
                yield from _places(flow, state.next)
            case RequestAction(meanwhile=()):
                for transition in state.on.by_outcome.values():
                    yield from _places(flow, transition)
            case Run(flow=run) if run.name in self.flows:
                yield run.name, self.flows[run.name].start.name
            case Return(name=name):
                yield from self._returned_to(flow.name, name.name)
            case _:
                pass

    def _returned_to(self, name: str, outcome: str) -> Iterator[Place]:
        for flow in self.flows.values():
            for state in flow.states.values():
                if isinstance(state.action, Run) and state.action.flow.name == name:
                    yield from _places(flow, state.on.by_outcome.get(outcome, ()))


def _places(flow: Flow, transition: Transition) -> Iterator[Place]:
    for ref in targets(transition):
        yield flow.name, ref.name
