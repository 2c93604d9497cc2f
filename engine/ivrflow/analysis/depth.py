"""Where calls go from each state, and through how many menus, over all flows.

Flows that are run are looked at once: a return leads back to all that run its flow. So ways may be
found that no call takes, and a state is never thought deeper than it is.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import msgspec

from ivrflow.analysis.graph import own_transitions
from ivrflow.analysis.passing import Place
from ivrflow.analysis.subject import Application
from ivrflow.model.flow import Collect, Hold, Menu, Return, Run, State, targets

DEEPEST = 3
"""Through more menus than these callers don't go."""


class Depth(msgspec.Struct, frozen=True):
    """The menus on the shortest way to a state, itself included, and the state before it."""

    menus: int
    before: Place | None = None


@lru_cache(maxsize=1)
def ways(application: Application) -> "Ways":
    """Return where calls go in `application`. Several rules ask in turn; the last is kept."""
    return Ways(application)


@dataclass(frozen=True, eq=False)
class Ways:
    """Where calls go in the flows of an application."""

    application: Application

    def state(self, place: Place) -> State | None:
        return self.application.passing.state(place)

    @cached_property
    def depths(self) -> Mapping[Place, Depth]:
        """The depth of each state that a call can come to, as far as the first menu that is too
        deep. One all of whose keys lead to one state, as in a poll, makes nothing deeper."""
        found: dict[Place, Depth] = {}
        todo: deque[tuple[Place, Place | None]] = deque()
        for flow in self.application.entries:
            todo.append(((flow.name, flow.start.name), None))
        while todo:
            place, before = todo.popleft()
            state = self.state(place)
            if state is None or place in found:
                continue
            menus = 0 if before is None else found[before].menus
            found[place] = Depth(menus + branches(state), before)
            if found[place].menus <= DEEPEST:
                for after in dict.fromkeys(self.onward(place, state)):
                    add = todo.append if self.is_deeper(after) else todo.appendleft
                    add((after, place))
        return found

    def is_deeper(self, place: Place) -> bool:
        state = self.state(place)
        return state is not None and branches(state)

    def reached(self, place: Place) -> Iterator[State]:
        """Yield every state that a call can come to from `place`."""
        seen: set[Place] = set()
        todo = [place]
        while todo:
            place = todo.pop()
            state = self.state(place)
            if state is not None and place not in seen:
                seen.add(place)
                yield state
                todo += self.onward(place, state)

    def onward(self, place: Place, state: State) -> Iterator[Place]:
        """Yield where calls go on from a state, into flows that are run and back out of them."""
        name, flows = place[0], self.application.all_flows
        if isinstance(state.action, Return):
            for runner in self.application.passing.runners.get(name, ()):
                yield from self.application.passing.on(runner, state.action.name.name)
        elif isinstance(state.action, Run) and state.action.flow.name in flows:
            inner = flows[state.action.flow.name]
            yield inner.name, inner.start.name
            yield from self.shared[name]
        else:
            if isinstance(state.action, Menu | Collect | Hold):
                yield from self.shared[name]
            for _, transition in own_transitions(state):
                for ref in targets(transition):
                    yield name, ref.name

    @cached_property
    def shared(self) -> Mapping[str, tuple[Place, ...]]:
        """Where what a flow says for all of its menus leads, its keys among it."""
        found: dict[str, tuple[Place, ...]] = {}
        for name, flow in self.application.all_flows.items():
            keys = (choice.transition for choice in flow.on.keys)
            transitions = (*flow.on.by_outcome.values(), *keys)
            found[name] = tuple((name, ref.name) for each in transitions for ref in targets(each))
        return found


def branches(state: State) -> bool:
    """Whether callers choose among several ways here."""
    if not isinstance(state.action, Menu):
        return False
    ways = {tuple(ref.name for ref in targets(each.transition)) for each in state.action.choices}
    return len(ways) > 1
