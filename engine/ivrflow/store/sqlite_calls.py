"""Calls and their journals in SQLite, as people look at them."""

import sqlite3

import msgspec

from ivrflow.store.base import CallFilter, CallPage, Listed, Row
from ivrflow.store.sql import statement

WINDOW = 5_000
"""Calls that one page looks at."""

LAST = 2**63 - 1


def list_calls(
    connection: sqlite3.Connection, only: CallFilter, before: int, limit: int, window: int
) -> CallPage:
    """See `Store.calls`; a page looks at `window` calls at most."""
    start = before or LAST
    programs = None if only.programs is None else msgspec.json.encode(only.programs).decode()
    wanted = {
        "before": start,
        "window": window,
        "over": only.over,
        "programs": programs,
        "limit": limit + 1,
    }
    rows = connection.execute(statement("list_calls"), wanted).fetchall()
    found = tuple(map(_listed, rows))
    if len(found) > limit:
        return CallPage(calls=found[:limit], next=found[limit - 1].number)
    last, seen = connection.execute(statement("last_call_seen"), (start, window)).fetchone()
    return CallPage(calls=found, next=last if seen == window else 0)


def find_call(connection: sqlite3.Connection, app: str, call: str) -> Listed | None:
    """Return a call as lists have it."""
    row = connection.execute(statement("find_call"), (app, call)).fetchone()
    return None if row is None else _listed(row)


def list_turns(
    connection: sqlite3.Connection, app: str, call: str, before: int, limit: int
) -> list[tuple[int, Row]]:
    """See `Store.turns`."""
    wanted = {"app": app, "call": call, "before": before, "limit": limit}
    return [
        (number, Row(at=at, flags=flags, key=key, event=event, facts=facts, reply=reply))
        for number, at, flags, key, event, facts, reply in connection.execute(
            statement("list_turns"), wanted
        )
    ]


def program_ids(connection: sqlite3.Connection) -> list[str]:
    """Return the programs that there are."""
    return [hash for (hash,) in connection.execute("SELECT hash FROM program ORDER BY id")]


def _listed(row: tuple[object, ...]) -> Listed:
    names = ("number", "app", "call", "program", "format", "over", "session", "at", "began")
    return msgspec.convert(dict(zip(names, row, strict=True)), Listed)
