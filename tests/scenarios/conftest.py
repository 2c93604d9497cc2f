"""A directory with the first flow of the documentation, and scenarios of it that are played."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from ivrflow.cli import run as run_command
from ivrflow.diagnostics import Diagnostic
from ivrflow.scenarios.run import Result
from ivrflow.scenarios.suite import Applications
from ivrflow.sinch.platform import PLATFORM


class Project:
    """A directory of flows and scenarios."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), "utf-8")
        return path

    def scenario(self, text: str, flow: str = "front-desk") -> Path:
        """Write one scenario, called `it`."""
        body = textwrap.indent(textwrap.dedent(text), "    ")
        return self.write("it.calltest.yaml", f"test: {flow}\nscenarios:\n  it:\n{body}")

    def play(self, text: str, flow: str = "front-desk") -> Result:
        """Play one scenario."""
        path = self.scenario(text, flow)
        applications = Applications(PLATFORM)
        read = applications.read(str(path))
        assert read.file is not None, read.findings
        (result,) = applications.run_all(read.file.scenarios).results
        return result

    def findings(self, text: str, flow: str = "front-desk") -> tuple[Diagnostic, ...]:
        """Return what is wrong with the text of a scenario."""
        path = self.scenario(text, flow)
        return Applications(PLATFORM).read(str(path)).findings


@pytest.fixture
def project(tmp_path: Path, first_flow: str) -> Project:
    (tmp_path / "first.flow.yaml").write_text(first_flow)
    return Project(tmp_path)


Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `ivrflow ...`: exit code, what it shows and what it tells."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_command([str(each) for each in arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run
