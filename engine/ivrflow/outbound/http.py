"""One exchange over HTTP, bounded in time and size: all that look-ups and the Voice API need.

One pool of kept connections serves the process. Nothing is followed, nothing decoded, no proxy or
credential is taken from the environment.
"""

import asyncio
import os
import ssl
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Self
from urllib.parse import urlsplit

import httpcore2
import msgspec

from ivrflow.errors import ExchangeError
from ivrflow.outbound.connecting import CheckedBackend, RefusedError

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer that are read."""

MAX_CONNECTIONS = 1_000
MAX_IDLE = 200
IDLE_SECONDS = 30.0

SENDING = "http11.send_request_headers.started"
"""What httpcore2 calls the moment before the first byte of a request is written."""

BROKEN = (httpcore2.NetworkError, httpcore2.RemoteProtocolError, ssl.SSLError, OSError)


class Outgoing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A request as it is sent. `headers` are complete but for `Host` and `Content-Length`."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None


class Incoming(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A whole answer. `headers` are as they came."""

    status: int
    body: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()

    def header(self, name: str) -> str:
        """Return a header's value, "" where there is none."""
        wanted = name.lower().encode("ascii")
        found = (value for key, value in self.headers if key.lower() == wanted)
        return next(found, b"").decode("latin-1")


class Http:
    """The process's client; `close` it at the end."""

    def __init__(self) -> None:
        self._backend = CheckedBackend()
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=_trust(os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")),
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_IDLE,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._backend,
        )

    async def exchange(self, outgoing: Outgoing, seconds: float) -> Incoming:
        """Send and return the answer; raises `ExchangeError` within `seconds`, whatever happens."""
        way = _Way()
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(outgoing, way)
        except TimeoutError:
            told = f"no answer within {seconds * 1000:.0f} ms"
            raise ExchangeError(told, late=True, sent=way.sent) from None
        except RefusedError as error:
            raise ExchangeError(str(error), sent=way.sent) from error
        except BROKEN as error:
            raise ExchangeError(_told(error), broken=True, sent=way.sent) from error
        except (httpcore2.ProtocolError, httpcore2.UnsupportedProtocol, ValueError) as error:
            # What others say of it may quote what the environment holds.
            told = "HTTP can't carry the request's address or headers"
            raise ExchangeError(told, sent=way.sent) from error

    async def _exchange(self, outgoing: Outgoing, way: "_Way") -> Incoming:
        url = _target(outgoing.url)
        headers = [(b"Host", _authority(url))]
        headers += [
            (name.encode("ascii"), value.encode()) for name, value in outgoing.headers.items()
        ]
        async with self._pool.stream(
            outgoing.method,
            url,
            headers=headers,
            content=outgoing.body,
            extensions={"trace": way.note},
        ) as answer:
            body = bytearray()
            async for chunk in answer.aiter_stream():
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise ExchangeError(f"the answer is longer than {MAX_ANSWER:,} bytes")
            return Incoming(status=answer.status, body=bytes(body), headers=answer.headers)

    async def close(self) -> None:
        await self._pool.aclose()
        self._backend.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@cache
def _trust(file: str | None, directory: str | None) -> ssl.SSLContext:
    """Return whom this process trusts, by the variables that say so: to read them takes 25 ms, in
    which no call is answered."""
    return ssl.create_default_context()


class _Way:
    """How far a request has come. `sent`: a byte of it may have left."""

    def __init__(self) -> None:
        self.sent = False

    async def note(self, event: str, _: object) -> None:
        self.sent = self.sent or event == SENDING


def origin(url: str) -> str:
    """Return scheme, host and port of a URL that can be asked (see `ivrflow.addresses`)."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _told(error: BaseException) -> str:
    """Say how a connection failed, without the server's name, which may be the environment's."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"no secure connection ({cause.reason})"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore2.ConnectError):
        return "no connection"
    return "the connection broke"


def _target(url: str) -> httpcore2.URL:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return httpcore2.URL(
        scheme=parts.scheme.encode(),
        host=(parts.hostname or "").encode("idna"),
        port=parts.port,
        target=target.encode("ascii"),
    )


def _authority(url: httpcore2.URL) -> bytes:
    host = b"[%b]" % url.host if b":" in url.host else url.host
    return host if url.port is None else b"%b:%d" % (host, url.port)
