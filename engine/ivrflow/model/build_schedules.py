"""Schedules from nodes: hours by day and date."""

import re
from collections.abc import Iterator
from itertools import pairwise

from ivrflow.diagnostics import Kind, Severity, Span, did_you_mean
from ivrflow.model.literals import is_date
from ivrflow.model.reader import Reader, child, entries, items, place, several, word
from ivrflow.model.schedule import DAYS, MIDNIGHT, Dates, Holidays, Hours, Schedule
from ivrflow.source.node import Entry, Node, Scalar
from ivrflow.zones import find_zone, zone_names

UNKNOWN_ZONE = Kind(
    "E161",
    "unknown-timezone",
    "No time zone has the name that a schedule gives: when it is open could not be told.",
    bad="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stokholm
    open: {mon-fri: "08:00-17:00"}
""",
    good="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
""",
    fatal=True,
)
WRONG_HOURS = Kind(
    "E661",
    "wrong-hours",
    "Hours have no length, or overlap others of that day or the day before: one was not meant.",
    bad="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: ["08:00-12:00", "11:00-17:00"]}
""",
    good="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: ["08:00-12:00", "13:00-17:00"]}
""",
)
DAY_TWICE = Kind(
    "E662",
    "day-given-twice",
    "A day of the week has hours twice: which of them count would be chance.",
    bad="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00", fri: "08:00-15:00"}
