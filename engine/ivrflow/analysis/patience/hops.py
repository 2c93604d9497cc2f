"""From state to state: what a call does in one state, and where it can be next."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from ivrflow.analysis.graph import own_transitions
from ivrflow.analysis.patience.durations import Durations, written
from ivrflow.analysis.patience.guards import Known
from ivrflow.analysis.patience.lengths import Lengths, perhaps
from ivrflow.analysis.patience.memory import AT, Memory, Values
from ivrflow.analysis.patience.ways import Exit, Stop, Way, Ways
from ivrflow.analysis.patience.worlds import (
    UNHEARD,
    Leave,
    Stay,
    World,
    answers,
    held,
    leaves,
    stay,
)
from ivrflow.compiler.platform import Platform
from ivrflow.model.flow import (
    Bridge,
    Collect,
    Conference,
    Connect,
    Continue,
    Flow,
    Hangup,
    Hold,
    Menu,
    Move,
    Park,
    Prompt,
    Request,
    RequestAction,
    Return,
    Run,
    State,
    Step,
    Transition,
    prompts_of,
)
from ivrflow.model.waiting import surely_leaving

STRAIGHT_ON = (Exit.END, Exit.PERSON, Exit.KEY, Exit.FOR_EVER, Exit.UNSEEN)
"""Exits of a flow that is run which are those of the flow that runs it."""


KEPT_AT = (Hold, Park)
"""Actions of which timers bound how long a call stays, however often it comes back."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A stop, and what comes then: the state `to` with what is then known, or an exit.

    `chosen`, `asked`: as of a `Leave`. `unseen`: whether it is taken hangs on what changes and
    can't be foreseen. `inside` is walked in a flow that is run.
    """

    stop: Stop
    to: str = ""
    known: Values = field(default_factory=dict)
    exit: str = ""
    chosen: bool = False
    asked: bool = False
    unseen: bool = False
    inside: Way | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """A flow in a world. `lengths` is None where nobody asks how long anything takes; `inner` are
    the ways through flows that are run, `by_itself` the outcomes that they have without anybody's
    choice; `has_outer_keys`: keys of flows that run this one work in its menus. `answered` are the
    ways from the states of the flow where whoever answers a call says nothing. `durations` are the
    longest that parameters can be."""

    flow: Flow
    world: World
    requests: Mapping[str, Request]
    platform: Platform
    lengths: Lengths | None = None
    inner: Mapping[str, Ways] = field(default_factory=dict)
    by_itself: Mapping[str, frozenset[str]] = field(default_factory=dict)
    has_outer_keys: bool = False
    answered: Mapping[str, Ways] = field(default_factory=dict)
    durations: Durations = field(default_factory=dict)

    def request(self, state: State) -> Request | None:
        action = state.action
        return self.requests.get(action.request.name) if isinstance(action, RequestAction) else None

    def leaves(self, state: State) -> Iterator[Leave]:
        """Yield the ways out of a state, those of flows that are run included."""
        yield from leaves(self.flow, state, self.world, self.request(state))
        if isinstance(state.action, Run):
            name = state.action.flow.name
            inner = self.inner.get(name, {})
            by_itself = self.by_itself.get(name, frozenset())
            for outcome, transition in state.on.by_outcome.items():
                if outcome in inner or outcome in by_itself:
                    yield Leave(outcome, transition, chosen=outcome not in by_itself)
            for key in self.flow.on.keys if Exit.KEY in inner else ():
                yield Leave(Exit.KEY, key.transition, chosen=True)

    def exits(self, state: State) -> Iterator[str]:
        """Yield how a way ends in a state."""
        match state.action:
            case Connect() if self.world is World.UNANSWERED:
                yield Exit.END
            case Connect() | Conference() | Bridge() | Continue():
                yield Exit.PERSON
            case Hangup() | Park():
                yield Exit.END
            case Return(name=name):
                yield name.name
            case Menu() | Collect() if self.has_outer_keys and self.world not in UNHEARD:
                yield Exit.KEY
            case Hold():
                yield from self._exits_of_hold(state)
            case _:
                pass

    def _exits_of_hold(self, state: State) -> Iterator[str]:
        if not any(True for _ in surely_leaving(self.flow, state)):
            yield Exit.FOR_EVER
        if self.has_outer_keys and self.world not in UNHEARD:
            yield Exit.KEY

    def through(self, state: State) -> Ways:
        """Return the ways through a flow that is run in a state."""
        return self.inner.get(state.action.flow.name, {}) if isinstance(state.action, Run) else {}


@dataclass(frozen=True, eq=False)
class Walker:
    """Walks a scene, with what calls remember on the way."""

    scene: Scene
    memory: Memory

    def hops(self, name: str, known: Values) -> Iterator[Hop]:
        """Yield what a call can do that comes to a state."""
        scene, memory = self.scene, self.memory
        state = scene.flow.states[name]
        known = memory.enter(known, state)
        said = self._steps(state.steps, known)
        known = memory.perform(known, state.steps)
        said += self._long(state.prompt, known)
        stop = self._stop(state, known, said)
        inner = scene.through(state)
        for exit in scene.exits(state):
            yield Hop(stop, exit=exit)
        for exit in STRAIGHT_ON:
            if exit in inner and (exit is not Exit.KEY or scene.has_outer_keys):
                yield Hop(stop, exit=exit, inside=inner[exit])
        yield from self._answered(state, known, stop)
        known = memory.leave(known, state)
        for leave in scene.leaves(state):
            hop = Hop(stop, chosen=leave.chosen, asked=leave.asked, inside=inner.get(leave.outcome))
            yield from self._moves(leave.transition, known, hop)

    def _answered(self, state: State, known: Values, stop: Stop) -> Iterator[Hop]:
        for transition in answers(state) if self.scene.answered else ():
            for hop in self._moves(transition, known, Hop(stop)):
                for exit, way in self.scene.answered.get(hop.to, {}).items():
                    yield Hop(hop.stop, exit=exit, inside=way)

    def _stop(self, state: State, known: Values, said: int) -> Stop:
        scene = self.scene
        stays = self._stay(state, known)
        return Stop(
            flow=scene.flow.name,
            state=state.name,
            path=scene.flow.path,
            at=state.at,
            ms=said + stays.ms,
            menus=stays.menus,
        )

    def _stay(self, state: State, known: Values) -> Stay:
        def length(prompt: Prompt) -> int:
            return self._long(prompt, known)

        scene = self.scene
        if not isinstance(state.action, Hold):
            return stay(state, scene.world, scene.request(state), scene.platform, length)
        longest = scene.platform.limits.call
        timers = surely_leaving(scene.flow, state)
        times = (written(each.time, scene.durations, longest) for each in timers)
        stays = held(times, state.action, length)
        return Stay(stays.ms + self._said_on_way_back(state))

    def _said_on_way_back(self, hold: State) -> int:
        """The longest that is said where something leads back to a hold, or lets a call stay."""

        def said(moves: Transition, seen: frozenset[str]) -> int:
            return max((self._said_by(move) + onward(move, seen) for move in moves), default=0)

        def onward(move: Move, seen: frozenset[str]) -> int:
            state = None if move.next is None else self.scene.flow.states.get(move.next.name)
            if state is None or state.name in seen:
                return 0
            own = self._spoken((*prompts_of(state.steps), state.prompt))
            back = state.name == hold.name or state.action is not None
            return own if back else own + said(state.next, seen | {state.name})

        ways = (transition for _, transition in own_transitions(hold))
        return max((said(each, frozenset()) for each in ways), default=0)

    def _said_by(self, move: Move) -> int:
        return self._spoken((*prompts_of(move.steps), move.prompt))

    def _spoken(self, prompts: Iterable[Prompt]) -> int:
        """The length of prompts of which nothing is known when they will be said."""
        lengths = self.scene.lengths
        return 0 if lengths is None else sum(lengths.longest(each, perhaps) for each in prompts)

    def _moves(self, transition: Transition, known: Values, hop: Hop) -> Iterator[Hop]:
        """Yield `hop` on each move that may be the first that holds."""
        unseen = False
        for move in transition:
            taken = True if move.when is None else self.memory.holds(known, move.when)
            if taken is False:
                continue
            if taken is None and move.when is not None:
                unseen = unseen or self.memory.may_bound(move.when)
            if move.next is not None and move.next.name in self.scene.flow.states:
                target = self.scene.flow.states[move.next.name]
                if not self._is_back(target, known):
                    lost = self.memory.has_forgotten and isinstance(target.action, KEPT_AT)
                    leads = replace(hop, to=target.name, unseen=unseen or lost)
                    yield self._moved(move, known, leads)
            if taken:
                return

    def _is_back(self, target: State, known: Values) -> bool:
        """Whether a call comes back to the hold or park that it is in: its timers run on, so it is
        the same stay."""
        return isinstance(target.action, KEPT_AT) and known.get(AT) == Known(target.name)

    def _moved(self, move: Move, known: Values, hop: Hop) -> Hop:
        said = self._steps(move.steps, known)
        known = self.memory.perform(known, move.steps)
        said += self._long(move.prompt, known)
        stop = msgspec.structs.replace(hop.stop, ms=hop.stop.ms + said) if said else hop.stop
        return replace(hop, stop=stop, known=known)

    def _steps(self, steps: tuple[Step, ...], known: Values) -> int:
        return sum(self._long(each, known) for each in prompts_of(steps))

    def _long(self, prompt: Prompt, known: Values) -> int:
        lengths = self.scene.lengths
        if not prompt or lengths is None:
            return 0
        return lengths.longest(prompt, lambda when: self.memory.holds(known, when))
