"""Records: under which names the store keeps them, and steps on them, by their types."""

from collections.abc import Mapping

from ivrflow.compiler.values import given
from ivrflow.expr.compile import Scope, Value
from ivrflow.expr.types import T, Type
from ivrflow.machine.program import DeclaredRecord, RecordOperation
from ivrflow.model import flow as model
from ivrflow.model.records import yields


def compile_records(
    flow: model.Flow, shared: Mapping[str, model.Record]
) -> dict[str, DeclaredRecord]:
    """Return the records that `flow` can use; its own hide the `shared` ones of its application."""
    own = {name: _declared(f"{flow.name}.{name}", each) for name, each in flow.records.items()}
    return {name: _declared(name, each) for name, each in shared.items()} | own


def compile_operation(step: model.RecordOperation, record: DeclaredRecord) -> RecordOperation:
    """Compile a step on `record`."""
    return RecordOperation(
        operation=step.operation,
        record=record,
        keys=_keys(step, record.key),
        value=(lambda scope: True) if step.value is None else given(step.value, record.kept),
        yields=yields(step.operation, record),
        into=None if step.into is None else step.into.name,
    )


def _declared(name: str, record: model.Record) -> DeclaredRecord:
    return DeclaredRecord(name=name, key=record.key, kept=record.kept, lasts=record.expires)


def _keys(step: model.RecordOperation, type_: Type | None) -> Value:
    """Return a closure that yields the list of keys."""
    if type_ is not None and step.any is not None:
        return given(step.any, Type(name=T.LIST, of=type_))
    if type_ is None or step.key is None:
        return lambda scope: []
    one = given(step.key, type_)

    def alone(scope: Scope) -> list[object]:
        return [one(scope)]

    return alone
