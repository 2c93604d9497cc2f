"""Values said by their kind, as SSML of the platform's voices.

Polly's `say-as` covers digits, letters, phone numbers and dates; amounts and times of day are
words, without markup, as the locale writes them. In another vendor's voices digits and phone
numbers are `characters`, which both vendors know.
"""

from ivrflow.expr.spoken import SayAs, Spoken, SpokenKind
from ivrflow.sinch.escape import in_ssml, in_text
from ivrflow.sinch.voices import AZURE, TELEPHONE, locale_of


def say_as(filters: frozenset[str]) -> SayAs:
    """Return what says the values of these filters: Babel is loaded only where it is needed."""
    if not filters & {"amount", "time"}:
        return _say_as
    from ivrflow.sinch import amounts

    def say(spoken: Spoken, voice: str) -> str:
        if spoken.kind is SpokenKind.TIME:
            return in_text(amounts.time_of_day(spoken.value, locale_of(voice)))
        if spoken.kind is SpokenKind.AMOUNT:
            number, _, currency = spoken.value.partition(" ")
            return in_text(amounts.amount(number, currency, locale_of(voice)))
        return _say_as(spoken, voice)

    return say


def _say_as(spoken: Spoken, voice: str) -> str:
    match spoken.kind:
        case SpokenKind.DIGITS:
            return _one_by_one(spoken.value, voice)
        case SpokenKind.LETTERS:
            return _marked("characters", spoken.value)
        case SpokenKind.PHONE:
            return _phone(spoken, voice)
        case SpokenKind.DATE:
            return f'<say-as interpret-as="date" format="ymd">{spoken.value}</say-as>'
        case SpokenKind.TIME | SpokenKind.AMOUNT:
            return in_text(spoken)


def _one_by_one(value: str, voice: str) -> str:
    polly = locale_of(voice) not in AZURE
    return _marked("digits" if polly and value.isdigit() else "characters", value)


def _phone(spoken: Spoken, voice: str) -> str:
    number = spoken.value.removeprefix("+")
    if not (number.isascii() and number.isdigit()):  # a caller with a name instead of a number
        return in_text(spoken)
    if locale_of(voice) in TELEPHONE:
        return _marked("telephone", spoken.value)
    return _one_by_one(number, voice)


def _marked(kind: str, value: str) -> str:
    text = in_ssml(value).strip()
    return f'<say-as interpret-as="{kind}">{text}</say-as>' if text else ""