""",
    good="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-thu: "08:00-17:00", fri: "08:00-15:00"}
""",
)
WRONG_DATE = Kind(
    "E663",
    "wrong-date",
    "A date is not in the calendar, or a range of dates ends before it begins.",
    bad="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    closed: [2199-02-30]
""",
    good="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    closed: [2199-02-28]
""",
)
SPECIAL_CLOSED = Kind(
    "W961",
    "special-date-closed",
    "A date has special hours and is closed too: the special hours count.",
    bad="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    closed: [2199-12-24]
    special: {2199-12-24: "08:00-12:00"}
""",
    good="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
    special: {2199-12-24: "08:00-12:00"}
""",
    severity=Severity.WARNING,
)
NEVER_OPEN = Kind(
    "W962",
    "never-open",
    "A schedule has no hours at all: callers would always hear that it is closed.",
    bad="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: []}
""",
    good="""
app: example
routes: [{flow: example}]
schedules:
  office:
    timezone: Europe/Stockholm
    open: {mon-fri: "08:00-17:00"}
""",
    severity=Severity.WARNING,
)

_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]|24(?=:00)):([0-5][0-9])")


def build_schedules(reader: Reader, node: Node | None) -> dict[str, Schedule]:
    """Build `schedules:`, by name."""
    return {each.key.text: _Builder(reader, each).schedule() for each in entries(node)}


class _Builder:
    """Builds one schedule."""

    def __init__(self, reader: Reader, entry: Entry) -> None:
        self.reader = reader
        self.key = entry.key
        self.node = entry.value

    def schedule(self) -> Schedule:
        special = dict(self._special())
        closed = tuple(self._closed())
        self._closed_too(special, closed)
        self._never_open()
        return Schedule(
            timezone=self._timezone(),
            open=self._open(),
            special=special,
            closed=closed,
            holidays=self._holidays(),
            at=self.key.span,
        )

    def _timezone(self) -> str:
        node = child(self.node, "timezone")
        name = word(node)
        if isinstance(node, Scalar) and not node.is_null and find_zone(name) is None:
            message = f'no time zone is called "{name}"'
            self.reader.note(UNKNOWN_ZONE, node.span, message, _likely_zones(name))
        return name

    def _holidays(self) -> Holidays | None:
        node = child(self.node, "holidays")
        if re.fullmatch(r"[A-Z]{2}", word(node)) is None:
            return None
        return Holidays(country=word(node), at=place(node))

    def _open(self) -> dict[str, tuple[Hours, ...]]:
        open_by_day: dict[str, tuple[Hours, ...]] = {}
        span_by_day: dict[str, Span] = {}
        for each in entries(child(self.node, "open")):
            hours = self._hours(each.value)
            for day in _days(each.key.text):
                if day in open_by_day:
                    help = "give each day once; hours of single dates go to `special`"
                    self.reader.note(DAY_TWICE, each.key.span, f'"{day}" is given twice', help)
                    break
                open_by_day[day] = hours
                span_by_day[day] = each.key.span
        self._over_midnight(open_by_day, span_by_day)
        return open_by_day

    def _over_midnight(
        self, open_by_day: dict[str, tuple[Hours, ...]], span_by_day: dict[str, Span]
    ) -> None:
        """Note hours of a day that begin before those of the day before are over."""
        for day, before in zip(DAYS, (DAYS[-1], *DAYS), strict=False):
            earlier, later = open_by_day.get(before, ())[-1:], open_by_day.get(day, ())[:1]
            if earlier and later and later[0].start < earlier[0].end - MIDNIGHT:
                message = f"{before} {_shown(earlier[0])} and {day} {_shown(later[0])} overlap"
                help = f"end the hours of {before} where those of {day} begin"
                self.reader.note(WRONG_HOURS, span_by_day[day], message, help)
                break

    def _special(self) -> Iterator[tuple[str, tuple[Hours, ...]]]:
        for each in entries(child(self.node, "special")):
            hours = self._hours(each.value)
            if self._is_date(each.key, each.key.text):
                yield each.key.text, hours

    def _closed(self) -> Iterator[Dates]:
        for each in items(child(self.node, "closed")):
            first, _, last = word(each).partition("..")
            last = last or first
            if not (self._is_date(each, first) and self._is_date(each, last)):
                continue
            if last < first:
                help = f'write "{last}..{first}"'
                message = f'"{first}..{last}" ends before it begins'
                self.reader.note(WRONG_DATE, each.span, message, help)
                continue
            yield Dates(first=first, last=last)

    def _is_date(self, node: Node, text: str) -> bool:
        """Whether a date of the right form is one of the calendar; noted if it is not."""
        if is_date(text):
            return True
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            self.reader.note(WRONG_DATE, node.span, f'there is no date "{text}"')
        return False

    def _hours(self, node: Node) -> tuple[Hours, ...]:
        """Read hours in the order of the day."""
        read = [(each, hours) for each in several(node) if (hours := self._interval(each))]
        read.sort(key=lambda each: each[1].start)
        for (_, earlier), (scalar, later) in pairwise(read):
            if later.start < earlier.end:
                message = f"{_shown(earlier)} and {_shown(later)} overlap"
                self.reader.note(WRONG_HOURS, scalar.span, message, "write them as one")
                break
        return tuple(hours for _, hours in read)

    def _interval(self, node: Node) -> Hours | None:
        found = _HOURS.fullmatch(word(node))
        if found is None:
            return None
        hour, minute, end_hour, end_minute = map(int, found.groups())
        start, end = hour * 60 + minute, end_hour * 60 + end_minute
        if start == end:
            help = 'write "00:00-24:00" for all day'
            self.reader.note(WRONG_HOURS, node.span, f'"{word(node)}" ends where it begins', help)
            return None
        return Hours(start=start, end=end if end > start else end + MIDNIGHT)

    def _closed_too(self, special: dict[str, tuple[Hours, ...]], closed: tuple[Dates, ...]) -> None:
        """A date of its own in both lists; special hours within a closed range are meant."""
        single = {dates.first for dates in closed if dates.first == dates.last}
        for each in entries(child(self.node, "special")):
            day = each.key.text
            if special.get(day) and day in single:
                message = f'"{day}" is closed too; its special hours count'
                help = "remove it from `closed` or from `special`"
                self.reader.note(SPECIAL_CLOSED, each.key.span, message, help)

    def _never_open(self) -> None:
        given = [*entries(child(self.node, "open")), *entries(child(self.node, "special"))]
        if not any(several(each.value) for each in given):
            message = f'"{self.key.text}" is never open'
            help = 'give hours by day, for example `open: {mon-fri: "08:00-17:00"}`'
            self.reader.note(NEVER_OPEN, self.key.span, message, help)


def _likely_zones(name: str) -> str:
    known = zone_names()
    alike = [each for each in known if name.lower() in each.lower().split("/")]
    return did_you_mean(name, alike or known)


def _days(text: str) -> list[str]:
    """Return the days of `mon`, `mon-fri` or `fri-mon`; none of another text."""
    first, _, last = text.partition("-")
    last = last or first
    if first not in DAYS or last not in DAYS:
        return []
    start = DAYS.index(first)
    count = (DAYS.index(last) - start) % len(DAYS) + 1
    return [DAYS[(start + number) % len(DAYS)] for number in range(count)]


def _shown(hours: Hours) -> str:
    return f"{_clock(hours.start)}-{_clock(hours.end)}"


def _clock(minutes: int) -> str:
    if minutes > MIDNIGHT:
        minutes -= MIDNIGHT
    return f"{minutes // 60:02}:{minutes % 60:02}"
