"""Who asks and who signed: reference, section 5. Nothing here uses the engine's own signatures."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from emulator.stage import BASIC, HANGUP, KEY, SECRET, Stage

from ivrflow.emulator.auth import Request

PATH = "/calling/v1/calls/id/x"
NOW = "2026-01-01T09:00:00.0000000Z"


def sign(
    verb: str, path: str, body: bytes, timestamp: str = NOW, content_type: str = "", md5: str = ""
) -> str:
    """Sign as the vendor's document says, or with another `md5` line."""
    if body:
        md5 = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    lines = [verb, md5, content_type, f"x-timestamp:{timestamp}", path]
    mac = hmac.new(base64.b64decode(SECRET), "\n".join(lines).encode(), hashlib.sha256)
    return base64.b64encode(mac.digest()).decode()


def ask(stage: Stage, headers: dict[str, str], **given: Any) -> tuple[int, int]:
    """Ask for a call that doesn't exist: 404 is what a believed request gets."""
    request = Request(**{"method": "GET", "path": PATH, **given}, headers=headers)
    response = stage.platform.request(request)
    return response.status, json.loads(response.body)["errorCode"]


def signed(**given: Any) -> dict[str, str]:
    made = sign(**{"verb": "GET", "path": PATH, "body": b"", **given})
    return {"authorization": f"Application {KEY}:{made}", "x-timestamp": NOW}


def test_callbacks_are_signed_as_documented() -> None:
    """5.2: checked by an independent implementation"""
    stage = Stage(ice=HANGUP)
    stage.call()
    for url, headers, body in stage.posted:
        path = url.removeprefix("https://app.example")
        made = sign("POST", path, body, headers["x-timestamp"], headers["content-type"])
        assert headers["authorization"] == f"application {KEY}:{made}"
        assert len(headers["x-timestamp"]) == len(NOW)


def test_scheme_content_type_and_query_are_switches() -> None:
    url = "https://app.example/cb?tenant=1"
    for sign_query, path in ((False, "/cb"), (True, "/cb?tenant=1")):
        stage = Stage(
            ice=HANGUP,
            application={"primary": url},
            sign_query=sign_query,
            scheme="Application",
            content_type="application/json",
        )
        stage.call()
        _, headers, body = stage.posted[0]
        made = sign("POST", path, body, headers["x-timestamp"], "application/json")
        assert headers["authorization"] == f"Application {KEY}:{made}"


def test_the_path_of_callbacks_is_signed_as_sent_or_by_a_switch_decoded() -> None:
    for signed_path, path in (("sent", "/a%20b"), ("decoded", "/a b")):
        url = "https://app.example/a%20b"
        stage = Stage(ice=HANGUP, application={"primary": url}, signed_path=signed_path)
        stage.call()
        sent_to, headers, body = stage.posted[0]
        assert sent_to == url
        made = sign("POST", path, body, headers["x-timestamp"], headers["content-type"])
        assert headers["authorization"] == f"application {KEY}:{made}"


def test_without_a_secret_nothing_is_signed_and_everybody_believed() -> None:
    stage = Stage(ice=HANGUP, application={"secret": ""})
    stage.call()
    assert "authorization" not in stage.posted[0][1]
    assert ask(stage, {}) == (404, 40400)


def test_a_forged_callback_carries_another_signature() -> None:
    stage = Stage(ice=HANGUP)
    stage.platform.forge(stage.call(), "ice")
    stage.run(stage.box.settle())
    true, forged = stage.posted[0], stage.posted[-1]
    assert true[2] == forged[2]
    assert true[1]["authorization"] != forged[1]["authorization"]


def test_basic_and_signed_requests_are_believed() -> None:
    stage = Stage()
    assert ask(stage, {"Authorization": BASIC}) == (404, 40400)
    assert ask(stage, signed()) == (404, 40400)
    body, kind = b'{"x":1}', "application/json; charset=utf-8"
    headers = {**signed(verb="PATCH", body=body, content_type=kind), "Content-Type": kind}
    assert ask(stage, headers, method="PATCH", body=body) == (404, 40400)


def test_basic_takes_the_key_as_older_clients_write_it() -> None:
    written = base64.b64encode(f"application\\{KEY}:{SECRET}".encode()).decode()
    assert ask(Stage(), {"authorization": f"basic {written}"}) == (404, 40400)


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("/calling/v1/conferences/id/my%20room", {"path": "/calling/v1/conferences/id/my room"}),
        (PATH, {"md5": "1B2M2Y8AsgTpgAmY7PhCfg=="}),
    ],
    ids=["the path before it is escaped", "the MD5 of nothing"],
)
def test_what_sdks_sign_otherwise_than_documented_is_believed_unless_strict(
    path: str, given: dict[str, str]
) -> None:
    headers = signed(**{"path": path, **given})
    assert ask(Stage(), headers, path=path)[0] == 404
    assert ask(Stage(request_signatures="strict"), headers, path=path) == (401, 40102)
    documented = signed(path=path)
    assert ask(Stage(request_signatures="strict"), documented, path=path)[0] == 404


def test_the_query_is_not_signed() -> None:
    assert ask(Stage(), signed(), path=PATH + "?a=b") == (404, 40400)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 40100),
        ({"authorization": "Bearer x"}, 40100),
        ({"authorization": "Basic %%%"}, 40100),
        ({"authorization": "Basic " + base64.b64encode(b"other:x").decode()}, 40108),
        ({"authorization": "Basic " + base64.b64encode(KEY.encode() + b":x").decode()}, 40108),
        ({"authorization": f"Application {KEY}"}, 40100),
        ({"authorization": f"Application {KEY}:x"}, 40101),
        ({"authorization": f"Application {KEY}:x", "x-timestamp": "yesterday"}, 40101),
        ({"authorization": f"Application {KEY}:x", "x-timestamp": "2026-01-01T08:00:00Z"}, 40101),
        ({"authorization": f"Application {KEY}:x", "x-timestamp": NOW}, 40102),
        ({"authorization": "Application other:x", "x-timestamp": NOW}, 40108),
        (signed(verb="POST"), 40102),
        (signed(path="/other"), 40102),
        (signed(body=b"x"), 40102),
        (signed(content_type="text/plain"), 40102),
        (signed(timestamp="2026-01-01T09:00:01Z"), 40102),
    ],
)
def test_others_are_not(headers: dict[str, str], code: int) -> None:
    """4.5, 5.3"""
    assert ask(Stage(), headers) == (code // 100, code)


def test_basic_may_be_refused() -> None:
    """5.1: a method may refuse the scheme"""
    assert ask(Stage(basic=False), {"authorization": BASIC}) == (403, 40301)
