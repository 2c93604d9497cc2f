"""Events as webhooks get them: signed as Standard Webhooks has it, the same id at every try."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

from ivrflow.addresses import LOOPBACK, fault
from ivrflow.clock import now
from ivrflow.errors import ExchangeError
from ivrflow.jobs import Job, Outcome
from ivrflow.machine.environment import fill, marked
from ivrflow.model.app import Webhook
from ivrflow.model.flow import Text
from ivrflow.outbound.http import Incoming, Outgoing
from ivrflow.outbound.repeating import retry_after
from ivrflow.outbound.writing import OWN_HEADERS, environment_value

SECONDS = 15.0
"""How long a try may take."""

PASSING = frozenset({408, 409, 425, 429})
"""Statuses of 4xx that another try may change."""

PREFIX = "whsec_"
SHORTEST_KEY = 24


class Exchanger(Protocol):
    """Who sends requests and brings the answers; raises `ExchangeError`."""

    async def exchange(self, outgoing: Outgoing, seconds: float) -> Incoming: ...


class Webhooks:
    """Sends events to the webhooks that `current` returns, with what `environment` holds.

    A webhook is looked up when it is needed: one that has moved gets what was meant for it.
    """

    def __init__(
        self,
        http: Exchanger,
        current: Callable[[], Mapping[str, Webhook]],
        environment: Mapping[str, str],
        *,
        now: Callable[[], datetime] = now,
        seconds: float = SECONDS,
    ) -> None:
        self._http = http
        self._current = current
        self._environment = environment
        self._now = now
        self._seconds = seconds

    async def send(self, job: Job, body: bytes) -> Outcome:
        """Send an event once."""
        webhook = self._current().get(job.to)
        if webhook is None:
            return Outcome(fault=f'no webhook is called "{job.to}"', again=True)
        try:
            outgoing = write(webhook, self._environment, job.id, body, self._now())
            return _outcome(await self._http.exchange(outgoing, self._seconds), self._now())
        except ExchangeError as error:
            return Outcome(fault=str(error), again=True)


def write(
    webhook: Webhook, environment: Mapping[str, str], id: str, body: bytes, at: datetime
) -> Outgoing:
    """Return an event as it is sent; raises `ExchangeError` for what must not be."""
    url = _filled(webhook.url, environment)
    _require_address(url)
    stamp = str(int(at.timestamp()))
    headers = {
        **OWN_HEADERS,
        "Content-Type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": stamp,
    }
    if webhook.secret is not None:
        key = _key(_filled(webhook.secret, environment))
        headers["webhook-signature"] = _signature(
            key, b"%b.%b.%b" % (id.encode(), stamp.encode(), body)
        )
    return Outgoing(method="POST", url=url, headers=headers, body=body)


def unusable(webhooks: Mapping[str, Webhook], environment: Mapping[str, str]) -> Iterator[str]:
    """Yield why nothing can ever be sent to a webhook, with what the environment holds."""
    for name, webhook in webhooks.items():
        try:
            write(webhook, environment, "", b"", now())
        except ExchangeError as error:
            yield f'the webhook "{name}" can\'t be used: {error}'


def _outcome(answer: Incoming, at: datetime) -> Outcome:
    status = answer.status
    if 200 <= status < 300:
        return Outcome()
    if 400 <= status < 500 and status not in PASSING:
        return Outcome(fault=f"status {status}")
    wait = retry_after(answer.header("retry-after"), at) or 0.0
    return Outcome(fault=f"status {status}", again=True, pause=int(wait * 1000))


def _filled(text: Text, environment: Mapping[str, str]) -> str:
    return fill(marked(text.source), lambda name: environment_value(environment, name)).strip()


def _require_address(url: str) -> None:
    reason = fault(url)
    if reason:
        raise ExchangeError(reason)
    parts = urlsplit(url)
    if parts.scheme != "https" and not LOOPBACK.fullmatch(parts.hostname or ""):
        raise ExchangeError("the address does not begin with https://")


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < SHORTEST_KEY:
        raise ExchangeError(
            f"its secret is not {PREFIX} and {SHORTEST_KEY} bytes or more in base64, such as "
            "`openssl rand -base64 32` writes"
        )
    return key


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
