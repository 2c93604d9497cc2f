"""What lint knows of calls that wait: where replies go, what names hold, how long it takes."""

from pathlib import Path

import pytest

from ivrflow.analysis.patience.ways import Exit
from ivrflow.analysis.patience.worlds import World
from ivrflow.analysis.subject import Application
from ivrflow.checking import Checked, check, check_text
from ivrflow.model.app import App
from ivrflow.model.context import Context
from ivrflow.sinch.platform import PLATFORM

HEAD = "flow: example\nstart: a\n"
WORDS = "hold: {prompt: Please hold.}"
KEYED = 'hold: {prompt: "To go on, press 1.", keys: {1: b}}'
SOON = "timers: [{after: 5m, next: b}]"


def codes(states: str, head: str = "") -> list[str]:
    text = f"{HEAD}{head}states:\n{states}"
    return [each.code for each in check_text("f.flow.yaml", text, PLATFORM).diagnostics]


def contexts(states: str, head: str = "") -> set[Context]:
    """The contexts in which a call can come to `b`."""
    flow = check_text("f.flow.yaml", f"{HEAD}{head}states:\n{states}", PLATFORM).flows["example"]
    visits = Application(App(), (flow,), PLATFORM).contexts.visits_by_flow["example"]
    return {context for state, context in visits if state == "b"}


@pytest.mark.parametrize(
    ("states", "context"),
    [
        (f"  a: {{{WORDS}, {SOON}}}\n", Context.PARKED),
        (f"  a: {{{KEYED}, {SOON}}}\n", Context.HELD),
        (f"  a: {{{WORDS}, timers: [{{after: 20m, next: b}}]}}\n", Context.HELD),
        (f"  a: {{park: {{prompt: Please hold.}}, {SOON}}}\n", Context.PARKED),
        (f"  a: {{conference: {{id: room}}, {SOON}}}\n", Context.ROOM),
        ("  a: {conference: {id: room}, on: {signal.x: b}}\n", Context.ROOM),
        (f"  a: {{connect: {{sip: a@b}}, {SOON}}}\n", Context.LIVE),
        ('  a: {connect: {number: "+46850000001", amd: async}, on: {human: b}}\n', Context.LIVE),
        (
            '  a: {connect: {number: "+46850000001", amd: async}, on: {answered: b}}\n',
            Context.BRIDGED,
        ),
        ("  a: {bridge: parent, on: {too_late: b}}\n", Context.ICE),
        ("  a: {bridge: parent, on: {too_late: a, signal.x: b}}\n", Context.ROOM),
    ],
)
def test_what_follows_is_told_where_the_call_waits(states: str, context: Context) -> None:
    assert contexts(f"{states}  b: {{hangup: }}\n") == {context}


def test_a_hold_that_could_be_parked_is_a_menu_after_a_menu() -> None:
    states = f"""\
  a: {{menu: {{prompt: Press 1., choices: {{1: h}}}}, on: {{no_input: h, no_match: h}}}}
  h: {{{WORDS}, {SOON}}}
  b: {{hangup: }}
"""
    assert contexts(states) == {Context.HELD}


def test_from_one_hold_that_is_parked_to_the_next_a_call_stays_parked() -> None:
    states = f"""\
  a: {{{WORDS}, timers: [{{after: 5m, next: h}}]}}
  h: {{{WORDS}, {SOON}}}
  b: {{hangup: }}
"""
    assert contexts(states) == {Context.PARKED}


def test_where_keys_of_a_flow_around_it_work_no_hold_is_parked(tmp_path: Path) -> None:
    inner = f"""\
flow: inner
start: a
returns: {{done: {{}}}}
states:
  a: {{{WORDS}, {SOON}}}
  b: {{return: {{name: done}}}}
"""
    outer = """\
flow: outer
start: a
on: {keys: {0: z}}
states:
  a: {run: {flow: inner}, on: {done: z}}
  z: {hangup: }
"""
    (checked,) = written(tmp_path, inner=inner, outer=outer)
    flows = tuple(checked.flows.values())
    visits = Application(App(), flows, PLATFORM).contexts.visits_by_flow
    assert {context for state, context in visits["inner"] if state == "b"} == {Context.HELD}


