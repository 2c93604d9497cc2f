"""Schedules on the clock: against an independent reading, minute by minute where clocks change."""

import json
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from conftest import compile_text
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrflow.machine.calendar import Calendar, hours, is_open, next_opening

MINUTE = timedelta(minutes=1)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ZONES = [
    "Europe/Stockholm",
    "America/New_York",
    "America/Havana",  # midnight comes twice, or not at all
    "America/Sao_Paulo",  # the same, the other way round
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # four changes a year
    "Pacific/Apia",  # once lost a whole day
    "UTC",
]
Written = dict[str, dict[str, list[str]]]
"""A schedule: its `open` and `special` hours as written; what is closed has none."""


def calendar(zone: str, written: Written, closed: tuple[str, ...] = ()) -> Calendar:
    schedule = {"timezone": zone, "closed": closed, **written}
    flow = {
        "flow": "f",
        "start": "a",
        "schedules": {"office": schedule},
        "states": {"a": {"say": "{{ hours(office) }}", "hangup": {}}},
    }
    return compile_text(json.dumps(flow)).schedules["f.office"]


def reads_open(zone: str, written: Written, moment: datetime) -> bool:
    """The independent reading: what the clock on the wall shows, as text."""
    local = moment.astimezone(ZoneInfo(zone))
    clock = local.strftime("%H:%M")
    today = hours_of(written, local.date())
    yesterday = hours_of(written, local.date() - timedelta(days=1))
    return any(start <= clock < end or (end < start <= clock) for start, end in today) or any(
        clock < end < start for start, end in yesterday
    )


def hours_of(written: Written, day: date) -> list[tuple[str, str]]:
    special = written.get("special", {}).get(day.isoformat())
    texts = written["open"].get(DAYS[day.weekday()], []) if special is None else special
    return [(text[:5], text[6:]) for text in texts]


@cache
def changes(zone: str, first: int, last: int) -> tuple[datetime, ...]:
    """The hours in which the clocks of `zone` change, from the year `first` to `last`."""
    start = datetime(first, 1, 1, tzinfo=UTC)
    count = (datetime(last + 1, 1, 1, tzinfo=UTC) - start) // timedelta(hours=1)
    times = [start + timedelta(hours=number) for number in range(count)]
    local = ZoneInfo(zone)
    offsets = [each.astimezone(local).utcoffset() for each in times]
    found = zip(times, pairwise(offsets), strict=False)
    return tuple(each for each, (before, after) in found if before != after)


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def judge(zone: str, written: Written, start: datetime, minutes: int) -> None:
    """Compare with the independent reading for some minutes from `start` on."""
    built = calendar(zone, written)
    times = [start + number * MINUTE for number in range(minutes)]
    following: datetime | None = None
    for moment in reversed(times):
        reading = reads_open(zone, written, moment)
        assert is_open(built, iso(moment)) is reading, (zone, written, moment)
        following = moment if reading else following
        found = next_opening(built, iso(moment))
        if following is not None:
            assert found is not None
            assert datetime.fromisoformat(found) == following, (zone, written, moment)
        elif found is not None:
            assert datetime.fromisoformat(found) > times[-1]


def every_day(*hours: str) -> Written:
    return {"open": {day: list(hours) for day in DAYS}}


