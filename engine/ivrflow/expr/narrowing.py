"""What a condition tells about nullable values: `found.due` is there where `found.due != none`."""

import re

from jinja2 import nodes

PRESENT = frozenset({"eq", "lt", "lteq", "gt", "gteq"})
"""Comparisons that never hold for a value that isn't there, but for `== none`."""

Paths = frozenset[str]


_PLACE = re.compile(r"\[([A-Za-z_]\w*)\]")

Holders = list[str]
"""Paths from a name to a part of it: `found`, `found.slots`, `found.slots[0]`."""


def path_of(node: nodes.Node) -> str:
    """Return `found.due`, `found.slots[0]` or `found.slots[i]` for a name or a part of one, "" for
    anything else."""
    return _holders(node)[-1]


def names_in(path: str) -> frozenset[str]:
    """Return the names on whose values it hangs what a path leads to: the one that it begins with,
    and those that stand for a place in a list."""
    root = path.partition(".")[0].partition("[")[0]
    return frozenset((root, *_PLACE.findall(path)))


def _holders(node: nodes.Node) -> Holders:
    """Return the paths that lead to a node, its own last: "" where it has none."""
    match node:
        case nodes.Name(name=name):
            return [str(name)]
        case nodes.Getattr(node=inner, attr=name):
            return _part(inner, f".{name}")
        case nodes.Getitem(node=inner, arg=nodes.Const(value=str() as name)):
            return _part(inner, f".{name}")
        case nodes.Getitem(node=inner, arg=nodes.Const(value=int() as index)):
            return _part(inner, f"[{index}]")
        case nodes.Getitem(node=inner, arg=nodes.Name(name=name)):
            return _part(inner, f"[{name}]")
        case nodes.Getitem(node=inner, arg=nodes.Neg(node=nodes.Const(value=int() as index))):
            return _part(inner, f"[-{index}]")
        case _:
            return [""]


def _part(inner: nodes.Node, step: str) -> Holders:
    holders = _holders(inner)
    return [*holders, holders[-1] + step] if holders[-1] else [""]


def sure_if(tree: nodes.Node, holds: bool) -> Paths:
    """Return the paths that can't be null where `tree` holds, or where it doesn't."""
    match tree:
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            return _paths(tree) if holds else frozenset()
        case nodes.Not(node=inner):
            return sure_if(inner, not holds)
        case nodes.And(left=left, right=right):
            return sure_if(left, True) | sure_if(right, True) if holds else frozenset()
        case nodes.Or(left=left, right=right):
            return frozenset() if holds else sure_if(left, False) | sure_if(right, False)
        case nodes.Test(node=inner):
            return _paths(inner) if holds else frozenset()
        case nodes.Compare(expr=first, ops=[nodes.Operand(op=op, expr=second)]):
            return _compared(first, str(op), second, holds)
        case _:
            return frozenset()


def _compared(first: nodes.Node, op: str, second: nodes.Node, holds: bool) -> Paths:
    """A comparison with null tells of the other side; one with something else of both, if it
    holds."""
    sides = (first, second)
    if any(isinstance(each, nodes.Const) and each.value is None for each in sides):
        there = (op == "ne") is holds and op in ("eq", "ne")
        return _paths(*sides) if there else frozenset()
    if not holds or op not in PRESENT:
        return frozenset()
    if op == "eq" and not any(isinstance(each, nodes.Const) for each in sides):
        return frozenset()
    return _paths(*sides)


def _paths(*sides: nodes.Node) -> Paths:
    """What is there proves all that holds it: null has no parts."""
    return frozenset(path for each in sides for path in _holders(each) if path)
