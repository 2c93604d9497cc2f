"""Requests of the Voice API to an emulated platform in this process: what is sent elsewhere over a
network goes from hand to hand here.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from ivrflow.clock import from_milliseconds
from ivrflow.emulator.auth import Request as Asked
from ivrflow.emulator.runner import Runner
from ivrflow.errors import UnknownOutcomeError
from ivrflow.sinch import rest_answers
from ivrflow.sinch.credentials import Credentials
from ivrflow.sinch.rest import Request

R = TypeVar("R")


class Requesting:
    """Hands requests to the platform of a runner, signed where that knows a secret; meets
    `ivrflow.outbound.placing.Sender`. One goes after the other, in the order in which they come."""

    def __init__(self, runner: Callable[[], Runner]) -> None:
        self._runner = runner
        self._line = asyncio.Lock()

    async def send(self, app: str, request: Request[R], region: str = "") -> R:
        """Return the result; raises `VoiceError`. There is one region only."""
        async with self._line:
            runner = self._runner()
            headers = {**request.headers, **self._signed(app, request)}
            answer = await runner.request(
                Asked(method=request.method, path=request.path, headers=headers, body=request.body)
            )
        if not answer.status:
            raise UnknownOutcomeError("the connection broke")
        if 200 <= answer.status < 300:
            return request.read(answer.body)
        raise rest_answers.refusal(answer.status, answer.body)

    def _signed(self, app: str, request: Request[R]) -> dict[str, str]:
        platform = self._runner().platform
        found = next((each for each in platform.setup.applications if each.key == app), None)
        if found is None or not found.secret:
            return {}
        credentials = Credentials(key=found.key, secret=found.secret)
        moment = from_milliseconds(platform.now)
        return credentials.headers(request.method, request.path, request.body, moment)
