"""`lint --fix` repairs what is certain, says what it did, and makes nothing worse."""

import json
from pathlib import Path

import pytest
from command import Cli
from conftest import FIRST_FLOW
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrflow.checking import check_text
from ivrflow.cli import fixing
from ivrflow.diagnostics import did_you_mean, meant
from ivrflow.sinch.platform import PLATFORM

HEAD = "flow: x\nstart: a\nvars: {name: Ada}\nstates:\n"
TAIL = "  bye: {say: Bye., hangup: }\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one flow of the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "x.flow.yaml"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("  a: {say: Hello., next: bey}\n", "  a: {say: Hello., next: bye}\n"),
        ('  a: {say: Hello., next: "bey"}\n', '  a: {say: Hello., next: "bye"}\n'),
        ("  a: {sya: Hello., next: bye}\n", "  a: {say: Hello., next: bye}\n"),
        ("  a: {say: '{{ nmae }}', next: bye}\n", "  a: {say: '{{ name }}', next: bye}\n"),
        ("  a: {sya: Hello., next: bey}\n", "  a: {say: Hello., next: bye}\n"),
        (
            "  a:\n    say: {{ name }}\n    next: bye\n",
            '  a:\n    say: "{{ name }}"\n    next: bye\n',
        ),
        (
            "  a:\n    say: {{ name }}, hello\n    next: bye\n",
            '  a:\n    say: "{{ name }}, hello"\n    next: bye\n',
        ),
        ("  a: {say: {{ name }}, next: bye}\n", '  a: {say: "{{ name }}", next: bye}\n'),
        (
            "  a:\n    say: Press # for more.\n    next: bye\n",
            '  a:\n    say: "Press # for more."\n    next: bye\n',
        ),
        (
            "  a:\n    say: Open hours: nine to five\n    next: bye\n",
            '  a:\n    say: "Open hours: nine to five"\n    next: bye\n',
        ),
        (
            '  a:\n    say: Our "hours": nine\n    next: bye\n',
            "  a:\n    say: 'Our \"hours\": nine'\n    next: bye\n",
        ),
        (
            "  a: {say: Sorry, we are closed, bye., next: bye}\n",
            '  a: {say: "Sorry, we are closed, bye.", next: bye}\n',
        ),
        (
            "  a:\n    menu:\n      prompt: Press 1 or hash.\n      choices:\n        1: bye\n"
            "        #: a\n"
            "    on: {no_input: bye, no_match: bye}\n",
            "  a:\n    menu:\n      prompt: Press 1 or hash.\n      choices:\n        1: bye\n"
            '        "#": a\n'
            "    on: {no_input: bye, no_match: bye}\n",
        ),
        (
            "  a:\n    menu:\n      prompt: Press 1 or star.\n      choices:\n        1: bye\n"
            "        *: a\n"
            "    on: {no_input: bye, no_match: bye}\n",
            "  a:\n    menu:\n      prompt: Press 1 or star.\n      choices:\n        1: bye\n"
            '        "*": a\n'
            "    on: {no_input: bye, no_match: bye}\n",
        ),
        (
            "  a:\n    menu: {prompt: Press 1 or star., choices: {1: bye, *: a}}\n"
            "    on: {no_input: bye, no_match: bye}\n",
            '  a:\n    menu: {prompt: Press 1 or star., choices: {1: bye, "*": a}}\n'
            "    on: {no_input: bye, no_match: bye}\n",
        ),
    ],
)
def test_what_is_certain_is_repaired(cli: Cli, file: Path, wrong: str, right: str) -> None:
    file.write_text(HEAD + wrong + TAIL)
    assert cli("lint")[0] == 1
    code, shown, told = cli("lint", "--fix")
    assert (code, shown) == (0, ""), shown
    assert file.read_text() == HEAD + right + TAIL
    assert "x.flow.yaml:" in told
    assert ": fixed E" in told
    assert cli("lint", "--fix")[2] == "1 flow checked, nothing to complain about\n"


@pytest.mark.parametrize(
    "flow",
    [
        # Two candidates, a digit, a comment that may be one, and an end that nobody knows.
        HEAD.replace("start: a", "start: c") + "  a: {hangup: }\n  b: {hangup: }\n",
        HEAD + "  a: {next: line_3}\n  line_1: {hangup: }\n",
        HEAD + "  a:\n    say: Hello. # greet them\n    next: bye\n" + TAIL,
        HEAD + "  a: {say: {{ name }} and more, next: bye}\n" + TAIL,
        # `next: again` would be a circle.
        HEAD + "  a: {say: Hello., next: again}\n  agian: {say: Hello., next: a}\n",
    ],
)
def test_what_is_not_certain_is_left_alone(cli: Cli, file: Path, flow: str) -> None:
    file.write_text(flow)
    before = cli("lint")
    assert before[0] == 1
    assert cli("lint", "--fix") == before
    assert file.read_text() == flow


