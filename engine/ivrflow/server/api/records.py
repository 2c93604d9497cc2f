"""Records: what calls remember for others."""

from http import HTTPStatus
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import bounded_value
from ivrflow.expr.types import Type
from ivrflow.machine.environment import without_marks
from ivrflow.machine.recorded import key_text
from ivrflow.model.flow import Record as Declared
from ivrflow.model.literals import fits, read_duration, read_literal
from ivrflow.records import Kept
from ivrflow.records import Put as PutOperation
from ivrflow.server.api.asked import Asked, Listing, Name, cut, cut_names, moment
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.flows import TypeOfValue
from ivrflow.server.api.problems import Problem, missing, unfit

LONGEST = 36_525 * 86_400_000
"""Milliseconds for which something can be kept; else it is kept for ever."""

LAST_MOMENT = 253_402_300_799_000
"""The last millisecond that can be written as a time; what is kept for longer, is for ever."""

MOST = 1_000
"""Characters of a key. The store knows a long one by its beginning and a hash."""

Key = Annotated[
    str, Meta(max_length=MOST, description="a key; left out, that of a record without keys")
]
Entered = Annotated[
    str,
    Meta(pattern=r"^(0|[1-9][0-9]{0,17})~", description="`next` of the page before"),
]


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"kept": "value"}):
    """A record: `attempts` is the application's, `front-door.attempts` that of the flow
    `front-door`. `key` is the type of its keys, left out where there is one value or queue only;
    `value` that of what it keeps, for `expires` milliseconds (left out: for ever)."""

    name: str
    kind: Literal["value", "queue"]
    key: TypeOfValue | UnsetType = UNSET
    kept: TypeOfValue
    expires: int = 0


