"""What lint tells, to whom, and when it fails."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from command import Cli

UNKNOWN_STATE = """\
flow: example
start: greet
states:
  greet: {say: Hello., next: godbye}
  goodbye: {hangup: }
"""

LATE = """\
app: late
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    closed: [2020-12-24]
"""
"""An application with a warning."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a flow that has one error."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.flow.yaml").write_text(UNKNOWN_STATE)
    return tmp_path


def codes(cli: Cli, *arguments: str) -> list[str]:
    _, shown, _ = cli("lint", "--output-format", "json", *arguments)
    return [each["code"] for each in json.loads(shown)]


def test_paths_are_shown_from_the_working_directory(cli: Cli, here: Path) -> None:
    for path in ("one.flow.yaml", "./one.flow.yaml", str(here / "one.flow.yaml"), str(here)):
        assert cli("lint", "--output-format", "concise", path)[1].startswith("one.flow.yaml:4:30:")


def test_paths_outside_the_working_directory_stay_as_they_were_given(
    cli: Cli, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "below").mkdir()
    monkeypatch.chdir(here / "below")
    _, shown, _ = cli("lint", "--output-format", "concise", "../one.flow.yaml")
    assert shown.startswith("../one.flow.yaml:4:30:")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--select", "E101"], ["E101"]),
        (["--select", "E1"], ["E101"]),
        (["--select", "unknown-state,E5"], ["E101"]),
        (["--select", "E5"], []),
        (["--ignore", "E2"], ["E101"]),
        (["--ignore", "e1"], []),
        (["--ignore", "W9", "--ignore", "unknown-state"], []),
        (["--select", "E", "--ignore", "E101"], []),
    ],
)
def test_kinds_are_selected_by_code_beginning_or_name(
    cli: Cli, arguments: list[str], expected: list[str]
) -> None:
    assert codes(cli, *arguments) == expected


@pytest.mark.usefixtures("here")
def test_a_kind_that_is_none_is_wrong_usage(cli: Cli) -> None:
    code, _, told = cli("lint", "--select", "unknown-stat")
    assert code == 2
    assert 'did you mean "unknown-state"?' in told
    assert cli("lint", "--ignore", "E7777")[0] == 2


def test_syntax_is_told_whatever_is_selected(cli: Cli, here: Path) -> None:
    (here / "one.flow.yaml").write_text("flow: example\nstart: [\n")
    assert codes(cli, "--select", "E3") == ["E003"]
    assert codes(cli, "--ignore", "E") == ["E003"]
    code, _, told = cli("lint", "--ignore", "yaml-syntax")
    assert code == 2
    assert "can't be ignored" in told


@pytest.mark.parametrize(
    ("fail_on", "on_error", "on_warning"),
    [("error", 1, 0), ("warning", 1, 1), ("never", 0, 0)],
)
def test_what_fails_is_chosen(
    cli: Cli, here: Path, fail_on: str, on_error: int, on_warning: int
) -> None:
    assert cli("lint", "--fail-on", fail_on)[0] == on_error
    (here / "one.flow.yaml").write_text(UNKNOWN_STATE.replace("godbye", "goodbye"))
    (here / "app.yaml").write_text(LATE)
    assert codes(cli) == ["W963"]
    assert cli("lint", "--fail-on", fail_on)[0] == on_warning


def test_statistics_count_by_kind(cli: Cli, here: Path) -> None:
    (here / "two.flow.yaml").write_text(
        "flow: two\nstart: gret\nstates:\n  greet: {say: '{{ nmae }}', next: bye}\n"
    )
    _, _, told = cli("lint", "--statistics")
    assert told.splitlines()[:2] == ["     3  E101 unknown-state", "     1  E104 unknown-name"]


def test_a_baseline_lets_known_findings_pass_wherever_they_move(cli: Cli, here: Path) -> None:
    file = here / "one.flow.yaml"
    assert cli("lint", "--baseline", "known.json", "--write-baseline")[0] == 0
    file.write_text("# a comment\n\n" + UNKNOWN_STATE)
    assert cli("lint", "--baseline", "known.json")[:2] == (0, "")
    file.write_text(UNKNOWN_STATE + "  more: {say: Hello., next: godbye}\n")
    _, shown, _ = cli("lint", "--baseline", "known.json", "--select", "E101")
    assert shown.startswith("one.flow.yaml:6:29: error E101")


