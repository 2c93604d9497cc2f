"""The engine behind the emulated platform: the turns that a server runs, without a network."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from time import monotonic

from ivrflow.emulator.runner import Headers, Runner
from ivrflow.emulator.setup import Application, Setup
from ivrflow.errors import CallbackError
from ivrflow.rehearsal.asking import Asking
from ivrflow.runtime.turn import Turns
from ivrflow.sinch.parse import parse

APP = "rehearsal"
"""The application of calls that stay in the process: nobody has to sign for them."""


def setup(seed: str = "ivrflow") -> Setup:
    """Return a platform whose one application has no secret, and whose call ids `seed` makes."""
    application = Application(key=APP, primary="http://engine.invalid/callbacks/sinch")
    return Setup(applications=(application,), seed=seed)


class Engine:
    """Answers a platform's callbacks; `handle` is the emulator's `Handler`.

    `asking`: time stands still on the platform, so what is looked up behind a prompt is there
    before it goes on.
    """

    def __init__(self, turns: Turns, asking: Asking | None = None) -> None:
        self.turns = turns
        self.asking = asking

    async def handle(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        try:
            event = parse(body, APP)
        except CallbackError:
            return 400, b""
        answer = await self.turns.answer(event, arrived=monotonic())
        if self.asking is not None:
            await self.asking.rest()
        return answer.status, answer.body


def clock_of(runner: Callable[[], Runner]) -> Callable[[], datetime]:
    """Return a platform's clock, for the engine that answers it."""
    return lambda: datetime.fromtimestamp(runner().platform.now / 1000, UTC)


@asynccontextmanager
async def ticking(runner: Runner) -> AsyncIterator[None]:
    """Let a platform's time pass meanwhile. If its clock fails, what is done meanwhile is cancelled
    and the failure raised: a call without time would only seem to go on."""
    meanwhile = asyncio.current_task()
    clock = asyncio.create_task(runner.run())

    def stopped(clock: asyncio.Task[None]) -> None:
        if meanwhile is not None and not clock.cancelled():
            meanwhile.cancel()

    clock.add_done_callback(stopped)
    try:
        yield
    finally:
        clock.cancel()
        await asyncio.wait([clock])
        if not clock.cancelled():
            clock.result()
