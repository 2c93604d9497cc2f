"""What the serving process does beside answering, when parts of it fail."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from ivrflow.server import run
from ivrflow.store.memory import MemoryStore


class Failing(MemoryStore):
    """A store whose sweep fails the first time, by a bug; `swept` is set the second."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 1
        self.swept = asyncio.Event()

    async def sweep(self, before: int, limit: int, *, now: int) -> int:
        if self.failures:
            self.failures -= 1
            raise KeyError("a bug")
        self.swept.set()
        return 0


def test_a_sweep_that_fails_by_a_bug_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SWEEP_SECONDS", 0)

    async def story() -> None:
        store = Failing()
        sweeping = asyncio.create_task(run._sweep(store))
        async with asyncio.timeout(10):
            await store.swept.wait()
        sweeping.cancel()
        await store.close()

    asyncio.run(story())


async def never() -> None:
    await asyncio.Event().wait()


async def fails() -> None:
    raise ConnectionError("broken")


@pytest.mark.parametrize("end", [never, fails])
def test_what_does_not_end_keeps_nothing_else_from_ending(
    end: Callable[[], Awaitable[None]],
) -> None:
    async def story() -> None:
        await run._ended(end, asyncio.get_running_loop().time())

    asyncio.run(asyncio.wait_for(story(), 10))
