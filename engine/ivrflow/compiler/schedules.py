"""Schedules of the model as calendars, bound to their zones."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import msgspec

from ivrflow.machine.calendar import Calendar, Span
from ivrflow.machine.opening import qualified
from ivrflow.model.flow import Flow
from ivrflow.model.schedule import DAYS, Hours, Schedule
from ivrflow.zones import find_zone

EVER = (date.min.toordinal(), date.max.toordinal())


def compile_schedules(shared: Mapping[str, Schedule], flows: Iterable[Flow]) -> dict[str, Calendar]:
    """Return the calendars of the application's schedules, `shared`, and of those of `flows`.

    They go by their qualified names. Raises `msgspec.ValidationError` where a zone is missing.
    """
    own = {
        qualified(flow.name, name): schedule
        for flow in flows
        for name, schedule in flow.schedules.items()
    }
    return {name: _calendar(each) for name, each in {**shared, **own}.items()}


def _calendar(schedule: Schedule) -> Calendar:
    zone = find_zone(schedule.timezone)
    if zone is None:
        raise msgspec.ValidationError(f'there is no time zone "{schedule.timezone}" here')
    special = {_ordinal(day): _spans(hours) for day, hours in schedule.special.items()}
    return Calendar(
        zone=zone,
        weekly=tuple(_spans(schedule.open.get(day, ())) for day in DAYS),
        special=special,
        special_days=tuple(sorted(special)),
        closed=_joined(_closed(schedule), gap=1),
    )


def _spans(hours: Iterable[Hours]) -> tuple[Span, ...]:
    return _joined(((each.start * 60, each.end * 60) for each in hours), gap=0)


def _closed(schedule: Schedule) -> Iterator[tuple[int, int]]:
    if not any(schedule.open.values()):
        yield EVER
    for dates in schedule.closed:
        yield _ordinal(dates.first), _ordinal(dates.last)
    if schedule.holidays is not None:
        for day in schedule.holidays.dates:
            yield _ordinal(day), _ordinal(day)


def _joined(ranges: Iterable[tuple[int, int]], *, gap: int) -> tuple[tuple[int, int], ...]:
    """Return ranges in order, those made one that lie no more than `gap` apart."""
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _ordinal(day: str) -> int:
    return date.fromisoformat(day).toordinal()
