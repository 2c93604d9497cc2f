"""Trees to closures over the names in scope: one closure a kind of node."""

import operator
from collections.abc import Callable, Collection, Mapping

from jinja2 import nodes

from ivrflow.errors import EvaluationError
from ivrflow.expr.filters import FILTERS, TESTS, bounded, to_text
from ivrflow.expr.functions import evaluated, name_in_scope, record_of
from ivrflow.expr.parse import Segment
from ivrflow.expr.spoken import plain

Scope = Mapping[str, object]
Value = Callable[[Scope], object]
"""Computes a JSON value from the names in scope; raises `EvaluationError` only."""

Insert = Callable[[str], str]

MAX_TEXT = 10_000
MAX_ITEMS = 1_000
MAX_DEPTH = 100
"""How deep lists and objects may hold each other."""


def compile_segments(segments: tuple[Segment, ...], insert: Insert) -> Value:
    """Return a closure that fills a text; `insert` makes each value safe for where it lands."""
    if not segments:
        return lambda scope: ""
    if len(segments) == 1 and isinstance(segments[0], str):
        literal = segments[0]
        return lambda scope: literal
    parts = [each if isinstance(each, str) else compile_tree(each) for each in segments]

    def fill(scope: Scope) -> str:
        filled = [part if isinstance(part, str) else insert(to_text(part(scope))) for part in parts]
        return bounded_text("".join(filled))

    return fill


def compile_tree(node: nodes.Node) -> Value:
    """Return a closure that evaluates a tree of `parse_expression` or `parse_text`."""
    match node:
        case nodes.Const(value=value):
            return lambda scope: value
        case nodes.Name(name=name):
            return lambda scope: scope[name]
        case nodes.Getattr(node=inner, attr=name):
            return _item(compile_tree(inner), lambda scope: name)
        case nodes.Getitem(node=inner, arg=argument):
            return _item(compile_tree(inner), compile_tree(argument))
        case nodes.List(items=items):
            return _list([compile_tree(each) for each in items])
        case nodes.Filter():
            return _filter(node)
        case nodes.Test():
            return _test(node)
        case nodes.Call():
            return _call(node)
        case nodes.Compare():
            return _compare(node)
        case _:
            return _operation(node)


def _operation(node: nodes.Node) -> Value:
    match node:
        case nodes.Not(node=inner):
            negated = compile_tree(inner)
            return lambda scope: not negated(scope)
        case nodes.And(left=left, right=right):
            first, second = compile_tree(left), compile_tree(right)
            return lambda scope: first(scope) and second(scope)
        case nodes.Or(left=left, right=right):
            first, second = compile_tree(left), compile_tree(right)
            return lambda scope: first(scope) or second(scope)
        case nodes.Neg(node=inner):
            value = compile_tree(inner)
            return lambda scope: -_number(value(scope))
        case nodes.Pos(node=inner):
            value = compile_tree(inner)
            return lambda scope: _number(value(scope))
        case nodes.Concat(nodes=parts):
            return _concat([compile_tree(each) for each in parts])
        case nodes.CondExpr(test=test, expr1=yes, expr2=no):
            return _choose(test, yes, no)
        case nodes.BinExpr():
            return _arithmetic(node)
        case _:
            raise TypeError(f"{type(node).__name__} is not in the language")


def _item(container: Value, key: Value) -> Value:
    def item(scope: Scope) -> object:
        held, name = container(scope), key(scope)
        if isinstance(held, dict):
            try:
                return held[name]
            except (KeyError, TypeError):  # a list is no name
                return None
        if isinstance(held, list) and isinstance(name, int) and not isinstance(name, bool):
            return held[name] if -len(held) <= name < len(held) else None
        if held is None:
            return None
        raise EvaluationError(f'"{to_text(name)}" is asked of something that has no parts')

    return item


def _list(items: list[Value]) -> Value:
    def build(scope: Scope) -> list[object]:
        return [plain(each(scope)) for each in items]

    return build


def bounded_value(value: object) -> object:
    """Return `value`; raises `EvaluationError` for a list or object that grows beyond measure."""
    level, count = [value], 1
    for _ in range(MAX_DEPTH):
        level = [part for each in level for part in _parts(each)]
        count += len(level)
        if not level:
            return value
        if count > MAX_ITEMS:
            raise EvaluationError(f"more than {MAX_ITEMS:,} values in one")
    raise EvaluationError(f"values within values, more than {MAX_DEPTH} deep")


