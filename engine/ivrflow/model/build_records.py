"""Declared records from nodes: memory across calls."""

from collections.abc import Callable
from typing import Literal, cast

from ivrflow.diagnostics import Kind
from ivrflow.expr.secrecy import is_secret
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import Record
from ivrflow.model.literals import read_duration
from ivrflow.model.reader import Reader, child, entries, fixed, place, word
from ivrflow.source.node import Entry, Mapping, Node

ReadType = Callable[[Reader, Node | None], Type]

WRONG_RECORD = Kind(
    "E624",
    "wrong-record",
    "A record has a key of a type that is no single text, or expires at once: nothing is found.",
    bad="""
flow: example
start: greet
records: {attempts: {key: object, value: integer}}
states:
  greet:
    do: [{count: {record: attempts, key: "{{ call.from }}"}}]
    say: Hello.
    hangup:
""",
    good="""
flow: example
start: greet
records: {attempts: {key: phone?, value: integer}}
states:
  greet:
    do: [{count: {record: attempts, key: "{{ call.from }}"}}]
    say: Hello.
    hangup:
""",
    fatal=True,
)

KEY_TYPES = frozenset({T.STRING, T.INTEGER, T.BOOLEAN, T.DIGITS, T.PHONE, T.DATE, T.TIME})
"""The types whose values are one text each."""


def build_records(reader: Reader, node: Node | None, read_type: ReadType) -> dict[str, Record]:
    """Build `records:` of a flow or an application."""
    return {each.key.text: _record(reader, each, read_type) for each in entries(node)}


def _record(reader: Reader, entry: Entry, read_type: ReadType) -> Record:
    node = entry.value
    expires = child(node, "expires")
    lasts = fixed(expires, 0).milliseconds
    if read_duration(word(expires)) == 0:
        help = "leave `expires` out to keep it for ever"
        reader.note(
            WRONG_RECORD, place(expires), "a record that expires after 0 keeps nothing", help
        )
    key = _key(reader, child(node, "key"), read_type)
    value = _value(reader, child(node, "value"), read_type)
    if is_secret(value):
        help = "keep it where it is checked, and ask there over https"
        reader.note(WRONG_RECORD, entry.key.span, "a record keeps no secrets", help)
    return Record(
        key=key,
        value=value,
        kind=cast(Literal["value", "queue"], word(child(node, "kind"), "value")),
        expires=lasts,
        at=entry.key.span,
    )


def _key(reader: Reader, node: Node | None, read_type: ReadType) -> Type | None:
    if node is None:
        return None
    type_ = read_type(reader, node)
    if type_.name not in KEY_TYPES:
        help = "a key is a string, digits, phone, integer, boolean, date or time"
        reader.note(WRONG_RECORD, place(node), f"{type_.name} can't be a key", help)
    return type_


def _value(reader: Reader, node: Node | None, read_type: ReadType) -> Type | None:
    """Read one type, or the types of an object's properties by their names."""
    if node is None:
        return None
    if isinstance(node, Mapping):
        _alone(reader, node, read_type)
        properties = {each.key.text: read_type(reader, each.value) for each in entries(node)}
        return Type(name=T.OBJECT, properties=properties)
    return read_type(reader, node)


def _alone(reader: Reader, node: Mapping, read_type: ReadType) -> None:
    """Note what is written as a declaration is, but would be read as an object with a `type`."""
    type_ = node.get("type")
    if type_ is not None and len(node.entries) == 1:
        written = read_type(reader, type_).name
        message = 'this is an object with one property, "type"'
        reader.note(WRONG_RECORD, place(type_), message, f"write `value: {written}`")
