"""A file of 10,000 people called at 200 a second, a twentieth of all requests failing.

An engine on SQLite, an emulated platform and the command, each a process; the command is
interrupted once, the engine killed once. Says what rate was reached, what each process took, and
whatever is wrong: every row must have one outcome, the one that the platform saw, and nobody may
be called twice. Takes some four minutes: of a call whose fate nobody knows the engine waits three
to hear.

python benchmarks/callouts.py [ROWS] [RATE] [--calm]      calm: nothing fails
"""

import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from campaign.judge import complaints, people, results  # noqa: E402
from campaign.stage import REQUESTS, Campaign, Plan, campaign  # noqa: E402

LONGEST = 480
"""Seconds after which it is given up."""

TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Meter:
    """CPU seconds and memory of one process, as often as it is looked at."""

    name: str
    pid: int
    began: float = field(default_factory=time.monotonic)
    samples: list[tuple[float, float]] = field(default_factory=list)
    peak: float = 0.0

    def look(self) -> None:
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return
        self.samples.append((time.monotonic(), (int(fields[11]) + int(fields[12])) / TICK))
        peak = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM 0")
        self.peak = max(self.peak, int(peak.split()[1]) / 1024)

    def told(self) -> str:
        last, spent = self.samples[-1]
        busy = spent / max(0.1, last - self.began)
        return f"{self.name:22} {spent:7.1f} s CPU ({busy:4.0%} of a core)  {self.peak:6.0f} MB"


@dataclass
class Measuring:
    """The meters of a campaign, those of processes that are gone included."""

    running: Campaign
    meters: dict[int, Meter] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        processes = {
            "engine": self.running.served.process,
            "platform": self.running.phone.process,
            "command": self.running.command.process,
        }
        for name, process in processes.items():
            if process is not None:
                self.meters.setdefault(process.pid, Meter(name, process.pid)).look()

    def until(self, rang: int) -> None:
        while self.running.phone.rang() < rang and not self.is_late:
            self.look()
            time.sleep(0.25)

    def until_done(self) -> int:
        process = self.running.command.process
        assert process is not None
        while process.poll() is None and not self.is_late:
            self.look()
            time.sleep(0.5)
        return -1 if process.poll() is None else process.returncode

    @property
    def is_late(self) -> bool:
        return time.monotonic() > self.began + LONGEST


def main() -> None:
    given = [each for each in sys.argv[1:] if not each.startswith("-")]
    calm = "--calm" in sys.argv
    rows, rate = int(given[0]) if given else 10_000, float(given[1]) if given[1:] else 200
    plan = Plan(rows=rows, per_second=rate, one_in=0 if calm else 20)
    with tempfile.TemporaryDirectory() as name:
        with campaign(plan, Path(name)) as running:
            measuring = Measuring(running)
            running.command.start()
            if not calm:
                measuring.until(rows // 3)
                print(f"interrupted: exit code {running.command.interrupt()}")
                running.command.start()
                measuring.until(rows // 2)
                running.served.kill()
                running.served.start()
            code = measuring.until_done()
            still_open = running.open()
            if running.command.process is not None and code < 0:
                running.command.interrupt()
            print(f"the command ended with {code} after {time.monotonic() - measuring.began:.0f} s")
        report(plan, running, measuring, still_open)


def report(
    plan: Plan, running: Campaign, measuring: Measuring, still_open: Mapping[str, str]
) -> None:
    entries = running.phone.entries
    posts = [each["at"] for each in entries if each.get("path") == REQUESTS]
    a_second = Counter(int((at - posts[0]) / plan.speed / 1000) for at in posts)
    whole = [count for second, count in sorted(a_second.items())][1:-1]
    statuses = Counter(each["status"] for each in entries if each.get("path") == REQUESTS)
    print(f"requests a second: median {statistics.median(whole or [0]):.0f}, {whole}")
    print(f"their answers (0: none): {dict(statuses)}")
    for meter in measuring.meters.values():
        print(meter.told())
    rows = results(running.directory)
    print(f"outcomes: {dict(Counter(each['result'] or each['status'] for each in rows))}")
    rang = sum(each["type"] == "rang" for each in entries)
    silent = sum(bool(each.get("failure")) and each["used"] for each in entries)
    print(f"{len(still_open)} rows have no outcome yet: {dict(Counter(still_open.values()))}")
    print(f"{rang} phones rang; {silent} events had no answer in time")
    wrong = list(complaints(plan.numbers, rows, people(entries), still_open))
    print(f"{len(wrong)} things are wrong", *wrong[:20], sep="\n  ")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
