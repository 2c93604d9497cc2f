"""Digit patterns: `X` is any digit, `[01]` and `[2-4]` one of a set, all else itself: `10[01]X`."""

import re
from functools import lru_cache

from ivrflow.errors import ExpressionError

_TOKEN = re.compile(r"[0-9*#+]|X|\[(?:[0-9](?:-[0-9])?)+\]")
DIGITS = frozenset("0123456789")


@lru_cache(maxsize=1024)
def parse_pattern(pattern: str) -> tuple[frozenset[str], ...]:
    """Return the characters allowed at each place; raises `ExpressionError`."""
    places: list[frozenset[str]] = []
    at = 0
    while at < len(pattern):
        token = _TOKEN.match(pattern, at)
        if token is None:
            raise ExpressionError(
                f'"{pattern[at]}" can\'t stand in a pattern',
                offset=at,
                help="write digits, X for any digit, [01] or [2-4] for one of a set",
            )
        places.append(_allowed(token.group()))
        at = token.end()
    return tuple(places)


def fits(pattern: str, text: str) -> bool:
    """Whether the whole of `text` fits `pattern`."""
    places = parse_pattern(pattern)
    return len(text) == len(places) and begins(pattern, text)


def begins(pattern: str, text: str) -> bool:
    """Whether something that fits `pattern` begins with `text`."""
    places = parse_pattern(pattern)
    if len(text) > len(places):
        return False
    return all(each in allowed for each, allowed in zip(text, places, strict=False))


def _allowed(token: str) -> frozenset[str]:
    if token == "X":  # noqa: S105  a place in a pattern, no secret
        return DIGITS
    if not token.startswith("["):
        return frozenset(token)
    found: set[str] = set()
    for first, last in re.findall(r"([0-9])(?:-([0-9]))?", token):
        found.update(str(each) for each in range(int(first), int(last or first) + 1))
    return frozenset(found)
