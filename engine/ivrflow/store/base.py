"""What a store does for the turn: keep one row a call and one a turn, in one commit.

A store knows bytes only. Every turn is one `Turn`; it is committed whole or not at all, and only
`rev` (how many turns the call has had) decides which of two turns comes first.
"""

import asyncio
from typing import Protocol

import msgspec

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
    `reply` are JSON, `reply` empty where none is sent.
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


class Commit(Protocol):
    """A turn on its way. `done` yields its place, or raises `ConflictError` (another turn came
    first) or `StoreUnavailableError`.

    Who gives up waiting may put another future in the place of `done`: a store settles the one that
    is there when the turn is committed.
    """

    done: asyncio.Future[Place]

    def withdraw(self) -> bool:
        """Take the turn back; False if it is being committed already."""
        ...


class Store(Protocol):
    """Where calls survive. All methods may be called from the event loop only."""

    @property
    def identity_key(self) -> bytes:
        """A secret of this store, with which identities of events are hashed."""
        ...

    @property
    def backlog(self) -> int:
        """How many turns wait to be committed."""
        ...

    def submit(self, turn: Turn) -> Commit:
        """Put a turn in line to be committed."""
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

    async def probe(self) -> None:
        """Write something and commit it; raises `StoreUnavailableError` where turns would fail."""
        ...

    async def sweep(self, before: int, limit: int) -> int:
        """Forget up to `limit` calls that were over, or last heard of, before `before`.

        Returns how many went; programs that no call runs on any more go with them.
        """
        ...

    async def close(self) -> None:
        """Commit what waits, then let go of everything."""
        ...
