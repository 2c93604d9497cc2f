"""States that calls can go round, apart from all others, and what becomes of calls in them.

A region is walked with what calls remember. Where they come back to what was known before they go
round for ever, unless it hangs on what can't be foreseen.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ivrflow.analysis.circles import components, last_first
from ivrflow.analysis.patience.hops import Hop, Scene, Walker
from ivrflow.analysis.patience.memory import Assignments, Memory, Values
from ivrflow.analysis.patience.ways import Exit, Way, Ways, add, join, step
from ivrflow.analysis.patience.worlds import World

MOST_NODES = 3_000
"""Nodes of one region, and three a state more: beyond, nothing is remembered in it."""

Node = tuple[str, tuple[object, ...]]
"""A state, and what is known where a call comes to it."""

Step = tuple[Hop, Node | None]
"""A hop, and the node that it leads to in the same region."""

WaysFrom = Callable[[str], Ways]
"""The ways from a state."""


def region(
    scene: Scene, assignments: Assignments, states: tuple[str, ...], *, looped: bool
) -> "Region":
    """Walk `states`, in which calls can come back to where they were if `looped`."""
    wanted = (scene.flow.states[name] for name in states)
    ways = (leave.transition for state in wanted for leave in scene.leaves(state))
    memory = Memory(scene.flow, assignments, states, ways, looped=looped)
    steps = _walk(Walker(scene, memory), states, MOST_NODES + 3 * len(states))
    if steps is None:
        memory.forget()
        steps = _walk(Walker(scene, memory), states, len(states))
    assert steps is not None  # noqa: S101  without a memory there is a node a state
    return Region(scene.world, states, _node(states[0], memory.first)[1], steps)


def _walk(walker: Walker, states: tuple[str, ...], most: int) -> dict[Node, list[Step]] | None:
    """Return all that calls can do in `states`, None where that is too much."""
    first, here = walker.memory.first, frozenset(states)
    found: dict[Node, list[Step]] = {}
    todo: deque[tuple[str, Values]] = deque((name, first) for name in states)
    while todo:
        name, known = todo.popleft()
        node = _node(name, known)
        if node in found:
            continue
        if len(found) >= most:
            return None
        steps = found[node] = []
        for hop in walker.hops(name, known):
            inside = hop.to in here and not hop.chosen
            steps.append((hop, _node(hop.to, hop.known) if inside else None))
            if inside:
                todo.append((hop.to, hop.known))
    return found


def _node(name: str, known: Values) -> Node:
    return name, tuple(known.values())


@dataclass(frozen=True, eq=False)
class Region:
    """What calls can do in some `states`; `first` is known where they come in."""

    world: World
    states: tuple[str, ...]
    first: tuple[object, ...]
    steps: Mapping[Node, list[Step]]

    # -- for ever ---------------------------------------------------------------------------------

    @cached_property
    def round(self) -> tuple[str, ...]:
        """The states of the shortest round that calls can go for ever, in order; none if there is
        none. There may be others, until that one is mended."""
        found = (tuple(name for name, _ in self._round(each)) for each in self._endless)
        return min(found, key=len, default=())

    @cached_property
    def _endless(self) -> list[frozenset[Node]]:
        """The nodes that lead to each other, whatever can't be foreseen."""
        found = (frozenset(each) for each in components(self.steps, self._surely))
        return [each for each in found if any(True for _ in self._closing(each))]

    def _surely(self, node: Node) -> list[Node]:
        return [to for hop, to in self.steps[node] if to is not None and not hop.unseen]

    def _closing(self, nodes: frozenset[Node]) -> Iterator[tuple[Node, Node]]:
        """Yield steps among `nodes` that make a round one for ever: where look-ups fail, those that
        a look-up takes. What callers do who are asked for digits only is up to them."""
        for node in sorted(nodes, key=self._place):
            for hop, to in self.steps[node]:
                counts = hop.asked or self.world is not World.FAILING
                if to is not None and to in nodes and not hop.unseen and counts:
                    yield node, to

    def _place(self, node: Node) -> tuple[int, str]:
        return self.states.index(node[0]), str(node[1])

    def _round(self, nodes: frozenset[Node]) -> list[Node]:
        """Return the shortest round through one of the steps that close it."""
        last, first = next(self._closing(nodes))
        before: dict[Node, Node] = {}
        todo = deque([first])
        while last not in before and first != last:
            node = todo.popleft()
            for each in self._surely(node):
                if each in nodes and each not in before and each != first:
                    before[each] = node
                    todo.append(each)
        way = [last]
        while way[-1] != first:
            way.append(before[way[-1]])
        return way[::-1]

    # -- how long ---------------------------------------------------------------------------------

    def ways(self, beyond: WaysFrom, unheard: WaysFrom) -> dict[str, Ways]:
        """Return the longest ways from each state to each exit. `beyond` gives those from states of
        other regions; `unheard` those of a caller who has no choice but to go back, and so does
        nothing of use."""
        found: dict[Node, Ways] = {}
        for component in components(self.steps, self._next):
            members = frozenset(component)
            for node in self._outermost_last(component, members):
                found[node] = self._ways(node, found, beyond) or unheard(node[0])
            kept = self._kept(members)
            for node in component if kept else ():
                stop = self.steps[node][0][0].stop
                found[node] = join(found[node], {kept: step(stop)})
        return {name: found[name, self.first] for name in self.states}

    def _next(self, node: Node) -> list[Node]:
        return [to for _, to in self.steps[node] if to is not None]

    def _outermost_last(self, nodes: list[Node], members: frozenset[Node]) -> Iterator[Node]:
        def among(node: Node) -> list[Node]:
            return [each for each in self._next(node) if each in members]

        return last_first(nodes, among)

    def _ways(self, node: Node, found: Mapping[Node, Ways], beyond: WaysFrom) -> Ways:
        ways: dict[str, Way] = {}
        for hop, to in self.steps[node]:
            if hop.exit:
                add(ways, hop.exit, step(hop.stop, hop.inside))
                continue
            onward = beyond(hop.to) if to is None else found.get(to, {})
            for exit, way in onward.items():
                add(ways, exit, step(hop.stop, hop.inside, way))
        return ways

    def _kept(self, members: frozenset[Node]) -> str:
        """How calls are kept among `members`, "" where they don't go round, or as they like."""
        steps = (each for node in members for each in self.steps[node])
        inside = [hop for hop, to in steps if to is not None and to in members]
        if not inside:
            return ""
        if any(not members.isdisjoint(each) for each in self._endless):
            return Exit.FOR_EVER
        likes = self.world is World.FAILING and not any(hop.asked for hop in inside)
        return "" if likes else Exit.UNSEEN
