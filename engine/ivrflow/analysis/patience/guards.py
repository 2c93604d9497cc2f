"""What a condition comes to, as far as values are known before the call."""

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec
from jinja2 import nodes

from ivrflow.errors import ExpressionError
from ivrflow.expr.narrowing import names_in, path_of
from ivrflow.expr.parse import parse_expression


class Range(msgspec.Struct, frozen=True):
    """A number between two bounds, both included."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def is_exact(self) -> bool:
        return self.low == self.high


class Known(msgspec.Struct, frozen=True):
    """A value that is no number."""

    value: str | bool | None


Value = Range | Known | None
"""None: nothing is known."""

NameOf = Callable[[str], Value]
"""What is known of a path: `tries`, `visits.ask`, `count`."""

TURNED = {"ne": "eq", "gteq": "lt", "gt": "lteq"}
"""Comparisons that hold where another doesn't."""


@lru_cache(maxsize=4096)
def parsed(source: str) -> nodes.Expr | None:
    """Return the tree of a condition, None where it is none: a rule of its own tells."""
    try:
        return parse_expression(source)
    except ExpressionError:
        return None


@lru_cache(maxsize=4096)
def paths_in(source: str) -> frozenset[str]:
    """Return the longest paths that a condition reads."""
    tree = parsed(source)
    return frozenset() if tree is None else frozenset(paths_of(tree))


def paths_of(tree: nodes.Node) -> Iterator[str]:
    path = path_of(tree)
    if path:
        yield path
        yield from names_in(path) if "[" in path else ()
        return
    for child in tree.iter_child_nodes():
        yield from paths_of(child)


def numbers_of(tree: nodes.Node) -> Iterator[int]:
    """Yield the whole numbers that stand in an expression."""
    own = [tree] if isinstance(tree, nodes.Const) else []
    for each in (*own, *tree.find_all(nodes.Const)):
        if isinstance(each.value, int) and not isinstance(each.value, bool):
            yield abs(each.value)


@lru_cache(maxsize=4096)
def sided(source: str) -> tuple[str, bool]:
    """Return what tells conditions apart of which one holds where the other doesn't, and whether
    this one is the first of such a pair."""
    tree, holds = parsed(source), True
    while isinstance(tree, nodes.Not):
        tree, holds = tree.node, not holds
    match tree:
        case nodes.Compare(expr=first, ops=[nodes.Operand(op=op, expr=second)]) if op in TURNED:
            return f"{first} {TURNED[op]} {second}", not holds
        case nodes.Compare(expr=first, ops=[nodes.Operand(op=op, expr=second)]):
            return f"{first} {op} {second}", holds
        case _:
            return str(tree), holds


def holds(source: str, name_of: NameOf) -> bool | None:
    """Tell whether a condition holds, None where it may or may not."""
    tree = parsed(source)
    return None if tree is None else truth(judge(tree, name_of))


def truth(value: Value) -> bool | None:
    match value:
        case Range(low=low, high=high):
            if low == high == 0:
                return False
            return None if low <= 0 <= high else True
        case Known(value=known):
            return bool(known)
        case None:
            return None


def judge(tree: nodes.Node, name_of: NameOf) -> Value:
    """Return what is known of the value of an expression."""
    match tree:
        case nodes.Const(value=value):
            return constant(value)
        case nodes.Name() | nodes.Getattr() | nodes.Getitem():
            path = path_of(tree)
            return name_of(path) if path else None
        case nodes.Filter(name="default", node=nodes.Node() as inner, args=[other]):
            found = judge(inner, name_of)
            return judge(other, name_of) if found == Known(None) else found
        case nodes.Neg(node=inner):
            found = judge(inner, name_of)
            return Range(-found.high, -found.low) if isinstance(found, Range) else None
        case nodes.Add(left=left, right=right):
            return _added(judge(left, name_of), judge(right, name_of), 1)
        case nodes.Sub(left=left, right=right):
            return _added(judge(left, name_of), judge(right, name_of), -1)
        case _:
            told = _logic(tree, name_of)
            return None if told is None else Known(told)


def constant(value: object) -> Value:
    """Return a value that is written out."""
    match value:
        case bool() | str() | None:
            return Known(value)
        case int() | float():
            return Range(value, value)
        case _:
            return None


def _added(one: Value, other: Value, sign: int) -> Value:
    if not (isinstance(one, Range) and isinstance(other, Range)):
        return None
    if sign > 0:
        return Range(one.low + other.low, one.high + other.high)
    return Range(one.low - other.high, one.high - other.low)


def _logic(tree: nodes.Node, name_of: NameOf) -> bool | None:
    match tree:
        case nodes.Not(node=inner):
            found = truth(judge(inner, name_of))
            return None if found is None else not found
        case nodes.And(left=left, right=right):
            return _all(truth(judge(left, name_of)), truth(judge(right, name_of)))
        case nodes.Or(left=left, right=right):
            both = (truth(judge(each, name_of)) for each in (left, right))
            none_of = _all(*(None if each is None else not each for each in both))
            return None if none_of is None else not none_of
        case nodes.Compare(expr=first, ops=ops):
            return _compared(judge(first, name_of), ops, name_of)
        case _:
            return None


def _all(*found: bool | None) -> bool | None:
    if False in found:
        return False
    return None if None in found else True


def _compared(first: Value, ops: list[nodes.Operand], name_of: NameOf) -> bool | None:
    found: list[bool | None] = []
    for operand in ops:
        second = judge(operand.expr, name_of)
        found.append(_related(first, str(operand.op), second))
        first = second
    return _all(*found)


def _related(one: Value, op: str, other: Value) -> bool | None:
    match op:
        case "eq":
            return _equal(one, other)
        case "ne" | "gteq" | "gt":
            turned = _related(one, TURNED[op], other)
            return None if turned is None else not turned
        case "lt" | "lteq" if isinstance(one, Range) and isinstance(other, Range):
            return _less(one, other) if op == "lt" else _less_or_equal(one, other)
        case _:
            return None


def _equal(one: Value, other: Value) -> bool | None:
    match one, other:
        case (None, _) | (_, None):
            return None
        case (Range(), Range()):
            if one.low > other.high or other.low > one.high:
                return False
            return True if one.is_exact and other.is_exact else None
        case _:
            return one == other


def _less(one: Range, other: Range) -> bool | None:
    if one.high < other.low:
        return True
    return False if one.low >= other.high else None


def _less_or_equal(one: Range, other: Range) -> bool | None:
    if one.high <= other.low:
        return True
    return False if one.low > other.high else None
