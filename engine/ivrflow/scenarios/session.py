"""Many files of scenarios, run in the order in which they were found, in one process or several."""

import asyncio
import multiprocessing
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec

from ivrflow.compiler.platform import Platform
from ivrflow.diagnostics import Diagnostic
from ivrflow.errors import NothingToReadError, UsageError
from ivrflow.scenarios.application import UnderTest, open_application
from ivrflow.scenarios.build import MONDAY, build
from ivrflow.scenarios.files import is_scenarios, scenarios_under
from ivrflow.scenarios.model import File, Scenario
from ivrflow.scenarios.run import Result, run
from ivrflow.scenarios.watch import Hit, Watch
from ivrflow.sinch.platform import PLATFORM

CHUNKS = 4
"""Pieces of work a process gets, so that none waits long for the others."""


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was found: its scenarios, or what is wrong with it."""

    path: str
    text: str
    file: File | None
    findings: tuple[Diagnostic, ...]


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What became of some scenarios, and what was met on the way."""

    results: tuple[Result, ...]
    hits: frozenset[Hit]


class Applications:
    """The applications that files are about, each opened once."""

    def __init__(self, platform: Platform, watch: Watch) -> None:
        self.platform = platform
        self.watch = watch
        self._known: dict[tuple[Path, int], UnderTest] = {}

    def of(self, path: str, year: int = MONDAY.year) -> UnderTest:
        """Return the application that a file is about, with the holidays of `year`."""
        key = (Path(path).absolute().parent, year)
        if key not in self._known:
            self._known[key] = open_application(key[0], self.platform, self.watch, year)
        return self._known[key]

    @property
    def opened(self) -> list[UnderTest]:
        """The applications that were opened, each once whatever the year."""
        return list({each.home: each for each in self._known.values()}.values())

    def read(self, path: str) -> Read:
        content = Path(path).read_bytes()
        file, findings = build(path, content, self.of(path).application)
        text = content.decode("utf-8", "replace")
        return Read(path=path, text=text, file=file, findings=findings)

    def called_by(self, scenario: Scenario) -> UnderTest:
        """Return the application that a scenario calls, with the holidays of its year."""
        year = datetime.fromtimestamp(scenario.begins / 1000, UTC).year
        return self.of(scenario.path, year)

    async def run(self, scenario: Scenario, *, tells: bool = False) -> Result:
        return await run(scenario, self.called_by(scenario), tells=tells)


def find(paths: Iterable[Path]) -> list[str]:
    """Return the files of scenarios under `paths`, in order.

    Raises `NothingToReadError` if there is none, `UsageError` for a file of another kind.
    """
    paths = list(paths)
    other = next((each for each in paths if each.is_file() and not is_scenarios(each)), None)
    if other is not None:
        raise UsageError(f"{other} holds no scenarios: their files are called *.calltest.yaml")
    found = sorted({str(file) for path in paths for file in scenarios_under(path)})
    if not found:
        raise NothingToReadError(f"no *.calltest.yaml in {', '.join(map(str, paths))}")
    return found


def fits(scenario: Scenario, words: str) -> bool:
    """Whether all the words occur in a scenario's file, flow or name, in any casing."""
    text = f"{scenario.path} {scenario.flow} {scenario.name}".casefold()
    return all(word in text for word in words.casefold().split())


def run_all(
    applications: Applications, scenarios: list[Scenario], *, processes: int, tells: bool = False
) -> Ran:
    """Run scenarios; results come in their order, however many processes share the work."""
    if processes > 1 and len(scenarios) > 1:
        return _shared_out(scenarios, processes, tells)

    async def each() -> tuple[Result, ...]:
        return tuple([await applications.run(scenario, tells=tells) for scenario in scenarios])

    results = asyncio.run(each())
    return Ran(results=results, hits=frozenset(applications.watch.hits))


def _shared_out(scenarios: list[Scenario], processes: int, tells: bool) -> Ran:
    size = -(-len(scenarios) // (processes * CHUNKS))
    chunks = [scenarios[start : start + size] for start in range(0, len(scenarios), size)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(chunks)), mp_context=context) as pool:
        parts = list(pool.map(_work, chunks, [tells] * len(chunks)))
    results = tuple(result for part in parts for result in part.results)
    return Ran(results=results, hits=frozenset(hit for part in parts for hit in part.hits))


def _work(scenarios: list[Scenario], tells: bool) -> Ran:
    """Run a chunk in a process of its own."""
    return run_all(_applications(), scenarios, processes=1, tells=tells)


@cache
def _applications() -> Applications:
    """Return the applications that this process has opened, for an earlier chunk maybe."""
    return Applications(PLATFORM, Watch())
