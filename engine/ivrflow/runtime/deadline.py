"""Waiting no longer than a caller can."""

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import TypeVar

from ivrflow.store.base import Commit, Place

T = TypeVar("T")

TICK = 0.02
"""Seconds between two looks at the clock."""


class LateError(Exception):
    """The deadline passed. `commit` is the turn's, if it could not be withdrawn any more."""

    def __init__(self, commit: Commit | None = None) -> None:
        super().__init__("the turn came too late")
        self.commit = commit


async def before(deadline: float, waited: Awaitable[T]) -> T:
    """Return what `waited` yields; raises `LateError` at the monotonic time `deadline`."""
    try:
        async with asyncio.timeout(deadline - monotonic()):
            return await waited
    except TimeoutError:
        raise LateError from None


class Deadlines:
    """Watches the turns that are being committed.

    One look at the clock every `TICK` serves them all: a timer for each would cost as much as
    reading the callback does.
    """

    def __init__(self) -> None:
        self._watched: list[tuple[float, Commit, asyncio.Future[Place]]] = []
        self._ticking = False

    async def committed(self, deadline: float, commit: Commit) -> Place:
        """Return the place of a turn once it is committed; raises what the store raises.

        At the deadline a turn that still waits in line is withdrawn; `LateError` tells if it could
        not be. Its `done` is another future then, for those who want to know how it ended.
        """
        done = commit.done
        if not done.done():
            self._watched.append((deadline, commit, done))
            if not self._ticking:
                self._ticking = True
                asyncio.get_running_loop().call_later(TICK, self._tick)
        return await done

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = monotonic()
        self._watched = [each for each in self._watched if not each[2].done()]
        for deadline, commit, done in self._watched:
            if deadline <= now:
                withdrawn = commit.withdraw()
                commit.done = loop.create_future()
                done.set_exception(LateError(None if withdrawn else commit))
        if self._watched:
            loop.call_later(TICK, self._tick)
        else:
            self._ticking = False
