"""Whether a condition is decided before any call: it always holds, it never does, or it depends."""

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec
from jinja2 import nodes

from ivrflow.expr.narrowing import path_of
from ivrflow.expr.possible import (
    ANYTHING,
    EMPTY,
    MIRRORED,
    MISSING,
    NEGATED,
    Possible,
    both,
    compared,
    either,
    number_from,
    of_type,
    only,
    where,
    without,
)
from ivrflow.expr.types import T, Type

Values = Mapping[str, Possible]
"""What is possible by the path of a value: `tries`, `found.due`."""

Settled = Mapping[str, bool]
"""Conditions that are known to hold, or not to, by what `_key` makes of them."""

WHOLE = frozenset({T.INTEGER, T.DURATION})


class Facts(msgspec.Struct, frozen=True):
    """What is known where a condition is asked; `type_of` gives the type of a tree there."""

    type_of: Callable[[nodes.Node], Type | None]
    values: Values
    settled: Settled

    @property
    def contradict(self) -> bool:
        """Whether no call can come to where all of this holds."""
        return any(each.values == frozenset() for each in self.values.values())


def truth(node: nodes.Node, facts: Facts) -> bool | None:
    """Return whether a condition always or never holds, None where it depends on the call."""
    settled = _settled(node, facts)
    if settled is not None:
        return settled
    match node:
        case nodes.Not(node=inner):
            return _not(truth(inner, facts))
        case nodes.And(left=left, right=right):
            return _all(left, right, facts)
        case nodes.Or(left=left, right=right):
            return _not(_all(nodes.Not(left), nodes.Not(right), facts))
        case nodes.Compare(expr=first, ops=[nodes.Operand(op=op, expr=second)]):
            return _compared(first, str(op), second, facts)
        case nodes.Compare():
            return None
        case _:
            return _filled(possible(node, facts))


def _not(holds: bool | None) -> bool | None:
    return None if holds is None else not holds


def _all(left: nodes.Node, right: nodes.Node, facts: Facts) -> bool | None:
    first = truth(left, facts)
    if first is False:
        return False
    second = truth(right, assume(left, True, facts))
    return False if second is False else (True if first and second else None)


def _filled(value: Possible) -> bool | None:
    """Whether a value counts as true."""
    if value.values is not None:
        found = {bool(each) for each in value.values}
        return found.pop() if len(found) == 1 else None
    return True if value.least > 0 or value.most < 0 or value.without >= EMPTY else None


def _compared(first: nodes.Node, op: str, second: nodes.Node, facts: Facts) -> bool | None:
    if op in ("in", "notin"):
        found = _member(first, second, facts)
        return found if op == "in" else _not(found)
    return compared(op, possible(first, facts), possible(second, facts))


def _member(item: nodes.Node, items: nodes.Node, facts: Facts) -> bool | None:
    if not isinstance(items, nodes.List):
        return None
    value = possible(item, facts)
    others = [possible(each, facts) for each in items.items]
    if all(compared("eq", value, each) is False for each in others):
        return False
    listed = {
        one for each in others if each.values and len(each.values) == 1 for one in each.values
    }
    return True if value.values and value.values <= listed else None


def possible(node: nodes.Node, facts: Facts) -> Possible:
    """Return what values `node` can have."""
    match node:
        case nodes.Const(value=None | str() | int() | float() as value):
            return only(value)
        case nodes.Neg(node=nodes.Const(value=int() | float() as value)):
            return only(-value)
        case nodes.CondExpr(test=test, expr1=yes, expr2=no):
            return _chosen(truth(test, facts), yes, no or nodes.Const(None), facts)
        case nodes.Filter(name="default", node=nodes.Node() as inner, args=[other]):
            return either(without(possible(inner, facts), MISSING), possible(other, facts))
        case nodes.Filter(name="length"):
            return number_from(0)
        case nodes.Not() | nodes.Compare():
            holds = truth(node, facts)
            return only(True, False) if holds is None else only(holds)
        case _:
            known = facts.values.get(path_of(node), ANYTHING)
            return both(known, of_type(facts.type_of(node)))


