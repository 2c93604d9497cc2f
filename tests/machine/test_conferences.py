"""Rooms as a flow commands them: which command, to whom, in which room."""

from typing import Any

import pytest

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.effects import Control
from ivrflow.machine.events import Digits, Ended, Event, Incoming
from ivrflow.machine.outcome import Facts, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}

FLOW = """
flow: hall
start: meet
vars: {speaker: "", room: hall}
states:
  meet:
    do: [control: {command: mute, conference: "{{ room }}"}]
    conference: {id: "{{ room }}", dtmf: detect}
    on:
      digits:
        - {when: input == "1", do: [control: {command: unmute, conference: hall, who: all}]}
        - when: input == "2"
          do: [control: {command: kick, conference: hall, who: " {{ speaker }} "}]
        - when: input == "3"
          do: [control: {command: hold, conference: hall, hold_music: music2}]
        - {next: stay}
      ended: {do: [control: {command: kick_all, conference: "{{ room }}"}]}
"""


def program_of(flow: str) -> Program:
    checked = check_text("hall.flow.yaml", flow, PLATFORM)
    assert not any(each.is_error for each in checked.diagnostics), checked.diagnostics
    return compile_flow(checked.flows["hall"], checked.app, PLATFORM, checked.all_flows)


class Caller:
    """One call, event by event."""

    def __init__(self, flow: str = FLOW, **variables: object) -> None:
        self.program = program_of(flow)
        incoming = Incoming(**CALL, called="+46850000000")
        self.session: Session = begin(self.program, incoming, params={}, locale="")
        self.session.frame.vars.update(variables)
        self.first = self.take(incoming)

    def take(self, event: Event) -> Step:
        taken = step(self.program, self.session, event, Facts(now="2026-11-24T10:00:00Z"))
        assert isinstance(taken, Step)
        self.session = taken.session
        return taken

    def press(self, key: str) -> Step:
        return self.take(Digits(**CALL, digits=key, menu="hall"))


def test_a_command_is_meant_for_this_call_if_nobody_is_named() -> None:
    assert Caller().first.effects == (
        Control(command="mute", room="hall", state="meet", who="call-1"),
    )


def test_keys_in_a_room_command_everybody_or_one_call_by_its_id() -> None:
    caller = Caller(speaker="call-2")
    told = {key: caller.press(key).effects for key in "123"}
    assert told == {
        "1": (Control(command="unmute", room="hall", state="meet"),),
        "2": (Control(command="kick", room="hall", state="meet", who="call-2"),),
        "3": (
            Control(command="hold", room="hall", state="meet", who="call-1", hold_music="music2"),
        ),
    }


def test_the_end_of_a_call_can_end_the_room_once() -> None:
    caller = Caller()
    ended = Ended(**CALL, result="answered")
    assert caller.take(ended).effects == (Control(command="kick_all", room="hall", state="meet"),)
    assert caller.take(ended).effects == ()


@pytest.mark.parametrize("who", ["", " ", "a b", "x" * 201])
def test_what_is_no_call_s_id_means_nobody(who: str) -> None:
    pressed = Caller(speaker=who).press("2")
    assert (pressed.verdict, pressed.effects) == (Verdict.FAILED, ())


def test_a_caller_who_says_all_is_not_everybody() -> None:
    (effect,) = Caller(speaker="all").press("2").effects
    assert isinstance(effect, Control)
    assert effect.who == "all"


@pytest.mark.parametrize("room", ["", "main"])
def test_a_command_to_no_room_is_a_fault_of_the_flow(room: str) -> None:
    assert Caller(room=room).first.verdict is Verdict.FAILED
