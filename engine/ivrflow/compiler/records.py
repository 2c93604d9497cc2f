"""Steps on records: under which name the store keeps them, with keys and values by their types."""

from collections.abc import Mapping

from ivrflow.compiler.values import given
from ivrflow.expr.compile import Scope, Value
from ivrflow.expr.types import T, Type
from ivrflow.machine import program
from ivrflow.model import flow as model
from ivrflow.model.records import yields


def compile_operation(
    step: model.RecordOperation, flow: model.Flow, shared: Mapping[str, model.Record]
) -> program.RecordOperation:
    """Compile a step of `flow`; `shared` are the records of its application."""
    name = step.record.name
    own = flow.records.get(name)
    record = own or shared[name]
    return program.RecordOperation(
        operation=step.operation,
        record=name if own is None else f"{flow.name}.{name}",
        lasts=record.expires,
        keys=_keys(step, record.key),
        key=record.key,
        value=(lambda scope: True) if step.value is None else given(step.value, record.kept),
        kept=record.kept,
        yields=yields(step.operation, record),
        into=None if step.into is None else step.into.name,
    )


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
