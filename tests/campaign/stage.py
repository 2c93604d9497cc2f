"""The processes of a campaign: an engine that is killed and started again, a platform on which
requests fail, people who press keys, and the command that calls a file."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from server.conftest import KEY, PATH, SECRET, Served, free_port

TOKEN = "a token of the operators"

APP = """
app: campaign
dial: {allow: ["+46"]}
routes: [{flow: reminder, with: {to: "+46850000000"}}]
"""
FLOW = """
flow: reminder
start: greet
locale: en-US
params: {to: phone}
callouts:
  remind:
    flow: reminder
    to: "{{ to }}"
    cli: "+46850000000"
    key: "{{ to }}"
    timeout: 5s
    retry: {results: [busy], times: 1, every: 1s}
on: {unreached: {do: [{log: "unreached: {{ result }}"}]}}
states:
  greet:
    menu:
      prompt: Your visit is tomorrow. Press 1 to confirm.
      choices: {1: thanks}
      timeout: 2s
      retries: 1
    on: {no_input: bye, no_match: bye}
  thanks: {say: Thank you., hangup: }
  bye: {say: Goodbye., hangup: }
"""
PROMPT = "Your visit is tomorrow. Press 1 to confirm."

BUSY, SILENT, PRESSING = "8", "9", ("0", "1")
"""The last digits of those who are busy, who let it ring, and who press 1. Others only listen."""

PEOPLE = 8
"""How many act at a time."""

REQUESTS = "/calling/v1/callouts"


@dataclass(frozen=True)
class Plan:
    """What is to be measured. `one_in` requests fails, each in one of six ways."""

    rows: int
    per_second: float = 200
    at_once: int = 4_000
    speed: float = 1
    one_in: int = 20

    @property
    def numbers(self) -> list[str]:
        return [f"+4670{number:07}" for number in range(self.rows)]


@dataclass
class Platform:
    """`ivrflow emulate`, whose transcript goes to a file, and the people: some press 1, and those
    who hear nothing, because the engine is not there, hang up."""

    process: subprocess.Popen[bytes]
    url: str
    file: Path
    entries: list[dict[str, Any]] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def follow(self) -> None:
        """Read the transcript until stopped, and let people act."""
        rang: dict[str, str] = {}
        with (
            httpx2.Client(base_url=self.url, timeout=20) as client,
            ThreadPoolExecutor(PEOPLE) as people,
            self.file.open() as source,
        ):
            while True:
                line = source.readline()
                if not line.endswith("\n"):
                    if self.stopped.is_set():
                        return
                    source.seek(source.tell() - len(line))
                    time.sleep(0.05)
                    continue
                entry = json.loads(line)
                self.entries.append(entry)
                if entry["type"] == "rang":
                    rang[entry["call"]] = entry["to"]
                people.submit(_act, client, entry, rang)

    def rang(self) -> int:
        return sum(each["type"] == "rang" for each in list(self.entries))


def _act(client: httpx2.Client, entry: Mapping[str, Any], rang: Mapping[str, str]) -> None:
    call = f"/emulator/calls/{entry['call']}"
    with suppress(httpx2.TransportError):  # the platform has ended
        if entry.get("text") == PROMPT and rang[entry["call"]].endswith(PRESSING):
            client.post(f"{call}/press", json={"keys": "1"})
        elif entry["type"] == "received" and entry["failure"] and entry["used"]:
            client.post(f"{call}/hang-up")


@contextmanager
def platform(plan: Plan, callback: str, directory: Path) -> Iterator[Platform]:
    """Run a platform on which requests fail as planned."""
    command = [sys.executable, "-m", "ivrflow", "emulate", "--callback-url", callback, "--json"]
    options = ["--port", "0", "--speed", str(plan.speed), "--seed", "campaign"]
    options += ["--keep", str(4 * plan.rows), "--reply-timeout", str(5 * plan.speed)]
    environment = {
        "PATH": os.environ["PATH"],
        "SINCH_APPLICATION_KEY": KEY,
        "SINCH_APPLICATION_SECRET": SECRET,
    }
    file, log = directory / "transcript.jsonl", directory / "platform.log"
    with file.open("wb") as out, log.open("wb") as errors:
        process = subprocess.Popen([*command, *options], env=environment, stdout=out, stderr=errors)
    running = Platform(process, _address(log), file)
    follower = threading.Thread(target=running.follow)
    try:
        _prepare(running, plan)
        follower.start()
        yield running
        process.terminate()
        assert process.wait(15) == 0, log.read_text()
    finally:
        process.kill()
        process.wait()
        running.stopped.set()
        if follower.ident is not None:
            follower.join()


def _address(log: Path) -> str:
    for _ in range(400):
        found = re.search(r"http://[0-9.:]+(?=/emulator/calls)", log.read_text())
        if found is not None:
            return found.group()
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def _prepare(running: Platform, plan: Plan) -> None:
    late = round(15_000 * plan.speed)
    faults: list[dict[str, object]] = [
        {"kind": "refuse", "code": 50_000},
        {"kind": "refuse", "code": 50_300},
        {"kind": "refuse", "code": 42_900},
        {"kind": "drop"},
        {"kind": "drop", "ms": late},
        {"kind": "lose"},
    ]
    people = [{"address": each, "does": "busy"} for each in plan.numbers if each.endswith(BUSY)]
    people += [{"address": e, "does": "no_answer"} for e in plan.numbers if e.endswith(SILENT)]
    people += [{"address": "*", "does": "human"}]
    with httpx2.Client(base_url=running.url, timeout=20) as client:
        if plan.one_in:
            for fault in faults:
                each = {"path": REQUESTS, "times": 1_000_000, "one_in": plan.one_in * len(faults)}
                client.post("/emulator/rest-faults", json=each | fault).raise_for_status()
        client.put("/emulator/people", json={"people": people}).raise_for_status()


@contextmanager
def engine(plan: Plan, directory: Path, port: int, voice: str) -> Iterator[Served]:
    """Run `ivrflow serve`, on SQLite."""
    (directory / "app.yaml").write_text(APP, "utf-8")
    (directory / "reminder.flow.yaml").write_text(FLOW, "utf-8")
    rate = ["--callouts-per-second", str(plan.per_second), "--max-callouts", str(plan.at_once)]
    environment = {"IVRFLOW_VOICE_URL": voice, "IVRFLOW_API_TOKEN": TOKEN}
    served = Served(directory, rate, environment, port)
    try:
        yield served.start()
        served.stop()
    finally:
        if served.process is not None and served.process.poll() is None:
            served.kill()


@dataclass
class Command:
    """`ivrflow callout remind --csv people.csv`, to be started, interrupted and started again."""

    directory: Path
    url: str
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "ivrflow", "callout", "remind", "--csv", "people.csv"]
        with (self.directory / "command.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--url", self.url],
                cwd=self.directory,
                env={"PATH": os.environ["PATH"], "IVRFLOW_API_TOKEN": TOKEN},
                stderr=log,
            )

    def interrupt(self) -> int:
        """As a person's Ctrl-C does; returns the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(15)

    @property
    def log(self) -> str:
        return (self.directory / "command.log").read_text("utf-8")


