"""Answers of the REST API, read: a result of the type that was asked for, or an exception.

Tolerant as callbacks are: null counts as absent, numbers may be strings, unknown fields are
ignored.
"""

from typing import TypeVar

import msgspec

from ivrflow.errors import (
    AuthenticationError,
    BadRequestError,
    ForbiddenError,
    NotEnoughCreditError,
    NotFoundError,
    ServerError,
    TooManyRequestsError,
    UnknownOutcomeError,
    VoiceApiError,
)
from ivrflow.sinch.rest_types import (
    Callbacks,
    CallbacksAnswer,
    CallInfo,
    Conference,
    NumberAnswer,
    NumberInfo,
    Placed,
    Refusal,
    RentedNumber,
    RentedNumbers,
)

T = TypeVar("T")

ERROR_BY_STATUS: dict[int, type[VoiceApiError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: NotEnoughCreditError,
    403: ForbiddenError,
    404: NotFoundError,
    429: TooManyRequestsError,
}
ERROR_BY_CODE: dict[int, type[VoiceApiError]] = {40_301: AuthenticationError}

HELP_BY_CODE = {
    40_100: "check key and secret of the application, as the Sinch dashboard shows them",
    40_101: "set this machine's clock: a signature is valid for minutes only",
    40_102: "check the secret: it must be that of this application key",
    40_108: "check key and secret of the application, as the Sinch dashboard shows them",
    40_200: "top up the account in the Sinch dashboard",
    40_300: "allow calls to this destination in the Sinch dashboard",
    40_301: "ask with signed requests: this method takes no Basic authorisation",
}
REDIRECTED = "name the region where the call or the room is: no redirect is followed"

SAFE_DEPTH = 50
"""Levels of an answer that are looked into; the deepest that Sinch sends has four."""


def refusal(status: int, body: bytes, retry_after: float | None = None) -> VoiceApiError:
    """Return the exception that an answer with a status other than 2xx stands for."""
    told = _refusal(body)
    code = int(told.error_code) if str(told.error_code).isdecimal() else 0
    kind = ERROR_BY_CODE.get(code) or ERROR_BY_STATUS.get(status)
    if kind is None:
        kind = ServerError if status >= 500 else VoiceApiError
    return kind(
        told.message or f"the answer has status {status}, and no words of Sinch's",
        status=status,
        code=code,
        reference=told.reference,
        retry_after=retry_after,
        help=REDIRECTED if 300 <= status < 400 else HELP_BY_CODE.get(code, ""),
    )


def _refusal(body: bytes) -> Refusal:
    try:
        return _convert(body, Refusal)
    except UnknownOutcomeError:
        return Refusal()


def nothing(_: bytes) -> None:
    """Read the answer to what has no result: whatever it says, it is done."""


def call_id(body: bytes) -> str:
    """Return the id of a call that was placed."""
    placed = _convert(body, Placed)
    found = placed.call_id or placed.callid
    if not found:
        raise UnknownOutcomeError("the callout was accepted, but the answer names no call")
    return found


def call_info(body: bytes) -> CallInfo:
    return _convert(body, CallInfo)


def conference(body: bytes) -> Conference:
    return _convert(body, Conference)


def rented_numbers(body: bytes) -> tuple[RentedNumber, ...]:
    return _convert(body, RentedNumbers).numbers


def callbacks(body: bytes) -> Callbacks:
    return _convert(body, CallbacksAnswer).url


def number_info(body: bytes) -> NumberInfo:
    answer = _convert(body, NumberAnswer)
    found = answer.number or answer.number_item
    if found is None:
        raise UnknownOutcomeError("the answer tells of no number")
    return found


def _convert(body: bytes, kind: type[T]) -> T:
    try:
        raw = _without_nulls(msgspec.json.decode(body), SAFE_DEPTH)
        return msgspec.convert(raw, kind, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnknownOutcomeError(f"the answer can't be read: {error}") from None


def _without_nulls(value: object, depth: int) -> object:
    if depth == 0:
        raise RecursionError("it is too deep")
    if isinstance(value, dict):
        return {
            key: _without_nulls(each, depth - 1) for key, each in value.items() if each is not None
        }
    if isinstance(value, list):
        return [_without_nulls(each, depth - 1) for each in value]
    return value
