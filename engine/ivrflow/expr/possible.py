"""What values something can have, as far as that is known before any call."""

from collections.abc import Callable, Iterable
from itertools import product
from math import inf, nextafter
from operator import ge, gt, le, lt
from typing import TypeGuard

import msgspec

from ivrflow.expr.types import T, Type

Plain = str | int | float | bool | None

MAX_VALUES = 8
"""How many values are kept one by one."""

MAX_COUNTED = 3
"""How far counts are followed that grow in a circle of states."""

ORDERS: dict[str, Callable[[float, float], bool]] = {"lt": lt, "lteq": le, "gt": gt, "gteq": ge}
NEGATED = {"eq": "ne", "ne": "eq", "lt": "gteq", "lteq": "gt", "gt": "lteq", "gteq": "lt"}
"""What holds where a comparison doesn't, of values that are there."""

MIRRORED = {"lt": "gt", "lteq": "gteq", "gt": "lt", "gteq": "lteq", "eq": "eq", "ne": "ne"}
"""What a comparison is called from its other side."""

MISSING: frozenset[Plain] = frozenset({None})
EMPTY: frozenset[Plain] = frozenset({None, False, ""})
"""What counts as false; 0 is False."""


class Possible(msgspec.Struct, frozen=True, kw_only=True):
    """Either `values`, all there are; or, where that is None, anything but the values `without`,
    and numbers from `least` to `most`."""

    values: frozenset[Plain] | None = None
    without: frozenset[Plain] = frozenset()
    least: float = -inf
    most: float = inf

    def may_be(self, value: Plain) -> bool:
        if self.values is not None:
            return value in self.values
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value not in self.without and self.least <= value <= self.most
        return value not in self.without

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the most that a number can be; None where it may be something else."""
        if self.values is None:
            return (self.least, self.most) if None in self.without else None
        numbers = [each for each in self.values if _is_number(each)]
        if not numbers or len(numbers) < len(self.values):
            return None
        return min(numbers), max(numbers)


ANYTHING = Possible()


def only(*values: Plain) -> Possible:
    return Possible(values=frozenset(values))


def number_from(least: float, most: float = inf) -> Possible:
    return only(least) if least == most else Possible(without=MISSING, least=least, most=most)


def of_type(type_: Type | None) -> Possible:
    """Return what values of a type can be."""
    if type_ is None or type_.secret:
        return ANYTHING
    missing = MISSING if type_.nullable else frozenset()
    if type_.name is T.NULL:
        return only(None)
    if type_.name is T.BOOLEAN:
        return Possible(values=missing | {True, False})
    if type_.enum:
        return Possible(values=missing | set(type_.enum))
    if type_.name is T.PHONE:
        return Possible(without=EMPTY - missing)
    return ANYTHING if type_.nullable else Possible(without=MISSING)


def both(one: Possible, other: Possible) -> Possible:
    """Return what is possible by either of two things that are known of the same value."""
    if one.values is not None:
        return Possible(values=frozenset(filter(other.may_be, one.values)))
    if other.values is not None:
        return both(other, one)
    least, most = max(one.least, other.least), min(one.most, other.most)
    gone = one.without | other.without
    if least >= most and None in gone:
        return Possible(values=frozenset({least} - gone) if least == most else frozenset())
    return Possible(without=gone, least=least, most=most)


def either(one: Possible, other: Possible) -> Possible:
    """Return what is possible if one or the other is; bounds that keep growing are given up."""
    if one == other:
        return one
    if one.values is not None and other.values is not None:
        values = one.values | other.values
        if len(values) <= MAX_VALUES:
            return Possible(values=values)
    gone = one.without | other.without | MISSING
    without = frozenset(each for each in gone if not (one.may_be(each) or other.may_be(each)))
    ranges = (one.bounds or (-inf, inf)), (other.bounds or (-inf, inf))
    least, most = min(ranges[0][0], ranges[1][0]), max(ranges[0][1], ranges[1][1])
    return Possible(
        without=without,
        least=least if least >= -MAX_COUNTED or ranges[0][0] == ranges[1][0] else -inf,
        most=most if most <= MAX_COUNTED or ranges[0][1] == ranges[1][1] else inf,
    )


def grown(count: Possible) -> Possible:
    """Return what a count can be that is counted once more."""
    least, most = count.bounds or (0, inf)
    return number_from(min(least + 1, MAX_COUNTED), most + 1 if most < MAX_COUNTED else inf)


def compared(op: str, left: Possible, right: Possible) -> bool | None:
    """Return whether a comparison always or never holds, None where it depends."""
    if op == "ne":
        equal = compared("eq", left, right)
        return None if equal is None else not equal
    if op == "eq":
        return _equal(left, right)
    if left.may_be(None) or right.may_be(None):
        there = _ordered(op, without(left, MISSING), without(right, MISSING))
        return False if there is False else None
    return _ordered(op, left, right)


def _equal(left: Possible, right: Possible) -> bool | None:
    if left.values is not None and right.values is not None:
        if len(left.values) == len(right.values) == 1:
            return left.values == right.values
        return None if left.values & right.values else False
    if left.values is not None:
        return None if any(map(right.may_be, left.values)) else False
    if right.values is not None:
        return _equal(right, left)
    apart = left.least > right.most or right.least > left.most
    return False if apart and left.bounds and right.bounds else None


def _ordered(op: str, left: Possible, right: Possible) -> bool | None:
    """Judge by the ends of two ranges of numbers: if all pairs of them agree, all between do. What
    isn't there is in no order."""
    if frozenset() in (left.values, right.values):
        return False
    if left.bounds is None or right.bounds is None:
        return None
    holds = ORDERS[op]
    found = {holds(one, other) for one, other in product(left.bounds, right.bounds)}
    return found.pop() if len(found) == 1 else None


def where(value: Possible, op: str, other: Possible, *, whole: bool) -> Possible:
    """Return what `value`, a `whole` number perhaps, can be where it compares to `other` so."""
    if op == "eq":
        return both(value, other)
    if op == "ne":
        return without(value, other.values if len(other.values or ()) == 1 else ())
    value = without(value, MISSING)
    return value if other.bounds is None else both(value, _beyond(op, other.bounds, whole))


def _beyond(op: str, bounds: tuple[float, float], whole: bool) -> Possible:
    least, most = bounds
    match op:
        case "lt":
            return Possible(most=most - 1 if whole else nextafter(most, -inf))
        case "lteq":
            return Possible(most=most)
        case "gt":
            return Possible(least=least + 1 if whole else nextafter(least, inf))
        case _:
            return Possible(least=least)


def without(value: Possible, gone: Iterable[Plain] | None) -> Possible:
    """Return what is possible but for the values `gone`."""
    if value.values is not None:
        return Possible(values=value.values - frozenset(gone or ()))
    return msgspec.structs.replace(value, without=value.without | frozenset(gone or ()))


def _is_number(value: Plain) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
