"""Comments let findings pass where they say so, and are told when they do nothing."""

import time
from pathlib import Path

import pytest
from conftest import compile_text
from examples import TOLD_IN_WORDS, write_example
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.checking import check, check_text
from ivrflow.diagnostics import KIND_BY_CODE
from ivrflow.library import compile_catalog
from ivrflow.sinch.platform import PLATFORM

ALLOW = "# ivrflow: allow unreachable-state because it is announced next week"

FLOW = """\
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
  other: {say: Hello., hangup: }
"""


def codes(flow: str) -> list[tuple[str, int]]:
    found = check_text("f.flow.yaml", flow, PLATFORM).diagnostics
    return [(each.code, each.span.line) for each in found]


HEAD = "flow: example\nstart: greet\nstates:\n  greet: {say: Hello., hangup: }\n"


@pytest.mark.parametrize(
    "flow",
    [
        f"{HEAD}  other: {{say: Hello., hangup: }} {ALLOW}\n",
        f"{HEAD}  {ALLOW}\n  other: {{say: Hello., hangup: }}\n",
        f"{HEAD}{ALLOW}\n  # What it says:\n\n  other: {{say: Hello., hangup: }}\n",
        f"{HEAD}  {ALLOW.replace('unreachable-state', 'e201')}\n  other: {{hangup: }}\n",
        f"# An example.\n{ALLOW}\n\n{FLOW}",
        f"{HEAD}  other: {ALLOW}\n    {{say: Hello., hangup: }}\n",
        f"{HEAD}  other: {{say: 'a # b', hangup: }} {ALLOW}\n",
        f"{HEAD}  {ALLOW}\n  other:\n    say: |\n      # Hello.\n    hangup:\n",
    ],
)
def test_a_comment_lets_a_finding_pass(flow: str) -> None:
    assert codes(FLOW) == [("E201", 5)]
    assert codes(flow) == []


@pytest.mark.parametrize(
    "flow",
    [
        f'{HEAD}  other: {{say: "Hello {ALLOW}", hangup: }}\n',
        f"{HEAD}  other: {{say: 'Hello {ALLOW}', hangup: }}\n",
        f'{HEAD}  other: {{say: "Hello\n    {ALLOW}", hangup: }}\n',
        f"{HEAD}  other:\n    say: |\n      {ALLOW}\n    hangup:\n",
        f"{HEAD}  other:\n    say: >-\n      Hello\n      {ALLOW}\n\n    hangup:\n",
        f'{HEAD}  other: {{say: "a \\" {ALLOW}", hangup: }}\n',
    ],
)
def test_what_is_said_is_no_comment(flow: str) -> None:
    found = {code for code, _ in codes(flow)}
    assert "E201" in found
    assert not {"W991", "E031", "E032"} & found


def test_a_comment_behind_words_does_not_cut_them() -> None:
    flow = f"{HEAD}  other:\n    say: Hello. {ALLOW}\n    hangup:\n"
    assert codes(flow) == [("E201", 5), ("W991", 6)]


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("# ivrflow: allow unreachable-state", [("E032", 4)]),
        ("# ivrflow: allow unreachable-state because", [("E032", 4)]),
        ("# ivrflow: allow unreachable-state for now", [("E032", 4)]),
        ("# ivrflow: alow unreachable-state because x", [("E031", 4), ("E201", 5)]),
        ("# ivrflow: allow because x", [("E031", 4), ("E201", 5)]),
        ("# ivrflow:", [("E031", 4), ("E201", 5)]),
        ("# ivrflow: allow unreachable-stat because x", [("E031", 4), ("E201", 5)]),
        ("# ivrflow: allow yaml-syntax because x", [("E031", 4), ("E201", 5)]),
        ("# ivrflow: allow wrong-type, E201 because x", [("E031", 4)]),
        ("# ivrflow: allow E201, E502 because x", [("W991", 4)]),
        ("# see ivrflow: allow E201 because x", [("E201", 5)]),
    ],
)
def test_what_is_wrong_with_a_comment_is_told(
    comment: str, expected: list[tuple[str, int]]
) -> None:
    states = (
        f"  {comment}\n  other: {{say: Hello., hangup: }}\n  first: {{say: Hello., hangup: }}\n"
    )
    assert codes(f"flow: example\nstart: first\nstates:\n{states}") == expected


def test_a_damaged_file_is_not_told_what_its_comments_are_good_for() -> None:
    flow = FLOW.replace("  other", f"  {ALLOW}\n  other").replace("say: Hello.", "sya: Hello.", 1)
    assert codes(flow) == [("E052", 4)]


def test_other_files_are_not_allowed_what_one_is(tmp_path: Path) -> None:
    (tmp_path / "one.flow.yaml").write_text(f"{ALLOW}\n{FLOW}")
    (tmp_path / "two.flow.yaml").write_text(FLOW.replace("flow: example", "flow: two"))
    (found,) = [each for one in check([tmp_path], PLATFORM) for each in one.diagnostics]
    assert (found.code, Path(found.path).name) == ("E201", "two.flow.yaml")


def test_a_flow_with_allowed_findings_can_be_served() -> None:
    program = compile_text(FLOW.replace("  other", f"  {ALLOW}\n  other"))
    assert set(program.flow.states) == {"greet", "other"}


@pytest.mark.parametrize(
    "code",
    sorted({code for code, kind in KIND_BY_CODE.items() if kind.may_be_allowed} - TOLD_IN_WORDS),
)
def test_what_may_be_allowed_leaves_a_program(code: str, tmp_path: Path) -> None:
    write_example(tmp_path, KIND_BY_CODE[code].bad)
    (checked,) = check([tmp_path], PLATFORM)
    assert compile_catalog(checked, PLATFORM).programs


@given(st.text("#: \"'ivrflow allow because E201,\n{}|>-", max_size=60))
def test_no_comment_crashes_lint(text: str) -> None:
    codes(f"# ivrflow: {text}\n{FLOW}")
    codes(FLOW.replace("Hello.", f"Hello # ivrflow: {text}", 1))


def test_many_comments_and_texts_take_no_time() -> None:
    texts = ", ".join('" # ivrflow: x"' for _ in range(20_000))
    comments = f"{ALLOW}\n" * 5_000
    began = time.monotonic()
    found = codes(
        f"flow: x\nstart: a\nvars: {{l: [{texts}]}}\n{comments}states: {{a: {{hangup: }}}}\n"
    )
    assert len(found) == 5_000
    assert time.monotonic() - began < 20
