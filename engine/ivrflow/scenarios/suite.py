"""Many files of scenarios, read and played in the order in which they were found."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ivrflow.checking import UNREADABLE
from ivrflow.clock import from_milliseconds
from ivrflow.compiler.platform import Platform
from ivrflow.diagnostics import START, Diagnostic
from ivrflow.errors import NothingToReadError, UsageError
from ivrflow.gathering import home_of
from ivrflow.scenarios.application import UnderTest, open_application
from ivrflow.scenarios.build import MONDAY, build, read
from ivrflow.scenarios.files import content_of, is_scenarios, scenarios_under
from ivrflow.scenarios.model import File, Scenario
from ivrflow.scenarios.run import Result, run
from ivrflow.scenarios.spotter import Hit, Spotter

Met = tuple[str, Hit]
"""What was met of an application, by the directory that it lies in."""


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was found: its scenarios, or what is wrong with it, or with its application."""

    path: str
    text: str = ""
    file: File | None = None
    findings: tuple[Diagnostic, ...] = ()


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """What became of some scenarios, and what was met on the way."""

    results: tuple[Result, ...]
    met: frozenset[Met]


class Applications:
    """The applications that files are about, each opened once a year that it is called in."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._homes: dict[Path, Path] = {}
        self._spotters: dict[Path, Spotter] = {}
        self._known: dict[tuple[Path, int], UnderTest] = {}

    def home(self, path: str) -> Path:
        """Return the directory of the application that a file is about."""
        directory = Path(path).absolute().parent
        if directory not in self._homes:
            self._homes[directory] = home_of(directory)
        return self._homes[directory]

    def of(self, path: str, year: int = MONDAY.year) -> UnderTest:
        """Return the application that a file is about, with the holidays of `year`."""
        home = self.home(path)
        if (home, year) not in self._known:
            spotter = self._spotters.setdefault(home, Spotter())
            self._known[home, year] = open_application(home, self.platform, spotter, year)
        return self._known[home, year]

    @property
    def opened(self) -> list[UnderTest]:
        """The applications that were opened, each once whatever the year."""
        return list({each.home: each for each in reversed(self._known.values())}.values())[::-1]

    @property
    def met(self) -> frozenset[Met]:
        """What was met in the calls until now."""
        return frozenset(
            (str(home), hit) for home, spotter in self._spotters.items() for hit in spotter.hits
        )

    def read(self, path: str) -> Read:
        try:
            content = content_of(Path(path))
        except OSError as error:
            found = UNREADABLE.at(path, START, f"can't be read: {error.strerror}")
            return Read(path=path, findings=(found,))
        return self.read_bytes(path, content)

    def read_bytes(self, path: str, content: bytes) -> Read:
        """Read what is, or may soon be, the content of a file."""
        text = content.decode("utf-8-sig", "replace")
        tested = self.of(path)
        if not tested.checked.is_good:
            _, findings = read(path, content)
            return Read(path=path, text=text, findings=(*findings, *tested.errors))
        file, findings = build(path, content, tested.application)
        return Read(path=path, text=text, file=file, findings=findings)

    def called_by(self, scenario: Scenario) -> UnderTest:
        """Return the application that a scenario calls, with the holidays of its year."""
        year = from_milliseconds(scenario.begins).year
        return self.of(scenario.path, year)

    async def run(self, scenario: Scenario, *, tells: bool = False) -> Result:
        return await run(scenario, self.called_by(scenario), tells=tells)

    def run_all(self, scenarios: Iterable[Scenario], *, tells: bool = False) -> Ran:
        """Run scenarios one after the other."""

        async def each() -> tuple[Result, ...]:
            return tuple([await self.run(scenario, tells=tells) for scenario in scenarios])

        return Ran(results=asyncio.run(each()), met=self.met)


def find(paths: Iterable[Path]) -> list[str]:
    """Return the files of scenarios under `paths`, in order, each once.

    Raises `NothingToReadError` if there is none, `UsageError` for a file of another kind.
    """
    paths = list(paths)
    other = next((each for each in paths if not (each.is_dir() or is_scenarios(each))), None)
    if other is not None:
        raise UsageError(f"{other} holds no scenarios: their files are called *.calltest.yaml")
    found: dict[Path, str] = {}
    for path in paths:
        for file in scenarios_under(path):
            found.setdefault(file.resolve(), str(file))
    if not found:
        raise NothingToReadError(f"no *.calltest.yaml in {', '.join(map(str, paths))}")
    return sorted(found.values())


def fits(scenario: Scenario, words: str) -> bool:
    """Whether all the words occur in a scenario's file, flow or name, in any casing."""
    text = f"{scenario.path} {scenario.flow} {scenario.name}".casefold()
    return all(word in text for word in words.casefold().split())