TEN_YEARS: list[Written] = [
    every_day("00:00-24:00"),
    every_day("02:15-02:45"),
    every_day("00:10-00:40", "01:30-02:30", "23:20-23:50"),
    every_day("03:00-01:30"),
    {"open": {"sun": ["02:30-03:30"], "sat": ["22:00-02:30"]}},
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("written", TEN_YEARS)
def test_ten_years_of_changing_clocks_are_as_the_wall_has_them(zone: str, written: Written) -> None:
    for change in changes(zone, 2011, 2020):
        judge(zone, written, change - timedelta(hours=2), 4 * 60)


@st.composite
def hours_of_a_day(draw: st.DrawFn) -> list[str]:
    times = draw(st.lists(st.integers(0, 287), max_size=6, unique=True).map(sorted))
    clock = [f"{each // 12:02}:{each % 12 * 5:02}" for each in times]
    written = [f"{start}-{end}" for start, end in zip(clock[::2], clock[1::2], strict=False)]
    if len(clock) % 2 and clock[-1] > "00:00":
        written.append(f"{clock[-1]}-{draw(st.sampled_from(['00:00', '00:30', '02:30']))}")
    return [each for each in written if each[:5] != each[6:]]


def week_without_overlaps(written: dict[str, list[str]]) -> dict[str, list[str]]:
    """Leave out what goes on over midnight into the hours of the next day: it is an error."""
    kept = dict(written)
    for day, following in pairwise((*DAYS, DAYS[0])):
        ends, begins = kept.get(day, [])[-1:], kept.get(following, [])[:1]
        if ends and begins and begins[0][:5] < ends[0][6:] < ends[0][:5]:
            kept[day] = kept[day][:-1]
    return kept


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_any_schedule_is_as_the_wall_has_it(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES[:-1]))
    change = data.draw(st.sampled_from(changes(zone, 2011, 2020)))
    written: Written = {
        "open": week_without_overlaps(
            data.draw(st.dictionaries(st.sampled_from(DAYS), hours_of_a_day()))
        ),
        "special": data.draw(
            st.dictionaries(
                st.integers(-3, 3).map(
                    lambda number: (change + timedelta(days=number)).date().isoformat()
                ),
                hours_of_a_day(),
            )
        ),
    }
    start = change + data.draw(st.integers(-30, 3)) * timedelta(hours=1)
    judge(zone, written, start, 20 * 60)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_an_opening_far_away_is_found_over_all_changes(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    quarter = timedelta(minutes=15)
    start = datetime(2013, 1, 1, tzinfo=UTC) + data.draw(st.integers(0, 200_000)) * quarter
    distances = st.integers(0, 380).map(lambda days: (start + timedelta(days=days)).date())
    times = st.sampled_from(["00:00-00:15", "02:15-02:45", "02:30-03:30", "23:45-00:15"])
    special = data.draw(st.dictionaries(distances.map(date.isoformat), times.map(lambda t: [t])))
    written: Written = {"open": {}, "special": special}
    found = next_opening(calendar(zone, written), iso(start))
    ahead = (start + number * quarter for number in range(402 * 96))
    expected = next((each for each in ahead if reads_open(zone, written, each)), None)
    assert expected == (None if found is None else datetime.fromisoformat(found))


OFFICE: Written = {
    "open": {day: ["08:00-12:00", "13:00-17:00"] for day in DAYS[:5]} | {"fri": ["20:00-02:00"]}
}


def test_the_next_opening_speaks_the_clock_of_its_zone() -> None:
    office = calendar("Europe/Stockholm", OFFICE)
    assert next_opening(office, "2026-11-23T03:00:00Z") == "2026-11-23T08:00:00+01:00"
    assert next_opening(office, "2026-06-22T09:30:00Z") == "2026-06-22T11:30:00+02:00", "open now"
    assert next_opening(office, "2026-06-22T10:00:00Z") == "2026-06-22T13:00:00+02:00"


def test_the_night_after_a_date_belongs_to_it() -> None:
    friday, saturday = "2026-11-27", "2026-11-28"
    bar = calendar("Europe/Stockholm", OFFICE, closed=(saturday,))
    assert is_open(bar, f"{saturday}T00:59:59Z")
    assert not is_open(bar, f"{saturday}T01:00:00Z")
    closed_friday = calendar("Europe/Stockholm", OFFICE, closed=(friday,))
    assert not is_open(closed_friday, f"{friday}T20:00:00Z")
    assert not is_open(closed_friday, f"{saturday}T00:00:00Z")


def test_special_hours_come_before_closed_dates() -> None:
    written = {**OFFICE, "special": {"2026-12-23": ["10:00-11:00"]}}
    office = calendar("Europe/Stockholm", written, closed=("2026-12-21..2027-01-03",))
    assert next_opening(office, "2026-12-19T12:00:00Z") == "2026-12-23T10:00:00+01:00"
    assert next_opening(office, "2026-12-23T10:00:00Z") == "2027-01-04T08:00:00+01:00"


def test_what_never_opens_says_so_and_soon() -> None:
    closed = calendar("Europe/Stockholm", OFFICE, closed=("2026-01-01..2039-12-31",))
    assert next_opening(closed, "2026-12-19T12:00:00Z") is None
    assert next_opening(calendar("UTC", {"open": {}}), "2026-12-19T12:00:00Z") is None


@pytest.mark.parametrize(
    ("locale", "heard"),
    [
        ("en-GB", "08:00 to 12:00 and 13:00 to 17:00"),
        ("sv-SE", "08:00 till 12:00 och 13:00 till 17:00"),
        ("it-IT", "dalle 08:00 alle 12:00 e dalle 13:00 alle 17:00"),
        ("xx-XX", "08:00 to 12:00 and 13:00 to 17:00"),
    ],
)
def test_hours_are_said_in_the_language_of_the_caller(locale: str, heard: str) -> None:
    office = calendar("Europe/Stockholm", OFFICE)
    assert hours(office, "2026-11-23T12:00:00Z", locale) == heard


@pytest.mark.parametrize(
    ("written", "heard"),
    [
        ([], ""),
        (["00:00-24:00"], "all day"),
        (["20:00-02:00"], "20:00 to 02:00"),
        (["20:00-00:00"], "20:00 to 24:00"),
        (["08:00-12:00", "12:00-17:00"], "08:00 to 17:00"),
        (
            ["13:00-14:00", "08:00-09:00", "10:00-11:00"],
            "08:00 to 09:00, 10:00 to 11:00 and 13:00 to 14:00",
        ),
    ],
)
def test_hours_of_a_date_are_said_in_order(written: list[str], heard: str) -> None:
    built = calendar("UTC", every_day(*written))
    assert hours(built, "2026-11-23T12:00:00Z", "en-US") == heard


@pytest.mark.parametrize("later", [{}, {"2027-10-30": ["10:00-11:00"]}])
def test_an_hour_that_comes_again_opens_again(later: dict[str, list[str]]) -> None:
    written: Written = {"open": {}, "special": {"2026-10-25": ["02:10-02:20"], **later}}
    shop = calendar("Europe/Stockholm", written)
    assert next_opening(shop, "2026-10-25T00:05:00Z") == "2026-10-25T02:10:00+02:00"
    assert next_opening(shop, "2026-10-25T00:30:00Z") == "2026-10-25T02:10:00+01:00"
