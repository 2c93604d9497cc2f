"""How long things take that nobody has measured: words that a voice says, sound files, ringing,
calls whose end nobody heard of.

What is foreseen of a call and what the emulated platform does are reckoned alike.
"""

import re

SHORTEST = 300
"""Milliseconds that anything heard takes at least."""

SOUND_FILE = 3_000
"""Milliseconds of a sound file whose length nobody has told."""

RINGING = 60_000
"""Milliseconds that a call rings where nothing says how long."""

LONGEST_CALL = 5 * 3_600_000
"""Milliseconds after which a call is taken for over; the platform lets none last longer than four
hours."""

LETTERS_BY_LANGUAGE = {"ja": 8, "zh": 5, "cmn": 5, "ko": 7, "th": 12, "vi": 12, "es": 17, "it": 16}
"""Characters a second that a synthetic voice speaks."""
LETTERS = 15

_BREAK = re.compile(r"<break[^>]*time\s*=\s*[\"']?([0-9]{1,6})(ms|s)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


def spoken(letters: int, locale: str) -> int:
    """Return how many milliseconds a voice takes to say so many characters."""
    return letters * 1000 // LETTERS_BY_LANGUAGE.get(locale.partition("-")[0].lower(), LETTERS)


def breaks(ssml: str) -> int:
    """Return the milliseconds of silence that SSML asks for."""
    found = _BREAK.findall(ssml)
    return sum(int(time) * (1000 if unit.lower() == "s" else 1) for time, unit in found)


def words(ssml: str) -> str:
    """Return the words of SSML, without its marks."""
    return " ".join(_TAG.sub(" ", ssml).split())