def _parts(value: object) -> Collection[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def bounded_text(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise EvaluationError(f"a text of more than {MAX_TEXT:,} characters")
    return text


def _filter(node: nodes.Filter) -> Value:
    compute = FILTERS[node.name].compute
    arguments = [compile_tree(each) for each in node.args]
    inner = node.node
    if node.name == "default" and isinstance(inner, nodes.Name):
        name, (other,) = inner.name, arguments
        return lambda scope: compute(scope.get(name), other(scope))
    value = compile_tree(inner or nodes.Const(None))
    if not arguments:
        return lambda scope: compute(value(scope))
    return lambda scope: compute(value(scope), *[each(scope) for each in arguments])


def _call(node: nodes.Call) -> Value:
    name = node.node.name if isinstance(node.node, nodes.Name) else ""
    key, record = name_in_scope(name), record_of(node)
    arguments = [compile_tree(each) for each in evaluated(node)]
    if record:
        arguments.insert(0, lambda scope: record)

    def call(scope: Scope) -> object:
        function = scope[key]
        if not callable(function):
            raise EvaluationError(f'"{name}" can\'t be asked here')
        return function(*[each(scope) for each in arguments])

    return call


def _test(node: nodes.Test) -> Value:
    compute = TESTS[node.name].compute
    value = compile_tree(node.node)
    arguments = [compile_tree(each) for each in node.args]
    return lambda scope: compute(value(scope), *[each(scope) for each in arguments])


def _in(item: object, items: object) -> bool:
    return isinstance(items, list) and item in items


COMPARE_BY_WORD: dict[str, Callable[[object, object], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": lambda left, right: _ordered(operator.lt, left, right),
    "lteq": lambda left, right: _ordered(operator.le, left, right),
    "gt": lambda left, right: _ordered(operator.gt, left, right),
    "gteq": lambda left, right: _ordered(operator.ge, left, right),
    "in": _in,
    "notin": lambda item, items: not _in(item, items),
}


def _ordered(compare: Callable[..., bool], left: object, right: object) -> bool:
    """Compare two numbers or two texts; nothing is less or greater than what isn't there."""
    if left is None or right is None:
        return False
    try:
        return compare(left, right)
    except TypeError:
        # Their values stay out of the message: a secret may be compared.
        raise EvaluationError("values of different kinds can't be put in order") from None


def _compare(node: nodes.Compare) -> Value:
    first = compile_tree(node.expr)
    links = [(COMPARE_BY_WORD[each.op], compile_tree(each.expr)) for each in node.ops]
    if len(links) == 1:
        ((compare, second),) = links
        return lambda scope: compare(first(scope), second(scope))

    def chain(scope: Scope) -> bool:
        left = first(scope)
        for compare, other in links:
            right = other(scope)
            if not compare(left, right):
                return False
            left = right
        return True

    return chain


def _concat(parts: list[Value]) -> Value:
    def join(scope: Scope) -> str:
        return bounded_text("".join([to_text(each(scope)) for each in parts]))

    return join


def _choose(test: nodes.Expr, yes: nodes.Expr, no: nodes.Expr | None) -> Value:
    condition, first = compile_tree(test), compile_tree(yes)
    second = compile_tree(no) if no is not None else lambda scope: None
    return lambda scope: first(scope) if condition(scope) else second(scope)


def _number(value: object) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise EvaluationError(f'"{to_text(value)[:20]}" is no number')


def _divided(divide: Callable[..., int | float]) -> Callable[..., int | float]:
    def safely(left: int | float, right: int | float) -> int | float:
        if right == 0:
            raise EvaluationError("division by zero")
        return divide(left, right)

    return safely


COMPUTE_BY_NODE: dict[type[nodes.Node], Callable[..., int | float]] = {
    nodes.Add: operator.add,
    nodes.Sub: operator.sub,
    nodes.Mul: operator.mul,
    nodes.Div: _divided(operator.truediv),
    nodes.FloorDiv: _divided(operator.floordiv),
    nodes.Mod: _divided(operator.mod),
}


def _arithmetic(node: nodes.BinExpr) -> Value:
    compute = COMPUTE_BY_NODE[type(node)]
    left, right = compile_tree(node.left), compile_tree(node.right)
    return lambda scope: bounded(compute(_number(left(scope)), _number(right(scope))))
