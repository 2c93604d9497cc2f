"""`ivrflow test`: what is shown, written and returned."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from scenarios.conftest import Command, Project

GOOD = """\
test: front-desk
scenarios:
  sales answers:
    steps: [press: 1, dials: "+46850000001", answer: human, hang_up]
    expect: {ended: sales}
  support is a room:
    steps: [press: 2, hang_up]
"""

BAD = """\
test: front-desk
scenarios:
  it is wrong: # here
    steps: [hear: Wellcome]
"""


def test_what_passes_is_counted(project: Project, command: Command) -> None:
    file = project.write("a.calltest.yaml", GOOD)
    code, shown, told = command("test", project.directory)
    letters, summary = shown.splitlines()
    assert (code, letters, told) == (0, f"{file} ..", "")
    assert summary.startswith("2 passed in ")


def test_what_fails_is_shown_with_its_line_and_the_call(project: Project, command: Command) -> None:
    project.write("a.calltest.yaml", GOOD)
    file = project.write("b.calltest.yaml", BAD)
    code, shown, _ = command("test", project.directory)
    assert code == 1
    assert f"{file}:3: it is wrong" in shown
    assert f'{file}:4:19: nobody heard "Wellcome"' in shown
    assert (
        "\n      4 |     steps: [hear: Wellcome]\n                            ^^^^^^^^\n" in shown
    )
    assert f"the call is at {project.directory / 'first.flow.yaml'}:11" in shown
    assert '0.0 s  caller hears "Welcome to Acme." (en-US)' in shown
    assert "\n1 failed, 2 passed in " in shown


def test_a_file_with_faults_fails_and_the_others_are_played(
    project: Project, command: Command
) -> None:
    project.write("a.calltest.yaml", GOOD)
    file = project.write("b.calltest.yaml", BAD.replace("hear", "haer"))
    code, shown, _ = command("test", project.directory)
    assert code == 1
    assert f"{file}:4:13: error E052" in shown
    assert "\n2 passed, 1 file not played in " in shown


def test_an_application_with_errors_fails_and_the_others_are_played(
    project: Project, command: Command, tmp_path: Path
) -> None:
    flow = (project.directory / "first.flow.yaml").read_text()
    project.write("good/first.flow.yaml", flow)
    project.write("good/a.calltest.yaml", GOOD)
    project.write("bad/first.flow.yaml", flow.replace("1: sales", "1: sails"))
    bad = [project.write(f"bad/{each}.calltest.yaml", GOOD) for each in "ab"]
    project.write("none/a.calltest.yaml", GOOD.replace("front-desk", "nowhere"))
    report = tmp_path / "out.xml"
    code, shown, _ = command("test", project.directory, "--junit", report)
    assert code == 1
    assert shown.count('no state is called "sails"') == 1
    assert "error E101" in shown
    assert "         1: sails\n" in shown
    assert 'there is no flow "nowhere" to be tested' in shown
    assert "\n2 passed, 3 files not played in " in shown
    suites = ElementTree.parse(report).getroot()  # noqa: S314  our own file
    errors = {suite.get("name"): suite.get("errors") for suite in suites}
    assert [errors[str(each)] for each in bad] == ["1", "1"]
    assert errors[str(project.directory / "good/a.calltest.yaml")] == "0"


@pytest.mark.parametrize("words", ["ROOM", "a.calltest room", "front-desk support"])
def test_scenarios_are_chosen_by_words(project: Project, command: Command, words: str) -> None:
    project.write("a.calltest.yaml", GOOD)
    code, shown, _ = command("test", project.directory, "-k", words, "-v")
    assert code == 0
    assert [line.split()[0] for line in shown.splitlines()] == ["passed", "1"]
    assert "support is a room" in shown


def test_nothing_to_play_is_told(project: Project, command: Command) -> None:
    assert command("test", project.directory)[0] == 3
    project.write("a.calltest.yaml", GOOD)
    assert command("test", project.directory, "-k", "nobody")[0] == 3
    code, _, told = command("test", project.directory / "first.flow.yaml")
    assert (code, "holds no scenarios" in told) == (2, True)


def test_a_story_is_told_where_all_is_well(project: Project, command: Command) -> None:
    project.write("a.calltest.yaml", GOOD)
    _, shown, _ = command("test", project.directory, "--story", "-k", "sales")
    assert "callee rings: number +46850000001" in shown
    assert "support" not in shown.splitlines()[0]


def test_processes_share_the_work_and_nothing_changes(project: Project, command: Command) -> None:
    for number in range(3):
        project.write(f"{number}.calltest.yaml", GOOD)
    project.write("bad.calltest.yaml", BAD)
    arguments = ("test", project.directory, "--coverage")
    alone = command(*arguments)
    together = command(*arguments, "-j", "2")
    assert together[0] == alone[0]
    assert re.sub(r"in [0-9.]+ s", "", together[1]) == re.sub(r"in [0-9.]+ s", "", alone[1])


def test_junit_names_every_scenario_and_its_failure(
    project: Project, command: Command, tmp_path: Path
) -> None:
    project.write("a.calltest.yaml", GOOD)
    file = project.write("b.calltest.yaml", BAD)
    report = tmp_path / "out" / "junit.xml"
    command("test", project.directory, "--junit", report)
    root = ElementTree.parse(report).getroot()  # noqa: S314  our own file
    suites = {suite.get("name"): suite for suite in root}
    assert [suite.get("failures") for suite in suites.values()] == ["0", "1"]
    (case,) = suites[str(file)]
    assert (case.get("name"), case.get("line")) == ("it is wrong", "3")
    failure = case.find("failure")
    assert failure is not None
    assert 'nobody heard "Wellcome"' in str(failure.get("message"))
    assert "caller hears" in str(failure.text)


def test_a_file_that_can_not_be_played_is_an_error_of_junit(
    project: Project, command: Command, tmp_path: Path
) -> None:
    file = project.write("a\x01.calltest.yaml", BAD.replace("steps", "stepz"))
    report = tmp_path / "junit.xml"
    assert command("test", file, "--junit", report)[0] == 1
    (suite,) = ElementTree.parse(report).getroot()  # noqa: S314  our own file
    (case,) = suite
    error = case.find("error")
    assert error is not None
    assert [suite.get(each) for each in ("tests", "failures", "errors")] == ["1", "0", "1"]
    assert error.get("message") == '"stepz" is no key of a scenario'
    assert '"stepz" is no key of a scenario (did you mean "steps"?)' in str(error.text)
    assert str(case.get("file")).endswith("a\ufffd.calltest.yaml")


def test_what_is_no_file_fails_and_the_others_are_played(
    project: Project, command: Command
) -> None:
    project.write("a.calltest.yaml", GOOD)
    (project.directory / "dir.calltest.yaml").mkdir()
    (project.directory / "gone.calltest.yaml").symlink_to("nowhere")
    os.mkfifo(project.directory / "pipe.calltest.yaml")
    for more in ((), ("--update",)):
        code, shown, _ = command("test", project.directory, *more)
        assert code == 1
        assert (
            "gone.calltest.yaml:1:1: error E000 [unreadable-file] can't be read: No such" in shown
        )
        assert "pipe.calltest.yaml:1:1: error E000" in shown
        assert "dir.calltest" not in shown
        assert "\n2 passed, 2 files not played in " in shown
    assert "it is no file" in command("lint", project.directory)[1]


def test_a_name_that_is_no_text_is_told_as_well_as_it_can_be(
    project: Project, tmp_path: Path
) -> None:
    file = project.write("a.calltest.yaml", BAD)
    file.rename(os.fsdecode(os.fsencode(project.directory) + b"/\xff.calltest.yaml"))
    for option in ("--junit", "--coverage-xml", "--coverage-json", "--coverage-html"):
        report = tmp_path / "report"
        told = ivrflow("test", project.directory, option, report)
        assert told.returncode == 1, told.stderr
        assert report.read_text("utf-8")


def ivrflow(*arguments: object) -> subprocess.CompletedProcess[bytes]:
    """Run `ivrflow` in a process of its own."""
    command = [sys.executable, "-m", "ivrflow", *map(str, arguments)]
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:backslashreplace"}
    return subprocess.run(command, capture_output=True, check=False, env=environment)


def test_a_file_is_played_once_however_often_it_is_named(
    project: Project, command: Command
) -> None:
    file = project.write("sub/a.calltest.yaml", GOOD)
    there = project.directory / "sub/../sub"
    (project.directory / "link.calltest.yaml").symlink_to(file)
    _, shown, _ = command("test", project.directory, there, project.directory / "sub", file)
    assert "\n2 passed in " in shown


def test_flows_of_one_name_are_counted_by_application(project: Project, command: Command) -> None:
    flow = (project.directory / "first.flow.yaml").read_text()
    for name, text in (("a", GOOD), ("b", "test: front-desk\nscenarios: {it: {steps: []}}\n")):
        project.write(f"{name}/first.flow.yaml", flow)
        project.write(f"{name}/a.calltest.yaml", text)
    for more in ((), ("-j", "2")):
        _, alone, _ = command("test", project.directory / "b", "--coverage")
        _, both, _ = command(
            "test", project.directory / "a", project.directory / "b", "--coverage", *more
        )
        (row,) = [line.split()[1:] for line in alone.splitlines() if "first.flow.yaml  " in line]
        rows = [line.split()[1:] for line in both.splitlines() if "first.flow.yaml  " in line]
        assert rows[1] == row
        assert rows[0] != row


def test_a_worker_that_is_killed_is_told(
    project: Project, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the kernel does where there is no memory left."""
    for number in range(4):
        project.write(f"{number}.calltest.yaml", GOOD)
    project.write("sitecustomize.py", KILLED_WORKER)
    monkeypatch.setenv("PYTHONPATH", str(project.directory))
    code, _, told = command("test", project.directory, "-j", "2")
    assert code == 2
    assert "a process that played scenarios was killed" in told
    assert "try a smaller -j" in told


