"""Nodes to what records hold: before a call, meanwhile, and in the end."""

from collections.abc import Iterable, Mapping

from ivrflow.diagnostics import did_you_mean
from ivrflow.expr.types import Type
from ivrflow.machine.recorded import key_text
from ivrflow.model import flow as model
from ivrflow.model.literals import fits, property_type
from ivrflow.model.reader import WRONG_LITERAL, Reader, entries, items
from ivrflow.scenarios.model import Record
from ivrflow.source.kinds import UNKNOWN_KEY, WRONG_VALUE
from ivrflow.source.node import Mapping as MappingNode
from ivrflow.source.node import Node, Scalar, Sequence


class RecordBuilder:
    """Reads records of a file about `flow`; `records` are those that it can name."""

    def __init__(
        self, reader: Reader, flow: model.Flow | None, records: Mapping[str, model.Record]
    ) -> None:
        self.reader = reader
        self.flow = flow
        self.records = records

    def values(self, node: Node | None) -> Iterable[tuple[str, str, Node]]:
        """Yield record, key and value of what is written as `record: {key: value}`, or as
        `record: value` where there is one only. The value of a queue is a list."""
        for each in entries(node):
            name = each.key.text
            record = self.records.get(name)
            note_unknown(self.reader, self.flow, each.key, self.records, "record")
            if record is None:
                continue
            for key, value in self.by_key(name, record, each.value):
                if record.kind == "value" or isinstance(value, Sequence):
                    yield name, key, value
                else:
                    help = "write what each call in it waits with, [] for nobody"
                    message = f'"{name}" is a queue: a list is expected'
                    self.reader.note(WRONG_VALUE, value.span, message, help)

    def by_key(self, name: str, record: model.Record, node: Node) -> Iterable[tuple[str, Node]]:
        if record.key is None:
            yield "", node
        elif isinstance(node, MappingNode):
            for each in node:
                key = self.reader.literal(each.key, record.key)
                yield key_text(key), each.value
        else:
            message = f'"{name}" has keys: a mapping from keys to values is expected'
            self.reader.note(WRONG_VALUE, node.span, message)

    def held(self, node: Node | None) -> tuple[Record, ...]:
        return tuple(
            Record(
                record=self.stored(name),
                key=key,
                value=self.kept(self.records[name], value),
                lasts=self.records[name].expires,
                waits=self.is_queue(name),
                at=value.span,
            )
            for name, key, given in self.values(node)
            for value in (items(given) if self.is_queue(name) else [given])
        )

    def is_queue(self, name: str) -> bool:
        return self.records[name].kind == "queue"

    def stored(self, name: str) -> str:
        """Return the name that the store knows a record by: one of this flow or its application, or
        `FLOW.NAME` of another flow's."""
        own = self.flow is not None and name in self.flow.records
        return f"{self.flow.name}.{name}" if self.flow is not None and own else name

    def kept(self, record: model.Record, node: Node) -> object:
        """Read what a record is to hold; note what is of another type."""
        before = len(self.reader.findings)
        value = self.typed(node, record.kept)
        if len(self.reader.findings) == before and not fits(value, record.kept):
            message = f"this is no {record.kept.name}, which the record holds"
            self.reader.note(WRONG_LITERAL, node.span, message)
        return value

    def typed(self, node: Node, type_: Type | None) -> object:
        """Return the JSON value of a node, read by its type."""
        match node:
            case MappingNode():
                return {
                    each.key.text: self.typed(each.value, property_type(type_, each.key.text))
                    for each in node
                }
            case Sequence():
                return [self.typed(each, None if type_ is None else type_.of) for each in node]
            case Scalar():
                return self.reader.literal(node, type_)


def note_unknown(
    reader: Reader, flow: model.Flow | None, key: Scalar, names: Iterable[str], what: str
) -> None:
    """Note a name that a flow, if there is one, doesn't have."""
    if flow is not None and key.text not in names:
        message = f'there is no {what} "{key.text}" in "{flow.name}"'
        reader.note(UNKNOWN_KEY, key.span, message, did_you_mean(key.text, names))
