"""`ivrflow callouts`: let the platform call somebody."""

from collections.abc import Callable
from typing import TypeVar, get_args

import click
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from ivrflow.cli.asking import asks, printable, text_of
from ivrflow.errors import RequestError
from ivrflow.sinch import rest
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import ConferenceCallout, CustomCallout, Destination, TtsCallout
from ivrflow.sinch.ringing import number, ring_number, sip, user
from ivrflow.sinch.svaml import Amd, ConnectPstn, Music

F = TypeVar("F", bound=Callable[..., object])

EVENTS = ("ace", "dice", "pie")

_cli = click.option("--cli", help="the number that is shown: one of yours, +46850000000; private")
_custom = click.option("--custom", help="a text that comes back in each event of the call")
_dtmf = click.option("--dtmf", help="tones that are sent on pickup; w waits half a second")
_locale = click.option("--locale", help="the voice, en-US for example")
_max_duration = click.option("--max-duration", type=int, help="seconds that the call may last")
_enable = click.option(
    "--enable",
    "events",
    type=click.Choice(EVENTS),
    multiple=True,
    help="post this event to the application's callback URL; repeatable",
)
_headers = click.option(
    "--header", "headers", multiple=True, help="X-CB-NAME=VALUE, for its callbacks; repeatable"
)
_asks = asks(printable, lambda call: {"callId": call})


@click.group("callouts")
def command() -> None:
    """Let the platform call somebody. Each command prints the id of the call.

    TO is a number (+46701234567), a SIP address (ada@example.com) or the user name of an app.

    What was sent is never sent again: exit code 4 with "may have happened" means that a phone may
    be ringing.
    """


@command.command("tts")
@click.argument("to")
@click.option("--text", help="what is said, at most 600 characters")
@click.option("--prompts", help="or prompts: #tts[Hello.];#href[https://...]")
@click.option("--cli", required=True, help="the number that is shown; without, no phone rings")
@_locale
@_custom
@_dtmf
@_enable
@_headers
@_asks
def tts(
    *,
    to: str,
    text: str | None,
    prompts: str | None,
    cli: str,
    locale: str | None,
    custom: str | None,
    dtmf: str | None,
    events: tuple[str, ...],
    headers: tuple[str, ...],
) -> Request[str]:
    """Call TO and say something."""
    callout = TtsCallout(
        destination=destination(to),
        cli=cli,
        dtmf=dtmf or UNSET,
        custom=custom or UNSET,
        locale=locale or UNSET,
        text=text or UNSET,
        prompts=prompts or UNSET,
        enable_ace=_enabled("ace", events),
        enable_dice=_enabled("dice", events),
        enable_pie=_enabled("pie", events),
    )
    return rest.place(callout, _pairs(headers))


@command.command("conference")
@click.argument("to")
@click.option("--room", required=True, help="the conference id")
@click.option("--greeting", help="what is said first")
@click.option("--music", type=click.Choice(get_args(Music)), help="heard while alone")
@_cli
@_locale
@_custom
@_dtmf
@_max_duration
@_enable
@_headers
@_asks
def conference(
    *,
    to: str,
    room: str,
    greeting: str | None,
    music: Music | None,
    cli: str | None,
    locale: str | None,
    custom: str | None,
    dtmf: str | None,
    max_duration: int | None,
    events: tuple[str, ...],
    headers: tuple[str, ...],
) -> Request[str]:
    """Call TO, and put who answers into a room."""
    callout = ConferenceCallout(
        destination=destination(to),
        cli=cli or UNSET,
        dtmf=dtmf or UNSET,
        custom=custom or UNSET,
        locale=locale or UNSET,
        conference_id=room,
        greeting=greeting or UNSET,
        moh_class=music or UNSET,
        max_duration=_given(max_duration),
        enable_ace=_enabled("ace", events),
        enable_dice=_enabled("dice", events),
        enable_pie=_enabled("pie", events),
    )
    return rest.place(callout, _pairs(headers))


@command.command("custom")
@click.argument("to", required=False)
@click.option("--ice", help="who is rung, instead of TO: SVAML, a URL, or @FILE")
@click.option("--ace", help="what the one who answers hears: SVAML, a URL, or @FILE")
@click.option("--pie", help="what follows a menu: SVAML, a URL, or @FILE")
@_cli
@_custom
@_dtmf
@_max_duration
@click.option("--dial-timeout", type=int, help="seconds that a number rings")
@click.option("--amd", is_flag=True, help="tell answering machines apart before ACE")
@_headers
@_asks
def custom(
    *,
    to: str | None,
    ice: str | None,
    ace: str | None,
    pie: str | None,
    cli: str | None,
    custom: str | None,
    dtmf: str | None,
    max_duration: int | None,
    dial_timeout: int | None,
    amd: bool,
    headers: tuple[str, ...],
) -> Request[str]:
    """Call TO, and let SVAML or the application's callback URL say what happens.

    Without TO and --ice the callback URL is asked whom to ring.
    """
    connect = ConnectPstn(
        max_duration=_given(max_duration),
        dial_timeout=_given(dial_timeout),
        cli=cli or UNSET,
        dtmf=dtmf or UNSET,
        amd=Amd(enabled=True) if amd else UNSET,
    )
    callout = _ringing(to, ice, connect, custom or "")
    rest_of_it = {"ace": ace, "pie": pie}
    told = {name: text_of(value) for name, value in rest_of_it.items() if value}
    return rest.place(replace(callout, **told), _pairs(headers))


def _ringing(to: str | None, ice: str | None, connect: ConnectPstn, custom: str) -> CustomCallout:
    """Return who is rung, by whichever of the API's ways fits what was said."""
    if to and ice:
        raise RequestError("--ice says who is rung: leave TO out")
    there = destination(to) if to else UNSET
    if there is not UNSET and there.type == "number":
        return ring_number(replace(connect, number=there.endpoint), custom=custom)
    if connect.dial_timeout is not UNSET or connect.amd is not UNSET:
        raise RequestError("--dial-timeout and --amd are for numbers: with --ice, put them there")
    if ice and connect != ConnectPstn():
        raise RequestError("--ice says how it is rung: put --cli, --dtmf and --max-duration there")
    return CustomCallout(
        destination=there,
        cli=connect.cli,
        dtmf=connect.dtmf,
        custom=custom or UNSET,
        max_duration=connect.max_duration,
        ice=text_of(ice) if ice else UNSET,
    )


def destination(to: str) -> Destination:
    """Return who is meant by TO; raises `RequestError`."""
    if "@" in to:
        return sip(to)
    if to[:1] in ("+", "(") or to[:1].isdecimal():
        return number(to)
    return user(to)


def _pairs(headers: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for each in headers:
        name, equals, value = each.partition("=")
        if not equals:
            raise RequestError(f'--header "{each}": write X-CB-NAME=VALUE')
        found[name] = value
    return found


def _enabled(event: str, events: tuple[str, ...]) -> bool | UnsetType:
    return True if event in events else UNSET


def _given(number: int | None) -> int | UnsetType:
    return UNSET if number is None else number
