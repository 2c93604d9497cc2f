"""Scenarios at the server that `ivrflow serve` runs: callbacks and requests, and what the flows
look up and send, go over real sockets, signed and encrypted as they are elsewhere."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import TypeVar

import msgspec
from rehearsal.wires import ready, served
from servers import answer

from ivrflow.emulator.auth import Request as AskedOfPlatform
from ivrflow.emulator.http import create_app as create_platform
from ivrflow.emulator.http import poster
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.realtime import wall
from ivrflow.emulator.rest import Response
from ivrflow.emulator.runner import Handler, Headers
from ivrflow.machine.lookups import LookedUp, Lookup
from ivrflow.outbound.http import Http, Incoming, Outgoing
from ivrflow.outbound.placing import Clients
from ivrflow.outbound.requests import Requests
from ivrflow.rehearsal.engine import APP, Engine, setup
from ivrflow.runtime.turn import Turns
from ivrflow.scenarios.model import Mock, Reception
from ivrflow.scenarios.stage import Wires
from ivrflow.server.app import PATH, create_app
from ivrflow.server.callbacks import Callbacks
from ivrflow.sinch.rest import Request
from ivrflow.sinch.signing import Keyring

R = TypeVar("R")
T = TypeVar("T")

SECRET = base64.b64encode(b"a secret of nobody's").decode()

PATIENCE = 30.0
"""Seconds, so that no busy machine makes an answer late. Those that a scenario wants to be late are
so by the simulated clock, and never sent."""


class Others:
    """What the servers that flows ask have to say, look-up by look-up."""

    def __init__(self) -> None:
        self.url = ""
        self.mock_by_key: dict[str, Mock] = {}
        self.reception_by_id: dict[str, Reception] = {}
        self.asked = 0
        self.told = 0

    async def habit(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer as the scenario says, or break the connection."""
        lines = dict(
            line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if ": " in line
        )
        if "webhook-id" in lines:
            self._take(self.reception_by_id[lines["webhook-id"]], writer)
        else:
            self._answer(self.mock_by_key[lines["Idempotency-Key"]], writer)

    def _take(self, reception: Reception, writer: asyncio.StreamWriter) -> None:
        self.told += 1
        if reception.fails:
            writer.transport.abort()
        else:
            writer.write(answer(b"", f"{reception.status} as it is"))

    def _answer(self, mock: Mock, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        if mock.fails:
            writer.transport.abort()
        else:
            body = b"" if mock.json is None else msgspec.json.encode(mock.json)
            writer.write(answer(body, f"{mock.status} as it is"))


class AtWall:
    """A platform on a simulated clock whose requests are signed by that on the wall."""

    def __init__(self, world: InProcess) -> None:
        self.world = world

    @property
    def platform(self) -> Platform:
        return self.world.platform

    async def run(self) -> None:
        await self.world.run()

    async def do(self, act: Callable[[Platform], T]) -> T:
        return await self.world.do(act)

    async def wait(self, ms: int) -> None:
        await self.world.wait(ms)

    async def due(self) -> int | None:
        return await self.world.due()

    async def request(self, request: AskedOfPlatform) -> Response:
        return self.platform.request(request, wall())

    async def catch_up(self) -> None:
        await self.world.catch_up()


class Elsewhere:
    """Sends requests to a platform on loopback, one after the other."""

    def __init__(self, world: InProcess, stack: AsyncExitStack) -> None:
        self._world = world
        self._stack = stack
        self._line = asyncio.Lock()
        self._clients: Clients | None = None

    async def send(self, app: str, request: Request[R], region: str = "") -> R:
        async with self._line:
            if self._clients is None:
                app_ = create_platform(AtWall(self._world))
                url = await self._stack.enter_async_context(served(app_))
                self._clients = Clients({APP: SECRET}, url=url)
                self._stack.push_async_callback(self._clients.close)
            return await self._clients.send(app, request)


class Server:
    """Serves an engine's turns on loopback; anew, where the engine was started anew."""

    def __init__(self, engine: Engine, post: Handler, stack: AsyncExitStack) -> None:
        self.engine = engine
        self.serving: Turns | None = None
        self.url = ""
        self._post = post
        self._stack = stack

    async def handle(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        if self.serving is not self.engine.turns:
            await self._start()
        answer = await self._post(self.url + PATH, headers, body)
        await self.engine.rest()
        return answer

    async def _start(self) -> None:
        await self._stack.aclose()
        self.serving = turns = self.engine.turns
        callbacks = Callbacks(self.engine, Keyring({APP: SECRET}), now=turns.now)
        app = create_app(callbacks, turns.library, ready)
        self.url = await self._stack.enter_async_context(served(app))


@asynccontextmanager
async def over_http(others: Others, secret: str) -> AsyncIterator[Wires]:
    """Yield wires that are real; the platform signs by `secret`, the server knows `SECRET`."""
    async with (
        AsyncExitStack() as platforms,
        AsyncExitStack() as servers,
        poster() as post,
        Http() as http,
    ):
        requests = Requests(http, {}, chance=lambda: 0.0)

        async def ask(lookup: Lookup, key: str, mock: Mock) -> LookedUp:
            others.mock_by_key[key] = mock
            return await requests.look_up(lookup, key, monotonic() + PATIENCE)

        async def tell(outgoing: Outgoing, reception: Reception) -> Incoming:
            others.reception_by_id[outgoing.headers["webhook-id"]] = reception
            return await http.exchange(msgspec.structs.replace(outgoing, url=others.url), PATIENCE)

        yield Wires(
            setup=setup(secret=secret),
            deliver=lambda engine: Server(engine, post, servers).handle,
            sender=lambda world: Elsewhere(world, platforms),
            ask=ask,
            post=tell,
        )
