"""Calls in one SQLite file, for one serving process.

All SQL runs in one writer thread, many turns a transaction: it takes what has gathered while the
last COMMIT went to disk (WAL, synchronous=FULL), so a turn waits for one or two syncs, whatever the
load. A batch that fails is rolled back and tried one by one. Checkpoints run beside, on their own
connection, once a second.
"""

import asyncio
import os
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

from ivrflow.errors import ConflictError, StoreError, StoreUnavailableError
from ivrflow.store.base import KEPT, Place, Recent, Row, Stored, Turn
from ivrflow.store.lock import FileLock
from ivrflow.store.sql import statement

FORMAT = b"1"
"""The layout of the file. A file of another layout is refused."""

CHECKPOINT_SECONDS = 1.0
MAX_CHAIN = 1_000_000

T = TypeVar("T")


class _Pending:
    """A turn, or a question to the database, in the writer's line."""

    __slots__ = ("ask", "done", "line", "result", "taken", "turn")

    def __init__(
        self,
        done: "asyncio.Future[Place]",
        line: threading.Condition,
        turn: Turn | None = None,
        ask: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        self.done = done
        self.line = line
        self.turn = turn
        self.ask = ask
        self.taken = False
        self.result: object = None

    def withdraw(self) -> bool:
        with self.line:
            if not self.taken:
                self.turn = None
            return not self.taken


class SqliteStore:
    """A SQLite file; meets `ivrflow.store.base.Store`. Open it with `SqliteStore.open`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: FileLock) -> None:
        self.identity_key = cast(bytes, _meta(connection, "identity_key", secrets.token_bytes(32)))
        self._path = path
        self._lock = lock
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._queue: deque[_Pending] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._closed = threading.Event()
        self._programs: dict[str, int] = dict(connection.execute("SELECT hash, id FROM program"))
        self._last_call = _highest(connection, "call")
        self._last_row = _highest(connection, "journal")
        self._sql = {name: statement(name) for name in STATEMENTS}
        self._writer = threading.Thread(target=self._write, name="ivrflow-store", daemon=True)
        self._checkpointer = threading.Thread(
            target=self._checkpoint, name="ivrflow-checkpoint", daemon=True
        )
        self._writer.start()
        self._checkpointer.start()

    @classmethod
    async def open(cls, path: Path) -> "SqliteStore":
        """Open or create the file, readable by its owner only.

        Raises `StoreError` where another process serves from it, or it is no store of this layout.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            lock = FileLock(path.with_name(path.name + ".lock"))
        except OSError as error:
            raise StoreError(f"{path} can't be opened: {error.strerror or error}") from error
        try:
            return cls(path, _connect(path), lock)
        except sqlite3.Error as error:
            lock.release()
            raise StoreError(f"{path} can't be used as a store: {error}") from error
        except StoreError:
            lock.release()
            raise

    @property
    def backlog(self) -> int:
        return len(self._queue)

    def submit(self, turn: Turn) -> _Pending:
        pending = _Pending(self._loop.create_future(), self._wake, turn)
        self._enqueue(pending)
        return pending

    async def load(self, app: str, call: str) -> Stored | None:
        return await self._ask(lambda connection: self._load(connection, app, call))

    async def closure(self, program: str) -> bytes | None:
        def read(connection: sqlite3.Connection) -> bytes | None:
            query = "SELECT closure FROM program WHERE hash = ?"
            row = connection.execute(query, (program,)).fetchone()
            return row[0] if row else None

        return await self._ask(read)

    async def journal(self, app: str, call: str) -> list[Row]:
        def read(connection: sqlite3.Connection) -> list[Row]:
            row = connection.execute(self._sql["load"], (app, call)).fetchone()
            return self._chain(connection, row[1], MAX_CHAIN) if row else []

        return await self._ask(read)

    async def sweep(self, before: int, limit: int) -> int:
        return await self._ask(lambda connection: self._sweep(connection, before, limit))

    async def close(self) -> None:
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._closed.set()
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._checkpointer.join)
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        self._lock.release()

    # -- between the loop and the writer ----------------------------------------------------------

    def _enqueue(self, pending: _Pending) -> None:
        with self._wake:
            if self._closing:
                pending.done.set_exception(StoreUnavailableError("the store is closed"))
                return
            self._queue.append(pending)
            self._wake.notify()

    async def _ask(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        pending = _Pending(self._loop.create_future(), self._wake, ask=ask)
        self._enqueue(pending)
        await pending.done
        return cast(T, pending.result)

    def _write(self) -> None:
        """The writer thread: take what has gathered, commit it, tell the loop."""
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                batch = list(self._queue)
                self._queue.clear()
                for pending in batch:
                    pending.taken = True
            if not batch:
                return
            outcomes = self._commit(batch)
            with suppress(RuntimeError):  # the loop is gone: nobody waits for an answer any more
                self._loop.call_soon_threadsafe(_tell, batch, outcomes)

    def _commit(self, batch: list[_Pending]) -> list[Place | Exception]:
        try:
            return self._transact(batch)
        except Exception as error:  # whatever it was, those who wait must hear of it
            if len(batch) == 1:
                return [_failure(error)]
            return [outcome for pending in batch for outcome in self._commit([pending])]

    def _transact(self, batch: list[_Pending]) -> list[Place | Exception]:
        """Run all of a batch in one transaction, or none of it."""
        before = self._last_call, self._last_row, len(self._programs)
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            places: list[Place | Exception] = [self._run(pending) for pending in batch]
            connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            self._last_call, self._last_row, known = before
            self._programs = dict(list(self._programs.items())[:known])
            raise
        return places

    def _run(self, pending: _Pending) -> Place:
        if pending.ask is not None:
            pending.result = pending.ask(self._connection)
        elif pending.turn is not None:
            return self._keep(pending.turn)
        return NOWHERE

    # -- statements, in the writer thread ---------------------------------------------------------

    def _keep(self, turn: Turn) -> Place:
        execute = self._connection.execute
        program = self._programs.get(turn.program) or self._add_program(turn)
        self._last_row = row = self._last_row + 1
        state = (turn.rev, turn.format, program, row, turn.due, turn.over, turn.who, turn.session)
        if turn.place is None:
            self._last_call = call = self._last_call + 1
            previous = 0
            changed = execute(self._sql["insert_call"], (call, turn.app, turn.call, *state))
        else:
            call, previous = turn.place.call, turn.place.last
            changed = execute(self._sql["update_call"], (*state, call, turn.rev - 1))
        if changed.rowcount != 1:
            raise ConflictError(f"turn {turn.rev} of {turn.call} came too late")
        happened = (turn.at, turn.flags, turn.key, turn.event, turn.facts, turn.reply)
        execute(self._sql["insert_journal"], (row, call, previous, *happened))
        return Place(call, row)

    def _add_program(self, turn: Turn) -> int:
        insert = "INSERT INTO program (hash, closure) VALUES (?, ?)"
        number = self._connection.execute(insert, (turn.program, turn.closure)).lastrowid
        assert number is not None  # noqa: S101  an INSERT that didn't raise has a row
        self._programs[turn.program] = number
        return number

    def _load(self, connection: sqlite3.Connection, app: str, call: str) -> Stored | None:
        row = connection.execute(self._sql["load"], (app, call)).fetchone()
        if row is None:
            return None
        number, last, rev, program, form, over, session = row
        recent = tuple(Recent(each.key, each.reply) for each in self._chain(connection, last, KEPT))
        return Stored(
            rev=rev,
            place=Place(number, last),
            program=program,
            format=form,
            over=over,
            session=session,
            recent=recent,
        )

    def _chain(self, connection: sqlite3.Connection, last: int, limit: int) -> list[Row]:
        rows = [
            Row(at=at, flags=flags, key=key, event=event, facts=facts, reply=reply)
            for _, at, flags, key, event, facts, reply in connection.execute(
                self._sql["chain"], (last, limit)
            )
        ]
        rows.reverse()
        return rows

    def _sweep(self, connection: sqlite3.Connection, before: int, limit: int) -> int:
        old = connection.execute(self._sql["old_calls"], (before, limit)).fetchall()
        for call, last in old:
            rows = connection.execute(self._sql["chain"], (last, MAX_CHAIN)).fetchall()
            connection.executemany("DELETE FROM journal WHERE id = ?", [(row[0],) for row in rows])
            connection.execute("DELETE FROM call WHERE id = ?", (call,))
        if old:
            unused = "DELETE FROM program WHERE id NOT IN (SELECT DISTINCT program FROM call)"
            connection.execute(unused)
            self._programs = dict(connection.execute("SELECT hash, id FROM program"))
        return len(old)

    def _checkpoint(self) -> None:
        """The checkpoint thread: move the log into the file beside the writer's commits."""
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=0)
        while not self._closed.wait(CHECKPOINT_SECONDS):
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.close()


