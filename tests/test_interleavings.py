"""Callers and their legs, in every order of keys, hang-ups, timers and news."""

from typing import Any

import pytest
from interleavings import Explorer, Found

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.program import Program
from ivrflow.sinch.platform import PLATFORM

DESK = """
flow: desk
start: greet
vars: {agents: {type: list, of: phone, default: ["+46701000001", "+46701000002"]}}
params: {at_once: false}
states:
  greet:
    menu: {prompt: Press 1 for sales., choices: {1: sales}}
    on: {no_input: bye, no_match: bye}
  sales:
    run:
      flow: std/ring
      with: {to: "{{ agents }}", at_once: "{{ params.at_once }}", whisper: A caller., patience: 70s}
    on: {talked: bye, nobody: closed}
  closed: {say: Nobody is free. Goodbye., hangup: }
  bye: {say: Goodbye., hangup: }
"""

PARKED = """
flow: parked
start: waiting
vars: {more: false}
callouts:
  agent: {flow: std/ring-leg, to: "{{ to }}"}
states:
  waiting:
    do:
      - callout: {name: agent, with: {to: "+46701000001", cli: "{{ none }}", whisper: Hello.}}
      - callout: {name: agent, with: {to: "+46701000002", cli: "{{ none }}", whisper: Hello.}}
    hold: {prompt: Please wait.}
    on:
      leg.bridged: talking
      leg.ended:
        - {when: legs == 0, next: nobody}
        - when: not more
          say: One of them does not answer.
          do:
            - set: {more: true}
            - callout: {name: agent, with: {to: "+46701000003", cli: "{{ none }}", whisper: Hello.}}
          next: stay
        - {next: stay}
      signal.news: {say: We have not forgotten you., next: stay}
      signal.ask: ask
    timers: [{after: 1m, next: nobody}, {every: 40s, say: Still waiting., next: stay}]
  ask:
    menu: {prompt: Press 1 to wait on., choices: {1: again}}
    on: {no_input: nobody, no_match: nobody}
  again:
    hold: {prompt: Please wait., every: 3s, keys: {"*": nobody}}
    on:
      leg.bridged: talking
      leg.ended: [{when: legs == 0, next: nobody}, {next: stay}]
      signal.ask: ask
    timers: [{after: 1m, next: nobody}]
  talking:
    bridge: leg
    on: {leg.ended: nobody}
    timers: [{after: 10m, next: nobody}]
  nobody: {say: Goodbye., hangup: }
"""


def programs_of(text: str) -> tuple[Program, dict[str, Program]]:
    """The program of a flow, and those of all that it may have run."""
    checked = check_text("flow.flow.yaml", text, PLATFORM)
    flows = checked.all_flows
    programs = {
        name: compile_flow(flow, checked.app, PLATFORM, flows) for name, flow in flows.items()
    }
    (own,) = checked.flows
    return programs[own], programs


def explored(text: str, **how: Any) -> Found:
    program, programs = programs_of(text)
    found = Explorer(program, programs, params=how.pop("params", {}), **how).explore()
    assert not found.faults, "\n\n".join(found.faults)
    return found


@pytest.mark.parametrize("at_once", [False, True])
def test_of_those_who_are_rung_one_talks_to_the_caller_and_nobody_waits_for_ever(
    at_once: bool,
) -> None:
    found = explored(DESK, params={"at_once": at_once})
    assert found.talked == {1, 2}
    assert found.too_late
    assert found.worlds > 300
    expected = {"std/ring:waiting", "std/ring:talking", "desk:closed", "desk:bye"}
    assert expected <= found.states


SHORT = PARKED.replace(", {every: 40s, say: Still waiting., next: stay}", "").replace(
    "when: not more", "when: legs == 9"
)


SECOND = '      - callout: {name: agent, with: {to: "+46701000002", '
ONE = "\n".join(line for line in PARKED.splitlines() if not line.startswith(SECOND)).replace(
    "{when: legs == 0, next", "{when: legs == 0 and more, next"
)


CALLOUT = """  again:
    do:
      - callout: {name: agent, with: {to: "+46701000001", cli: "{{ none }}", whisper: Hello.}}
      - callout: {name: agent, with: {to: "+46701000002", cli: "{{ none }}", whisper: Hello.}}
"""
HELD = (
    PARKED.replace("start: waiting", "start: ask")
    .replace("signal.ask: ask", "signal.ask: nobody")
    .replace("  again:\n", CALLOUT)
)


def test_who_has_accepted_is_talked_to_whatever_was_raised_before() -> None:
    found = explored(HELD, signals=("ask",))
    assert found.talked >= {1, 2}


@pytest.mark.parametrize(
    ("flow", "signals", "outcomes"),
    [
        (ONE, (), ("done",)),
        (SHORT, ("ask",), ("done",)),
        (SHORT, (), ("done", "gone", "refused")),
    ],
)
def test_a_parked_call_is_led_out_of_its_park_once_whatever_comes_meanwhile(
    flow: str, signals: tuple[str, ...], outcomes: tuple[str, ...]
) -> None:
    found = explored(flow, signals=signals, outcomes=outcomes)
    assert found.talked == {1, 2}
    assert found.worlds > 300
