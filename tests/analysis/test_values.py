"""A value that doesn't fit its declaration is told the same way wherever it is given."""

from pathlib import Path

import pytest

from ivrflow.checking import check
from ivrflow.diagnostics import Diagnostic
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


@pytest.mark.parametrize("place", PLACES.keys() - {"a variable"})
def test_null_that_is_written_out_has_a_remedy_too(tmp_path: Path, place: str) -> None:
    (fault,) = found(tmp_path, place, "null")
    assert "nothing is given" in fault.message
    assert fault.help == "write a value, or declare it nullable"


@pytest.mark.parametrize("place", PLACES)
def test_a_value_of_another_type_is_told_where_it_stands(tmp_path: Path, place: str) -> None:
    (fault,) = found(tmp_path, place, '"{{ call.id }}"')
    assert fault.message.endswith("is phone, not string")
    assert fault.help == ""
