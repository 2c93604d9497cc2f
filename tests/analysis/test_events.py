"""What a flow waits for and the platform never tells, and recordings that nobody announced."""

from pathlib import Path

import pytest

from ivrflow.checking import check, check_text
from ivrflow.sinch.platform import PLATFORM

HEAD = "flow: example\nstart: a\n"


def codes(states: str, on: str = "") -> list[str]:
    text = f"{HEAD}{on}states:\n{states}  b: {{continue: }}\n"
    return [each.code for each in check_text("f.flow.yaml", text, PLATFORM).diagnostics]


@pytest.mark.parametrize(
    ("connect", "expected"),
    [
        ("{user: ada}", ["E221"]),
        ('{stream: "wss://bot.example.com"}', ["E221"]),
        ('{number: "+46850000001", callbacks: false}', ["E221"]),
        ('{number: "+46850000001"}', []),
        ('{sip: "ada@example.com"}', []),
    ],
)
def test_an_answer_is_only_waited_for_where_somebody_tells_of_it(
    connect: str, expected: list[str]
) -> None:
    assert codes(f"  a: {{connect: {connect}, on: {{answered: b}}}}\n") == expected


def test_machines_are_not_detected_where_nobody_tells_and_that_is_one_finding() -> None:
    connect = '{number: "+46850000001", amd: true, callbacks: false}'
    assert codes(f"  a: {{connect: {connect}}}\n  c: {{next: b}}\n").count("E781") == 1
    handled = codes(f"  a: {{connect: {connect}, on: {{human: b, machine: b, unsure: b}}}}\n")
    assert handled == ["E781"]


def test_an_outcome_that_never_happens_leaves_no_second_finding_behind() -> None:
    connect = 'connect: {number: "+46850000001"}'
    assert codes(f"  a: {{{connect}, on: {{human: b}}}}\n") == ["E103"]


def test_nobody_is_found_missing_by_a_name_of_its_own() -> None:
    requests = (
        'requests: {find: {get: "https://crm.example.com/", timeout: 1s, status: {404: nobody}}}\n'
    )
    on = "{ok: bye, error: bye, nobody: bye, not_found: bye}"
    states = f"  a: {{request: {{name: find}}, on: {on}}}\n  bye: {{hangup: }}\n"
    found = check_text("f.flow.yaml", f"{HEAD}{requests}states:\n{states}", PLATFORM).diagnostics
    assert [each.code for each in found] == ["E103"]


def test_a_recording_that_a_flow_inside_makes_is_told_of(tmp_path: Path) -> None:
    inner = "flow: inner\nstart: a\nreturns: {done: {}}\nstates:\n"
    inner += '  a: {say: x, do: [record: {to: "s3://calls"}], return: {name: done}}\n'
    outer = "flow: outer\nstart: a\non: {recording: {do: [log: x]}, transcript: {do: [log: x]}}\n"
    outer += "states:\n  a: {run: {flow: inner}, on: {done: b}}\n  b: {hangup: }\n"
    (tmp_path / "inner.flow.yaml").write_text(inner)
    (tmp_path / "outer.flow.yaml").write_text(outer)
    (checked,) = check([tmp_path], PLATFORM)
    assert [(each.code, each.message) for each in checked.diagnostics] == [
        ("E221", '"transcript" never comes: nothing is written down')
    ]


RECORD = 'do: [record: {to: "s3://calls"}]'
RING = 'connect: {number: "+46850000001"}'


@pytest.mark.parametrize(
    "states",
    [
        f"  a: {{{RECORD}, {RING}}}\n",
        f"  a: {{{RECORD}, next: c}}\n  c: {{{RING}}}\n",
        f"  a: {{next: [{{when: call.from, say: x, next: c}}, {{next: c}}]}}\n"
        f"  c: {{{RECORD}, {RING}}}\n",
        f"  a: {{next: {{{RECORD}, next: c}}}}\n  c: {{conference: {{id: weekly}}}}\n",
    ],
)
def test_a_caller_who_has_heard_nothing_is_not_recorded(states: str) -> None:
    text = f"{HEAD}states:\n{states}"
    assert [each.code for each in check_text("f.yaml", text, PLATFORM).diagnostics] == ["E811"]


@pytest.mark.parametrize(
    "states",
    [
        f"  a: {{say: Recorded., {RECORD}, {RING}}}\n",
        f"  a: {{{RECORD}, next: c}}\n  c: {{say: Recorded., {RING}}}\n",
        f"  a: {{{RECORD}, next: {{say: Recorded., next: c}}}}\n  c: {{{RING}}}\n",
        "  a:\n    menu: {prompt: Press 1., choices: {1: c}}\n"
        "    on: {no_input: c, no_match: c}\n"
        f"  c: {{{RECORD}, {RING}}}\n",
        f"  a: {{{RECORD}, hangup: }}\n",
    ],
)
def test_a_caller_who_has_heard_words_may_be(states: str) -> None:
    text = f"{HEAD}states:\n{states}"
    assert check_text("f.yaml", text, PLATFORM).diagnostics == ()


def test_silence_is_followed_into_flows_and_back(tmp_path: Path) -> None:
    outer = "flow: outer\nstart: a\nstates:\n  a: {run: {flow: inner}, on: {done: b, told: b}}\n"
    (tmp_path / "outer.flow.yaml").write_text(f"{outer}  b: {{{RECORD}, {RING}}}\n")
    inner = "flow: inner\nstart: a\nreturns: {done: {}, told: {}}\nstates:\n"
    inner += "  a: {next: [{when: call.from, next: c}, {next: d}]}\n"
    inner += "  d: {say: Recorded., return: {name: told}}\n"
    (tmp_path / "inner.flow.yaml").write_text(f"{inner}  c: {{return: {{name: done}}}}\n")
    (checked,) = check([tmp_path], PLATFORM)
    ((code, help),) = [(each.code, each.help) for each in checked.diagnostics]
    assert code == "E811"
    assert help == "say so first; a call comes here in silence by a -> b"


def routes(directory: Path, *routes: str) -> list[str]:
    lines = "".join(f"  - {{{each}, flow: example}}\n" for each in routes)
    (directory / "app.yaml").write_text(f"app: a\nroutes:\n{lines}")
    (directory / "example.flow.yaml").write_text(f"{HEAD}states:\n  a: {{say: Hi., hangup: }}\n")
    (checked,) = check([directory], PLATFORM)
    return [each.message for each in checked.diagnostics]


def test_routes_that_take_all_calls_together_leave_none_for_another(tmp_path: Path) -> None:
    domains = [f"domain: {each}" for each in ("pstn", "app", "sip", "conference")]
    message = "the routes in lines 3 and 4 and 5 and 6 take these calls already"
    assert routes(tmp_path, *domains, 'to: "+46850000000"') == [message]
    assert routes(tmp_path, *domains[1:], 'to: "+46850000000"') == []
    both = ('to: ["+46*"]', 'to: ["+47*"]', 'to: ["+468*", "+47*"]')
    assert routes(tmp_path, *both) == ["the routes in lines 3 and 4 take these calls already"]
    assert routes(tmp_path, *both[:1], 'to: ["+4*"]') == []
