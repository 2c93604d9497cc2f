"""Memory across calls as a step uses it: keys and values by their types, in and out."""

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import bounded_value
from ivrflow.expr.types import Type
from ivrflow.machine.program import RecordOperation
from ivrflow.machine.scope import Names, Told
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
"""Characters of a key."""

Keys = dict[str, object]
"""Keys by the text that the store knows them by."""


def remember(step: RecordOperation, names: Names, told: Told) -> object:
    """Ask for the operation and return what it yields; raises `EvaluationError` where a key, a
    value, or what was kept before is not of its type."""
    keys = _keys(step, names)
    answer = told.ask(_operation(step, keys, names)).value
    if step.operation == "claim":
        return None if answer is None else keys.get(str(answer))
    if not fits(answer, step.yields):
        raise EvaluationError(f'what "{step.record}" holds is no {step.kept.name}')
    return answer


def _operation(step: RecordOperation, keys: Keys, names: Names) -> Operation:
    record, lasts = step.record, step.lasts
    key = next(iter(keys), "")
    match step.operation:
        case "read":
            return Read(record=record, key=key)
        case "put":
            return Put(record=record, key=key, value=_value(step, names), lasts=lasts)
        case "delete":
            return Delete(record=record, key=key)
        case "count":
            return Count(record=record, key=key, lasts=lasts)
        case "claim":
            value = _value(step, names)
            return Claim(record=record, keys=tuple(keys), value=value, lasts=lasts)
        case "enqueue":
            return Enqueue(record=record, key=key, value=_value(step, names), lasts=lasts)
        case "dequeue":
            return Dequeue(record=record, key=key)
        case _:
            return Place(record=record, key=key)


def _keys(step: RecordOperation, names: Names) -> Keys:
    if step.key is None:
        return {"": True}
    found = step.keys(names)
    if not isinstance(found, list):
        raise EvaluationError(f'the keys of "{step.record}" are no list')
    return {_key(each, step.key, step.record): each for each in found}


def _key(value: object, type_: Type, record: str) -> str:
    """Return a key as text; null, where it may be one, is the empty text."""
    if not fits(value, type_):
        given = "null" if value is None else "the key"
        raise EvaluationError(f'{given} is no {type_.name}, which keys of "{record}" are')
    if isinstance(value, bool):
        return str(value).lower()
    text = "" if value is None else str(value)
    if len(text) > MAX_KEY:
        raise EvaluationError(f'a key of "{record}" of more than {MAX_KEY} characters')
    return text


def _value(step: RecordOperation, names: Names) -> object:
    value = bounded_value(step.value(names))
    if not fits(value, step.kept):
        raise EvaluationError(f'what is put into "{step.record}" is no {step.kept.name}')
    return value
