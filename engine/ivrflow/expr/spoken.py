"""Values that are said otherwise than they are written: a phone number, a date, an amount.

The filters of `SPEAKING` yield a `Spoken`: in comparisons, logs and URLs the text that it is; in
words that are said what `kind` and `value` make of it, by the locale in which it is said.
"""

import re
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

from ivrflow.errors import EvaluationError


class SpokenKind(StrEnum):
    DIGITS = "digits"
    LETTERS = "letters"
    PHONE = "phone"
    DATE = "date"
    TIME = "time"
    AMOUNT = "amount"


class Spoken(str):
    """A text with what it stands for.

    `value` is digits, letters, a phone number with or without `+`, `2026-11-23`, `14:05`, or an
    amount and its currency: `1234.50 SEK`.
    """

    __slots__ = ("kind", "value")

    kind: SpokenKind
    value: str

    @classmethod
    def of(cls, kind: SpokenKind, value: str, text: str | None = None) -> "Spoken":
        spoken = cls(value if text is None else text)
        spoken.kind = kind
        spoken.value = value
        return spoken


SayAs = Callable[[Spoken, str], str]
"""Returns what says a value in the voice or locale that is named: words, or an element."""

CURRENCY = re.compile("[A-Z]{3}")
"""An ISO 4217 code."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,16}(\.[0-9]{1,20})?", re.ASCII)


def plain(value: object) -> object:
    """Return a value as it is kept: no more than its text."""
    return str(value) if isinstance(value, Spoken) else value


def apart(kind: SpokenKind) -> Callable[[str], Spoken]:
    """Return the filter of values whose characters are said one by one."""

    def speak(text: str) -> Spoken:
        value = text.replace(" ", "")
        return Spoken.of(kind, value, " ".join(value))

    return speak


def date(text: str) -> Spoken:
    return Spoken.of(SpokenKind.DATE, _moment(text).date().isoformat())


def time(text: str) -> Spoken:
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text, re.ASCII):
        return Spoken.of(SpokenKind.TIME, text)
    return Spoken.of(SpokenKind.TIME, _moment(text).strftime("%H:%M"))


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise EvaluationError(f'"{text[:40]}" is no point in time') from None


def amount(text: str, currency: str) -> str:
    """Return an amount; what is no currency's code is said as it is written, after the number."""
    number, code = text.strip().removeprefix("+"), currency.strip().upper()
    if _NUMBER.fullmatch(number) is None:
        raise EvaluationError(f'"{text[:20]}" is no amount: write it as in 1234.50')
    if CURRENCY.fullmatch(code) is None:
        return f"{number} {currency}".strip()
    return Spoken.of(SpokenKind.AMOUNT, f"{number} {code}")
