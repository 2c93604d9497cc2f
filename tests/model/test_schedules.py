"""Schedules as written: what is wrong with one is told once, at its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.sinch.platform import PLATFORM

FLOW = """\
flow: example
start: a
schedules:
  office:
    timezone: Europe/Stockholm
    open:
      mon-fri: [08:00-12:00, 13:00-17:00]
      sat: 20:00-02:00
    closed:
    - 2099-12-24
    - 2099-12-27..2099-12-30
    special:
      2099-12-23: 08:00-12:00
states: {a: {say: "{{ hours(office) }}", hangup: }}
"""

FAULTS = [
    ("timezone: Europe/Stockholm", "timezone: Europe/Stokholm", "E161", 5, 15, "Europe/Stockholm"),
    ("timezone: Europe/Stockholm", "timezone: stockholm", "E161", 5, 15, "Europe/Stockholm"),
    ("timezone: Europe/Stockholm", "timezone: Europe", "E161", 5, 15, "Europe/"),
    ("timezone: Europe/Stockholm", "timezone: ../../etc/hosts", "E161", 5, 15, "etc"),
    ("timezone: Europe/Stockholm", 'timezone: ""', "E161", 5, 15, "no time zone"),
    ("timezone: Europe/Stockholm", "timezone: zone.tab", "E161", 5, 15, "no time zone"),
    ("timezone: Europe/Stockholm", "timezone: " + "x" * 5000, "E161", 5, 15, "no time zone"),
    ("timezone: Europe/Stockholm", "timezone: null", "E051", 5, 15, "time zone"),
    ("    timezone: Europe/Stockholm\n", "", "E053", 4, 3, "timezone: Europe/Stockholm"),
    ("13:00-17:00", "11:00-17:00", "E661", 7, 30, "overlap"),
    ("sat: 20:00-02:00", "fri-sat: 20:00-02:00", "E662", 8, 7, "twice"),
    (
        "sat: 20:00-02:00",
        "sat: 20:00-06:00\n      sun: 05:00-17:00",
        "E661",
        9,
        7,
        "end the hours of",
    ),
    ("sat: 20:00-02:00", "sun: 20:00-09:00", "E661", 7, 7, "sun 20:00-09:00 and mon 08:00-12:00"),
    ("sat: 20:00", "saturday: 20:00", "E055", 8, 7, 'did you mean "sat"?'),
    ("mon-fri:", "Monday-Friday:", "E055", 7, 7, 'did you mean "mon-fri"?'),
    ("sat: 20:00-02:00", "sat: 20:00-20:00", "E661", 8, 12, "00:00-24:00"),
    ("sat: 20:00-02:00", "sat: 20:00-24:30", "E051", 8, 12, "hours"),
    ("sat: 20:00-02:00", "sat: 8:00-12:00", "E051", 8, 12, "hours"),
    ("sat: 20:00-02:00", "sat: null", "E051", 8, 12, "hours"),
    ("sat: 20:00-02:00", "fri-sat: 20:00-02:00", "E662", 8, 7, "fri"),
    ("sat: 20:00-02:00", "saturday: 20:00-02:00", "E055", 8, 7, "day"),
    ("2099-12-24", "2099-02-30", "E663", 10, 7, "2099-02-30"),
    ("2099-12-24", "24/12", "E051", 10, 7, "date"),
    ("2099-12-27..2099-12-30", "2099-12-30..2099-12-27", "E663", 11, 7, "2099-12-27..2099-12-30"),
    ("2099-12-23:", "2099-13-23:", "E663", 13, 7, "2099-13-23"),
    ("2099-12-23:", "23 December:", "E055", 13, 7, "date"),
    ("2099-12-23:", "2099-12-24:", "W961", 13, 7, "closed"),
]


def findings(text: str) -> list[tuple[str, int, int, str]]:
    found = check_text("f.flow.yaml", text, PLATFORM).diagnostics
    return [
        (each.code, each.span.line, each.span.column, each.message + each.help) for each in found
    ]


PIECES = [
    "",
    ":",
    " ",
    "\n",
    "{",
    "}",
    "[",
    "]",
    "-",
    "..",
    "0",
    "9",
    "24:00",
    "fri-",
    "null",
    "{{ a }}",
]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_mutation_of_a_schedule_crashes_lint_or_the_compiler(data: st.DataObject) -> None:
    text = FLOW
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        text = (
            text[:at]
            + data.draw(st.sampled_from(PIECES))
            + text[at + data.draw(st.integers(0, 6)) :]
        )
    checked = check_text("f.flow.yaml", text, PLATFORM)
    if checked.is_good:
        for flow in checked.flows.values():
            compile_flow(flow, checked.app, PLATFORM, {})


def test_a_good_schedule_has_no_findings() -> None:
    assert findings(FLOW) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[1])
def test_one_fault_is_one_finding_at_its_place(fault: tuple[str, str, str, int, int, str]) -> None:
    good, bad, code, line, column, word = fault
    assert good in FLOW
    ((found, *place, told),) = findings(FLOW.replace(good, bad, 1))
    assert (found, *place) == (code, line, column)
    assert word in told


@pytest.mark.parametrize("days", ["fri-mon", "sat-wed", "sun-sat", "tue-tue", "sun"])
def test_a_range_of_days_may_go_over_the_week_end(days: str) -> None:
    names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    first, _, last = days.partition("-")
    start, end = names.index(first), names.index(last or first)
    wanted = [names[(start + number) % 7] for number in range((end - start) % 7 + 1)]
    text = FLOW.replace("mon-fri", days).replace("      sat: 20:00-02:00\n", "")
    (flow,) = check_text("f.flow.yaml", text, PLATFORM).flows.values()
    assert list(flow.schedules["office"].open) == wanted


def test_special_hours_may_lie_within_a_closed_range() -> None:
    assert findings(FLOW.replace("2099-12-23:", "2099-12-28:")) == []


def test_a_date_may_have_no_hours() -> None:
    assert findings(FLOW.replace("2099-12-23: 08:00-12:00", "2099-12-23: []")) == []


@pytest.mark.parametrize("hours", ["open: {}", "open: {mon: []}"])
def test_a_schedule_that_never_opens_is_told(hours: str) -> None:
    text = f"""\
