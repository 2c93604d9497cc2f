"""Conference rooms (sections 3.3, 4.3): who is in, who hears what, keys in a room."""

from ivrflow.emulator import callbacks
from ivrflow.emulator.asking import ask, asks, post
from ivrflow.emulator.clock import Script
from ivrflow.emulator.menus import result
from ivrflow.emulator.playing import KEYS, hear, sound
from ivrflow.emulator.signals import Key
from ivrflow.emulator.svaml import Confer, Continue
from ivrflow.emulator.transcript import Changed, Cut, Joined, Left
from ivrflow.emulator.world import Call, Leg, Over, Participant, Redirected, Room, Turn


def join_room(call: Call, leg: Leg, action: Confer, context: str) -> Script[Turn]:
    """Let a party be in a room until the call ends, or has something else to do."""
    call.lift(leg)
    participant = _enter(call, leg, action)
    try:
        with call.doing_("room", leg):
            turn = yield from _ask_again(call, context)
            if turn is None:
                turn = yield from _stay(participant, action)
    except (Over, Redirected):  # no `finally`: a world that is thrown away leaves no room
        _leave(participant, action.room)
        raise
    _leave(participant, action.room)
    return turn


def apply_command(participant: Participant, room: str, wanted: str, moh: str) -> None:
    """Carry out `mute`, `unmute`, `onhold` or `resume`."""
    match wanted:
        case "mute" | "unmute":
            participant.muted = wanted == "mute"
        case _:
            participant.on_hold = wanted == "onhold"
    _tell(participant, room, wanted)
    if wanted == "onhold" and moh:
        sound(participant.call, participant.leg, "music", moh)


def _enter(call: Call, leg: Leg, action: Confer) -> Participant:
    others = call.world.rooms.setdefault(Room(call.app.key, action.room), [])
    participant = Participant(call, leg, call.now)
    others.append(participant)
    call.room = action.room
    call.log(Joined(at=call.now, call=call.id, who=leg.name, room=action.room))
    if len(others) == 1 and action.moh:
        participant.music = True
        sound(call, leg, "music", action.moh)
    elif others[0].music:
        first, others[0].music = others[0], False
        first.call.log(Cut(at=call.now, call=first.call.id, who=first.leg.name))
    return participant


def _leave(participant: Participant, room: str) -> None:
    call = participant.call
    key = Room(call.app.key, room)
    others = call.world.rooms[key]
    others.remove(participant)
    if not others:
        del call.world.rooms[key]
    call.log(Left(at=call.now, call=call.id, who=participant.leg.name, room=room))


def _ask_again(call: Call, context: str) -> Script[Turn | None]:
    """Some say that a room "answers": an ACE, whose reply may lead elsewhere."""
    wanted = call.world.switches.ace_on_conference and context in ("ice", "pie")
    if not wanted or not asks(call, "ace"):
        return None
    svaml = yield from ask(call, "ace", callbacks.ace(call))
    if svaml is None or isinstance(svaml.action, Confer | Continue):
        return None
    return Turn("ace", svaml)


def _stay(participant: Participant, action: Confer) -> Script[Turn]:
    """Take keys; a room is only left by an interruption."""
    call, leg = participant.call, participant.leg
    digits = ""
    while True:
        act = yield from hear(call, leg, action.timeout if digits else None, KEYS)
        key = act.key if isinstance(act, Key) else ""
        match action.mode:
            case "forward":
                _forward(participant, action.room, key)
            case "detect":
                digits = _collect(participant, action, digits, key)
            case "ignore":
                pass


def _forward(participant: Participant, room: str, key: str) -> None:
    call = participant.call
    for other in call.world.rooms[Room(call.app.key, room)]:
        if other is not participant and not other.on_hold:
            sound(other.call, other.leg, "dtmf", key)


def _collect(participant: Participant, action: Confer, digits: str, key: str) -> str:
    """Take a key ("": silence), and return the digits that wait for more."""
    several = action.max_digits > 1
    if several and not participant.away:
        # Whoever enters digits is out of the room until they are sent.
        participant.away = True
        _tell(participant, action.room, "away")
    ends = not key or (several and key == "#")
    digits = digits if ends else digits + key
    if not ends and len(digits) < action.max_digits:
        return digits
    _detected(participant.call, action.room, digits)
    if several:
        participant.away = False
        _tell(participant, action.room, "back")
    return ""


def _detected(call: Call, room: str, digits: str) -> None:
    switches = call.world.switches
    if switches.detect_needs_enable_pie and "pie" not in call.sends:
        call.warn("keys in a room, but the callout was made without enablePie")
        return
    sequence = result("sequence", room, digits, "dtmf")
    body = callbacks.pie(call, sequence, cookies=switches.cookies_on_detect)
    post(call, "pie", body)


def _tell(participant: Participant, room: str, to: str) -> None:
    call = participant.call
    call.log(Changed(at=call.now, call=call.id, who=participant.leg.name, room=room, to=to))
