"""What Sinch lets a reply hold, by the context it is sent in: data, with its source.

Rulings follow the union of Sinch's SDKs (Node, Java, .NET), its documents of 2021 and today, and
its older ServerSdk: `accept` where most agree, `warn` where only some do, `reject` where none does.
A hold is a menu, or where it can be a park; a bridge is a conference.
The callbacks behind the contexts: ice = ICE; menu, held = PIE; answered = ACE of a callout; bridged
= ACE, and PIE, of a connected call; parked = PATCH of a parked call; room, live = PATCH.
"""

from collections.abc import Mapping

from ivrflow.compiler.platform import Level, Ruling
from ivrflow.model.context import Context

ACCEPT = Ruling(level=Level.ACCEPT)

LEGACY_ONLY = "only Sinch's older SDK lists it after a menu"
BRIDGED_ONLY = (
    "once the called party has answered, Sinch takes a menu, `continue` or `hangup` (ServerSdk)"
)


def _warn(note: str) -> Ruling:
    return Ruling(level=Level.WARN, note=note)


def _reject(note: str) -> Ruling:
    return Ruling(level=Level.REJECT, note=note)


NOBODY_TO_CALL = _reject("the called party is on the line already: " + BRIDGED_ONLY)

_ICE = {
    "menu": ACCEPT,
    "collect": ACCEPT,
    "connect number": ACCEPT,
    "connect sip": ACCEPT,
    "connect user": ACCEPT,
    "connect stream": ACCEPT,
    "conference": ACCEPT,
    "hold": ACCEPT,
    "bridge": ACCEPT,
    "park": ACCEPT,
    "continue": _warn("only Sinch's older SDK lists `continue` for an incoming call"),
    "hangup": ACCEPT,
}

_MENU = {
    "menu": ACCEPT,
    "collect": ACCEPT,
    "connect number": ACCEPT,
    "connect sip": ACCEPT,
    "connect user": _warn(LEGACY_ONLY),
    "connect stream": _reject("a stream can only be connected when the call comes in"),
    "conference": ACCEPT,
    "hold": ACCEPT,
    "bridge": ACCEPT,
    "park": _warn(LEGACY_ONLY + "; it is sure only when the call comes in"),
    "continue": _warn("after a menu of an incoming call there is nothing to continue"),
    "hangup": ACCEPT,
}

_BRIDGED = {
    "menu": ACCEPT,
    "collect": ACCEPT,
    "connect number": NOBODY_TO_CALL,
    "connect sip": NOBODY_TO_CALL,
    "connect user": NOBODY_TO_CALL,
    "connect stream": NOBODY_TO_CALL,
    "conference": NOBODY_TO_CALL,
    "hold": NOBODY_TO_CALL,
    "bridge": NOBODY_TO_CALL,
    "park": NOBODY_TO_CALL,
    "continue": ACCEPT,
    "hangup": ACCEPT,
}

_ANSWERED = {
    "menu": ACCEPT,
    "collect": ACCEPT,
    "conference": ACCEPT,
    "hold": ACCEPT,
    "bridge": ACCEPT,
    "hangup": ACCEPT,
}

STAYS_IN_ROOM = _reject("who is in a room can be spoken to there, and hung up")
ROOM_MENU = _warn("only one of Sinch's documents gives participants of a room a menu")

_ROOM = {
    "menu": ROOM_MENU,
    "collect": ROOM_MENU,
    "connect number": STAYS_IN_ROOM,
    "connect sip": STAYS_IN_ROOM,
    "connect user": STAYS_IN_ROOM,
    "connect stream": STAYS_IN_ROOM,
    "conference": STAYS_IN_ROOM,
    "hold": STAYS_IN_ROOM,
    "bridge": STAYS_IN_ROOM,
    "park": STAYS_IN_ROOM,
    "continue": STAYS_IN_ROOM,
    "hangup": ACCEPT,
}

STAYS_CONNECTED = _reject("who is connected can be spoken to, and hung up")

_LIVE = {**dict.fromkeys(_ROOM, STAYS_CONNECTED), "hangup": ACCEPT}

ACTIONS: Mapping[Context, Mapping[str, Ruling]] = {
    Context.ICE: _ICE,
    Context.MENU: _MENU,
    Context.ANSWERED: _ANSWERED,
    Context.BRIDGED: _BRIDGED,
    Context.HELD: _MENU,
    Context.PARKED: _ICE,
    Context.ROOM: _ROOM,
    Context.LIVE: _LIVE,
    Context.NONE: {},
}

_NO_ANSWER = _reject("only an incoming call can be answered, before anything else")
_NO_TONES = _reject("Sinch lists sendDtmf for ICE and PIE, not for ACE")

_ON_ICE = {
    "prompt": ACCEPT,
    "answer": ACCEPT,
    "record": ACCEPT,
    "stop_recording": ACCEPT,
    "send_dtmf": ACCEPT,
}
_ON_MENU = {**_ON_ICE, "answer": _NO_ANSWER}
_ON_BRIDGED = {
    "prompt": ACCEPT,
    "answer": _NO_ANSWER,
    "record": ACCEPT,
    "stop_recording": _warn("only one of Sinch's documents lists stopRecording for ACE"),
    "send_dtmf": _NO_TONES,
}

INSTRUCTIONS: Mapping[Context, Mapping[str, Ruling]] = {
    Context.ICE: _ON_ICE,
    Context.MENU: _ON_MENU,
    Context.ANSWERED: _ON_BRIDGED,
    Context.BRIDGED: _ON_BRIDGED,
    Context.HELD: _ON_MENU,
    Context.PARKED: _ON_ICE,
    Context.ROOM: {"prompt": ACCEPT},
    Context.LIVE: {"prompt": ACCEPT},
    Context.NONE: {},
}
