"""Which keys callers can press where, and what they were told on the way, over all flows.

What is said on the way to a menu is heard in the same reply: it may speak the menu's choices, and
what it tells to press is pressed there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeVar

from ivrflow.analysis.graph import own_transitions, wanted_digits
from ivrflow.analysis.passing import Passing, Place
from ivrflow.analysis.subject import Application, action_prompts
from ivrflow.analysis.telling import Keys, Said, Tellings
from ivrflow.compiler.values import digits_fit
from ivrflow.errors import ExpressionError
from ivrflow.model.flow import (
    Bridge,
    Collect,
    Conference,
    Digits,
    Flow,
    Hold,
    Menu,
    Move,
    Prompt,
    RequestAction,
    Return,
    Run,
    State,
    Step,
    prompts_of,
    runs,
)
from ivrflow.model.inherit import keys_of

UNKNOWN = "?"
"""Stands among keys for words that only a call knows: they may speak of any key."""

NONE: Keys = frozenset()
DIGITS = "0123456789"
At = TypeVar("At")


@lru_cache(maxsize=1)
def pressing(application: Application) -> "Pressing":
    """Return what can be pressed in `application`. Several rules ask in turn; the last is kept."""
    return Pressing(application)


@dataclass(frozen=True, eq=False)
class Pressing:
    """What is said and pressed in the flows of an application."""

    application: Application
    said_by_state: dict[tuple[str, str, str], Said] = field(default_factory=dict)
    spoken_by_flow: dict[str, Keys] = field(default_factory=dict)

    @cached_property
    def tellings(self) -> Tellings:
        return Tellings(self.application)

    @property
    def flows(self) -> Mapping[str, Flow]:
        return self.application.all_flows

    @property
    def passing(self) -> Passing:
        return self.application.passing

    def own(self, flow: Flow, state: State, locale: str = "") -> Said:
        """Return what a state says itself, with all that its action says."""
        key = (flow.name, state.name, locale)
        if key not in self.said_by_state:
            self.said_by_state[key] = self.tellings.said(flow, own_prompt(state), locale)
        return self.said_by_state[key]

    @cached_property
    def said_on_the_way(self) -> Mapping[Place, Keys]:
        """The keys that are spoken of in a reply before it comes to a state, on any way; `UNKNOWN`
        among them if there may be others."""

        def onward(place: Place, keys: Keys) -> Iterator[tuple[Place, Keys]]:
            state = self.passing.state(place)
            after = () if state is None else tuple(self._after(place, state))
            if state is not None and after:
                said = keys | sure(self.own(self.flows[place[0]], state))
                yield from ((each, said) for each in after)

        return _spread(self._first_words(), onward)

    def _first_words(self) -> Iterator[tuple[Place, Keys]]:
        """Yield every state with nothing, and what moves to it say."""
        for flow in self.flows.values():
            for name in flow.states:
                yield (flow.name, name), NONE
            for state, move in staying(flow):
                yield (flow.name, state.name), sure(self.tellings.said(flow, moved_prompt(move)))
            for move in moves(flow):
                if move.next is not None:
                    said = self.tellings.said(flow, moved_prompt(move))
                    yield (flow.name, move.next.name), sure(said)

    @cached_property
    def pressable(self) -> Mapping[Place, Keys]:
        """The keys that those can press who come to a state, there or further on in the same reply;
        nothing of states where nobody is asked for one."""
        asking: list[tuple[Place, Keys]] = []
        before: dict[Place, list[Place]] = {}
        for flow in self.flows.values():
            for name, state in flow.states.items():
                place = (flow.name, name)
                for after in self._after(place, state):
                    before.setdefault(after, []).append(place)
                if isinstance(state.action, Menu | Collect | Hold):
                    asking.append((place, self.heard(flow, state)))
        return _spread(asking, lambda at, keys: [(each, keys) for each in before.get(at, ())])

    def _after(self, place: Place, state: State) -> Iterator[Place]:
        """Yield where a reply goes on from a state, also into flows that are run, and back."""
        match state.action:
            case None | RequestAction(meanwhile=()) | Bridge() | Conference():
                yield from self.passing.passed_to(place)
            case Run(flow=flow) if flow.name in self.flows:
                yield flow.name, self.flows[flow.name].start.name
            case Return(name=outcome):
                for runner in self.passing.runners.get(place[0], ()):
                    yield from self.passing.on(runner, outcome.name)
            case _:
                pass

    def heard(self, flow: Flow, state: State) -> Keys:
        """Return the keys that mean something to a menu, hold or collect: its own, those of its
        flow and of the flows around it, and what digits that it asks for can begin with."""
        keys = {choice.key for choice in keys_of(flow, state)}
        outer = self.outer_keys.get(flow.name, NONE)
        wanted = wanted_digits(state)
        if wanted is None:
            return frozenset(keys | outer)
        return frozenset({*keys, *(outer & {"*"}), "#", *_beginning(wanted)})

    @cached_property
    def outer_keys(self) -> Mapping[str, Keys]:
        """The keys of the flows that run each flow, directly or not."""
        inner = {
            name: {run.flow.name for run in runs(flow)} & self.flows.keys()
            for name, flow in self.flows.items()
        }
        own = [
            (each, frozenset(choice.key for choice in flow.on.keys))
            for name, flow in self.flows.items()
            for each in inner[name]
        ]
        return _spread(own, lambda name, keys: [(each, keys) for each in inner[name]])


def _spread(
    first: Iterable[tuple[At, Keys]], onward: Callable[[At, Keys], Iterable[tuple[At, Keys]]]
) -> dict[At, Keys]:
    """Return the keys that come to each place from the `first` ones, in any number of steps."""
    found: dict[At, Keys] = {}
    todo = list(first)
    while todo:
        place, keys = todo.pop()
        known = found.get(place)
        merged = keys if known is None else keys | known
        if merged != known:
            found[place] = merged
            todo += onward(place, merged)
    return found


def sure(said: Said) -> Keys:
    """Return the keys that words on the way speak of. An inserted name among them is no key."""
    return said.keys | {UNKNOWN} if said.wordless else said.keys


def _beginning(wanted: Digits) -> Iterator[str]:
    """Yield the digits with which what is `wanted` can begin."""
    fit = digits_fit(wanted)
    with suppress(ExpressionError):  # another flow's wrong pattern, which is told there
        yield from (key for key in DIGITS if fit.begins(key))


def own_prompt(state: State) -> Prompt:
    """Return all that a state says: on the way, and for its action."""
    asked = tuple(part for prompt in action_prompts(state) for part in prompt)
    return (*_in_steps(state.steps), *state.prompt, *asked)


def moved_prompt(move: Move) -> Prompt:
    """Return all that is said on the way of a move."""
    return (*_in_steps(move.steps), *move.prompt) if move.steps else move.prompt


def _in_steps(steps: tuple[Step, ...]) -> Prompt:
    return tuple(part for prompt in prompts_of(steps) for part in prompt)


def staying(flow: Flow) -> Iterator[tuple[State, Move]]:
    """Yield the moves that let a held caller stay, with the state."""
    for state in flow.states.values():
        if isinstance(state.action, Hold):
            for _, transition in own_transitions(state):
                yield from ((state, move) for move in transition if move.next is None)


def moves(flow: Flow) -> Iterator[Move]:
    """Yield every move that the author of `flow` wrote."""
    for transition in flow.on.by_outcome.values():
        yield from transition
    for choice in flow.on.keys:
        yield from choice.transition
    for state in flow.states.values():
        for _, transition in own_transitions(state):
            yield from transition
