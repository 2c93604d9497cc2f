"""`POST /calling/v1/callouts` (section 4.1): a body to a call, and how it begins."""

from collections.abc import Callable
from typing import Literal, cast

from ivrflow.emulator.asking import is_inline
from ivrflow.emulator.clock import Script
from ivrflow.emulator.fields import Fields
from ivrflow.emulator.life import call_out, come_in, tell
from ivrflow.emulator.playing import play
from ivrflow.emulator.prompts import Part
from ivrflow.emulator.read_actions import read_room
from ivrflow.emulator.read_values import checked, prompt, seconds
from ivrflow.emulator.rooms import join_room
from ivrflow.emulator.setup import Application
from ivrflow.emulator.svaml import MAX_CALL, MAX_CUSTOM, TONES, Confer, Connect, Svaml
from ivrflow.emulator.world import Address, Call, Leg, Over, Turn, World
from ivrflow.errors import IllegalError, MissingError, RestError
from ivrflow.numbers import is_e164

MAX_HEADERS, MAX_HEADER_NAME, MAX_HEADER = 5, 32, 128
PREFIX = "x-cb-"

Kind = Literal["number", "username", "sip"]
Made = tuple[Call, Script[Turn]]


def make_callout(world: World, app: Application, body: Fields, headers: dict[str, str]) -> Made:
    """Return a call that isn't placed yet, and its first turn.

    Raises `IllegalError` for what the body has wrong, `RestError` for what is refused.
    """
    method = body.need_text("method")
    make = MAKER_BY_METHOD.get(method)
    if make is None:
        raise IllegalError(f'"{method}" is no method: ' + ", ".join(MAKER_BY_METHOD))
    details = body.child(method)
    if details is None:
        raise MissingError(f'the request has no "{method}"')
    call = _call(world, app, details)
    call.forwarded = forwarded(headers)
    made = make(call, details)
    details.done()
    body.done()
    return made


def forwarded(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers `X-CB-*` that go along with the call's callbacks."""
    wanted = [
        (name, value)
        for name, value in headers.items()
        if name.lower().startswith(PREFIX)
        and len(name) <= MAX_HEADER_NAME
        and len(value) <= MAX_HEADER
        and value.isascii()
        and value.isprintable()
    ]
    return dict(wanted[:MAX_HEADERS])


def _call(world: World, app: Application, details: Fields) -> Call:
    to = _destination(details)
    custom = details.text("custom")
    if len(custom.encode()) > MAX_CUSTOM:
        raise IllegalError(f"custom has more than {MAX_CUSTOM} bytes")
    _require_allowed(world, to)
    return Call(
        world=world,
        id="",
        app=app,
        cli=details.text("cli"),
        to=to or Address("number", ""),
        domain=details.text("domain") or ("mxp" if to and to.kind == "username" else "pstn"),
        origin="server",
        custom=custom,
        max_duration=seconds(details, MAX_CALL),
    )


def _destination(details: Fields) -> Address | None:
    given = details.child("destination")
    if given is None:
        return None
    kind, endpoint = given.need_text("type").lower(), given.need_text("endpoint")
    if kind not in ("number", "username", "sip"):
        raise IllegalError(f'destination.type "{kind}" is none of number, username, sip')
    if kind == "number" and not is_e164(endpoint):
        raise IllegalError(f'destination.endpoint "{endpoint}" is no number with + and country')
    return Address(kind, endpoint)


def _require_allowed(world: World, to: Address | None) -> None:
    if not world.setup.credit:
        raise RestError(40_200, "Not enough credit")
    if to is not None and to.endpoint.startswith(world.setup.forbidden or ("\0",)):
        raise RestError(40_300, "Destination forbidden")


def _tts(call: Call, details: Fields) -> Made:
    _require_destination(call, details)
    switches = call.world.switches
    text, prompts = details.text("text"), prompt(details, "prompts", switches)
    if not text and not prompts:
        raise MissingError("ttsCallout has neither text nor prompts")
    spoken = checked((Part("tts", text),), details, f"{details.place}.text", switches)
    parts = spoken if text else prompts
    locale = details.text("locale")
    call.kind, call.sends = "tts", _enabled(details)
    call.plan = lambda each: tell(each, parts, locale)
    if not call.cli and call.world.switches.tts_without_cli == "silent":
        return call, _never(call)
    return call, _ring(call, details)


def _conference(call: Call, details: Fields) -> Made:
    room, moh = details.need_text("conferenceId"), details.text("mohClass")
    action = read_room(details, room, moh, details.notes)
    greeting, locale = details.text("greeting"), details.text("locale")
    _require_destination(call, details)
    call.kind, call.room, call.sends = "conference", room, _enabled(details)
    if call.to.kind == "username":
        call.sends -= {"ace", "dice"}
    call.plan = lambda each: _join(each, action, greeting, locale)
    return call, _ring(call, details)


def _custom(call: Call, details: Fields) -> Made:
    call.kind = "custom"
    for event in ("ice", "ace", "pie", "dice"):
        own = details.text(event)
        if own and not is_inline(own) and not own.startswith(("http://", "https://")):
            raise IllegalError(f"customCallout.{event} is neither a URL nor SVAML as a string")
        if own.strip():
            call.own[event] = own
    goes_to = call.to.endpoint and not call.world.switches.ice_with_destination
    if "ice" not in call.own and goes_to:
        return call, _as_told(call, _connect(call, details))
    if "ice" not in call.own and not call.app.primary:
        raise MissingError("customCallout has neither ice nor destination")
    return call, come_in(call)


def _require_destination(call: Call, details: Fields) -> None:
    if not call.to.endpoint:
        raise MissingError(f"{details.place} has no destination")


def _enabled(details: Fields) -> frozenset[str]:
    wanted = {"ace": "enableAce", "pie": "enablePie", "dice": "enableDice"}
    return frozenset(event for event, flag in wanted.items() if details.flag(flag, default=False))


def _ring(call: Call, details: Fields) -> Script[Turn]:
    how = _connect(call, details)
    return call_out(call, call.add_leg("callee", call.to), how)


def _connect(call: Call, details: Fields) -> Connect:
    return Connect(
        kind=cast(Kind, call.to.kind),
        to=call.to.endpoint,
        cli=call.cli,
        max_duration=call.max_duration,
        dtmf="".join(each for each in details.text("dtmf") if each in TONES),
    )


def _as_told(call: Call, connect: Connect) -> Script[Turn]:
    """A custom callout that says itself whom to ring: nobody is asked."""
    yield from ()
    return Turn("ice", Svaml(name="connectPstn", action=connect))


def _never(call: Call) -> Script[Turn]:
    yield from ()
    call.warn("a ttsCallout without cli is accepted, but never rings")
    raise Over("N/A", "FAILED")


def _join(call: Call, action: Confer, greeting: str, locale: str) -> Script[Turn]:
    leg = cast(Leg, call.listener)
    if greeting:
        yield from play(call, leg, (Part("tts", greeting),), locale)
    return (yield from join_room(call, leg, action, "ace"))


MAKER_BY_METHOD: dict[str, Callable[[Call, Fields], Made]] = {
    "ttsCallout": _tts,
    "conferenceCallout": _conference,
    "customCallout": _custom,
}
