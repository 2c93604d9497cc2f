"""Prompts that may be no words at all."""

import pytest

from ivrflow.checking import check_text
from ivrflow.sinch.platform import PLATFORM

FLOW = """\
flow: example
start: begin
requests: {find: {get: "https://x.example.com/", timeout: 5s}}
states:
  begin: {next: [{when: call.custom, next: a}, {%s next: b}]}
  a: {say: Hello., hangup: }
  b: {%s}
"""
ENDS = "on: {no_input: a, no_match: a}"
ONCE = "[{say: Hi., when: call.from}]"


def codes(state: str, before: str = "") -> list[str]:
    found = check_text("f.flow.yaml", FLOW % (before, state), PLATFORM).diagnostics
    return [each.code for each in found if each.code != "W271"]


SILENT = [
    f"menu: {{prompt: {ONCE}, choices: {{1: a}}}}, {ENDS}",
    f"collect: {{prompt: {ONCE}, length: 4}}, on: {{collected: a, no_input: a}}",
    f"request: {{name: find, meanwhile: {ONCE}}}, on: {{ok: a, error: a}}",
    f"say: {ONCE}, hangup: ",
]


@pytest.mark.parametrize("state", SILENT)
def test_words_that_hang_on_one_condition_are_missed(state: str) -> None:
    assert codes(state)[:1] == ["E515"]


@pytest.mark.parametrize("state", SILENT)
def test_words_on_the_way_are_heard_instead(state: str) -> None:
    assert "E515" not in codes(state, "say: Hello.,")


@pytest.mark.parametrize(
    "state",
    [
        "say: [{say: Hi., when: call.from}, {say: Ho., when: tries == 1}], hangup: ",
        f"say: Hello., menu: {{prompt: {ONCE}, choices: {{1: a}}}}, {ENDS}",
        f"say: {ONCE}, next: a",
        "hangup: ",
    ],
)
def test_several_conditions_other_words_and_silence_on_purpose_are_no_offence(state: str) -> None:
    assert "E515" not in codes(state)