def written(directory: Path, **flows: str) -> list[Checked]:
    for name, text in flows.items():
        (directory / f"{name}.flow.yaml").write_text(text, "utf-8")
    return list(check([directory], PLATFORM))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (
            f"  a: {{{KEYED}, on: {{signal.x: {{do: [log: '{{{{ signal.data }}}}']}}}}, {SOON}}}\n",
            [],
        ),
        (f"  a: {{{KEYED}, on: {{signal.x: c}}, {SOON}}}\n", []),
        (
            f"  a: {{{KEYED}, {SOON}, on: {{signal.x: c}}, say: '{{{{ signal.data }}}}'}}\n",
            ["E603"],
        ),
        (
            f"  a: {{hold: {{prompt: '{{{{ signal.data }}}}'}}, on: {{signal.x: a}}, {SOON}}}\n",
            ["E603"],
        ),
        (f"  a: {{{KEYED}, timers: [{{after: 5m, next: c}}]}}\n", ["E603"]),
    ],
)
def test_a_signal_is_read_where_it_is_handled(states: str, expected: list[str]) -> None:
    rest = "  b: {hangup: }\n"
    if "next: c" in states or "signal.x: c" in states:
        rest += '  c: {say: "{{ signal.data.words }}", next: b}\n'
    assert codes(states + rest) == expected


def test_what_comes_with_a_signal_is_as_free_as_the_answer_of_a_look_up_without_a_form() -> None:
    states = (
        f"  a: {{{KEYED}, on: {{signal.x: {{set: {{n: '{{{{ signal.data.n }}}}'}}}}}}, {SOON}}}\n"
    )
    assert codes(f"{states}  b: {{say: '{{{{ n }}}}', hangup: }}\n", "vars: {n: 1}\n") == []


def test_no_secret_leaves_with_a_signal() -> None:
    states = f"""\
  a:
    collect: {{prompt: Your PIN?, length: 4, into: pin}}
    on: {{collected: c, no_input: b}}
  c:
    do:
      - signal: {{name: x, to: "{{{{ call.id }}}}", data: {{pin: "{{{{ pin }}}}"}}}}
      - signal: {{name: x, to: "{{{{ pin }}}}"}}
    {WORDS}
    on: {{signal.x: b}}
    {SOON}
  b: {{hangup: }}
"""
    assert codes(states, "vars: {pin: {type: digits, secret: true}}\n") == ["E803", "E803"]


def test_legs_are_none_where_none_is_placed_and_unknown_where_some_are() -> None:
    moves = "[{when: legs == 0, next: b}, {next: stay}]"
    alone = f"  a: {{{KEYED}, on: {{signal.x: {moves}}}, {SOON}}}\n  b: {{hangup: }}\n"
    assert codes(alone) == ["E632"]
    assert "E632" not in codes(RING % moves, CALLOUTS)


@pytest.mark.parametrize("timers", ["", "[{after: 5m, when: tries > 1, next: b}]", "[{every: 5m}]"])
def test_a_hold_without_an_end_is_refused(timers: str) -> None:
    timed = f", timers: {timers}" if timers else ""
    assert "E212" in codes(f"  a: {{{KEYED}{timed}}}\n  b: {{hangup: }}\n")


# -- how long callers are held --------------------------------------------------------------------


def longest(states: str, world: World = World.SILENT, head: str = "") -> tuple[str, int]:
    flow = check_text("f.flow.yaml", f"{HEAD}{head}states:\n{states}", PLATFORM).flows["example"]
    found = Application(App(), (flow,), PLATFORM).bounds.longest(world, "example")
    assert found is not None
    exit, way = found
    return exit, way.ms


