"""Records of a scenario: put into the store before the call, read from it in the end.

The first are turns of a store as any other, committed for calls of their own.
"""

from collections.abc import Iterable, Iterator
from secrets import token_hex

from ivrflow.machine.rooms import PARTICIPANTS, STARTERS, key_of
from ivrflow.records import Enqueue, Operation, Put
from ivrflow.scenarios.model import Record, Room, Value
from ivrflow.store.base import Draft, Records, Store, Turn

APP = "others"

LONGEST_QUEUE = 100_000
"""Entries of a queue that are read."""

Kept = tuple[str, str]
"""A record and a key of it, as the store names them."""


async def remember(store: Store, records: Iterable[Record], at: int) -> None:
    """Let the store hold these values from `at` on, as if other calls had put them there, and these
    calls wait in queues."""
    for each in records:
        await store.submit(_draft(each, token_hex(), at)).done


async def occupy(store: Store, app: str, rooms: Iterable[Room], at: int) -> None:
    """Let others be in rooms of the application `app` from `at` on."""
    await remember(store, (each for room in rooms for each in _occupied(app, room)), at)


def _occupied(app: str, room: Room) -> Iterator[Record]:
    key = key_of(app, room.name)
    known = [PARTICIPANTS] * room.participants + [STARTERS] * room.started
    for record in known:
        yield Record(record=record, key=key, value=None, waits=True, at=room.at)


def _draft(record: Record, call: str, at: int) -> Draft:
    def make(turn: Records) -> Turn:
        turn.perform(_operation(record))
        return _only_turn(call, at, over=0 if record.waits else at)

    return Draft(app=APP, call=call, at=at, make=make)


def _operation(record: Record) -> Operation:
    operation = Enqueue if record.waits else Put
    return operation(record=record.record, key=record.key, value=record.value, lasts=record.lasts)


async def recall(store: Store, wanted: Iterable[Value], at: int) -> dict[Kept, object]:
    """Return what the store holds at `at`, None where it holds nothing; of queues a list."""
    return {(each.of, each.key): await _held(store, each, at) for each in wanted}


async def _held(store: Store, wanted: Value, at: int) -> object:
    rows = await store.entries(wanted.of, wanted.key, at, ("", 0), LONGEST_QUEUE)
    values = [kept.value for _, kept in rows]
    return values if wanted.waits else next(iter(values), None)


def _only_turn(call: str, at: int, over: int) -> Turn:
    """The first turn of a call that is `over` with it, or goes on and does no more (0)."""
    return Turn(
        app=APP,
        call=call,
        rev=1,
        place=None,
        program="",
        closure=b"",
        format=0,
        at=at,
        due=at,
        over=over,
        who="",
        session=b"{}",
        flags=0,
        key=b"",
        event=b"{}",
        facts=b"{}",
        reply=b"",
    )
