"""`POST /callbacks/sinch`: bytes to an event of a known application, and the turn's answer back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Protocol

import structlog
from starlette.types import Receive, Scope, Send

from ivrflow.errors import CallbackError, SignatureError
from ivrflow.machine.events import Ended, Event, Notified
from ivrflow.runtime.answer import Answer
from ivrflow.server.body import BodyTooLargeError, read_body, respond
from ivrflow.sinch.parse import parse
from ivrflow.sinch.signing import Keyring, is_fresh

MAX_BODY = 64 * 1024
"""Bytes of a callback. The largest documented one, headers and all, is a few kilobytes."""

WINDOW = timedelta(minutes=5)
"""How old a signed request may be that would open or move a call."""

UNSIGNED_APP = "unsigned"
"""The application of callbacks that nobody verified, on loopback with `--insecure`."""

log = structlog.get_logger()


class Answering(Protocol):
    """What answers an event; `arrived` is the monotonic time of the request's first byte."""

    async def answer(self, event: Event, *, arrived: float) -> Answer: ...


class Callbacks:
    """The ASGI endpoint of all callbacks. Replies with SVAML; 401 to whom Sinch didn't sign for.

    `path` is the public path that Sinch signs, "" for the path requested. Without a `keyring`
    every callback is believed. `doubt` tells why ours may be the clock that is wrong: the last
    request that carried a good signature carried another time.
    """

    def __init__(
        self,
        turns: Answering,
        keyring: Keyring | None,
        *,
        path: str = "",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.turns = turns
        self.keyring = keyring
        self.path = path
        self.now = now
        self.doubt = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        arrived = monotonic()
        if scope["method"] != "POST":
            return await respond(send, 405)
        try:
            body = await read_body(receive, MAX_BODY)
            app, timestamp = self._verify(scope, body)
            event = parse(body, app)
            if not isinstance(event, Ended | Notified):
                self._require_fresh(timestamp)
        except BodyTooLargeError:
            log.warning("callback refused", reason=f"more than {MAX_BODY} bytes")
            return await respond(send, 413)
        except SignatureError as error:
            log.warning("callback refused", reason=str(error))
            return await respond(send, 401)
        except CallbackError as error:
            log.warning("callback refused", reason=str(error))
            return await respond(send, 400)
        answer = await self.turns.answer(event, arrived=arrived)
        return await respond(send, answer.status, answer.body)

    def _verify(self, scope: Scope, body: bytes) -> tuple[str, str]:
        """Return the application that signed, and when; raises `SignatureError`."""
        if self.keyring is None:
            return UNSIGNED_APP, ""
        headers: dict[bytes, bytes] = dict(scope["headers"])
        timestamp = headers.get(b"x-timestamp", b"").decode("latin-1")
        app = self.keyring.verify(
            verb="POST",
            path=self.path or scope["path"],
            authorization=headers.get(b"authorization", b"").decode("latin-1"),
            timestamp=timestamp,
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            body=body,
        )
        return app, timestamp

    def _require_fresh(self, timestamp: str) -> None:
        """Refuse what was signed long ago and would open or move a call."""
        if self.keyring is None:
            return
        if not is_fresh(timestamp, self.now(), WINDOW):
            self.doubt = f'a callback was signed at "{timestamp}": is this machine\'s clock right?'
            raise SignatureError(f'signed at "{timestamp}": too long ago, or the clocks disagree')
        self.doubt = ""
