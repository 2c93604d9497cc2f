"""Look-ups as the runtime asks for them: sent, tried again, and always answered in time."""

import asyncio
import random
import re
from collections.abc import Callable, Mapping
from time import monotonic
from urllib.parse import quote, urlencode, urlsplit

import msgspec
import structlog

from ivrflow import __version__
from ivrflow.errors import ExchangeError
from ivrflow.machine.lookups import Form, Json, LookedUp, Lookup, failed, read_answer
from ivrflow.outbound.hosts import Host
from ivrflow.outbound.http import Http, Outgoing, origin

REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
"""Methods that may be sent twice without the author's word."""

BODIED = frozenset({"POST", "PUT", "PATCH"})
"""Methods of which servers expect a body, if only an empty one."""

TRY_LATER = frozenset({429, 502, 503, 504})
"""Statuses that ask for another try."""

PAUSE = 0.1
"""Seconds before the second try, on average half of it; doubled before each further one."""

SERVER_FAULT = 500

LOOPBACK = re.compile(r"localhost|127(\.[0-9]+){3}|::1")

_MARK = re.compile(r"\x01([A-Za-z_][A-Za-z0-9_]*)\x01")

log = structlog.get_logger()


class Requests:
    """Sends look-ups with what `environment` holds; `chance` yields numbers from 0 to 1."""

    def __init__(
        self,
        http: Http,
        environment: Mapping[str, str],
        *,
        clock: Callable[[], float] = monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._http = http
        self._environment = environment
        self._clock = clock
        self._chance = chance
        self._host_by_origin: dict[str, Host] = {}

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        """Return what became of a look-up, at the monotonic time `deadline` at the latest.

        `key` is sent as `Idempotency-Key`: it names this look-up for good. Never raises.
        """
        try:
            outgoing = write(lookup, self._environment, key)
            host = self._host(origin(outgoing.url))
        except (ExchangeError, ValueError) as error:
            return failed(str(error))
        if not host.admits():
            return failed("the host failed too often and is left alone for a while")
        until = min(deadline, self._clock() + lookup.patience / 1000)
        try:
            return await self._in_turn(lookup, outgoing, host, until)
        except Exception:  # a bug of ours must not cost the caller the author's `error`
            log.exception("look-up failed", request=lookup.name)
            return failed("a fault of the engine")

    def _host(self, name: str) -> Host:
        return self._host_by_origin.setdefault(name, Host(self._clock))

    async def _in_turn(
        self, lookup: Lookup, outgoing: Outgoing, host: Host, until: float
    ) -> LookedUp:
        try:
            async with asyncio.timeout(until - self._clock()):
                await host.limit.acquire()
        except TimeoutError:
            return failed("too many look-ups at this host")
        try:
            return await self._try(lookup, outgoing, host, until)
        finally:
            host.limit.release()

    async def _try(self, lookup: Lookup, outgoing: Outgoing, host: Host, until: float) -> LookedUp:
        result, again = await self._once(lookup, outgoing, host, until)
        for number in range(_retries(lookup)):
            pause = self._chance() * PAUSE * 2**number
            if not again or self._clock() + pause >= until:
                break
            await asyncio.sleep(pause)
            if not host.admits():
                break
            result, again = await self._once(lookup, outgoing, host, until)
        return result

    async def _once(
        self, lookup: Lookup, outgoing: Outgoing, host: Host, until: float
    ) -> tuple[LookedUp, bool]:
        """Return what became of one try, and whether another may help."""
        allowed = lookup.timeout / 1000
        left = until - self._clock()
        try:
            answer = await self._http.exchange(outgoing, min(allowed, left))
        except ExchangeError as error:
            if error.broken or (error.late and left > allowed / 2):
                host.failed()
            return failed(str(error)), error.broken or error.late
        if answer.status >= SERVER_FAULT:
            host.failed()
        else:
            host.answered()
        later = answer.status in TRY_LATER and answer.status not in lookup.status
        return read_answer(lookup, answer.status, answer.body), later


def _retries(lookup: Lookup) -> int:
    """Without the author's word, what may be repeated is repeated once, if there is time left."""
    if lookup.retries is not None:
        return lookup.retries
    return 1 if lookup.method in REPEATABLE else 0


def write(lookup: Lookup, environment: Mapping[str, str], key: str) -> Outgoing:
    """Return a look-up as it is sent, the values of environment variables filled in.

    Raises `ExchangeError` for what must not be sent.
    """

    def fill(text: str) -> str:
        return _MARK.sub(lambda mark: environment.get(mark.group(1), "").strip(), text)

    url = _url(lookup.url, environment)
    kind, body = _body(lookup.method, lookup.body, fill)
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": f"ivrflow/{__version__}",
        "Idempotency-Key": key,
        **({"Content-Type": kind} if kind else {}),
        **{name: fill(value) for name, value in lookup.headers.items()},
    }
    _require_privacy(lookup, url)
    return Outgoing(method=lookup.method, url=url, headers=headers, body=body)


def _url(url: str, environment: Mapping[str, str]) -> str:
    """A variable at the very beginning is the server's address; elsewhere it is a piece of one."""
    base = _MARK.match(url)
    start = environment.get(base.group(1), "").strip().rstrip("/") if base else ""
    rest = url[base.end() :] if base else url
    return start + _MARK.sub(
        lambda mark: quote(environment.get(mark.group(1), "").strip(), safe=""), rest
    )


def _body(
    method: str, body: Json | Form | None, fill: Callable[[str], str]
) -> tuple[str, bytes | None]:
    """Return a body's content type and bytes."""
    match body:
        case None:
            return "", b"" if method in BODIED else None
        case Json(value=value):
            return "application/json", msgspec.json.encode(_filled(value, fill))
        case Form(fields=fields):
            filled = {name: fill(value) for name, value in fields.items()}
            return "application/x-www-form-urlencoded", urlencode(filled).encode("ascii")


def _filled(value: object, fill: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return fill(value)
    if isinstance(value, list):
        return [_filled(each, fill) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, fill) for name, each in value.items()}
    return value


def _require_privacy(lookup: Lookup, url: str) -> None:
    """What the environment holds is taken for a secret: it goes over https, or stays here."""
    parts = urlsplit(url)
    if parts.scheme == "https" or LOOPBACK.fullmatch(parts.hostname or ""):
        return
    base = _MARK.match(lookup.url)
    rest = lookup.url[base.end() :] if base else lookup.url
    texts = msgspec.json.encode([rest, lookup.headers, lookup.body])
    if b"\\u0001" in texts:
        raise ExchangeError("an environment variable may be sent over https only")
