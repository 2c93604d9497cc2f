"""Requests to the Voice API, sent and sent again, as far as that does no harm.

What may have been done is never asked twice, unless to ask twice is to ask once: a callout whose
answer is lost may be ringing.
"""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from ivrflow import __version__
from ivrflow.clock import now
from ivrflow.errors import (
    ExchangeError,
    NotSentError,
    ServerError,
    TooManyRequestsError,
    UnknownOutcomeError,
    VoiceError,
)
from ivrflow.outbound.http import Http, Incoming, Outgoing
from ivrflow.sinch import rest_answers
from ivrflow.sinch.credentials import Credentials
from ivrflow.sinch.rest import Request

R = TypeVar("R")

MAYBE = "what was asked for may have happened: find out before you ask again"

ALWAYS = {"Accept": "application/json", "User-Agent": f"ivrflow/{__version__}"}

LONGEST_WAIT = 3600.0
"""Seconds that a platform can make us wait."""


class Patience(Struct, frozen=True, kw_only=True):
    """How long to wait and how often to ask, in seconds.

    `timeout` is for one try, `budget` for all of them with the pauses between. Each pause is drawn
    from nothing to `pause`, doubled with every try; it is never shorter than the server asks for.
    """

    timeout: float = 10.0
    budget: float = 30.0
    tries: int = 4
    pause: float = 0.25


USUAL = Patience()


class Repeater:
    """Sends requests of one application; `chance` yields numbers from 0 to 1."""

    def __init__(
        self,
        http: Http,
        credentials: Credentials,
        patience: Patience,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._credentials = credentials
        self._patience = patience
        self._chance = chance

    async def send(self, request: Request[R], url: str) -> R:
        """Return the result; raises `VoiceError` within the budget."""
        until = monotonic() + self._patience.budget
        tried, sent = 0, False
        while True:
            try:
                return await self._once(request, url, until - monotonic())
            except VoiceError as error:
                tried, sent = tried + 1, sent or not isinstance(error, NotSentError)
                pause = self._pause(error, tried)
                last = tried >= self._patience.tries or monotonic() + pause >= until
                if last or not may_repeat(request, error):
                    _require_truth(error, request, sent=sent)
                    raise
            await asyncio.sleep(pause)

    def _pause(self, error: VoiceError, tried: int) -> float:
        wanted: float = self._chance() * self._patience.pause * 2.0 ** (tried - 1)
        return max(wanted, error.retry_after or 0.0)

    async def _once(self, request: Request[R], url: str, left: float) -> R:
        signed = self._credentials.headers(request.method, request.path, request.body, now())
        outgoing = Outgoing(
            method=request.method,
            url=url,
            headers={**ALWAYS, **request.headers, **signed},
            body=request.body or None,
        )
        try:
            answer = await self._http.exchange(outgoing, min(self._patience.timeout, left))
        except ExchangeError as error:
            kind = UnknownOutcomeError if error.sent else NotSentError
            raise kind(f"{urlsplit(url).netloc}: {error}") from error
        if 200 <= answer.status < 300:
            return request.read(answer.body)
        raise _refusal(request, answer)


def _require_truth(error: VoiceError, request: Request[R], *, sent: bool) -> None:
    """Let nobody believe that nothing was sent, of a request of which an earlier try was."""
    if isinstance(error, NotSentError) and sent:
        raise UnknownOutcomeError(error.message) from error
    if isinstance(error, UnknownOutcomeError) and not request.is_repeatable:
        error.help = MAYBE


def may_repeat(request: Request[R], error: VoiceError) -> bool:
    """Whether the request may be sent again after this failure, and another try may help."""
    if isinstance(error, NotSentError):
        return True
    passing = isinstance(error, UnknownOutcomeError | ServerError | TooManyRequestsError)
    return request.is_repeatable and passing


def _refusal(request: Request[R], answer: Incoming) -> VoiceError:
    """Return the exception for an answer that is none of 2xx.

    A gateway that fails knows nothing of what became of a request behind it.
    """
    wait = retry_after(answer.header("retry-after"), now())
    error = rest_answers.refusal(answer.status, answer.body, wait)
    if isinstance(error, ServerError) and not error.code and not request.is_repeatable:
        return UnknownOutcomeError(error.message, status=error.status, retry_after=wait)
    return error


def retry_after(text: str, at: datetime) -> float | None:
    """Return the seconds to wait that `Retry-After` names, as a number or a date, up to
    `LONGEST_WAIT`; None: nothing."""
    text = text.strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return min(max(0.0, (moment - at).total_seconds()), LONGEST_WAIT)
