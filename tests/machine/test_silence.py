"""Words that come to nothing leave a word in the trace."""

from collections.abc import Callable

import pytest

from ivrflow.machine.events import Incoming
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.program import Program
from ivrflow.machine.step import begin, step

Compile = Callable[[str], Program]
CALL = Incoming(app="key", call="call-1", caller="+46701234567")


def silent(program: Program) -> str:
    taken = step(program, begin(program, CALL, params={}, locale=""), CALL, Facts())
    assert isinstance(taken, Step)
    return taken.trace.silent


FLOW = """
flow: quiet
start: start
states:
  start: {next: [{when: tries > 9, next: b}, {next: a}]}
  a: {%s}
  b: {say: Bye., hangup: }
"""
ENDS = "on: {no_input: b, no_match: b}"


@pytest.mark.parametrize(
    "state",
    [
        'say: "{{ call.custom }}", hangup: ',
        "say: [{say: Hello., when: tries > 1}], hangup: ",
        f'menu: {{prompt: "{{{{ call.custom }}}}", choices: {{1: b}}}}, {ENDS}',
        f"menu: {{prompt: [{{say: Hi., when: tries > 1}}], choices: {{1: b}}}}, {ENDS}",
        'collect: {prompt: "{{ call.custom }}", length: 3}, on: {collected: b, no_input: b}',
    ],
)
def test_words_that_come_to_nothing_are_told(compiled: Compile, state: str) -> None:
    assert silent(compiled(FLOW % state)) == "a"


@pytest.mark.parametrize(
    "state",
    [
        "hangup: ",
        'say: [Hello., "{{ call.custom }}"], hangup: ',
        f'say: Hello., menu: {{prompt: "{{{{ call.custom }}}}", choices: {{1: b}}}}, {ENDS}',
    ],
)
def test_who_hears_something_or_should_hear_nothing_is_not_told(
    compiled: Compile, state: str
) -> None:
    assert silent(compiled(FLOW % state)) == ""
