"""What lint knows of legs that ring, and of those who accept them."""

import pytest

from ivrflow.checking import check_text
from ivrflow.sinch.platform import PLATFORM

OUT = "timers: [{after: 5m, next: bye}]"


def codes(states: str) -> list[str]:
    """Return what is found in a flow that rings itself: all of it is a caller's, and a leg's."""
    text = f"""\
flow: example
start: ring
callouts: {{one: {{flow: example, to: "+46850000001"}}}}
states:
{states}  talk: {{bridge: leg, on: {{leg.ended: bye}}}}
  join: {{bridge: parent, on: {{too_late: bye}}}}
  bye: {{hangup: }}
"""
    found = check_text("f.flow.yaml", text, PLATFORM).diagnostics
    return [each.code for each in found if each.code in ("E215", "E216", "E217")]


RING = "  ring: {do: [{callout: {name: one}}], next: wait}\n"
ASK = """\
  ask: {menu: {prompt: Press 1., choices: {1: wait}}, on: {no_input: wait, no_match: wait}}
"""


@pytest.mark.parametrize(
    ("bridged", "found"),
    [
        ("talk", []),
        ("stay", ["E215"]),
        ("{say: One moment., next: stay}", ["E215"]),
        ("bye", ["E215"]),
        ("[{when: legs > 1, next: stay}, {next: talk}]", []),
        ("agree", []),
    ],
)
def test_who_accepts_must_be_talked_to_in_the_end(bridged: str, found: list[str]) -> None:
    states = f"""\
  wait: {{hold: {{prompt: Wait.}}, on: {{leg.bridged: {bridged}, leg.ended: bye}}, {OUT}}}
  agree: {{menu: {{prompt: Press 1., choices: {{1: talk}}}}, on: {{no_input: bye, no_match: bye}}}}
"""
    assert codes(RING + states) == found


def test_a_hold_that_stays_may_lead_on_by_a_key() -> None:
    states = f"""\
  wait:
    hold: {{prompt: "To talk, press 1.", keys: {{1: talk}}}}
    on: {{leg.bridged: stay, leg.ended: bye}}
    {OUT}
"""
    assert codes(RING + states) == []


WAIT = f"  wait: {{hold: {{prompt: Wait.}}, on: {{leg.bridged: talk, leg.ended: bye}}, {OUT}}}\n"


@pytest.mark.parametrize(
    ("ring", "found"),
    [
        ("  ring: {do: [{callout: {name: one}}], next: ask}\n", ["E216"]),
        ("  ring: {do: [{callout: {name: one}}], next: pass}\n  pass: {next: ask}\n", ["E216"]),
        ("  ring: {do: [{callout: {name: one}}], next: wait}\n", []),
        ("  ring: {do: [{callout: {name: one, keep: true}}], next: ask}\n", []),
        ("  ring: {next: ask}\n", []),
    ],
)
def test_no_leg_rings_while_its_caller_is_asked(ring: str, found: list[str]) -> None:
    assert codes(ring + ASK + WAIT) == found


def test_a_leg_placed_by_a_menu_itself_rings_while_it_asks() -> None:
    ring = ASK.replace("ask: {", "ring: {do: [{callout: {name: one}}], ")
    assert codes(ring + WAIT) == ["E216"]


def test_a_leg_placed_by_a_key_rings_when_all_was_asked() -> None:
    placed = "{do: [{callout: {name: one}}], next: wait}"
    assert codes(ASK.replace("ask", "ring").replace("{1: wait}", f"{{1: {placed}}}") + WAIT) == []


@pytest.mark.parametrize(
    ("ended", "found"),
    [
        ("ring", ["E217"]),
        ("{do: [{callout: {name: one}}], next: stay}", ["E217"]),
        ("{do: [{callout: {name: one}}], next: wait}", ["E217"]),
        ("other", ["E217"]),
        ("[{when: visits.ring < 3, next: ring}, {next: bye}]", []),
        ("[{when: visits.ring > 3, next: bye}, {next: ring}]", []),
        ("sorry", []),
        ("stay", []),
    ],
)
def test_no_leg_is_placed_anew_without_any_condition(ended: str, found: list[str]) -> None:
    states = f"""\
  wait: {{hold: {{prompt: Wait.}}, on: {{leg.bridged: talk, leg.ended: {ended}}}, {OUT}}}
  other: {{hold: {{prompt: Wait.}}, on: {{leg.bridged: talk, leg.ended: ring}}, {OUT}}}
  sorry: {{menu: {{prompt: Press 1., choices: {{1: ring}}}}, on: {{no_input: bye, no_match: bye}}}}
"""
    assert sorted(set(codes(RING + states))) == found
