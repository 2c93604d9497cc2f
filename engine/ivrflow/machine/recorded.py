"""Memory across calls as a flow uses it: keys and values by their types, in and out."""

import hashlib
from collections.abc import Callable, Mapping

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope, bounded_value
from ivrflow.machine.program import DeclaredRecord, RecordOperation
from ivrflow.model.literals import fits
from ivrflow.records import (
    Claim,
    Count,
    Delete,
    Dequeue,
    Enqueue,
    Operation,
    Place,
    Put,
    Read,
)

MAX_KEY = 200
"""Characters of a key; a longer one is kept by its beginning and a hash."""

Ask = Callable[[Operation], object]
"""Asks, and returns what the operation yielded."""

Keys = dict[str, object]
"""Keys by the text that the store knows them by."""


def perform(step: RecordOperation, scope: Scope, ask: Ask) -> object:
    """Ask for the operation of a step and return what it yields; raises `EvaluationError` where a
    key, a value, or what was kept before is not of its type."""
    keys = _keys(step, scope)
    answer = ask(_operation(step, keys, scope))
    if step.operation == "claim":
        return None if answer is None else keys.get(str(answer))
    if not fits(answer, step.yields):
        raise EvaluationError(f'what "{step.record.name}" holds is no {step.record.kept.name}')
    return answer


def recorded(records: Mapping[str, DeclaredRecord], ask: Ask) -> Callable[..., bool]:
    """Return the function `recorded`: whether there is a value of a record, under a key."""

    def is_recorded(name: str, key: object = None) -> bool:
        record = records.get(name)
        if record is None:
            raise EvaluationError(f'there is no record "{name}"')
        text = "" if record.key is None else _text(key, record)
        return ask(Read(record=record.name, key=text)) is not None

    return is_recorded


def _operation(step: RecordOperation, keys: Keys, scope: Scope) -> Operation:
    record, lasts = step.record.name, step.record.lasts
    key = next(iter(keys), "")
    match step.operation:
        case "read":
            return Read(record=record, key=key)
        case "put":
            return Put(record=record, key=key, value=_value(step, scope), lasts=lasts)
        case "delete":
            return Delete(record=record, key=key)
        case "count":
            return Count(record=record, key=key, lasts=lasts)
        case "claim":
            value = _value(step, scope)
            return Claim(record=record, keys=tuple(keys), value=value, lasts=lasts)
        case "enqueue":
            return Enqueue(record=record, key=key, value=_value(step, scope), lasts=lasts)
        case "dequeue":
            return Dequeue(record=record, key=key)
        case _:
            return Place(record=record, key=key)


def _keys(step: RecordOperation, scope: Scope) -> Keys:
    if step.record.key is None:
        return {"": True}
    found = step.keys(scope)
    if not isinstance(found, list):
        raise EvaluationError(f'the keys of "{step.record.name}" are no list')
    return {_text(each, step.record): each for each in found}


def _text(key: object, record: DeclaredRecord) -> str:
    """Return a key as text; null, where it may be one, is the empty text."""
    if record.key is None or not fits(key, record.key):
        given = "null" if key is None else "this key"
        raise EvaluationError(f'{given} is none that "{record.name}" can have')
    return key_text(key)


def key_text(key: object) -> str:
    """Return a key as the store knows it."""
    if isinstance(key, bool):
        return str(key).lower()
    text = "" if key is None else str(key)
    return text if len(text) <= MAX_KEY else _shortened(text)


def _shortened(text: str) -> str:
    """A key within `MAX_KEY`: its beginning, and a hash that keeps it apart. What a caller sends
    may be long, and is no fault of the flow."""
    apart = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
    return f"{text[: MAX_KEY - len(apart) - 1]}~{apart}"


def _value(step: RecordOperation, scope: Scope) -> object:
    value = bounded_value(step.value(scope))
    if not fits(value, step.record.kept):
        kept = step.record.kept.name
        raise EvaluationError(f'what "{step.record.name}" should keep is no {kept}')
    return value