@dataclass
class Campaign:
    """All of it, on the way."""

    plan: Plan
    directory: Path
    phone: Platform
    served: Served
    command: Command

    def wait(self, rang: int, seconds: float = 120) -> None:
        """Wait until so many phones have rung."""
        until = time.monotonic() + seconds
        while self.phone.rang() < rang:
            assert time.monotonic() < until, f"{self.phone.rang()} of {rang}: {self.command.log}"
            time.sleep(0.05)

    def open(self) -> Mapping[str, str]:
        """Return the states of the callouts that are not over, by their numbers."""
        found: dict[str, str] = {}
        for state in ("waiting", "placing", "placed", "live", "unreached"):
            before = ""
            while before is not None:
                query = f"state={state}" + (f"&cursor={before}" if before else "")
                page = self._get(f"/v1/callouts?{query}")
                found |= {each["to"]: each["state"] for each in page["callouts"]}
                before = page["next"]
        return found

    def _get(self, path: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = httpx2.get(self.served.url + path, headers=headers, timeout=30)
        shown: dict[str, Any] = answer.raise_for_status().json()
        return shown


@contextmanager
def campaign(plan: Plan, directory: Path) -> Iterator[Campaign]:
    """Have everything run but the command."""
    (directory / "people.csv").write_text("\n".join(["to", *plan.numbers]) + "\n", "utf-8")
    port = free_port()
    with (
        platform(plan, f"http://127.0.0.1:{port}{PATH}", directory) as phone,
        engine(plan, directory, port, phone.url) as served,
    ):
        yield Campaign(plan, directory, phone, served, Command(directory, served.url))
