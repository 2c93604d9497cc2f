"""The platform in real time: timers by the wall clock, many callbacks on their way at once."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from ivrflow.emulator.auth import Request
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.rest import Response
from ivrflow.emulator.runner import Handler
from ivrflow.emulator.setup import Setup
from ivrflow.emulator.world import Delivery

T = TypeVar("T")


def wall() -> int:
    """Return the time in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


class RealTime:
    """A platform whose seconds are `speed` times as fast as ours. `run` must be running."""

    def __init__(self, setup: Setup, handler: Handler, *, speed: float = 1.0) -> None:
        self.platform = Platform(setup, now=wall())
        self.handler = handler
        self.speed = speed
        self._began = time.monotonic()
        self._start = self.platform.now
        self._woken = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        while True:
            self._pass()
            self._woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._patience()):
                    await self._woken.wait()

    async def do(self, act: Callable[[Platform], T]) -> T:
        self._pass()
        done = act(self.platform)
        self._flush()
        return done

    async def wait(self, ms: int) -> None:
        await asyncio.sleep(ms / 1000 / self.speed)

    async def due(self) -> int | None:
        """Of what else lives by real time nobody here knows."""
        return self.platform.due

    async def request(self, request: Request) -> Response:
        response = await self.do(lambda platform: platform.request(request, wall()))
        if response.after:
            await self.wait(response.after)
        return response

    async def catch_up(self) -> None:
        self._pass()

    def _patience(self) -> float | None:
        due = self.platform.due
        return None if due is None else max(0.0, (due - self._now()) / 1000 / self.speed)

    def _now(self) -> int:
        return self._start + int((time.monotonic() - self._began) * 1000 * self.speed)

    def _pass(self) -> None:
        self.platform.advance(max(self.platform.now, self._now()))
        self._flush()

    def _flush(self) -> None:
        """Send what leaves now; the timers may have changed."""
        for delivery in self.platform.take():
            task = asyncio.create_task(self._deliver(delivery))
            self._deliveries.add(task)
            task.add_done_callback(self._deliveries.discard)
        self._woken.set()

    async def _deliver(self, delivery: Delivery) -> None:
        headers = self.platform.headers(delivery, wall())
        try:
            status, body, failure = *await self.handler(delivery.url, headers, delivery.body), ""
        except Exception as error:  # whatever the other side does, the platform lives on
            status, body, failure = 0, b"", str(error) or type(error).__name__
        await self.do(lambda platform: platform.answer(delivery.id, status, body, failure))
