"""Callouts in SQLite, inside whatever transaction is open."""

import sqlite3
from collections.abc import Iterable, Sequence

import msgspec

from ivrflow.callouts import Callout, State
from ivrflow.errands import leg_ended
from ivrflow.errors import ConflictError
from ivrflow.store.base import CalloutFilter
from ivrflow.store.sql import statement
from ivrflow.store.sqlite_jobs import put_jobs

Row = tuple[object, ...]


def put_callouts(connection: sqlite3.Connection, callouts: Iterable[Callout]) -> list[bool]:
    """See `Store.put_callouts`."""
    return [_put_callout(connection, each) for each in callouts]


def _put_callout(connection: sqlite3.Connection, callout: Callout) -> bool:
    name = "put_callout" if callout.rev == 1 else "move_callout"
    changed = connection.execute(statement(name), msgspec.structs.asdict(callout)).rowcount
    if callout.rev > 1 and changed != 1:
        raise ConflictError(f"callout {callout.id} was changed by another")
    if callout.parent:
        _tell_parent(connection, callout, kept=changed == 1)
    return changed == 1


def _tell_parent(connection: sqlite3.Connection, leg: Callout, *, kept: bool) -> None:
    """A leg that is over, or never began because its key is taken, is told to its parent."""
    if not kept and find_callout(connection, leg.id) is not None:
        return
    if not kept or leg.state is State.OVER:
        put_jobs(connection, [leg_ended(leg, kept=kept)])


def find_callout(connection: sqlite3.Connection, id: str) -> Callout | None:
    """Return a callout by its id."""
    return _one(connection.execute(statement("callout"), (id,)).fetchone())


def find_callouts(connection: sqlite3.Connection, ids: Sequence[str]) -> list[Callout | None]:
    """See `Store.callouts_by_id`."""
    rows = connection.execute(statement("callouts_by_id"), (msgspec.json.encode(ids).decode(),))
    found = {each.id: each for each in map(_callout, rows)}
    return [found.get(each) for each in ids]


def callout_of_call(connection: sqlite3.Connection, app: str, call: str) -> Callout | None:
    """Return the callout that became a call."""
    return _one(connection.execute(statement("callout_of_call"), (app, call)).fetchone())


def waiting_callouts(
    connection: sqlite3.Connection, app: str, at: int, limit: int
) -> list[Callout]:
    """Return callouts of an application that are to be dialled, the longest due first."""
    rows = connection.execute(statement("waiting_callouts"), (app, at, limit))
    return [_callout(row) for row in rows]


def waiting_legs(connection: sqlite3.Connection, at: int) -> list[Callout]:
    """Return legs that are to be dialled, the longest due first."""
    return [_callout(row) for row in connection.execute(statement("waiting_legs"), (at,))]


def due_callouts(connection: sqlite3.Connection, at: int, limit: int) -> list[Callout]:
    """Return other callouts that are due, the longest due first."""
    return [_callout(row) for row in connection.execute(statement("due_callouts"), (at, limit))]


def next_due(connection: sqlite3.Connection, dialled: Iterable[str]) -> int | None:
    """See `Store.next_due`."""
    asked: list[tuple[str, Row]] = [("next_due", ()), ("next_leg", ())]
    asked += [("next_waiting", (app,)) for app in dialled]
    found = [connection.execute(statement(name), values).fetchone()[0] for name, values in asked]
    return min((each for each in found if each is not None), default=None)


def busy_callouts(connection: sqlite3.Connection) -> dict[str, int]:
    """See `Store.busy_callouts`."""
    return dict(connection.execute(statement("busy_callouts")).fetchall())


def list_callouts(
    connection: sqlite3.Connection, only: CalloutFilter, before: str, limit: int
) -> list[Callout]:
    """Return callouts, the latest first."""
    wanted = {**msgspec.structs.asdict(only), "before": before, "limit": limit}
    return [_callout(row) for row in connection.execute(statement("list_callouts"), wanted)]


def _one(row: Row | None) -> Callout | None:
    return None if row is None else _callout(row)


def _callout(row: Row) -> Callout:
    fields = dict(zip(Callout.__struct_fields__, row, strict=True))
    return msgspec.convert(fields, Callout, strict=False)
