"""Types of expressions, before the call: what each reads, what it yields, what can't be.

`infer` follows the one typing rule of each kind of node. A type of None is not known: nothing is
said against it.
"""

from collections.abc import Mapping

import msgspec
from jinja2 import nodes

from ivrflow.diagnostics import did_you_mean
from ivrflow.errors import ExpressionError
from ivrflow.expr.filters import FILTERS, NUMBERS, TESTS, TEXTS, Filter
from ivrflow.expr.functions import FUNCTIONS, Keyed
from ivrflow.expr.narrowing import Paths, path_of, sure_if
from ivrflow.expr.parse import OPERATORS, offset_of
from ivrflow.expr.relations import accepts, describe, either, group
from ivrflow.expr.secrecy import REMEDY, is_secret
from ivrflow.expr.types import T, Type

Names = Mapping[str, Type | None]

BOOLEAN = Type(name=T.BOOLEAN)
STRING = Type(name=T.STRING)
WORD_BY_COMPARISON = {"eq": "==", "ne": "!=", "lt": "<", "lteq": "<=", "gt": ">", "gteq": ">="}


class UnknownNameError(ExpressionError):
    """A name, or a property of one, that nothing declares.

    `name` is that of a value that was looked for in the scope, "" where it was a property, a record
    or what a function takes.
    """

    def __init__(self, message: str, *, offset: int, help: str = "", name: str = "") -> None:
        super().__init__(message, offset=offset, help=help)
        self.name = name


class SecretError(ExpressionError):
    """Something is computed from a secret."""


NO_RECORDS: Mapping[str, Keyed] = {}


def infer(
    tree: nodes.Node,
    names: Names,
    source: str,
    records: Mapping[str, Keyed] = NO_RECORDS,
    sure: Paths = frozenset(),
) -> Type | None:
    """Return the type that `tree` yields where `names` are in scope, and `records` can be asked.

    `sure` are paths that are known not to be null there. Raises `ExpressionError` (an
    `UnknownNameError` for a name) at the first fault. `source` is the text that the tree was parsed
    from; the error's offset counts in it.
    """
    return _Checker(names, source, records, sure).type_of(tree)


REMEDY_BY_TEST = {"none": "compare: x == none", "defined": "compare: x != none"}
"""For those who know Jinja."""

TEXTLESS = frozenset({T.LIST, T.OBJECT, T.PROMPT, T.SCHEDULE})
"""Types whose values can't be spoken."""


