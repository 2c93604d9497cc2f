"""Webhooks in a scenario: they take events, or don't, as its author wrote."""

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from ivrflow.emulator.inprocess import InProcess
from ivrflow.errors import ExchangeError
from ivrflow.outbound.http import Incoming, Outgoing
from ivrflow.rehearsal.doers import RECEIVER
from ivrflow.scenarios.model import Receiver, Reception

TAKEN = Reception()


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """An event that reached the webhook `to` at `at`, when the transcript was `after` entries long:
    the try number `attempt` of those with its `id`. `fault` is "" where it was taken."""

    at: int
    after: int
    to: str
    event: str
    data: object
    id: str
    attempt: int
    fault: str

    @property
    def text(self) -> str:
        told = self.fault or "taken"
        again = f", try {self.attempt}" if self.attempt > 1 else ""
        return f"webhook {self.to} gets {self.event}{again}: {told}"


Post = Callable[[Outgoing, Reception], Awaitable[Incoming]]
"""Brings an event to a webhook that takes it as a scenario says."""


class Message(msgspec.Struct, frozen=True):
    """What of an event a scenario tells."""

    type: str
    data: dict[str, object]


async def made_up(outgoing: Outgoing, reception: Reception) -> Incoming:
    """Answer as a webhook would that takes events like this."""
    if reception.fails:
        raise ExchangeError(reception.fails, broken=True)
    return Incoming(status=reception.status, body=b"")


class Receivers:
    """All webhooks; meets `ivrflow.outbound.webhooks.Exchanger`. `delivered` is what they got."""

    def __init__(
        self, receivers: Iterable[Receiver], world: InProcess, post: Post = made_up
    ) -> None:
        self.delivered: list[Delivered] = []
        self._world = world
        self._post = post
        self._left = {each.name: list(each.receptions) for each in receivers}
        self._unused = set(self._left)

    @property
    def unused(self) -> set[str]:
        """The webhooks that nothing was sent to, of those that the scenario tells of."""
        return self._unused

    async def exchange(self, outgoing: Outgoing, seconds: float) -> Incoming:
        """Take an event as it is to be taken; raises `ExchangeError`."""
        name = outgoing.url.removeprefix(RECEIVER)
        reception = self._next(name)
        fault = reception.fails or _fault(reception.status)
        self._note(name, outgoing, fault)
        return await self._post(outgoing, reception)

    def _next(self, name: str) -> Reception:
        self._unused.discard(name)
        left = self._left.get(name)
        if not left:
            return TAKEN
        first = left[0]
        if first.times == 1:
            left.pop(0)
        elif first.times:
            left[0] = msgspec.structs.replace(first, times=first.times - 1)
        return first

    def _note(self, name: str, outgoing: Outgoing, fault: str) -> None:
        message = msgspec.json.decode(outgoing.body or b"", type=Message)
        id = outgoing.headers["webhook-id"]
        platform = self._world.platform
        self.delivered.append(
            Delivered(
                at=platform.now,
                after=len(platform.transcript),
                to=name,
                event=message.type,
                data=message.data,
                id=id,
                attempt=1 + sum(each.id == id for each in self.delivered),
                fault=fault,
            )
        )


def _fault(status: int) -> str:
    return "" if 200 <= status < 300 else f"status {status}"
