"""What a condition proves: a value that may be null is there where it says so, and only there."""

import pytest

from ivrflow.checking import check_text
from ivrflow.sinch.platform import PLATFORM

HEAD = """\
flow: example
start: a
params: {due: date?, amount: number?}
vars: {seen: date?}
states:
"""


def codes(states: str) -> list[str]:
    return [each.code for each in check_text("f.flow.yaml", HEAD + states, PLATFORM).diagnostics]


def said(text: str) -> list[str]:
    return codes(f"  a: {{say: '{text}', hangup: }}\n")


def moved(moves: str) -> list[str]:
    states = f"  a: {{next: {moves}}}\n"
    states += "  b: {say: '{{ params.due | date }}', hangup: }\n  c: {hangup: }\n"
    return codes(states)


def test_a_nullable_date_can_not_be_said_just_so() -> None:
    assert said("{{ params.due | date }}") == ["E602"]


@pytest.mark.parametrize(
    "text",
    [
        "{{ params.due | date if params.due else call.id }}",
        "{{ call.id if params.due == none else params.due | date }}",
        '{{ params.due != none and (params.due | date) > "2026-01-01" }}',
        '{{ params.due == none or (params.due | date) > "2026-01-01" }}',
        "{{ params.amount + 1 if params.amount > 3 else 0 }}",
    ],
)
def test_a_condition_within_an_expression_counts(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "{{ params.due | date if not params.due else call.id }}",
        "{{ params.due | date if params.due == none else call.id }}",
        "{{ params.due | date if params.amount else call.id }}",
        "{{ params.due | date if params.due or params.amount else call.id }}",
        "{{ params.amount + 1 if params.amount == params.amount else 0 }}",
    ],
)
def test_a_condition_that_proves_nothing_does_not(text: str) -> None:
    assert said(text) == ["E602"]


def test_a_part_is_heard_only_where_its_condition_holds() -> None:
    part = "  a: {say: [{say: '{{ params.due | date }}', when: %s}, Bye.], hangup: }\n"
    assert codes(part % "params.due != none") == []
    assert codes(part % "params.due == none") == ["E602"]


@pytest.mark.parametrize(
    "moves",
    [
        "[{when: params.due, next: b}, {next: c}]",
        "[{when: params.due == none, next: c}, {next: b}]",
        "[{when: not params.due, next: c}, {when: params.amount, next: c}, {next: b}]",
        "[{when: params.due and params.amount, next: b}, {next: c}]",
    ],
)
def test_a_state_knows_what_every_way_to_it_has_asked(moves: str) -> None:
    assert moved(moves) == []


@pytest.mark.parametrize(
    "moves",
    [
        "[{when: params.amount, next: b}, {next: c}]",
        "[{when: params.due, next: b}, {when: params.amount, next: b}, {next: c}]",
        "[{when: params.due == none, next: b}, {next: c}]",
    ],
)
def test_one_way_that_has_not_asked_is_enough(moves: str) -> None:
    assert moved(moves) == ["E602"]


def test_what_was_known_of_a_variable_is_gone_with_its_value() -> None:
    states = """\
  a: {set: {seen: "{{ params.due }}"}, next: [{when: seen, next: b}, {next: c}]}
  b: {%s say: "{{ seen | date }}", hangup: }
  c: {hangup: }
"""
    assert codes(states % "") == []
    assert codes(states % "set: {seen: '{{ params.due }}'},") == ["E602"]


def test_who_asks_as_in_jinja_is_told_our_word() -> None:
    (found,) = check_text(
        "f.flow.yaml", HEAD + "  a: {say: '{{ params.due is none }}', hangup: }\n", PLATFORM
    ).diagnostics
    assert (found.code, found.help) == ("E602", "compare: x == none")


PARTS = """\
flow: example
start: a
locale: en-US
params: {due: {type: object?, properties: {day: date, n: integer}}}
records: {visits: {key: string, value: {last: date, n: integer}, expires: 30d}}
requests:
  find:
    get: "https://x.example.com/"
    timeout: 1s
    returns:
      days: {type: list, of: date}
      slots: {type: list, of: {type: object, properties: {day: date}}}
vars: {visit: object?}
states:
"""


