"""Locales as the platform names its voices."""

import re
from collections.abc import Mapping

_LOCALE = re.compile(r"arb|[a-z]{2,3}(-[A-Z]{2}(-[A-Z]{3})?)?")


def is_locale(text: str) -> bool:
    """Whether `text` has the form of a locale, `en-US` for example."""
    return _LOCALE.fullmatch(text) is not None


def language(locale: str) -> str:
    """Return the language of a locale: `en` of `en-US`."""
    return locale.partition("-")[0]


def best_locale(wanted: str, known: Mapping[str, object], default: str) -> str:
    """Return the locale in which a prompt is heard by a caller who wants `wanted`.

    The very locale, else one of the same language, else the flow's own, else the first declared.
    """
    if wanted in known:
        return wanted
    same_language = (locale for locale in known if language(locale) == language(wanted))
    return next(same_language, default if default in known else next(iter(known)))
