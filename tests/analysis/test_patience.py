"""Callers who are kept: where lint sees that a round ends, where it doesn't, and where it can't."""

import json
from pathlib import Path
from time import process_time

import pytest

from ivrflow.analysis.patience.durations import durations_of
from ivrflow.analysis.patience.ways import KEPT, Exit, Ways
from ivrflow.analysis.patience.worlds import World
from ivrflow.analysis.subject import Application
from ivrflow.checking import check, check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM

MENU = """\
flow: example
start: ask
vars: {told: false, tried: 0, left: 3, most: 3, named: none yet}
records: {calls: {key: phone?, value: integer}}
params: {limit: {type: integer, default: 3}}
states:
  ask:
    menu: {prompt: Press 1 or 2., choices: {1: bye, 2: other}}
    on:
      no_input: AGAIN
      no_match: bye
  other:
    say: This is another.
    next: ask
  bye: {hangup: }
"""


def findings(text: str) -> tuple[Diagnostic, ...]:
    """The errors: that a condition always holds, for example, is a warning."""
    found = check_text("example.flow.yaml", text, PLATFORM).diagnostics
    return tuple(each for each in found if each.is_error)


def codes(text: str) -> list[str]:
    return [each.code for each in findings(text)]


def again(moves: str) -> str:
    return MENU.replace("AGAIN", moves)


def ways(text: str, world: World) -> Ways:
    checked = check_text("example.flow.yaml", text, PLATFORM)
    flows = tuple(checked.flows.values())
    bounds = Application(checked.app, flows, PLATFORM, checked.shipped).bounds
    return bounds.ways(world, flows[0].name)


@pytest.mark.parametrize(
    ("moves", "menus"),
    [
        ("[{when: tries < 3, next: ask}, {next: bye}]", 3),
        ("[{when: tries >= 3, next: bye}, {next: ask}]", 3),
        ("[{when: not tries > 2, next: ask}, {next: bye}]", 3),
        ("[{when: 0 < tries < 4, next: ask}, {next: bye}]", 4),
        ("[{when: visits.ask < 3, next: other}, {next: bye}]", 3),
        ("[{when: visits.ask + visits.other < 6, next: other}, {next: bye}]", 4),
        ("[{when: visits.ask == 4 or open_now, next: bye}, {next: ask}]", 4),
        ('[{when: tried < 2, set: {tried: "{{ tried + 1 }}"}, next: ask}, {next: bye}]', 3),
        ('[{when: tried < most, set: {tried: "{{ tried + 1 }}"}, next: ask}, {next: bye}]', 4),
        ('[{when: left > 0, set: {left: "{{ left - 1 }}"}, next: other}, {next: bye}]', 4),
        ("[{when: not told, set: {told: true}, next: ask}, {next: bye}]", 2),
        ("[{when: told, next: bye}, {set: {told: true}, next: other}]", 2),
        ("[{when: named == 'once', next: bye}, {set: {named: once}, next: ask}]", 2),
        (
            '[{when: "call.from != none and tries < 3", next: ask}, {next: bye}]',
            3,
        ),
    ],
)
def test_a_guard_that_can_be_understood_bounds_a_round_exactly(moves: str, menus: int) -> None:
    text = again(moves).replace("open_now", "call.from == none")
    text = text.replace("choices: {1", "retries: 0, choices: {1")
    assert codes(text) == []
    found = ways(text, World.SILENT)
    assert found.keys() == {Exit.END}
    assert found[Exit.END].menus == menus


