"""Telephone numbers as platforms send them and as people write them."""

import re

_E164 = re.compile(r"\+[1-9][0-9]{2,14}")
_NAMED = re.compile(r"<([^<>]*)>\s*$")
_TRUNK = re.compile(r"(?<=[0-9])\s*\(0\)")
"""The zero that is dialled within the country only, in `+46 (0)8 500 000 00`."""

_SEPARATORS = str.maketrans("", "", " \t-.()/\u00a0")
WITHHELD = frozenset({"", "private", "anonymous", "unknown", "restricted", "unavailable"})
"""What stands in the place of a number that the caller hides."""


def is_e164(text: str) -> bool:
    """Whether `text` is a number in international form, `+46850000001` for example."""
    return _E164.fullmatch(text) is not None


def normalise(text: str) -> str | None:
    """Return the number in `text` as E.164 with `+`, or None where there is none.

    Reads what the Voice API v1 sends: numbers without `+` or with a leading `00`, and
    `Name <+46850000001>`; `private` and its like are None. Of `+46 (0)8 500 000 00` the zero in
    brackets is left out.
    """
    named = _NAMED.search(text)
    written = _TRUNK.sub("", named.group(1) if named else text)
    number = written.strip().translate(_SEPARATORS)
    if number.lower() in WITHHELD:
        return None
    number = number.removeprefix("+").removeprefix("00")
    candidate = "+" + number
    return candidate if is_e164(candidate) else None


def mask(number: str) -> str:
    """Return `number` with all but its beginning and its last two digits hidden."""
    shown = 4 if number.startswith("+") else 3
    return number[:shown] + "*" * max(0, len(number) - shown - 2) + number[-2:]
