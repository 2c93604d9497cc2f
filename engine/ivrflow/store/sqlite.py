"""Calls in one SQLite file, for one serving process.

One transaction holds all turns that gathered while the last COMMIT went to disk (WAL,
synchronous=FULL), so a turn waits for one or two syncs, whatever the load. Its rows are written to
pages in memory in the loop; COMMIT, everything that reads, and what failed, is the writer thread's.
So are batches with drafts: each is made and written within a savepoint. A batch that fails is
rolled back and tried one by one. Checkpoints run beside, on their own connection, once a second.
Lists that people ask for are read beside, too: they may be long, and no turn waits for them.
"""

import asyncio
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from time import monotonic, sleep
from typing import TypeVar, cast

import msgspec

from ivrflow.callouts import Callout
from ivrflow.errors import ConflictError, StoreError, StoreUnavailableError
from ivrflow.jobs import Job
from ivrflow.records import Kept, Put
from ivrflow.store.base import (
    KEPT,
    CallFilter,
    CalloutFilter,
    CallPage,
    Decide,
    Draft,
    JobFilter,
    Listed,
    Place,
    Recent,
    Row,
    Stored,
    Turn,
)
from ivrflow.store.keyfile import read_or_make_key
from ivrflow.store.lock import FileLock
from ivrflow.store.sql import statement
from ivrflow.store.sqlite_callouts import (
    busy_callouts,
    callout_of_call,
    due_callouts,
    find_callout,
    find_callouts,
    list_callouts,
    next_due,
    put_callouts,
    waiting_callouts,
    waiting_legs,
)
from ivrflow.store.sqlite_calls import WINDOW, find_call, list_calls, list_turns, program_ids
from ivrflow.store.sqlite_jobs import due_jobs, find_job, list_jobs, next_due_job, put_jobs
from ivrflow.store.sqlite_records import (
    SqliteRecords,
    drop_records,
    page_records,
    put_record,
)

FORMAT = b"4"
"""The layout of the file. Opening brings a file of an earlier layout to this one; a later one is
refused."""

EARLIER_FORMATS = (b"1", b"2", b"3")
"""1: without the table `record`. 2: without `callout` and `job`. 3: callouts have no legs."""

CHECKPOINT_SECONDS = 1.0
MAX_CHAIN = 1_000_000
CACHE_KIB = 64 * 1024
LARGEST_LOG = 64 * 1024 * 1024
"""Bytes that the log keeps once all of it is in the file."""

BUSY_SECONDS = 0.5
"""How long a batch waits for another process that writes to the file: `ivrflow records`."""

BUSY_TICK = 0.002

T = TypeVar("T")


class _Pending:
    """A turn, or a question to the database, in line for the writer."""

    __slots__ = ("ask", "done", "result", "taken", "turn")

    def __init__(
        self,
        done: "asyncio.Future[Place]",
        turn: Turn | Draft | None = None,
        ask: Callable[[sqlite3.Connection], object] | None = None,
    ) -> None:
        self.done = done
        self.turn = turn
        self.ask = ask
        self.taken = False
        self.result: object = None

    def withdraw(self) -> bool:
        if not self.taken:
            self.turn = None
        return not self.taken


_Work = tuple[list[_Pending], list[Place | Exception] | None]
"""A batch, and its places if its rows are written already and only the COMMIT is to come."""


