"""What lint says of steps on records: one finding at its place, with what to do about it."""

import pytest

from ivrflow.checking import check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM

RECORDS = """\
  attempts: {key: phone?, value: integer, expires: 15m}
  strict: {key: phone, value: integer}
  byname: {key: string, value: string}
  accounts: {key: digits, value: {name: string, since: date?}}
  do_not_call: {key: phone?}
  maintenance: {value: string}
  line: {kind: queue, value: string}
  calls: {kind: queue, key: string}
"""


def of_step(step: str) -> list[Diagnostic]:
    """What is found of a flow with one step."""
    flow = (
        f"flow: example\nstart: a\nvars: {{number: digits, free: list}}\nrecords:\n{RECORDS}"
        f"states:\n  a:\n    set: {{number: 0123, free: [x]}}\n    do: [{step}]\n"
        f"    say: Hello.\n    hangup:\n"
    )
    return list(check_text("f.flow.yaml", flow, PLATFORM).diagnostics)


@pytest.mark.parametrize(
    "step",
    [
        'count: {record: attempts, key: "{{ call.from }}"}',
        'count: {record: attempts, key: "+46701234567", into: tries_so_far}',
        "count: {record: strict, key: +46701234567}",
        """put: {record: byname, key: "{{ call.from | default('withheld') }}", value: x}""",
        'put: {record: byname, key: 7, value: "007"}',
        'put: {record: accounts, key: "{{ number }}", value: {name: Ada, since: 2026-11-23}}',
        'put: {record: accounts, key: 0123, value: {name: "{{ call.id }}", since: null}}',
        'put: {record: accounts, key: 0123, value: {name: "{{ call.id }}"}}',
        'put: {record: do_not_call, key: "{{ call.from }}"}',
        "put: {record: maintenance, value: closed}",
        'claim: {record: byname, any: [ann, "{{ call.id }}"], value: busy, into: agent}',
        'claim: {record: byname, any: "{{ free }}", value: busy, into: agent}',
        'enqueue: {record: line, value: "{{ call.id }}", into: place_in_line}',
        "enqueue: {record: calls, key: sales}",
        "dequeue: {record: line, into: first}",
        "place: {record: line, into: mine}",
        "delete: {record: line, into: left}",
    ],
)
def test_what_fits_is_let_alone(step: str) -> None:
    assert of_step(step) == []


@pytest.mark.parametrize(
    ("step", "code", "message", "help"),
    [
        ("count: {record: atempts}", "E121", 'no record is called "atempts"', '"attempts"'),
        ("read: {record: xyz, into: a}", "E121", 'no record is called "xyz"', "known: accounts"),
        ("count: {record: line}", "E621", '"line" is a queue, and "count"', "enqueue, dequeue"),
        ("dequeue: {record: maintenance}", "E621", '"maintenance" is no queue', "kind: queue"),
        ("count: {record: maintenance}", "E621", "keeps string, which can't be", "value: integer"),
        ("read: {record: attempts, into: a}", "E621", "a value for each phone", "add `key:`"),
        ("enqueue: {record: calls}", "E621", "a queue for each string", "add `key:`"),
        ("read: {record: maintenance, key: x, into: a}", "E621", "has no keys", "leave it out"),
        ("put: {record: maintenance}", "E621", "keeps string: which?", "add `value:`"),
        ("enqueue: {record: line}", "E621", "keeps string: which?", "add `value:`"),
        (
            'put: {record: do_not_call, key: "{{ call.from }}", value: true}',
            "E621",
            "keeps no values, only that there is something",
            "value: string",
        ),
        (
            "claim: {record: byname, key: a, any: [b], value: x}",
            "E621",
            "`key` is one key and `any` are several",
            "one of them",
        ),
        (
            'count: {record: strict, key: "{{ call.from }}"}',
            "E622",
            'this may be null, and a key of "strict" is phone',
            "declare `key: phone?`: callers who withhold their number share one entry then",
        ),
        (
            'read: {record: byname, key: "{{ call.from }}", into: a}',
            "E622",
            'this may be null, and a key of "byname" is string',
            "`| default('withheld')` gives callers who withhold their number one key",
        ),
        (
            'claim: {record: byname, any: [x, "{{ call.from }}"], value: y}',
            "E622",
            "this may be null",
            "withheld",
        ),
        (
            'count: {record: strict, key: "{{ number }}"}',
            "E622",
            'a key of "strict" is phone, not digits',
            "",
        ),
        ("count: {record: strict, key: 0123}", "E622", '"0123" is not a number such as "+46', ""),
        (
            'claim: {record: byname, any: "{{ number }}", value: y}',
            "E622",
            "`any` needs a list, not digits",
            "[a, b]",
        ),
        (
            'put: {record: maintenance, value: "{{ 1 + 1 }}"}',
            "E623",
            'what "maintenance" keeps is string, not integer',
            "",
        ),
        (
            'put: {record: maintenance, value: "{{ call.from }}"}',
            "E623",
            "is string, not phone?",
            "default",
        ),
        (
            'put: {record: maintenance, value: "{{ call.headers.x }}"}',
            "E623",
            "is string, not string?",
            "default",
        ),
        (
            "put: {record: strict, key: +46701234567, value: few}",
            "E623",
            '"few" is not a whole',
            "",
        ),
        (
            "put: {record: accounts, key: 1, value: {name: Ada, sinse: 2026-11-23}}",
            "E623",
            'what "accounts" keeps has no "sinse"',
            '"since"',
        ),
        (
            'put: {record: accounts, key: 1, value: {since: "{{ locale }}", name: Ada}}',
            "E623",
            '"since" is date?, not string',
            "",
        ),
        (
            "put: {record: accounts, key: 1, value: {since: 2026-11-23}}",
            "E623",
            'what "accounts" keeps lacks "name"',
            "add `name:`",
        ),
        ("put: {record: accounts, key: 1, value: Ada}", "E623", "is not a mapping", ""),
        ('log: "{{ mine }}"', "E104", 'there is no "mine"', ""),
        ("count: {record: maintenance, key: x, value: 1}", "E052", '"value"', ""),
        ("read: {record: maintenance}", "E053", "into", ""),
        ("count: {record: strict, key: '{{ nobody }}'}", "E104", 'there is no "nobody"', ""),
        ("count: {record: strict, key: '{{ call.from | upper'}", "E601", "", ""),
    ],
)
def test_what_does_not_fit_is_one_finding(step: str, code: str, message: str, help: str) -> None:
    (found,) = of_step(step)
    assert found.code == code
    assert message in found.message
    assert help in found.help
    assert found.span.line == 16


