"""What the API works on: the engine's turns, and the platform that they answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from ivrflow.clock import as_milliseconds
from ivrflow.errors import (
    BadRequestError,
    ForbiddenError,
    NotFoundError,
    NotSentError,
    ServerError,
    TooManyRequestsError,
    VoiceError,
)
from ivrflow.outbound.placing import DOWN, Sender
from ivrflow.runtime.turn import Turns
from ivrflow.server.api.contents import Contents, Shelf, begun_by
from ivrflow.server.api.problems import Problem, unfit
from ivrflow.sinch.rest import Request

R = TypeVar("R")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """The turns of an engine, and the platform. `applications` are the keys as which something may
    be asked of the platform; `named` are the flows of programs that somebody asked for before."""

    turns: Turns
    platform: Sender
    applications: tuple[str, ...]
    shelf: Shelf = field(default_factory=Shelf)
    named: dict[str, str] = field(default_factory=dict)

    def at(self) -> int:
        """Return the time in milliseconds since 1970."""
        return as_milliseconds(self.turns.now())

    def contents(self) -> Contents:
        """Return what is served now, as people look at it."""
        return self.shelf.of(self.turns.library.current)

    async def flow_by_program(self) -> Mapping[str, str]:
        """Return the flow that begins each program that stored calls run on."""
        store = self.turns.store
        ids = await store.program_ids()
        for id in self.named.keys() - set(ids):
            del self.named[id]
        for id in ids:
            if id not in self.named:
                self.named[id] = begun_by(await store.closure(id))
        return self.named

    def application(self, wanted: str) -> str:
        """Return the application that is meant, the only one for ""; raises `Problem`."""
        if wanted in self.applications:
            return wanted
        if not wanted and len(self.applications) == 1:
            return self.applications[0]
        known = ", ".join(self.applications) or "none: set SINCH_APPLICATION_KEY"
        message = f'"{wanted}" is none of the applications' if wanted else "name an `application`"
        raise unfit(f"{message} ({known})")

    async def ask(self, app: str, request: Request[R], region: str) -> R:
        """Return what the platform answers; raises `Problem`."""
        try:
            return await self.platform.send(app, request, region)
        except VoiceError as error:
            raise Problem(_status(error), f"the Voice API: {error}", _pause(error)) from error


def _status(error: VoiceError) -> HTTPStatus:
    match error:
        case NotFoundError():
            return HTTPStatus.NOT_FOUND
        case BadRequestError() | ForbiddenError():
            return HTTPStatus.CONFLICT
        case NotSentError() | TooManyRequestsError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case ServerError(status=status) if status == DOWN:
            return HTTPStatus.SERVICE_UNAVAILABLE
        case _:
            return HTTPStatus.BAD_GATEWAY


def _pause(error: VoiceError) -> dict[str, str]:
    return {} if error.retry_after is None else {"retry-after": str(round(error.retry_after))}
