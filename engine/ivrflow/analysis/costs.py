"""The worst of what one reply may take, state by state: how long its look-ups are waited for, how
many states it passes.

The walk of one reply may leave a flow for another and come back. A flow that was run comes back to
where it was run; where the walk begins in a flow, it may come back to any that runs it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from ivrflow.analysis.circles import last_first
from ivrflow.analysis.graph import is_silent
from ivrflow.analysis.passing import Passing, Place
from ivrflow.model.flow import RequestAction, Return, Run, State
from ivrflow.model.inherit import Visible

MAX_NAMED = 3
"""How many look-ups, or states, of a long row are named."""

ANSWERED = ""
"""Where the walk stays in a flow, beside the outcomes by which it leaves it: a reply is due."""


class Wait(msgspec.Struct, frozen=True, order=True):
    """Look-ups, one after another, or states: the milliseconds that they can take, or how many they
    are; and the first names."""

    longest: int = 0
    names: tuple[str, ...] = ()

    def then(self, after: "Wait") -> "Wait":
        return Wait(self.longest + after.longest, (*self.names, *after.names)[: MAX_NAMED + 1])


NONE = Wait()

Way = tuple[str, str]
"""A flow's name, and an outcome by which it returns."""


def of_lookups(visible: Mapping[str, Visible]) -> Callable[[str, State], Wait]:
    """Return what tells what a state of a flow waits for; `visible` is what each flow can name."""

    def own(flow: str, state: State) -> Wait:
        if not is_silent(state):
            return NONE
        assert isinstance(state.action, RequestAction)  # noqa: S101  what is silent is one
        name = state.action.request.name
        request = visible[flow].requests.get(name)
        return NONE if request is None else Wait(request.patience, (name,))

    return own


def of_states(flow: str, state: State) -> Wait:
    """Count a state itself."""
    return Wait(1, (f"{flow}:{state.name}",))


@dataclass(frozen=True, eq=False)
class Costs:
    """The worst case of what a state takes by its `cost`."""

    passing: Passing
    cost: Callable[[str, State], Wait]

    def before_reply(self, place: Place) -> Wait:
        """Return the worst that a call can wait for from a state on. States that pass a call round
        in a circle are for another rule to find."""
        return self._from(place, self._returned)

    def _from(self, place: Place, returned: Mapping[Way, Wait]) -> Wait:
        worst = NONE
        for outcome, wait in self._inside.get(place, {}).items():
            worst = max(worst, wait.then(returned.get((place[0], outcome), NONE)))
        return worst

    @cached_property
    def _returned(self) -> Mapping[Way, Wait]:
        """The worst case after each flow returned, by its name and the outcome."""
        found: dict[Way, Wait] = {}
        ways = [(flow, outcome) for (flow, _), each in self._inside.items() for outcome in each]
        for way in last_first(ways, self._returned_next):
            found[way] = max((self._from(back, found) for back in self._back_at(way)), default=NONE)
        return found

    def _returned_next(self, way: Way) -> Iterator[Way]:
        for flow, state in self._back_at(way):
            for outcome in self._inside.get((flow, state), {}):
                yield flow, outcome

    def _back_at(self, way: Way) -> Iterator[Place]:
        """Yield where the walk goes on when a flow returns: in all that run it."""
        for runner in self.passing.runners.get(way[0], ()):
            yield from self.passing.on(runner, way[1])

    @cached_property
    def _inside(self) -> Mapping[Place, Mapping[str, Wait]]:
        """The worst case from each state until its flow returns, by outcome, or until a reply."""
        found: dict[Place, Mapping[str, Wait]] = {}
        for place in last_first(self._places(), self._needed):
            ways: dict[str, Wait] = {}
            for wait, after in self._steps(place, found):
                for outcome, rest in after.items():
                    ways[outcome] = max(ways.get(outcome, NONE), wait.then(rest))
            found[place] = ways
        return found

    def _places(self) -> Iterator[Place]:
        for name, flow in self.passing.flows.items():
            for state in flow.states:
                yield name, state

    def _needed(self, place: Place) -> Iterator[Place]:
        """The states whose ways those of `place` are made of."""
        state = self.passing.state(place)
        if state is not None and isinstance(state.action, Run):
            yield from self._start(state.action)
        yield from self.passing.passed_to(place)

    def _start(self, run: Run) -> Iterator[Place]:
        flow = self.passing.flows.get(run.flow.name)
        if flow is not None:
            yield run.flow.name, flow.start.name

    def _steps(
        self, place: Place, found: Mapping[Place, Mapping[str, Wait]]
    ) -> Iterator[tuple[Wait, Mapping[str, Wait]]]:
        """Yield what is waited for at a state, with the ways that go on from there."""
        state = self.passing.state(place)
        if state is None:
            return
        own = self.cost(place[0], state)
        match state.action:
            case Return(name=name):
                yield own, {name.name: NONE}
            case Run() as run:
                for start in self._start(run):
                    inner = found.get(start, {})
                    yield own, {ANSWERED: inner.get(ANSWERED, NONE)}
                    for outcome in inner.keys() - {ANSWERED}:
                        for each in self.passing.on(place, outcome):
                            yield own.then(inner[outcome]), found.get(each, {})
            case _:
                yield own, {ANSWERED: NONE}
                for each in self.passing.passed_to(place):
                    yield own, found.get(each, {})
