"""The platform on a simulated clock, in one process with what answers its callbacks.

Time passes only when it is told to: `wait`, `hear`. Callbacks are delivered one after the other, in
the order in which they leave, so the same acts give the same transcript. What answers them may have
something to do by itself, at its own times: its `companion` does it on the same clock.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message, Scope

from ivrflow.emulator.auth import Request
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.rest import Response
from ivrflow.emulator.runner import Companion, Handler, Headers
from ivrflow.emulator.setup import Inbound, Setup
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.emulator.transcript import Entry, Heard, in_words
from ivrflow.emulator.world import Delivery
from ivrflow.errors import MissedError

START = 1_767_258_000_000
"""2026-01-01T09:00:00Z, when a simulated world begins if nothing else is said."""

LONGEST = 600_000
"""Milliseconds that `hear` and `until` let pass, unless told otherwise."""

T = TypeVar("T")


class InProcess:
    """A platform, and who answers it, on a simulated clock that begins at `now`.

    The handler may take as long as it does: no time passes meanwhile. With `patience`, in seconds
    of ours, one that takes longer has given no answer, as the platform notices in its own time.
    """

    def __init__(
        self,
        setup: Setup,
        handler: Handler,
        *,
        now: int = START,
        signed_at: Callable[[], int] | None = None,
        patience: float | None = None,
    ) -> None:
        self.platform = Platform(setup, now=now)
        self.handler = handler
        self.signed_at = signed_at or (lambda: self.platform.now)
        self.patience = patience
        self.companion: Companion | None = None
        self.settling = False
        self._queue: deque[Delivery] = deque()
        self._handled: set[str] = set()
        self._read = 0

    # -- time

    async def run(self) -> None:
        """Time stands still by itself."""
        await asyncio.Event().wait()

    async def do(self, act: Callable[[Platform], T]) -> T:
        """Let something happen, and everything that follows from it at once."""
        done = act(self.platform)
        await self.settle()
        return done

    async def settle(self) -> None:
        """Deliver callbacks and their answers, and let the companion do what is due, until there is
        nothing of either.

        Within a handler those of the call that it handles stay in line: who answers one event of a
        call at a time would wait for this one, and this one for them. The companion waits, too.
        """
        nested, self.settling = self.settling, True
        try:
            await self._deliver_all()
            while not nested and self.companion is not None and await self.companion.work():
                await self._deliver_all()
        finally:
            self.settling = nested

    async def due(self) -> int | None:
        """Return when something happens next by itself, in milliseconds since 1970; None: never.

        What the companion could not do when it was due is tried a moment later.
        """
        there = self.platform.due
        if self.settling or self.companion is None:
            return there
        here = await self.companion.due()
        if here is None:
            return there
        here = max(here, self.platform.now + 1)
        return here if there is None else min(here, there)

    async def catch_up(self) -> None:
        """Deliver what has been left to deliver, unless somebody is about to."""
        if not self.settling:
            await self.settle()

    async def wait(self, ms: int) -> None:
        """Let `ms` milliseconds pass."""
        await self._until(self.platform.now + ms)

    async def hear(self, text: str, who: str = "", within: int = LONGEST) -> Heard:
        """Let time pass until somebody (or `who`) hears `text`, in any casing.

        Looks after what was found last. Raises `MissedError` after `within` milliseconds.
        """

        def is_it(entry: Entry) -> bool:
            if not isinstance(entry, Heard) or who not in ("", entry.who):
                return False
            return text.casefold() in entry.text.casefold()

        entry = await self.until(is_it, f'{who or "nobody"} did not hear "{text}"', within)
        return cast(Heard, entry)

    async def until(
        self, is_it: Callable[[Entry], bool], otherwise: str, within: int = LONGEST
    ) -> Entry:
        """Let time pass until the transcript has an entry of this kind, and return it.

        Looks after what was found last. Raises `MissedError`, which begins with `otherwise` and
        tells what happened instead, after `within` milliseconds.
        """
        limit = self.platform.now + within
        begun = self._read
        await self.settle()
        while True:
            found = self._find(is_it)
            if found is not None:
                return found
            due = await self.due()
            if due is None or due > limit:
                told = "; ".join(in_words(each) for each in self.platform.transcript[begun:])
                raise MissedError(f"{otherwise}: {told or 'nothing happened'}")
            await self._until(due)

    # -- people

    async def call(self, inbound: Inbound | None = None) -> str:
        return await self.do(lambda each: each.call(inbound or Inbound()))

    async def press(self, call: str, keys: str, who: str = "") -> None:
        await self.do(lambda each: each.press(call, keys, who))

    async def speak(self, call: str, text: str, who: str = "", lasting: int = 0) -> None:
        await self.do(lambda each: each.speak(call, text, who, lasting))

    async def pick_up(self, call: str, who: str = "", voice: Voice = "human") -> None:
        await self.do(lambda each: each.pick_up(call, who, voice))

    async def reject(self, call: str, who: str = "", why: Refusal = "busy") -> None:
        await self.do(lambda each: each.reject(call, who, why))

    async def hang_up(self, call: str, who: str = "") -> None:
        await self.do(lambda each: each.hang_up(call, who))

    async def beep(self, call: str, who: str = "") -> None:
        await self.do(lambda each: each.beep(call, who))

    # -- requests

    async def request(self, request: Request) -> Response:
        """Carry out a REST request, also from within a handler.

        An answer that comes later than the events it causes lets them happen first.
        """
        response = self.platform.request(request, self.signed_at())
        if response.after:
            await self.wait(response.after)
        return response

    # -- within

    async def _until(self, to: int) -> None:
        await self.settle()
        while (due := await self.due()) is not None and due <= to:
            self.platform.advance(due)
            await self.settle()
        self.platform.advance(to)

    async def _deliver_all(self) -> None:
        while (delivery := self._next()) is not None:
            await self._deliver(delivery)

    def _next(self) -> Delivery | None:
        """Take the next callback out of the line, None where there is none to be delivered now."""
        self._queue.extend(self.platform.take())
        found = next((each for each in self._queue if self._is_free(each.call)), None)
        if found is not None:
            self._queue.remove(found)
        return found

    def _is_free(self, call: str) -> bool:
        held = self.companion is not None and self.companion.holds(call)
        return call not in self._handled and not held

    async def _deliver(self, delivery: Delivery) -> None:
        """Bring a callback to the handler, and its answer to the platform."""
        headers = self.platform.headers(delivery, self.signed_at())
        limit = asyncio.timeout(self.patience)
        self._handled.add(delivery.call)
        try:
            async with limit:
                status, body = await self.handler(delivery.url, headers, delivery.body)
        except Exception as error:  # whatever the other side does, the platform lives on
            if not limit.expired():
                reason = str(error) or type(error).__name__
                self.platform.answer(delivery.id, 0, failure=reason)
        else:
            self.platform.answer(delivery.id, status, body)
        finally:
            self._handled.discard(delivery.call)

    def _find(self, is_it: Callable[[Entry], bool]) -> Entry | None:
        transcript = self.platform.transcript
        for place in range(self._read, len(transcript)):
            if is_it(transcript[place]):
                self._read = place + 1
                return transcript[place]
        return None


def bare(answer: Callable[[bytes], Awaitable[bytes]]) -> Handler:
    """Return a handler for what takes the body of a callback and gives that of a reply."""

    async def handle(url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        return 200, await answer(body)

    return handle


def asgi(app: ASGIApp) -> Handler:
    """Return a handler that calls an ASGI application, without a network in between."""

    async def handle(url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        exchange = _Exchange(body)
        await app(_scope(url, headers), exchange.receive, exchange.send)
        return exchange.status, bytes(exchange.body)

    return handle


class _Exchange:
    """One request to an ASGI application, and its response."""

    def __init__(self, body: bytes) -> None:
        self.asked = body
        self.status = 500
        self.body = bytearray()

    async def receive(self) -> Message:
        return {"type": "http.request", "body": self.asked, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.body += message.get("body", b"")


def _scope(url: str, headers: Headers) -> Scope:
    parts = urlsplit(url)
    host = (b"host", parts.netloc.encode())
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": parts.scheme,
        "path": unquote(parts.path) or "/",
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [
            host,
            *((key.lower().encode(), value.encode()) for key, value in headers.items()),
        ],
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname or "", parts.port or 80),
    }
