"""Flows that run each other, as callers meet them."""

from pathlib import Path
from typing import Any

import pytest
from logged import logged

from ivrflow.checking import check
from ivrflow.compiler.compile import compile_flow, load_program
from ivrflow.machine.events import (
    Chosen,
    Digits,
    Ended,
    Event,
    Incoming,
    MenuFailed,
    NoInput,
    Notified,
)
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.program import Program
from ivrflow.machine.replies import ConnectNumber, Hangup, Menu, Part, Say, Ssml
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM

OUTER = """
flow: outer
start: welcome
locale: en-US
on:
  keys: {"0": operator}
  error: trouble
  ended: {do: [log: "outer ended"]}
  recording: {do: [log: "outer recording {{ result }}"]}
states:
  welcome: {say: Welcome., next: identify}
  identify:
    run:
      flow: identify
      with: {ask: {say: "Account, caller {{ visits.identify }}?"}, length: 4}
      into: who
    on:
      known: menu
      unknown: operator
      ended: {do: [log: "run ended"]}
  menu:
    menu: {prompt: "Hello {{ who.account }}, press 1.", choices: {1: identify}}
    on: {no_input: bye, no_match: bye}
  operator: {connect: {number: "+46850000009"}}
  trouble: {say: Our fault., hangup: }
  bye: {do: [record: {to: "s3://calls"}], hangup: }
"""

IDENTIFY = """
flow: identify
start: ask
params: {ask: prompt, length: integer}
returns: {known: {account: digits}, unknown: {}}
on:
  ended: {do: [log: "identify ended"]}
states:
  ask:
    collect:
      prompt: "{{ params.ask }}"
      length: "{{ params.length }}"
      into: account
      keys: {"*": give_up}
    on: {collected: sure, no_input: give_up, ended: {do: [log: "asking ended"]}}
  sure:
    menu: {prompt: "{{ account }}? Press 1.", choices: {1: done}, retries: 0}
    on: {no_input: ask, no_match: ask}
  done: {return: {name: known, values: {account: "{{ account }}"}}}
  give_up: {return: {name: unknown}}
"""


@pytest.fixture(scope="module")
def outer(tmp_path_factory: pytest.TempPathFactory) -> Program:
    directory = tmp_path_factory.mktemp("flows")
    return program(directory, outer=OUTER, identify=IDENTIFY)


def program(directory: Path, **flows: str) -> Program:
    for name, text in flows.items():
        (directory / f"{name}.flow.yaml").write_text(text.lstrip())
    (checked,) = check([directory], PLATFORM)
    assert checked.diagnostics == ()
    main = checked.flows[next(iter(flows))]
    return compile_flow(main, checked.app, PLATFORM, checked.all_flows)


CALL: dict[str, Any] = {"app": "key", "call": "call-1"}


class Caller:
    def __init__(self, program: Program) -> None:
        self.program = program
        incoming = Incoming(**CALL, caller="+46701234567")
        self.session: Session = begin(program, incoming, params={}, locale="")
        self.step: Step
        self.meets(incoming)

    def meets(self, event: Event) -> "Caller":
        taken = step(self.program, self.session, event, Facts(now="2026-11-24T10:00:00Z"))
        assert isinstance(taken, Step)
        self.step, self.session = taken, taken.session
        return self

    def press(self, key: str) -> "Caller":
        values = {each.key: each.value for each in self.menu.keys}
        return self.meets(Chosen(**CALL, value=values[key], offer=self.session.offer, menu="main"))

    def dial(self, digits: str) -> "Caller":
        return self.meets(Digits(**CALL, digits=digits, menu="main"))

    @property
    def menu(self) -> Menu:
        assert self.step.reply is not None
        assert isinstance(self.step.reply.action, Menu)
        return self.step.reply.action

    @property
    def asked(self) -> str:
        return words(self.menu.prompt)

    @property
    def told(self) -> list[str]:
        return logged(self.step)


def words(parts: tuple[Part, ...]) -> str:
    return " ".join(part.text for part in parts if isinstance(part, Say | Ssml))


def test_a_flow_that_is_run_asks_in_the_same_reply(outer: Program) -> None:
    caller = Caller(outer)
    assert caller.asked == "Account, caller 1?"
    assert caller.menu.max_digits == 4
    assert caller.step.trace.visited == ("welcome", "identify", "identify:ask")


