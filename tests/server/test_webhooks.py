"""Events of a server in a process of its own, at other servers, whatever is killed meanwhile."""

import asyncio
import base64
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import httpx2
import pytest
from canary import CANARY, places_with_canary
from servers import Server as Receiver
from servers import answer, in_thread, says

APP = """\
app: desk
webhooks: {crm: {url: "{{ env.CRM }}", secret: "{{ env.CRM_SECRET }}"}}
routes: [{flow: desk}]
"""
FLOW = """\
flow: desk
start: greet
states:
  greet: {emit: called, say: Hello., hangup: }
"""
SECRET = base64.b64encode(CANARY.encode() * 2).decode()


class Server(Protocol):
    """What the tests do with a server (see `conftest.Served`)."""

    directory: Path
    environment: dict[str, str]
    log: str

    def start(self) -> "Server": ...
    def kill(self) -> None: ...
    def stop(self) -> int: ...
    def event(self, event: dict[str, object]) -> httpx2.Response: ...


Serve = Callable[..., Server]


def started(serve: Serve, directory: Path, crm: str, secret: str = SECRET) -> Server:
    (directory / "app.yaml").write_text(APP, "utf-8")
    allowed = {"CRM": crm, "CRM_SECRET": secret, "IVRFLOW_ENV_ALLOW": "CRM,CRM_SECRET"}
    return serve(FLOW, **allowed)


def call(server: Server, number: int = 1) -> str:
    reply = server.event(
        {
            "event": "ice",
            "callid": f"call-{number}",
            "timestamp": "2026-11-23T10:00:00Z",
            "cli": "46701234567",
            "to": {"type": "did", "endpoint": "+46850000000"},
            "domain": "pstn",
        }
    )
    return reply.text


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ids(receiver: Receiver) -> list[str]:
    lines = [line for each in receiver.requests for line in each.decode().split("\r\n")]
    return [line.split(": ")[1] for line in lines if line.startswith("webhook-id")]


def jobs(server: Server) -> list[dict[str, str]]:
    """`ivrflow jobs` in another process, beside the server."""
    command = [sys.executable, "-m", "ivrflow", "jobs", "list", "--json"]
    shown = subprocess.run(
        command, cwd=server.directory, env=os.environ, capture_output=True, text=True, check=True
    ).stdout
    found: list[dict[str, str]] = json.loads(shown)
    return found


async def hang(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def test_what_a_killed_server_was_sending_is_sent_again_with_the_same_id(
    serve: Serve, tmp_path: Path
) -> None:
    with in_thread(hang) as crm:
        server = started(serve, tmp_path, crm.url)
        assert "Hello." in call(server)
        until(lambda: crm.requests)
        server.kill()
        (sent,) = ids(crm)
    end_leases(tmp_path / ".ivrflow" / "state.db")
    with in_thread(says(b"")) as crm:
        server.environment["CRM"] = crm.url
        server.start()
        until(lambda: crm.requests)
        until(lambda: jobs(server)[0]["state"] == "done")
        assert ids(crm) == [sent] == [jobs(server)[0]["id"]]
    assert server.stop() == 0


def end_leases(file: Path) -> None:
    """As if more time had gone by."""
    with sqlite3.connect(file) as connection:
        assert connection.execute("UPDATE job SET due = 0 WHERE state = 'running'").rowcount == 1
    connection.close()


def test_nothing_is_lost_or_doubled_by_a_receiver_that_comes_late(
    serve: Serve, tmp_path: Path
) -> None:
    with in_thread(says(b"")) as gone:
        nowhere = gone.url
    server = started(serve, tmp_path, nowhere)
    for number in range(20):
        call(server, number)
        call(server, number)
    until(lambda: "job again" in server.log)
    server.kill()
    with in_thread(says(b"")) as crm:
        server.environment["CRM"] = crm.url
        server.start()
        until(lambda: len(crm.requests) >= 20)
        assert len(set(ids(crm))) == 20
        until(lambda: {each["state"] for each in jobs(server)} == {"done"})
        assert len(ids(crm)) == 20


def test_the_secret_that_signs_is_in_no_file(serve: Serve, tmp_path: Path) -> None:
    async def angry(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(request, "500 Internal Server Error"))

    with in_thread(angry) as crm:
        server = started(serve, tmp_path, crm.url)
        call(server)
        until(lambda: "job again" in server.log)
        assert server.stop() == 0
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(SECRET.encode() in path.read_bytes() for path in files)
    assert list(places_with_canary(tmp_path)) == []


@pytest.mark.parametrize(
    ("crm", "secret", "told"),
    [
        ("http://crm.example.com/", SECRET, "does not begin with https://"),
        ("https://169.254.169.254/", SECRET, "link-local"),
        ("https://crm.example.com/", "hunter2", "its secret is not whsec_"),
    ],
)
def test_a_webhook_that_can_t_be_used_is_refused_at_the_start(
    serve: Serve, tmp_path: Path, crm: str, secret: str, told: str
) -> None:
    with pytest.raises(AssertionError) as refused:
        started(serve, tmp_path, crm, secret)
    assert 'the webhook "crm" can\'t be used' in str(refused.value)
    assert told in str(refused.value)
    assert "hunter2" not in str(refused.value)
