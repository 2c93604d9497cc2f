"""The engine behind the emulated platform: the turns that a server runs, without a network."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from time import monotonic
from typing import Protocol

from ivrflow.clock import as_milliseconds, from_milliseconds
from ivrflow.emulator.runner import Headers, Runner
from ivrflow.emulator.setup import Application, Setup
from ivrflow.errors import CallbackError
from ivrflow.machine.events import Event
from ivrflow.machine.orders import Order
from ivrflow.rehearsal.doers import Doers
from ivrflow.runtime.answer import Answer
from ivrflow.runtime.turn import Turns
from ivrflow.sinch.parse import parse
from ivrflow.store.base import Store

APP = "rehearsal"
"""The application of calls that stay in the process: nobody has to sign for them."""


Open = Callable[[], Awaitable[Store]]


class Asking(Protocol):
    """Look-ups on a platform whose time stands still while it waits for an answer."""

    async def begin(self) -> None:
        """An event has come; the task that calls this makes its turn."""
        ...

    async def rest(self) -> None:
        """Wait until nothing is asked any more but what needs the platform's time to pass."""
        ...


def setup(seed: str = "ivrflow", secret: str = "") -> Setup:
    """Return a platform whose call ids `seed` makes; its one application signs if it has a
    `secret`."""
    primary = "http://engine.invalid/callbacks/sinch"
    application = Application(key=APP, secret=secret, primary=primary)
    return Setup(applications=(application,), seed=seed)


Begin = Callable[[Turns], Doers]
"""Makes what does for turns what they ask for."""


class Engine:
    """Answers a platform's callbacks, from `start` to `stop`; `handle` is the emulator's `Handler`,
    the engine itself its `Companion` where the platform's time is simulated.

    `make` makes the turns of a store. `asking`: time stands still on the platform, so what is
    looked up behind a prompt is there before it goes on. Without `begin` nobody is dialled, and no
    job done.
    """

    store: Store
    turns: Turns

    def __init__(
        self,
        open_store: Open,
        make: Callable[[Store], Turns],
        asking: Asking | None = None,
        begin: Begin | None = None,
    ) -> None:
        self.asking = asking
        self._open_store = open_store
        self._make = make
        self._begin = begin
        self._doers: Doers | None = None

    async def start(self) -> None:
        """Raises `StoreError`."""
        self.store = await self._open_store()
        self.turns = self._make(self.store)
        if self._begin is not None:
            self._doers = self._begin(self.turns)
            self.turns.notice()  # what lies in the store may be due
            self.turns.outbox.notice()

    async def stop(self) -> None:
        """Stop; who starts again finds what the store holds."""
        if self._doers is not None:
            await self._doers.stop()
        await self.turns.drain()
        await self.store.close()

    async def place(self, order: Order, *, id: str, due: int) -> None:
        """Order a callout, as the management API does; it is dialled when it is due and the
        platform's time goes on."""
        at = as_milliseconds(self.turns.now())
        wanted = self.turns.callouts.wanted(APP, order, id=id, at=at, due=due)
        await self.store.put_callouts([wanted])
        self.turns.notice()

    async def run(self) -> None:
        """Do what turns ask for as real time passes, until cancelled."""
        if self._doers is not None:
            await self._doers.run()

    async def work(self) -> bool:
        """Do what turns have asked for and is due; returns whether there was anything."""
        at = as_milliseconds(self.turns.now())
        return self._doers is not None and await self._doers.work(at)

    async def due(self) -> int | None:
        """Return when something is to be done next of what turns have asked for."""
        return None if self._doers is None else self._doers.due

    def holds(self, call: str) -> bool:
        """Whether a turn of a call is being made."""
        return (APP, call) in self.turns.mailbox

    async def handle(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        try:
            event = parse(body, APP)
        except CallbackError:
            return 400, b""
        answer = await self.answer(event, arrived=monotonic())
        await self.rest()
        return answer.status, answer.body

    async def answer(self, event: Event, *, arrived: float) -> Answer:
        """Return the answer to an event whose first byte came at the monotonic time `arrived`."""
        if self.asking is not None:
            await self.asking.begin()
        return await self.turns.answer(event, arrived=arrived)

    async def rest(self) -> None:
        """Wait for what is asked behind the prompt of a reply."""
        if self.asking is not None:
            await self.asking.rest()


def clock_of(runner: Callable[[], Runner]) -> Callable[[], datetime]:
    """Return a platform's clock, for the engine that answers it."""
    return lambda: from_milliseconds(runner().platform.now)
