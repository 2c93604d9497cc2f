"""The sockets that servers listen on."""

import asyncio
import socket

import pytest

from ivrflow.errors import UsageError
from ivrflow.listening import listen, url_of


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
    assert asyncio.run(sends_at_once(listen("127.0.0.1", 0)))


def test_a_port_that_is_taken_is_named() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"can't listen on 127.0.0.1:{port}"):
            listen("127.0.0.1", port)


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    with listen("::1", 0) as listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}"
