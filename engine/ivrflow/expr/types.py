"""The types of values that a flow handles, as authors write them: `phone`, `integer?`, `list`."""

from enum import StrEnum

import msgspec


class T(StrEnum):
    """The names of types. Values at run time are plain JSON values:

    string, digits, phone, prompt, destination: text; phone is E.164 with `+`.
    schedule: its qualified name, see `Program.schedules`.
    integer, number: int, float. boolean: bool. list, object: list, dict.
    date: `2026-11-23`. time: `08:30`. duration: milliseconds as int.
    instant: a point in time, ISO 8601 with its offset (`now` in UTC; authors can't declare one).
    """

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DIGITS = "digits"
    PHONE = "phone"
    DATE = "date"
    TIME = "time"
    DURATION = "duration"
    LIST = "list"
    OBJECT = "object"
    PROMPT = "prompt"
    SCHEDULE = "schedule"
    DESTINATION = "destination"
    INSTANT = "instant"
    NULL = "null"


class Type(msgspec.Struct, frozen=True, kw_only=True):
    """One type. `of` types a list's items, `properties` an object's fields (None: any, of type `of`
    if that is known).

    `secret` values are compared and sent over https, nothing else: see `ivrflow.expr.secrecy`.
    """

    name: T
    nullable: bool = False
    enum: tuple[str, ...] = ()
    of: "Type | None" = None
    properties: "dict[str, Type] | None" = None
    secret: bool = False


def parse_type(text: str) -> Type | None:
    """Return the type that an author's word names, `integer?` for example, or None."""
    name, nullable = (text[:-1], True) if text.endswith("?") else (text, False)
    try:
        kind = T(name)
    except ValueError:
        return None
    if kind in (T.INSTANT, T.NULL):
        return None
    return Type(name=kind, nullable=nullable)
