"""The example behind nginx: a real proxy takes the prefix away, and calls go on."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import httpx2
import pytest
from server.conftest import Serve, Served, free_port

CONFIGURATION = Path(__file__).parents[2] / "examples/nginx/nginx.conf"
PUBLIC = "/voice/callbacks/sinch"
ICE = b'{"event": "ice", "callid": "call-1", "cli": "46701234567", "to": {"type": "did"}}'
NGINX = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")


class Proxied(Protocol):
    def __call__(self, callback_path: str = PUBLIC) -> str: ...


def signed(path: str) -> dict[str, str]:
    return Served.signed(ICE, path=path)


@pytest.fixture
def proxied(serve: Serve, first_flow: str, tmp_path: Path) -> Iterator[Proxied]:
    """Starts the engine and nginx before it; returns nginx's address."""
    if NGINX is None:
        assert not os.environ.get("IVRFLOW_REQUIRE_NGINX"), "nginx is not installed"
        pytest.skip("NGINX IS NOT INSTALLED: the example behind it is not tried")
    started: list[subprocess.Popen[bytes]] = []

    def start(callback_path: str = PUBLIC) -> str:
        served = serve(first_flow, IVRFLOW_CALLBACK_PATH=callback_path)
        port = free_port()
        configuration = tmp_path / "nginx.conf"
        configuration.write_text(_adapted(served.port, port, tmp_path))
        started.append(subprocess.Popen([str(NGINX), "-c", configuration, "-p", tmp_path]))
        _wait_for(f"http://127.0.0.1:{port}/")
        return f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        process.terminate()
        process.wait(10)


def _adapted(upstream: int, port: int, directory: Path) -> str:
    """Return the example for this machine: other ports, and no certificate."""
    text = CONFIGURATION.read_text("utf-8")
    text = text.replace("127.0.0.1:3000", f"127.0.0.1:{upstream}")
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    text = re.sub(r"^\s*ssl_.*\n", "", text, flags=re.MULTILINE)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "".join(f"{kind}_temp_path {directory}/{kind};\n" for kind in kinds)
    return (
        f"daemon off;\npid {directory}/nginx.pid;\nerror_log {directory}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{text}\n}}\n"
    )


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            httpx2.get(url)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("nginx does not answer")


def test_a_call_signed_for_the_public_path_is_answered_behind_the_proxy(proxied: Proxied) -> None:
    reply = httpx2.post(proxied() + PUBLIC, content=ICE, headers=signed(PUBLIC))
    assert reply.status_code == 200
    assert reply.json()["action"]["name"] == "runMenu"


def test_the_path_that_the_engine_sees_is_not_what_was_signed(proxied: Proxied) -> None:
    url = proxied() + PUBLIC
    assert httpx2.post(url, content=ICE, headers=signed("/callbacks/sinch")).status_code == 401


def test_without_the_public_path_every_callback_is_refused(proxied: Proxied) -> None:
    url = proxied(callback_path="") + PUBLIC
    assert httpx2.post(url, content=ICE, headers=signed(PUBLIC)).status_code == 401


def test_nothing_but_callbacks_comes_in(proxied: Proxied) -> None:
    address = proxied()
    assert httpx2.get(address + "/readyz").status_code == 404
    assert httpx2.get(address + PUBLIC).status_code == 403
    assert httpx2.post(address + PUBLIC, content=b" " * 70_000).status_code == 413
