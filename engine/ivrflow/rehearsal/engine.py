"""The engine behind the emulated platform: the turns that a server runs, without a network."""

from collections.abc import Callable
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
