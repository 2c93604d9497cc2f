"""Where the Voice API is: a host a region, and one for what belongs to an account."""

import re

from ivrflow.errors import RequestError
from ivrflow.sinch.limits import REGIONS

CONFIGURATION = "https://callingapi.sinch.com"
"""Numbers, callback URLs and number query: the same for all regions."""

EVERYWHERE = ""
"""No region: Sinch picks one, which need not be that of a call or a room."""

_REGIONAL = re.compile(r"https?://calling-([a-z0-9]+)\.")


def origin_of(region: str) -> str:
    """Return scheme and host of a region, one of `REGIONS` or "" (Sinch picks one).

    Raises `RequestError` for what is none.
    """
    if region == EVERYWHERE:
        return "https://calling.api.sinch.com"
    if region not in REGIONS:
        known = ", ".join(sorted(REGIONS))
        raise RequestError(f'"{region}" is no region: write one of {known}, or none')
    return f"https://calling-{region}.api.sinch.com"


def region_of(url: str | None) -> str:
    """Return the region that a `callResourceUrl` names, "" if it names none that is known.

    A callback says in which region a call lives; where that is, it has no say in.
    """
    found = _REGIONAL.match(url or "")
    return found.group(1) if found is not None and found.group(1) in REGIONS else EVERYWHERE
