"""Records in SQLite: one statement an operation, inside whatever transaction is open."""

import sqlite3
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
from ivrflow.store.base import Stored
from ivrflow.store.sql import statement

NEVER = 2**63 - 1
"""When a record expires that lasts for ever."""

Load = Callable[[sqlite3.Connection, str, str], Stored | None]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.decode


class SqliteRecords:
    """Performs operations for the turn of one call at `at`; meets `ivrflow.store.base.Records`.
    `load` reads a call, if there are any."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        *,
        app: str,
        call: str,
        at: int,
        load: Load | None = None,
    ) -> None:
        self._connection = connection
        self._load = load
        self._who = {"app": app, "call": call, "at": at}
        self._at = at

    def call(self, app: str, call: str) -> Stored | None:
        return None if self._load is None else self._load(self._connection, app, call)

    def perform(self, operation: Operation) -> object:
        match operation:
            case Read():
                return _json(self._run("read_record", operation))
            case Put(value=value, lasts=lasts):
                self._run("put_record", operation, value=_text(value), expires=self._end(lasts))
                return None
            case Delete():
                return self._run("delete_record", operation) is not None
            case Count(lasts=lasts):
                return _json(self._run("count_record", operation, expires=self._end(lasts)))
            case Claim():
                return self._claim(operation)
            case Enqueue(value=value, lasts=lasts):
                self._run("enqueue_record", operation, value=_text(value), expires=self._end(lasts))
                return self._run("place_record", operation)
            case Dequeue():
                return _json(self._run("dequeue_record", operation))
            case Place() | Length() | Ordered():
                return self._seen(operation)

    def _seen(self, operation: Place | Length | Ordered) -> object:
        """Look, and change nothing."""
        match operation:
            case Place():
                return self._run("place_record", operation)
            case Length():
                return self._run("queue_length", operation)
            case Ordered(flow=flow):
                return self._run("ordered_callout", operation, flow=flow) is not None

    def _claim(self, claim: Claim) -> object:
        keys, value = _text(claim.keys), _text(claim.value)
        end = self._end(claim.lasts)
        return self._run("claim_record", claim, keys=keys, value=value, expires=end)

    def _end(self, lasts: int) -> int:
        return self._at + lasts if lasts else NEVER

    def _run(self, name: str, operation: Operation, **values: object) -> object:
        """Run a statement and return what it yields first, None where it yields nothing."""
        told = {**self._who, "name": operation.record, "key": operation.key, **values}
        rows = self._connection.execute(statement(name), told).fetchall()
        return rows[0][0] if rows else None


def page_records(
    connection: sqlite3.Connection,
    record: str,
    key: str | None,
    at: int,
    after: tuple[str, int],
    limit: int,
) -> list[tuple[int, Kept]]:
    """See `Store.entries`."""
    from_key, from_id = after
    wanted = {"name": record, "key": key, "at": at, "limit": limit}
    return [
        (
            number,
            Kept(
                record=record,
                key=under,
                value=_decode(value),
                expires=None if expires == NEVER else expires,
                app=app,
                call=call,
                place=place,
            ),
        )
        for number, under, value, expires, app, call, place in connection.execute(
            statement("page_records"), {**wanted, "from_key": from_key, "from_id": from_id}
        )
    ]


def put_record(connection: sqlite3.Connection, put: Put, at: int) -> None:
    """See `Store.put_record`."""
    SqliteRecords(connection, app="", call="", at=at).perform(put)


def drop_records(
    connection: sqlite3.Connection, record: str, key: str, call: str | None, at: int
) -> int:
    """See `Store.drop_records`."""
    told = {"name": record, "key": key, "call": call, "at": at}
    return connection.execute(statement("drop_records"), told).rowcount


def _text(value: object) -> str:
    return _encode(value).decode()


def _json(text: object) -> object:
    return None if text is None else _decode(str(text))
