"""What time it is, and how moments are written."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def now() -> datetime:
    return datetime.now(UTC)


def as_text(moment: datetime) -> str:
    """Return a moment in UTC, to the second: `2026-11-23T10:00:00Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def as_exact_text(moment: datetime) -> str:
    """Return a moment in UTC to the millisecond, where that is no whole second."""
    if moment.microsecond < 1_000:
        return as_text(moment)
    exact = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return exact.replace("+00:00", "Z")


def as_milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970."""
    return (moment - EPOCH) // MILLISECOND


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the moment in UTC that is so many milliseconds after 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
