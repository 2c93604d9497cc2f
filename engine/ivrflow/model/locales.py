"""Locales as the platform names its voices."""

import re

_LOCALE = re.compile(r"arb|[a-z]{2,3}(-[A-Z]{2}(-[A-Z]{3})?)?")


def is_locale(text: str) -> bool:
    """Whether `text` has the form of a locale, `en-US` for example."""
    return _LOCALE.fullmatch(text) is not None


def language(locale: str) -> str:
    """Return the language of a locale: `en` of `en-US`."""
    return locale.partition("-")[0]