NOWHERE = Place(0, 0)
STATEMENTS = ("load", "insert_call", "update_call", "insert_journal", "chain", "old_calls")


def _tell(batch: list[_Pending], outcomes: list[Place | Exception]) -> None:
    for pending, outcome in zip(batch, outcomes, strict=True):
        if pending.done.done():
            continue
        if isinstance(outcome, Exception):
            pending.done.set_exception(outcome)
        else:
            pending.done.set_result(outcome)


def _failure(error: Exception) -> Exception:
    if isinstance(error, ConflictError):
        return error
    return StoreUnavailableError(f"the store refused: {error}")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.executescript(statement("schema"))
    found = _meta(connection, "format", FORMAT)
    if found != FORMAT:
        connection.close()
        raise StoreError(f"{path} was written by another release of ivrflow (layout {found!r})")
    return connection


def _meta(connection: sqlite3.Connection, name: str, default: bytes) -> object:
    """Return a value of the store itself; `default` the first time it is asked for."""
    insert = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
    connection.execute(insert, (name, default))
    return connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]


def _highest(connection: sqlite3.Connection, table: str) -> int:
    query = f"SELECT coalesce(max(id), 0) FROM {table}"  # noqa: S608  a table of ours
    number: int = connection.execute(query).fetchone()[0]
    return number
