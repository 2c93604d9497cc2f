"""A call on a platform elsewhere, by its control API."""

from typing import TypeVar
from urllib.parse import quote

import httpx2
import msgspec
from msgspec import Struct

from ivrflow.addresses import fault
from ivrflow.emulator.look import Look
from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.transcript import Entry
from ivrflow.errors import EmulatorError, UsageError
from ivrflow.rehearsal.acts import Beep, Deed, HangUp, PickUp, Press, Reject, Speak
from ivrflow.rehearsal.line import Told

TIMEOUT = 30
"""Seconds that a request may take, besides the time that it waits for."""

NAME_BY_DEED: dict[type[Deed], str] = {
    Press: "press",
    Speak: "speak",
    PickUp: "pick-up",
    Reject: "reject",
    Beep: "beep",
    HangUp: "hang-up",
}


A = TypeVar("A", bound=Struct)


class _Dialled(Struct, frozen=True, rename="camel"):
    call_id: str


class _Entries(Struct, frozen=True):
    entries: list[Entry]
    next: int


class _State(Struct, frozen=True):
    now: int


class _Failed(Struct, frozen=True):
    error: str


class Remote:
    """A call that was made at `url`, where `ivrflow dev` or `ivrflow emulate` runs."""

    def __init__(self, client: httpx2.AsyncClient, call: str) -> None:
        self.client = client
        self.call = call
        self._told: list[Told] = []
        self._next = 0

    @classmethod
    async def dial(cls, client: httpx2.AsyncClient, inbound: Inbound) -> "Remote":
        """Make a call; raises `UsageError` where no platform is emulated."""
        dialled = await _ask(client, "POST", "/calls", _Dialled, inbound)
        return cls(client, dialled.call_id)

    async def look(self) -> Look:
        return await _ask(self.client, "GET", f"/calls/{self.call}", Look)

    def turn_to(self, who: str) -> None:
        """There is one call only: others there are somebody else's."""

    def turn_on(self) -> str:
        return ""

    async def told(self, after: int) -> list[Told]:
        query = f"call={quote(self.call)}&after={self._next}"
        new = await _ask(self.client, "GET", f"/transcript?{query}", _Entries)
        self._told += new.entries
        self._next = new.next
        return self._told[after:]

    async def do(self, deed: Deed) -> None:
        act = NAME_BY_DEED[type(deed)]
        await _ask(self.client, "POST", f"/calls/{self.call}/{act}", Look, deed)

    async def leave(self) -> None:
        await self.do(HangUp())

    async def wait(self, ms: int) -> None:
        await _ask(self.client, "POST", "/advance", _State, {"ms": ms}, patience=ms / 1000)


def connect(url: str) -> httpx2.AsyncClient:
    """Return a client of the control API below `url`; raises `UsageError`."""
    if not url.startswith(("http://", "https://")) or fault(url):
        raise UsageError(f'--url "{url}" is no http or https URL: http://127.0.0.1:3000')
    base = url.rstrip("/").removesuffix("/calls").removesuffix("/emulator") + "/emulator"
    return httpx2.AsyncClient(base_url=base, trust_env=False)


async def _ask(
    client: httpx2.AsyncClient,
    verb: str,
    path: str,
    kind: type[A],
    body: object = None,
    *,
    patience: float = 0,
) -> A:
    content = b"" if body is None else msgspec.json.encode(body)
    try:
        answer = await client.request(verb, path, content=content, timeout=TIMEOUT + patience)
    except httpx2.TransportError as error:
        raise UsageError(
            f"nobody answers at {client.base_url} ({error or type(error).__name__}); "
            "start it: ivrflow dev flows/"
        ) from error
    try:
        if answer.is_success:
            return msgspec.json.decode(answer.content, type=kind)
        problem = msgspec.json.decode(answer.content, type=_Failed).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise UsageError(
            f"{client.base_url} answers {answer.status_code}: no platform is emulated there"
        ) from None
    raise EmulatorError(problem)
