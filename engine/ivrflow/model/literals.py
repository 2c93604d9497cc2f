"""Reading an author's text as a value of a type: numbers, times and durations as written."""

import re
from datetime import date

from ivrflow.expr.parse import MAX_NUMBER
from ivrflow.expr.types import T, Type
from ivrflow.numbers import is_e164
from ivrflow.source.node import BOOLEANS, Scalar

MILLISECONDS_BY_UNIT = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}

_DURATION = re.compile(r"(?:[0-9]{1,9}(?:ms|s|m|h|d))+")
_PART = re.compile(r"([0-9]+)(ms|s|m|h|d)")
_INTEGER = re.compile(r"[-+]?[0-9]{1,15}")
_NUMBER = re.compile(r"[-+]?(?:[0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_DIGITS = re.compile(r"[0-9*#]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")

EXAMPLE_BY_TYPE = {
    T.INTEGER: "a whole number such as 3",
    T.NUMBER: "a number such as 2.5",
    T.BOOLEAN: "true or false",
    T.DIGITS: "digits such as 0123",
    T.PHONE: 'a number such as "+46850000001"',
    T.DATE: "a date such as 2026-11-23",
    T.TIME: "a time such as 08:30",
    T.DURATION: "a duration such as 20s or 1m30s",
    T.LIST: "a list",
    T.OBJECT: "a mapping",
}


def read_duration(text: str) -> int | None:
    """Return the milliseconds of `1m30s`, or None for another text."""
    if _DURATION.fullmatch(text) is None:
        return None
    return sum(int(count) * MILLISECONDS_BY_UNIT[unit] for count, unit in _PART.findall(text))


def written_duration(ms: int) -> str:
    """Return milliseconds as durations are written: `1m30s`."""
    told = ""
    for unit, of_it in reversed(MILLISECONDS_BY_UNIT.items()):
        count, ms = divmod(ms, of_it)
        told += f"{count}{unit}" if count else ""
    return told or "0s"


def read_literal(text: str, type_: Type) -> object:
    """Return the JSON value of `text` read as `type_`; raises `ValueError` with what it should be.

    Lists and objects are never one scalar, so no text is one.
    """
    value = _value(text, type_)
    if value is None:
        expected = EXAMPLE_BY_TYPE.get(type_.name, str(type_.name))
        raise ValueError(f'"{text}" is not {expected}')
    if type_.enum and text not in type_.enum:
        raise ValueError(f'"{text}" is none of {", ".join(type_.enum)}')
    return value


def _value(text: str, type_: Type) -> object:
    match type_.name:
        case T.INTEGER:
            return int(text) if _INTEGER.fullmatch(text) else None
        case T.NUMBER:
            return float(text) if _NUMBER.fullmatch(text) else None
        case T.BOOLEAN:
            return BOOLEANS.get(text)
        case T.DIGITS:
            return text if _DIGITS.fullmatch(text) else None
        case T.PHONE:
            return text if is_e164(text) else None
        case T.DATE:
            return text if is_date(text) else None
        case T.TIME:
            return text if _TIME.fullmatch(text) else None
        case T.DURATION:
            return read_duration(text)
        case T.LIST | T.OBJECT | T.PROMPT | T.NULL | T.INSTANT:
            return None
        case _:
            return text


def fits(value: object, type_: Type) -> bool:
    """Whether a JSON value is one of `type_`: what was written by another flow, or another
    release of this one, may be none."""
    match type_.name:
        case _ if value is None:
            return type_.nullable
        case T.BOOLEAN:
            return isinstance(value, bool)
        case T.INTEGER | T.DURATION:
            return isinstance(value, int) and _is_number(value)
        case T.NUMBER:
            return _is_number(value)
        case T.LIST:
            of = type_.of
            return isinstance(value, list) and (of is None or all(fits(each, of) for each in value))
        case T.OBJECT:
            properties = (type_.properties or {}).items()
            return isinstance(value, dict) and all(
                fits(value.get(name), each) for name, each in properties
            )
        case _:
            known = not type_.enum or value in type_.enum
            return isinstance(value, str) and known and _value(value, type_) is not None


def _is_number(value: object) -> bool:
    """Whether a JSON value is a number that JSON keeps exactly."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -MAX_NUMBER <= value <= MAX_NUMBER


def guess(scalar: Scalar) -> tuple[Type, object]:
    """Return the type and value that an undeclared literal has by the way it is written.

    Quoted text is always a string; of plain text, `0123` are digits and `+46850000001` is a phone.
    """
    text = scalar.text
    if not scalar.plain:
        return Type(name=T.STRING), text
    if scalar.is_null:
        return Type(name=T.NULL), None
    for name in _likely(text):
        type_ = Type(name=name)
        value = _value(text, type_)
        if value is not None:
            return type_, value
    return Type(name=T.STRING), text


def _likely(text: str) -> tuple[T, ...]:
    if text.startswith("+") and is_e164(text) and len(text) > 7:
        return (T.PHONE,)
    if text.isdigit() and len(text) > 1 and text.startswith("0"):
        return (T.DIGITS,)
    return (T.BOOLEAN, T.INTEGER, T.NUMBER, T.DATE, T.TIME, T.DURATION)


def is_date(text: str) -> bool:
    """Whether `text` is a date of the calendar, ISO 8601."""
    try:
        return _DATE.fullmatch(text) is not None and bool(date.fromisoformat(text))
    except ValueError:
        return False


def property_type(type_: Type | None, name: str) -> Type | None:
    """Return the declared type of one property of an object, None if there is none."""
    if type_ is None or type_.properties is None:
        return None
    return type_.properties.get(name)