def in_parts(states: str) -> list[str]:
    return [each.code for each in check_text("f.flow.yaml", PARTS + states, PLATFORM).diagnostics]


def in_answer(say: str) -> list[str]:
    return in_parts(
        "  a: {request: {name: find, into: found}, on: {ok: b, error: c}}\n"
        f"  b: {{say: {say}, hangup: }}\n  c: {{say: Sorry., hangup: }}\n"
    )


@pytest.mark.parametrize("text", ["{{ params.due.day | date }}", "{{ params.due.n + 1 }}"])
def test_a_part_of_what_may_be_null_may_be_null(text: str) -> None:
    assert "E602" in in_parts(f"  a: {{say: '{text}', hangup: }}\n")


@pytest.mark.parametrize(
    "condition",
    ["params.due", "params.due != none", "params.due.day", 'params.due["n"] != none'],
)
def test_what_proves_the_whole_or_one_part_proves_the_parts(condition: str) -> None:
    text = f"{{{{ params.due.n + 1 if {condition} else 0 }}}}"
    assert "E602" not in in_parts(f"  a: {{say: '{text}', hangup: }}\n")


def test_what_was_never_recorded_has_no_parts() -> None:
    read = "  a: {do: [{read: {record: visits, key: x, into: seen}}], say: '%s', hangup: }\n"
    assert in_parts(read % "{{ seen.n + 1 }}") == ["E602"]
    assert in_parts(read % "{{ seen.n + 1 if seen else 1 }}") == []


def test_a_list_may_be_too_short() -> None:
    assert in_answer("'{{ found.days[0] | date }}'") == ["E602"]
    assert in_answer("'{{ found.slots[1].day | date }}'") == ["E602"]
    assert in_answer("""[{say: '{{ found.days[0] | date }}', when: "found.days[1]"}, Bye.]""") == [
        "E602"
    ]


def test_an_item_that_is_proven_is_there() -> None:
    assert in_answer("""[{say: '{{ found.days[0] | date }}', when: "found.days[0]"}, Bye.]""") == []
    assert (
        in_answer(
            """[{say: '{{ found.days[-1] | date }}', when: "found.days[-1] != none"}, Bye.]"""
        )
        == []
    )
    assert (
        in_answer(
            """[{say: '{{ found.slots[1].day | date }}', when: "found.slots[1].day"}, Bye.]"""
        )
        == []
    )


def test_another_answer_takes_back_what_was_known_of_its_items() -> None:
    states = """\
  a: {request: {name: find, into: found}, on: {ok: b, error: d}}
  b: {next: [{when: "found.days[0]", next: c}, {next: d}]}
  c: {request: {name: find, into: found}, on: {ok: e, error: d}}
  d: {say: Sorry., hangup: }
  e: {say: '{{ found.days[0] | date }}', hangup: }
"""
    assert in_parts(states) == ["E602"]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("", []),
        ("do: [set: {i: 1}]", ["E602"]),
        ("do: [set: {numbers: []}]", ["E602"]),
        ("do: [set: {other: 1}]", []),
    ],
)
def test_a_place_in_a_list_is_known_until_the_list_or_the_place_changes(
    before: str, expected: list[str]
) -> None:
    text = f"""\
flow: example
start: a
vars: {{numbers: {{type: list, of: phone, default: ["+46850000001"]}}, i: 0, other: 0}}
states:
  a: {{next: [{{when: "numbers[i] == none", next: c}}, {{next: b}}]}}
  b:
    {before or "say: Hello."}
    next: d
  c: {{hangup: }}
  d: {{connect: {{sip: "{{{{ numbers[i] }}}}"}}}}
"""
    assert [each.code for each in check_text("f.flow.yaml", text, PLATFORM).diagnostics] == expected