class SqliteStore:
    """A SQLite file; meets `ivrflow.store.base.Store`. Open it with `SqliteStore.open`."""

    def __init__(
        self, path: Path, connection: sqlite3.Connection, lock: FileLock, identity_key: bytes
    ) -> None:
        self.identity_key = cast(bytes, _meta(connection, "identity_key", identity_key))
        _meta(connection, "probe", b"")
        self._path = path
        self._lock = lock
        self._connection = connection
        self._loop = asyncio.get_running_loop()
        self._line: list[_Pending] = []
        self._inbox: SimpleQueue[_Work | None] = SimpleQueue()
        self._before = (0, 0)
        self._sending = False
        self._closing = False
        self._closed = threading.Event()
        self._programs: dict[str, int] = dict(connection.execute("SELECT hash, id FROM program"))
        self._last_call = _highest(connection, "call")
        self._last_row = _highest(connection, "journal")
        self._begun: list[tuple[object, ...]] = []
        self._moved: list[tuple[object, ...]] = []
        self._rows: list[tuple[object, ...]] = []
        self._over: list[tuple[object, ...]] = []
        self._callouts: list[Callout] = []
        self._jobs: list[tuple[object, ...]] = []
        self._writer = threading.Thread(target=self._write, name="ivrflow-store", daemon=True)
        self._checkpointer = threading.Thread(
            target=self._checkpoint, name="ivrflow-checkpoint", daemon=True
        )
        connection.execute("PRAGMA busy_timeout = 0")  # see `_begin`; the loop waits for nobody
        self._writer.start()
        self._checkpointer.start()

    @classmethod
    async def open(cls, path: Path, identity_key: bytes = b"") -> "SqliteStore":
        """Open or create the file, readable by its owner only. A new one takes `identity_key`, or
        makes up its own.

        Raises `StoreError` where another process serves from it, or it is no store of this layout.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            lock = FileLock(path.with_name(path.name + ".lock"))
        except OSError as error:
            raise StoreError(f"{path} can't be opened: {error.strerror or error}") from error
        try:
            return cls(path, _connect(path), lock, identity_key or secrets.token_bytes(32))
        except sqlite3.Error as error:
            lock.release()
            raise StoreError(f"{path} can't be used as a store: {error}") from error
        except StoreError:
            lock.release()
            raise

    def secret_key(self) -> bytes:
        return read_or_make_key(self._path.with_name(self._path.name + ".key"))

    @property
    def backlog(self) -> int:
        return len(self._line)

    def submit(self, turn: Turn | Draft) -> _Pending:
        pending = _Pending(self._loop.create_future(), turn)
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
            row = connection.execute(statement("load"), (app, call)).fetchone()
            return self._chain(connection, row[1], MAX_CHAIN) if row else []

        return await self._ask(read)

    async def calls(self, only: CallFilter, before: int, limit: int) -> CallPage:
        return await self._look(
            lambda connection: list_calls(connection, only, before, limit, WINDOW)
        )

    async def call(self, app: str, call: str) -> Listed | None:
        return await self._look(lambda connection: find_call(connection, app, call))

    async def turns(self, app: str, call: str, before: int, limit: int) -> list[tuple[int, Row]]:
        return await self._look(lambda connection: list_turns(connection, app, call, before, limit))

    async def program_ids(self) -> list[str]:
        return await self._look(program_ids)

    async def entries(
        self, record: str, key: str | None, at: int, after: tuple[str, int], limit: int
    ) -> list[tuple[int, Kept]]:
        return await self._look(
            lambda connection: page_records(connection, record, key, at, after, limit)
        )

    async def put_record(self, put: Put, at: int) -> None:
        await self._ask(lambda connection: put_record(connection, put, at))

    async def drop_records(self, record: str, key: str, call: str | None, at: int) -> int:
        return await self._ask(lambda connection: drop_records(connection, record, key, call, at))

    async def put_callouts(self, callouts: Sequence[Callout]) -> list[bool]:
        return await self._ask(lambda connection: put_callouts(connection, callouts))

    async def amend(self, id: str, at: int, decide: Decide) -> Callout | None:
        def change(connection: sqlite3.Connection) -> Callout | None:
            known = find_callout(connection, id)
            if known is None:
                return None
            records = SqliteRecords(connection, app=known.app, call=id, at=at, load=self._load)
            after = decide(known, records)
            put_callouts(connection, () if after is None else (after,))
            return after or known

        return await self._ask(change)

    async def callout(self, id: str) -> Callout | None:
        return await self._ask(lambda connection: find_callout(connection, id))

    async def callouts_by_id(self, ids: Sequence[str]) -> list[Callout | None]:
        return await self._ask(lambda connection: find_callouts(connection, ids))

    async def callout_of(self, app: str, call: str) -> Callout | None:
        return await self._ask(lambda connection: callout_of_call(connection, app, call))

    async def waiting_callouts(self, app: str, at: int, limit: int) -> list[Callout]:
        return await self._ask(lambda connection: waiting_callouts(connection, app, at, limit))

    async def waiting_legs(self, at: int) -> list[Callout]:
        return await self._ask(lambda connection: waiting_legs(connection, at))

    async def due_callouts(self, at: int, limit: int) -> list[Callout]:
        return await self._ask(lambda connection: due_callouts(connection, at, limit))

    async def next_due(self, dialled: Iterable[str]) -> int | None:
        return await self._ask(lambda connection: next_due(connection, dialled))

    async def busy_callouts(self) -> dict[str, int]:
        return await self._ask(busy_callouts)

    async def callouts(self, only: CalloutFilter, before: str, limit: int) -> list[Callout]:
        return await self._look(lambda connection: list_callouts(connection, only, before, limit))

    async def put_jobs(self, jobs: Sequence[Job]) -> None:
        await self._ask(lambda connection: put_jobs(connection, jobs))

    async def job(self, id: str) -> Job | None:
        return await self._ask(lambda connection: find_job(connection, id))

    async def due_jobs(self, at: int, each: int) -> list[Job]:
        return await self._ask(lambda connection: due_jobs(connection, at, each))

    async def next_due_job(self, after: int) -> int | None:
        return await self._ask(lambda connection: next_due_job(connection, after))

    async def jobs(self, only: JobFilter, before: str, limit: int) -> list[Job]:
        return await self._look(lambda connection: list_jobs(connection, only, before, limit))

    async def probe(self) -> None:
        touch = "UPDATE meta SET value = randomblob(8) WHERE name = 'probe'"
        await self._ask(lambda connection: connection.execute(touch))

    async def sweep(self, before: int, limit: int, *, now: int) -> int:
        return await self._ask(lambda connection: self._sweep(connection, before, limit, now))

    async def close(self) -> None:
        self._closing = True
        while self._sending:
            await asyncio.sleep(0.001)
        self._inbox.put(None)
        self._closed.set()
        await asyncio.to_thread(self._writer.join)
        await asyncio.to_thread(self._checkpointer.join)
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        self._lock.release()

    # -- in the loop: one batch at a time goes to the writer, the others gather ------------------

    def _enqueue(self, pending: _Pending) -> None:
        if self._closing:
            pending.done.set_exception(StoreUnavailableError("the store is closed"))
            return
        self._line.append(pending)
        if not self._sending:
            self._sending = True
            self._loop.call_soon(self._send)

    async def _ask(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        pending = _Pending(self._loop.create_future(), ask=ask)
        self._enqueue(pending)
        await pending.done
        return cast(T, pending.result)

    async def _look(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """Ask beside the writer, of what is committed."""
        if self._closing:
            raise StoreUnavailableError("the store is closed")
        return await asyncio.to_thread(_beside, self._path, look)

    def _send(self) -> None:
        """Hand all that waits in line to the writer."""
        batch, self._line = self._line, []
        if not batch:
            self._sending = False
            return
        for pending in batch:
            pending.taken = True
        in_thread = any(pending.ask or isinstance(pending.turn, Draft) for pending in batch)
        written = None if in_thread else self._try_write(batch)
        self._inbox.put((batch, written))

    def _try_write(self, batch: list[_Pending]) -> list[Place | Exception] | None:
        """Write turns, without a COMMIT; None where the writer has to take them one by one.

        It touches pages in memory only: in the writer each statement would have to wait for the
        interpreter, which costs more than the statement.
        """
        try:
            return self._write_rows(batch, 0.0)
        except Exception:  # told by the writer, turn by turn
            return None

    def _tell(self, batch: list[_Pending], outcomes: list[Place | Exception]) -> None:
        """Tell those who wait what became of their batch, and soon send what gathered meanwhile.

        Not at once: events that came with this tick of the loop are still being stepped, and go
        together. Else a crowd falls apart into a large batch and many of one turn each.
        """
        for pending, outcome in zip(batch, outcomes, strict=True):
            if pending.done.done():
                continue
            if isinstance(outcome, Exception):
                pending.done.set_exception(outcome)
            else:
                pending.done.set_result(outcome)
        self._loop.call_soon(self._send)

    # -- in the writer thread ---------------------------------------------------------------------

    def _write(self) -> None:
        """Commit one batch after the other, and tell the loop."""
        while (work := self._inbox.get()) is not None:
            batch, written = work
            outcomes = self._commit(batch, written)
            with suppress(RuntimeError):  # the loop is gone: nobody waits for an answer any more
                self._loop.call_soon_threadsafe(self._tell, batch, outcomes)

    def _commit(
        self, batch: list[_Pending], written: list[Place | Exception] | None = None
    ) -> list[Place | Exception]:
        try:
            places = self._write_rows(batch, BUSY_SECONDS) if written is None else written
            self._end_transaction()
            return places
        except Exception as error:  # whatever it was, those who wait must hear of it
            if len(batch) == 1 or _is_busy(error):
                return [_failure(error) for _ in batch]
            return [outcome for pending in batch for outcome in self._commit([pending])]

    def _write_rows(self, batch: list[_Pending], patience: float) -> list[Place | Exception]:
        """Begin a transaction and run all of a batch in it, or none of it."""
        self._before = self._last_call, self._last_row
        self._begin(patience)
        try:
            places = [self._run(pending) for pending in batch]
            self._flush()
        except BaseException:
            self._undo()
            raise
        return places

    def _begin(self, patience: float) -> None:
        """Begin a transaction that writes; wait some seconds for another process that does."""
        until = monotonic() + patience
        while True:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or monotonic() >= until:
                    raise
                sleep(BUSY_TICK)

    def _end_transaction(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")
        self._forget(self._before)

    def _forget(self, before: tuple[int, int]) -> None:
        """Know no more of rows that were rolled back. `before` are the last numbers that stay."""
        with suppress(sqlite3.Error):
            self._programs = dict(self._connection.execute("SELECT hash, id FROM program"))
        self._last_call, self._last_row = before
        self._clear()

    def _run(self, pending: _Pending) -> Place | Exception:
        if isinstance(pending.turn, Turn):
            return self._keep(pending.turn)
        if pending.turn is not None:
            self._flush()
            return self._make(pending.turn)
        if pending.ask is not None:
            self._flush()
            pending.result = pending.ask(self._connection)
        return NOWHERE

    def _make(self, draft: Draft) -> Place | Exception:
        """Make a turn and write it, or nothing of it. What fails here is this turn's alone."""
        before = self._last_call, self._last_row
        self._connection.execute("SAVEPOINT draft")
        try:
            place = self._keep(draft.make(self._records(draft)))
            self._flush()
        except sqlite3.Error:  # the whole transaction may be gone
            raise
        except Exception as error:  # whatever `make` raised is for who waits to hear
            self._connection.execute("ROLLBACK TO draft")
            self._connection.execute("RELEASE draft")
            self._forget(before)
            return error
        self._connection.execute("RELEASE draft")
        return place

    def _records(self, draft: Draft) -> SqliteRecords:
        return SqliteRecords(
            self._connection, app=draft.app, call=draft.call, at=draft.at, load=self._load
        )

    def _keep(self, turn: Turn) -> Place:
        """Note the rows of a turn; `_flush` writes them."""
        if (turn.rev == 1) != (turn.place is None):
            raise ConflictError(f"turn {turn.rev} of {turn.call} follows no turn")
        program = self._programs.get(turn.program) or self._add_program(turn)
        self._last_row = row = self._last_row + 1
        if turn.place is None:
            self._last_call = call = self._last_call + 1
            previous = 0
        else:
            call, previous = turn.place.call, turn.place.last
        state = (turn.rev, turn.format, program, row, turn.due, turn.over, turn.who, turn.session)
        if previous:
            self._moved.append((call, *state))
        else:
            self._begun.append((call, turn.app, turn.call, *state))
        happened = (turn.at, turn.flags, turn.key, turn.event, turn.facts, turn.reply)
        self._rows.append((row, call, previous, *happened))
        if turn.over:
            self._over.append((turn.app, turn.call))
        self._callouts += turn.callouts
        self._jobs += map(msgspec.structs.astuple, turn.jobs)
        for each in turn.also:
            self._keep(each)
        return Place(call, row)

    def _flush(self) -> None:
        """Write what `_keep` noted, many rows a statement: each gives the interpreter away."""
        for name, rows in (
            ("put_call", self._begun),
            ("move_call", self._moved),
            ("put_journal", self._rows),
        ):
            for chunk in _chunks(rows):
                values = [value for row in chunk for value in row]
                changed = self._connection.execute(_many(name, len(chunk)), values)
                if changed.rowcount != len(chunk):
                    raise ConflictError("another turn of the call came first")
        for name, rows in (("leave_queues", self._over), ("put_job", self._jobs)):
            for chunk in _chunks(rows):
                values = [value for row in chunk for value in row]
                self._connection.execute(_many(name, len(chunk)), values)
        put_callouts(self._connection, self._callouts)
        self._clear()

    def _clear(self) -> None:
        self._begun.clear()
        self._moved.clear()
        self._rows.clear()
        self._over.clear()
        self._callouts.clear()
        self._jobs.clear()

    def _add_program(self, turn: Turn) -> int:
        insert = "INSERT INTO program (hash, closure) VALUES (?, ?)"
        number = self._connection.execute(insert, (turn.program, turn.closure)).lastrowid
        assert number is not None  # noqa: S101  an INSERT that didn't raise has a row
        self._programs[turn.program] = number
        return number

    def _load(self, connection: sqlite3.Connection, app: str, call: str) -> Stored | None:
        row = connection.execute(statement("load"), (app, call)).fetchone()
        if row is None:
            return None
        number, last, rev, program, form, over, session = row
        recent = tuple(
            Recent(each.key, each.flags, each.reply) for each in self._chain(connection, last, KEPT)
        )
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
                statement("chain"), (last, limit)
            )
        ]
        rows.reverse()
        return rows

    def _sweep(self, connection: sqlite3.Connection, before: int, limit: int, now: int) -> int:
        old = connection.execute(statement("old_calls"), (before, limit)).fetchall()
        for call, last in old:
            rows = connection.execute(statement("chain"), (last, MAX_CHAIN)).fetchall()
            connection.executemany("DELETE FROM journal WHERE id = ?", [(row[0],) for row in rows])
            connection.execute(statement("leave_call"), (call,))
            connection.execute("DELETE FROM call WHERE id = ?", (call,))
        if old:
            unused = "DELETE FROM program WHERE id NOT IN (SELECT DISTINCT program FROM call)"
            connection.execute(unused)
            self._programs = dict(connection.execute("SELECT hash, id FROM program"))
        expired = connection.execute(statement("old_records"), (now, limit - len(old)))
        gone = len(old) + expired.rowcount
        gone += connection.execute(statement("old_callouts"), (before, limit - gone)).rowcount
        return gone + connection.execute(statement("old_jobs"), (before, limit - gone)).rowcount

    def _checkpoint(self) -> None:
        """The checkpoint thread: move the log into the file beside the writer's commits."""
        connection = sqlite3.connect(self._path, isolation_level=None, timeout=0)
        while not self._closed.wait(CHECKPOINT_SECONDS):
            with suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        connection.close()