@pytest.mark.parametrize(
    "moves",
    [
        "ask",
        "other",
        "[{when: tries > 0, next: ask}, {next: bye}]",
        "[{when: visits.bye == 0, next: ask}, {next: bye}]",
        "[{when: visits.ask == 0, next: bye}, {next: ask}]",
        "[{when: tries > 2, next: bye}, {next: other}]",
        "[{when: call.from == none, next: bye}, {next: ask}]",
        "[{when: tried < 2, set: {told: true}, next: ask}, {next: bye}]",
        "[{when: told, next: bye}, {set: {told: false}, next: ask}]",
        '[{when: "call.from == none or tries > 0", next: ask}, {next: bye}]',
        '[{set: {tried: "{{ tried - 1 }}"}, when: tried < 3, next: ask}, {next: bye}]',
    ],
)
def test_a_round_that_nothing_ends_is_an_error(moves: str) -> None:
    # The other one is a waiting state here, at which `tries` begins anew.
    text = again(moves).replace(
        "    say: This is another.\n    next: ask\n",
        "    menu: {prompt: Press 1., choices: {1: bye}}\n    on: {no_input: ask, no_match: bye}\n",
    )
    (found,) = findings(text)
    assert found.code == "E231"
    assert found.message.startswith("a caller who stays silent goes round for ever: ask -> ")


@pytest.mark.parametrize(
    "moves",
    [
        "[{when: tries < params.limit, next: ask}, {next: bye}]",
        "[{when: tries % 7 != 0, next: ask}, {next: bye}]",
        "[{when: tries * 2 < 7, next: ask}, {next: bye}]",
    ],
)
def test_a_guard_that_can_not_be_foreseen_is_no_error_until_a_budget_asks(moves: str) -> None:
    assert codes(again(moves)) == []
    assert KEPT[0] not in ways(again(moves), World.SILENT)
    assert KEPT[1] in ways(again(moves), World.SILENT)
    (found,) = findings(again(moves).replace("vars:", "budget: {silent: 1h}\nvars:"))
    assert (found.code, found.span.line) == ("E232", 3)
    assert (
        found.message == "nothing shows that a caller who stays silent is kept for a bounded time"
    )


COUNTED = """\
flow: example
start: ask
requests: {find: {get: "https://crm.example.com/", timeout: 1s}}
records: {wrong: {key: phone?, value: integer}}
states:
  ask:
    collect: {prompt: Your number?, length: 4, into: account}
    on: {collected: find, no_input: bye}
  find:
    do: [count: {record: wrong, key: "{{ call.from }}", into: times}]
    request: {name: find}
    on: {ok: bye, error: AGAIN}
  bye: {hangup: }
"""


def test_the_sum_of_a_count_bounds_the_tries_of_a_look_up_that_fails() -> None:
    text = COUNTED.replace("AGAIN", "[{when: times < 3, next: ask}, {next: bye}]")
    assert codes(text) == []
    assert ways(text, World.FAILING)[Exit.END].menus == 3


def test_a_caller_is_not_asked_for_ever_where_look_ups_fail() -> None:
    (found,) = findings(COUNTED.replace("AGAIN", "ask"))
    told = "a caller for whom every look-up fails goes round for ever: ask -> find -> ask"
    assert (found.code, found.message) == ("E231", told)


def test_who_chooses_to_hear_a_menu_again_does_so_on_purpose() -> None:
    text = COUNTED.replace("AGAIN", "bye").replace("collected: find", "collected: ask")
    assert codes(text.replace("on: {ok: bye", "on: {ok: ask")) == ["E201"]


def test_one_cause_in_two_worlds_is_one_finding() -> None:
    text = again("ask").replace("no_match: bye", "no_match: ask")
    (found,) = findings(text)
    told = "who stays silent or who presses only wrong keys goes round for ever: ask -> ask"
    assert found.message == f"a caller {told}"


def test_a_round_is_told_once_whatever_was_counted_before_it() -> None:
    (found,) = findings(
        again(
            """[{when: tried > 2, next: other},
        {when: call.from == none, set: {tried: "{{ tried + 1 }}"}, next: ask}, {next: ask}]"""
        )
    )
    assert found.message == "a caller who stays silent goes round for ever: ask -> ask"


def test_a_silent_colleague_does_not_keep_a_caller_for_ever() -> None:
    text = """\
flow: example
start: ring
states:
  ring:
    connect: {number: "+46850000001", timeout: 20s}
    on: {answered: whisper}
  whisper:
    menu: {prompt: "Press 1 to talk.", retries: 0, choices: {1: talk}}
    on: {no_input: NOBODY, no_match: bye}
  talk: {continue: }
  bye: {hangup: }
"""
    assert codes(text.replace("NOBODY", "whisper")) == ["E231"]
    found = ways(text.replace("NOBODY", "bye"), World.UNANSWERED)
    assert found[Exit.END].ms == 20_000 + 1_066 + 5_000


