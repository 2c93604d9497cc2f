"""The sockets that servers listen on."""

import asyncio
import socket

import pytest

from ivrflow.emulator.http import listen as listen_as_emulator
from ivrflow.errors import UsageError
from ivrflow.server.run import listen as listen_as_server
from ivrflow.settings import Settings


def as_server(port: int = 0) -> socket.socket:
    return listen_as_server(Settings(port=port))


def as_emulator(port: int = 0) -> socket.socket:
    return listen_as_emulator("127.0.0.1", port)


async def sends_at_once(listener: socket.socket) -> bool:
    """Whether small answers leave without waiting for an acknowledgement of the last one."""
    found: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        found.set_result(bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
        writer.close()

    async with await asyncio.start_server(accept, sock=listener):
        _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        told = await found
        writer.close()
        await writer.wait_closed()
    return told


def test_an_answer_on_a_kept_connection_is_not_held_back() -> None:
    assert asyncio.run(sends_at_once(as_server()))
    assert asyncio.run(sends_at_once(as_emulator()))


def test_a_port_that_is_taken_is_named() -> None:
    with as_server() as taken:
        taken.listen()
        port = taken.getsockname()[1]
        for again in (as_server, as_emulator):
            with pytest.raises(UsageError, match=f"can't listen on 127.0.0.1:{port}"):
                again(port)
