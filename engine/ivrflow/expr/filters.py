"""The filters and tests of the language: what each takes, gives and computes. All pure.

`FILTERS` and `TESTS` are the whole list. On the values of a call they raise `EvaluationError` only.
"""

import re
import zlib
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar
from urllib.parse import quote

import msgspec

from ivrflow.errors import EvaluationError, ExpressionError
from ivrflow.expr import spoken
from ivrflow.expr.parse import MAX_NUMBER
from ivrflow.expr.pattern import fits, parse_pattern
from ivrflow.expr.spoken import SpokenKind
from ivrflow.expr.types import T

TEXTS = frozenset(
    {
        T.STRING,
        T.DIGITS,
        T.PHONE,
        T.DATE,
        T.TIME,
        T.DESTINATION,
        T.INSTANT,
    }
)
NUMBERS = frozenset({T.INTEGER, T.NUMBER, T.DURATION})

Compute = Callable[..., object]
N = TypeVar("N", int, float)


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known of a filter or test.

    `takes` are the types of its operand, empty for any; `arguments` how many it must have.
    `for_secrets`: a secret may have it, for what it yields is none, or (`default`) still one.
    `needs_value`: it fails on null; the others take it for an empty text. `speaks`: it yields a
    `Spoken`. `check` judges an argument that is written out; it raises `ExpressionError`.
    """

    takes: frozenset[T] = frozenset()
    gives: T = T.STRING
    arguments: int = 0
    for_secrets: bool = False
    needs_value: bool = False
    speaks: bool = False
    check: Callable[[object], object] | None = None
    compute: Compute


def _luhn(digits: str) -> bool:
    if not (digits.isascii() and digits.isdigit()):
        return False
    doubled = (int(each) * 2 for each in reversed(digits[-2::-2] if len(digits) > 1 else ""))
    total = sum(each - 9 if each > 9 else each for each in doubled)
    return (total + sum(int(each) for each in digits[::-2])) % 10 == 0


def _bucket(value: object, count: object) -> int:
    """A number from 0 to `count` - 1 that is always the same for the same value."""
    if not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= MAX_NUMBER:
        raise EvaluationError(f'bucket needs a number of buckets, not "{count}"')
    return zlib.crc32(to_text(value).encode("utf-8", "replace")) % count


def _check_bucket(count: object) -> None:
    if not isinstance(count, int) or count < 1:
        raise ExpressionError("bucket needs a number of buckets, from 1")


def _check_currency(code: object) -> None:
    if not isinstance(code, str) or spoken.CURRENCY.fullmatch(code) is None:
        help = 'write its three letters: amount("SEK")'
        raise ExpressionError(f'"{code}" is no currency', help=help)


def _length(value: object) -> int:
    return len(value) if isinstance(value, list) else len(to_text(value))


def _int(value: object) -> int:
    if isinstance(value, bool):
        raise EvaluationError("a boolean is no number")
    if isinstance(value, int | float):
        return int(bounded(value))
    text = to_text(value).strip()
    if re.fullmatch(r"[+-]?[0-9]{1,16}", text, re.ASCII) is None:
        raise EvaluationError(f'"{text[:20]}" is no whole number')
    return bounded(int(text))


def _matching(value: object, pattern: object) -> bool:
    try:
        return value is not None and fits(to_text(pattern), to_text(value))
    except ExpressionError:  # neither value is told: a secret may be tested, or be the pattern
        raise EvaluationError('"matching" was given what is no pattern') from None


def _check_pattern(pattern: object) -> None:
    parse_pattern(str(pattern))


def _starting(value: object, beginnings: object) -> bool:
    if value is None:
        return False
    wanted = beginnings if isinstance(beginnings, list) else [beginnings]
    return to_text(value).startswith(tuple(to_text(each) for each in wanted))


def bounded(number: N) -> N:
    """Return `number`; raises `EvaluationError` beyond what JSON keeps exactly."""
    if not -MAX_NUMBER <= number <= MAX_NUMBER:
        raise EvaluationError("the number is too large")
    return number


def to_text(value: object) -> str:
    """Return a value as it is spoken: null is nothing; lists and objects have no text."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return format(value, ".15g")
    kind = "a list" if isinstance(value, list) else "an object"
    raise EvaluationError(f"{kind} has no text")


def _of_text(compute: Callable[[str], object]) -> Compute:
    return lambda value: compute(to_text(value))


def _amount(value: object, currency: object) -> object:
    text = to_text(value)
    if isinstance(value, float):
        text = format(Decimal(text), "f")  # `1e-07` in digits
    return spoken.amount(text, to_text(currency))


DAYTIMES = frozenset({T.INSTANT, T.TIME, T.STRING})
DAYS = frozenset({T.INSTANT, T.DATE, T.STRING})
SCALARS = TEXTS | NUMBERS | {T.BOOLEAN}

FILTERS: dict[str, Filter] = {
    "amount": Filter(
        takes=TEXTS | NUMBERS,
        arguments=1,
        needs_value=True,
        speaks=True,
        check=_check_currency,
        compute=_amount,
    ),
    "bucket": Filter(
        takes=SCALARS, gives=T.INTEGER, arguments=1, check=_check_bucket, compute=_bucket
    ),
    "date": Filter(
        takes=DAYS, gives=T.DATE, needs_value=True, speaks=True, compute=_of_text(spoken.date)
    ),
    "default": Filter(
        arguments=1,
        for_secrets=True,
        compute=lambda value, other: other if value is None else value,
    ),
    "int": Filter(takes=TEXTS | NUMBERS, gives=T.INTEGER, needs_value=True, compute=_int),
    "length": Filter(takes=TEXTS | {T.LIST}, gives=T.INTEGER, for_secrets=True, compute=_length),
    "lower": Filter(takes=TEXTS, compute=_of_text(str.lower)),
    "luhn": Filter(takes=TEXTS, gives=T.BOOLEAN, for_secrets=True, compute=_of_text(_luhn)),
    "phone": Filter(takes=TEXTS, speaks=True, compute=_of_text(spoken.apart(SpokenKind.PHONE))),
    "spell": Filter(takes=TEXTS, speaks=True, compute=_of_text(spoken.apart(SpokenKind.LETTERS))),
    "spoken_digits": Filter(
        takes=TEXTS | NUMBERS, speaks=True, compute=_of_text(spoken.apart(SpokenKind.DIGITS))
    ),
    "time": Filter(
        takes=DAYTIMES, gives=T.TIME, needs_value=True, speaks=True, compute=_of_text(spoken.time)
    ),
    "upper": Filter(takes=TEXTS, compute=_of_text(str.upper)),
    "urlencode": Filter(takes=SCALARS, compute=_of_text(lambda text: quote(text, safe=""))),
}

SPEAKING = frozenset(name for name, each in FILTERS.items() if each.speaks)
"""Filters that yield a `Spoken`."""

TESTS: dict[str, Filter] = {
    "matching": Filter(
        takes=TEXTS,
        gives=T.BOOLEAN,
        arguments=1,
        for_secrets=True,
        check=_check_pattern,
        compute=_matching,
    ),
    "starting": Filter(
        takes=TEXTS, gives=T.BOOLEAN, arguments=1, for_secrets=True, compute=_starting
    ),
}
