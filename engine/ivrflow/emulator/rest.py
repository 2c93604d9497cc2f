"""The REST API (section 4): a request to a response, and to what it does to calls and rooms."""

from collections.abc import Callable
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from ivrflow.emulator import callbacks, configuration, managing
from ivrflow.emulator.auth import AuthError, Request, who_asks
from ivrflow.emulator.callouts import NotPlacedError, make_callout
from ivrflow.emulator.fields import Fields, IllegalError, MissingError, decode
from ivrflow.emulator.life import live
from ivrflow.emulator.managing import RefusedError, find, room_named
from ivrflow.emulator.setup import Application
from ivrflow.emulator.transcript import Json, Requested
from ivrflow.emulator.world import World

MESSAGES = {
    40_000: "Bad request",
    40_400: "Resource not found",
    40_500: "Method not allowed",
    42_900: "Too many requests",
    50_000: "Internal error",
    50_300: "Temporarily down",
}


class Response(Struct, frozen=True):
    """A status and a body of JSON, to be given after `after` milliseconds."""

    status: int
    body: bytes = b""
    after: int = 0


class Asked(Struct, frozen=True):
    """A request of a known application, its path taken apart."""

    world: World
    app: Application
    request: Request
    names: tuple[str, ...]

    def body(self) -> Fields:
        return Fields(decode(self.request.body), "the body", [])


def respond(world: World, request: Request, now: int) -> Response:
    """Carry out a request. `now`: what its timestamp is compared with. Never fails."""
    path = request.path.partition("?")[0]
    try:
        _require_luck(world, path)
        app = who_asks(world, request, now)
        response, call = _route(world, app, request, path)
    except (AuthError, RefusedError, NotPlacedError) as error:
        response, call = _error(world, error.code, error.message), ""
    except MissingError as error:
        response, call = _error(world, 40_002, str(error)), ""
    except IllegalError as error:
        response, call = _error(world, 40_001, str(error)), ""
    at = world.clock.now
    method = request.method.upper()
    world.log(Requested(at=at, call=call, method=method, path=path, status=response.status))
    world.clock.run()
    return response


def _route(world: World, app: Application, request: Request, path: str) -> tuple[Response, str]:
    names = tuple(unquote(each) for each in path.strip("/").split("/"))
    names = names[1:] if names[:1] == ("calling",) else names
    for pattern, verbs in ROUTES.items():
        found = _match(pattern, names)
        if found is None:
            continue
        verb = verbs.get(request.method.upper())
        if verb is None:
            raise RefusedError(40_500, MESSAGES[40_500])
        answer = verb(Asked(world, app, request, found))
        call = found[0] if pattern.startswith("v1 calls") else ""
        return _ok(world, answer), call
    raise RefusedError(40_400, MESSAGES[40_400])


def _match(pattern: str, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return what stands in the places marked `*`, None if the path is another."""
    parts = pattern.split()
    if len(parts) != len(names):
        return None
    if any(part not in ("*", name) for part, name in zip(parts, names, strict=True)):
        return None
    return tuple(name for part, name in zip(parts, names, strict=True) if part == "*")


def _require_luck(world: World, path: str) -> None:
    """Let the request fail if that was ordered."""
    for number, fault in enumerate(world.rest_faults):
        if path.startswith(fault.path):
            left = msgspec.structs.replace(fault, times=fault.times - 1)
            world.rest_faults[number : number + 1] = [left] if left.times > 0 else []
            raise RefusedError(fault.code, MESSAGES.get(fault.code, "Refused"))


def _ok(world: World, answer: Json | None) -> Response:
    if answer is None:
        return Response(world.switches.empty_status)
    after = world.switches.callout_answer_after if list(answer) == ["callId"] else 0
    return Response(200, msgspec.json.encode(answer), after)


def _error(world: World, code: int, message: str) -> Response:
    body = {"errorCode": code, "message": message, "reference": world.new_id()}
    return Response(code // 100, msgspec.json.encode(body))


# -- the endpoints --------------------------------------------------------------------------------


def _callout(asked: Asked) -> Json:
    world, body = asked.world, asked.body()
    call, first = make_callout(world, asked.app, body, asked.request.headers)
    world.place(call)
    for note in body.notes:
        call.warn(note)
    call.main = world.clock.start(live(call, first))
    return {"callId": call.id}


def _get_call(asked: Asked) -> Json:
    return callbacks.info(find(asked.world, asked.app, asked.names[0]))


def _patch_call(asked: Asked) -> None:
    call = find(asked.world, asked.app, asked.names[0], live=True)
    managing.patch(call, asked.request.body, "caller")


def _patch_leg(asked: Asked) -> None:
    id_, leg = asked.names
    call = find(asked.world, asked.app, id_, live=True)
    managing.patch(call, asked.request.body, leg.lower())


def _get_room(asked: Asked) -> Json:
    room = room_named(asked.world, asked.app, asked.names[0])
    return {"participants": managing.participants(room)}


def _empty_room(asked: Asked) -> None:
    for each in room_named(asked.world, asked.app, asked.names[0]):
        managing.kick(each)


def _command(asked: Asked) -> None:
    found = managing.participant(asked.world, asked.app, *asked.names)
    managing.command(found, asked.names[0], asked.body())


def _kick(asked: Asked) -> None:
    managing.kick(managing.participant(asked.world, asked.app, *asked.names))


def _numbers(asked: Asked) -> Json:
    return configuration.numbers(asked.world)


def _assign(asked: Asked) -> None:
    configuration.assign(asked.world, asked.app, asked.body())


def _unassign(asked: Asked) -> None:
    configuration.unassign(asked.world, asked.body())


def _get_urls(asked: Asked) -> Json:
    return configuration.urls(asked.world, asked.names[0])


def _set_urls(asked: Asked) -> None:
    configuration.set_urls(asked.world, asked.names[0], asked.body())


def _query(asked: Asked) -> Json:
    return configuration.query(asked.world, asked.names[0])


ROUTES: dict[str, dict[str, Callable[[Asked], Json | None]]] = {
    "v1 callouts": {"POST": _callout},
    "v1 calls id *": {"GET": _get_call, "PATCH": _patch_call},
    "v1 calls id * leg *": {"PATCH": _patch_leg},
    "v1 conferences id *": {"GET": _get_room, "DELETE": _empty_room},
    "v1 conferences id * *": {"PATCH": _command, "DELETE": _kick},
    "v1 configuration numbers": {"GET": _numbers, "POST": _assign, "DELETE": _unassign},
    "v1 configuration callbacks applications *": {"GET": _get_urls, "POST": _set_urls},
    "v1 calling query number *": {"GET": _query},
}
"""The paths without the leading `calling`, which documents put here and there; `*` is a name."""
