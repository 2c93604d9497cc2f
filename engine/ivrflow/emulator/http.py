"""The emulator over HTTP: REST API and control API in, signed callbacks out."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse
from starlette.responses import Response as HttpResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ivrflow.addresses import is_loopback
from ivrflow.beside import beside
from ivrflow.emulator.auth import Request
from ivrflow.emulator.bodies import read_body
from ivrflow.emulator.control import routes
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.realtime import RealTime, wall
from ivrflow.emulator.runner import Handler, Headers, Runner
from ivrflow.emulator.setup import Setup
from ivrflow.errors import TooLargeError
from ivrflow.listening import let_signals_pass, serve
from ivrflow.outbound.http import Http, Outgoing

LONGEST = 30.0
"""Seconds that an answer is listened for; the platform itself stops waiting for it earlier."""

GRACE = 2
"""Seconds that requests get to finish when it is told to stop."""

VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(runner: Runner, ending: asyncio.Event | None = None) -> ASGIApp:
    """Return the ASGI application: the control API under `/emulator`, all else is Sinch's.

    What a page of another site asks through somebody's browser is refused. `ending` lets those go
    who follow the transcript, or wait for time to pass.
    """

    async def rest(request: HttpRequest) -> HttpResponse:
        try:
            body = await read_body(request)
        except TooLargeError:
            return HttpResponse(status_code=413)
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        asked = Request(method=request.method, path=path, headers=dict(request.headers), body=body)
        response = await runner.request(asked)
        if not response.status:
            return Broken(background=BackgroundTask(runner.catch_up))
        return HttpResponse(
            response.body,
            response.status,
            media_type="application/json" if response.body else None,
            background=BackgroundTask(runner.catch_up),
        )

    sinch = Route("/{path:path}", rest, methods=VERBS)
    pages = Starlette(routes=[*routes(runner, ending or asyncio.Event()), sinch])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_foreign(scope):
            return await FOREIGN(scope, receive, send)
        return await pages(scope, receive, send)

    return app


class Broken(HttpResponse):
    """An answer of which nothing but its head arrives: the server breaks the connection then."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        if self.background is not None:
            await self.background()


FOREIGN = JSONResponse(
    {"error": "a page of another site asks, or the host isn't named as localhost or 127.0.0.1"}, 403
)


def _is_foreign(scope: Scope) -> bool:
    """Whether another site's page may be behind a request: by its `Origin`, or by a name of the
    site's own that was made to lead to this machine."""
    headers = dict(scope["headers"])
    origin, host = headers.get(b"origin", b""), headers.get(b"host", b"")
    if origin and origin.partition(b"://")[2] != host:
        return True
    server = scope.get("server") or ("",)
    return is_loopback(server[0] or "") and not is_loopback(_name(host.decode("latin-1")))


def _name(host: str) -> str:
    """Return a `Host` without its port."""
    return host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]


@asynccontextmanager
async def poster() -> AsyncIterator[Handler]:
    """Yield a handler that POSTs callbacks."""
    async with Http() as client:

        async def post(url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
            outgoing = Outgoing(method="POST", url=url, headers=headers, body=body)
            answer = await client.exchange(outgoing, LONGEST)
            return answer.status, answer.body

        yield post


Follow = Callable[[Runner], Coroutine[None, None, None]]


def run(setup: Setup, listener: socket.socket, speed: float, follow: Follow) -> int:
    """Emulate until SIGTERM or SIGINT; returns the exit code.

    With `speed` 0 time passes only by `POST /emulator/advance`. `follow` is run beside it.
    """
    let_signals_pass()
    asyncio.run(_serve(setup, listener, speed, follow))
    return 0


async def _serve(setup: Setup, listener: socket.socket, speed: float, follow: Follow) -> None:
    ending = asyncio.Event()
    async with poster() as post:
        runner = _runner(setup, post, speed)
        async with beside(runner.run(), follow(runner)):
            # httptools drops the body of a request that offers HTTP/2, as each of Java's
            # HttpClient does.
            await serve(create_app(runner, ending), listener, GRACE, ending.set, http="h11")


def _runner(setup: Setup, post: Handler, speed: float) -> Runner:
    if speed:
        return RealTime(setup, post, speed=speed)
    return InProcess(
        setup, post, now=wall(), signed_at=wall, patience=setup.switches.reply_timeout / 1000
    )
