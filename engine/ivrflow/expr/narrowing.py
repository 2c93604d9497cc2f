"""What a condition tells about nullable values: `found.due` is there where `found.due != none`."""

from jinja2 import nodes

PRESENT = frozenset({"eq", "lt", "lteq", "gt", "gteq"})
"""Comparisons that never hold for a value that isn't there, but for `== none`."""

Paths = frozenset[str]


def path_of(node: nodes.Node) -> str:
    """Return `found.due` for a name or a property of one, "" for anything else."""
    match node:
        case nodes.Name(name=name):
            return str(name)
        case nodes.Getattr(node=inner, attr=name):
            holder = path_of(inner)
            return f"{holder}.{name}" if holder else ""
        case _:
            return ""


def sure_if(tree: nodes.Node, holds: bool) -> Paths:
    """Return the paths that can't be null where `tree` holds, or where it doesn't."""
    match tree:
        case nodes.Name() | nodes.Getattr():
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
    return frozenset(path for each in sides if (path := path_of(each)))
