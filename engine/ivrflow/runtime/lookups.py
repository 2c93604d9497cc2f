"""Look-ups of turns: asked while the caller waits for the reply, or behind a prompt.

An event that is run again, because another process came first or because it is delivered again
after a failure, asks nobody twice: what its look-ups brought is kept by the event. What is looked
up behind a prompt runs from the commit of the reply on, in the background; its session tells a
process that is started anew to ask again, with the same idempotency key.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from time import monotonic
from typing import Protocol

import msgspec
import structlog

from ivrflow.machine.lookups import LookedUp, Lookup, Pending, Waiting, failed
from ivrflow.machine.session import Session
from ivrflow.runtime.mailbox import Key

RESERVE = 0.5
"""Seconds before the deadline of a turn that look-ups leave for its commit."""

BEHIND = "look-up behind a prompt"
"""The name of tasks whose answer no turn waits for."""

MAX_EVENTS = 200
"""Events whose answers are kept for a turn that is run again."""

_encoder = msgspec.json.Encoder()

log = structlog.get_logger()


Told = LookedUp | Waiting


class AskFirstError(Exception):
    """A turn can't be made before its question number `ordinal` is answered."""

    def __init__(self, ordinal: int, question: Lookup | Pending, name: bytes) -> None:
        super().__init__(ordinal)
        self.ordinal = ordinal
        self.question = question
        self.name = name


def looked_up(told: Mapping[bytes, Told], ordinal: int, question: Lookup | Pending) -> Told:
    """Return the answer to a turn's question, among those that were `told` by name; raises
    `AskFirstError`. Nothing is asked here: it may be within a transaction, in any thread."""
    name = b"%d %b" % (ordinal, _encoder.encode(question))
    if name not in told:
        raise AskFirstError(ordinal, question, name)
    return told[name]


class Asker(Protocol):
    """Who sends look-ups. Never raises, and answers at the monotonic time `deadline` at last."""

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp: ...


class Nobody:
    """An asker without a network: every look-up is `error`, which is logged once."""

    def __init__(self) -> None:
        self._warned = False

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        if not self._warned:
            log.warning("every look-up fails: these turns were given no asker", request=lookup.name)
            self._warned = True
        return failed("nobody is there to ask")


class _Running(msgspec.Struct, frozen=True):
    number: int
    task: asyncio.Task[LookedUp]


class LookUps:
    """Answers the questions of turns. `secret` keys the names under which others see events."""

    def __init__(self, asker: Asker, secret: bytes) -> None:
        self._asker = asker
        self._secret = secret
        self._told_by_event: OrderedDict[bytes, dict[bytes, LookedUp]] = OrderedDict()
        self._running_by_call: dict[Key, _Running] = {}

    async def at_once(
        self, call: Key, event: bytes, first: "AskFirstError", until: float
    ) -> LookedUp:
        """Return the answer to a question of an event's turn, at the monotonic `until` at last."""
        assert isinstance(first.question, Lookup)  # noqa: S101  the other kind is awaited
        told = self._told(event)
        if first.name not in told:
            key = f"{event.hex()}-{first.ordinal}"
            told[first.name] = await self._ask(call, first.question, key, until)
        return told[first.name]

    def awaited(self, call: Key, pending: Pending) -> Told:
        """Return what became of a look-up behind a prompt by now."""
        running = self._running_by_call.get(call)
        if running is None or running.number != pending.number:
            if not pending.lookup.is_repeatable:
                return failed("the engine was restarted, and this may not be asked twice")
            running = self._begin(call, pending)
        return running.task.result() if running.task.done() else Waiting()

    def follow(self, call: Key, session: Session) -> None:
        """After a commit: begin what the caller waits for, drop what nobody waits for any more."""
        pending = None if session.rescued or session.ended else session.pending
        running = self._running_by_call.get(call)
        if running is not None and (pending is None or pending.number != running.number):
            running.task.cancel()
            del self._running_by_call[call]
            running = None
        if pending is not None and running is None:
            self._begin(call, pending)

    async def close(self) -> None:
        """Give up what is under way."""
        tasks = [running.task for running in self._running_by_call.values()]
        self._running_by_call.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _told(self, event: bytes) -> dict[bytes, LookedUp]:
        told = self._told_by_event.setdefault(event, {})
        self._told_by_event.move_to_end(event)
        if len(self._told_by_event) > MAX_EVENTS:
            self._told_by_event.popitem(last=False)
        return told

    def _begin(self, call: Key, pending: Pending) -> _Running:
        lookup = pending.lookup
        until = monotonic() + lookup.patience / 1000
        asking = self._ask(call, lookup, self._name(call, pending.number), until)
        running = _Running(pending.number, asyncio.create_task(asking, name=BEHIND))
        self._running_by_call[call] = running
        return running

    def _name(self, call: Key, number: int) -> str:
        text = "\x1f".join((*call, str(number))).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16, key=self._secret).hexdigest()

    async def _ask(self, call: Key, lookup: Lookup, key: str, until: float) -> LookedUp:
        begun = monotonic()
        found = await self._asker.look_up(lookup, key, until)
        log.info(
            "looked up",
            call=call[1],
            request=lookup.name,
            outcome=found.outcome,
            fault=found.fault,
            ms=round((monotonic() - begun) * 1000),
        )
        return found
