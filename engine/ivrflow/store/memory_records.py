"""Records in dicts; what a turn did to them can be undone."""

from collections.abc import Callable

import msgspec

from ivrflow.records import (
    Claim,
    Count,
    Delete,
    Dequeue,
    Enqueue,
    Kept,
    Length,
    Operation,
    Ordered,
    Place,
    Put,
    Read,
)

MAX_DIGITS = 18
"""Numbers of more digits are not counted on, here as in SQLite."""

NEVER = 2**63 - 1

Owner = tuple[str, str]
"""An application and one of its calls; `NOBODY` is neither."""

NOBODY: Owner = ("", "")

IsOrdered = Callable[[str, Ordered], bool]
"""Whether there is such a callout of an application."""

Where = tuple[str, str]
"""A record and a key of it."""


class _Row(msgspec.Struct, frozen=True, gc=False):
    """A value, or a place in a queue: `value` is JSON."""

    value: bytes
    owner: Owner
    expires: int


class _Table(dict[Where, tuple[_Row, ...]]):
    """Rows by record and key: at most one where they are values, in order where they wait."""

    def put(self, where: Where, rows: tuple[_Row, ...]) -> None:
        if rows:
            self[where] = rows
        else:
            self.pop(where, None)


class MemoryRecords:
    """Every record of a store."""

    def __init__(self) -> None:
        self.values = _Table()
        self.queues = _Table()

    def leave_queues(self, owner: Owner) -> None:
        """Forget the places of a call that is over."""
        for where, rows in list(self.queues.items()):
            self.queues.put(where, tuple(row for row in rows if row.owner != owner))

    def entries(
        self, record: str, key: str | None, at: int, after: tuple[str, int]
    ) -> list[tuple[int, Kept]]:
        """See `Store.entries`."""
        found = [
            (number, _kept(where, row, number if table is self.queues else 0))
            for table in (self.values, self.queues)
            for where, rows in table.items()
            for number, row in enumerate((row for row in rows if row.expires > at), 1)
            if where[0] == record and key in (None, where[1]) and (where[1], number) > after
        ]
        return sorted(found, key=lambda entry: (entry[1].key, entry[0]))

    def drop(self, where: Where, call: str | None, at: int) -> int:
        """See `Store.drop_records`."""
        gone = 0
        for table in (self.values, self.queues):
            rows = table.get(where, ())
            stay = tuple(
                row for row in rows if row.expires <= at or call not in (None, row.owner[1])
            )
            table.put(where, stay)
            gone += len(rows) - len(stay)
        return gone

    def sweep(self, now: int, limit: int) -> int:
        """Forget up to `limit` rows that have expired; returns how many went."""
        gone = 0
        for table in (self.values, self.queues):
            for where, rows in list(table.items()):
                old = [row for row in rows if row.expires <= now][: limit - gone]
                table.put(where, tuple(row for row in rows if row not in old))
                gone += len(old)
        return gone


class MemoryTurn:
    """Performs operations for the turn of `owner` at `at`. `is_ordered` looks for a callout."""

    def __init__(
        self, records: MemoryRecords, owner: Owner, at: int, is_ordered: IsOrdered | None = None
    ) -> None:
        self._is_ordered = is_ordered
        self._values = records.values
        self._queues = records.queues
        self._owner = owner
        self._at = at
        self._before: list[tuple[_Table, Where, tuple[_Row, ...]]] = []

    def undo(self) -> None:
        """Put everything back as it was."""
        for table, where, rows in reversed(self._before):
            table.put(where, rows)

    def perform(self, operation: Operation) -> object:
        where = operation.record, operation.key
        match operation:
            case Read():
                row = self._value(where)
                return msgspec.json.decode(row.value) if row else None
            case Put(value=value, lasts=lasts):
                self._put(where, msgspec.json.encode(value), lasts)
                return None
            case Delete():
                return self._delete(where)
            case Count(lasts=lasts):
                return self._count(where, lasts)
            case Claim():
                return self._claim(operation)
            case Enqueue():
                return self._enqueue(where, operation)
            case Dequeue():
                return self._dequeue(where)
            case Place() | Length() | Ordered():
                return self._seen(where, operation)

    def _seen(self, where: Where, operation: Place | Length | Ordered) -> object:
        """Look, and change nothing."""
        match operation:
            case Place():
                return self._place(where)
            case Length():
                return len(self._living(self._queues, where))
            case Ordered():
                return self._is_ordered is not None and self._is_ordered(self._owner[0], operation)

    # -- values -----------------------------------------------------------------------------------

    def _value(self, where: Where) -> _Row | None:
        return next(iter(self._living(self._values, where)), None)

    def _put(self, where: Where, value: bytes, lasts: int) -> None:
        """Who has claimed the key keeps it."""
        known = self._value(where)
        owner = known.owner if known else NOBODY
        self._change(self._values, where, (_Row(value, owner, self._end(lasts)),))

    def _delete(self, where: Where) -> bool:
        waiting = self._living(self._queues, where)
        others = tuple(row for row in waiting if row.owner != self._owner)
        found = self._value(where) is not None or others != waiting
        self._change(self._values, where, ())
        self._change(self._queues, where, others)
        return found

    def _count(self, where: Where, lasts: int) -> object:
        known = self._value(where)
        number = msgspec.json.decode(known.value) if known else 0
        if type(number) is int and len(str(number)) <= MAX_DIGITS:
            number += 1
        self._put(where, msgspec.json.encode(number), lasts)
        return number

    def _claim(self, claim: Claim) -> str | None:
        holders = {key: self._value((claim.record, key)) for key in claim.keys}
        held = [key for key, row in holders.items() if row and row.owner == self._owner]
        free = [key for key, row in holders.items() if row is None]
        for key in (*held, *free):
            row = _Row(msgspec.json.encode(claim.value), self._owner, self._end(claim.lasts))
            self._change(self._values, (claim.record, key), (row,))
            return key
        return None

    # -- queues -----------------------------------------------------------------------------------

    def _enqueue(self, where: Where, enqueue: Enqueue) -> int | None:
        mine = _Row(msgspec.json.encode(enqueue.value), self._owner, self._end(enqueue.lasts))
        waiting = self._living(self._queues, where)
        if self._place(where) is None:
            waiting = (*waiting, mine)
        else:
            waiting = tuple(mine if row.owner == self._owner else row for row in waiting)
        self._change(self._queues, where, waiting)
        return self._place(where)

    def _dequeue(self, where: Where) -> object:
        waiting = self._living(self._queues, where)
        self._change(self._queues, where, waiting[1:])
        return msgspec.json.decode(waiting[0].value) if waiting else None

    def _place(self, where: Where) -> int | None:
        waiting = self._living(self._queues, where)
        places = (place for place, row in enumerate(waiting, 1) if row.owner == self._owner)
        return next(places, None)

    # -- rows -------------------------------------------------------------------------------------

    def _end(self, lasts: int) -> int:
        return self._at + lasts if lasts else NEVER

    def _living(self, table: _Table, where: Where) -> tuple[_Row, ...]:
        return tuple(row for row in table.get(where, ()) if row.expires > self._at)

    def _change(self, table: _Table, where: Where, rows: tuple[_Row, ...]) -> None:
        self._before.append((table, where, table.get(where, ())))
        table.put(where, rows)


def _kept(where: Where, row: _Row, place: int) -> Kept:
    app, call = row.owner
    return Kept(
        record=where[0],
        key=where[1],
        value=msgspec.json.decode(row.value),
        expires=None if row.expires == NEVER else row.expires,
        app=app,
        call=call,
        place=place,
    )
