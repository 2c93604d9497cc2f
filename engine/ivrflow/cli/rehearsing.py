"""An emulated platform and the engine that answers it, in the process of a command."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import msgspec

from ivrflow.beside import beside
from ivrflow.callouts import State
from ivrflow.clock import as_text, from_milliseconds
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.realtime import RealTime, wall
from ivrflow.emulator.setup import Inbound
from ivrflow.errors import OrderError, UsageError
from ivrflow.library import Library
from ivrflow.outbound.http import Http
from ivrflow.outbound.requests import Requests
from ivrflow.rehearsal.asking import Asking
from ivrflow.rehearsal.engine import APP, Engine, clock_of, setup
from ivrflow.rehearsal.errands import Errands, Takes, made_up
from ivrflow.rehearsal.line import Local
from ivrflow.rehearsal.notes import Notes
from ivrflow.rehearsal.requesting import Requesting
from ivrflow.runtime.ordering import ordered
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.server.accepting import readable
from ivrflow.settings import Settings
from ivrflow.store.base import Store
from ivrflow.store.opening import open_store

FORGETS = "memory:"

MOMENT = 50
"""Milliseconds between two looks whether a phone rings, where time passes by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    runner: InProcess | RealTime
    notes: Notes
    engine: Engine

    async def dial(self, inbound: Inbound) -> Local:
        """Call in."""
        return await Local.dial(self.runner, inbound, self.notes)

    async def call_out(self, name: str, given: Mapping[str, str]) -> Local:
        """Order a callout, and wait until a phone rings; raises `UsageError` if none will."""
        programs = self.engine.turns.library.current.programs
        try:
            order = ordered(programs, name, given)
        except OrderError as error:
            raise UsageError(f"--callout {name}: {error}") from None
        id = secrets.token_hex(16)
        await self.engine.place(order, id=id, due=self.runner.platform.now)
        await self.runner.do(lambda platform: None)
        while not self.runner.platform.world.calls:
            await self._wait_for(id)
        return Local(self.runner, self.notes)

    async def _wait_for(self, id: str) -> None:
        """Let time pass until something else may be done for a callout."""
        callout = await self.engine.store.callout(id)
        if callout is None or callout.state in (State.UNREACHED, State.OVER):
            told = "" if callout is None else f": {callout.result} ({callout.reason})"
            raise UsageError(f"nobody is called{told}")
        now = self.runner.platform.now
        is_simulated = isinstance(self.runner, InProcess)
        if not is_simulated and callout.state is State.WAITING and callout.due > now:
            due = as_text(from_milliseconds(callout.due))
            raise UsageError(f"nobody is called before {due}: with --fast that is now")
        await self.runner.wait(max(1, callout.due - now) if is_simulated else MOMENT)


@asynccontextmanager
async def rehearsed(
    library: Library,
    settings: Settings,
    environment: Mapping[str, str],
    answers: Mapping[str, bytes],
    *,
    fast: bool,
) -> AsyncIterator[Rehearsal]:
    """Yield a platform whose calls a library's flows answer; `fast`: its time passes when asked to.

    `answers` are those of look-ups by their name, the others are sent; `environment` is what flows
    may read some of. Webhooks are made up, so they read nothing of it. Raises `UsageError` or
    `StoreError`.
    """
    app = msgspec.structs.replace(library.current.app, webhooks=made_up(library))
    library.current = replace(library.current, app=app)
    allowed = readable(library, settings, environment, emulated=True)
    policy = Policy(environment=allowed, who=APP, secret_key=settings.sealing_key)
    async with Http() as http:
        asking = Asking(Requests(http, allowed), answers)

        def make(store: Store) -> Turns:
            return Turns(library, store, policy, clock_of(lambda: runner), asking, notes.tell)

        def begin(turns: Turns) -> Errands:
            return Errands.of(turns, Requesting(lambda: runner), Takes())

        engine = Engine(lambda: open_store(settings.store), make, asking if fast else None, begin)
        runner = _platform(settings, engine, fast=fast)
        notes = Notes(lambda: runner.platform)
        await engine.start()
        try:
            async with beside(runner.run(), *(() if fast else (engine.run(),))):
                with notes.overheard():
                    yield Rehearsal(runner=runner, notes=notes, engine=engine)
        finally:
            await engine.stop()


def _platform(settings: Settings, engine: Engine, *, fast: bool) -> InProcess | RealTime:
    """Return a platform. On a simulated clock the engine does by it what is due."""
    # Calls that are kept have ids of their own.
    told = setup() if settings.store == FORGETS else setup(secrets.token_hex(8))
    if not fast:
        return RealTime(told, engine.handle)
    runner = InProcess(told, engine.handle, now=wall())
    runner.companion = engine
    return runner
