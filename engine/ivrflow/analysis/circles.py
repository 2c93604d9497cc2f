"""Circles in directed graphs, each found once, in time linear in their edges."""

from collections.abc import Callable, Iterable, Iterator


def circles(nodes: Iterable[str], after: Callable[[str], Iterable[str]]) -> Iterator[list[str]]:
    """Yield circles of the graph in which `after` gives the successors of a node.

    A depth-first search: a node that was left is never entered again, so of several circles through
    one node some may stay untold until the first is mended.
    """
    left: set[str] = set()
    for start in nodes:
        way: list[str] = []
        todo = [iter([start])]
        while todo:
            name = next(todo[-1], None)
            if name is None:
                todo.pop()
                if way:
                    left.add(way.pop())
            elif name in way:
                yield way[way.index(name) :]
            elif name not in left:
                way.append(name)
                todo.append(iter(list(after(name))))