def test_rounds_through_flows_that_are_run_are_found(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("app: x\nroutes: [{flow: outer}]\n")
    (tmp_path / "outer.flow.yaml").write_text(
        "flow: outer\nstart: ask\nstates:\n"
        "  ask: {run: {flow: inner}, on: {given: bye, gave_up: ask}}\n  bye: {hangup: }\n"
    )
    (tmp_path / "inner.flow.yaml").write_text(
        "flow: inner\nstart: ask\nreturns: {given: {}, gave_up: {}}\nstates:\n"
        "  ask:\n    menu: {prompt: Press 1., choices: {1: done}}\n"
        "    on: {no_input: no, no_match: done}\n"
        "  done: {return: {name: given}}\n  no: {return: {name: gave_up}}\n"
    )
    (found,) = [each for one in check([tmp_path], PLATFORM) for each in one.diagnostics]
    assert (found.code, Path(found.path).name) == ("E231", "outer.flow.yaml")


def test_a_budget_names_the_longest_way() -> None:
    text = again("bye").replace("vars:", "budget: {silent: 15s}\nvars:")
    (found,) = findings(text)
    told = "a caller who stays silent can be kept for 17.6 s, more than 15 s"
    assert (found.code, found.message) == ("E232", told)
    assert [each.message for each in found.related] == ["17.6 s here, asked 3 times"]


def test_a_trap_is_told_once_however_many_states_lead_into_it() -> None:
    text = """\
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: one}}
    on: {no_input: bye, no_match: bye}
  one: {say: One., next: two}
  two:
    menu: {prompt: Press 1., choices: {1: three}}
    on: {no_input: three, no_match: two}
  three: {say: Three., next: two}
  bye: {hangup: }
"""
    (found,) = findings(text)
    assert (found.code, found.span.line, len(found.related)) == ("E233", 8, 1)


def large(count: int) -> str:
    """Menus in a row, each with a way back, a guard and a look-up."""
    states: dict[str, object] = {"bye": {"hangup": {}}}
    for number in range(count):
        own, after = f"s{number}", f"s{number + 1}" if number + 1 < count else "bye"
        states[own] = {
            "menu": {"prompt": "Press 1, or 2.", "choices": {"1": after, "2": "s0"}},
            "on": {
                "no_input": [{"when": "tries < 3", "next": own}, {"next": after}],
                "no_match": [{"when": f"visits.{own} < 3", "next": "s0"}, {"next": after}],
            },
        }
    budget = {"silent": "99h", "worst": "9h", "failing": "9h", "unanswered": "9h"}
    return json.dumps({"flow": "example", "start": "s0", "budget": budget, "states": states})


def test_a_thousand_menus_take_no_longer_than_a_moment() -> None:
    begun = process_time()
    assert codes(large(1_000)) == []
    assert process_time() - begun < 10


WAITS = """\
flow: waits
start: a
params: {patience: {type: duration, default: 2m}}
returns: {gone: {}}
states:
  a: {hold: {prompt: Wait.}, timers: [{after: "{{ params.patience }}", next: b}]}
  b: {return: gone}
"""


@pytest.mark.parametrize(
    ("second", "known"),
    [("with: {patience: 30s}", 30_000), ("with: {patience: 5m}", 300_000), ("with: {}", 120_000)],
)
def test_a_default_counts_where_a_run_leaves_it(second: str, known: int) -> None:
    text = f"""\
flow: example
start: a
states:
  a: {{run: {{flow: waits, with: {{patience: 20s}}}}, on: {{gone: b}}}}
  b: {{run: {{flow: waits, {second}}}, on: {{gone: c}}}}
  c: {{hangup: }}
"""
    read = (check_text("f.flow.yaml", each, PLATFORM).flows for each in (text, WAITS))
    flows = {name: flow for each in read for name, flow in each.items()}
    assert durations_of(flows)["waits"] == {"patience": known}
