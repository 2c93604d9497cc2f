"""What schedules need to know of the day on which they are read: holidays, and dates gone by.

The extra `holidays` knows the public holidays; it is imported only where a schedule asks for them.
"""

from collections.abc import Mapping
from datetime import date

import msgspec

from ivrflow.diagnostics import Diagnostic, Kind, Severity
from ivrflow.model.schedule import Holidays, Schedule

YEARS = 3
"""Years whose holidays are written out, the current one first."""

UNKNOWN_HOLIDAYS = Kind(
    "E162",
    "unknown-holidays",
    """The holidays of a country are not known: a schedule would be open when nobody is there. The
package `holidays`, which knows them, comes with `pip install 'ivrflow[holidays]'`.""",
    bad="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    holidays: XX
""",
    good="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    holidays: SE
""",
)
PAST_DATES = Kind(
    "W963",
    "past-dates",
    """The dates of a schedule have all gone by, or no holidays of its country are known from today
on: nobody has looked at them for long, and the next holiday would be a working day.""",
    bad="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    closed: [2020-12-24]
""",
    good="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    closed: [2199-12-24]
""",
    severity=Severity.WARNING,
)


def expand_holidays(
    schedules: Mapping[str, Schedule], path: str, today: date
) -> tuple[dict[str, Schedule], list[Diagnostic]]:
    """Return the schedules of the file `path` with the dates of their holidays.

    Beside them, what is wrong with their dates on the day `today`.
    """
    expanded: dict[str, Schedule] = {}
    found: list[Diagnostic] = []
    for name, schedule in schedules.items():
        expanded[name] = schedule
        found += _past(name, schedule, path, today)
        if schedule.holidays is not None:
            filled = _filled(schedule.holidays, path, today)
            if isinstance(filled, Diagnostic):
                found.append(filled)
            else:
                expanded[name] = msgspec.structs.replace(schedule, holidays=filled)
    return expanded, found


def _past(name: str, schedule: Schedule, path: str, today: date) -> list[Diagnostic]:
    """Dates that have all gone by: nobody has looked at them for long."""
    dates = [*schedule.special, *(each.last for each in schedule.closed)]
    if not dates or max(dates) >= today.isoformat():
        return []
    message = f'the dates of "{name}" are all past, the last is {max(dates)}'
    return [PAST_DATES.at(path, schedule.at, message, help="add those to come, or remove them")]


def _filled(wanted: Holidays, path: str, today: date) -> Holidays | Diagnostic:
    country = wanted.country
    try:
        import holidays
    except ImportError:
        message = f'the holidays of "{country}" come from a package that is not installed'
        help = "pip install 'ivrflow[holidays]'"
        return UNKNOWN_HOLIDAYS.at(path, wanted.at, message, help=help)
    years = range(today.year, today.year + YEARS)
    try:
        known = holidays.country_holidays(country, years=years)
    except NotImplementedError:
        message = f'nothing is known of the holidays of "{country}"'
        help = "write the code of a country, such as SE, GB or US, or list dates under `closed`"
        return UNKNOWN_HOLIDAYS.at(path, wanted.at, message, help=help)
    dates = tuple(sorted(each.isoformat() for each in known))
    if not dates or dates[-1] < today.isoformat():
        message = f'no holidays of "{country}" are known from {today.isoformat()} on'
        help = "upgrade the package `holidays`, or list dates under `closed`"
        return PAST_DATES.at(path, wanted.at, message, help=help)
    return msgspec.structs.replace(wanted, dates=dates)
