"""The bounds of all flows in each world: how long a call lasts at most, and where it goes round for
ever.

A flow is walked once a world, those that it runs before it. Within a flow the states that lead to
each other without a caller's choice are one region. A choice that leads back to a region in which
every call has been is made on purpose, and not counted; regions that lead to each other otherwise
are each come to once.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ivrflow.analysis.circles import last_first
from ivrflow.analysis.graph import steps_of
from ivrflow.analysis.patience.durations import Durations, durations_of
from ivrflow.analysis.patience.hops import Scene
from ivrflow.analysis.patience.lengths import Lengths
from ivrflow.analysis.patience.memory import Assignments
from ivrflow.analysis.patience.plan import Plan, Region
from ivrflow.analysis.patience.regions import WaysFrom, region
from ivrflow.analysis.patience.ways import KEPT, Exit, Way, Ways, join, longest, step
from ivrflow.analysis.patience.worlds import TO_PERSON, UNHEARD, World
from ivrflow.compiler.platform import Platform
from ivrflow.model.flow import Collect, Flow, Hold, Menu, Return, Run, runs, targets
from ivrflow.model.inherit import Visible

Round = tuple[str, ...]
"""The states of a round, in order."""


@dataclass(frozen=True, eq=False)
class Rounds:
    """Where calls go round for ever in `flows`; `visible` is what each can name."""

    flows: Mapping[str, Flow]
    visible: Mapping[str, Visible]
    platform: Platform

    @cached_property
    def by_flow(self) -> Mapping[str, Mapping[Round, list[World]]]:
        """The rounds of each flow, with the worlds in which calls go them."""
        found: dict[str, dict[Round, list[World]]] = {name: {} for name in self.flows}
        for world in (World.SILENT, World.CLUMSY, World.FAILING):
            if world is not World.FAILING or any(each.requests for each in self.visible.values()):
                for name in self.flows:
                    for states in self._rounds(name, world):
                        found[name].setdefault(self._turned(name, states), []).append(world)
        return found

    def _rounds(self, name: str, world: World) -> Iterator[Round]:
        scene = Scene(
            self.flows[name],
            world,
            self.visible[name].requests,
            self.platform,
            by_itself=self.by_itself[world],
        )
        for states in Plan(scene).looped:
            found = region(scene, self.assignments[name], states, looped=True).round
            if found:
                yield found

    def _turned(self, name: str, states: Round) -> Round:
        """Return a round so that it begins with the state that stands first in the flow."""
        place = {state: at for at, state in enumerate(self.flows[name].states)}
        first = states.index(min(states, key=place.__getitem__))
        return (*states[first:], *states[:first])

    @cached_property
    def assignments(self) -> Mapping[str, Assignments]:
        return {name: Assignments(flow, steps_of(flow)) for name, flow in self.flows.items()}

    @cached_property
    def durations(self) -> Mapping[str, Durations]:
        return durations_of(self.flows)

    @cached_property
    def by_itself(self) -> Mapping[World, Mapping[str, frozenset[str]]]:
        """The outcomes that flows have in each world without anybody's choice."""
        return {world: self._by_itself(world) for world in World}

    def _by_itself(self, world: World) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for name in self.inner_first:
            flow, requests = self.flows[name], self.visible[name].requests
            if flow.returns:
                scene = Scene(flow, world, requests, self.platform, by_itself=found)
                found[name] = frozenset(_returned(scene))
        return found

    @cached_property
    def inner_first(self) -> list[str]:
        """The flows, each after those that it runs; of flows that run each other, which a rule of
        its own refuses, one comes too early."""

        def inner(name: str) -> Iterator[str]:
            wanted = (each.flow.name for each in runs(self.flows[name]))
            return (each for each in wanted if each in self.flows)

        return list(last_first(self.flows, inner))


def _returned(scene: Scene) -> Iterator[str]:
    flow = scene.flow
    todo, seen = [flow.start.name], set[str]()
    while todo:
        state = flow.states.get(todo.pop())
        if state is None or state.name in seen:
            continue
        seen.add(state.name)
        if isinstance(state.action, Return):
            yield state.action.name.name
        for leave in scene.leaves(state):
            todo += [] if leave.chosen else [ref.name for ref in targets(leave.transition)]