KILLED_WORKER = """\
import os, signal, sys
if any("spawn_main" in each for each in sys.argv + sys.orig_argv):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes as Linux shows them")
def test_an_interrupt_ends_all_processes_without_a_word_of_theirs(project: Project) -> None:
    names = "".join(f"  s{number}: {{steps: [hear: Acme]}}\n" for number in range(20_000))
    project.write("many.calltest.yaml", f"test: front-desk\nscenarios:\n{names}")
    # Where the tests themselves run in the background, interrupts are ignored, also by children.
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    playing = subprocess.Popen(
        [sys.executable, "-m", "ivrflow", "test", str(project.directory), "-j", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    while len(children(playing.pid)) < 2:
        assert playing.poll() is None, playing.communicate()
    os.killpg(playing.pid, signal.SIGINT)
    shown, told = playing.communicate(timeout=30)
    assert (playing.returncode, shown, told.strip()) == (130, "", "")


def children(process: int) -> list[str]:
    """Return the ids of the workers of a process that runs."""
    path = Path(f"/proc/{process}/task/{process}/children")
    ids = path.read_text().split()
    return [each for each in ids if b"spawn_main" in Path(f"/proc/{each}/cmdline").read_bytes()]


UPDATED = """\
test: front-desk
scenarios:
  one: # keep
    steps:
      - hear: Wellcome # keep
      - press: 1
      - dials: "+4611" # and this
      - hang_up
    expect: # to be written
  two:
    steps: [{press: 2}, hang_up]
    expect:
      visited:
        - greet
        - sales
      # still here
      ended: sales # here too
      visits: {main_menu: 4}
