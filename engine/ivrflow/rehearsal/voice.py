"""The REST API of an emulated platform, asked without a network."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from ivrflow.emulator.auth import Request as Received
from ivrflow.emulator.rest import Response
from ivrflow.errors import UnknownOutcomeError
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_answers import refusal

R = TypeVar("R")


class Platform(Protocol):
    async def request(self, request: Received) -> Response: ...


class Emulated:
    """Sends requests to an emulated platform; meets `ivrflow.outbound.placing.Sender`. Nobody signs
    them: it knows who is beside it. All regions are one."""

    def __init__(self, platform: Callable[[], Platform]) -> None:
        self._platform = platform

    async def send(self, app: str, request: Request[R], region: str = "") -> R:
        received = Received(
            method=request.method,
            path=request.path,
            headers=dict(request.headers),
            body=request.body,
        )
        response = await self._platform().request(received)
        if not response.status:
            raise UnknownOutcomeError("the connection broke")
        if 200 <= response.status < 300:
            return request.read(response.body)
        raise refusal(response.status, response.body, None)