NOWHERE = Place(0, 0)
LARGEST_CHUNK = 64


def _chunks(rows: list[tuple[object, ...]]) -> Iterator[list[tuple[object, ...]]]:
    """Yield rows in chunks of powers of two, so that few statements have to be prepared."""
    start = 0
    while start < len(rows):
        size = min(LARGEST_CHUNK, 1 << (len(rows) - start).bit_length() - 1)
        yield rows[start : start + size]
        start += size


@cache
def _many(name: str, count: int) -> str:
    """Return the statement `name` for `count` rows."""
    text = statement(name)
    one = text[text.index("(?") : text.index("?)") + 2]
    return text.replace(one, ", ".join([one] * count))


def _is_busy(error: Exception) -> bool:
    """Whether another process kept the file locked all the time."""
    return (
        isinstance(error, sqlite3.OperationalError)
        and error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    )


def _failure(error: Exception) -> Exception:
    if isinstance(error, ConflictError):
        return error
    return StoreUnavailableError(f"the store refused: {error}")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    connection.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG}")
    # Else the planner builds an index over a batch of rows and walks all calls beside it.
    connection.execute("PRAGMA automatic_index = OFF")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    columns = {row[1] for row in connection.execute("PRAGMA table_info(callout)")}
    if columns and "parent" not in columns:
        connection.executescript(statement("legs"))
    connection.executescript(statement("schema"))
    try:
        if is_earlier(_meta(connection, "format", FORMAT), path):
            connection.execute("UPDATE meta SET value = ? WHERE name = 'format'", (FORMAT,))
    except StoreError:
        connection.close()
        raise
    return connection


def _beside(path: Path, look: Callable[[sqlite3.Connection], T]) -> T:
    """Return what `look` finds, on a connection of its own that reads only."""
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute("BEGIN")
            return look(connection)
    except sqlite3.Error as error:
        raise _failure(error) from error


def is_earlier(layout: object, path: Path) -> bool:
    """Whether a file is of an earlier layout; raises `StoreError` where it is of one unknown."""
    if layout != FORMAT and layout not in EARLIER_FORMATS:
        raise StoreError(f"{path} was written by another release of ivrflow (layout {layout!r})")
    return layout != FORMAT


def _meta(connection: sqlite3.Connection, name: str, default: bytes) -> object:
    """Return a value of the store itself; `default` the first time it is asked for."""
    insert = "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
    connection.execute(insert, (name, default))
    return connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0]


def _highest(connection: sqlite3.Connection, table: str) -> int:
    query = f"SELECT coalesce(max(id), 0) FROM {table}"  # noqa: S608  a table of ours
    number: int = connection.execute(query).fetchone()[0]
    return number
