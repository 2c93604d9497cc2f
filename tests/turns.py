"""Turns for stores to keep."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from ivrflow.records import Count, Operation
from ivrflow.store.base import Draft, Place, Records, Store, Turn

FIRST = Turn(
    app="app",
    call="call-1",
    rev=1,
    place=None,
    program="sha256:one",
    closure=b"{}",
    format=1,
    at=1_000,
    due=9_000,
    over=0,
    who="here",
    session=b'{"n":1}',
    flags=0,
    key=b"key-1",
    event=b"{}",
    facts=b"{}",
    reply=b"reply-1",
)

LOCKOUT = Count(record="attempts", key="+46701234567")

Open = Callable[[], Awaitable[Store]]


def after(turn: Turn, place: Place, **changes: object) -> Turn:
    """The next turn of a call."""
    number = turn.rev + 1
    return msgspec.structs.replace(
        turn,
        rev=number,
        place=place,
        session=b'{"n":%d}' % number,
        key=b"key-%d" % number,
        reply=b"reply-%d" % number,
        **changes,
    )


def run(open_store: Open, story: Callable[[Store], Awaitable[None]]) -> None:
    async def told() -> None:
        store = await open_store()
        try:
            await story(store)
        finally:
            await store.close()

    asyncio.run(told())


def another(call: str, **changes: object) -> Turn:
    return msgspec.structs.replace(FIRST, call=call, **changes)


def draft(turn: Turn, *operations: Operation, told: list[object] | None = None) -> Draft:
    """A turn that performs operations; what they yield is put into `told`."""

    def make(records: Records) -> Turn:
        answers = [records.perform(each) for each in operations]
        if told is not None:
            told[:] = answers
        return turn

    return Draft(app=turn.app, call=turn.call, at=turn.at, make=make)
