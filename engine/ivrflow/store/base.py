"""What a store does for the turn: keep one row a call and one a turn, in one commit.

A store knows bytes only. Every turn is one `Turn`; it is committed whole or not at all, and only
`rev` (how many turns the call has had) decides which of two turns comes first.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from ivrflow.callouts import Callout
from ivrflow.jobs import Job
from ivrflow.records import Kept, Operation, Put

KEPT = 16
"""How many of a call's last turns are compared with what comes in, to find duplicates."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a store keeps a call: the numbers of its row and of its last journal row."""

    call: int
    last: int


class Turn(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One turn to be committed.

    `rev` counts the call's turns, this one included; `place` is that of the turn before, None for
    a call's first. `key` tells the event from all others of its call. `at`, `due` and `over` are
    milliseconds since 1970; `over` is 0 while the call lives. `session`, `event`, `facts` and
    `reply` are JSON, `reply` empty where none is sent. `callouts` are added and changed with it,
    see `Store.put_callouts`; `jobs` are added, see `Store.put_jobs`. `also` are turns of other
    calls: all of them are committed, or none is.
    """

    app: str
    call: str
    rev: int
    place: Place | None
    program: str
    closure: bytes
    format: int
    at: int
    due: int
    over: int
    who: str
    session: bytes
    flags: int
    key: bytes
    event: bytes
    facts: bytes
    reply: bytes
    callouts: tuple[Callout, ...] = ()
    jobs: tuple[Job, ...] = ()
    also: "tuple[Turn, ...]" = ()


class Records(Protocol):
    """Memory across calls, as one turn sees and changes it."""

    def perform(self, operation: Operation) -> object:
        """Return what the operation yields; it counts if the turn is committed."""
        ...

    def call(self, app: str, call: str) -> "Stored | None":
        """Return a call as it is in this transaction."""
        ...


class Draft(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A turn of a call that needs records to be made.

    `make` is called inside the transaction that commits what it returns, maybe in another thread.
    If it raises, what it did to records is undone, no other turn is touched, and who waits gets
    what it raised. It may be called again after all that it did was undone. `app` and `call` own
    the claims and places it takes; what has expired at `at`, in milliseconds since 1970, is absent.
    """

    app: str
    call: str
    at: int
    make: Callable[[Records], Turn]


Decide = Callable[[Callout, Records], Callout | None]


class CalloutFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which callouts are wanted; "" is all."""

    flow: str = ""
    name: str = ""
    state: str = ""


class JobFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which jobs are wanted; "" is all."""

    state: str = ""
    to: str = ""
    call: str = ""


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls are wanted: those on one of `programs` (None: on any), those that are `over` or
    live (None: both)."""

    programs: tuple[str, ...] | None = None
    over: bool | None = None


class Recent(msgspec.Struct, frozen=True, gc=False):
    """An event that the call has had, its turn's flags, and the reply to it."""

    key: bytes
    flags: int
    reply: bytes


class Stored(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A call as it was last committed. `recent` are its last turns, the oldest first."""

    rev: int
    place: Place
    program: str
    format: int
    over: int
    session: bytes
    recent: tuple[Recent, ...]


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of the journal."""

    at: int
    flags: int
    key: bytes
    event: bytes
    facts: bytes
    reply: bytes


class Listed(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A call in a list: `number` is that of its row, later calls have higher ones. `began` and `at`
    are when its first and its last turn were; `over` is 0 while it lives."""

    number: int
    app: str
    call: str
    program: str
    format: int
    over: int
    session: bytes
    at: int
    began: int


class CallPage(msgspec.Struct, frozen=True, kw_only=True):
    """Some calls. `next` is the number before which others may follow, 0 if none do."""

    calls: tuple[Listed, ...]
    next: int


class Commit(Protocol):
    """A turn on its way. `done` yields its place, or raises `ConflictError` (another turn came
    first), `StoreUnavailableError`, or what a draft's `make` raised.

    Who gives up waiting may put another future in the place of `done`: a store settles the one that
    is there when the turn is committed.
    """

    done: asyncio.Future[Place]

    def withdraw(self) -> bool:
        """Take the turn back; False if it is being committed already."""
        ...


class Store(Protocol):
    """Where calls survive. All methods but `secret_key` may be called from the event loop only."""

    @property
    def identity_key(self) -> bytes:
        """A secret of this store, with which identities of events are hashed."""
        ...

    def secret_key(self) -> bytes:
        """Return the 32 bytes with which secrets are sealed, which are made the first time.

        They lie beside the store, never in it. Any thread may ask. Raises `StoreUnavailableError`.
        """
        ...

    @property
    def backlog(self) -> int:
        """How many turns wait to be committed."""
        ...

    def submit(self, turn: Turn | Draft) -> Commit:
        """Put a turn in line to be committed.

        A call whose turn says that it is over leaves all queues with that turn.
        """
        ...

    async def load(self, app: str, call: str) -> Stored | None:
        """Return a call; raises `StoreUnavailableError`."""
        ...

    async def closure(self, program: str) -> bytes | None:
        """Return the closure of a program that some call runs on."""
        ...

    async def journal(self, app: str, call: str) -> list[Row]:
        """Return the turns of a call, the oldest first."""
        ...

    async def calls(self, only: CallFilter, before: int, limit: int) -> CallPage:
        """Return up to `limit` calls, the latest first, from the one before the number `before` (0:
        from the last). A page looks at so many calls at most, so it may hold few, or none, where
        others follow."""
        ...

    async def call(self, app: str, call: str) -> Listed | None:
        """Return a call as lists have it."""
        ...

    async def turns(self, app: str, call: str, before: int, limit: int) -> list[tuple[int, Row]]:
        """Return turns of a call with their numbers, the latest first, from the one before the
        number `before` (0: from the last)."""
        ...

    async def program_ids(self) -> list[str]:
        """Return the programs that stored calls run on."""
        ...

    async def entries(
        self, record: str, key: str | None, at: int, after: tuple[str, int], limit: int
    ) -> list[tuple[int, Kept]]:
        """Return what a record holds at `at`, under one key or all, with numbers that tell the rows
        of a key apart: in the order of keys and, in a queue, of places, from the one after that key
        and number on."""
        ...

    async def put_record(self, put: Put, at: int) -> None:
        """Keep a value, as if a call did at `at`; who has claimed the key keeps it."""
        ...

    async def drop_records(self, record: str, key: str, call: str | None, at: int) -> int:
        """Forget what stands under a key, or what one call has of it; returns how many went."""
        ...

    async def put_callouts(self, callouts: Sequence[Callout]) -> list[bool]:
        """Add callouts (those of `rev` 1) and change those that are there; returns which are kept.

        One is not added where its id is known, or its key taken by one that is not over. A change
        that doesn't follow the last one raises `ConflictError`, and nothing of all is kept. With a
        leg that is over, or whose key is taken, a job is added that tells its parent.
        """
        ...

    async def amend(self, id: str, at: int, decide: Decide) -> Callout | None:
        """Change a callout in one transaction; returns it as it is then, None if there is none.

        `decide` gets it, and the records as they are at `at`, and returns what becomes of it, or
        None to leave it. It may run in another thread; what it raises undoes all that it did.
        """
        ...

    async def callout(self, id: str) -> Callout | None:
        """Return a callout."""
        ...

    async def callouts_by_id(self, ids: Sequence[str]) -> list[Callout | None]:
        """Return callouts, None for each that is none."""
        ...

    async def callout_of(self, app: str, call: str) -> Callout | None:
        """Return the callout whose last try became that call, if it is not over."""
        ...

    async def waiting_callouts(self, app: str, at: int, limit: int) -> list[Callout]:
        """Return callouts of an application that are to be dialled by `at`, the longest due first,
        legs left out."""
        ...

    async def waiting_legs(self, at: int) -> list[Callout]:
        """Return legs that are to be dialled by `at`, the longest due first."""
        ...

    async def due_callouts(self, at: int, limit: int) -> list[Callout]:
        """Return others for which something is to be done by `at`, the longest due first."""
        ...

    async def next_due(self, dialled: Iterable[str]) -> int | None:
        """Return when something is to be done for a callout, None if for none. Those that are to be
        dialled count only if they are legs, or of an application in `dialled`."""
        ...

    async def busy_callouts(self) -> dict[str, int]:
        """Return, for each application that has somebody to dial, how many of its callouts are
        being placed, or are placed or live."""
        ...

    async def callouts(self, only: CalloutFilter, before: str, limit: int) -> list[Callout]:
        """Return callouts, the latest first, from the one before `before` ("": from the last)."""
        ...

    async def put_jobs(self, jobs: Sequence[Job]) -> None:
        """Add jobs (those of `rev` 1) and change those that are there.

        One is not added where its id is known. A change that doesn't follow the last one raises
        `ConflictError`, and nothing of all is kept.
        """
        ...

    async def job(self, id: str) -> Job | None:
        """Return a job."""
        ...

    async def due_jobs(self, at: int, each: int) -> list[Job]:
        """Return jobs to be done by `at`, the longest due first, up to `each` of one `to`.

        Of a lane that is the first that is open, if any.
        """
        ...

    async def next_due_job(self, after: int) -> int | None:
        """Return when the next job becomes due after a point in time, None if none does."""
        ...

    async def jobs(self, only: JobFilter, before: str, limit: int) -> list[Job]:
        """Return jobs, the latest first, from the one before `before` ("": from the last)."""
        ...

    async def probe(self) -> None:
        """Write something and commit it; raises `StoreUnavailableError` where turns would fail."""
        ...

    async def sweep(self, before: int, limit: int, *, now: int) -> int:
        """Forget calls that were over, or last heard of, before `before`, callouts that were over,
        jobs that were done or given up, and what of records has expired at `now`: up to `limit`
        together.

        Returns how many went. Programs that no call runs on any more, and the places in queues of
        calls that never ended, go with them.
        """
        ...

    async def close(self) -> None:
        """Commit what waits, then let go of everything."""
        ...
