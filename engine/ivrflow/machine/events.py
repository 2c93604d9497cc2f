"""What happens to a call, in telephony's words: the inputs of `step`.

A dialect (`ivrflow.sinch`) parses its callbacks into these; the journal keeps them as JSON, so a
call can be replayed. Enumerations that the platform leaves open stay text. An event that is
`masked` is one of which the journal kept asterisks for what may have been a secret: it can't be
replayed.
"""

from typing import Literal

import msgspec


class _Event(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag_field="event"
):
    """What every event carries.

    `app` is the application whose key verified the request, never what the body claims.
    `at` is the platform's own timestamp, verbatim ("" where the platform sends none).
    """

    app: str
    call: str
    at: str = ""


class Incoming(_Event, frozen=True, kw_only=True, tag="incoming"):
    """A call reached the platform and asks where to go.

    `caller` is E.164 with `+`, or a user or SIP name as sent; None if withheld.
    `called` is what was dialled: E.164 with `+`, a user name, a SIP address, a room.
    `domain` is where the caller is: `pstn`, `app` or `sip`; `conference` if a room was dialled.
    `region` is the platform's region code, "" if unknown.
    """

    caller: str | None = None
    called: str = ""
    domain: str = "pstn"
    headers: dict[str, str] = {}
    custom: str = ""
    region: str = ""
    redirected_from: str | None = None
    room: str = ""


class Answered(_Event, frozen=True, kw_only=True, tag="answered"):
    """The called party picked up. `amd`: `human`, `machine`, `unsure`, `inprogress`, another word,
    or "". `amd_reason` is `beep` where a machine has beeped already.
    `custom` is what was given when the call was placed, `region` the platform's region code, "" if
    the event names none."""

    amd: str = ""
    amd_reason: str = ""
    custom: str = ""
    region: str = ""


class Chosen(_Event, frozen=True, kw_only=True, tag="chosen"):
    """A menu option was chosen. `offer` is the number of the reply that offered it (0: none)."""

    value: str
    offer: int = 0
    menu: str = ""
    spoken: bool = False
    masked: bool = False


class Digits(_Event, frozen=True, kw_only=True, tag="digits"):
    """Digits were collected, by a menu or in a conference room (`menu` is then the room)."""

    digits: str
    menu: str = ""
    spoken: bool = False
    masked: bool = False


class NoInput(_Event, frozen=True, kw_only=True, tag="no_input"):
    """A menu heard nothing, repeats included."""

    menu: str = ""


class NoMatch(_Event, frozen=True, kw_only=True, tag="no_match"):
    """A menu heard something that no option matches, repeats included."""

    menu: str = ""
    value: str = ""
    masked: bool = False


class MenuHangup(_Event, frozen=True, kw_only=True, tag="menu_hangup"):
    """The caller hung up inside a menu."""

    menu: str = ""


class MenuFailed(_Event, frozen=True, kw_only=True, tag="menu_failed"):
    """The platform could not run a menu, or names a menu result that nobody knows."""

    menu: str = ""
    type: str = "error"
    value: str = ""
    masked: bool = False


class Ended(_Event, frozen=True, kw_only=True, tag="ended"):
    """The call is over. `result` and `reason` are lower case words of open sets, such as
    `answered busy no_answer failed` and `caller_hangup callee_hangup timeout`; duration in s.
    `custom` is what was given when the call was placed."""

    result: str = ""
    reason: str = ""
    duration: int = 0
    custom: str = ""


class Notified(_Event, frozen=True, kw_only=True, tag="notified"):
    """News beside the call, possibly after its end.

    `type` is open: `recording_available`, `transcription_available`, `amd`, `amd_beep`,
    `calling_error`, ...
    """

    type: str
    destination: str = ""
    amd: str = ""
    amd_reason: str = ""
    error_code: int = 0
    error_message: str = ""


class Unreached(_Event, frozen=True, kw_only=True, tag="unreached"):
    """A callout was never answered, and is not tried again. `result` is `busy`, `no_answer`,
    `failed`, `refused` (the platform would not place it), `unknown` (nobody knows whether it was
    placed) or `cancelled`; `reason` says more, for people. `call` is the callout's id."""

    result: str
    reason: str = ""


class LegEnded(_Event, frozen=True, kw_only=True, tag="leg_ended"):
    """A leg of the call is over, and how: `answered`, or as `Unreached` has it."""

    leg: int
    result: str = ""


class LegBridged(_Event, frozen=True, kw_only=True, tag="leg_bridged"):
    """A leg wants to talk to the call, and waits for it in the engine's own `room`."""

    leg: int
    room: str


class Signal(_Event, frozen=True, kw_only=True, tag="signal"):
    """Something that other programs, or other calls, have to say. `id` tells it from others."""

    name: str
    id: str
    data: object = None
    masked: bool = False


class Woken(_Event, frozen=True, kw_only=True, tag="woken"):
    """Time has passed, or something has happened: whatever is due is to be done."""


class Moved(_Event, frozen=True, kw_only=True, tag="moved"):
    """What became of the reply number `offer`, which the platform was sent unasked: `done`;
    `refused`; or `gone`, it knows no such call."""

    offer: int
    outcome: Literal["done", "refused", "gone"]
    reason: str = ""


class Unknown(_Event, frozen=True, kw_only=True, tag="unknown"):
    """An event that this engine does not know; `name` is the platform's word for it."""

    name: str


MenuInput = Chosen | Digits | NoInput | NoMatch | MenuHangup | MenuFailed

Raised = LegEnded | LegBridged | Signal
"""What is taken when the call can: it waits for its turn."""

Own = Raised | Woken | Moved
"""What the engine itself brings about; nobody waits for a reply."""

Event = Incoming | Answered | MenuInput | Ended | Notified | Unreached | Own | Unknown


FIELDS_OF_IDENTITY: dict[type, tuple[str, ...]] = {
    Incoming: (),
    Answered: ("amd",),
    Chosen: ("menu", "value", "offer"),
    Digits: ("menu", "digits"),
    NoInput: ("menu",),
    NoMatch: ("menu", "value"),
    MenuHangup: ("menu",),
    MenuFailed: ("menu", "type", "value"),
    Ended: ("result", "reason"),
    Notified: ("type", "destination", "error_code", "amd", "amd_reason"),
    Unreached: ("result",),
    LegEnded: ("leg",),
    LegBridged: ("leg",),
    Signal: ("name", "id"),
    Woken: (),
    Moved: ("offer", "outcome"),
    Unknown: ("name",),
}


def identity(event: Event) -> str:
    """Return what tells this event from every other of its application, as one text.

    Two deliveries of the same callback have the same identity, whatever their headers, spacing or
    unknown fields. The text may hold digits that a caller pressed: hash it before it is stored.
    """
    kind = type(event)
    own = [str(getattr(event, field)) for field in FIELDS_OF_IDENTITY[kind]]
    return "\x1f".join((event.app, event.call, kind.__name__, event.at, *own))
