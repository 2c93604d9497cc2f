"""Types whose names stand in quotes."""

import pytest

from ivrflow.checking import check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM

REQUEST = """\
flow: example
start: find
requests:
  find: {get: "https://crm.example.com/", timeout: 1s, returns: {d: "date?", n: 'integer'}}
states:
  find: {request: {name: find, into: found}, on: {ok: tell, error: bye}}
  tell: {say: "{{ found.n + 1 }} %s", hangup: }
  bye: {hangup: }
"""
FLOW = """\
flow: example
start: a
%s
states:
  a: {say: Hello., hangup: }
"""


def found(text: str) -> list[Diagnostic]:
    return list(check_text("f.flow.yaml", text, PLATFORM).diagnostics)


def test_what_a_request_returns_is_a_type_quoted_or_not() -> None:
    assert found(REQUEST % "") == []
    assert [each.code for each in found(REQUEST % "{{ found.d | date }}")] == ["E602"]


@pytest.mark.parametrize(
    "declared", ['vars: {n: "integer?"}', "params: {n: 'date'}", 'returns: {done: {n: "digits"}}']
)
def test_a_quoted_type_is_no_text_that_goes_unnoticed(declared: str) -> None:
    (finding, *_) = found(FLOW % declared)
    assert finding.code == "E605"
    assert finding.help.startswith("write it without quotes")


def test_a_text_may_be_called_like_a_type() -> None:
    assert found(FLOW % "vars: {n: {type: string, default: phone}}") == []
    assert found(FLOW % 'vars: {n: "phone number"}') == []