def test_a_diff_writes_nothing(cli: Cli, file: Path) -> None:
    flow = HEAD + "  a: {say: Hello., next: bey}\n" + TAIL
    file.write_text(flow)
    code, shown, told = cli("lint", "--fix", "--diff")
    assert code == 1
    assert "-  a: {say: Hello., next: bey}\n+  a: {say: Hello., next: bye}\n" in shown
    assert "to be fixed E101 [unknown-state] bey -> bye" in told
    assert file.read_text() == flow
    file.write_text(flow.replace("bey", "bye"))
    assert cli("lint", "--fix", "--diff")[:2] == (0, "")


def test_only_what_is_selected_is_repaired(cli: Cli, file: Path) -> None:
    file.write_text(HEAD + "  a: {say: '{{ nmae }}', next: bey}\n" + TAIL)
    cli("lint", "--fix", "--select", "E104")
    assert file.read_text() == HEAD + "  a: {say: '{{ name }}', next: bey}\n" + TAIL


def test_several_files_are_repaired_and_the_rest_is_told(cli: Cli, file: Path) -> None:
    file.write_text(HEAD + "  a: {say: Hello., next: bey}\n" + TAIL)
    other = file.with_name("y.flow.yaml")
    other.write_text(
        HEAD.replace("flow: x", "flow: y")
        + "  a: {say: Hello., next: [{when: visits.a > 3, next: nowhere}, {next: bey}]}\n"
        + TAIL
    )
    code, shown, _ = cli("lint", "--fix", "--output-format", "json")
    assert code == 1
    assert {each["message"] for each in json.loads(shown)} >= {'no state is called "nowhere"'}
    assert "bey" not in file.read_text() + other.read_text()


def test_line_breaks_stay_those_of_the_file(cli: Cli, file: Path) -> None:
    flow = (HEAD + "  a: {say: Hello., next: bey}\n" + TAIL).replace("\n", "\r\n")
    file.write_bytes(flow.encode())
    assert cli("lint", "--fix")[0] == 0
    assert file.read_bytes() == flow.replace("bey", "bye").encode()


def test_standard_input_is_not_repaired(cli: Cli) -> None:
    assert cli("lint", "--fix", "-")[0] == 2


def test_a_remedy_names_both_of_two_that_are_equally_likely() -> None:
    assert did_you_mean("sales3", ["sales1", "sales2"]) == 'did you mean "sales2" or "sales1"?'
    assert meant(did_you_mean("sales3", ["sales1", "sales2"])) is None
    assert meant(did_you_mean("slaes", ["sales", "service"])) == "sales"
    assert meant(did_you_mean("x", ["sales", "service"])) is None


SPOILT = ["sales", "goodbye", '"', "{{ x }}", "#", ", ", ": ", "next", "say", "\n"]


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_no_repair_makes_a_file_worse(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = FIRST_FLOW
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 2))
        if data.draw(st.booleans()):
            text = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        else:
            text = text[:at] + data.draw(st.sampled_from(SPOILT)) + text[at + 1 :]
    file = tmp_path_factory.mktemp("spoilt") / "x.flow.yaml"
    file.write_text(text)
    fixed = fixing.fix([file], lambda _: True)
    before = check_text("x.flow.yaml", text, PLATFORM).diagnostics
    after = [each for one in fixed.applications for each in one.diagnostics]
    hidden = [each.code.startswith("E0") for each in before]
    if fixed.texts:
        assert fixed.fixes
        assert sum(each.code.startswith("E0") for each in after) <= sum(hidden)
        if not any(hidden):
            assert len(after) < len(before)
    else:
        assert len(after) == len(before)


def test_two_wrong_words_of_which_one_hides_the_other_are_both_repaired(tmp_path: Path) -> None:
    flow = tmp_path / "a.flow.yaml"
    menu = "menu: {prompt: Press 1 or star., choices: {1: bye, *: bye}}"
    flow.write_text(
        "flow: example\nstart: a\nstates:\n"
        f"  a:\n    {menu}\n    on: {{no_input: b, no_match: b}}\n"
        f"  b:\n    {menu}\n    on: {{no_input: bye, no_match: bye}}\n"
        "  bye: {hangup: }\n",
        "utf-8",
    )
    fixed = fixing.fix([flow], lambda finding: True)
    (new,) = [new for _, new in fixed.texts.values()]
    assert new.count('"*": bye') == 2