ON: Ways = {Exit.ON: step(None)}
"""The way of a caller who goes on where others go back."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """How long calls last at most; `lengths` are those of each flow's prompts."""

    rounds: Rounds
    lengths: Mapping[str, Lengths]
    _found: dict[World, Mapping[str, Mapping[str, Ways]]] = field(default_factory=dict)

    def ways(self, world: World, flow: str) -> Ways:
        """Return the longest ways from the start of a flow; what returns lets its caller go."""
        ways = self._ways(world)[flow].get(self.rounds.flows[flow].start.name, {})
        return {exit: way for exit, way in ways.items() if exit != Exit.KEY}

    def longest(self, bound: str, flow: str) -> tuple[str, Way] | None:
        """Return the longest way of callers for whom a bound is, and its exit."""
        is_one = bound == TO_PERSON
        return longest(self._to_person(flow) if is_one else self.ways(World(bound), flow))

    def _to_person(self, flow: str) -> Ways:
        """The longest ways to a person in any world, and those that may have no end."""
        joined = join(*(self.ways(world, flow) for world in World))
        return {exit: way for exit, way in joined.items() if exit in (Exit.PERSON, *KEPT)}

    def _ways(self, world: World) -> Mapping[str, Mapping[str, Ways]]:
        """The longest ways from each state of each flow."""
        if world not in self._found:
            self._found[world] = self._reckon(world)
        return self._found[world]

    def _reckon(self, world: World) -> Mapping[str, Mapping[str, Ways]]:
        found: dict[str, Mapping[str, Ways]] = {}
        inner: dict[str, Ways] = {}
        for name in self.rounds.inner_first:
            found[name] = self._within(name, world, inner)
            inner[name] = found[name].get(self.rounds.flows[name].start.name, {})
        return found

    def _within(self, name: str, world: World, inner: Mapping[str, Ways]) -> Mapping[str, Ways]:
        rounds, flow = self.rounds, self.rounds.flows[name]
        scene = Scene(
            flow,
            world,
            rounds.visible[name].requests,
            rounds.platform,
            lengths=self.lengths[name],
            inner=inner,
            by_itself=rounds.by_itself[world],
            has_outer_keys=name in self._under_keys,
            answered=self._ways(World.SILENT)[name] if world is World.UNANSWERED else {},
            durations=rounds.durations.get(name, {}),
        )
        return _reckoned(scene, rounds.assignments[name], self._unheard(flow, world))

    def _unheard(self, flow: Flow, world: World) -> WaysFrom:
        """What becomes of a caller who is asked, and can only go back: as of one of no help."""

        def unheard(state: str) -> Ways:
            asks = isinstance(flow.states[state].action, Menu | Collect | Hold | Run)
            if world in UNHEARD or not asks:
                return {}
            return join(*(self._ways(each)[flow.name].get(state, {}) for each in UNHEARD))

        return unheard

    @cached_property
    def _under_keys(self) -> frozenset[str]:
        """The flows in whose menus keys of others work that run them."""
        found: set[str] = set()
        for name in reversed(self.rounds.inner_first):
            flow = self.rounds.flows[name]
            if flow.on.keys or name in found:
                found |= {each.flow.name for each in runs(flow)}
        return frozenset(found)


def _reckoned(scene: Scene, assignments: Assignments, unheard: WaysFrom) -> dict[str, Ways]:
    """Return the longest ways from each state of a flow."""
    found: dict[str, Ways] = {}
    plan = Plan(scene)
    for together in plan.backwards:
        tangled = {name for states in together for name in states} if len(together) > 1 else ()

        def beyond(name: str, tangled: Container[str] = tangled) -> Ways:
            return ON if name in tangled else found.get(name, {})

        ways: dict[str, Ways] = {}
        for states in together:
            walked = region(scene, assignments, states, looped=plan.is_looped(states))
            ways |= walked.ways(beyond, unheard)
        found.update(_untangled(together, ways, unheard) if tangled else ways)
    return found


def _untangled(
    together: list[Region], ways: Mapping[str, Ways], unheard: WaysFrom
) -> dict[str, Ways]:
    """Return the longest ways of a caller who is once in each of some regions that lead to each
    other, in any order, and then leaves."""
    on: Way | None = None
    for states in together:
        passing = join(*(ways[name] for name in states)).get(Exit.ON)
        if passing is not None:
            on = passing if on is None else step(None, passing, on)
    out = join(*ways.values())
    out.pop(Exit.ON, None)
    out = out or join(*map(unheard, ways))
    joined = {exit: step(None, on, way) for exit, way in out.items()}
    return dict.fromkeys(ways, joined)
