"""Amounts and times of day in the words of a locale, by CLDR's data.

Imported only where a flow says one: Babel takes 25 ms to import. It reads a locale's data from its
own package once a process, in 5 ms.
"""

from datetime import time
from decimal import Decimal
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_time
from babel.numbers import format_currency, get_currency_precision

CLDR_BY_LOCALE = {
    "arb": "ar",
    "cmn-CN": "zh_Hans_CN",
    "en-GB-WLS": "en_GB",
    "zh-HK": "zh_Hant_HK",
}
"""Locales that CLDR calls otherwise than the platform."""

_NARROW = str.maketrans(dict.fromkeys("\u00a0\u202f", " "))
"""Spaces that don't break; a voice may spell them out."""


@lru_cache(maxsize=256)
def amount(number: str, currency: str, locale: str) -> str:
    """Return `1234.50` `SEK` as it is said: "1234,50 svenska kronor".

    Decimals beyond the currency's are rounded half to even; whole amounts have none. Thousands
    stand together: voices read a gap as two numbers.
    """
    smallest = Decimal(1).scaleb(-get_currency_precision(currency))
    value = Decimal(number).quantize(smallest) + 0  # no "-0"
    whole = value == value.to_integral_value()
    text = format_currency(
        value.to_integral_value() if whole else value,
        currency,
        locale=_cldr(locale),
        format_type="name",
        currency_digits=not whole,
        group_separator=False,
    )
    return text.translate(_NARROW)


@lru_cache(maxsize=256)
def time_of_day(text: str, locale: str) -> str:
    """Return `14:05` as the locale writes it: "2:05 PM"."""
    return format_time(time.fromisoformat(text), "short", locale=_cldr(locale)).translate(_NARROW)


@lru_cache(maxsize=128)
def _cldr(locale: str) -> Locale:
    try:
        return Locale.parse(CLDR_BY_LOCALE.get(locale, locale.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        return Locale("en")
