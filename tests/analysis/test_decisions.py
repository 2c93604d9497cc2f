"""Conditions that no call, or every call, meets: told where they are, and right."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrflow.checking import Checked, check, check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.diagnostics import Span
from ivrflow.machine import program as compiled
from ivrflow.machine.events import Chosen, Event, Incoming, NoInput, NoMatch
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.replies import Menu
from ivrflow.machine.step import begin, step
from ivrflow.model import flow as written
from ivrflow.model.inherit import handlers_of, keys_of
from ivrflow.sinch.platform import PLATFORM

STATES = ["s0", "s1", "s2", "s3"]
CONDITIONS = [
    "tries > 1",
    "tries < 3",
    "tries == 1",
    "visits.s1 > 0",
    "visits.s2 == 1",
    "visits.s0 > 1 and tries > 1",
    "flag",
    "not flag",
    "mode == 'a'",
    "mode in ['b', 'c']",
    "mode != 'b' and mode != 'c'",
    "n > 1",
    "n == 0 or n > 3",
    "n <= 2",
    "name == none",
    "name",
    "name | default('x') == 'x'",
    "call.from == none",
    "call.from",
    "call.from == none or call.domain == 'app'",
    "(mode if flag else 'a') == 'a'",
    "n < 2 if flag else n > 2",
    "call.custom == 'x'",
    "name == mode",
]

condition = st.sampled_from(CONDITIONS)
assigned = st.dictionaries(
    st.sampled_from(["flag", "mode", "n", "name"]), st.integers(0, 4), max_size=2
)
VALUES: dict[str, Callable[[int], object]] = {
    "flag": lambda number: [True, False, "{{ not flag }}", "{{ n > 1 }}", True][number],
    "mode": lambda number: ["a", "b", "c", "a", "b"][number],
    "n": lambda number: [0, 1, 4, "{{ n + 1 }}", "{{ 2 if flag else 3 }}"][number],
    "name": lambda number: ["x", "", "{{ call.from }}", "{{ none }}", "a"][number],
}
move = st.builds(
    lambda to, values: {
        "next": to,
        "set": {name: VALUES[name](number) for name, number in values.items()},
    },
    st.sampled_from(STATES),
    assigned,
)
transition = st.lists(
    st.builds(lambda one, when: {**one, "when": when}, move, condition), max_size=3
)
moves = st.builds(lambda some, last: [*some, last], transition, move)


@st.composite
def flows(draw: st.DrawFn) -> str:
    states: dict[str, Any] = {}
    for name in STATES:
        if name == "s3" or draw(st.booleans()):
            menu = {
                "prompt": "Press a key.",
                "retries": 0,
                "choices": {key: draw(moves) for key in ("1", "2")},
            }
            states[name] = {"menu": menu, "on": {"no_input": draw(moves), "no_match": draw(moves)}}
        else:
            onward = draw(transition)
            for each in onward:
                each["next"] = STATES[STATES.index(name) + 1]
            states[name] = {"next": [*onward, {"next": STATES[STATES.index(name) + 1]}]}
    variables: dict[str, Any] = {
        "flag": False,
        "mode": {"type": "string", "enum": ["a", "b", "c"], "default": "a"},
        "n": 0,
        "name": {"type": "string?"},
    }
    return json.dumps({"flow": "example", "start": "s0", "vars": variables, "states": states})


def decisions(checked: Checked) -> dict[Span, bool]:
    codes = {"E631": False, "E632": True}
    return {each.span: codes[each.code] for each in checked.diagnostics if each.code in codes}


class Spied:
    """A program whose moves note what came of their conditions, by the place in the text."""

    def __init__(self, flow: written.Flow, whole: compiled.Program) -> None:
        self.seen: list[tuple[Span, bool]] = []
        states = {
            name: self.state(flow, flow.states[name], state)
            for name, state in whole.flow.states.items()
        }
        inner = replace(whole.flow, states=states)
        self.program = replace(whole, flow=inner, flows={flow.name: inner})

    def state(
        self, flow: written.Flow, source: written.State, state: compiled.State
    ) -> compiled.State:
        on = {
            name: self.moves(each, state.on[name])
            for name, each in handlers_of(flow, source).items()
        }
        action = state.action
        if isinstance(action, compiled.Menu):
            by_key = {each.key: each.transition for each in keys_of(flow, source)}
            action = replace(
                action,
                choice_by_value={
                    value: replace(each, transition=self.moves(by_key[each.key], each.transition))
                    for value, each in action.choice_by_value.items()
                },
            )
        following = self.moves(source.next, state.next)
        return replace(state, on=on, action=action, next=following)

    def moves(self, source: written.Transition, built: compiled.Transition) -> compiled.Transition:
        return tuple(map(self.move, source, built))

    def move(self, source: written.Move, built: compiled.Move) -> compiled.Move:
        when = built.when
        if when is None or source.when is None or source.when.scalar is None:
            return built
        place = source.when.scalar.span

        def asked(scope: Any) -> bool:
            holds = bool(when(scope))
            self.seen.append((place, holds))
            return holds

        return replace(built, when=asked)


CALL: dict[str, Any] = {"app": "app", "call": "call"}


def event_of(key: str, last: Step) -> Event:
    if key == "-" or last.reply is None or not isinstance(last.reply.action, Menu):
        return NoInput(**CALL, menu="main")
    offered = {each.key: each.value for each in last.reply.action.keys}
    if key not in offered:
        return NoMatch(**CALL, value=key, menu="main")
    return Chosen(**CALL, value=offered[key], offer=last.reply.number, menu="main")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(flows(), st.lists(st.sampled_from("12-0"), max_size=12), st.sampled_from([None, "+4670"]))
def test_no_call_meets_a_condition_otherwise_than_lint_says(
    text: str, keys: list[str], caller: str | None
) -> None:
    checked = check_text("f.flow.yaml", text, PLATFORM)
    assert {each.code for each in checked.diagnostics if each.is_error} <= {
        "E201",
        "E202",
        "E231",
        "E233",
    }
    flow = checked.flows["example"]
    spied = Spied(flow, compile_flow(flow, checked.app, PLATFORM, {}))
    first = Incoming(app="app", call="call", caller=caller, called="+46850000000")
    last = step(spied.program, begin(spied.program, first, params={}, locale=""), first, Facts())
    for key in keys:
        assert isinstance(last, Step)
        taken = step(spied.program, last.session, event_of(key, last), Facts())
        assert isinstance(taken, Step)
        last = taken
    told = decisions(checked)
    assert [(each, held) for each, held in spied.seen if told.get(each, held) != held] == []


def told(states: str, head: str = "") -> list[tuple[str, str, str]]:
    """What lint says of conditions: the code, the message and why."""
    text = f"flow: example\nstart: a\n{head}states:\n{states}  b: {{hangup: }}\n  c: {{hangup: }}\n"
    found = check_text("f.flow.yaml", text, PLATFORM).diagnostics
    return [(each.code, each.message, each.help) for each in found if each.code != "E201"]


def menu(moves: str) -> str:
    return (
        f"  a:\n    menu: {{prompt: Press 1., choices: {{1: {moves}}}}}\n"
        "    on: {no_input: b, no_match: b}\n"
    )


@pytest.mark.parametrize(
    ("moves", "message", "why"),
    [
        ("{when: tries > 3}", '"tries > 3" never holds', "tries is 1 here"),
        (
            "{when: visits.b > 0}",
            '"visits.b > 0" never holds',
            "visits.b is 0 here",
        ),
        (
            "{when: input == '2'}",
            "\"input == '2'\" never holds",
            'input is "1" here',
        ),
        (
            "{when: call.id == none}",
            '"call.id == none" never holds',
            "call.id is never null here",
        ),
        ("{when: 1 > 2}", '"1 > 2" never holds', ""),
        (
            "{when: call.from}, {when: call.from != none}",
            '"call.from != none" never holds',
            "the moves before it take these calls",
        ),
        (
            "{when: call.custom is starting('x')}, {when: not (call.custom is starting('x'))}",
            "\"not (call.custom is starting('x'))\" always holds",
            "the moves before it take all other calls",
        ),
    ],
)
def test_a_condition_that_is_decided_is_told_with_its_reason(
    moves: str, message: str, why: str
) -> None:
    moves = moves.replace("}", ", next: b}")
    code = "E632" if "always" in message else "E631"
    assert told(menu(f"[{moves}, {{next: c}}]")) == [(code, message, why)]


@pytest.mark.parametrize(
    "moves",
    [
        "[{when: tries < 3, next: a}, {next: b}]",
        "[{when: visits.a > 1, next: b}, {next: a}]",
        "[{when: not call.from, next: b}, {when: call.from is starting('+4'), next: c}, {next: a}]",
        "[{when: call.custom == 'a', next: b}, {when: call.custom == 'b', next: c}, {next: a}]",
        "[{when: call.headers.x == call.headers.y, next: b}, {next: c}]",
    ],
)
def test_a_condition_that_depends_on_the_call_is_none_of_lints_business(moves: str) -> None:
    assert told(menu(moves)) == []


def test_a_variable_that_is_never_set_is_a_switch_that_its_author_turns() -> None:
    assert (
        told("  a: {next: [{when: closed, next: b}, {next: c}]}\n", "vars: {closed: false}\n") == []
    )


def test_news_beside_the_call_may_change_what_a_state_has_set() -> None:
    head = "vars: {url: ''}\non: {recording: {set: {url: '{{ result }}'}}}\n"
    states = "  a: {say: x, do: [record: {to: 's3://x'}], set: {url: ''}, next: d}\n"
    states += menu("[{when: url == '', next: b}, {next: c}]").replace("  a:", "  d:")
    assert told(states, head) == []


def test_what_a_room_changes_while_the_call_stays_counts_there() -> None:
    digits = "[{when: up, set: {up: false}}, {set: {up: true}}]"
    states = f"  a: {{conference: {{id: weekly, dtmf: detect}}, on: {{digits: {digits}}}}}\n"
    assert told(states, "vars: {up: false}\n") == []


def test_the_last_move_is_asked_to_have_no_condition_and_nothing_else_is_said() -> None:
    moves = "[{when: call.from == none, next: b}, {when: call.from != none, next: c}]"
    assert [code for code, *_ in told(menu(moves))] == ["E204"]


def test_a_flow_is_come_to_from_where_its_routes_lead(tmp_path: Path) -> None:
    app = "app: example\nroutes:\n  - {domain: app, flow: inside}\n  - flow: outside\n"
    (tmp_path / "app.yaml").write_text(app)
    for name in ("inside", "outside"):
        states = "{a: {next: [{when: call.domain == 'app', next: b}, {next: b}]}, b: {hangup: }}"
        (tmp_path / f"{name}.flow.yaml").write_text(f"flow: {name}\nstart: a\nstates: {states}\n")
    (checked,) = check([tmp_path], PLATFORM)
    assert [(each.code, each.help) for each in checked.diagnostics] == [
        ("E632", 'call.domain is "app" here'),
        ("E631", 'call.domain is "conference", "pstn" or "sip" here'),
    ]


def test_the_moves_that_decide_a_condition_are_shown() -> None:
    moves = "[{when: call.from, next: b}, {when: call.from, next: c}, {next: a}]"
    text = f"flow: example\nstart: a\nstates:\n{menu(moves)}  b: {{hangup: }}\n  c: {{hangup: }}\n"
    (found,) = check_text("f.flow.yaml", text, PLATFORM).diagnostics
    ((place, label),) = [(each.span, each.message) for each in found.related]
    assert (place.line, place.column, label) == (5, 44, "it comes first")


def test_a_menu_that_asks_again_has_heard_something_else() -> None:
    """Pressed 1, then nothing that fits: the prompt of `d` is said again with another input."""
    ask = "{prompt: [{say: One., when: input == '1'}, Press 1.], choices: {1: b}}"
    states = menu("d") + f"  d:\n    menu: {ask}\n    on: {{no_input: b, no_match: b}}\n"
    assert told(states) == []


def test_words_on_a_condition_that_is_decided_are_told_once() -> None:
    ask = "{prompt: [{say: Press 1., when: tries > 1}], choices: {1: b}}"
    states = f"  a:\n    menu: {ask}\n    on: {{no_input: b, no_match: b}}\n"
    assert [code for code, *_ in told(states)] == ["E631"]
