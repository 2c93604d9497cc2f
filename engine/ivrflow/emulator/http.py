"""The emulator over HTTP: REST API and control API in, signed callbacks out."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ivrflow.emulator.auth import Request
from ivrflow.emulator.control import routes
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.realtime import RealTime, wall
from ivrflow.emulator.runner import Handler, Headers, Runner
from ivrflow.emulator.setup import Setup
from ivrflow.errors import UsageError
from ivrflow.outbound.http import Http, Outgoing

MAX_BODY = 1 << 20
"""Bytes of a request."""

LONGEST = 30.0
"""Seconds that an answer is listened for; the platform itself stops waiting for it earlier."""

VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


def create_app(runner: Runner) -> ASGIApp:
    """Return the ASGI application: the control API under `/emulator`, all else is Sinch's.

    What a page of another site asks through somebody's browser is refused.
    """

    async def rest(request: HttpRequest) -> HttpResponse:
        body = await request.body()
        if len(body) > MAX_BODY:
            return HttpResponse(status_code=413)
        path = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        asked = Request(method=request.method, path=path, headers=dict(request.headers), body=body)
        response = await runner.request(asked)
        return HttpResponse(
            response.body,
            response.status,
            media_type="application/json" if response.body else None,
            background=BackgroundTask(runner.catch_up),
        )

    sinch = Route("/{path:path}", rest, methods=VERBS)
    pages = Starlette(routes=[*routes(runner), sinch])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _is_foreign(scope):
            return await HttpResponse(status_code=403)(scope, receive, send)
        return await pages(scope, receive, send)

    return app


def _is_foreign(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"")
    return bool(origin) and origin.partition(b"://")[2] != headers.get(b"host")


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
    # uvicorn raises the signal that stopped it once more, when all is done: let it pass.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    asyncio.run(_serve(setup, listener, speed, follow))
    return 0


async def _serve(setup: Setup, listener: socket.socket, speed: float, follow: Follow) -> None:
    async with poster() as post:
        runner = _runner(setup, post, speed)
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(runner),
                log_config=None,
                access_log=False,
                lifespan="off",
                # httptools drops the body of a request that offers HTTP/2, as each of Java's
                # HttpClient does.
                http="h11",
                ws="none",
                timeout_graceful_shutdown=2,
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        beside = [asyncio.create_task(each) for each in (runner.run(), follow(runner))]
        # What fails beside it stops the server: without its clock it would only seem to run.
        await asyncio.wait([serving, *beside], return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        await serving
        failures = [each.exception() for each in beside if each.done()]
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        for failure in filter(None, failures):
            raise failure


def _runner(setup: Setup, post: Handler, speed: float) -> Runner:
    if speed:
        return RealTime(setup, post, speed=speed)
    return InProcess(
        setup, post, now=wall(), signed_at=wall, patience=setup.switches.reply_timeout / 1000
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already, so that who reads its address may connect; raises
    `UsageError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio lets small answers leave at once (TCP_NODELAY) only where it reads "TCP".
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise UsageError(f"can't listen on {host}:{port}: {error.strerror or error}") from error
    return listener