RING = """\
  a: {do: [callout: {name: ring}], next: h}
  h:
    hold: {prompt: Hm., every: 2s}
    on:
      leg.bridged: b
      leg.ended: %s
    timers: [{after: 1m, next: b}]
  c: {say: Hm., next: a}
  b: {hangup: }
"""
CALLOUTS = 'callouts: {ring: {to: "+46850000001"}}\n'
WORD = 300
"""Milliseconds of a short word."""


def test_a_silent_caller_is_held_until_a_timer_leads_away_and_a_tick_more() -> None:
    states = (
        "  a: {hold: {prompt: Hm., every: 2s}, timers: [{after: 1m, next: b}]}\n  b: {hangup: }\n"
    )
    assert longest(states) == (Exit.END, 60_000 + WORD + 2_000)


@pytest.mark.parametrize(("back", "said"), [("a", 0), ("c", WORD), ("{say: Hm.}", WORD)])
def test_what_leads_back_to_a_hold_does_not_make_it_longer(back: str, said: int) -> None:
    exit, ms = longest(RING % back, head=CALLOUTS)
    assert (exit, ms) == (Exit.END, 60_000 + WORD + 2_000 + said)


def test_what_leads_back_through_a_menu_begins_anew_and_needs_an_end() -> None:
    states = (
        RING % "m"
        + """\
  m: {menu: {prompt: Press 1., choices: {1: b}}, on: {no_input: a, no_match: a}}
"""
    )
    text = f"{HEAD}{CALLOUTS}states:\n{states}"
    codes = [each.code for each in check_text("f.flow.yaml", text, PLATFORM).diagnostics]
    assert "E231" in codes
    assert longest(states, head=CALLOUTS)[0] == Exit.FOR_EVER


def test_a_key_of_a_hold_is_a_choice() -> None:
    states = f"""\
  a: {{{KEYED}, timers: [{{after: 1m, next: c}}]}}
  c: {{say: Hm., next: b}}
  b: {{hangup: }}
"""
    assert longest(states, World.WORST) == longest(states, World.SILENT)


@pytest.mark.parametrize(
    ("given", "minutes"), [("", 2), ("with: {long: 5m}, ", 5), ("with: {long: 1m}, ", 1)]
)
def test_a_timer_that_is_a_parameter_is_as_long_as_it_is_given_at_most(
    given: str, minutes: int, tmp_path: Path
) -> None:
    inner = f"""\
flow: inner
start: a
params: {{long: {{type: duration, default: 2m}}}}
returns: {{done: {{}}}}
states:
  a: {{{KEYED}, timers: [{{after: "{{{{ params.long }}}}", next: b}}]}}
  b: {{return: {{name: done}}}}
"""
    outer = f"""\
flow: outer
start: a
states:
  a: {{run: {{{given}flow: inner}}, on: {{done: b}}}}
  b: {{hangup: }}
"""
    (checked,) = written(tmp_path, inner=inner, outer=outer)
    flows = tuple(checked.flows.values())
    found = Application(App(), flows, PLATFORM).bounds.longest(World.SILENT, "outer")
    assert found is not None
    assert found[1].ms // 60_000 == minutes


@pytest.mark.parametrize(
    ("waits", "context"),
    [(WORDS, Context.PARKED), ("park: {}", Context.PARKED), (KEYED, Context.HELD)],
)
def test_the_error_state_speaks_to_who_is_held(waits: str, context: Context) -> None:
    states = f"""\
  a: {{{waits}, timers: [{{after: 5m, next: c}}]}}
  c: {{hangup: }}
  b: {{say: We are sorry., hangup: }}
"""
    assert contexts(states, "on: {error: b}\n") == {Context.ICE, context}


def test_the_error_state_does_not_speak_to_who_talks() -> None:
    states = """\
  a: {conference: {id: room}, timers: [{after: 5m, next: c}]}
  c: {hangup: }
  b: {say: We are sorry., hangup: }
"""
    assert contexts(states, "on: {error: b}\n") == {Context.ICE}
