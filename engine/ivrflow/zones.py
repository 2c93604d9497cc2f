"""Time zones by the names of the IANA database: the system's, else that of `tzdata`.

The database is imported where a flow has a schedule: few have, and lint is cold each time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def find_zone(name: str) -> ZoneInfo | None:
    """Return the zone called `name`, None if there is none."""
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # "Europe" is a directory
        return None


def zone_names() -> set[str]:
    """Return the name of every zone. Slow: it reads the whole database."""
    import zoneinfo

    return zoneinfo.available_timezones()
