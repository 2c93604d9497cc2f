"""What lint proves, and what it keeps quiet about."""

import json
import time
from pathlib import Path

import pytest

from ivrflow.checking import check, check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM


def findings(flow: str) -> list[tuple[str, int, int]]:
    return [(each.code, each.span.line, each.span.column) for each in diagnostics(flow)]


def diagnostics(flow: str) -> tuple[Diagnostic, ...]:
    return check_text("f.flow.yaml", flow.lstrip(), PLATFORM).diagnostics


HEAD = "flow: example\nstart: a\n"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ("states:\n", [("E051", 3, 1)]),
        ("states: {}\n", [("E056", 3, 1)]),
        ("states:\n  a:\n", [("E051", 4, 3)]),
        ("states:\n  a: {say: {{ call.id }}, hangup: }\n", [("E017", 4, 12)]),
        ("states:\n  b: {hangup: }\n", [("E101", 2, 8)]),
        ("states:\n  a: {connect: 08}\n", [("E051", 4, 16)]),
        (
            "states:\n  a:\n    menu: {prompt: 1, timeout: 1h, choices: {1: a}}\n"
            "    on: {no_input: b, no_match: b}\n  b: {hangup: }\n",
            [("E703", 5, 32)],
        ),
        ("vars: {x: 0}\nstates:\n  a: {say: '{{ x / 0 }}', hangup: }\n", [("E602", 5, 18)]),
        ("states:\n  a: {say: '{{ call.from | int }}', hangup: }\n", [("E602", 4, 28)]),
        ("states:\n  a: {say: '{{ " + "9" * 5000 + " }}', hangup: }\n", [("E601", 4, 13)]),
        ("states:\n  a: {record: {to: x}, hangup: }\n", [("E052", 4, 7)]),
        ("states:\n  a: {do: [locale: sv_SE], hangup: }\n", [("E504", 4, 20)]),
        ("states:\n  a: {run: {flow: std/rong}}\n", [("E111", 4, 19)]),
        ("params: {to: destination?}\nstates:\n  a: {hangup: }\n", [("E090", 3, 14)]),
        (
            "vars: {day: '{{ now | date }}'}\nstates:\n  a: {say: '{{ day }}', hangup: }\n",
            [("E681", 3, 13)],
        ),
        ("states:\n  a: {say: Hello., play: jingle, hangup: }\n", [("E581", 4, 20)]),
        (
            "states:\n  a:\n    collect: {prompt: x, length: 4, max: 6}\n"
            "    on: {collected: a, no_input: a, invalid: a}\n",
            [("E481", 5, 26)],
        ),
        (
            "states:\n  a: {do: [record: {to: 's3://a', transcribe: yes}], hangup: }\n",
            [("E051", 4, 47)],
        ),
    ],
)
def test_one_cause_is_one_finding(states: str, expected: list[tuple[str, int, int]]) -> None:
    assert findings(HEAD + states) == expected


def test_the_error_state_is_judged_where_it_can_speak() -> None:
    flow = """
flow: example
start: ask
states:
  ask:
    menu: {prompt: 1 or 2, choices: {1: bye, 2: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
  trouble: {connect: {stream: "wss://bot.example.com"}}
on: {error: trouble}
"""
    assert findings(flow) == [("E301", 8, 13)]


def test_an_action_in_the_wrong_context_shows_the_shortest_way_there() -> None:
    flow = """
flow: example
start: greet
states:
  greet: {say: Hello., next: ring}
  ring:
    connect: {number: "+46850000001"}
    on: {answered: ask}
  ask:
    menu: {prompt: Press 1., choices: {1: room}}
    on: {no_input: bye, no_match: bye}
  room: {conference: {id: weekly}}
  bye: {hangup: }
"""
    (finding,) = diagnostics(flow)
    assert finding.code == "E301"
    assert "greet -> ring -[answered]-> ask -[1]-> room" in finding.help


@pytest.mark.parametrize("truth", ["True", "TRUE", "true", '"true"'])
def test_a_boolean_counts_however_it_is_written(truth: str) -> None:
    flow = f"""
flow: example
start: a
states:
  a:
    connect: {{number: "+46850000001", amd: {truth}}}
"""
    assert [code for code, *_ in findings(flow)] == ["E206"], "machines are detected, not answered"


def test_input_is_gone_when_the_call_is() -> None:
    flow = """
flow: example
start: a
states:
  a:
    menu: {prompt: 1, choices: {1: b}}
    on: {no_input: b, no_match: b, ended: {do: [log: "{{ input }}"]}}
  b: {hangup: }
"""
    assert [code for code, *_ in findings(flow)] == ["E603"]


def test_a_value_must_be_there_on_every_way() -> None:
    flow = """
flow: example
start: a
states:
  a:
    collect: {prompt: "*", length: 4, into: pin, keys: {"*": b}}
    on: {collected: b, no_input: c}
  b: {say: "{{ pin }}", hangup: }
  c: {say: "{{ pin | default('none') }}", hangup: }
"""
    assert findings(flow) == [("E603", 7, 16)]


def test_digits_go_where_digits_fit() -> None:
    flow = """
flow: example
start: a
vars: {pin: 0}
states:
  a:
    collect: {prompt: x, length: 4, into: pin}
    on: {collected: b, no_input: b}
  b: {hangup: }
"""
    assert [code for code, *_ in findings(flow)] == ["E604"]


