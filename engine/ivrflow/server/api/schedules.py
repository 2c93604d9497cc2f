"""Schedules: when it is open."""

from datetime import UTC, datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from ivrflow.clock import as_text
from ivrflow.machine.calendar import DAY, Calendar, is_open, next_opening
from ivrflow.server.api.asked import Asked, Listing, Moment, Name, cut_names, moment_of
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.problems import missing, unfit

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""Between these it can be asked whether a schedule is open."""


class Schedule(Struct, frozen=True, kw_only=True):
    """A schedule: `office` is the application's, `front-door.office` that of the flow
    `front-door`. `timezone` is that of its clock on the wall."""

    name: str
    timezone: str


class SchedulePage(Struct, frozen=True, kw_only=True):
    """`next` is the cursor of the page that follows, null behind the last."""

    schedules: list[Schedule]
    next: str | None = None


class Span(Struct, frozen=True, kw_only=True, rename={"start": "from", "end": "to"}):
    """Open from one time on the wall to another, `08:00` to `17:00`; a `to` that is not later than
    `from` is one of the next day."""

    start: str
    end: str


class Opening(Struct, frozen=True, kw_only=True):
    """Whether a schedule is `open` at a point in time. `next_opening` is the first moment from then
    on at which it is, null if that is more than 400 days away; `hours` are those that begin on
    `date`, the date that it is then where the schedule is."""

    at: str
    open: bool
    next_opening: str | None
    date: str
    hours: list[Span]


class OneSchedule(Asked, frozen=True, kw_only=True):
    schedule: Annotated[Name, Meta(description="its name")]
    at: Moment | UnsetType = UNSET


async def listed(engine: Engine, asked: Listing) -> SchedulePage:
    """Return the schedules that flows ask, by their names."""
    contents = engine.contents()
    page, more = cut_names(contents.schedules, asked)
    shown = [Schedule(name=name, timezone=contents.schedules[name].zone.key) for name in page]
    return SchedulePage(schedules=shown, next=more)


async def opening(engine: Engine, asked: OneSchedule) -> Opening:
    """Say whether a schedule is open, when it opens, and its hours of the day."""
    calendar = engine.contents().schedules.get(asked.schedule)
    if calendar is None:
        raise missing("schedule", asked.schedule)
    at = engine.turns.now() if asked.at is UNSET else moment_of(asked.at)
    if not FIRST <= at < LAST:
        raise unfit(f"`at` must lie between {FIRST.year} and {LAST.year}")
    return _shown(calendar, at)


def _shown(calendar: Calendar, at: datetime) -> Opening:
    now = as_text(at)
    day = at.astimezone(calendar.zone).date()
    return Opening(
        at=now,
        open=is_open(calendar, now),
        next_opening=next_opening(calendar, now),
        date=day.isoformat(),
        hours=[
            Span(start=_clock(start), end=_clock(end))
            for start, end in calendar.on(day.toordinal())
        ],
    )


def _clock(second: int) -> str:
    within = second % DAY if second > DAY else second
    return f"{within // 3600:02}:{within % 3600 // 60:02}"
