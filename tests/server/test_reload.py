"""What start would refuse, no edit lets live: the last good flow answers until all is well."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest

ICE = {"event": "ice", "callid": "call-1", "cli": "+46701234567", "version": 1}

READS_WHAT_IS_NOT_SET = """\
states:
  first:
    do: [record: {to: "s3://b", credentials: "{{ env.S3_KEY }}"}]
    next: greet
"""
TELLS_IN_CLEAR = """\
requests:
  find: {get: "{{ env.HOST }}/", headers: {Authorization: "{{ env.TOKEN }}"}, timeout: 1s}
states:
  first: {request: {name: find}, on: {ok: greet, error: greet}}
"""
KEEPS_A_SECRET = """\
vars: {pin: {type: digits, secret: true}}
states:
  first:
    collect: {prompt: "Your PIN?", length: 4, into: pin}
    on: {collected: greet, no_input: greet}
"""


class Server(Protocol):
    """What the tests do with a server (see `conftest.Served`)."""

    url: str

    def event(self, event: dict[str, Any]) -> httpx2.Response: ...


Serve = Callable[..., Server]


def problem(server: Server) -> str:
    return str(httpx2.get(server.url + "/readyz").json()["problem"])


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 15
    while not true():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (READS_WHAT_IS_NOT_SET, "the flows read env.S3_KEY"),
        (TELLS_IN_CLEAR, '"find" in the flow "front-desk" can\'t be sent: an env'),
        (KEEPS_A_SECRET, "state.db.key can't be used: not 32 bytes"),
    ],
    ids=["missing variable", "unsendable look-up", "unreadable key"],
)
def test_an_edit_that_could_not_be_started_with_never_goes_live(
    serve: Serve, first_flow: str, tmp_path: Path, edit: str, told: str
) -> None:
    (tmp_path / ".ivrflow").mkdir()
    (tmp_path / ".ivrflow" / "state.db.key").write_text("a word")
    environment = {"HOST": "http://bank.example", "TOKEN": "t0ken"}
    server = serve(first_flow, "--reload", IVRFLOW_ENV_ALLOW="HOST,TOKEN", **environment)
    file = tmp_path / "test.flow.yaml"
    edited = first_flow.replace("states:\n", edit).replace("start: greet", "start: first")
    file.write_text(edited)
    until(lambda: told in problem(server))
    kept = server.event(ICE).json()
    assert kept["instructions"][1]["text"] == "Welcome to Acme."
    file.write_text(first_flow.replace("Welcome to Acme", "Hello"))
    until(lambda: not problem(server))
    fresh = server.event({**ICE, "callid": "call-2"}).json()
    assert fresh["instructions"][1]["text"] == "Hello."
