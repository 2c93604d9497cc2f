"""Programs: what a store can give back, and what they know of secrets."""

import json
from typing import Any

import pytest
from conftest import Compile
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.compiler.compile import load_program
from ivrflow.errors import ProgramError
from ivrflow.expr.types import Type
from ivrflow.machine.program import RecordOperation
from ivrflow.sinch.platform import PLATFORM

FLOW = """\
flow: balance
start: look
locale: en-US
vars: {settings: {level: 3, secret: true}, found: object}
records: {notes: {key: string, value: string}}
requests: {find: {get: "https://bank.example/", timeout: 1s, returns: {name: string}}}
states:
  look:
    do:
      - put: {record: notes, key: a, value: b}
      - delete: {record: notes, key: a}
    request: {name: find, into: found}
    on: {ok: bye, error: sorry}
  sorry: {hangup: }
  bye: {say: "Hello {{ found.name }}, {{ settings.level }}.", hangup: }
"""


@pytest.mark.parametrize(
    ("declared", "secret"),
    [
        ("vars: {settings: {level: 3, secret: true}}", False),
        ("vars: {pin: {type: digits, secret: true}}", True),
        ("vars: {card: {type: object, properties: {pin: {type: digits, secret: true}}}}", True),
    ],
)
def test_a_program_is_secret_by_its_types_and_not_by_its_values(
    compiled: Compile, declared: str, secret: bool
) -> None:
    text = f"flow: one\nstart: bye\nlocale: en-US\n{declared}\nstates: {{bye: {{hangup: }}}}\n"
    assert compiled(text).secret is secret


@pytest.mark.parametrize(
    "damage",
    [
        lambda closed: closed["flow"]["requests"].clear(),
        lambda closed: closed["flow"]["records"].clear(),
        lambda closed: closed.update(format=2),
        lambda closed: closed.update(newer=True),
        lambda closed: closed["flow"]["states"]["bye"]["prompt"][0]["text"].update(source="{{ 1 +"),
    ],
)
def test_a_damaged_or_newer_program_is_refused_in_one_way(compiled: Compile, damage: Any) -> None:
    closed = json.loads(compiled(FLOW).closure)
    damage(closed)
    with pytest.raises(ProgramError):
        load_program(json.dumps(closed).encode(), PLATFORM)


@given(st.binary())
def test_any_bytes_are_a_program_or_are_refused(content: bytes) -> None:
    with pytest.raises(ProgramError):
        load_program(content, PLATFORM)


def test_all_steps_on_a_record_share_what_is_known_of_it(compiled: Compile) -> None:
    flow = compiled(FLOW).flow
    first, second = flow.states["look"].steps
    assert isinstance(first, RecordOperation)
    assert isinstance(second, RecordOperation)
    assert first.record is second.record is flow.records["notes"]


def test_a_closure_says_of_types_all_that_they_mean(compiled: Compile) -> None:
    closed = json.loads(compiled(FLOW).closure)
    kept = closed["flow"]["records"]["notes"]["value"]
    assert kept.keys() == set(Type.__struct_fields__)