def test_into_declares_its_variable_with_its_type() -> None:
    step = 'read: {record: attempts, key: "{{ call.from }}", into: before}'
    bad = 'read: {record: attempts, key: "{{ call.from }}", into: number}'
    assert of_step(f'{step}, log: "{{{{ before | default(0) + 1 }}}}"') == []
    (found,) = of_step(f'{step}, log: "{{{{ before + 1 }}}}"')
    assert (found.code, found.message) == ("E602", "there may be no number")
    (found,) = of_step(bad)
    assert (found.code, found.message) == ("E604", '"number" is digits, not integer?')


def test_a_variable_that_two_steps_fill_is_what_both_yield() -> None:
    read = 'read: {record: attempts, key: "{{ call.from }}", into: tries_so_far}'
    count = 'count: {record: attempts, key: "{{ call.from }}", into: tries_so_far}'
    assert of_step(f"{count}, {read}") == []
    other = "read: {record: maintenance, into: tries_so_far}"
    (found,) = of_step(f"{count}, {other}")
    assert (found.code, found.message) == ("E604", '"tries_so_far" is integer, not string?')


def test_what_into_fills_must_be_filled_on_every_way() -> None:
    states = """\
  b:
    menu: {prompt: "{{ mine }}?", choices: {1: c, 2: b}}
    on: {no_input: d, no_match: d}
  c: {do: [place: {record: line, into: mine}], next: b}
  d: {hangup: }
"""
    flow = f"flow: example\nstart: b\nrecords:\n{RECORDS}states:\n{states}"
    (only,) = check_text("f.flow.yaml", flow, PLATFORM).diagnostics
    assert (only.code, only.message) == ("E603", '"mine" may have no value here')


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("{key: list, value: string}", "list can't be a key"),
        ("{key: number, value: string}", "number can't be a key"),
        ("{value: string, expires: 0s}", "a record that expires after 0 keeps nothing"),
        ("{value: {type: string}}", 'this is an object with one property, "type"'),
    ],
)
def test_a_record_that_can_not_be_is_told(record: str, message: str) -> None:
    flow = f"flow: f\nstart: a\nrecords: {{x: {record}}}\nstates:\n  a: {{say: Hi., hangup: }}\n"
    (found,) = check_text("f.flow.yaml", flow, PLATFORM).diagnostics
    assert (found.code, found.message) == ("E624", message)
    assert found.help


def test_a_time_that_is_none_is_told_once() -> None:
    flow = "flow: f\nstart: a\nrecords: {x: {expires: 15}}\nstates: {a: {say: Hi., hangup: }}\n"
    (found,) = check_text("f.flow.yaml", flow, PLATFORM).diagnostics
    assert (found.code, found.help) == ("E051", "write 15s for seconds")


@pytest.mark.parametrize(
    ("when", "expected"), [("call.from != none", []), ("tries < 3", ["E622", "E622"])]
)
def test_a_key_is_never_null_where_a_condition_says_so(when: str, expected: list[str]) -> None:
    text = f"""\
flow: example
start: a
records: {{attempts: {{key: phone, value: integer}}}}
states:
  a:
    next:
      - when: {when}
        do: [delete: {{record: attempts, key: "{{{{ call.from }}}}"}}]
        next: b
      - next: c
  b: {{do: [count: {{record: attempts, key: "{{{{ call.from }}}}"}}], hangup: }}
  c: {{hangup: }}
"""
    assert [each.code for each in check_text("f.flow.yaml", text, PLATFORM).diagnostics] == expected
