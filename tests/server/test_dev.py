"""`ivrflow dev`: one process that a newcomer can call, and that takes edits."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest
from server.conftest import free_port

DEV = [sys.executable, "-m", "ivrflow", "dev"]
BROKEN = "start: welcme"
FLOW = """\
flow: dev
start: welcome
locale: en-US
vars: {thanked: false}
states:
  welcome:
    menu:
      prompt: Press 1.
      choices: {1: one}
    on: {no_input: one, no_match: one}
  one: {set: {thanked: true}, say: Thank you., hangup: }
"""


class Dev:
    """`ivrflow dev` in a directory of its own."""

    def __init__(self, directory: Path, flow: str, **environment: str) -> None:
        self.directory = directory
        self.flow = directory / "dev.flow.yaml"
        self.flow.write_text(flow)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with (directory / "told").open("w") as told, (directory / "calls").open("w") as calls:
            self.process = subprocess.Popen(
                [*DEV, ".", "--port", str(self.port), "--show", "state,vars"],
                cwd=directory,
                env={"PATH": os.environ["PATH"], **environment},
                stdout=calls,
                stderr=told,
            )

    @property
    def told(self) -> str:
        return (self.directory / "told").read_text()

    @property
    def calls(self) -> str:
        return (self.directory / "calls").read_text()

    def tells(self, text: str) -> None:
        self.until(lambda: text in self.told)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < deadline, f"{self.told}\n{self.calls}"
            time.sleep(0.05)

    def ready(self) -> "Dev":
        self.tells("Ctrl-C stops it.")
        self.until(self._answers)
        return self

    def _answers(self) -> bool:
        with suppress(httpx2.TransportError):
            return httpx2.get(self.url + "/readyz").status_code == 200
        return False

    def call(self, script: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "ivrflow", "call", "--url", self.url],
            input=script,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@contextmanager
def running(directory: Path, flow: str = FLOW) -> Iterator[Dev]:
    dev = Dev(directory, flow)
    yield dev
    if dev.process.poll() is None:
        dev.process.kill()
        dev.process.wait(10)


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    with running(tmp_path) as started:
        yield started.ready()


def test_a_newcomer_is_told_how_to_make_the_first_call_and_makes_it(dev: Dev) -> None:
    assert f"call --url {dev.url}\n" in dev.told
    done = dev.call("press 1\nhear thank you\n")
    assert done.returncode == 0, done.stderr
    assert 'caller hears "Thank you." (en-US)' in done.stdout
    dev.until(lambda: "over: MANAGERHANGUP" in dev.calls)
    assert "caller presses 1" in dev.calls
    assert "dev: one" in dev.calls
    assert "thanked = true" in dev.calls


def test_a_file_of_variables_holds_settings_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("IVRFLOW_STORE=sqlite:calls.db\n")
    with running(tmp_path) as started:
        assert "calls are kept in sqlite:calls.db" in started.ready().told


def test_the_control_api_is_called_as_shown(dev: Dev) -> None:
    made = httpx2.post(f"{dev.url}/emulator/calls", content=b'{"to": "+46850000000"}')
    assert made.status_code == 201
    dev.until(lambda: 'caller hears "Press 1."' in dev.calls)


def test_callbacks_are_signed_so_nobody_else_moves_a_call(dev: Dev) -> None:
    forged = httpx2.post(f"{dev.url}/callbacks/sinch", content=b'{"event": "ice", "callid": "x"}')
    assert forged.status_code == 401


def test_ctrl_c_ends_it_quietly_though_somebody_is_on_the_phone(dev: Dev) -> None:
    client = subprocess.Popen(
        [sys.executable, "-m", "ivrflow", "call", "--url", dev.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert client.stdin is not None
    client.stdin.write("wait 1m\n")
    client.stdin.close()
    dev.until(lambda: 'caller hears "Press 1."' in dev.calls)
    with httpx2.stream("GET", f"{dev.url}/emulator/transcript/stream"):
        dev.process.send_signal(signal.SIGINT)
        assert dev.process.wait(20) == 0
    client.wait(20)
    assert "Traceback" not in dev.told
    assert dev.told.rstrip().endswith("Ctrl-C stops it.")


def test_edits_are_taken_and_broken_ones_are_told(dev: Dev) -> None:
    dev.flow.write_text(FLOW.replace("Thank you.", "Bye."))
    dev.tells("taken: the next call")
    assert dev.call("press 1\nhear bye\n").returncode == 0
    dev.flow.write_text(FLOW.replace("start: welcome", BROKEN))
    dev.tells('error E101 [unknown-state] no state is called "welcme"')
    dev.tells("the last good flows stay")
    assert dev.call("press 1\nhear thank you\n").returncode == 1
    assert dev.call("press 1\nhear bye\n").returncode == 0


def test_broken_flows_are_waited_for(tmp_path: Path) -> None:
    with running(tmp_path, FLOW.replace("start: welcome", BROKEN)) as dev:
        dev.tells("waiting for the flows to be mended")
        assert 'help: did you mean "welcome"?' in dev.told
        dev.flow.write_text(FLOW)
        dev.ready()
        assert dev.call("press 1\nhear thank you\n").returncode == 0


def test_it_stops_when_told_and_calls_are_kept(dev: Dev) -> None:
    dev.call("press 1")
    dev.process.terminate()
    assert dev.process.wait(10) == 0
    assert (dev.directory / ".ivrflow" / "state.db").stat().st_size > 0


def test_a_port_that_is_taken_is_told(dev: Dev) -> None:
    command = [*DEV, ".", "--port", str(dev.port)]
    second = subprocess.run(
        [*command, "--store", "memory:"],
        cwd=dev.directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 2
    assert f"can't listen on 127.0.0.1:{dev.port}" in second.stderr


HALL = """\
flow: dev
start: meet
states:
  meet:
    say: Welcome to the hall.
    conference: {id: hall, start_on_enter: false, max: 9}
    on: {full: start}
  start: {conference: {id: hall, start_on_enter: true, max: 9}, on: {full: bye}}
  bye: {say: Full., hangup: }
"""


def test_what_is_wanted_of_a_room_is_done_at_the_platform(tmp_path: Path) -> None:
    with running(tmp_path, HALL) as started:
        dev = started.ready()
        made = httpx2.post(f"{dev.url}/emulator/calls", content=b'{"to": "+46850000000"}')
        assert made.status_code == 201
        dev.until(lambda: "onhold" in dev.calls)
