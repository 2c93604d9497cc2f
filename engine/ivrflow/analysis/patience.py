"""How long a caller may hear nothing: the look-ups that one reply can wait for, one after another.

The walk of one reply may leave a flow for another and come back. A flow that was run comes back to
where it was run; where the walk begins in a flow, it may come back to any that runs it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import msgspec

from ivrflow.analysis.circles import last_first
from ivrflow.analysis.graph import is_silent
from ivrflow.analysis.passing import Passing, Place
from ivrflow.model.flow import RequestAction, Return, Run
from ivrflow.model.inherit import Visible

MAX_NAMED = 3
"""How many look-ups of a long row are named."""

ANSWERED = ""
"""Where the walk stays in a flow, beside the outcomes by which it leaves it: a reply is due."""


class Wait(msgspec.Struct, frozen=True, order=True):
    """Look-ups, one after another: how long they can take in milliseconds, and the first names."""

    longest: int = 0
    names: tuple[str, ...] = ()

    def then(self, after: "Wait") -> "Wait":
        return Wait(self.longest + after.longest, (*self.names, *after.names)[: MAX_NAMED + 1])


NONE = Wait()

Way = tuple[str, str]
"""A flow's name, and an outcome by which it returns."""


@dataclass(frozen=True, eq=False)
class Patience:
    """The worst case of look-ups; `visible` is what each flow can name."""

    passing: Passing
    visible: Mapping[str, Visible]

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
        match None if state is None else state.action:
            case Return(name=name):
                yield NONE, {name.name: NONE}
            case Run() as run:
                for start in self._start(run):
                    inner = found.get(start, {})
                    yield NONE, {ANSWERED: inner.get(ANSWERED, NONE)}
                    for outcome in inner.keys() - {ANSWERED}:
                        for each in self.passing.on(place, outcome):
                            yield inner[outcome], found.get(each, {})
            case _:
                own = self._own(place)
                yield own, {ANSWERED: NONE}
                for each in self.passing.passed_to(place):
                    yield own, found.get(each, {})

    def _own(self, place: Place) -> Wait:
        state = self.passing.state(place)
        if state is None or not is_silent(state):
            return NONE
        assert isinstance(state.action, RequestAction)  # noqa: S101  what is silent is one
        name = state.action.request.name
        request = self.visible[place[0]].requests.get(name)
        return NONE if request is None else Wait(request.patience, (name,))
