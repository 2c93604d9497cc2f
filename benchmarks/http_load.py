"""Callbacks a second, CPU a callback and paced p99 of the engine beside its peers.

Server and load are pinned to a core each, and the programs take turns round by round, forwards and
backwards: machines are noisy, so what counts is a program's ratio to S in the same round, and the
median of these ratios. `busy` is how much of its core a server used: throughputs compare only where
it is close to 1 for both, else something kept the load from saturating them. CPU ratios are robust.
Needs `wrk` and two cores.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from flow import FLOW, KEY, PATH, SECRET, call_id, ice, lines, pie, signed

HERE = Path(__file__).parent
CONNECTIONS = 32
CALLS = 2_048
KEYS = 48
SECONDS = 3
ROUNDS = 5
PACE = 64
"""Milliseconds of think time a connection, on average: 32 of them make about 500 a second."""


@dataclass
class Measured:
    """What the rounds of one program gave."""

    throughput: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)


class Program:
    """A server process on core 0, answering signed callbacks."""

    def __init__(self, name: str, directory: Path, slow_fsync: Path | None = None) -> None:
        self.name = name
        self.directory = directory / name
        self.directory.mkdir()
        self.port = _free_port()
        self.slow_fsync = slow_fsync

    @property
    def command(self) -> list[str]:
        python = [sys.executable, "-m", "uvicorn", "--no-access-log", "--log-level", "critical"]
        factory = ["--factory"] if self.name == "fastapi" else []
        return [*python, "--port", str(self.port), *factory, f"peers:{self.name}"]

    @property
    def environment(self) -> dict[str, str]:
        return {"BENCH_DB": str(self.directory / "state.db")}

    def start(self) -> None:
        preload = (
            {"LD_PRELOAD": str(self.slow_fsync), "FSYNC_US": "2000"} if self.slow_fsync else {}
        )
        self.process = subprocess.Popen(
            ["taskset", "-c", "0", *self.command],
            cwd=HERE,
            env={**os.environ, **self.environment, **preload},
            stderr=(self.directory / "log").open("wb"),
        )
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"{self.name} does not start: {(self.directory / 'log').read_text()}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(15)

    def prepare(self, round_: str) -> Iterator[bytes]:
        """Return the bodies of a round."""
        calls = [call_id(round_, number) for number in range(CALLS)]
        return (pie(call, 1) for call in calls)

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def run(self, round_: str, pace: int = 0) -> tuple[float, float, float]:
        """Return requests a second, CPU microseconds a request and p99 in milliseconds."""
        timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        requests = self.directory / "requests.tsv"
        with requests.open("w") as file:
            file.writelines(lines(self.prepare(round_), timestamp))
        script = str(HERE / "load.lua")
        wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", script]
        before = self.cpu_seconds()
        shown = subprocess.run(
            ["taskset", "-c", "1", *wrk, f"http://127.0.0.1:{self.port}"],
            env={**os.environ, "REQUESTS": str(requests), "PACE": str(pace)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        spent = self.cpu_seconds() - before
        found = json.loads(next(line for line in shown.splitlines() if line[:4] == "JSON")[5:])
        if found["errors"] or found["refused"]:
            raise RuntimeError(f"{self.name}: {found}")
        count = found["requests"]
        return count / found["microseconds"] * 1e6, spent / count * 1e6, found["p99"] / 1000


class Engine(Program):
    """`ivrflow serve`, whole: signature, step, journal, SQLite FULL."""

    @property
    def command(self) -> list[str]:
        project = self.directory / "project"
        project.mkdir(exist_ok=True)
        (project / "measured.flow.yaml").write_text(FLOW)
        store = f"sqlite:{self.directory / 'state.db'}"
        serve = [sys.executable, "-m", "ivrflow", "serve", str(project)]
        return [*serve, "--port", str(self.port), "--store", store]

    @property
    def environment(self) -> dict[str, str]:
        return {"SINCH_APPLICATION_KEY": KEY, "SINCH_APPLICATION_SECRET": SECRET}

    def prepare(self, round_: str) -> Iterator[bytes]:
        calls = [call_id(round_, number) for number in range(CALLS)]
        timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with httpx2.Client(base_url=f"http://127.0.0.1:{self.port}") as client:
            for call in calls:
                body = ice(call)
                headers = {
                    "content-type": "application/json; charset=utf-8",
                    "x-timestamp": timestamp,
                    "authorization": signed(body, timestamp),
                }
                client.post(PATH, content=body, headers=headers).raise_for_status()
        return (pie(call, offer) for offer in range(1, KEYS + 1) for call in calls)


def measure(rounds: int, slow_fsync: Path | None = None) -> dict[str, Measured]:
    """Return what each program gave, the engine first."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        peers = ["static", "bare", "sqlite_per_request", "fastapi"]
        if not _has("fastapi"):
            print("fastapi is not installed: left out", file=sys.stderr)
            peers.remove("fastapi")
        if slow_fsync:
            peers = ["static"]
        programs = [Engine("engine", directory, slow_fsync)]
        programs += [Program(peer, directory, slow_fsync) for peer in peers]
        found = {program.name: Measured() for program in programs}
        for round_ in range(rounds):
            for program in programs if round_ % 2 == 0 else programs[::-1]:
                program.start()
                program.run(f"{round_}-warm", PACE)
                throughput, cpu, _ = program.run(f"{round_}-full")
                _, _, p99 = program.run(f"{round_}-paced", PACE)
                program.stop()
                each = found[program.name]
                each.throughput.append(throughput)
                each.cpu.append(cpu)
                each.busy.append(throughput * cpu / 1e6)
                each.p99.append(p99)
        return found


def report(found: dict[str, Measured]) -> None:
    """Print the medians, and the medians of the ratios to S."""
    print(
        f"{'program':22}{'callbacks/s':>12}{'/S':>7}{'CPU us':>9}{'/S':>7}{'p99 ms':>9}{'/S':>7}"
        f"{'busy':>7}"
    )
    for name, measured in found.items():
        row = f"{name:22}"
        for each, width in zip(FIELDS, (12, 9, 9), strict=True):
            values, units = getattr(measured, each), getattr(found["static"], each)
            ratios = [value / unit for value, unit in zip(values, units, strict=True)]
            median = statistics.median(values)
            row += f"{median:>{width}.1f}{statistics.median(ratios):>7.2f}"
        print(f"{row}{statistics.median(measured.busy):>7.2f}")


FIELDS = ("throughput", "cpu", "p99")


def slow_fsync(directory: Path) -> Path | None:
    """Build the library that makes each fsync take 2 ms more, if there is a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = directory / "slow_fsync.so"
    source = str(HERE / "slow_fsync.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), source, "-ldl"], check=True)
    return library


def _has(module: str) -> bool:
    check = [sys.executable, "-c", f"import {module}"]
    return subprocess.run(check, capture_output=True, check=False).returncode == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> None:
    if shutil.which("wrk") is None:
        sys.exit("this needs wrk (Debian: apt install wrk)")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    report(measure(rounds))
    with tempfile.TemporaryDirectory() as name:
        library = slow_fsync(Path(name))
        if library is None:
            return
        print("\nwith 2 ms added to each fsync:")
        report(measure(1, library))


if __name__ == "__main__":
    main()
