"""How many digits a flow is told to ask for."""

import pytest

from ivrflow.checking import check_text
from ivrflow.sinch.platform import PLATFORM

FLOW = """\
flow: example
start: ask
vars: {wanted: 4}
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: "Your number?", %s}}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
"""


def messages(given: str) -> list[str]:
    found = check_text("f.flow.yaml", FLOW % given, PLATFORM).diagnostics
    return [f"{each.code} {each.message}" for each in found]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("length: 0", "from 0 to 0 digits: no input fits"),
        ("length: -1", "from -1 to -1 digits: no input fits"),
        ("min: 0", "from 0 to 32 digits: no input fits"),
        ("min: 10, max: 5", "from 10 to 5 digits: no input fits"),
        ("length: 40", "40 digits, more than the 32 that a caller can key"),
    ],
)
def test_a_number_that_nobody_can_key_is_found_where_it_is_given(given: str, told: str) -> None:
    assert messages(given) == [f'E709 "std/ask-number" would ask for {told}']


@pytest.mark.parametrize(
    "given", ["length: 32", "min: 1", "max: 5", "min: 5, max: 5", 'length: "{{ wanted }}"']
)
def test_numbers_that_can_be_keyed_or_that_a_call_decides_are_no_offence(given: str) -> None:
    assert messages(given) == []
