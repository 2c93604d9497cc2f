"""The control API: being the people on the line, over HTTP. Described in `docs/emulator.md`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from ivrflow.emulator.bodies import read_body
from ivrflow.emulator.callbacks import info
from ivrflow.emulator.look import look
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.runner import Runner
from ivrflow.emulator.setup import Fault, Inbound, Person, RestFault
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.emulator.switches import Ms
from ivrflow.emulator.transcript import Entry, Json
from ivrflow.emulator.world import Call
from ivrflow.errors import EmulatorError, NoSuchCallError, TooLargeError

POLL = 0.05
"""Seconds between two looks at the transcript while it is followed."""

PREFIX = "/emulator"
MOST_DIGITS = 16

B = TypeVar("B")
Endpoint = Callable[[Request], Awaitable[Response]]


class _Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Press(_Body, frozen=True, kw_only=True):
    keys: str
    who: str = ""


class Speak(_Body, frozen=True, kw_only=True):
    text: str
    who: str = ""
    lasting: Ms = 0


class PickUp(_Body, frozen=True, kw_only=True):
    who: str = ""
    voice: Voice = "human"


class Reject(_Body, frozen=True, kw_only=True):
    who: str = ""
    why: Refusal = "busy"


class Who(_Body, frozen=True, kw_only=True):
    who: str = ""


class Again(_Body, frozen=True, kw_only=True):
    event: str = ""


class Advance(_Body, frozen=True, kw_only=True):
    ms: Ms


class People(_Body, frozen=True, kw_only=True):
    people: tuple[Person, ...]


Act = Callable[[Platform, str, bytes], None]

ACTS: dict[str, Act] = {
    "press": lambda platform, call, body: _press(platform, call, _read(body, Press)),
    "speak": lambda platform, call, body: _speak(platform, call, _read(body, Speak)),
    "pick-up": lambda platform, call, body: _pick_up(platform, call, _read(body, PickUp)),
    "reject": lambda platform, call, body: _reject(platform, call, _read(body, Reject)),
    "beep": lambda platform, call, body: platform.beep(call, _read(body, Who).who),
    "hang-up": lambda platform, call, body: platform.hang_up(call, _read(body, Who).who),
    "break-menu": lambda platform, call, body: platform.break_menu(call),
    "resend": lambda platform, call, body: platform.resend(call, _read(body, Again).event),
    "forge": lambda platform, call, body: platform.forge(call, _read(body, Again).event),
}


def routes(runner: Runner, ending: asyncio.Event) -> list[Route]:
    """Return the routes of the control API, all of them below `/emulator`. Who follows the
    transcript, or waits for time to pass, is let go at the `ending`."""
    control = _Control(runner, ending)
    return [
        _route("", control.state),
        _route("/calls", control.calls),
        _route("/calls", control.call, "POST"),
        _route("/calls/{call}", control.one),
        _route("/calls/{call}/{act}", control.act, "POST"),
        _route("/faults", control.fault, "POST"),
        _route("/rest-faults", control.rest_fault, "POST"),
        _route("/people", control.people, "PUT"),
        _route("/advance", control.advance, "POST"),
        _route("/transcript", control.transcript),
        _route("/transcript/stream", control.stream),
        _route("/{path:path}", control.nowhere),
    ]


class _Control:
    def __init__(self, runner: Runner, ending: asyncio.Event) -> None:
        self.runner = runner
        self.ending = ending

    @property
    def _calls(self) -> list[Call]:
        return list(self.runner.platform.world.calls.values())

    async def state(self, request: Request) -> Response:
        world = self.runner.platform.world
        rooms = {room.id: [each.call.id for each in there] for room, there in world.rooms.items()}
        live = [each.id for each in self._calls if each.ended is None]
        return _json({"now": world.clock.now, "due": world.clock.due, "live": live, "rooms": rooms})

    async def calls(self, request: Request) -> Response:
        return _json({"calls": [_seen(each) for each in self._calls]})

    async def call(self, request: Request) -> Response:
        inbound = _read(await read_body(request), Inbound)
        call = await self.runner.do(lambda platform: platform.call(inbound))
        return _json({"callId": call}, 201)

    async def one(self, request: Request) -> Response:
        return _json(_seen(self.runner.platform.find(request.path_params["call"])))

    async def act(self, request: Request) -> Response:
        call, name = request.path_params["call"], request.path_params["act"]
        act = ACTS.get(name)
        if act is None:
            return _json({"error": f'"{name}" is no act: {", ".join(ACTS)}'}, 404)
        body = await read_body(request)
        await self.runner.do(lambda platform: act(platform, call, body))
        return _json(_seen(self.runner.platform.find(call)))

    async def fault(self, request: Request) -> Response:
        return await self._inject(_read(await read_body(request), Fault))

    async def rest_fault(self, request: Request) -> Response:
        return await self._inject(_read(await read_body(request), RestFault))

    async def people(self, request: Request) -> Response:
        people = _read(await read_body(request), People).people
        await self.runner.do(lambda platform: platform.meet(people))
        return Response(status_code=204)

    async def advance(self, request: Request) -> Response:
        ms = _read(await read_body(request), Advance).ms
        if not await self._waited(ms):
            return _json({"error": "the platform is being stopped"}, 503)
        return await self.state(request)

    async def _waited(self, ms: int) -> bool:
        """Let time pass; False if the end of the server comes first."""
        waiting = asyncio.ensure_future(self.runner.wait(ms))
        ending = asyncio.ensure_future(self.ending.wait())
        try:
            done, _ = await asyncio.wait({waiting, ending}, return_when=asyncio.FIRST_COMPLETED)
            if waiting in done:
                await waiting  # raises what it did
            return waiting in done
        finally:
            waiting.cancel()
            ending.cancel()

    async def transcript(self, request: Request) -> Response:
        entries, after = self._entries(request)
        return _json({"entries": entries, "next": after})

    async def stream(self, request: Request) -> Response:
        return StreamingResponse(self._events(request), media_type="text/event-stream")

    async def nowhere(self, request: Request) -> Response:
        return _json({"error": "see docs/emulator.md for what is there"}, 404)

    async def _events(self, request: Request) -> AsyncIterator[bytes]:
        entries, after = self._entries(request)
        while not self.ending.is_set():
            for entry in entries:
                yield b"data: " + msgspec.json.encode(entry) + b"\n\n"
            await asyncio.sleep(POLL)
            entries, after = self._entries(request, after)

    def _entries(self, request: Request, after: int | None = None) -> tuple[list[Entry], int]:
        """Return the entries (of `call`) from place `after` on, and the place behind them."""
        first = _number(request.query_params.get("after", "0")) if after is None else after
        call = request.query_params.get("call", "")
        told, following = self.runner.platform.entries(first)
        return [each for each in told if call in ("", each.call)], following

    async def _inject(self, fault: Fault | RestFault) -> Response:
        await self.runner.do(lambda platform: platform.inject(fault))
        return Response(status_code=204)


def _press(platform: Platform, call: str, body: Press) -> None:
    platform.press(call, body.keys, body.who)


def _speak(platform: Platform, call: str, body: Speak) -> None:
    platform.speak(call, body.text, body.who, body.lasting)


def _pick_up(platform: Platform, call: str, body: PickUp) -> None:
    platform.pick_up(call, body.who, body.voice)


def _reject(platform: Platform, call: str, body: Reject) -> None:
    platform.reject(call, body.who, body.why)


def _route(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
    """Serve an endpoint: 400 to what can't be read, 404 to a call that isn't there, 409 to what
    nobody can do now, 413 to what is too large."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return _json({"error": str(error)}, 400)
        except TooLargeError as error:
            return _json({"error": str(error)}, 413)
        except NoSuchCallError as error:
            return _json({"error": str(error)}, 404)
        except EmulatorError as error:
            return _json({"error": str(error)}, 409)

    return Route(PREFIX + path, answer, methods=[method])


def _seen(call: Call) -> Json:
    """Return what GET tells of a call, and what it tells nobody but who emulates it."""
    seen: Json = msgspec.to_builtins(look(call))
    return {**info(call), **seen}


def _number(text: str) -> int:
    """Return a number of the query; 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < MOST_DIGITS else 0


def _read(body: bytes, kind: type[B]) -> B:
    return msgspec.json.decode(body or b"{}", type=kind)


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
