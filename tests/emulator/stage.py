"""A platform on a simulated clock, and an application that answers as it is told."""

import asyncio
import base64
import json
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from ivrflow.emulator.auth import Request
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.setup import Application, Inbound, Setup
from ivrflow.emulator.switches import Switches
from ivrflow.emulator.transcript import Ended, Entry, Heard, Rang, Warned

KEY = "669E367E-6BBA-48AB-AF15-266871C28135"
SECRET = "BeIukql3pTKJ8RGL5zo0DA=="
PRIMARY = "https://app.example/callbacks/sinch"
FALLBACK = "https://spare.example/callbacks/sinch"
NUMBER = "+46850000000"
BASIC = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()

HANGUP: dict[str, Any] = {"action": {"name": "hangup"}}
CONTINUE: dict[str, Any] = {"action": {"name": "continue"}}
DIAL: dict[str, Any] = {"action": {"name": "connectPstn", "number": "+46850000001"}}
ANSWER: dict[str, Any] = {"name": "answer"}

Reply = dict[str, Any] | bytes | int | Exception
Event = dict[str, Any]
T = TypeVar("T")


def say(text: str, action: dict[str, Any] | None = None) -> dict[str, Any]:
    """A reply that speaks, and then does `action` (hang up)."""
    told = {"name": "say", "text": text, "locale": "en-US"}
    return {"instructions": [ANSWER, told], **(action or HANGUP)}


def menu(*options: str, **fields: Any) -> dict[str, Any]:
    """A reply with one menu; options are `1=return(sales)`."""
    listed = [dict(zip(("dtmf", "action"), each.split("=", 1), strict=True)) for each in options]
    main = {"id": "main", "mainPrompt": "#tts[Press a key.]", "options": listed, **fields}
    return {"action": {"name": "runMenu", "locale": "en-US", "menus": [main]}}


class Stage:
    """The replies to each event come in order, the last one again and again.

    A reply is SVAML, raw bytes, a status without a body, or an exception: no answer. Keyword
    arguments that are no events are switches.
    """

    def __init__(
        self,
        *,
        setup: dict[str, Any] | None = None,
        application: dict[str, Any] | None = None,
        url: dict[str, list[Reply]] | None = None,
        **given: Any,
    ) -> None:
        events = ("ice", "ace", "pie", "dice", "notify")
        self.replies = {each: _listed(given.pop(each)) for each in events if each in given}
        self.by_url = url or {}
        self.events: list[Event] = []
        self.posted: list[tuple[str, dict[str, str], bytes]] = []
        self.on_event: Callable[[Event], Coroutine[Any, Any, None]] | None = None
        known = {"key": KEY, "secret": SECRET, "primary": PRIMARY, "numbers": (NUMBER,)}
        app = Application(**{**known, **(application or {})})
        self.box = InProcess(
            Setup(**{"applications": (app,), "switches": Switches(**given), **(setup or {})}),
            self._answer,
        )
        self.platform = self.box.platform

    async def _answer(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        event = json.loads(body)
        self.events.append(event)
        self.posted.append((url, headers, body))
        if self.on_event is not None:
            await self.on_event(event)
        left = self.by_url.get(url) or self.replies.get(event["event"], [b""])
        reply = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, int):
            return reply, b""
        return 200, reply if isinstance(reply, bytes) else json.dumps(reply).encode()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(doing)

    def call(self, **inbound: Any) -> str:
        return self.run(self.box.call(Inbound(**inbound)))

    def press(self, call: str, keys: str, who: str = "") -> None:
        self.run(self.box.press(call, keys, who))

    def speak(self, call: str, text: str, lasting: int = 0) -> None:
        self.run(self.box.speak(call, text, lasting=lasting))

    def pick_up(self, call: str, who: str = "", voice: Any = "human") -> None:
        self.run(self.box.pick_up(call, who, voice))

    def reject(self, call: str, why: Any = "busy") -> None:
        self.run(self.box.reject(call, why=why))

    def hang_up(self, call: str, who: str = "") -> None:
        self.run(self.box.hang_up(call, who))

    def beep(self, call: str) -> None:
        self.run(self.box.beep(call))

    def wait(self, seconds: float) -> None:
        self.run(self.box.wait(round(seconds * 1000)))

    def hear(self, text: str, who: str = "", within: int = 60_000) -> Heard:
        return self.run(self.box.hear(text, who, within))

    def rest(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Ask as an application does, with Basic authorisation."""
        sent = b"" if body is None else body if isinstance(body, bytes) else _json(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(
            method=method, path=path, headers={"authorization": BASIC, **named}, body=sent
        )
        response = self.run(self.box.request(request))
        self.run(self.box.settle())
        return response.status, json.loads(response.body or b"{}")

    # -- what is told of it

    @property
    def names(self) -> list[str]:
        """The events, in the order in which they were sent."""
        return [each["event"] for each in self.events]

    def last(self, event: str) -> Event:
        return [each for each in self.events if each["event"] == event][-1]

    def told(self, kind: type[T]) -> list[T]:
        """The entries of one kind."""
        return [each for each in self.platform.transcript if isinstance(each, kind)]

    def heard(self, who: str = "") -> list[str]:
        return [each.text for each in self.told(Heard) if who in ("", each.who)]

    @property
    def rang(self) -> Rang:
        return self.told(Rang)[-1]

    @property
    def ended(self) -> tuple[str, str]:
        (entry,) = self.told(Ended)
        return entry.reason, entry.result

    @property
    def warnings(self) -> str:
        return "\n".join(each.text for each in self.told(Warned))

    @property
    def transcript(self) -> list[Entry]:
        return self.platform.transcript


def _listed(replies: Any) -> list[Reply]:
    return list(replies) if isinstance(replies, list) else [replies]


def _json(body: object) -> bytes:
    return json.dumps(body).encode()
