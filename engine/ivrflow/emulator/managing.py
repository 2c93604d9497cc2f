"""Calls and rooms changed over REST while they are on (sections 4.2 and 4.3)."""

from ivrflow.emulator.clock import Script
from ivrflow.emulator.contexts import doubts
from ivrflow.emulator.fields import Fields
from ivrflow.emulator.instructions import carry_out
from ivrflow.emulator.reading import read
from ivrflow.emulator.rooms import apply_command
from ivrflow.emulator.setup import Application
from ivrflow.emulator.svaml import Hangup, Park, Play, RunMenu, Svaml
from ivrflow.emulator.transcript import Json
from ivrflow.emulator.world import Call, Leg, Over, Participant, Redirected, Room, Turn, World
from ivrflow.errors import IllegalError, RestError

COMMANDS = ("mute", "unmute", "onhold", "resume")
LEGS = ("caller", "callee", "both")
INVALID = 40_003


def find(world: World, app: Application, id_: str, *, live: bool = False) -> Call:
    """Return a call of an application; `live`: one that isn't over. Raises `RestError`."""
    call = world.calls.get(id_)
    if call is None or call.app.key != app.key or (live and call.ending):
        raise RestError(40_400, "Call not found")
    return call


def patch(call: Call, body: bytes, leg: str) -> None:
    """Carry out SVAML on a call that is on; raises `RestError` where that is not allowed."""
    if leg not in LEGS:
        raise RestError(40_001, f'"{leg}" is no leg: ' + ", ".join(LEGS))
    try:
        svaml = read(body, call.world.switches, patch=True)
    except IllegalError as error:
        raise RestError(INVALID, f"Invalid request: {error}") from None
    turn = Turn("parked" if call.does("park") else "patch", svaml)
    _require_allowed(call, turn)
    for note in (*svaml.notes, *doubts(turn)):
        call.warn(note)
    if turn.context == "parked" and svaml.action is not None:
        call.interrupt(Redirected(turn))
    else:
        call.world.clock.start(_aside(call, svaml, _listeners(call, svaml, leg)))


def participants(room: list[Participant]) -> list[Json]:
    """Return who is in a room, as GET tells it."""
    return [
        {
            "cli": _number_of(each),
            "id": each.call.id,
            "duration": (each.call.now - each.since) // 1000,
            "muted": each.muted,
            "onhold": each.on_hold,
        }
        for each in room
        if not each.away
    ]


def room_named(world: World, app: Application, room: str) -> list[Participant]:
    """Return who is in a room; raises `RestError` if it doesn't exist."""
    found = world.rooms.get(Room(app.key, room))
    if found is None:
        raise RestError(40_400, "Conference not found")
    return found


def participant(world: World, app: Application, room: str, call: str) -> Participant:
    for each in room_named(world, app, room):
        if each.call.id == call:
            return each
    raise RestError(40_400, "Participant not found")


def command(found: Participant, room: str, body: Fields) -> None:
    """Mute, unmute, hold or resume a participant."""
    wanted = body.need_text("command").lower()
    if wanted not in COMMANDS:
        raise IllegalError(f'"{wanted}" is no command: ' + ", ".join(COMMANDS))
    moh = body.text("moh")
    body.done()
    for note in body.notes:
        found.call.warn(note)
    apply_command(found, room, wanted, moh)


def kick(found: Participant) -> None:
    """Let somebody be out of the room, which ends their call."""
    found.call.end(Over("MANAGERHANGUP"))


def _require_allowed(call: Call, turn: Turn) -> None:
    if turn.context == "parked":
        return
    if call.answered is None:
        raise RestError(INVALID, "Invalid request: the call is not answered")
    if not _touches_a_network(call):
        raise RestError(INVALID, "Invalid request: no leg of the call is PSTN or SIP")
    in_room = call.does("room") and isinstance(turn.svaml.action, RunMenu)
    if turn.svaml.name not in ("", "hangup", "continue", "park") and not in_room:
        raise RestError(INVALID, f"Invalid request: {turn.svaml.name} needs a parked call")
    if call.does("menu") and call.world.switches.patch_in_menu == "refuse":
        raise RestError(INVALID, "Invalid request: a menu is running")


def _touches_a_network(call: Call) -> bool:
    return any(leg.address.kind in ("number", "sip", "did") for leg in call.legs)


def _listeners(call: Call, svaml: Svaml, leg: str) -> tuple[Leg, ...]:
    """Return who hears prompts. Callouts and rooms have one party, whichever leg is named."""
    if leg != "caller" and not all(isinstance(each, Play) for each in svaml.instructions):
        call.warn("a leg is named, which counts for playFiles and say only")
    near, far = call.near, call.far
    if call.kind != "inbound" or call.does("room") or far is None:
        return () if near is None else (near,)
    wanted = {"caller": (near,), "callee": (far,), "both": (near, far)}[leg]
    return tuple(each for each in wanted if each is not None)


def _aside(call: Call, svaml: Svaml, listeners: tuple[Leg, ...]) -> Script[None]:
    """Carry out a PATCH beside what the call does; its action comes last."""
    try:
        yield from carry_out(call, svaml.instructions, listeners)
    except Over as over:
        call.end(over)
    match svaml.action:
        case Hangup():
            call.end(Over("MANAGERHANGUP"))
        case Park() | RunMenu():
            rest = Svaml(action=svaml.action, name=svaml.name)
            call.interrupt(Redirected(Turn("patch", rest)))
        case _:
            pass


def _number_of(each: Participant) -> str:
    address = each.leg.address
    return address.endpoint if address.kind == "number" else each.call.cli
