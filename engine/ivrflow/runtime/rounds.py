"""Rounds of work on what a store holds: one when something is due, one when somebody says so."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress

import structlog

from ivrflow.errors import StoreError

AFTER_A_FAULT = 5.0
"""Seconds after which a store that refused is asked again."""

SHORTEST, LONGEST = 0.05, 10.0
"""Seconds between two rounds. Others may put something into the store without a word."""

PACE = 0.02
"""Seconds between the beginnings of two rounds at least. Under load something is said to be due
hundreds of times a second, and each round asks the store several things."""

log = structlog.get_logger()


class Rounds:
    """Begins tasks in rounds, each under an id, and none twice at a time."""

    def __init__(self) -> None:
        self._more = asyncio.Event()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, id: str) -> bool:
        return id in self._tasks

    @property
    def busy(self) -> bool:
        """Whether something that was begun goes on."""
        return bool(self._tasks)

    def wake(self) -> None:
        """Have another round at once."""
        self._more.set()

    async def run(self, work: Callable[[], Awaitable[float]], what: str) -> None:
        """Have rounds until cancelled: `work` begins all that is due, and returns after how many
        seconds something else is. `what` waits where the store refuses, for the log."""
        loop = asyncio.get_running_loop()
        while True:
            soonest = loop.time() + PACE
            self._more.clear()
            try:
                rest = min(max(SHORTEST, await work()), LONGEST)
            except StoreError as error:
                log.error(f"{what} wait", reason=str(error))
                rest = AFTER_A_FAULT
            except Exception:  # a bug of ours must not end all work
                log.exception(f"{what} wait")
                rest = AFTER_A_FAULT
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._more.wait()
            await asyncio.sleep(soonest - loop.time())

    async def catch_up(self, work: Callable[[], Awaitable[float]]) -> bool:
        """Have rounds until all that is due is done, with all that follows from it at once; returns
        whether there was anything. For those who keep the time themselves, in the place of `run`.
        """
        begun = False
        while True:
            self._more.clear()
            await work()
            if not self.busy:
                return begun
            begun = True
            await self.drain()

    @property
    def woken(self) -> bool:
        """Whether somebody wants another round."""
        return self._more.is_set()

    def begin(self, id: str, doing: Coroutine[None, None, None]) -> None:
        """Begin a task; when it ends there is another round."""

        def done(_: asyncio.Task[None]) -> None:
            del self._tasks[id]
            self.wake()

        task = self._tasks[id] = asyncio.create_task(doing)
        task.add_done_callback(done)

    async def drain(self) -> None:
        """Wait for what has begun; who gives up waiting ends none of it."""
        while self._tasks:
            await asyncio.wait(self._tasks.values())
