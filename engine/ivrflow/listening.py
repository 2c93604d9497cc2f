"""A socket that requests come in by, and the server behind it."""

import signal
import socket
from collections.abc import Awaitable, Callable
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

from ivrflow.errors import UsageError

BACKLOG = 1_024
"""Connections that may wait to be taken: one that finds no room is tried again a second later, and
a caller waits."""


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already, so that who reads its address may connect; raises
    `UsageError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio lets small answers leave at once (TCP_NODELAY) only where it reads "TCP".
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise UsageError(f"can't listen on {host}:{port}: {error.strerror or error}") from error
    return listener


def url_of(listener: socket.socket) -> str:
    """Return where it listens, as `http://127.0.0.1:3000` or `http://[::1]:3000`."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def let_signals_pass() -> None:
    """uvicorn raises the signal that stopped it once more, when all is done."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)


async def serve(
    app: ASGIApp,
    listener: socket.socket,
    grace: int,
    ending: Callable[[], None] | None = None,
    hang_back: Callable[[], Awaitable[None]] | None = None,
    *,
    http: Literal["auto", "h11"] = "auto",
) -> None:
    """Serve an application until SIGTERM or SIGINT; requests then get `grace` seconds to finish.

    `hang_back` is awaited first, while all is answered as ever. `ending` is called then: answers
    that would go on for ever may end by it.
    """
    config = uvicorn.Config(
        app,
        http=http,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=grace,
    )
    await _Server(config, ending, hang_back).serve(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        ending: Callable[[], None] | None,
        hang_back: Callable[[], Awaitable[None]] | None,
    ) -> None:
        super().__init__(config)
        self._ending = ending
        self._hang_back = hang_back

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._hang_back is not None:
            await self._hang_back()
        if self._ending is not None:
            self._ending()
        await super().shutdown(sockets)
