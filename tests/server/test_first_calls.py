"""A server on the first flow of the documentation, over HTTP, as the platform meets it."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

import httpx2
import pytest

ICE: dict[str, object] = {
    "event": "ice",
    "callid": "call-1",
    "callResourceUrl": "https://calling-euc1.api.sinch.com/calling/v1/calls/id/call-1",
    "timestamp": "2026-11-23T10:00:00Z",
    "version": 1,
    "userRate": {"currencyId": "USD", "amount": 0.0},
    "cli": "46701234567",
    "to": {"type": "did", "endpoint": "+46850000000"},
    "domain": "pstn",
    "originationType": "PSTN",
    "rdnis": "",
}


class Server(Protocol):
    """What the tests do with a server (see `conftest.Served`)."""

    url: str
    log: str
    arguments: list[str]

    def start(self) -> "Server": ...
    def kill(self) -> None: ...
    def stop(self) -> int: ...
    def event(self, event: dict[str, object]) -> httpx2.Response: ...
    def post(self, body: bytes, headers: dict[str, str] | None = None) -> httpx2.Response: ...
    def signed(self, body: bytes, timestamp: str | None = None) -> dict[str, str]: ...


Serve = Callable[..., Server]


def pie(type_: str, value: str | None = None, at: str = "10:00:05") -> dict[str, object]:
    result: dict[str, object] = {"type": type_, "menuId": "main", "inputMethod": "dtmf"}
    if value is not None:
        result["value"] = value
    return {
        "event": "pie",
        "callid": "call-1",
        "timestamp": f"2026-11-23T{at}Z",
        "menuResult": result,
        "version": 1,
    }


def option(reply: httpx2.Response, key: str) -> str:
    """What pressing `key` in the menu of `reply` returns."""
    (menu,) = reply.json()["action"]["menus"]
    (action,) = [each["action"] for each in menu["options"] if each["dtmf"] == key]
    assert action.startswith("return(")
    assert action.endswith(")")
    return str(action[len("return(") : -1])


def action(reply: httpx2.Response) -> dict[str, Any]:
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()["action"]
    return found


@pytest.fixture
def server(serve: Serve, first_flow: str) -> Server:
    return serve(first_flow)


def test_the_incoming_call_gets_greeting_and_menu_in_one_reply(server: Server) -> None:
    reply = server.event(ICE)
    assert reply.headers["content-type"] == "application/json"
    assert reply.json()["instructions"] == [
        {"name": "answer"},
        {"name": "say", "text": "Welcome to Acme.", "locale": "en-US"},
    ]
    menu = action(reply)
    assert menu["name"] == "runMenu"
    assert menu["mainMenu"] == "main"
    assert menu["menus"][0]["repeats"] == 2
    assert [each["dtmf"] for each in menu["menus"][0]["options"]] == ["1", "2", "*"]


def test_each_key_is_answered(server: Server) -> None:
    reply = server.event(ICE)
    connected = action(server.event(pie("return", option(reply, "1"))))
    assert connected == {
        "name": "connectPstn",
        "number": "+46850000001",
        "locale": "en-US",
        "dialTimeout": 20,
    }


def test_the_star_brings_the_menu_again_and_then_the_room(server: Server) -> None:
    reply = server.event(ICE)
    again = server.event(pie("return", option(reply, "*")))
    assert action(again)["name"] == "runMenu"
    room = action(server.event(pie("return", option(again, "2"), at="10:00:09")))
    assert room["name"] == "connectConf"
    assert room["conferenceId"] == "support-call-1"
    assert room["moh"] == "music1"


@pytest.mark.parametrize("outcome", ["timeout", "invalidinput"])
def test_silence_and_wrong_keys_end_politely(server: Server, outcome: str) -> None:
    server.event(ICE)
    reply = server.event(pie(outcome))
    assert action(reply) == {"name": "hangup"}
    assert reply.json()["instructions"][0]["text"] == "Thank you for calling. Goodbye."


def test_every_other_event_is_answered_as_documented(server: Server) -> None:
    reply = server.event(ICE)
    server.event(pie("return", option(reply, "1")))
    ace = server.event({"event": "ace", "callid": "call-1", "timestamp": "2026-11-23T10:00:20Z"})
    assert ace.json() == {"action": {"name": "continue"}}
    dice = {"event": "dice", "callid": "call-1", "timestamp": "2026-11-23T10:01:00Z"}
    ended = server.event({**dice, "reason": "CALLERHANGUP", "result": "ANSWERED"})
    assert (ended.status_code, ended.content) == (200, b"")
    notify = server.event({"event": "notify", "callid": "call-1", "type": "recording_finished"})
    assert (notify.status_code, notify.content) == (200, b"")


def test_hanging_up_or_failing_in_the_menu_ends_the_call(server: Server) -> None:
    server.event(ICE)
    assert action(server.event(pie("hangup"))) == {"name": "hangup"}
    server.event({**ICE, "callid": "call-2"})
    failed = server.event({**pie("error"), "callid": "call-2"})
    assert action(failed) == {"name": "hangup"}
    assert failed.json()["instructions"][0]["name"] == "say"


def test_forged_callbacks_are_refused(server: Server) -> None:
    body = json.dumps(ICE).encode()
    keep = server.signed(body)
    assert server.post(body, keep).status_code == 200
    assert server.post(body.replace(b"call-1", b"call-9"), keep).status_code == 401
    for name in ("x-timestamp", "authorization"):
        assert server.post(body, {k: v for k, v in keep.items() if k != name}).status_code == 401
    other = keep | {"authorization": keep["authorization"].replace("669E", "769E")}
    assert server.post(body, other).status_code == 401
    assert server.post(body, {"content-type": "application/json"}).status_code == 401


def test_a_callback_signed_long_ago_is_refused(server: Server) -> None:
    old = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    body = json.dumps(ICE).encode()
    assert server.post(body, server.signed(body, old)).status_code == 401


def test_duplicates_get_the_same_bytes_also_all_at_once(server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = {reply.content for reply in pool.map(server.event, [ICE] * 24)}
    assert len(replies) == 1
    star = pie("return", option(server.event(ICE), "*"))
    with ThreadPoolExecutor(8) as pool:
        replies = {reply.content for reply in pool.map(server.event, [star] * 24)}
    assert len(replies) == 1


def test_a_stale_key_press_moves_nothing(server: Server) -> None:
    first = server.event(ICE)
    current = server.event(pie("return", option(first, "*")))
    stale = server.event(pie("return", option(first, "1"), at="10:00:07"))
    assert stale.content == current.content
    room = server.event(pie("return", option(current, "2"), at="10:00:09"))
    assert action(room)["name"] == "connectConf"


def test_a_call_goes_on_after_a_power_cut(server: Server) -> None:
    first = server.event(ICE)
    server.kill()
    server.start()
    assert server.event(ICE).content == first.content
    room = server.event(pie("return", option(first, "2")))
    assert action(room)["name"] == "connectConf"


GARBAGE = [
    b"",
    b"{",
    b'{"event": "ice", "callid": "x", ',
    b"[]",
    b"null",
    b"42",
    b'"ice"',
    bytes(range(256)),
    b"{}",
    b'{"event": null}',
    b'{"event": "ice"}',
    b'{"event": "ice", "callid": ""}',
    b'{"event": "ice", "callid": {"a": 1}}',
    b'{"event": "pie", "callid": "unknown", "menuResult": {"type": "return", "value": "x.1"}}',
    b'{"event": "pie", "callid": "unknown"}',
    b'{"event": "pie", "callid": "unknown", "menuResult": []}',
    b'{"event": "ace", "callid": "unknown"}',
    b'{"event": "dice", "callid": "unknown"}',
    b'{"event": "notify", "callid": "unknown"}',
    b'{"event": "surprise", "callid": "unknown"}',
    json.dumps({"event": "ice", "callid": "x" * 70_000}).encode(),
    json.dumps({"event": "ice", "callid": "x" * 60_000}).encode(),
    b'{"event":"ice","callid":"deep","to":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b'{"event":"ice","callid":"\\ud800"}',
]


@pytest.mark.parametrize("body", GARBAGE, ids=lambda body: repr(body[:40]))
def test_garbage_never_gets_a_server_error(shared: Server, body: bytes) -> None:
    assert shared.post(body).status_code < 500


def test_calls_of_whom_nobody_knows_are_answered(server: Server) -> None:
    ace = server.event({"event": "ace", "callid": "unknown"})
    assert ace.json() == {"action": {"name": "continue"}}
    lost = server.event({**pie("return", "sales.1"), "callid": "unknown"})
    assert action(lost) == {"name": "hangup"}
    assert server.event({"event": "news", "callid": "unknown"}).json() == {}


def test_a_broken_edit_never_goes_live(serve: Serve, first_flow: str, tmp_path: Any) -> None:
    server = serve(first_flow, "--reload")
    (tmp_path / "test.flow.yaml").write_text(first_flow.replace("next: main_menu", "next: nowhere"))
    wait_for(lambda: "nowhere" in server.log or "kept" in server.log)
    assert server.event(ICE).json()["action"]["name"] == "runMenu"
    assert httpx2.get(server.url + "/readyz").json()["problem"]
    (tmp_path / "test.flow.yaml").write_text(first_flow.replace("Welcome to Acme", "Hello"))
    wait_for(lambda: not httpx2.get(server.url + "/readyz").json()["problem"])
    fresh = server.event({**ICE, "callid": "call-2"})
    assert fresh.json()["instructions"][1]["text"] == "Hello."


def test_a_live_call_stays_on_the_flow_it_began_with(
    serve: Serve, first_flow: str, tmp_path: Any
) -> None:
    server = serve(first_flow, "--reload")
    first = server.event(ICE)
    renamed = first_flow.replace("One moment, please", "Changed")
    (tmp_path / "test.flow.yaml").write_text(renamed)
    wait_for(lambda: "reloaded" in server.log)
    old = server.event(pie("return", option(first, "1")))
    assert old.json()["instructions"][0]["text"] == "One moment, please."
    server.kill()
    server.start()
    other = server.event({**ICE, "callid": "call-2"})
    new = server.event({**pie("return", option(other, "1")), "callid": "call-2"})
    assert new.json()["instructions"][0]["text"] == "Changed."


def test_the_log_names_call_and_flow_but_no_number_and_no_secret(server: Server) -> None:
    server.event(ICE)
    server.stop()
    assert "call-1" in server.log
    assert "front-desk" in server.log
    assert "46701234567" not in server.log
    assert "BeIukql3pTKJ8RGL5zo0DA" not in server.log


def test_it_stops_gracefully(server: Server) -> None:
    server.event(ICE)
    assert server.stop() == 0


@pytest.mark.parametrize("role", ["last", "primary"])
def test_both_roles_serve(serve: Serve, first_flow: str, role: str) -> None:
    server = serve(first_flow, "--role", role)
    assert action(server.event(ICE))["name"] == "runMenu"


def test_a_fallback_server_has_last_words_for_everybody(serve: Serve, first_flow: str) -> None:
    server = serve(first_flow, "--fallback")
    assert action(server.event(ICE)) == {"name": "hangup"}
    assert action(server.event(pie("timeout"))) == {"name": "hangup"}


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)
