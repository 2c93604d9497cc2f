"""A real server in a process of its own, and a platform that signs what it sends."""

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

KEY = "669E367E-6BBA-48AB-AF15-266871C28135"
SECRET = "BeIukql3pTKJ8RGL5zo0DA=="
PATH = "/callbacks/sinch"
CONTENT_TYPE = "application/json; charset=utf-8"


def sign(body: bytes, timestamp: str, path: str = PATH) -> str:
    """Sign as the vendor's document says, without any code of the engine's."""
    digest = base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()
    text = "\n".join(["POST", digest, CONTENT_TYPE, f"x-timestamp:{timestamp}", path])
    key = base64.b64decode(SECRET)
    return base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()


@dataclass
class Served:
    """`ivrflow serve` on a free port; `stop`, `kill` and `start` it again at will."""

    directory: Path
    arguments: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Served":
        self.port = self.port or free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "SINCH_APPLICATION_KEY": KEY,
            "SINCH_APPLICATION_SECRET": SECRET,
            **self.environment,
        }
        command = [sys.executable, "-m", "ivrflow", "serve", ".", "--port", str(self.port)]
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.arguments], cwd=self.directory, env=environment, stderr=log
            )
        self._wait_until_ready()
        return self

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log
            try:
                if httpx2.get(self.url + "/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"not ready: {self.log}")

    def kill(self) -> None:
        """As a power cut would."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """As an operator would; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(15)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.directory / "server.log").read_text("utf-8")

    @staticmethod
    def signed(body: bytes, timestamp: str | None = None, path: str = PATH) -> dict[str, str]:
        """Headers of a request that the platform signed at `timestamp` (now)."""
        timestamp = timestamp or time.strftime("%Y-%m-%dT%H:%M:%S.1234567Z", time.gmtime())
        return {
            "content-type": CONTENT_TYPE,
            "x-timestamp": timestamp,
            "authorization": f"application {KEY}:{sign(body, timestamp, path)}",
        }

    def post(self, body: bytes, headers: dict[str, str] | None = None) -> httpx2.Response:
        return httpx2.post(self.url + PATH, content=body, headers=headers or self.signed(body))

    def event(self, event: dict[str, object]) -> httpx2.Response:
        """Send a callback as the platform does."""
        return self.post(json.dumps(event).encode())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


Serve = Callable[..., Served]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts a server on the given flow, with further arguments and environment."""
    with _servers(tmp_path) as start:
        yield start


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, first_flow: str) -> Iterator[Served]:
    """One server for tests that leave nothing behind for each other."""
    with _servers(tmp_path_factory.mktemp("shared")) as start:
        yield start(first_flow)


@contextmanager
def _servers(directory: Path) -> Iterator[Serve]:
    started: list[Served] = []

    def start(flow: str, *arguments: str, **environment: str) -> Served:
        (directory / "test.flow.yaml").write_text(flow, "utf-8")
        served = Served(directory, list(arguments), environment)
        started.append(served)
        return served.start()

    yield start
    for served in started:
        if served.process is not None and served.process.poll() is None:
            served.kill()