flow: example
start: a
schedules:
  office: {{timezone: UTC, {hours}}}
states: {{a: {{say: "{{{{ hours(office) }}}}", hangup: }}}}
"""
    ((code, *place, _),) = findings(text)
    assert (code, *place) == ("W962", 4, 3)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("vars: {office: 1}", ("E109", 4, 8)),
        ("vars: {which: {type: list, of: schedule}}", ("E090", 4, 32)),
        ("params: {which: {type: schedule, default: ofice}}", ("E163", 4, 10)),
        ("vars: {which: {type: schedule, default: ofice}}", ("E163", 4, 8)),
    ],
)
def test_a_name_means_one_thing(line: str, expected: tuple[str, int, int]) -> None:
    text = f"""\
flow: example
start: a
schedules: {{office: {{timezone: UTC, open: {{mon: 08:00-12:00}}}}}}
{line}
states: {{a: {{say: Hello., hangup: }}}}
"""
    assert [each[:3] for each in findings(text)] == [expected]


def test_a_schedule_may_not_be_called_like_a_word_of_expressions() -> None:
    text = """\
flow: example
start: a
schedules: {now: {timezone: UTC, open: {mon: 08:00-12:00}}}
states: {a: {say: Hello., hangup: }}
"""
    assert [each[:3] for each in findings(text)] == [("E109", 3, 13)]


def test_a_variable_takes_a_schedule_from_an_expression_only() -> None:
    text = """\
flow: example
start: a
schedules: {office: {timezone: UTC, open: {mon: 08:00-12:00}}}
vars: {which: schedule}
states:
  a: {set: {which: office}, say: "{{ hours(which) }}", hangup: }
"""
    ((code, *place, told),) = findings(text)
    assert (code, *place) == ("E606", 6, 20)
    assert "{{ office }}" in told
    assert findings(text.replace("which: office", 'which: "{{ office }}"')) == []