class RecordPage(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last."""

    records: list[Record]
    next: str | None = None


class Entry(Struct, frozen=True, kw_only=True):
    """What a record holds under a key: a value, or somebody's place (from 1) in a queue. `call` is
    who waits, or has claimed the value, "" for nobody; `expires` is null for never."""

    key: str
    value: object
    expires: str | None
    application: str
    call: str
    place: int


class EntryPage(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last."""

    entries: list[Entry]
    next: str | None = None


class Put(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value of the type that the record declares, and for how long it is kept, `15m` or `1d`; as
    the record says if that is left out."""

    value: object
    expires: Annotated[str, Meta(pattern=r"^([0-9]{1,6}(ms|s|m|h|d)){1,5}$")] | UnsetType = UNSET


class Gone(Struct, frozen=True, kw_only=True):
    """How many entries went."""

    gone: int


class Entries(Listing, frozen=True, kw_only=True):
    record: Annotated[Name, Meta(description="its name")]
    key: Annotated[str, Meta(max_length=MOST, description="only what is under it")] | UnsetType = (
        UNSET
    )
    cursor: Entered | UnsetType = UNSET


class OneKey(Asked, frozen=True, kw_only=True):
    record: Annotated[Name, Meta(description="its name")]
    key: Key | UnsetType = UNSET


class Dropped(OneKey, frozen=True, kw_only=True):
    call: (
        Annotated[Name, Meta(description="only what this call has claimed, or its place")]
        | UnsetType
    ) = UNSET


async def declared(engine: Engine, asked: Listing) -> RecordPage:
    """Return the records that are declared, by their names."""
    records = engine.contents().records
    page, more = cut_names(records, asked)
    return RecordPage(records=[_shown(name, records[name]) for name in page], next=more)


async def entries(engine: Engine, asked: Entries) -> EntryPage:
    """Return what a record holds, by its keys; who waits in a queue, by their places."""
    number, _, key = (asked.cursor or "0~").partition("~")
    under = None if asked.key is UNSET else key_text(asked.key)
    rows = await engine.turns.store.entries(
        asked.record, under, engine.at(), (key, int(number)), asked.limit + 1
    )
    if not rows:
        _require_known(engine, asked.record)
    page, more = cut(rows, asked.limit, lambda row: f"{row[0]}~{row[1].key}")
    return EntryPage(entries=[_entry(each) for _, each in page], next=more)


async def get(engine: Engine, asked: OneKey) -> Entry:
    """Return the value under a key; in a queue, the first who waits there."""
    found = await _first(engine, asked.record, key_text(asked.key or ""))
    if found is None:
        raise _nothing(asked)
    return _entry(found)


async def put(engine: Engine, asked: OneKey, body: Put) -> Entry:
    """Keep a value under a key; who has claimed it keeps it.

    Calls see it from their next turn on.
    """
    record = _require_known(engine, asked.record)
    if record.kind == "queue":
        raise unfit(f'"{asked.record}" is a queue: only calls wait in it')
    key = _key(asked.key, record)
    operation = PutOperation(
        record=asked.record,
        key=key,
        value=_value(body.value, record),
        lasts=record.expires if body.expires is UNSET else _lasts(body.expires),
    )
    await engine.turns.store.put_record(operation, engine.at())
    found = await _first(engine, asked.record, key)
    if found is None:
        raise Problem(HTTPStatus.CONFLICT, "somebody else deleted it just now, or it has expired")
    return _entry(found)


async def delete(engine: Engine, asked: Dropped) -> Gone:
    """Forget what a record holds under a key: a value with its claim, or all who wait."""
    call = None if asked.call is UNSET else asked.call
    key = key_text(asked.key or "")
    gone = await engine.turns.store.drop_records(asked.record, key, call, engine.at())
    if not gone:
        raise _nothing(asked)
    return Gone(gone=gone)


async def _first(engine: Engine, record: str, key: str) -> Kept | None:
    rows = await engine.turns.store.entries(record, key, engine.at(), ("", 0), 1)
    return rows[0][1] if rows else None


def _require_known(engine: Engine, name: str) -> Declared:
    record = engine.contents().records.get(name)
    if record is None:
        raise missing("record", name)
    return record


def _key(text: str | UnsetType, record: Declared) -> str:
    """Return a key as the store knows it; raises `Problem` for none of its type."""
    if record.key is None:
        if text:
            raise unfit("the record has no keys: leave out `key`")
        return ""
    if text is UNSET:
        raise unfit("the record keeps values by keys: say which, by `key`")
    if not text and record.key.nullable:
        return ""
    try:
        return key_text(read_literal(text, record.key))
    except ValueError as error:
        raise unfit(f"`key`: {error}") from None


def _value(value: object, record: Declared) -> object:
    try:
        plain = without_marks(bounded_value(value))
    except EvaluationError as error:
        raise unfit(f"`value`: {error}") from None
    if not fits(plain, record.kept):
        raise unfit(f"`value` is no {_name(record.kept)}")
    return plain


def _name(type_: Type) -> str:
    return f"{type_.name} with the declared properties" if type_.properties else type_.name


def _lasts(text: str) -> int:
    lasts = read_duration(text) or 0
    if not 0 < lasts <= LONGEST:
        raise unfit("`expires` must be more than nothing, and at most 100 years")
    return lasts


def _nothing(asked: OneKey) -> Problem:
    return Problem(
        HTTPStatus.NOT_FOUND, f'"{asked.record}" holds nothing under "{asked.key or ""}"'
    )


def _shown(name: str, record: Declared) -> Record:
    return Record(
        name=name,
        kind=record.kind,
        key=UNSET if record.key is None else TypeOfValue.of_type(record.key),
        kept=TypeOfValue.of_type(record.kept),
        expires=record.expires,
    )


def _entry(kept: Kept) -> Entry:
    ends = kept.expires is not None and kept.expires <= LAST_MOMENT
    return Entry(
        key=kept.key,
        value=kept.value,
        expires=moment(kept.expires) if kept.expires is not None and ends else None,
        application=kept.app,
        call=kept.call,
        place=kept.place,
    )
