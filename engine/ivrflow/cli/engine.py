"""The management API of a running engine, for commands."""

import time
from types import TracebackType
from typing import Self, TypeVar

import httpx2
import msgspec

from ivrflow.errors import EngineError, UsageError

TIMEOUT = 30.0

PAUSE = 1.0
"""Seconds between two tries at an engine that does not answer."""

UNAVAILABLE = 503
"""The status of an engine whose store takes nothing for a while."""

R = TypeVar("R")


class Engine:
    """Asks the engine at `url`; raises `EngineError` for what it refuses, or where it is none.

    What is asked of one that does not answer, because it is started anew for example, is asked
    again for `patience` seconds: for those who ask nothing that must not be asked twice.
    """

    def __init__(self, url: str, token: str, patience: float = 0.0) -> None:
        self._patience = patience
        headers = {"Authorization": f"Bearer {token}"}
        try:
            self._client = httpx2.Client(base_url=url, headers=headers, timeout=TIMEOUT)
        except httpx2.InvalidURL as error:
            raise UsageError(f'"{url}" is no address: {error}') from error

    def get(self, path: str, kind: type[R]) -> R:
        return self._ask("GET", path, None, kind)

    def post(self, path: str, body: object, kind: type[R]) -> R:
        return self._ask("POST", path, msgspec.json.encode(body), kind)

    def _ask(self, method: str, path: str, body: bytes | None, kind: type[R]) -> R:
        answer = self._answer(method, path, body)
        if answer.status_code != 200:
            raise EngineError(f"the engine refused: {_detail(answer)}")
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
                if last or answer.status_code != UNAVAILABLE:
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
    return f"{answer.status_code} {problem.get('detail', '')}".strip()