"""


def test_expectations_are_rewritten_and_comments_stay(project: Project, command: Command) -> None:
    file = project.write("a.calltest.yaml", UPDATED)
    code, _, told = command("test", project.directory, "--update")
    assert code == 0
    assert f"{file}: 6 places changed" in told
    assert file.read_text().splitlines() == [
        "test: front-desk",
        "scenarios:",
        "  one: # keep",
        "    steps:",
        '      - hear: "Welcome to Acme." # keep',
        "      - press: 1",
        '      - dials: "+46850000001" # and this',
        "      - hang_up",
        "    expect: {ended: sales, visited: [greet, main_menu, sales]} # to be written",
        "  two:",
        "    steps: [{press: 2}, hang_up]",
        "    expect:",
        "      visited:",
        "        [greet, main_menu, support]",
        "      # still here",
        "      ended: support # here too",
        "      visits: {main_menu: 1}",
    ]


REPLY = """\
test: front-desk
scenarios:
  one:
    steps: [press: 1]
    expect:
      svaml:
        action: {name: hangup, number: null} # what is dialled
        instructions:
          - name: say
            text: Bye
            locale: sv-SE # keep
"""


def test_the_parts_of_a_reply_that_are_expected_are_rewritten(
    project: Project, command: Command
) -> None:
    file = project.write("a.calltest.yaml", REPLY)
    code, shown, _ = command("test", project.directory)
    assert code == 1
    assert f'{file}:7:24: "action.name" of the last reply is "connectPstn", not hangup' in shown
    assert '"instructions[0].locale" of the last reply is "en-US", not "sv-SE"' in shown
    assert 'help: the last reply was {"instructions":[{' in shown
    code, _, told = command("test", project.directory, "--update")
    assert code == 0
    assert f"{file}: 4 places changed" in told
    assert file.read_text().splitlines()[5:] == [
        "      svaml:",
        '        action: {name: "connectPstn", number: "+46850000001"} # what is dialled',
        "        instructions:",
        "          - name: say",
        '            text: "One moment, please."',
        '            locale: "en-US" # keep',
    ]


def test_a_reply_of_another_shape_is_told_and_left_to_its_author(
    project: Project, command: Command
) -> None:
    text = REPLY.replace(
        "          - name: say\n", "          - name: answer\n          - name: say\n"
    )
    file = project.write("a.calltest.yaml", text)
    code, shown, _ = command("test", project.directory, "--update")
    assert code == 1
    assert '"instructions" of the last reply is [{' in shown
    assert "          - name: answer\n" in file.read_text()


def test_only_chosen_scenarios_are_rewritten(project: Project, command: Command) -> None:
    file = project.write("a.calltest.yaml", UPDATED)
    command("test", project.directory, "--update", "-k", "two")
    assert "hear: Wellcome # keep" in file.read_text()
    assert "ended: support # here too" in file.read_text()


def test_what_was_not_met_is_told_with_its_line(project: Project, command: Command) -> None:
    project.write("a.calltest.yaml", GOOD)
    code, shown, _ = command("test", project.directory, "--coverage")
    flow = project.directory / "first.flow.yaml"
    assert code == 0
    table, missing = shown.split("not met:\n")
    assert table.splitlines()[3].split()[1:] == ["4/5", "2/5", "3/6", "0/0", "56.2%"]
    assert missing.splitlines() == [
        f"  {flow}:18: outcome main_menu: *",
        f"  {flow}:20: outcome main_menu: no_input",
        f"  {flow}:21: outcome main_menu: no_match",
        f"  {flow}:34: state goodbye",
    ]


def test_too_little_coverage_fails(project: Project, command: Command) -> None:
    project.write("a.calltest.yaml", GOOD)
    assert command("test", project.directory, "--fail-under", "56.2")[0] == 0
    code, shown, _ = command("test", project.directory, "--fail-under", "57")
    assert code == 1
    assert "56.2% of the flows was met, less than 57%" in shown
    assert command("test", project.directory, "--fail-under", "nan")[0] == 2


COUNTS = ("covered", "valid")


def test_coverage_is_written_for_programs_and_people(
    project: Project, command: Command, tmp_path: Path
) -> None:
    project.write("a.calltest.yaml", GOOD)
    as_json, as_xml, as_html = (tmp_path / f"cover.{each}" for each in ("json", "xml", "html"))
    command(
        *("test", project.directory, "--coverage-json", as_json),
        *("--coverage-xml", as_xml, "--coverage-html", as_html),
    )
    found = json.loads(as_json.read_text())
    assert found["percent"] == 56.25
    (flow,) = found["files"]
    assert flow["states"] == {"met": 4, "of": 5}
    assert {"kind": "state", "name": "goodbye", "line": 34, "met": False} in flow["items"]
    root = ElementTree.parse(as_xml).getroot()  # noqa: S314  our own file
    assert [root.get(f"{each}-{what}") for each in ("lines", "branches") for what in COUNTS] == [
        *("7", "11"),
        *("4", "10"),
    ]
    for each in (root, *root.iter("package"), *root.iter("class")):
        assert set(each.attrib) >= {"line-rate", "branch-rate", "complexity"}
    assert int(str(root.get("timestamp"))) > 0
    hits = {line.get("number"): line.get("hits") for line in root.iter("line")}
    assert (hits["16"], hits["34"]) == ("1", "0")
    page = as_html.read_text()
    assert '<span class="missed" title="not met: state goodbye">' in page
    assert "56.2% met" in page


def test_prompts_are_met_locale_by_locale(project: Project, command: Command) -> None:
    project.write(
        "b/two.flow.yaml",
        """\
        flow: two
        start: a
        locale: en-US
        prompts: {hi: {en-US: Hi., sv-SE: Hej.}, tone: {audio: "https://example.com/a.mp3"}}
        states: {a: {say: [{play: hi}, {play: tone}], hangup: }}
        """,
    )
    project.write("b/two.calltest.yaml", "test: two\nscenarios: {a: {steps: [hear: Hi]}}\n")
    _, shown, _ = command("test", project.directory / "b", "--coverage")
    assert shown.split("not met:\n")[1].split(": ", 1)[1] == "prompt hi (sv-SE)\n"


def test_flows_of_the_library_count_where_it_is_asked_to(
    project: Project, command: Command, tmp_path: Path
) -> None:
    project.write(
        "b/ask.flow.yaml",
        """\
        flow: ask
        start: a
        states:
          a:
            run: {flow: std/ask-number, with: {prompt: Number?}, into: n}
            on: {collected: b, gave_up: b}
          b: {say: Bye., hangup: }
        """,
    )
    project.write("b/a.calltest.yaml", "test: ask\nscenarios: {a: {steps: [press: '1#']}}\n")
    page = tmp_path / "cover.html"
    arguments = ("test", project.directory / "b", "--coverage", "--coverage-html", page)
    assert "std/ask-number.flow.yaml" not in command(*arguments)[1]
    assert "std/ask-number.flow.yaml" in command(*arguments, "--library")[1]
    assert "title: Ask for a number" in page.read_text()


def test_a_flow_cannot_steer_the_terminal(project: Project, command: Command) -> None:
    flow = 'flow: odd\nstart: a\nstates: {a: {say: "Hello \\e[2J.", hangup: }}\n'
    project.write("b/odd.flow.yaml", flow)
    project.write("b/a.calltest.yaml", "test: odd\nscenarios: {a: {steps: [hear: Bye]}}\n")
    _, shown, told = command("test", project.directory / "b")
    assert "Hello" in shown
    assert "\x1b" not in shown + told


def test_pytest_plays_scenarios_where_it_is_asked_to(
    project: Project, pytester: pytest.Pytester
) -> None:
    for name, text in (("a.calltest.yaml", GOOD), ("b.calltest.yaml", BAD)):
        (pytester.path / name).write_text(text)
    flow = (project.directory / "first.flow.yaml").read_text()
    (pytester.path / "first.flow.yaml").write_text(flow)
    assert pytester.runpytest_subprocess().ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result = pytester.runpytest_subprocess("--ivrflow")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(['*nobody heard "Wellcome"*', '*caller hears "Welcome to Acme."*'])
    pytester.makeini("[pytest]\nivrflow = true\n")
    pytester.runpytest_subprocess("-k", "room").assert_outcomes(passed=1, deselected=2)


def test_pytest_tells_what_is_wrong_with_a_file_or_its_application(
    project: Project, pytester: pytest.Pytester
) -> None:
    flow = (project.directory / "first.flow.yaml").read_text()
    pytester.mkdir("bad")
    (pytester.path / "bad/first.flow.yaml").write_text(flow.replace("1: sales", "1: sails"))
    (pytester.path / "bad/a.calltest.yaml").write_text(GOOD)
    (pytester.path / "first.flow.yaml").write_text(flow)
    (pytester.path / "b.calltest.yaml").write_text(BAD.replace("hear", "haer"))
    (pytester.path / "c.calltest.yaml").write_text(GOOD)
    result = pytester.runpytest_subprocess("--ivrflow", "--continue-on-collection-errors")
    result.assert_outcomes(passed=2, errors=2)
    result.stdout.fnmatch_lines(['*"haer" is no key of a step*', '*no state is called "sails"*'])
