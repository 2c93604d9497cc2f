"""Circles in directed graphs, each found once, in time linear in their edges."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import reduce
from typing import Generic, TypeVar

N = TypeVar("N", bound=Hashable)


def circles(nodes: Iterable[N], after: Callable[[N], Iterable[N]]) -> Iterator[list[N]]:
    """Yield circles of the graph in which `after` gives the successors of a node.

    A depth-first search: a node that was left is never entered again, so of several circles through
    one node some may stay untold until the first is mended.
    """
    for way, closes in _walk(nodes, after):
        if closes is not None:
            yield way[way.index(closes) :]


def last_first(nodes: Iterable[N], after: Callable[[N], Iterable[N]]) -> Iterator[N]:
    """Yield every node that `nodes` lead to, once, when all that follow it were yielded; of a
    circle one is yielded before its successor."""
    for way, closes in _walk(nodes, after):
        if closes is None:
            yield way[-1]


def components(nodes: Iterable[N], after: Callable[[N], Iterable[N]]) -> list[list[N]]:
    """Return the nodes that lead to each other together, those that others lead to first.

    Each node that `nodes` lead to is in one component, alone if need be (Kosaraju's algorithm).
    """
    order = list(last_first(nodes, after))
    before: dict[N, list[N]] = {}
    for node in order:
        for each in after(node):
            before.setdefault(each, []).append(node)
    found: list[list[N]] = []
    seen: set[N] = set()
    for node in reversed(order):
        component = [each for each in [node] if each not in seen]
        seen.update(component)
        for each in component:  # grows meanwhile
            new = [one for one in dict.fromkeys(before.get(each, ())) if one not in seen]
            seen.update(new)
            component += new
        if component:
            found.append(component)
    return found[::-1]


class Dominators(Generic[N]):
    """Which nodes stand on every way from `start` to others (Cooper, Harvey and Kennedy)."""

    def __init__(self, start: N, after: Callable[[N], Iterable[N]]) -> None:
        order = list(last_first([start], after))[::-1]
        self.number = {node: at for at, node in enumerate(order)}
        before: dict[N, list[N]] = {}
        for node in order:
            for each in after(node):
                before.setdefault(each, []).append(node)
        self.nearest = {start: start}
        changes = True
        while changes:
            changes = False
            for node in order[1:]:
                known = [each for each in before[node] if each in self.nearest]
                nearest = reduce(self._common, known)
                changes = changes or self.nearest.get(node) != nearest
                self.nearest[node] = nearest

    def _common(self, one: N, other: N) -> N:
        while one != other:
            if self.number[one] > self.number[other]:
                one = self.nearest[one]
            else:
                other = self.nearest[other]
        return one

    def dominates(self, node: N, other: N) -> bool:
        """Whether every way from the start to `other` leads past `node`."""
        while self.number[other] > self.number[node]:
            other = self.nearest[other]
        return other == node


def _walk(
    nodes: Iterable[N], after: Callable[[N], Iterable[N]]
) -> Iterator[tuple[list[N], N | None]]:
    """Walk depth first: yield the way to a node that is left for good, or to one whose successor,
    yielded too, is on the way already."""
    seen: set[N] = set()
    on_way: set[N] = set()
    for start in nodes:
        way: list[N] = []
        todo = [iter([start])]
        while todo:
            node = next(todo[-1], None)
            if node is None:
                todo.pop()
                if way:
                    yield way, None
                    on_way.remove(way.pop())
            elif node in on_way:
                yield way, node
            elif node not in seen:
                seen.add(node)
                on_way.add(node)
                way.append(node)
                todo.append(iter(list(after(node))))
