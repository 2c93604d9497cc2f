"""Memory across calls, in a real server that dies and comes back."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import httpx2

LOCKING = """
flow: door
start: check
records: {attempts: {key: phone?, value: integer, expires: 15m}}
states:
  check:
    do: [count: {record: attempts, key: "{{ call.from }}", into: tries_so_far}]
    next:
      - {when: tries_so_far > 20, say: Locked., next: bye}
      - {say: "Try {{ tries_so_far }}.", next: bye}
  bye: {hangup: }
"""


class Server(Protocol):
    """What the tests do with a server (see `conftest.Served`)."""

    directory: Path

    def start(self) -> "Server": ...
    def kill(self) -> None: ...
    def event(self, event: dict[str, object]) -> httpx2.Response: ...


def call(server: Server, number: int) -> str:
    """What a new call hears."""
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
    said: str = reply.json()["instructions"][-1]["text"]
    return said


def records(server: Server, *arguments: str) -> str:
    """`ivrflow records` in another process, beside the server."""
    command = [sys.executable, "-m", "ivrflow", "records", *arguments]
    return subprocess.run(
        command, cwd=server.directory, env=os.environ, capture_output=True, text=True, check=True
    ).stdout


def test_a_lockout_counts_calls_at_once_and_survives_a_power_cut(
    serve: Callable[[str], Server],
) -> None:
    server = serve(LOCKING)
    with ThreadPoolExecutor(10) as callers:
        heard = list(callers.map(lambda number: call(server, number), range(20)))
    assert sorted(heard) == sorted(f"Try {number}." for number in range(1, 21))
    server.kill()
    server.start()
    assert call(server, 20) == "Locked."
    assert call(server, 0) == heard[0], "a call that has been answered hears the same again"


def test_a_person_lets_a_caller_in_again_while_the_server_runs(
    serve: Callable[[str], Server],
) -> None:
    server = serve(LOCKING)
    call(server, 1)
    (row,) = json.loads(records(server, "list", "--json"))
    assert (row["record"], row["key"], row["value"]) == ("door.attempts", "+46701234567", 1)
    records(server, "put", "door.attempts", "+46701234567", "20", "--expires", "1h")
    assert call(server, 2) == "Locked."
    records(server, "delete", "door.attempts", "+46701234567")
    assert call(server, 3) == "Try 1."
