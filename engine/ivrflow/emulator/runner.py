"""What runs a platform: on a simulated clock (`inprocess`) or in real time (`realtime`)."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from ivrflow.emulator.auth import Request
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.rest import Response

Headers = dict[str, str]
Handler = Callable[[str, Headers, bytes], Awaitable[tuple[int, bytes]]]
"""What answers callbacks: URL, headers and body to status and body."""

T = TypeVar("T")


class Companion(Protocol):
    """Who lives by a simulated clock besides the platform: what it has to do is done when it is
    due, and no time passes meanwhile."""

    async def due(self) -> int | None:
        """Return when it has something to do next, in milliseconds since 1970; None: never, unless
        something happens before."""
        ...

    async def work(self) -> bool:
        """Do all that is due; returns whether there was anything."""
        ...

    def holds(self, call: str) -> bool:
        """Whether it deals with a call right now: an event of it would wait until it is done."""
        ...


class Runner(Protocol):
    """Keeps the platform's time, delivers its callbacks and brings their answers."""

    @property
    def platform(self) -> Platform: ...

    async def run(self) -> None:
        """Keep the time, until cancelled."""
        ...

    async def do(self, act: Callable[[Platform], T]) -> T:
        """Let something happen, and what follows from it at once."""
        ...

    async def wait(self, ms: int) -> None:
        """Let the platform's time pass."""
        ...

    async def due(self) -> int | None:
        """Return when something happens next by itself, in milliseconds since 1970; None: never."""
        ...

    async def request(self, request: Request) -> Response:
        """Carry out a REST request."""
        ...

    async def catch_up(self) -> None:
        """Deliver what has been left to deliver."""
        ...
