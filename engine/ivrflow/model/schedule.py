"""Opening hours as their author means them.

The hours of a date are those of `special`, else none if it is `closed` or a holiday, else those of
its day of the week. Hours belong to the date on which they begin: what is over midnight stays open
even if the next date is closed.
"""

import msgspec

from ivrflow.diagnostics import START, Span
from ivrflow.model.places import PLACE

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = 24 * 60
"""Minutes of a day, whatever its clock is set to meanwhile."""


class _Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Hours(_Value, frozen=True, kw_only=True):
    """Open from `start` until `end`, as minutes of the date; past 1440 in the next date."""

    start: int
    end: int


class Dates(_Value, frozen=True, kw_only=True):
    """All dates from `first` to `last`, ISO 8601."""

    first: str
    last: str


class Holidays(_Value, frozen=True, kw_only=True):
    """The public holidays of a country (ISO 3166). `dates` are filled in before the flow is used,
    as far as they are known then."""

    country: str
    dates: tuple[str, ...] = ()
    at: Span = msgspec.field(default=START, name=PLACE)


class Schedule(_Value, frozen=True, kw_only=True):
    """`open` has hours by day (`mon`), `special` by date. `timezone` is the zone's IANA name."""

    timezone: str
    open: dict[str, tuple[Hours, ...]] = {}
    special: dict[str, tuple[Hours, ...]] = {}
    closed: tuple[Dates, ...] = ()
    holidays: Holidays | None = None
    at: Span = msgspec.field(default=START, name=PLACE)
