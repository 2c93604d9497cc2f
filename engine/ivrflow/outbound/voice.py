"""A client of the Sinch Voice API v1: every endpoint, typed, asynchronous.

    async with VoiceClient(key, secret, region="euc1") as client:
        call = await client.callouts.tts(TtsCallout(destination=number("+46..."), text="Hello."))

Every method raises `RequestError` for what the API could never take, and `VoiceError` for what it
did not do; see `ivrflow.errors`.
"""

import os
from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar
from urllib.parse import urlsplit

from ivrflow.addresses import LOOPBACK, fault
from ivrflow.errors import SettingsError
from ivrflow.outbound.http import Http
from ivrflow.outbound.repeating import USUAL, Patience, Repeater
from ivrflow.settings import Access, read_access
from ivrflow.sinch import rest
from ivrflow.sinch.credentials import Credentials, Scheme
from ivrflow.sinch.regions import origin_of
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import (
    Callbacks,
    CallInfo,
    CallLeg,
    Capability,
    Conference,
    ConferenceCallout,
    CustomCallout,
    NumberInfo,
    RentedNumber,
    TtsCallout,
)
from ivrflow.sinch.signing import decode_secret
from ivrflow.sinch.svaml import Music, Svaml

R = TypeVar("R")


class VoiceClient:
    """Asks the Voice API for one application, over connections that it keeps.

    `region` is where calls and rooms are: `use1`, `euc1`, `sae1`, `apse1`, `apse2`, or "" to let
    Sinch pick one. `base_url` takes the place of all of Sinch's hosts, for an emulator. Requests
    are signed unless `scheme` is `basic`. Close it, or use it as a context manager.
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        region: str = "",
        base_url: str = "",
        scheme: Scheme = "signed",
        patience: Patience = USUAL,
    ) -> None:
        """Raises `SettingsError` or `RequestError` for what no request could be made with."""
        decode_secret(secret)
        _require_key(key)
        _require_base(base_url, scheme)
        origin_of(region)
        self.key = key
        self.region = region
        self._base = base_url
        self._http = Http()
        credentials = Credentials(key=key, secret=secret, scheme=scheme)
        self._repeater = Repeater(self._http, credentials, patience)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return a client as the commands make theirs: from `SINCH_APPLICATION_KEY`,
        `SINCH_APPLICATION_SECRET`, `SINCH_VOICE_REGION` and `IVRFLOW_VOICE_URL`, or `ivrflow.toml`
        in the working directory. Raises `SettingsError`."""
        return cls.of(read_access({}, environment, Path.cwd()))

    @classmethod
    def of(cls, access: Access, *, scheme: Scheme = "signed") -> Self:
        """Return a client with the settings of an application."""
        return cls(
            access.key, access.secret, region=access.region, base_url=access.url, scheme=scheme
        )

    def at(self, region: str) -> Self:
        """Return this client in another region, over the same connections.

        Calls and rooms live in one region: ask for them where they are (`region_of`).
        """
        origin_of(region)
        there = copy(self)
        there.region = region
        return there

    async def send(self, request: Request[R]) -> R:
        """Send a request of `ivrflow.sinch.rest`, and return its result."""
        url = request.url(region=self.region, base=self._base)
        return await self._repeater.send(request, url)

    @property
    def callouts(self) -> "Callouts":
        return Callouts(self)

    @property
    def calls(self) -> "Calls":
        return Calls(self)

    @property
    def conferences(self) -> "Conferences":
        return Conferences(self)

    @property
    def numbers(self) -> "Numbers":
        return Numbers(self)

    @property
    def callbacks(self) -> "CallbackUrls":
        return CallbackUrls(self)

    async def close(self) -> None:
        await self._http.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


