"""What templates see of schedules: their names, and the functions that ask them."""

from collections.abc import Callable, Mapping

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope
from ivrflow.expr.functions import name_in_scope
from ivrflow.machine.calendar import HORIZON, Calendar, hours, is_open, next_opening

Calendars = Mapping[str, Calendar]
"""Calendars by qualified name, see `Program.schedules`."""


def _next_opening(calendar: Calendar, now: str) -> str:
    """Return when it opens; authors needn't ask if it ever does, for lint has."""
    found = next_opening(calendar, now)
    if found is None:
        raise EvaluationError(f"the schedule does not open within {HORIZON} days")
    return found


ANSWER_BY_NAME: dict[str, Callable[[Calendar, Scope], object]] = {
    name_in_scope("open"): lambda calendar, scope: is_open(calendar, str(scope["now"])),
    name_in_scope("hours"): lambda calendar, scope: hours(
        calendar, str(scope["now"]), str(scope["locale"])
    ),
    name_in_scope("next_opening"): lambda calendar, scope: _next_opening(
        calendar, str(scope["now"])
    ),
}


def of_schedules(name: str, schedules: Calendars, flow: str, scope: Scope) -> object:
    """Return what `name` means in `flow` where it is a schedule or a function of one, else None.

    A schedule is its qualified name; a flow's own hides the application's.
    """
    answer = ANSWER_BY_NAME.get(name)
    if answer is not None:
        return lambda schedule: answer(_calendar(schedule, schedules), scope)
    own = qualified(flow, name)
    known = own if own in schedules else name
    return known if known in schedules else None


def qualified(flow: str, name: str) -> str:
    """Return the name in `Program.schedules` of a schedule that `flow` declares."""
    return f"{flow}.{name}"


def _calendar(schedule: object, schedules: Calendars) -> Calendar:
    calendar = schedules.get(str(schedule))
    if calendar is None:
        raise EvaluationError(f'there is no schedule "{schedule}"')
    return calendar
