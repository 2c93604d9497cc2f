"""Scenarios at the server that `ivrflow serve` runs: callbacks, and what the flows look up, go over
real sockets, signed and encrypted as they are elsewhere."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic

import msgspec
from rehearsal.wires import ready, served
from servers import answer

from ivrflow.emulator.http import poster
from ivrflow.emulator.runner import Handler, Headers
from ivrflow.machine.lookups import LookedUp, Lookup
from ivrflow.outbound.http import Http
from ivrflow.outbound.requests import Requests
from ivrflow.rehearsal.engine import APP, Engine, setup
from ivrflow.runtime.turn import Turns
from ivrflow.scenarios.model import Mock
from ivrflow.scenarios.stage import Wires
from ivrflow.server.app import PATH, create_app
from ivrflow.server.callbacks import Callbacks
from ivrflow.sinch.signing import Keyring

SECRET = base64.b64encode(b"a secret of nobody's").decode()

PATIENCE = 30.0
"""Seconds, so that no busy machine makes an answer late. Those that a scenario wants to be late are
so by the simulated clock, and never sent."""


class Others:
    """What the servers that flows ask have to say, look-up by look-up."""

    def __init__(self) -> None:
        self.mock_by_key: dict[str, Mock] = {}
        self.asked = 0

    async def habit(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        """Answer a look-up as its scenario says, or break the connection."""
        lines = dict(
            line.split(": ", 1) for line in request.decode().split("\r\n")[1:] if ": " in line
        )
        mock = self.mock_by_key[lines["Idempotency-Key"]]
        self.asked += 1
        if mock.fails:
            writer.transport.abort()
        else:
            body = b"" if mock.json is None else msgspec.json.encode(mock.json)
            writer.write(answer(body, f"{mock.status} as it is"))


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
    async with AsyncExitStack() as servers, poster() as post, Http() as http:
        requests = Requests(http, {}, chance=lambda: 0.0)

        async def ask(lookup: Lookup, key: str, mock: Mock) -> LookedUp:
            others.mock_by_key[key] = mock
            return await requests.look_up(lookup, key, monotonic() + PATIENCE)

        yield Wires(
            setup=setup(secret=secret),
            deliver=lambda engine: Server(engine, post, servers).handle,
            ask=ask,
        )
