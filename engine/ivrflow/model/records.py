"""What a step on a record yields, by the record's declaration."""

from typing import Protocol

import msgspec

from ivrflow.expr.types import T, Type
from ivrflow.model.flow import Operation


class Declared(Protocol):
    """A record as it was declared, in a model or in a program."""

    @property
    def key(self) -> Type | None: ...

    @property
    def kept(self) -> Type: ...


def yields(operation: Operation, record: Declared) -> Type:
    """Return the type of what `into` gets; a claim without keys yields true or null."""
    match operation:
        case "read" | "dequeue":
            return _or_null(record.kept)
        case "claim":
            return _or_null(record.key or Type(name=T.BOOLEAN))
        case "delete":
            return Type(name=T.BOOLEAN)
        case "count" | "enqueue":
            return Type(name=T.INTEGER)
        case "place" | "put":
            return Type(name=T.INTEGER, nullable=True)


def _or_null(type_: Type) -> Type:
    return msgspec.structs.replace(type_, nullable=True)
