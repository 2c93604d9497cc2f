"""Scenarios as tests of pytest: `pytest --ivrflow`, or `ivrflow = true` in pytest's settings.

Without either the plugin collects nothing, so projects that only have ivrflow installed notice
nothing of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ivrflow.scenarios.model import Scenario
    from ivrflow.scenarios.run import Result
    from ivrflow.scenarios.suite import Applications

APPLICATIONS = pytest.StashKey["Applications"]()


class ScenarioFailedError(Exception):
    """A scenario failed; the message is its transcript."""


class UnreadableError(Exception):
    """A file of scenarios has errors; the message tells them."""


def pytest_addoption(parser: pytest.Parser) -> None:
    about = "collect *.calltest.yaml: scenarios of phone calls"
    parser.getgroup("ivrflow").addoption("--ivrflow", action="store_true", help=about)
    parser.addini("ivrflow", about, type="bool", default=False)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    config = parent.config
    if not (config.getoption("ivrflow") or config.getini("ivrflow")):
        return None
    from ivrflow.scenarios.files import is_scenarios  # only who asked for it pays for it

    return ScenarioFile.from_parent(parent, path=file_path) if is_scenarios(file_path) else None


class ScenarioFile(pytest.File):
    """A file `*.calltest.yaml`."""

    def collect(self) -> Iterator[pytest.Item]:
        from ivrflow.scenarios.report import findings

        applications = _applications(self.config)
        read = applications.read(str(self.path))
        if read.file is None:
            raise UnreadableError(findings(read.findings))
        for scenario in read.file.scenarios:
            item = ScenarioItem.from_parent(self, name=scenario.name)
            item.scenario, item.text = scenario, read.text
            yield item

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        return str(excinfo.value)


class ScenarioItem(pytest.Item):
    """One scenario."""

    scenario: Scenario
    text: str

    def runtest(self) -> None:
        result: Result = asyncio.run(_applications(self.config).run(self.scenario))
        if result.failures:
            from ivrflow.scenarios.report import told

            raise ScenarioFailedError(told(result, self.text))

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None
    ) -> str:
        failed = isinstance(excinfo.value, ScenarioFailedError)
        return str(excinfo.value) if failed else str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.scenario.at.line - 1, self.name


def _applications(config: pytest.Config) -> Applications:
    """Return the applications of this run of pytest, each opened once."""
    from ivrflow.scenarios.suite import Applications
    from ivrflow.sinch.platform import PLATFORM

    known = config.stash.get(APPLICATIONS, None)
    if known is None:
        known = config.stash[APPLICATIONS] = Applications(PLATFORM)
    return known
