"""Reading nodes as what the grammar says they are.

The schema has judged their shapes already: what has the wrong one is read as absent, silently. Only
what the schema can't say becomes a finding here.
"""

import re
from collections.abc import Iterable, Iterator

from ivrflow.diagnostics import START, Diagnostic, Kind, Span
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import (
    Amd,
    Computed,
    Constant,
    Duration,
    Expr,
    Fixed,
    ListValue,
    ObjectValue,
    Ref,
    Template,
    Text,
    TextValue,
)
from ivrflow.model.literals import guess, property_type, read_duration, read_literal
from ivrflow.source.node import BOOLEANS, Entry, Mapping, Node, Scalar, Sequence

NOT_YET = Kind(
    "E090",
    "not-supported-yet",
    "A word of the language is used that this release does not know what to do with.",
    bad="""
flow: example
start: greet
params: {to: destination?}
states:
  greet: {say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
params: {to: phone?}
states:
  greet: {say: Hello., hangup: }
""",
)
WRONG_LITERAL = Kind(
    "E606",
    "wrong-literal",
    "A value is not of the type that was declared for it.",
    bad="""
flow: example
start: greet
vars: {tries_left: {type: integer, default: three}}
states:
  greet: {say: "{{ tries_left }} tries.", hangup: }
""",
    good="""
flow: example
start: greet
vars: {tries_left: {type: integer, default: 3}}
states:
  greet: {say: "{{ tries_left }} tries.", hangup: }
""",
    fatal=True,
)

_COUNT = re.compile(r"[+]?[0-9]{1,9}(\.0*)?")


class Reader:
    """Reads the nodes of one file."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.findings: list[Diagnostic] = []

    def note(self, kind: Kind, span: Span, message: str, help: str = "") -> None:
        self.findings.append(kind.at(self.path, span, message, help=help))

    def not_yet(self, span: Span, what: str) -> None:
        self.note(NOT_YET, span, f'"{what}" is not supported yet')

    def refuse(self, node: Node | None, keys: Iterable[str]) -> None:
        """Note those of `keys` that stand in the mapping `node`: their time has not come."""
        for entry in entries(node):
            if entry.key.text in keys:
                self.not_yet(entry.key.span, entry.key.text)

    def template(self, node: Node, wanted: Type | None) -> Template:
        """Read a value. Scalars are read as `wanted`, or by their YAML form if that is None."""
        match node:
            case Mapping():
                return ObjectValue(
                    properties={
                        each.key.text: self.template(
                            each.value, property_type(wanted, each.key.text)
                        )
                        for each in node
                    },
                    at=node.span,
                )
            case Sequence():
                of = None if wanted is None else wanted.of
                items = tuple(self.template(each, of) for each in node)
                return ListValue(items=items, at=node.span)
            case Scalar():
                return self.scalar(node, wanted)

    def as_written(self, node: Node) -> Template:
        """Read a value whose type another file tells: every scalar stays text, but for null."""
        match node:
            case Mapping():
                properties = {each.key.text: self.as_written(each.value) for each in node}
                return ObjectValue(properties=properties, at=node.span)
            case Sequence():
                items = tuple(self.as_written(each) for each in node)
                return ListValue(items=items, at=node.span)
            case Scalar():
                if node.is_null:
                    return Constant(value=None, at=node.span)
                return TextValue(text=Text(source=node.text, scalar=node))

    def scalar(self, scalar: Scalar, wanted: Type | None) -> Template:
        if "{{" in scalar.text or "{%" in scalar.text:
            return TextValue(text=Text(source=scalar.text, scalar=scalar))
        if wanted is not None and wanted.name is T.SCHEDULE and not scalar.is_null:
            help = f'write "{{{{ {scalar.text} }}}}"'
            self.note(WRONG_LITERAL, scalar.span, f'"{scalar.text}" is text, not a schedule', help)
            return Constant(value=None, at=scalar.span)
        value = self.literal(scalar, wanted)
        if isinstance(value, str) and (wanted is None or wanted.name is T.STRING):
            return TextValue(text=Text(source=value, scalar=scalar))
        return Constant(value=value, at=scalar.span)

    def literal(self, scalar: Scalar, wanted: Type | None) -> str | int | float | bool | None:
        """Return the JSON value of a scalar; None, with a finding, where it has another type."""
        if wanted is None:
            _, value = guess(scalar)
        elif scalar.is_null and (wanted.nullable or wanted.name is T.NULL):
            value = None
        else:
            try:
                value = read_literal(scalar.text, wanted)
            except ValueError as error:
                self.note(WRONG_LITERAL, scalar.span, str(error), _computed(scalar.text))
                return None
        assert value is None or isinstance(value, str | int | float | bool)  # noqa: S101
        return value


def _computed(text: str) -> str:
    """What to write if `text` was meant as an expression."""
    meant = re.search(r"[a-z_].*[-+*/|.~]|^[a-z_]+$", text) is not None
    return f'if it is to be computed, write "{{{{ {text} }}}}"' if meant else ""


def entries(node: Node | None) -> Iterator[Entry]:
    """Yield the entries of a mapping, nothing of another node."""
    if isinstance(node, Mapping):
        yield from node


def items(node: Node | None) -> Iterator[Node]:
    """Yield the items of a sequence, nothing of another node."""
    if isinstance(node, Sequence):
        yield from node


def several(node: Node | None) -> list[Node]:
    """Return the items of a sequence, or the one node that stands for them."""
    if node is None:
        return []
    return list(node) if isinstance(node, Sequence) else [node]


def child(node: Node | None, key: str) -> Node | None:
    return node.get(key) if isinstance(node, Mapping) else None


def place(node: Node | None) -> Span:
    return START if node is None else node.span


def word(node: Node | None, default: str = "") -> str:
    return node.text if isinstance(node, Scalar) and not node.is_null else default


def text(node: Node | None) -> Text | None:
    if isinstance(node, Scalar) and not node.is_null:
        return Text(source=node.text, scalar=node)
    return None


def texts(node: Node | None) -> dict[str, Text]:
    """Return the texts of a mapping by their keys."""
    return {
        each.key.text: source for each in entries(node) if (source := text(each.value)) is not None
    }


def expression(node: Node | None) -> Expr | None:
    if isinstance(node, Scalar) and not node.is_null:
        return Expr(source=node.text, scalar=node)
    return None


def ref(node: Node | None) -> Ref | None:
    return Ref(name=node.text, at=node.span) if isinstance(node, Scalar) and node.text else None


def boolean(node: Node | None, default: bool) -> bool:
    return BOOLEANS.get(word(node), default)


def amd(node: Node | None) -> Amd:
    """Read whether it is to be told who answers."""
    return "async" if word(node) == "async" else boolean(node, default=False)


def integer(node: Node | None, default: int) -> int:
    digits = word(node)
    return int(float(digits)) if _COUNT.fullmatch(digits) else default


def fixed(node: Node | None, default: int) -> Fixed:
    """Read a duration that is written out, in milliseconds."""
    found = read_duration(word(node))
    return Fixed(milliseconds=default if found is None else found, at=place(node))


def duration(node: Node | None) -> Duration | None:
    """Read a duration: written out, or a text that yields one."""
    source = text(node)
    if source is None:
        return None
    if "{{" in source.source:
        return Computed(text=source)
    found = read_duration(source.source)
    return None if found is None else Fixed(milliseconds=found, at=place(node))
