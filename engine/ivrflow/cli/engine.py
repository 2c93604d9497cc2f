"""The management API of a running engine, for commands."""

import os
import time
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import click
import httpx2
import msgspec

from ivrflow.dotenv import with_dotenv
from ivrflow.errors import EngineError, NothingToReadError, UsageError
from ivrflow.settings import read_api_token

TIMEOUT = 30.0

PROBLEM = "application/problem+json"

PAUSE = 1.0
"""Seconds between two tries at an engine that does not answer."""

R = TypeVar("R")


OPTIONS = (
    click.option(
        "--url", default="http://127.0.0.1:3000", show_default=True, help="where the engine is"
    ),
    click.option(
        "--token",
        default="",
        help="its IVRFLOW_API_TOKEN, from where `serve` reads it unless given",
    ),
)


class Engine:
    """Asks the engine at `url`; raises `EngineError` for what it refuses, or where it is none, and
    `NothingToReadError` for what it does not have.

    No proxy that the environment names is asked: it would get the token.
    """

    def __init__(self, url: str, token: str) -> None:
        self._patience = 0.0
        headers = {"Authorization": f"Bearer {token}"}
        try:
            self._client = httpx2.Client(
                base_url=url, headers=headers, timeout=TIMEOUT, trust_env=False
            )
        except httpx2.InvalidURL as error:
            raise UsageError(f'"{url}" is no address: {error}') from error

    def wait_for(self, seconds: float) -> None:
        """From now on ask an engine that is away, because it is started anew for example, again for
        so long: for those who ask nothing that must not be asked twice."""
        self._patience = seconds

    def get(self, path: str, kind: type[R]) -> R:
        return self._ask("GET", path, None, kind)

    def post(self, path: str, body: object, kind: type[R]) -> R:
        return self._ask("POST", path, msgspec.json.encode(body), kind)

    def _ask(self, method: str, path: str, body: bytes | None, kind: type[R]) -> R:
        answer = self._answer(method, path, body)
        is_problem = answer.headers.get("content-type", "").startswith(PROBLEM)
        if answer.status_code == HTTPStatus.NOT_FOUND and is_problem:
            raise NothingToReadError(_detail(answer))
        if answer.status_code != HTTPStatus.OK:
            message = f"{answer.status_code} {_detail(answer)}".strip()
            raise EngineError(f"the engine refused: {message}")
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.DecodeError as error:
            raise EngineError(f"{self._client.base_url} is no ivrflow engine: {error}") from error

    def _answer(self, method: str, path: str, body: bytes | None) -> httpx2.Response:
        """Return the answer of an engine that is there, if it is within the time to wait for it."""
        until = time.monotonic() + self._patience
        while True:
            last = time.monotonic() + PAUSE >= until
            try:
                answer = self._client.request(method, path, content=body)
                if last or answer.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
                    return answer
            except httpx2.TransportError as error:
                if last:
                    raise self._nobody(error) from error
            except (httpx2.HTTPError, httpx2.InvalidURL, OverflowError) as error:
                raise self._nobody(error) from error
            time.sleep(PAUSE)

    def _nobody(self, error: Exception) -> EngineError:
        return EngineError(f"no engine answers at {self._client.base_url}: {error}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()


def _detail(answer: httpx2.Response) -> str:
    try:
        problem = msgspec.json.decode(answer.content, type=dict[str, object])
    except msgspec.DecodeError:
        problem = {}
    return str(problem.get("detail", ""))


def asks_engine(command: Callable[..., R]) -> Callable[..., R]:
    """Give a command the options that say which engine is meant, and that engine."""

    @wraps(command)
    def asking(*, url: str, token: str, **given: object) -> R:
        here = Path.cwd()
        environment = with_dotenv(os.environ, here)
        with Engine(url, read_api_token(token or None, environment, here)) as engine:
            return command(engine=engine, **given)

    for option in reversed(OPTIONS):
        asking = option(asking)
    return asking
