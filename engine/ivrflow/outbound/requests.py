"""Look-ups as the runtime asks for them: sent, tried again, and always answered in time."""

import asyncio
import random
from collections.abc import Callable, Mapping
from time import monotonic
from traceback import format_tb

import structlog

from ivrflow.errors import ExchangeError
from ivrflow.machine.lookups import LookedUp, Lookup, failed, read_answer
from ivrflow.outbound.hosts import Host
from ivrflow.outbound.http import Http, Outgoing, origin
from ivrflow.outbound.writing import write

TRY_LATER = frozenset({429, 502, 503, 504})
"""Statuses that ask for another try."""

PAUSE = 0.1
"""Seconds before the second try, on average half of it; doubled before each further one."""

FAILING = TRY_LATER - {429}
"""Statuses that say that the host fails, whatever is asked of it."""

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
            return await self._look_up(lookup, key, deadline)
        except ExchangeError as error:
            return failed(str(error))
        except Exception as error:  # a bug of ours must not cost the caller the author's `error`
            # Neither its words nor its values: they may be the environment's.
            kind, where = type(error).__name__, format_tb(error.__traceback__)
            log.error("look-up failed", request=lookup.name, error=kind, where="".join(where))
            return failed("a fault of the engine")

    async def _look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        outgoing = write(lookup, self._environment, key)
        host = self._host(origin(outgoing.url))
        if not host.admits():
            return failed("the host failed too often and is left alone for a while")
        until = min(deadline, self._clock() + lookup.patience / 1000)
        if until <= self._clock():
            return failed("no time is left")
        return await self._in_turn(lookup, outgoing, host, until)

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
        if answer.status in FAILING:
            host.failed()
        else:
            host.answered()
        later = answer.status in TRY_LATER and answer.status not in lookup.status
        return read_answer(lookup, answer.status, answer.body), later


def _retries(lookup: Lookup) -> int:
    """Without the author's word, what may be repeated is repeated once, if there is time left."""
    if lookup.retries is not None:
        return lookup.retries
    return 1 if lookup.is_repeatable else 0
