"""Holidays become dates when a flow is read, and dates gone by are told."""

import sys
from datetime import date

import pytest

from ivrflow.checking import Checked, check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.calendar import is_open, next_opening
from ivrflow.machine.program import Program
from ivrflow.sinch.platform import PLATFORM

TODAY = date(2026, 11, 24)


def checked(options: str, today: date = TODAY) -> Checked:
    text = f"""\
flow: example
start: a
schedules:
  office: {{timezone: Europe/Stockholm, open: {{mon-sun: 08:00-17:00}}, {options}}}
states: {{a: {{say: "{{{{ hours(office) }}}}", hangup: }}}}
"""
    return check_text("f.flow.yaml", text, PLATFORM, today=today)


def codes(options: str, today: date = TODAY) -> list[str]:
    return [each.code for each in checked(options, today).diagnostics]


def program(today: date) -> Program:
    good = checked("holidays: SE", today)
    assert good.diagnostics == ()
    return compile_flow(good.flows["example"], good.app, PLATFORM, {})


def test_it_is_closed_on_the_public_holidays_of_this_year_and_the_next_two() -> None:
    office = program(TODAY).schedules["example.office"]
    for holiday in ("2026-06-20", "2027-06-26", "2028-06-24"):  # Midsummer Day moves
        assert not is_open(office, f"{holiday}T10:00:00Z")
    assert next_opening(office, "2026-12-24T18:00:00Z") == "2026-12-27T08:00:00+01:00"
    assert is_open(office, "2026-11-29T10:00:00Z"), "a Sunday like any other"


def test_the_dates_are_part_of_what_a_program_is() -> None:
    assert b"2028-12-25" in program(TODAY).closure
    assert program(TODAY).id == program(date(2026, 1, 1)).id
    assert program(TODAY).id != program(date(2027, 1, 1)).id


def test_special_hours_come_before_a_holiday() -> None:
    good = checked("holidays: SE, special: {2026-12-25: 10:00-12:00}")
    office = compile_flow(good.flows["example"], good.app, PLATFORM, {}).schedules["example.office"]
    assert is_open(office, "2026-12-25T10:00:00Z")


def test_a_country_that_does_not_exist_is_an_error() -> None:
    assert codes("holidays: XX") == ["E162"]
    assert codes("holidays: sweden") == ["E051"]


def test_without_the_package_one_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)
    (found,) = checked("holidays: SE").diagnostics
    assert (found.code, found.span.line, found.span.column) == ("E162", 4, 80)
    assert "ivrflow[holidays]" in found.help
    assert codes("closed: [2026-12-24]") == [], "nobody else needs it"


@pytest.mark.parametrize(
    "dates", ["closed: [2026-01-02..2026-11-23]", "special: {2026-11-23: 08:00-09:00}"]
)
def test_dates_that_have_all_gone_by_are_a_warning(dates: str) -> None:
    assert codes(dates) == ["W963"]
    assert codes(dates, date(2026, 11, 23)) == []
    assert codes(f"{dates}, holidays: SE") == ["W963"]


def test_holidays_that_nobody_knows_any_more_are_a_warning() -> None:
    assert codes("holidays: SE", date(2150, 1, 1)) == ["W963"]
