"""A call on a platform elsewhere, by its control API."""

from urllib.parse import quote

import httpx2
import msgspec
from msgspec import Struct

from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.transcript import Entry
from ivrflow.errors import EmulatorError, UsageError
from ivrflow.rehearsal.acts import Beep, Deed, HangUp, PickUp, Press, Reject, Speak
from ivrflow.rehearsal.line import Look, Told

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


class _Dialled(Struct, frozen=True, rename="camel"):
    call_id: str


class _Entries(Struct, frozen=True):
    entries: list[Entry]
    next: int


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
        body = await _ask(client, "POST", "/calls", inbound)
        return cls(client, msgspec.json.decode(body, type=_Dialled).call_id)

    async def look(self) -> Look:
        body = await _ask(self.client, "GET", f"/calls/{self.call}")
        return msgspec.json.decode(body, type=Look)

    async def told(self, after: int) -> list[Told]:
        query = f"call={quote(self.call)}&after={self._next}"
        body = await _ask(self.client, "GET", f"/transcript?{query}")
        new = msgspec.json.decode(body, type=_Entries)
        self._told += new.entries
        self._next = new.next
        return self._told[after:]

    async def do(self, deed: Deed) -> None:
        await _ask(self.client, "POST", f"/calls/{self.call}/{NAME_BY_DEED[type(deed)]}", deed)

    async def wait(self, ms: int) -> None:
        await _ask(self.client, "POST", "/advance", {"ms": ms}, patience=ms / 1000)


def connect(url: str) -> httpx2.AsyncClient:
    """Return a client of the control API below `url`; raises `UsageError`."""
    if not url.startswith(("http://", "https://")):
        raise UsageError(f'--url "{url}" is no http or https URL: http://127.0.0.1:3000')
    return httpx2.AsyncClient(base_url=url.rstrip("/") + "/emulator", trust_env=False)


async def _ask(
    client: httpx2.AsyncClient, verb: str, path: str, body: object = None, patience: float = 0
) -> bytes:
    content = b"" if body is None else msgspec.json.encode(body)
    try:
        answer = await client.request(verb, path, content=content, timeout=TIMEOUT + patience)
    except httpx2.TransportError as error:
        raise UsageError(
            f"nobody answers at {client.base_url} ({error or type(error).__name__}); "
            "start it: ivrflow dev flows/"
        ) from error
    if answer.is_success:
        return answer.content
    try:
        problem = msgspec.json.decode(answer.content, type=_Failed).error
    except msgspec.DecodeError:
        raise UsageError(
            f"{client.base_url} answers {answer.status_code}: no platform is emulated there"
        ) from None
    raise EmulatorError(problem)
