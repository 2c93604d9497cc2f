"""Connections to addresses that were looked at first: what a name resolves to is what is used."""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpcore2

from ivrflow.addresses import refusal

HEAD_START = 0.25
"""Seconds that an address is tried alone before the next one is tried beside it (RFC 8305)."""

RESOLVERS = 8
"""Names resolved at once; threads of their own, so that a dead name server stops nothing else."""

Attempt = asyncio.Task[httpcore2.AsyncNetworkStream]
Options = Iterable[httpcore2.SOCKET_OPTION]


class CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves a name once, refuses what must not be reached, and connects to what is left.

    TLS still verifies the name: only the way to the server is fixed here.
    """

    def __init__(self) -> None:
        self._backend = httpcore2.AnyIOBackend()
        self._resolvers = ThreadPoolExecutor(RESOLVERS, "resolver")

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Options | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect; raises `httpcore2.ConnectError`. The caller bounds the time."""
        addresses = await self._resolve(host, port)
        for address in addresses:
            reason = refusal(address)
            if reason:
                raise RefusedError(f"the host {reason}")
        return _Plain(await self._first(addresses, port))

    async def _resolve(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._resolvers, _addresses, host, port)
        except OSError as error:
            raise httpcore2.ConnectError("the name can't be resolved") from error
        return found

    async def _first(self, addresses: Sequence[str], port: int) -> httpcore2.AsyncNetworkStream:
        """Return the connection that is there first; each address has a head start."""
        tried: list[Attempt] = []
        waiting = list(addresses)
        first: Attempt | None = None
        try:
            while first is None and (waiting or not all(each.done() for each in tried)):
                if waiting:
                    attempt = self._backend.connect_tcp(waiting.pop(0), port)
                    tried.append(asyncio.create_task(attempt))
                await asyncio.wait(
                    [each for each in tried if not each.done()],
                    timeout=HEAD_START if waiting else None,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                first = next((each for each in tried if _succeeded(each)), None)
        finally:
            await _drop([each for each in tried if each is not first])
        if first is None:
            raise httpcore2.ConnectError("no address can be connected to")
        return first.result()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def close(self) -> None:
        self._resolvers.shutdown(wait=False, cancel_futures=True)


class _Plain(httpcore2.AsyncNetworkStream):
    """A connection that is closed if it is given up while it becomes a secure one.

    httpcore2 leaves it open then, until it is collected as garbage.
    """

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            return await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            await self.aclose()
            raise

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class RefusedError(Exception):
    """An address that nothing of ours may connect to."""


def _succeeded(attempt: Attempt) -> bool:
    return attempt.done() and not attempt.cancelled() and attempt.exception() is None


async def _drop(attempts: Sequence[Attempt]) -> None:
    """Give up attempts, and close what came of them nevertheless."""
    for attempt in attempts:
        attempt.cancel()
    for stream in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(stream, httpcore2.AsyncNetworkStream):
            await stream.aclose()


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))