class _Checker:
    def __init__(
        self, names: Names, source: str, records: Mapping[str, Keyed], sure: Paths
    ) -> None:
        self.names = names
        self.source = source
        self.records = records
        self.sure = sure

    def where(self, known: Paths, node: nodes.Node) -> Type | None:
        """Return the type of `node`, which is evaluated only where more is `known`."""
        if not known:
            return self.type_of(node)
        return _Checker(self.names, self.source, self.records, self.sure | known).type_of(node)

    def present(self, node: nodes.Node, type_: Type | None) -> Type | None:
        """Return the type of a path, not nullable where it is sure to be there."""
        if type_ is None or not type_.nullable or path_of(node) not in self.sure:
            return type_
        return msgspec.structs.replace(type_, nullable=False)

    def error(self, word: str, message: str, help: str = "") -> ExpressionError:
        return ExpressionError(message, offset=offset_of(word, self.source), help=help)

    def refuse_secret(self, word: str, given: Type | None) -> None:
        if is_secret(given):
            offset = offset_of(word, self.source)
            raise SecretError(f'"{word}" can\'t be used on a secret', offset=offset, help=REMEDY)

    def type_of(self, node: nodes.Node) -> Type | None:
        match node:
            case nodes.Const(value=value):
                return _type_of_constant(value)
            case nodes.Name(name=name):
                return self.present(node, self.name(name))
            case nodes.Getattr(node=inner, attr=name):
                return self.present(node, self.property(inner, name))
            case nodes.Getitem():
                return self.item(node)
            case nodes.List(items=items):
                return self.list(items)
            case nodes.Filter():
                return self.filter(node)
            case nodes.Test():
                return self.test(node)
            case nodes.Compare():
                return self.compare(node)
            case nodes.Call(node=nodes.Name(name=name), args=arguments):
                return self.call(name, arguments)
            case _:
                return self.operation(node)

    def operation(self, node: nodes.Node) -> Type | None:
        match node:
            case nodes.Not(node=inner):
                self.type_of(inner)
                return BOOLEAN
            case nodes.And(left=left, right=right):
                return either(self.type_of(left), self.where(sure_if(left, True), right))
            case nodes.Or(left=left, right=right):
                return either(self.type_of(left), self.where(sure_if(left, False), right))
            case nodes.Neg(node=inner) | nodes.Pos(node=inner):
                return self.number(inner, "-")
            case nodes.Concat(nodes=parts):
                for part in parts:
                    self.text(part, "~")
                return STRING
            case nodes.CondExpr(test=test, expr1=yes, expr2=no):
                self.type_of(test)
                given = self.where(sure_if(test, True), yes)
                other = Type(name=T.NULL)
                return either(given, other if no is None else self.where(sure_if(test, False), no))
            case nodes.BinExpr():
                return self.arithmetic(node)
            case _:
                return None

    def name(self, name: str) -> Type | None:
        if name not in self.names:
            help = did_you_mean(name, self.names)
            if name in FUNCTIONS:
                help = f"it is a function: write {name}(...)"
            message = f'there is no "{name}" here'
            offset = offset_of(name, self.source)
            raise UnknownNameError(message, offset=offset, help=help, name=name)
        return self.names[name]

    def call(self, name: str, arguments: list[nodes.Expr]) -> Type:
        known = FUNCTIONS[name]
        if known.of_record:
            self.of_record(name, arguments)
            return known.gives
        if len(arguments) != len(known.takes):
            wanted = ", ".join(describe(each) for each in known.takes)
            help = f"write {name}({wanted})"
            raise self.error(name, f'"{name}" has too few arguments, or too many', help)
        for argument, type_ in zip(arguments, known.takes, strict=True):
            self.argument(name, argument, type_)
        return known.gives

    def of_record(self, function: str, arguments: list[nodes.Expr]) -> None:
        if not arguments or not isinstance(arguments[0], nodes.Name):
            help = f"write {function}(attempts, call.from), the name without quotes"
            raise self.error(function, f'"{function}" needs the name of a record', help)
        name, keys = arguments[0].name, arguments[1:]
        if name not in self.records:
            message, help = f'no record is called "{name}"', did_you_mean(name, self.records)
            raise UnknownNameError(message, offset=offset_of(name, self.source), help=help)
        record = self.records[name]
        if record.is_queue:
            help = "ask for a place in it with the step `place`"
            raise self.error(name, f'"{name}" is a queue', help)
        if record.key is None and keys:
            raise self.error(name, f'"{name}" has no keys', f"write {function}({name})")
        if record.key is not None:
            if len(keys) != 1:
                help = f"write {function}({name}, {record.key.name})"
                raise self.error(name, f'"{name}" has a value for each {record.key.name}', help)
            self.key(name, keys[0], record.key)

    def key(self, record: str, key: nodes.Expr, wanted: Type) -> None:
        given = self.type_of(key)
        self.refuse_secret(record, given)
        if not accepts(wanted, given):
            message = f'a key of "{record}" is {describe(wanted)}, not {describe(given)}'
            help = "give a key for null with `| default(...)`, or declare `key:` nullable"
            nullable = given is not None and given.nullable
            raise self.error(record, message, help if nullable else "")

    def argument(self, function: str, argument: nodes.Expr, wanted: Type) -> None:
        if isinstance(argument, nodes.Name) and argument.name not in self.names:
            self.unknown_argument(argument.name, wanted)
        given = self.type_of(argument)
        self.refuse_secret(function, given)
        if accepts(wanted, given):
            return
        shown, help = describe(given), ""
        if wanted.name is T.SCHEDULE and isinstance(argument, nodes.Const):
            shown = f'"{argument.value}"'
            help = f"write it without quotes: {function}({argument.value})"
        raise self.error(function, f'"{function}" needs a {describe(wanted)}, not {shown}', help)

    def unknown_argument(self, name: str, wanted: Type) -> None:
        fitting = [each for each, type_ in self.names.items() if type_ == wanted]
        if not fitting:
            return
        message = f'there is no {describe(wanted)} "{name}" here'
        help = did_you_mean(name, fitting)
        raise UnknownNameError(message, offset=offset_of(name, self.source), help=help)

    def property(self, inner: nodes.Node, name: str) -> Type | None:
        held = self.type_of(inner)
        if held is None:
            return None
        if held.name is not T.OBJECT:
            raise self.error(name, f'{describe(held)} has no property "{name}"')
        if held.properties is None:
            return held.of
        if name not in held.properties:
            raise UnknownNameError(
                f'there is no "{name}" in it',
                offset=offset_of(name, self.source),
                help=did_you_mean(name, held.properties),
            )
        return _perhaps(held.properties[name], held.nullable)

    def item(self, node: nodes.Getitem) -> Type | None:
        if isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            return self.present(node, self.property(node.node, node.arg.value))
        held = self.type_of(node.node)
        self.number(node.arg, "[")
        if held is not None and held.name is not T.LIST:
            raise self.error("[", f"{describe(held)} is no list")
        if held is None or held.of is None:
            return None
        return self.present(node, _perhaps(held.of, True))

    def list(self, items: list[nodes.Expr]) -> Type:
        found = [self.type_of(each) for each in items]
        of = found[0] if found else None
        for each in found[1:]:
            of = either(of, each)
        return Type(name=T.LIST, of=of)

    def filter(self, node: nodes.Filter) -> Type | None:
        known = FILTERS.get(node.name)
        if known is None:
            help = did_you_mean(node.name, FILTERS)
            raise self.error(node.name, f'there is no filter "{node.name}"', help)
        inner = node.node or nodes.Const(None)
        given = self.type_of(inner)
        self.applied(node, known, given)
        self.written(node, known)
        if node.name != "default":
            return Type(name=known.gives)
        other = self.type_of(node.args[0])
        if given is not None and given.name is T.NULL:
            return other
        return either(_sure(given), other)

    def written(self, node: nodes.Filter | nodes.Test, known: Filter) -> None:
        """Judge the arguments that are written out."""
        for argument in node.args:
            if known.check is None or not isinstance(argument, nodes.Const):
                continue
            try:
                known.check(argument.value)
            except ExpressionError as error:
                raise self.error(str(argument.value), error.message, error.help) from None

    def test(self, node: nodes.Test) -> Type | None:
        known = TESTS.get(node.name)
        if known is None:
            help = REMEDY_BY_TEST.get(node.name) or did_you_mean(node.name, TESTS)
            raise self.error(node.name, f'there is no test "{node.name}"', help)
        self.applied(node, known, self.type_of(node.node))
        self.written(node, known)
        return BOOLEAN

    def applied(self, node: nodes.Filter | nodes.Test, known: Filter, given: Type | None) -> None:
        if len(node.args) != known.arguments or node.kwargs or node.dyn_args or node.dyn_kwargs:
            wanted = "no argument" if not known.arguments else "one argument"
            raise self.error(node.name, f'"{node.name}" takes {wanted}')
        operands = (given, *[self.type_of(argument) for argument in node.args])
        if not known.for_secrets:
            for operand in operands:
                self.refuse_secret(node.name, operand)
        if given is None or not known.takes or given.name is T.NULL:
            return
        if given.nullable and known.needs_value:
            help = "give a value for null with `| default(...)` first"
            raise self.error(node.name, f'there may be nothing for "{node.name}"', help)
        if given.name not in known.takes:
            raise self.error(node.name, f'"{node.name}" can\'t be asked of {describe(given)}')

    def compare(self, node: nodes.Compare) -> Type:
        left = self.type_of(node.expr)
        for link in node.ops:
            right = self.type_of(link.expr)
            if link.op in ("in", "notin"):
                self.membership(left, right)
            else:
                self.comparison(link.op, left, right)
            left = right
        return BOOLEAN

    def membership(self, item: Type | None, items: Type | None) -> None:
        if items is None:
            return
        if items.name is not T.LIST:
            raise self.error("in", f'"in" needs a list, not {describe(items)}', 'write ["a", "b"]')
        self.comparison("eq", item, items.of)

    def comparison(self, op: str, left: Type | None, right: Type | None) -> None:
        if left is None or right is None or T.NULL in (left.name, right.name):
            return
        word = WORD_BY_COMPARISON[op]
        if group(left) != group(right):
            digits = T.DIGITS in (left.name, right.name)
            remedy = 'quote the digits, or compare "... | int"' if digits else ""
            told = "are never equal" if op in ("eq", "ne") else "can't be compared"
            raise self.error(word, f"{describe(left)} and {describe(right)} {told}", remedy)
        if T.INSTANT in (left.name, right.name) and left.name is right.name:
            help = "compare their `| date` or `| time`"
            raise self.error(word, "points in time can't be compared: their zones may differ", help)
        if op not in ("eq", "ne") and group(left) in ("boolean", "list", "object", "schedule"):
            raise self.error(word, f"{describe(left)} can't be put in order")
        self.enumerated(left, right)

    def enumerated(self, left: Type, right: Type) -> None:
        """A literal outside the possible values can never be equal."""
        if left.enum and right.enum and not set(left.enum) & set(right.enum):
            known, other = (left, right) if len(right.enum) == 1 else (right, left)
            word = other.enum[0]
            raise self.error(word, f'"{word}" can never be it', did_you_mean(word, known.enum))

    def arithmetic(self, node: nodes.BinExpr) -> Type:
        word = OPERATORS[type(node)]
        divides = word in ("/", "//", "%")
        if divides and isinstance(node.right, nodes.Const) and node.right.value == 0:
            raise self.error(word, "division by zero")
        left, right = self.number(node.left, word), self.number(node.right, word)
        whole = type(node) is not nodes.Div
        if whole and left.name is T.INTEGER and right.name is T.INTEGER:
            return left
        if whole and T.DURATION in (left.name, right.name):
            return Type(name=T.DURATION)
        return Type(name=T.NUMBER)

    def number(self, node: nodes.Node, word: str) -> Type:
        given = self.type_of(node)
        self.refuse_secret(word, given)
        if given is None:
            return Type(name=T.NUMBER)
        if given.name not in NUMBERS:
            remedy = "use `| int`" if given.name in TEXTS else ""
            raise self.error(word, f'"{word}" needs a number, not {describe(given)}', remedy)
        if given.nullable:
            raise self.error(word, "there may be no number", "give one with `| default(0)`")
        return given

    def text(self, node: nodes.Node, word: str) -> None:
        given = self.type_of(node)
        self.refuse_secret(word, given)
        if given is not None and given.name in TEXTLESS:
            raise self.error(word, f"{describe(given)} has no text")


def _type_of_constant(value: object) -> Type | None:
    if value is None:
        return Type(name=T.NULL)
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return Type(name=T.INTEGER)
    if isinstance(value, float):
        return Type(name=T.NUMBER)
    return Type(name=T.STRING, enum=(str(value),))


def _perhaps(type_: Type, nullable: bool) -> Type:
    """The type of a part: what holds it may be null, or a list too short."""
    return msgspec.structs.replace(type_, nullable=type_.nullable or nullable)


def _sure(type_: Type | None) -> Type | None:
    return None if type_ is None else msgspec.structs.replace(type_, nullable=False)
