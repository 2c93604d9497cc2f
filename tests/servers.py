"""Servers of every bad habit, on real sockets."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

Habit = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
"""What a server does with a request it has read; it may never answer."""


@dataclass
class Server:
    """A server under way. `requests` are the heads and bodies that it got, `connections` counts."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@asynccontextmanager
async def server(
    habit: Habit, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Run a server with a habit on a free port."""
    running: set[asyncio.Task[None]] = set()
    serving = Server("")

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.connections += 1
        with suppress(OSError, EOFError, asyncio.CancelledError):
            while True:
                request = await _read(reader)
                serving.requests.append(request)
                await habit(request, writer)
                await writer.drain()
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(converse(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    listening = await asyncio.start_server(accept, host, 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else "localhost" if tls else host
    serving.url = f"{'https' if tls else 'http'}://{shown}:{port}"
    try:
        yield serving
    finally:
        listening.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head + await reader.readexactly(length)


def answer(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def says(body: bytes, status: str = "200 OK", *headers: str) -> Habit:
    """The habit of answering always the same."""

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(body, status, *headers))

    return habit


@contextmanager
def in_thread(habit: Habit, *, tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server beside a test that is no coroutine."""
    with ThreadPoolExecutor(1) as pool, asyncio.Runner() as runner:
        loop = runner.get_loop()
        stop, ready = asyncio.Event(), Future[Server]()

        async def serve() -> None:
            async with server(habit, tls=tls) as running:
                ready.set_result(running)
                await stop.wait()

        done = pool.submit(runner.run, serve())
        try:
            yield ready.result(10)
        finally:
            loop.call_soon_threadsafe(stop.set)
            done.result(10)
