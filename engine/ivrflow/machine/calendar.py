"""When a schedule is open, as a caller's clock on the wall has it.

Theory of operation. A schedule speaks of wall-clock time, so both passes of a repeated hour count
and a skipped hour never does. Between two changes of the zone's offset, wall-clock time runs like
any other: the next opening is found on the wall, and taken back to real time if no change lies
before it; else the search goes on from the change. A change moves the wall by at most a day, so
only changes within a day of the search's start or of its find can matter.

Times on the wall are seconds since the midnight before 0001-01-01; days are ordinals.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from ivrflow.machine.spoken_hours import spoken

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY = 24 * 3600
LAST_DAY = date.max.toordinal()
HORIZON = 400
"""Days that are looked ahead for an opening."""

Span = tuple[int, int]
"""Open from one second of a date until another, exclusive; past `DAY` in the next date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """A schedule bound to its zone.

    `weekly` has the spans of each day from Monday, `special` those of dates that count before all.
    `closed` are the first and last days of ranges without weekly hours. All are in order; ranges
    don't touch, nor do the spans of one day.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[Span, ...], ...]
    special: Mapping[int, tuple[Span, ...]]
    special_days: tuple[int, ...]
    closed: tuple[tuple[int, int], ...]

    def on(self, day: int) -> tuple[Span, ...]:
        """Return the spans that begin on `day`."""
        special = self.special.get(day)
        if special is not None:
            return special
        if self._closed_until(day) >= day:
            return ()
        return self.weekly[(day - 1) % 7]

    def after(self, day: int) -> int:
        """Return the next day after `day` that may have spans."""
        following = max(day + 1, self._closed_until(day + 1) + 1)
        index = bisect_right(self.special_days, day)
        if index < len(self.special_days):
            following = min(following, self.special_days[index])
        return following

    def _closed_until(self, day: int) -> int:
        """Return the last day of the range that `day` may lie in."""
        index = bisect_right(self.closed, (day, LAST_DAY))
        return self.closed[index - 1][1] if index else 0


def is_open(calendar: Calendar, now: str) -> bool:
    """Whether it is open at `now`, ISO 8601."""
    return _covers(calendar, _on_wall(calendar.zone, _second(now)))


def next_opening(calendar: Calendar, now: str) -> str | None:
    """Return the first moment from `now` on at which it is open, with the zone's own offset.

    None if it doesn't open within `HORIZON` days.
    """
    found = _first_open(calendar, _second(now))
    return None if found is None else datetime.fromtimestamp(found, calendar.zone).isoformat()


def hours(calendar: Calendar, now: str, locale: str) -> str:
    """Return the hours of the date that it is at `now`, as they are spoken; "" without any."""
    day = _on_wall(calendar.zone, _second(now)) // DAY
    return spoken(calendar.on(day), locale)


def _second(now: str) -> int:
    return int(datetime.fromisoformat(now).timestamp())


def _on_wall(zone: ZoneInfo, second: int) -> int:
    local = datetime.fromtimestamp(second, zone)
    return local.toordinal() * DAY + local.hour * 3600 + local.minute * 60 + local.second


def _covers(calendar: Calendar, wall: int) -> bool:
    day, second = divmod(wall, DAY)
    if any(start <= second < end for start, end in calendar.on(day)):
        return True
    return any(second + DAY < end for _, end in calendar.on(day - 1))


def _first_open(calendar: Calendar, second: int) -> int | None:
    """Return the first second of real time, from `second` on, at which it is open."""
    while True:
        wall = _on_wall(calendar.zone, second)
        target = _first_on_wall(calendar, wall)
        found = second + DAY if target is None else second + target - wall
        change = _change(calendar.zone, second, min(found, second + DAY))
        if change is not None:
            second = change
        elif target is None or found <= second + DAY:
            return None if target is None else found
        else:
            second = max(second + DAY, found - 2 * DAY)


def _first_on_wall(calendar: Calendar, wall: int) -> int | None:
    """Return the first open time on the wall from `wall` on, if the clock ran without a change."""
    if _covers(calendar, wall):
        return wall
    day, second = divmod(wall, DAY)
    for start, _ in calendar.on(day):
        if start > second:
            return day * DAY + start
    last = day + HORIZON
    day = calendar.after(day)
    while day <= last:
        spans = calendar.on(day)
        if spans:
            return day * DAY + spans[0][0]
        day = calendar.after(day)
    return None


def _change(zone: ZoneInfo, first: int, last: int) -> int | None:
    """Return the first second after `first` that has another offset, if `last` has."""
    offset = datetime.fromtimestamp(first, zone).utcoffset()
    if datetime.fromtimestamp(last, zone).utcoffset() == offset:
        return None
    while last - first > 1:
        middle = (first + last) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            first = middle
        else:
            last = middle
    return last
