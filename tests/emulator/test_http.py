"""The emulator over real HTTP: signed callbacks out, REST and control API in."""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from emulator.stage import BASIC, HANGUP, KEY, SECRET, menu, say
from emulator.test_auth import sign

from ivrflow.emulator.switches import Switches

ACT = "/emulator/calls/{}/{}"


@dataclass
class App:
    """An application of three lines: the reply to each event, and what it was sent."""

    replies: dict[str, dict[str, Any]]
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def events(self) -> list[str]:
        return [json.loads(body)["event"] for _, _, body in self.got]

    @contextmanager
    def serve(self) -> Iterator[str]:
        app = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                app.got.append((self.path, headers, body))
                event = json.loads(body)["event"]
                answer = json.dumps(app.replies[event]).encode() if event in app.replies else b""
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Emulated:
    """`ivrflow emulate` in a process of its own, and its APIs."""

    process: subprocess.Popen[str]
    client: httpx2.Client

    def post(self, path: str, body: object = None, status: int = 200) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.status_code == status, answer.text
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def call(self, **inbound: str) -> str:
        return str(self.post("/emulator/calls", inbound, 201)["callId"])

    def act(self, call: str, act: str, status: int = 200, **body: object) -> dict[str, Any]:
        return self.post(ACT.format(call, act), body, status)

    def entries(self, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.client.get("/emulator/transcript", params=query).json()[
            "entries"
        ]
        return found

    def until(self, **wanted: object) -> dict[str, Any]:
        """Follow the transcript until an entry has these values."""
        with self.client.stream("GET", "/emulator/transcript/stream") as stream:
            for line in stream.iter_lines():
                entry = json.loads(line.removeprefix("data: ") or "{}")
                if wanted.items() <= entry.items():
                    return dict(entry)
        raise AssertionError(f"the transcript ends without {wanted}")


@contextmanager
def emulated(
    url: str, *options: str, secret: str = SECRET, printed: list[str] | None = None
) -> Iterator[Emulated]:
    """Run `ivrflow emulate` for the application at `url`; `printed` gets what it printed."""
    command = [sys.executable, "-m", "ivrflow", "emulate", "--callback-url", url, "--port", "0"]
    environment = {"PATH": os.environ["PATH"]}
    if secret:
        environment |= {"SINCH_APPLICATION_KEY": KEY, "SINCH_APPLICATION_SECRET": secret}
    process = subprocess.Popen(
        [*command, *options],
        env=environment,
        text=True,
        stdout=subprocess.DEVNULL if printed is None else subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    told = process.stderr.readline()
    found = re.search(r"http://[0-9.:]+(?=/emulator/calls)", told)
    assert found is not None, told + process.stderr.read()
    try:
        with httpx2.Client(base_url=found.group(), timeout=20) as client:
            yield Emulated(process, client)
        process.terminate()
        assert process.wait(15) == 0, process.stderr.read()
        if printed is not None and process.stdout is not None:
            printed += process.stdout.read().splitlines()
            process.stdout.close()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture(scope="module")
def app() -> App:
    return App({"ice": say("Hello.", menu("1=return(a)")), "pie": HANGUP})


@pytest.fixture(scope="module")
def still(app: App) -> Iterator[Emulated]:
    """A platform whose time stands still."""
    with app.serve() as url, emulated(url + "/cb?tenant=1", "--speed", "0") as running:
        yield running


def test_a_call_goes_its_way_step_by_step(app: App, still: Emulated) -> None:
    call = still.call(caller="+46701234567")
    assert [each["type"] for each in still.entries(call=call)][:3] == [
        "dialled",
        "sent",
        "received",
    ]
    still.post("/emulator/advance", {"ms": 2_000})
    shown = still.act(call, "press", keys="1")
    assert (shown["status"], shown["reason"]) == ("FINAL", "MANAGERHANGUP")
    assert app.events[-3:] == ["ice", "pie", "dice"]


def test_callbacks_carry_a_signature_that_others_can_check(app: App, still: Emulated) -> None:
    """5.2, by an independent implementation, over the very bytes and headers that arrived"""
    still.act(still.call(), "hang-up")
    path, headers, body = app.got[-1]
    assert path == "/cb?tenant=1"
    made = sign("POST", "/cb", body, headers["x-timestamp"], headers["content-type"])
    assert headers["authorization"] == f"application {KEY}:{made}"


def test_a_client_of_sinchs_can_be_pointed_at_it(app: App, still: Emulated) -> None:
    details = {"cli": "+46850000000", "custom": "token"}
    body = json.dumps({"method": "customCallout", "customCallout": details}).encode()
    kind = "application/json"
    headers = {
        "x-timestamp": _now(),
        "content-type": kind,
        "X-CB-Tenant": "blue",
    }
    path = "/calling/v1/callouts"
    made = sign("POST", path, body, headers["x-timestamp"], kind)
    headers["authorization"] = f"Application {KEY}:{made}"
    answer = still.client.post(path, content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    still.until(type="sent", event="ice", call=answer.json()["callId"])
    still.until(type="received", event="ice", call=answer.json()["callId"])
    _, got, sent = next(each for each in reversed(app.got) if b'"custom":"token"' in each[2])
    assert got["x-cb-tenant"] == "blue"
    assert json.loads(sent)["callid"] == answer.json()["callId"]
    refused = still.client.post(path, content=body)
    assert (refused.status_code, refused.json()["errorCode"]) == (401, 40100)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def test_what_nobody_can_do_and_what_nobody_can_read_is_told(still: Emulated) -> None:
    call = still.call()
    still.act(call, "hang-up")
    assert "not on the line" in still.act(call, "press", 409, keys="1")["error"]
    assert "keys" in still.act(call, "press", 400)["error"]
    assert "press" in still.act(call, "sing", 404)["error"]
    assert "no call" in still.act("nowhere", "hang-up", 404)["error"]
    assert ">= 0" in still.post("/emulator/advance", {"ms": -1}, 400)["error"]
    assert "'fire'" in still.post("/emulator/faults", {"kind": "fire"}, 400)["error"]
    assert "docs/emulator.md" in still.client.get("/emulator/nowhere").json()["error"]
    assert still.client.get("/nowhere", headers={"authorization": BASIC}).status_code == 404
    assert still.client.post("/calling/v1/callouts", content=b"x" * (1 << 21)).status_code == 413


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", {"kind": "delay", "ms": 10**400}),
        ("faults", {"kind": "delay", "ms": -5}),
        ("faults", {"kind": "drop", "times": 0}),
        ("faults", {"kind": "drop", "event": "nonsense"}),
        ("rest-faults", {"code": 5}),
        ("rest-faults", {"code": 60_000}),
    ],
)
def test_a_fault_that_nothing_could_meet_is_refused(
    still: Emulated, path: str, body: dict[str, object]
) -> None:
    assert still.post(f"/emulator/{path}", body, 400)["error"]


def test_what_is_no_text_or_too_large_is_refused(still: Emulated) -> None:
    answer = still.client.post("/emulator/calls", content=b'{"caller": "\xff"}')
    assert answer.status_code == 400
    assert still.client.post("/emulator/calls", content=b" " * (1 << 21)).status_code == 413
    assert still.client.get("/emulator/transcript?after=" + "9" * 5_000).status_code == 200
    fault = {"kind": "drop", "call": "nowhere"}
    assert "no call" in still.post("/emulator/faults", fault, 404)["error"]


def test_a_name_that_was_made_to_lead_here_opens_nothing(still: Emulated) -> None:
    rebound = {"host": "evil.example", "origin": "http://evil.example"}
    assert still.client.post("/emulator/calls", headers=rebound).status_code == 403


def test_a_menu_can_be_broken_while_its_caller_hangs_up(still: Emulated) -> None:
    call = still.call()
    still.post("/emulator/advance", {"ms": 2_000})
    assert still.client.get(f"/emulator/calls/{call}").json()["needs"] == "menu"
    still.act(call, "hang-up")
    assert "no menu" in still.act(call, "break-menu", 409)["error"]


def test_who_follows_the_transcript_is_let_go_at_the_end(app: App) -> None:
    with app.serve() as url, emulated(url) as running:
        with running.client.stream("GET", "/emulator/transcript/stream") as stream:
            running.process.terminate()
            assert not list(stream.iter_lines())
        assert running.process.wait(5) == 0
        assert running.process.stderr is not None
        assert running.process.stderr.read() == ""


def test_a_request_that_offers_http_2_is_read_whole(still: Emulated) -> None:
    """As each of Java's HttpClient does"""
    offer = {
        "connection": "Upgrade, HTTP2-Settings",
        "upgrade": "h2c",
        "http2-settings": "AAEAAEAA",
    }
    body = {"caller": "+46709999999"}
    answer = still.client.post("/emulator/calls", json=body, headers=offer)
    call = answer.json()["callId"]
    assert still.entries(call=call)[0]["caller"] == "+46709999999"
    still.act(call, "hang-up")


def test_a_page_of_another_site_calls_nobody(still: Emulated) -> None:
    foreign = {"origin": "https://evil.example"}
    assert still.client.post("/emulator/calls", headers=foreign).status_code == 403
    own = {"origin": str(still.client.base_url).rstrip("/")}
    assert still.client.get("/emulator", headers=own).status_code == 200


def test_an_answer_that_is_lost_is_a_broken_connection(still: Emulated) -> None:
    still.post("/emulator/rest-faults", {"kind": "drop", "path": "/calling"}, 204)
    with pytest.raises(httpx2.RemoteProtocolError):
        still.client.get("/calling/v1/calls/id/x")
    assert still.client.get("/calling/v1/calls/id/x").status_code == 401


def test_faults_and_people_are_ordered_over_http(app: App, still: Emulated) -> None:
    still.post("/emulator/faults", {"kind": "duplicate", "event": "dice"}, 204)
    still.post("/emulator/rest-faults", {"code": 50300, "path": "/calling"}, 204)
    people = {"people": [{"address": "*", "does": "busy", "after": 0}]}
    assert still.client.put("/emulator/people", json=people).status_code == 204
    assert still.client.get("/calling/v1/calls/id/x").status_code == 503
    before = app.events.count("dice")
    call = still.call()
    still.act(call, "hang-up")
    assert app.events.count("dice") == before + 2
    still.act(call, "resend", event="dice")
    still.act(call, "forge", event="dice")
    assert app.events.count("dice") == before + 4
    (true, *_, forged) = [each for each in app.got if json.loads(each[2])["callid"] == call][-3:]
    assert true[2] == forged[2]
    assert still.client.get("/emulator/calls").json()["calls"][-1]["callId"] == call
    state = still.client.get("/emulator").json()
    assert call not in state["live"]


def test_time_passes_by_itself(app: App) -> None:
    """In real time, twenty times as fast"""
    app = App({"ice": {"action": {"name": "connectPstn", "number": "+46850000001"}}, "ace": HANGUP})
    options = ("--speed", "20", "--person", "+46850000001=human:2", "--region", "euc1", "--odd")
    printed: list[str] = []
    with app.serve() as url, emulated(url, *options, printed=printed) as running:
        call = running.call()
        ended = running.until(type="ended")
        running.until(type="received", event="dice")
        rang, answered = (
            next(
                each
                for each in running.entries()
                if each["type"] == kind and each["who"] == "callee"
            )
            for kind in ("rang", "answered")
        )
    assert ended["call"] == call
    assert "+46701234567 calls +46850000000" in printed[0]
    assert [line for line in printed if "callee answers human" in line]
    assert 2_000 <= answered["at"] - rang["at"] < 60_000
    assert app.events == ["ice", "ace", "dice"]
    assert "calling-euc1.api.sinch.com" in json.loads(app.got[0][2])["callResourceUrl"]


def test_who_does_not_answer_is_not_waited_for(app: App) -> None:
    printed: list[str] = []
    options = ("--reply-timeout", "0.5", "--json")
    with emulated("http://127.0.0.1:9/", *options, secret="", printed=printed) as running:
        running.call()
        failed = running.until(type="received", event="ice")
        assert failed["failure"]
        assert running.until(type="ended")["reason"] == "CALLBACKERROR"
    assert [json.loads(line)["type"] for line in printed][:2] == ["dialled", "sent"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--callback-url", "example.com"], "is no http or https URL"),
        (["--switch", "repeats"], "write NAME=VALUE"),
        (["--switch", "repeat=3"], "unknown field"),
        (["--switch", "repeats=many"], "Expected `int`"),
        (["--person", "*=sleepy"], "write ADDRESS="),
        (["--app-key", "k", "--app-secret", "!"], "no base64"),
        (["--app-key", "k"], "1 application keys but 0 secrets"),
        (["--speed", "-1"], "time goes forward"),
        (["--speed", "nan"], "time goes forward"),
        (["--speed", "inf"], "time goes forward"),
        (["--reply-timeout", "nan"], "are no seconds"),
        (["--reply-timeout", "-1"], "are no seconds"),
        (["--switch", "reply_timeout=-5"], ">= 1"),
        (["--switch", "empty_status=500"], "Invalid enum value"),
        (["--switch", "busy_reason=XYZ"], "Invalid enum value"),
        (["--person", "*=human:inf"], "are no seconds"),
        (["--person", "=busy"], "write ADDRESS="),
        (["--number", "abc"], "is no number"),
        (["--callback-url", "http://[::1"], "can't be asked"),
    ],
)
def test_wrong_options_are_told_before_anything_starts(options: list[str], message: str) -> None:
    command = [sys.executable, "-m", "ivrflow", "emulate"]
    url = ["--callback-url", "http://127.0.0.1:9/", "--port", "0"]
    done = subprocess.run(
        [*command, *url, *options], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 2
    assert message in done.stderr


def test_the_pure_core_is_imported_without_a_network() -> None:
    script = (
        "import ivrflow.emulator.platform, sys;"
        "sys.exit(any(name in sys.modules for name in ('asyncio', 'socket', 'ssl', 'starlette')))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_every_switch_is_described_with_its_default() -> None:
    page = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text("utf-8")
    defaults = Switches()
    for name in Switches.__struct_fields__:
        value = getattr(defaults, name)
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        assert f"| `{name}` | `{shown}` |" in page, name
