"""Hours in the words of the caller's language."""

from collections.abc import Sequence
from typing import NamedTuple

from ivrflow.model.locales import language

DAY = 24 * 3600


class Words(NamedTuple):
    """How a language says hours: from one time to another, `both` the last two, all day."""

    between: str
    both: str
    all_day: str


WORDS_BY_LANGUAGE = {
    "da": Words("{} til {}", "og", "hele døgnet"),
    "de": Words("{} bis {}", "und", "rund um die Uhr"),
    "en": Words("{} to {}", "and", "all day"),
    "es": Words("de {} a {}", "y", "todo el día"),
    "fi": Words("{} viiva {}", "ja", "koko päivän"),
    "fr": Words("de {} à {}", "et", "toute la journée"),
    "it": Words("dalle {} alle {}", "e", "tutto il giorno"),
    "nb": Words("{} til {}", "og", "hele døgnet"),
    "nl": Words("{} tot {}", "en", "de hele dag"),
    "pl": Words("od {} do {}", "i", "całą dobę"),
    "pt": Words("das {} às {}", "e", "o dia todo"),
    "sv": Words("{} till {}", "och", "dygnet runt"),
}


def spoken(spans: Sequence[tuple[int, int]], locale: str) -> str:
    """Return spans of a day, in seconds, in the language of `locale`; English for one not listed.

    `08:00 to 12:00 and 13:00 to 17:00`. No spans are "".
    """
    words = WORDS_BY_LANGUAGE.get(language(locale), WORDS_BY_LANGUAGE["en"])
    said = [_span(words, start, end) for start, end in spans]
    if len(said) < 2:
        return "".join(said)
    return f"{', '.join(said[:-1])} {words.both} {said[-1]}"


def _span(words: Words, start: int, end: int) -> str:
    if end - start == DAY:
        return words.all_day
    return words.between.format(_clock(start), _clock(end if end <= DAY else end - DAY))


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second % 3600 // 60:02}"
