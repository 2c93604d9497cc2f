"""The same call two ways: engine and platform in one process, and as servers that speak HTTP."""

import asyncio
import base64
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import uvicorn
from starlette.types import ASGIApp

from ivrflow.emulator.http import create_app as create_platform
from ivrflow.emulator.http import poster
from ivrflow.emulator.inprocess import START, InProcess
from ivrflow.emulator.realtime import wall
from ivrflow.emulator.setup import Application, Inbound, Setup
from ivrflow.errors import MissedError
from ivrflow.library import Library
from ivrflow.listening import listen
from ivrflow.rehearsal.acts import Act
from ivrflow.rehearsal.engine import APP, Engine, clock_of, setup
from ivrflow.rehearsal.line import Line, Local, Told
from ivrflow.rehearsal.notes import Notes
from ivrflow.rehearsal.player import Player, play
from ivrflow.rehearsal.remote import Remote, connect
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.server.app import PATH, create_app
from ivrflow.server.callbacks import Callbacks
from ivrflow.sinch.signing import Keyring
from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore

SECRET = base64.b64encode(b"a secret of nobody's").decode()

Story = tuple[list[Told], str]
"""What happened on a call, and where the script found that it went another way."""


async def in_process(library: Library, inbound: Inbound, acts: Iterable[Act]) -> Story:
    def make(store: Store) -> Turns:
        return Turns(library, store, Policy(), clock_of(lambda: runner))

    engine = Engine(memory, make)
    runner = InProcess(setup(), engine.handle, now=START)
    notes = Notes(lambda: runner.platform)
    await engine.start()
    story = await _played(await Local.dial(runner, inbound, notes), acts)
    await engine.stop()
    return story


async def memory() -> Store:
    return MemoryStore()


async def over_http(library: Library, inbound: Inbound, acts: Iterable[Act]) -> Story:
    with tempfile.TemporaryDirectory() as directory:
        store = await SqliteStore.open(Path(directory) / "state.db")
        turns = Turns(library, store, Policy(), clock_of(lambda: platform))
        callbacks = Callbacks(turns, Keyring({APP: SECRET}))
        async with served(create_app(callbacks, library, ready)) as engine, poster() as post:
            application = Application(key=APP, secret=SECRET, primary=engine + PATH)
            platform = InProcess(
                Setup(applications=(application,)), post, now=START, signed_at=wall
            )
            async with served(create_platform(platform)) as url, connect(url) as client:
                story = await _played(await Remote.dial(client, inbound), acts)
        await turns.drain()
        await store.close()
        return story


async def ready() -> str:
    return ""


async def _played(line: Line, acts: Iterable[Act]) -> Story:
    player = Player(line, lambda told: None)
    missed = ""
    try:
        await play(player, _placed(acts))
    except MissedError as error:
        missed = str(error)
    return [_without_address(each) for each in player.story], missed


def _without_address(told: Told) -> Told:
    """Callbacks go to different addresses, and nothing else may differ."""
    return msgspec.structs.replace(told, url="") if hasattr(told, "url") else told


async def _placed(acts: Iterable[Act]) -> AsyncIterator[tuple[str, Act]]:
    for number, act in enumerate(acts, 1):
        yield f"act {number}", act


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve an application on a free port."""
    config = uvicorn.Config(app, log_config=None, lifespan="off", ws="none")
    server = uvicorn.Server(config)
    with listen("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield "http://{}:{}".format(*listener.getsockname()[:2])
        server.should_exit = server.force_exit = True
        await serving
