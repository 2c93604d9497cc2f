"""Circles in directed graphs, each found once, in time linear in their edges."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

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
