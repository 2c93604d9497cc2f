"""An emulated platform and the engine that answers it, in the process of a command."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ivrflow.beside import beside
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.realtime import RealTime, wall
from ivrflow.emulator.runner import Handler
from ivrflow.library import Library
from ivrflow.outbound.http import Http
from ivrflow.outbound.requests import Requests
from ivrflow.rehearsal.asking import Asking
from ivrflow.rehearsal.engine import APP, Engine, clock_of, setup
from ivrflow.rehearsal.notes import Notes
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.server.accepting import readable
from ivrflow.settings import Settings
from ivrflow.store.base import Store
from ivrflow.store.opening import open_store

FORGETS = "memory:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    runner: InProcess | RealTime
    notes: Notes


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
    may read some of. Raises `UsageError` or `StoreError`.
    """
    allowed = readable(library, settings, environment)
    policy = Policy(environment=allowed, who=APP, secret_key=settings.sealing_key)
    async with Http() as http:
        asking = Asking(Requests(http, allowed), answers)

        def make(store: Store) -> Turns:
            return Turns(library, store, policy, clock_of(lambda: runner), asking, notes.tell)

        engine = Engine(lambda: open_store(settings.store), make, asking if fast else None)
        runner = _platform(settings, engine.handle, fast=fast)
        notes = Notes(lambda: runner.platform)
        await engine.start()
        try:
            async with beside(runner.run()):
                with notes.overheard():
                    yield Rehearsal(runner=runner, notes=notes)
        finally:
            await engine.stop()


def _platform(settings: Settings, handler: Handler, *, fast: bool) -> InProcess | RealTime:
    # Calls that are kept have ids of their own.
    told = setup() if settings.store == FORGETS else setup(secrets.token_hex(8))
    return InProcess(told, handler, now=wall()) if fast else RealTime(told, handler)