@pytest.mark.parametrize(("count", "expected"), [(60, []), (2000, ["E222"])])
def test_no_flow_takes_long_to_prove(count: int, expected: list[str]) -> None:
    states = "".join(
        f"  s{number}: {{next: [{{when: tries > {number}, next: s{number + 1}}}, "
        f"{{next: s{number + 2}}}]}}\n"
        for number in range(count)
    )
    last = f"  s{count}: {{hangup: }}\n  s{count + 1}: {{hangup: }}\n"
    began = time.monotonic()
    found = findings(f"flow: long\nstart: s0\nstates:\n{states}{last}")
    assert [code for code, *_ in found] == expected
    assert time.monotonic() - began < 20


FLOW = "flow: example\nstart: a\nparams: {department: {type: string, default: x}}\n" + (
    "states:\n  a: {say: Hello., hangup: }\n"
)


INNER = "flow: inner\nstart: a\nreturns: {done: {}}\n" + (
    "states:\n  a: {say: Hello., return: {name: done}}\n"
)


def application(directory: Path, app: str) -> list[str]:
    (directory / "example.flow.yaml").write_text(FLOW)
    (directory / "inner.flow.yaml").write_text(INNER)
    (directory / "app.yaml").write_text(app)
    return [each.code for one in check([directory], PLATFORM) for each in one.diagnostics]


def test_two_flows_of_one_name_are_told(tmp_path: Path) -> None:
    (tmp_path / "other.flow.yaml").write_text(FLOW)
    assert application(tmp_path, "app: x\nroutes: [{flow: example}]\n") == ["E108"]


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("{{ call.from | default('+46850000001') }}", []),
        ("{{ '+46850000001' if tries > 1 else '+46850000002' }}", []),
        ("{{ call.from | default('nobody') }}", ["E604"]),
        ("{{ call.from | default('0046') }}", ["E604"]),
    ],
)
def test_a_number_written_out_in_an_expression_is_one(value: str, codes: list[str]) -> None:
    flow = f"""
flow: example
start: a
vars: {{caller: phone}}
states:
  a: {{set: {{caller: "{value}"}}, say: "{{{{ caller | phone }}}}", hangup: }}
"""
    assert [code for code, *_ in findings(flow)] == codes


def test_a_route_computes_nothing(tmp_path: Path) -> None:
    app = 'app: x\nroutes: [{flow: example, with: {department: "{{ call.to }}"}}]\n'
    assert application(tmp_path, app) == ["E106"]


def test_a_route_that_no_number_fits_is_told(tmp_path: Path) -> None:
    app = 'app: x\nroutes: [{to: ["4685", "+46"], flow: example}]\n'
    assert application(tmp_path, app) == ["E701"]


@pytest.mark.parametrize(
    ("name", "remedy"), [("welcome", "`play: welcome`"), ("vars.n", "their bare names")]
)
def test_a_name_of_something_else_gets_a_remedy(name: str, remedy: str) -> None:
    flow = f"""
flow: example
start: a
vars: {{n: 1}}
prompts: {{welcome: {{en-US: Welcome.}}}}
states:
  a: {{say: "{{{{ {name} }}}}", hangup: }}
"""
    (finding,) = diagnostics(flow)
    assert remedy in finding.help


def test_braces_around_a_condition_are_told() -> None:
    flow = """
flow: example
start: a
states:
  a: {next: [{when: "{{ tries > 1 }}", next: b}, {next: b}]}
  b: {hangup: }
"""
    (finding,) = diagnostics(flow)
    assert finding.help == "write it without the braces"


def test_what_may_be_null_is_null_from_the_start() -> None:
    flow = """
flow: example
start: a
vars: {name: string?, account: string}
states:
  a: {say: "{{ name | default('you') }} {{ account }}", hangup: }
"""
    assert [code for code, *_ in findings(flow)] == ["E603"], "account alone has no value"


def test_a_large_flow_full_of_conditions_is_linted_in_a_moment() -> None:
    """1,000 menus, each with a way back and a condition on its own visits and variable."""
    states: dict[str, object] = {"bye": {"hangup": {}}}
    for number in range(1_000):
        after = f"s{number + 1}" if number < 999 else "bye"
        states[f"s{number}"] = {
            "set": {f"v{number}": number},
            "menu": {"prompt": "Press 1, or 2.", "choices": {"1": after, "2": "s0"}},
            "on": {
                "no_input": [{"when": f"v{number} == 3", "next": "s0"}, {"next": after}],
                "no_match": [{"when": f"visits.s{number} < 3", "next": "s0"}, {"next": after}],
            },
        }
    variables = {f"v{number}": 0 for number in range(1_000)}
    flow = {"flow": "example", "start": "s0", "vars": variables, "states": states}
    begun = time.process_time()
    assert not [each for each in diagnostics(json.dumps(flow)) if each.is_error]
    assert time.process_time() - begun < 20


def test_a_number_that_may_be_null_is_not_dialled() -> None:
    """Callers who hide theirs would hear an apology."""
    bare = HEAD + "states:\n  a: {connect: {number: '{{ call.from }}'}}\n"
    assert "E602" in {code for code, _, _ in findings(bare)}
    asked = HEAD + (
        "states:\n  a: {next: [{when: call.from != none, next: b}, {next: c}]}\n"
        "  b: {connect: {number: '{{ call.from }}'}}\n  c: {hangup: }\n"
    )
    assert "E602" not in {code for code, _, _ in findings(asked)}


def test_a_state_that_can_have_no_such_name_is_told_once() -> None:
    text = HEAD + "states:\n  a: {say: Hello., next: Bye}\n  bye: {hangup: }\n"
    assert [code for code, line, _ in findings(text) if line == 4] == ["E051"]
