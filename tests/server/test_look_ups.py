"""Look-ups of a server in a process of its own, at another server, over HTTP."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest
from canary import CANARY, places_with_canary
from servers import answer, in_thread

FLOW = """\
flow: balance
start: greet
requests:
  find:
    params: {id: digits}
    get: "{{ env.BANK }}/accounts/{{ id }}"
    headers: {Authorization: "Bearer {{ env.BANK_TOKEN }}"}
    timeout: TIMEOUT
    returns: {balance: integer}
states:
  greet:
    collect: {prompt: "Your number?", length: 4, into: account}
    on: {collected: look, no_input: bye}
  look:
    request: {name: find, with: {id: "{{ account }}"}, into: found MEANWHILE}
    on: {ok: tell, error: bye}
  tell: {say: "You have {{ found.balance }} crowns.", hangup: }
  bye: {say: Our bank is asleep., hangup: }
"""
SILENT = FLOW.replace("TIMEOUT", "2s").replace(" MEANWHILE", "")
PATIENT = FLOW.replace("TIMEOUT", "20s").replace(" MEANWHILE", ", meanwhile: One moment.")

ICE: dict[str, object] = {
    "event": "ice",
    "callid": "call-1",
    "timestamp": "2026-11-23T10:00:00Z",
    "version": 1,
    "cli": "46701234567",
    "to": {"type": "did", "endpoint": "+46850000000"},
    "domain": "pstn",
}


class Server(Protocol):
    """What the tests do with a server (see `conftest.Served`)."""

    log: str

    def start(self) -> "Server": ...
    def kill(self) -> None: ...
    def event(self, event: dict[str, object]) -> httpx2.Response: ...


Serve = Callable[..., Server]


def pie(type_: str, at: str, value: str | None = None) -> dict[str, object]:
    result: dict[str, Any] = {"type": type_, "menuId": "main"}
    if value is not None:
        result["value"] = value
    timestamp = f"2026-11-23T{at}Z"
    return {"event": "pie", "callid": "call-1", "timestamp": timestamp, "menuResult": result}


def started(serve: Serve, flow: str, bank: str, held: str = "t0ken") -> Server:
    allowed = {"BANK": bank, "BANK_TOKEN": held, "IVRFLOW_ENV_ALLOW": "BANK,BANK_TOKEN"}
    return serve(flow, **allowed)


async def hang(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def test_the_author_s_error_comes_before_the_caller_s_patience_ends(serve: Serve) -> None:
    with in_thread(hang) as bank:
        server = started(serve, SILENT, bank.url)
        server.event(ICE)
        begun = time.monotonic()
        reply = server.event(pie("sequence", "10:00:05", "0123"))
        assert time.monotonic() - begun < 3.0
        assert "Our bank is asleep." in reply.text
        assert len(bank.requests) == 1
        assert "t0ken" not in server.log
        assert "0123" not in server.log


def test_what_the_environment_holds_is_sent_and_leaves_no_trace(
    serve: Serve, tmp_path: Path
) -> None:
    async def angry(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(request, "500 Internal Server Error"))

    with in_thread(angry) as bank:
        server = started(serve, SILENT, bank.url, CANARY)
        server.event(ICE)
        assert "Our bank is asleep." in server.event(pie("sequence", "10:00:05", "0123")).text
        assert CANARY.encode() in bank.requests[0]
    assert list(places_with_canary(tmp_path)) == []


@pytest.mark.parametrize(
    ("bank", "token", "named"),
    [
        ("https://bank.example", f"{CANARY}\n{CANARY}", "env.BANK_TOKEN breaks the line of the"),
        (f"https://bank.example:{CANARY}", "t0ken", "(env.BANK)"),
    ],
)
def test_an_environment_that_can_t_be_sent_is_refused_by_name_at_the_start(
    serve: Serve, tmp_path: Path, bank: str, token: str, named: str
) -> None:
    with pytest.raises(AssertionError) as refused:
        started(serve, SILENT, bank, token)
    assert named in str(refused.value)
    assert list(places_with_canary(tmp_path)) == []


def test_a_caller_who_hears_a_prompt_gets_the_answer_even_after_a_power_cut(serve: Serve) -> None:
    awake: list[bool] = []

    async def slow(request: bytes, writer: asyncio.StreamWriter) -> None:
        while not awake:
            await asyncio.sleep(0.01)
        writer.write(answer(json.dumps({"balance": 7}).encode()))

    with in_thread(slow) as bank:
        server = started(serve, PATIENT, bank.url)
        server.event(ICE)
        begun = time.monotonic()
        assert "One moment." in server.event(pie("sequence", "10:00:05", "0123")).text
        assert "One moment." in server.event(pie("timeout", "10:00:07")).text
        assert time.monotonic() - begun < 1.0, "nobody waits for the bank"
        server.kill()
        server.start()
        assert "One moment." in server.event(pie("timeout", "10:00:09")).text
        awake.append(True)
        assert "You have 7 crowns." in _patiently(server)
        assert len(bank.requests) == 2
        assert len(_keys(bank.requests)) == 1


def test_what_was_sent_when_the_power_was_cut_is_sent_again_under_its_key(serve: Serve) -> None:
    awake: list[bool] = []
    got = threading.Event()

    async def once_awake(request: bytes, writer: asyncio.StreamWriter) -> None:
        got.set()
        while not awake:
            await asyncio.sleep(0.01)
        writer.write(answer(json.dumps({"balance": 7}).encode()))

    with in_thread(once_awake) as bank, ThreadPoolExecutor(1) as platform:
        flow = SILENT.replace("get: ", "post: ")
        server = started(serve, flow, bank.url)
        server.event(ICE)
        waiting = platform.submit(server.event, pie("sequence", "10:00:05", "0123"))
        assert got.wait(10)
        server.kill()
        assert isinstance(waiting.exception(10), httpx2.TransportError)
        server.start()
        awake.append(True)
        assert "You have 7 crowns." in server.event(pie("sequence", "10:00:05", "0123")).text
        assert len(bank.requests) == 2
        assert len(_keys(bank.requests)) == 1


def _keys(requests: list[bytes]) -> set[bytes]:
    return {each.split(b"Idempotency-Key: ")[1].split(b"\r\n")[0] for each in requests}


def _patiently(server: Server) -> str:
    """Hear the prompt to its end until something else is said."""
    for number in range(10, 60):
        reply = server.event(pie("timeout", f"10:01:{number}")).text
        if "One moment." not in reply:
            return reply
        time.sleep(0.05)
    raise AssertionError("the prompt is said for ever")
