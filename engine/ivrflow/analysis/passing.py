"""Where the walk goes on without waiting for the caller: in the same reply, over all flows.

What a flow returns without waiting is found once for all that run it. A flow that is run comes back
to the state that runs it, so nothing that passes calls round leaves its flow for good but where
flows run themselves, which a rule of its own refuses.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property

from ivrflow.model.flow import (
    Bridge,
    Conference,
    Flow,
    RequestAction,
    Return,
    Run,
    State,
    Transition,
    targets,
)
from ivrflow.model.outcomes import FULL, TOO_LATE

Place = tuple[str, str]
"""A flow's name and a state's."""


@dataclass(frozen=True, eq=False)
class Passing:
    """Where the states of `flows` pass calls on."""

    flows: Mapping[str, Flow]

    def state(self, place: Place) -> State | None:
        flow = self.flows.get(place[0])
        return None if flow is None else flow.states.get(place[1])

    def passed_to(self, place: Place) -> Iterator[Place]:
        """Yield the states of its flow that a state passes a call to."""
        yield from self._passed_to(place, self.returned)

    def _passed_to(self, place: Place, returned: Mapping[str, Set[str]]) -> Iterator[Place]:
        state = self.state(place)
        if state is None:
            return
        match state.action:
            case None:
                yield from _places(place[0], state.next)
            case RequestAction(meanwhile=()):
                for transition in state.on.by_outcome.values():
                    yield from _places(place[0], transition)
            case Bridge(to="parent"):
                yield from self.on(place, TOO_LATE)
            case Conference():
                yield from self.on(place, FULL)
            case Run(flow=flow):
                for outcome in sorted(returned.get(flow.name, ())):
                    yield from self.on(place, outcome)
            case _:
                pass

    def on(self, place: Place, outcome: str) -> Iterator[Place]:
        """Yield where the outcome of a state's action leads."""
        state = self.state(place)
        if state is not None:
            yield from _places(place[0], state.on.by_outcome.get(outcome, ()))

    @cached_property
    def returned(self) -> Mapping[str, Set[str]]:
        """The outcomes that each flow can have without waiting for the caller."""
        found: dict[str, set[str]] = {name: set() for name in self.flows}
        reached: set[Place] = set()
        todo = [(name, flow.start.name) for name, flow in self.flows.items()]
        while todo:
            place = todo.pop()
            state = self.state(place)
            if state is None or place in reached:
                continue
            reached.add(place)
            todo += self._passed_to(place, found)
            if isinstance(state.action, Return) and state.action.name.name not in found[place[0]]:
                outcome = state.action.name.name
                found[place[0]].add(outcome)
                for runner in self.runners.get(place[0], ()):  # those reached go on from here
                    todo += self.on(runner, outcome) if runner in reached else ()
        return found

    @cached_property
    def runners(self) -> Mapping[str, list[Place]]:
        """The states that run each flow."""
        found: dict[str, list[Place]] = {}
        for name, flow in self.flows.items():
            for state in flow.states.values():
                if isinstance(state.action, Run):
                    found.setdefault(state.action.flow.name, []).append((name, state.name))
        return found


def _places(flow: str, transition: Transition) -> Iterator[Place]:
    for ref in targets(transition):
        yield flow, ref.name
