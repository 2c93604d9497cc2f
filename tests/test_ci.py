"""What CI systems and pre-commit read of this project does what it says."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from ivrflow.cli import COMMANDS

ROOT = Path(__file__).parents[1]

WRONG = "flow: x\nstart: a\nstates:\n    a: {next: bey}\n    bye: {hangup: }\n"


def read(path: str) -> Any:
    return YAML(typ="safe", pure=True).load(ROOT / path)


@pytest.mark.parametrize("hook", read(".pre-commit-hooks.yaml"), ids=lambda hook: hook["id"])
def test_a_hook_runs_a_command_on_flows_and_applications(hook: dict[str, str]) -> None:
    program, command = hook["entry"].split()
    assert program == "ivrflow"
    assert command in COMMANDS
    files = re.compile(hook["files"])
    for name in ("x.flow.yaml", "flows/x.flow.yml", "app.yaml", "flows/app.yml"):
        assert files.search(name)
    for name in ("x.yaml", "flow.yaml", "flows/myapp.yaml", "x.flow.yaml.bak", "docs/app.yaml.md"):
        assert not files.search(name)


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """The working directory of a CI job whose action has been installed."""
    programs = tmp_path / "temp" / "ivrflow" / "bin"
    programs.mkdir(parents=True)
    program = programs / "ivrflow"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ivrflow "$@"\n')
    program.chmod(0o755)
    work = tmp_path / "work"
    (work / "some flows").mkdir(parents=True)
    (work / "some flows" / "x.flow.yaml").write_text(WRONG)
    return work


def run(step: str, runner: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action as GitHub does."""
    (script,) = [
        each["run"] for each in read("action.yml")["runs"]["steps"] if each["name"] == step
    ]
    environment = {
        "PATHS": "some flows\n",
        "ARGUMENTS": "",
        "SARIF": "",
        "RUNNER_TEMP": str(runner.parent / "temp"),
    }
    return subprocess.run(
        ["/bin/bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=runner,
        env={**os.environ, **environment, **inputs},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_action_annotates_lines_and_fails(runner: Path) -> None:
    done = run("Check flows", runner)
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=some flows/x.flow.yaml,line=4,col=15,")
    assert list(runner.iterdir()) == [runner / "some flows"]


def test_the_action_writes_sarif_and_takes_arguments(runner: Path) -> None:
    done = run(
        "Check flows", runner, SARIF="found.sarif", ARGUMENTS="--fail-on=never\n--ignore=E2\n"
    )
    assert done.returncode == 0
    assert '"ruleId": "E101"' in (runner / "found.sarif").read_text()


def test_the_action_shows_what_the_layout_should_be(runner: Path) -> None:
    done = run("Check the layout of flows", runner)
    assert done.returncode == 1
    assert "+  a: {next: bey}" in done.stdout


def test_the_examples_call_commands_that_are_there() -> None:
    script = read("examples/ci/gitlab-ci.yml")["flows"]["script"]
    calls = [line.split() for line in script if line.startswith("ivrflow ")]
    assert calls
    assert {call[1] for call in calls} <= COMMANDS.keys()
    hooks = {each["id"] for each in read(".pre-commit-hooks.yaml")}
    (repository,) = read("examples/ci/pre-commit-config.yaml")["repos"]
    assert {each["id"] for each in repository["hooks"]} == hooks
    steps = read("examples/ci/github.yml")["jobs"]["lint"]["steps"]
    (ours,) = [each for each in steps if "ivrflow" in each["uses"]]
    assert ours["with"].keys() <= read("action.yml")["inputs"].keys()
