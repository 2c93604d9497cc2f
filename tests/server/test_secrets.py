"""A secret that a caller types goes through a real server and is found nowhere afterwards."""

import base64
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest
from canary import CANARY, holds_canary, places_with_canary
from secret_flows import BANK, ICE, VAULT, pie, typed


class Server(Protocol):
    """What the tests do with a server (see `conftest.Served`)."""

    url: str
    log: str
    environment: dict[str, str]

    def start(self) -> "Server": ...
    def kill(self) -> None: ...
    def stop(self) -> int: ...
    def event(self, event: dict[str, Any]) -> httpx2.Response: ...


Serve = Callable[..., Server]


@pytest.fixture
def bank(serve: Serve, tmp_path: Path) -> Callable[..., Server]:
    (tmp_path / "vault.flow.yaml").write_text(VAULT)
    return lambda *arguments, **environment: serve(BANK, *arguments, **environment)


def press(server: Server, reply: httpx2.Response, key: str, at: str) -> httpx2.Response:
    (menu,) = reply.json()["action"]["menus"]
    options = {each["dtmf"]: each["action"] for each in menu["options"]}
    value = options[key].removeprefix("return(").removesuffix(")")
    return server.event(pie("return", value, at))


def said(reply: httpx2.Response) -> str:
    return " ".join(each["text"] for each in reply.json().get("instructions", []) if "text" in each)


def asked(reply: httpx2.Response) -> str:
    return str(reply.json()["action"]["menus"][0]["mainPrompt"])


def test_a_whole_call_leaves_no_trace_of_the_secret(
    bank: Callable[..., Server], tmp_path: Path
) -> None:
    server = bank()
    press(server, server.event(ICE), "1", "10:00:30")
    assert "That were 15 digits" in asked(server.event(typed(CANARY[:-1])))
    repeated = server.event(typed(at="10:02:00"))
    assert "Once more?" in asked(repeated)
    assert not holds_canary(repeated.content)
    server.kill()
    server.start()
    assert server.event(typed(at="10:02:00")).content == repeated.content, "it is known again"
    keep = server.event(typed(at="10:03:00"))
    server.kill()
    server.start()
    last = press(server, keep, "1", "10:04:00")
    assert said(last) == "Thank you."
    assert server.event(typed(at="10:05:00")).content == last.content, "too late"
    server.event({"event": "dice", "callid": "call-1", "timestamp": "2026-11-23T10:06:00Z"})
    ready = httpx2.get(server.url + "/readyz").content
    assert not holds_canary(ready)
    assert list(places_with_canary(tmp_path)) == []
    assert CANARY[:-1] not in server.log
    assert "kept 16 digits" in server.log
    server.stop()
    assert list(places_with_canary(tmp_path)) == []


def rows(tmp_path: Path, query: str) -> list[bytes]:
    connection = sqlite3.connect(tmp_path / ".ivrflow" / "state.db")
    found = [row[0] for row in connection.execute(query)]
    connection.close()
    return found


def test_the_journal_keeps_its_length(bank: Callable[..., Server], tmp_path: Path) -> None:
    server = bank()
    press(server, server.event(ICE), "1", "10:00:30")
    server.event(typed())
    server.stop()
    *_, last = rows(tmp_path, "SELECT event FROM journal ORDER BY id")
    assert b'"digits":"%s"' % (b"*" * 16) in last
    assert b'"masked":true' in last


def test_the_key_lies_beside_the_store_and_is_its_owners_alone(
    bank: Callable[..., Server], tmp_path: Path
) -> None:
    server = bank()
    press(server, server.event(ICE), "1", "10:00:30")
    server.stop()
    file = tmp_path / ".ivrflow" / "state.db.key"
    assert file.stat().st_mode & 0o777 == 0o600
    key = base64.b64decode(file.read_text())
    assert len(key) == 32
    database = (tmp_path / ".ivrflow" / "state.db").read_bytes()
    assert key not in database
    assert file.read_bytes().strip() not in database
    (session,) = rows(tmp_path, "SELECT session FROM call")
    assert not session.startswith(b"{")


def test_without_the_key_the_call_is_ended_politely_and_the_log_says_why(
    bank: Callable[..., Server], tmp_path: Path
) -> None:
    server = bank()
    press(server, server.event(ICE), "1", "10:00:30")
    server.stop()
    (tmp_path / ".ivrflow" / "state.db.key").unlink()
    server.start()
    assert server.event(typed()).json()["action"]["name"] == "hangup"
    assert "sealed with another key" in server.log
    fresh = server.event({**ICE, "callid": "call-2"})
    assert fresh.json()["action"]["name"] == "runMenu"


def test_several_machines_share_a_key_by_setting(
    bank: Callable[..., Server], tmp_path: Path
) -> None:
    key = base64.b64encode(os.urandom(32)).decode()
    server = bank(IVRFLOW_SECRET_KEY=key)
    press(server, server.event(ICE), "1", "10:00:30")
    server.stop()
    assert not (tmp_path / ".ivrflow" / "state.db.key").exists()
    (tmp_path / "key").write_text(key + "\n")
    server.environment = {"IVRFLOW_SECRET_KEY_FILE": str(tmp_path / "key")}
    server.start()
    assert "Once more?" in asked(server.event(typed()))


def test_a_broken_key_is_told_at_the_start(bank: Callable[..., Server], tmp_path: Path) -> None:
    (tmp_path / ".ivrflow").mkdir()
    (tmp_path / ".ivrflow" / "state.db.key").write_text("a word")
    with pytest.raises(AssertionError, match=r"state\.db\.key can't be used: not 32 bytes"):
        bank()


def test_who_has_no_secrets_has_no_key(serve: Serve, first_flow: str, tmp_path: Path) -> None:
    server = serve(first_flow)
    server.event(ICE)
    server.stop()
    assert not (tmp_path / ".ivrflow" / "state.db.key").exists()
