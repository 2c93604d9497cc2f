"""Lint looks at scenarios as it does at flows, and finds what `ivrflow test` would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command import Cli
from conftest import FIRST_FLOW

from ivrflow.cli.reporters import FORMATS

GOOD = """\
test: front-desk
scenarios:
  sales answers:
    steps: [press: 1, dials: "+46850000001", answer: human, hang_up]
    expect: {ended: sales}
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a flow and no scenarios."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first.flow.yaml").write_text(FIRST_FLOW)
    return tmp_path


def test_scenarios_without_a_fault_are_nothing_to_complain_about(cli: Cli, here: Path) -> None:
    (here / "a.calltest.yaml").write_text(GOOD)
    assert cli("lint") == (
        0,
        "",
        "1 flow and 1 file of scenarios checked, nothing to complain about\n",
    )


@pytest.mark.parametrize(
    ("right", "wrong", "code"),
    [
        ("test: front-desk", "test: frontdesk", "E051"),
        ("ended: sales", "ended: seles", "E051"),
        ("ended: sales", "visits: {greeet: 1}", "E052"),
        ("ended: sales", "variables: {number: 1}", "E052"),
        ("ended: sales", "records: {tries: {a: 1}}", "E052"),
        ("    steps:", "    requests: {find: {status: 200}}\n    steps:", "E052"),
        ("press: 1", "pres: 1", "E052"),
        ("answer: human", "answer: robot", "E051"),
        ("hang_up]", "hang_up: nobody]", "E051"),
        ("    steps:", "    at: 2026-02-30T10:00:00Z\n    steps:", "E606"),
        ("press: 1", "hear: /(/", "E606"),
        ("{ended: sales}", "{ended: sales", "E003"),
    ],
)
def test_lint_finds_what_test_finds(
    cli: Cli, here: Path, right: str, wrong: str, code: str
) -> None:
    (here / "a.calltest.yaml").write_text(GOOD.replace(right, wrong, 1))
    exit_code, shown, _ = cli("lint", "a.calltest.yaml")
    assert exit_code == 1
    assert f"error {code}" in shown
    assert shown.strip() in cli("test", "a.calltest.yaml")[1]


@pytest.mark.parametrize("name", FORMATS)
def test_they_are_told_in_every_format(cli: Cli, here: Path, name: str) -> None:
    (here / "a.calltest.yaml").write_text(GOOD.replace("ended: sales", "ended: seles"))
    code, shown, _ = cli("lint", "--output-format", name)
    assert code == 1
    assert "a.calltest.yaml" in shown
    assert "there is no state" in shown


def test_an_editor_asks_about_the_text_that_is_not_saved_yet(here: Path) -> None:
    (here / "a.calltest.yaml").write_text(GOOD)
    asked = ["lint", "--output-format", "concise", "--stdin-filename", "a.calltest.yaml", "-"]
    linted = subprocess.run(
        [sys.executable, "-m", "ivrflow", *asked],
        input=GOOD.replace("ended: sales", "ended: seles"),
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 1
    assert linted.stdout.startswith("a.calltest.yaml:5:21: error E051")


def test_of_flows_with_errors_only_the_words_of_scenarios_are_checked(cli: Cli, here: Path) -> None:
    """What a broken flow has is not known: that a name is not there would be no news."""
    (here / "first.flow.yaml").write_text(FIRST_FLOW.replace("start: greet", "start: gret"))
    (here / "a.calltest.yaml").write_text(GOOD.replace("sales}", "seles}").replace("pres", "prs"))
    _, shown, _ = cli("lint", "--output-format", "json")
    found = [(each["path"], each["code"]) for each in json.loads(shown)]
    assert found == [("a.calltest.yaml", "E052"), ("first.flow.yaml", "E101")]


def test_scenarios_may_lie_below_their_application(cli: Cli, here: Path) -> None:
    (here / "app.yaml").write_text("app: acme\nroutes: [{flow: front-desk}]\n")
    (here / "tests").mkdir()
    (here / "tests/a.calltest.yaml").write_text(GOOD)
    for arguments in (["tests"], ["tests/a.calltest.yaml"], ["--fix", "tests"]):
        code, _, told = cli("lint", *arguments)
        assert (code, told.partition(",")[0]) == (0, "0 flows and 1 file of scenarios checked")


def test_scenarios_without_any_flow_have_none_to_be_tested(cli: Cli, here: Path) -> None:
    (here / "first.flow.yaml").unlink()
    (here / "a.calltest.yaml").write_text(GOOD)
    _, shown, _ = cli("lint", "--output-format", "concise")
    assert 'there is no flow "front-desk" to be tested' in shown


def test_repairs_of_flows_leave_scenarios_as_they_are(cli: Cli, here: Path) -> None:
    wrong = GOOD.replace("ended: sales", "ended: seles")
    (here / "a.calltest.yaml").write_text(wrong)
    (here / "first.flow.yaml").write_text(FIRST_FLOW.replace("start: greet", "start: gret"))
    cli("lint", "--fix")
    assert (here / "first.flow.yaml").read_text() == FIRST_FLOW
    assert (here / "a.calltest.yaml").read_text() == wrong
