"""The REST API (section 4): a request to a response, and to what it does to calls and rooms."""

from collections.abc import Callable
from urllib.parse import unquote

import msgspec
from msgspec import Struct

from ivrflow.emulator import callbacks, configuration, managing
from ivrflow.emulator.auth import Request, who_asks
from ivrflow.emulator.callouts import make_callout
from ivrflow.emulator.fields import Fields, decode
from ivrflow.emulator.life import live
from ivrflow.emulator.managing import find, room_named
from ivrflow.emulator.setup import Application, RestFault
from ivrflow.emulator.transcript import Json, Requested
from ivrflow.emulator.world import World
from ivrflow.errors import IllegalError, MissingError, RestError

MESSAGES = {
    40_000: "Bad request",
    40_400: "Resource not found",
    40_500: "Method not allowed",
    42_900: "Too many requests",
    50_000: "Internal error",
    50_300: "Temporarily down",
}


class Response(Struct, frozen=True):
    """A status and a body of JSON, to be given after `after` milliseconds. Without a status (0) the
    connection breaks then: nobody is told what was done."""

    status: int
    body: bytes = b""
    after: int = 0


class RestCall(Struct, frozen=True):
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
    fault = world.take_rest_fault(path)
    if fault is None:
        response, call = _carry_out(world, request, path, now)
    elif fault.kind == "lose":
        _, call = _carry_out(world, request, path, now)
        response = Response(0, after=fault.ms)
    else:
        response, call = _failed(world, fault), ""
    at = world.clock.now
    method = request.method.upper()
    world.log(Requested(at=at, call=call, method=method, path=path, status=response.status))
    world.clock.run()
    return response


def _carry_out(world: World, request: Request, path: str, now: int) -> tuple[Response, str]:
    """Return the response, and the call that it concerns, "" for none."""
    try:
        app = who_asks(world, request, now)
        return _route(world, app, request, path)
    except RestError as error:
        return _error(world, error.code, error.message), ""
    except MissingError as error:
        return _error(world, 40_002, str(error)), ""
    except IllegalError as error:
        return _error(world, 40_001, str(error)), ""


def _failed(world: World, fault: RestFault) -> Response:
    if fault.kind == "drop":
        return Response(0, after=fault.ms)
    return _error(world, fault.code, MESSAGES.get(fault.code, "Refused"))


def _route(world: World, app: Application, request: Request, path: str) -> tuple[Response, str]:
    names = tuple(unquote(each) for each in path.strip("/").split("/"))
    names = names[1:] if names[:1] == ("calling",) else names
    for pattern, verbs in ROUTES.items():
        found = _match(pattern, names)
        if found is None:
            continue
        verb = verbs.get(request.method.upper())
        if verb is None:
            raise RestError(40_500, MESSAGES[40_500])
        answer = verb(RestCall(world, app, request, found))
        call = found[0] if pattern.startswith("v1 calls") else ""
        return _ok(world, answer), call
    raise RestError(40_400, MESSAGES[40_400])


def _match(pattern: str, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return what stands in the places marked `*`, None if the path is another."""
    parts = pattern.split()
    if len(parts) != len(names):
        return None
    if any(part not in ("*", name) for part, name in zip(parts, names, strict=True)):
        return None
    return tuple(name for part, name in zip(parts, names, strict=True) if part == "*")


def _ok(world: World, answer: Json | None) -> Response:
    if answer is None:
        return Response(world.switches.empty_status)
    after = world.switches.callout_answer_after if list(answer) == ["callId"] else 0
    return Response(200, msgspec.json.encode(answer), after)


def _error(world: World, code: int, message: str) -> Response:
    body = {"errorCode": code, "message": message, "reference": world.new_id()}
    return Response(code // 100, msgspec.json.encode(body))


# -- the endpoints --------------------------------------------------------------------------------


def _callout(given: RestCall) -> Json:
    world, body = given.world, given.body()
    call, first = make_callout(world, given.app, body, given.request.headers)
    world.place(call)
    for note in body.notes:
        call.warn(note)
    call.main = world.clock.start(live(call, first))
    return {"callId": call.id}


def _get_call(given: RestCall) -> Json:
    return callbacks.info(find(given.world, given.app, given.names[0]))


def _patch_call(given: RestCall) -> None:
    call = find(given.world, given.app, given.names[0], live=True)
    managing.patch(call, given.request.body, "caller")


def _patch_leg(given: RestCall) -> None:
    id_, leg = given.names
    call = find(given.world, given.app, id_, live=True)
    managing.patch(call, given.request.body, leg.lower())


def _get_room(given: RestCall) -> Json:
    room = room_named(given.world, given.app, given.names[0])
    return {"participants": managing.participants(room)}


def _empty_room(given: RestCall) -> None:
    for each in room_named(given.world, given.app, given.names[0]):
        managing.kick(each)


def _command(given: RestCall) -> None:
    found = managing.participant(given.world, given.app, *given.names)
    managing.command(found, given.names[0], given.body())


def _kick(given: RestCall) -> None:
    managing.kick(managing.participant(given.world, given.app, *given.names))


def _numbers(given: RestCall) -> Json:
    return configuration.numbers(given.world)


def _assign(given: RestCall) -> None:
    configuration.assign(given.world, given.app, given.body())


def _unassign(given: RestCall) -> None:
    configuration.unassign(given.world, given.body())


def _get_urls(given: RestCall) -> Json:
    return configuration.urls(given.world, given.names[0])


def _set_urls(given: RestCall) -> None:
    configuration.set_urls(given.world, given.names[0], given.body())


def _query(given: RestCall) -> Json:
    return configuration.query(given.world, given.names[0])


ROUTES: dict[str, dict[str, Callable[[RestCall], Json | None]]] = {
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