def _chosen(test: bool | None, yes: nodes.Node, no: nodes.Node, facts: Facts) -> Possible:
    if test is not None:
        return possible(yes if test else no, facts)
    return either(possible(yes, facts), possible(no, facts))


# -- what a condition tells -----------------------------------------------------------------------


def assume(node: nodes.Node, holds: bool, facts: Facts) -> Facts:
    """Return what is known besides where a condition holds, or where it doesn't."""
    key, negated = _key(node)
    facts = msgspec.structs.replace(facts, settled={**facts.settled, key: holds is not negated})
    match node:
        case nodes.Not(node=inner):
            return assume(inner, not holds, facts)
        case nodes.And(left=left, right=right) if holds:
            return assume(right, True, assume(left, True, facts))
        case nodes.Or(left=left, right=right) if not holds:
            return assume(right, False, assume(left, False, facts))
        case nodes.Compare(expr=first, ops=[nodes.Operand(op=op, expr=second)]):
            return _told(dict(_of_comparison(first, str(op), second, holds, facts)), facts)
        case _ if path_of(node):
            return _told({path_of(node): _as_true(possible(node, facts), holds)}, facts)
        case _:
            return facts


def _told(values: Values, facts: Facts) -> Facts:
    known = {path: each for path, each in values.items() if path and each != ANYTHING}
    return msgspec.structs.replace(facts, values={**facts.values, **known}) if known else facts


def _of_comparison(
    first: nodes.Node, op: str, second: nodes.Node, holds: bool, facts: Facts
) -> Iterator[tuple[str, Possible]]:
    one, other = possible(first, facts), possible(second, facts)
    if op in ("in", "notin"):
        yield path_of(first), _listed(one, second, (op == "in") is holds, facts)
        return
    if not holds and op not in ("eq", "ne") and (one.may_be(None) or other.may_be(None)):
        return  # it doesn't hold where there is nothing either
    word = op if holds else NEGATED[op]
    yield path_of(first), where(one, word, other, whole=_is_whole(first, facts))
    yield path_of(second), where(other, MIRRORED[word], one, whole=_is_whole(second, facts))


def _listed(value: Possible, items: nodes.Node, inside: bool, facts: Facts) -> Possible:
    if not isinstance(items, nodes.List) or not items.items:
        return value
    others = [possible(each, facts) for each in items.items]
    if not inside:
        for each in others:
            value = where(value, "ne", each, whole=False)
        return value
    return both(value, _any(others))


def _any(others: Iterable[Possible]) -> Possible:
    first, *rest = others
    for each in rest:
        first = either(first, each)
    return first


def _is_whole(node: nodes.Node, facts: Facts) -> bool:
    type_ = facts.type_of(node)
    return type_ is not None and type_.name in WHOLE


def _as_true(value: Possible, holds: bool) -> Possible:
    if holds:
        return without(value, EMPTY)
    if value.values is not None:
        return Possible(values=frozenset(each for each in value.values if not each))
    rest = frozenset(filter(value.may_be, EMPTY))
    return Possible(values=rest) if rest <= MISSING else value


def _settled(node: nodes.Node, facts: Facts) -> bool | None:
    if not facts.settled:
        return None
    key, negated = _key(node)
    holds = facts.settled.get(key)
    return None if holds is None else holds is not negated


def _key(node: nodes.Node) -> tuple[str, bool]:
    """Return what two ways to write one condition have in common, and whether `node` says that it
    does not hold."""
    match node:
        case nodes.Not(node=inner):
            key, negated = _key(inner)
            return key, not negated
        case nodes.Compare(expr=first, ops=[nodes.Operand(op="ne" | "notin" as op, expr=second)]):
            positive = "eq" if op == "ne" else "in"
            return repr(nodes.Compare(first, [nodes.Operand(positive, second)])), True
        case _:
            return repr(node), False