@dataclass(frozen=True, slots=True)
class Callouts:
    """Calls that the platform makes. Each method returns the id of the call.

    A callout that was sent is never sent again: `NotSentError` says that nobody was called,
    `UnknownOutcomeError` that somebody may be. To cancel the request may cancel the call.
    `headers` named `X-CB-*` come back with the call's callbacks.
    """

    client: VoiceClient

    async def tts(self, callout: TtsCallout, headers: Mapping[str, str] = {}) -> str:
        """Call, and say a text."""
        return await self.client.send(rest.place(callout, headers))

    async def conference(self, callout: ConferenceCallout, headers: Mapping[str, str] = {}) -> str:
        """Call, and put who answers into a room."""
        return await self.client.send(rest.place(callout, headers))

    async def custom(self, callout: CustomCallout, headers: Mapping[str, str] = {}) -> str:
        """Call as SVAML or the application's callbacks say (`ring_number`, `ring_sip`)."""
        return await self.client.send(rest.place(callout, headers))


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls there are."""

    client: VoiceClient

    async def get(self, call: str) -> CallInfo:
        """Return what is known of a call."""
        return await self.client.send(rest.get_call(call))

    async def update(self, call: str, svaml: Svaml, leg: CallLeg | None = None) -> None:
        """Give an answered or parked call something else to do; `leg` is who hears prompts."""
        await self.client.send(rest.update_call(call, svaml, leg))

    async def hangup(self, call: str) -> None:
        """End an answered call."""
        await self.client.send(rest.hang_up(call))


@dataclass(frozen=True, slots=True)
class Conferences:
    """Rooms there are; participants are named by the id of their call."""

    client: VoiceClient

    async def get(self, room: str) -> Conference:
        """Return who is in a room."""
        return await self.client.send(rest.get_conference(room))

    async def mute(self, room: str, call: str) -> None:
        await self.client.send(rest.command(room, call, "mute"))

    async def unmute(self, room: str, call: str) -> None:
        await self.client.send(rest.command(room, call, "unmute"))

    async def hold(self, room: str, call: str, music: Music | None = None) -> None:
        await self.client.send(rest.command(room, call, "onhold", music))

    async def resume(self, room: str, call: str) -> None:
        await self.client.send(rest.command(room, call, "resume"))

    async def kick(self, room: str, call: str) -> None:
        """Put one participant out, which ends their call."""
        await self.client.send(rest.kick(room, call))

    async def kick_all(self, room: str) -> None:
        """Put everybody out."""
        await self.client.send(rest.kick_all(room))


@dataclass(frozen=True, slots=True)
class Numbers:
    """Phone numbers of the account. `application` is a key, this application's if none is given."""

    client: VoiceClient

    async def list(self) -> tuple[RentedNumber, ...]:
        return await self.client.send(rest.list_numbers())

    async def assign(
        self, numbers: Iterable[str], application: str = "", capability: Capability | None = None
    ) -> None:
        """Give numbers to an application."""
        await self.client.send(rest.assign_numbers(numbers, application, capability))

    async def unassign(
        self, number: str, application: str = "", capability: Capability | None = None
    ) -> None:
        """Take a number from an application."""
        await self.client.send(rest.unassign_number(number, application, capability))

    async def query(self, number: str) -> NumberInfo:
        """Return what a number is: its country, whether it is a mobile's, what a call costs."""
        return await self.client.send(rest.query_number(number))


@dataclass(frozen=True, slots=True)
class CallbackUrls:
    """Where an application's events go. `application` is a key, this one's if none is given."""

    client: VoiceClient

    async def get(self, application: str = "") -> Callbacks:
        return await self.client.send(rest.get_callbacks(application or self.client.key))

    async def set(self, primary: str, fallback: str = "", application: str = "") -> None:
        key = application or self.client.key
        await self.client.send(rest.set_callbacks(key, primary, fallback))


def _require_key(key: str) -> None:
    if not key or not key.isascii() or not key.isprintable() or ":" in key:
        raise SettingsError(f'"{key}" is no application key: copy it from the dashboard as is')


def _require_base(url: str, scheme: Scheme) -> None:
    reason = fault(url) if url else ""
    if reason:
        raise SettingsError(f'the URL of the Voice API, "{url}", can\'t be asked: {reason}')
    parts = urlsplit(url)
    if (
        scheme == "basic"
        and parts.scheme == "http"
        and not LOOPBACK.fullmatch(parts.hostname or "")
    ):
        raise SettingsError(
            f'Basic would show the secret on the way to "{url}": use https, or sign'
        )
