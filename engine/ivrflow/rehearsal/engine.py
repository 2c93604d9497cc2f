"""The engine behind the emulated platform: the turns that a server runs, without a network."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from time import monotonic
from typing import TypeVar

import msgspec

from ivrflow.emulator.runner import Handler, Headers, Runner
from ivrflow.emulator.setup import Application, Setup
from ivrflow.library import Library
from ivrflow.machine.session import Session
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.parse import parse
from ivrflow.store.base import Store

APP = "rehearsal"
"""The application of calls that stay in the process: nobody has to sign for them."""

Watch = Callable[[Session], None]
"""Is told the session of a call after each of its callbacks."""

R = TypeVar("R", bound=Runner)

_decoder = msgspec.json.Decoder(Session)


def setup(seed: str = "ivrflow") -> Setup:
    """Return a platform whose one application has no secret, and whose call ids `seed` makes."""
    application = Application(key=APP, primary="http://engine.invalid/callbacks/sinch")
    return Setup(applications=(application,), seed=seed)


class Engine:
    """Answers callbacks on a library's flows, keeping calls in a store."""

    def __init__(
        self, library: Library, store: Store, policy: Policy, now: Callable[[], datetime]
    ) -> None:
        self.store = store
        self.turns = Turns(library, store, policy, now)
        self.watch: Watch | None = None

    async def handle(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        """Answer a callback; the emulator's `Handler`."""
        event = parse(body, APP)
        answer = await self.turns.answer(event, arrived=monotonic())
        session = await self.session(event.call) if self.watch else None
        if self.watch is not None and session is not None:
            self.watch(session)
        return answer.status, answer.body

    async def session(self, call: str) -> Session | None:
        """Return a call as it was last committed."""
        stored = await self.store.load(APP, call)
        return None if stored is None else _decoder.decode(stored.session)

    async def close(self) -> None:
        await self.turns.drain()
        await self.store.close()


def rehearse(
    library: Library,
    store: Store,
    run: Callable[[Handler], R],
    environment: Mapping[str, str] | None = None,
) -> tuple[R, Engine]:
    """Return a platform and the engine that answers it; its clock is the engine's.

    `run` makes the platform of the handler that is to answer its callbacks.
    """

    def now() -> datetime:
        return datetime.fromtimestamp(runner.platform.now / 1000, UTC)

    engine = Engine(library, store, Policy(environment=environment or {}, who=APP), now)
    runner = run(engine.handle)
    return runner, engine
