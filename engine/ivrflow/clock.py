"""What time it is, and how moments are written."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)


def as_text(moment: datetime) -> str:
    """Return a moment in UTC, to the second: `2026-11-23T10:00:00Z`."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def as_milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


def from_milliseconds(milliseconds: int) -> datetime:
    """Return the moment in UTC that is so many milliseconds after 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