def test_what_it_returns_is_there_in_the_flow_that_ran_it(outer: Program) -> None:
    caller = Caller(outer).dial("1234").press("1")
    assert caller.asked == "Hello 1234, press 1."
    assert len(caller.session.frames) == 1


def test_each_run_begins_with_variables_and_visits_of_its_own(outer: Program) -> None:
    caller = Caller(outer).dial("1234").press("1").press("1")
    assert caller.asked == "Account, caller 2?"
    assert "account" not in caller.session.frame.vars
    assert caller.session.frame.visits == {"ask": 1}


def test_a_key_of_the_outer_flow_leaves_the_inner_one(outer: Program) -> None:
    caller = Caller(outer).dial("1234").press("0")
    assert caller.step.reply is not None
    assert isinstance(caller.step.reply.action, ConnectNumber)
    assert [frame.flow for frame in caller.session.frames] == ["outer"]


def test_a_digit_of_the_outer_flow_is_no_key_where_a_number_is_asked_for(outer: Program) -> None:
    assert [each.key for each in Caller(outer).menu.keys] == ["*"]


def test_the_innermost_flow_with_an_error_state_speaks(outer: Program) -> None:
    caller = Caller(outer).meets(MenuFailed(**CALL))
    assert caller.step.reply is not None
    assert isinstance(caller.step.reply.action, Hangup)
    assert words(caller.step.reply.instructions) == "Our fault."  # type: ignore[arg-type]
    assert [frame.flow for frame in caller.session.frames] == ["outer"]


def test_the_end_is_handled_by_every_running_flow_the_innermost_first(outer: Program) -> None:
    caller = Caller(outer).meets(Ended(**CALL, result="answered"))
    assert caller.told == ["asking ended", "identify ended", "run ended", "outer ended"]


def test_news_go_to_the_innermost_flow_that_handles_them(outer: Program) -> None:
    news = Notified(**CALL, type="recording_available", destination="s3://calls/1.mp3")
    assert Caller(outer).meets(news).told == ["outer recording s3://calls/1.mp3"]


def test_a_program_holds_the_flows_that_it_runs(outer: Program) -> None:
    again = load_program(outer.closure, PLATFORM)
    assert again.id == outer.id
    assert set(again.flows) == {"outer", "identify"}


def test_another_inner_flow_is_another_program(outer: Program, tmp_path: Path) -> None:
    changed = IDENTIFY.replace("Press 1.", "Press 1 to confirm.")
    assert program(tmp_path, outer=OUTER, identify=changed).id != outer.id


def test_silence_in_the_inner_flow_comes_back_as_its_outcome(outer: Program) -> None:
    caller = Caller(outer).meets(NoInput(**CALL, menu="main"))
    assert caller.step.reply is not None
    assert isinstance(caller.step.reply.action, ConnectNumber)


ASKING = """
flow: asking
start: ask
locale: sv-SE
states:
  ask:
    run:
      flow: std/ask-number
      with: {prompt: "Ditt nummer?", min: 3, max: 5, confirm: true}
      into: given
    on: {collected: done, gave_up: bye}
  done: {say: "{{ given.number }}", hangup: }
  bye: {hangup: }
"""


def test_the_library_asks_for_a_number_in_the_language_of_the_call(tmp_path: Path) -> None:
    caller = Caller(program(tmp_path, asking=ASKING))
    assert caller.asked == "Ditt nummer?"
    assert caller.dial("12").asked.startswith("Det numret stämmer inte.")
    digits = '<say-as interpret-as="digits">123</say-as>'
    assert caller.dial("123").asked.startswith(f"Du slog {digits}.")
    assert caller.press("2").asked == "Ditt nummer?"
    assert caller.dial("12345").press("1").step.reply is not None
    reply = caller.step.reply
    assert reply is not None
    assert words(reply.instructions) == "12345"  # type: ignore[arg-type]


def test_a_flow_of_that_name_takes_the_place_of_one_of_the_library(tmp_path: Path) -> None:
    own = """
flow: std/ask-number
start: skip
params: {prompt: prompt, min: integer, max: integer, confirm: boolean}
returns: {collected: {number: digits}, gave_up: {}}
states:
  skip: {return: {name: collected, values: {number: "777"}}}
"""
    caller = Caller(program(tmp_path, asking=ASKING, ask=own))
    assert caller.step.reply is not None
    assert words(caller.step.reply.instructions[1:]) == "777"  # type: ignore[arg-type]