def test_equal_lines_are_known_as_often_as_they_were(cli: Cli, here: Path) -> None:
    file = here / "one.flow.yaml"
    twice = UNKNOWN_STATE.replace(
        "  greet: {say: Hello., next: godbye}\n",
        "  greet:\n    next: godbye\n  more:\n    next: godbye\n",
    )
    file.write_text(twice)
    cli("lint", "--baseline", "known.json", "--write-baseline")
    assert cli("lint", "--baseline", "known.json")[0] == 0
    file.write_text(twice + "  other:\n    next: godbye\n")
    assert codes(cli, "--baseline", "known.json", "--select", "E101") == ["E101"]


def test_a_baseline_tells_what_is_gone(cli: Cli, here: Path) -> None:
    cli("lint", "--baseline", "known.json", "--write-baseline")
    (here / "one.flow.yaml").write_text(UNKNOWN_STATE.replace("godbye", "goodbye"))
    code, _, told = cli("lint", "--baseline", "known.json")
    assert code == 0
    assert "known.json knows findings that are gone: 1" in told


def test_a_baseline_that_is_none_is_wrong_usage(cli: Cli, here: Path) -> None:
    assert cli("lint", "--write-baseline")[0] == 2
    assert cli("lint", "--baseline", "nowhere.json")[0] == 2
    (here / "known.json").write_text('{"finding": 1}')
    assert cli("lint", "--baseline", "known.json")[0] == 2
    assert cli("lint", "--baseline", "no/such/dir.json", "--write-baseline")[0] == 2


def test_standard_input_can_stand_for_a_file_of_its_application(here: Path) -> None:
    (here / "app.yaml").write_text("app: x\nroutes: [{flow: example}]\n")
    edited = UNKNOWN_STATE.replace("godbye", "goodbye").replace("flow: example", "flow: exmple")
    command = [sys.executable, "-m", "ivrflow", "lint", "-", "--output-format", "concise"]
    for name in ("one.flow.yaml", str(here / "one.flow.yaml")):
        done = subprocess.run(
            [*command, "--stdin-filename", name, "--stdin-filename", name],
            input=edited,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stdout == ""
        assert done.returncode == 0
    done = subprocess.run(
        [*command, "--stdin-filename", "one.flow.yaml"],
        input=UNKNOWN_STATE.replace("godbye", "godby"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("one.flow.yaml:4:30: error E101")


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_sees_colour_unless_it_asks_for_none(
    here: Path, environment: dict[str, str], coloured: bool
) -> None:
    inherited = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    shown = on_terminal(here, {**inherited, "TERM": "xterm", **environment})
    assert ("\x1b[" in shown) is coloured
    assert 'no state is called "godbye"' in shown


def on_terminal(directory: Path, environment: dict[str, str]) -> str:
    """Return what `ivrflow lint` shows on a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "ivrflow", "lint"]
    with subprocess.Popen(
        command, stdout=theirs, stderr=subprocess.DEVNULL, cwd=directory, env=environment
    ) as process:
        process.wait(30)
        os.close(theirs)
        shown = os.read(ours, 65536).decode()
        os.close(ours)
    return shown


def test_a_flow_cannot_steer_the_terminal(cli: Cli, here: Path) -> None:
    (here / "one.flow.yaml").write_text(
        UNKNOWN_STATE.replace("next: godbye", 'next: "god\\e[2Jbye\\n::error::x"')
    )
    for format_ in ("full", "concise", "github", "junit"):
        _, shown, _ = cli("lint", "--output-format", format_)
        assert "\x1b" not in shown
        assert not any(line.startswith("::error::x") for line in shown.splitlines())


def test_the_fault_is_underlined_behind_wide_characters(cli: Cli, here: Path) -> None:
    (here / "one.flow.yaml").write_text(
        UNKNOWN_STATE.replace("say: Hello.", "say: 您好。", 1), "utf-8"
    )
    _, shown, _ = cli("lint")
    line, marker = shown.splitlines()[1:3]
    wide = sum(2 if ord(each) > 0x2E80 else 1 for each in line[: line.index("godbye")])
    assert marker.index("^") == wide
