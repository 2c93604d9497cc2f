"""A value that doesn't fit its declaration is told the same way wherever it is given."""

from pathlib import Path

import pytest

from ivrflow.checking import check
from ivrflow.compiler.compile import compile_flow
from ivrflow.compiler.values import given_literal
from ivrflow.diagnostics import Diagnostic, Span
from ivrflow.expr.types import T, Type
from ivrflow.machine.events import Incoming
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.replies import Say
from ivrflow.machine.step import begin, step
from ivrflow.model.flow import Constant
from ivrflow.sinch.platform import PLATFORM

OUTER = """\
flow: outer
start: a
vars: {{caller: phone?, sure: phone}}
records: {{callers: {{value: phone}}, waiting: {{kind: queue, value: {{who: phone}}}}}}
requests: {{find: {{params: {{who: phone}}, post: "https://crm.example.com/", timeout: 1s}}}}
states:
  a: {state}
  bye: {{hangup: }}
"""
INNER = """\
flow: inner
start: a
params: {who: phone}
returns: {done: {}}
states: {a: {return: {name: done}}}
"""
PLACES = {
    "a variable": "{{set: {{sure: {value}}}, next: bye}}",
    "a record": "{{do: [put: {{record: callers, value: {value}}}], next: bye}}",
    "a part": "{{do: [enqueue: {{record: waiting, value: {{who: {value}}}}}], next: bye}}",
    "a flow": "{{run: {{flow: inner, with: {{who: {value}}}}}, on: {{done: bye}}}}",
    "a request": "{{request: {{name: find, with: {{who: {value}}}}}, on: {{ok: bye, error: bye}}}}",
}


def found(directory: Path, place: str, value: str) -> list[Diagnostic]:
    state = PLACES[place].format(value=value)
    (directory / "outer.flow.yaml").write_text(OUTER.format(state=state))
    (directory / "inner.flow.yaml").write_text(INNER)
    return [each for one in check([directory], PLATFORM) for each in one.diagnostics]


@pytest.mark.parametrize("place", PLACES)
def test_a_withheld_caller_gets_the_same_remedy_everywhere(tmp_path: Path, place: str) -> None:
    (fault,) = found(tmp_path, place, '"{{ call.from }}"')
    assert fault.message.endswith("is phone, not phone?")
    assert fault.help == "give a value for null with `| default(...)`, or declare it nullable"


@pytest.mark.parametrize("place", [each for each in PLACES if each != "a variable"])
def test_null_that_is_written_out_has_a_remedy_too(tmp_path: Path, place: str) -> None:
    (fault,) = found(tmp_path, place, "null")
    assert "nothing is given" in fault.message
    assert fault.help == "write a value, or declare it nullable"


@pytest.mark.parametrize("place", PLACES)
def test_a_value_of_another_type_is_told_where_it_stands(tmp_path: Path, place: str) -> None:
    (fault,) = found(tmp_path, place, '"{{ call.id }}"')
    assert fault.message.endswith("is phone, not string")
    assert fault.help == ""


SPEAKER = """\
flow: inner
start: a
params: {words: prompt?}
returns: {done: {}}
states:
  a:
    say:
      - {say: "{{ params.words }}", when: params.words != none}
      - {say: My own., when: params.words == none}
    return: {name: done}
"""


def test_a_prompt_that_is_given_as_null_is_none(tmp_path: Path) -> None:
    outer = "flow: outer\nstart: a\nstates:\n"
    outer += "  a: {run: {flow: inner, with: {words: null}}, on: {done: b}}\n  b: {hangup: }\n"
    (tmp_path / "outer.flow.yaml").write_text(outer)
    (tmp_path / "inner.flow.yaml").write_text(SPEAKER)
    (checked,) = check([tmp_path], PLATFORM)
    flow = checked.flows["outer"]
    program = compile_flow(flow, checked.app, PLATFORM, checked.all_flows)
    event = Incoming(app="app", call="call")
    taken = step(program, begin(program, event, params={}, locale=""), event, Facts())
    assert isinstance(taken, Step)
    assert taken.reply is not None
    assert [each.text for each in taken.reply.instructions if isinstance(each, Say)] == ["My own."]


def test_a_prompt_that_a_route_gives_as_null_is_none_wherever_it_stands() -> None:
    null = Constant(value=None, at=Span(4, 7, 4, 11))
    assert given_literal(null, Type(name=T.PROMPT, nullable=True)) is None
    with pytest.raises(ValueError, match="nothing is given"):
        given_literal(null, Type(name=T.PROMPT))


def test_a_prompt_that_is_needed_can_not_be_null(tmp_path: Path) -> None:
    outer = "flow: outer\nstart: a\nstates:\n"
    outer += "  a: {run: {flow: inner, with: {words: null}}, on: {done: b}}\n  b: {hangup: }\n"
    (tmp_path / "outer.flow.yaml").write_text(outer)
    inner = "flow: inner\nstart: a\nparams: {words: prompt}\nreturns: {done: {}}\nstates:\n"
    inner += '  a: {say: "{{ params.words }}", return: {name: done}}\n'
    (tmp_path / "inner.flow.yaml").write_text(inner)
    (checked,) = check([tmp_path], PLATFORM)
    assert [each.code for each in checked.diagnostics] == ["E112"]
