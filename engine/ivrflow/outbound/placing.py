"""Callouts, placed by the Voice API: what it answers, as what becomes of a try."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec
from msgspec import UNSET

from ivrflow.callouts import Answer, Placed, Refused, Seen, Unsure
from ivrflow.errors import (
    NotFoundError,
    NotSentError,
    RequestError,
    ServerError,
    TooManyRequestsError,
    UnknownOutcomeError,
    VoiceError,
)
from ivrflow.machine.environment import fill
from ivrflow.machine.orders import Dial
from ivrflow.outbound.voice import VoiceClient
from ivrflow.sinch import limits, rest
from ivrflow.sinch.parse import RESULT_BY_WORD
from ivrflow.sinch.render import detecting, seconds
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import CallInfo, CustomCallout
from ivrflow.sinch.ringing import ring_number, ring_sip
from ivrflow.sinch.svaml import ConnectPstn

R = TypeVar("R")

DOWN = 503
"""The status of a platform that takes nothing for a while. Another one may have placed a call."""


class Sender(Protocol):
    """Who sends requests of applications; raises `VoiceError`. `region` is where the call or the
    room is, "" for the one that is configured."""

    async def send(self, app: str, request: Request[R], region: str = "") -> R: ...


class Clients:
    """Sends requests of several applications, each with a client of its own that is kept; `region`
    is where those go that name none."""

    def __init__(
        self, secret_by_key: Mapping[str, str], *, region: str = "", url: str = ""
    ) -> None:
        self._secret_by_key = secret_by_key
        self._region = region
        self._url = url
        self._clients: dict[str, VoiceClient] = {}

    async def send(self, app: str, request: Request[R], region: str = "") -> R:
        client = self._client(app)
        return await (client.at(region) if region else client).send(request)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    def _client(self, app: str) -> VoiceClient:
        if app not in self._clients:
            secret = self._secret_by_key.get(app)
            if secret is None:
                raise RequestError(f'there are no credentials of the application "{app}"')
            self._clients[app] = VoiceClient(app, secret, region=self._region, base_url=self._url)
        return self._clients[app]


class Placing:
    """Places calls by `sender`; meets `ivrflow.runtime.dialler.Placer`. `environment` are the
    variables that callouts may read."""

    def __init__(self, sender: Sender, environment: Mapping[str, str]) -> None:
        self._sender = sender
        self._environment = environment

    async def place(self, app: str, dial: Dial, custom: str, region: str) -> Answer:
        try:
            request = rest.place(as_callout(self._filled(dial), custom))
            return Placed(await self._sender.send(app, request, region))
        except RequestError as error:
            return Refused(str(error))
        except VoiceError as error:
            return _answer(error)

    async def look(self, app: str, call: str, region: str) -> Seen:
        try:
            info = await self._sender.send(app, rest.get_call(call), region)
        except NotFoundError:
            return Seen("unknown")
        except (RequestError, VoiceError):
            return Seen("ongoing")  # for all we know
        return Seen("over", _result(info)) if info.is_over else Seen("ongoing")

    def _filled(self, dial: Dial) -> Dial:
        def filled(text: str) -> str:
            return fill(text, lambda name: self._environment.get(name, ""))

        return msgspec.structs.replace(dial, to=filled(dial.to), cli=filled(dial.cli))


def as_callout(dial: Dial, custom: str) -> CustomCallout:
    """Return the callout that dials as `dial` says; raises `RequestError` for what can't be.

    ACE and PIE go to the application's callback URL, where `custom` tells whose they are.
    """
    if dial.is_sip:
        longest = seconds(dial.max_duration, limits.MAX_CALL)
        return ring_sip(
            dial.to, custom=custom, cli=dial.cli, max_duration=0 if longest is UNSET else longest
        )
    connect = ConnectPstn(
        number=dial.to,
        cli=dial.cli or UNSET,
        dial_timeout=seconds(dial.timeout, limits.MAX_CALL),
        max_duration=seconds(dial.max_duration, limits.MAX_CALL),
        dtmf=dial.dtmf or UNSET,
        amd=detecting(dial.amd),
    )
    return ring_number(connect, custom=custom)


def _answer(error: VoiceError) -> Answer:
    pause = int((error.retry_after or 0) * 1000)
    match error:
        case NotSentError() | TooManyRequestsError():
            return Refused(str(error), again=True, pause=pause)
        case ServerError(status=status) if status == DOWN:
            return Refused(str(error), again=True, pause=pause)
        case ServerError() | UnknownOutcomeError():
            return Unsure(str(error))
        case _:
            return Refused(str(error))


def _result(info: CallInfo) -> str:
    word = info.result.lower()
    return RESULT_BY_WORD.get(word, word)
