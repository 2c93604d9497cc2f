"""What turns have others do, in a rehearsal: callouts are dialled and jobs done as at a server, on
the clock of an emulated platform.
"""

import asyncio
from collections.abc import Mapping
from math import inf
from typing import Self

from ivrflow.library import Library
from ivrflow.model.app import Webhook
from ivrflow.model.flow import Text
from ivrflow.outbound.http import Incoming, Outgoing
from ivrflow.outbound.placing import Placing, Sender
from ivrflow.outbound.webhooks import Exchanger, Webhooks
from ivrflow.runtime.dialler import Dialler, Limits
from ivrflow.runtime.kinds import do_by_kind
from ivrflow.runtime.turn import Turns
from ivrflow.runtime.worker import Worker

LIMITS = Limits(per_second=inf)
"""Nobody waits in line by the clock on the wall, which tells nothing of the time that is played."""

RECEIVER = "https://webhooks.invalid/"
"""Where the webhooks of a rehearsal are, each under its name. Who rehearses tells nobody."""

SECRET = "whsec_" + "cmVoZWFyc2Vk" * 3
"""What events are signed by whose webhook wants it."""


def _longest() -> float:
    """The longest pause before another try, so that the same things happen at the same times."""
    return 1.0


class Takes:
    """Webhooks that take everything, and do nothing with it; meets `Exchanger`."""

    async def exchange(self, outgoing: Outgoing, seconds: float) -> Incoming:
        return Incoming(status=200, body=b"")


class Doers:
    """The dialler and the worker of turns. Their time is that of `turns`."""

    def __init__(self, dialler: Dialler, worker: Worker) -> None:
        self._dialler = dialler
        self._worker = worker
        self._due: int | None = None

    @classmethod
    def of(cls, turns: Turns, sender: Sender, exchanger: Exchanger) -> Self:
        """Return the doers of turns, whose requests go by `sender` and whose events, to addresses
        that are made up, by `exchanger`."""
        placing = Placing(sender, turns.policy.environment)
        webhooks = Webhooks(exchanger, lambda: made_up(turns.library), {}, now=turns.now)
        doing = do_by_kind(turns, webhooks.send, sender, turns.now)
        worker = Worker(turns.store, turns.outbox, doing, now=turns.now, chance=_longest)
        return cls(Dialler(turns, placing, LIMITS, turns.now), worker)

    async def run(self) -> None:
        """Do what is due as real time passes, until cancelled."""
        await asyncio.gather(self._dialler.run(), self._worker.run())

    async def work(self, at: int) -> bool:
        """Do all that is due at `at`; returns whether there was anything."""
        if not (self._is_woken or (self._due is not None and self._due <= at)):
            return False
        done = await self._dialler.catch_up()
        done = await self._worker.catch_up() or done
        known = [await self._dialler.due(), await self._worker.due()]
        self._due = min((each for each in known if each is not None), default=None)
        return done

    @property
    def due(self) -> int | None:
        """When something is to be done next by itself, after `work`."""
        return self._due

    async def stop(self) -> None:
        """Wait for what has begun, and dial nobody any more."""
        await self._dialler.stop()
        await self._worker.drain()

    @property
    def _is_woken(self) -> bool:
        return self._dialler.woken or self._worker.woken


def made_up(library: Library) -> Mapping[str, Webhook]:
    """Return the webhooks of a library at addresses, and with secrets, that nobody has."""
    return {
        name: Webhook(
            url=Text(source=RECEIVER + name),
            secret=None if each.secret is None else Text(source=SECRET),
        )
        for name, each in library.current.app.webhooks.items()
    }
