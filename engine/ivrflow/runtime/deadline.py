"""Waiting no longer than a caller can."""

import asyncio
from collections.abc import Awaitable
from time import monotonic
from typing import TypeVar

from ivrflow.store.base import Commit, Place

T = TypeVar("T")


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


async def committed(deadline: float, commit: Commit) -> Place:
    """Return the place of a turn once it is committed; raises what the store raises.

    At the deadline a turn that still waits in line is withdrawn; `LateError` tells if it was not.
    """
    done = commit.done
    if done.done():
        return done.result()
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()

    def finish(_: object) -> None:
        if not waiting.done():
            waiting.set_result(None)

    def expire() -> None:
        if not waiting.done():
            waiting.set_exception(LateError())

    done.add_done_callback(finish)
    alarm = loop.call_later(deadline - monotonic(), expire)
    try:
        await waiting
    except LateError:
        if commit.withdraw():
            raise
        raise LateError(commit) from None
    finally:
        alarm.cancel()
    return done.result()
