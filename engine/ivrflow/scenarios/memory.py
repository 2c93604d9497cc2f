"""Records of a scenario: put into the store before the call, read from it in the end.

Both are turns of a store as any other: the first is committed for a call of its own, the second
raises what it read, so that nothing stays of it.
"""

from collections.abc import Iterable
from secrets import token_hex

from ivrflow.records import Put, Read
from ivrflow.scenarios.model import Record
from ivrflow.store.base import Draft, Records, Store, Turn

APP = "others"

Kept = tuple[str, str]
"""A record and a key of it, as the store names them."""


class PeekedError(Exception):
    """What was read, raised so that the turn that read it is undone."""

    def __init__(self, found: dict[Kept, object]) -> None:
        super().__init__("peeked")
        self.found = found


async def remember(store: Store, records: Iterable[Record], at: int) -> None:
    """Let the store hold these values from `at` on, as if another call had put them there."""
    call = token_hex()

    def make(turn: Records) -> Turn:
        for each in records:
            put = Put(record=each.record, key=each.key, value=each.value, lasts=each.lasts)
            turn.perform(put)
        return _nothing(call, at)

    await store.submit(Draft(app=APP, call=call, at=at, make=make)).done


async def recall(store: Store, wanted: Iterable[Kept], at: int) -> dict[Kept, object]:
    """Return what the store holds at `at`, None where it holds nothing."""

    def make(turn: Records) -> Turn:
        found = {(of, key): turn.perform(Read(record=of, key=key)) for of, key in wanted}
        raise PeekedError(found)

    try:
        await store.submit(Draft(app=APP, call="", at=at, make=make)).done
    except PeekedError as peeked:
        return peeked.found
    return {}


def _nothing(call: str, at: int) -> Turn:
    """A turn that is over as soon as it began."""
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
        over=at,
        who="",
        session=b"{}",
        flags=0,
        key=b"",
        event=b"{}",
        facts=b"{}",
        reply=b"",
    )
