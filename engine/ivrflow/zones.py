"""Time zones by the names of the IANA database: the system's, else that of `tzdata`."""

import zoneinfo
from zoneinfo import ZoneInfo


def find_zone(name: str) -> ZoneInfo | None:
    """Return the zone called `name`, None if there is none."""
    try:
        return ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # "Europe" is a directory
        return None


def zone_names() -> set[str]:
    """Return the name of every zone. Slow: it reads the whole database."""
    return zoneinfo.available_timezones()
