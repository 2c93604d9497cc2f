"""From state to state: what a call does in one state, and where it can be next."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import msgspec

from ivrflow.analysis.patience.lengths import Lengths
from ivrflow.analysis.patience.memory import Memory, Values
from ivrflow.analysis.patience.ways import Exit, Stop, Way, Ways
from ivrflow.analysis.patience.worlds import UNHEARD, Leave, World, answers, leaves, stay
from ivrflow.compiler.platform import Platform
from ivrflow.model.flow import (
    Collect,
    Conference,
    Connect,
    Continue,
    Flow,
    Hangup,
    Menu,
    Move,
    Park,
    Prompt,
    PromptStep,
    Request,
    RequestAction,
    Return,
    Run,
    State,
    Step,
    Transition,
)

STRAIGHT_ON = (Exit.END, Exit.PERSON, Exit.KEY, Exit.FOR_EVER, Exit.UNSEEN)
"""Exits of a flow that is run which are those of the flow that runs it."""


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
    ways from the states of the flow where whoever answers a call says nothing."""

    flow: Flow
    world: World
    requests: Mapping[str, Request]
    platform: Platform
    lengths: Lengths | None = None
    inner: Mapping[str, Ways] = field(default_factory=dict)
    by_itself: Mapping[str, frozenset[str]] = field(default_factory=dict)
    has_outer_keys: bool = False
    answered: Mapping[str, Ways] = field(default_factory=dict)

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
            case Connect() | Conference() | Continue():
                yield Exit.PERSON
            case Hangup() | Park():
                yield Exit.END
            case Return(name=name):
                yield name.name
            case Menu() | Collect() if self.has_outer_keys and self.world not in UNHEARD:
                yield Exit.KEY
            case _:
                pass

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
        stays = stay(
            state,
            scene.world,
            scene.request(state),
            scene.platform,
            lambda prompt: self._long(prompt, known),
        )
        return Stop(
            flow=scene.flow.name,
            state=state.name,
            path=scene.flow.path,
            at=state.at,
            ms=said + stays.ms,
            menus=stays.menus,
        )

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
                yield self._moved(move, known, replace(hop, to=move.next.name, unseen=unseen))
            if taken:
                return

    def _moved(self, move: Move, known: Values, hop: Hop) -> Hop:
        said = self._steps(move.steps, known)
        known = self.memory.perform(known, move.steps)
        said += self._long(move.prompt, known)
        stop = msgspec.structs.replace(hop.stop, ms=hop.stop.ms + said) if said else hop.stop
        return replace(hop, stop=stop, known=known)

    def _steps(self, steps: tuple[Step, ...], known: Values) -> int:
        prompts = (each.prompt for each in steps if isinstance(each, PromptStep))
        return sum(self._long(each, known) for each in prompts)

    def _long(self, prompt: Prompt, known: Values) -> int:
        lengths = self.scene.lengths
        if not prompt or lengths is None:
            return 0
        return lengths.longest(prompt, lambda when: self.memory.holds(known, when))
