"""Callouts: whom they may ring, what goes along, and how an engine rings a number or a SIP address.

Source: section 4.1 of the public reference.
"""

import re
from collections.abc import Mapping

import msgspec
from msgspec import UNSET

from ivrflow.errors import RequestError
from ivrflow.numbers import is_e164, normalise
from ivrflow.sinch import limits
from ivrflow.sinch.bodies import encode
from ivrflow.sinch.rest_types import AnyCallout, CustomCallout, Destination, TtsCallout
from ivrflow.sinch.svaml import ConnectPstn, Svaml

PRIVATE = "private"
"""The `cli` of who hides theirs."""

_FORWARDED = re.compile(r"x-cb-[!#$%&'*+.^_`|~0-9a-z-]+", re.IGNORECASE)
_SIP = re.compile(r"[^\s@<>]+@[^\s@<>]+")


def ring_number(connect: ConnectPstn, *, custom: str) -> CustomCallout:
    """Return the callout that rings a number as `connect` says, and tells its events by `custom`.

    Its ICE is answered inline, so that nobody is asked how to ring; ACE and PIE go to the
    application's callback URL. Neither destination nor CLI stand beside an inline ICE.
    """
    if connect.number is UNSET:
        raise RequestError("no number to ring")
    require_number(connect.number)
    _require_cli(connect.cli)
    return CustomCallout(custom=custom or UNSET, ice=inline(Svaml(action=connect)))


def ring_sip(address: str, *, custom: str, cli: str = "", max_duration: int = 0) -> CustomCallout:
    """Return the callout that rings `user@host`; 0 seconds: as long as the platform lets it last.

    There is no ICE: SVAML rings SIP addresses only for calls that came in.
    """
    return CustomCallout(
        destination=sip(address),
        cli=cli or UNSET,
        custom=custom or UNSET,
        max_duration=max_duration or UNSET,
    )


def inline(svaml: Svaml) -> str:
    """Return SVAML as `ice`, `ace` and `pie` take it: JSON within a string.

    Raises `RequestError` beyond its limits.
    """
    return encode(svaml).decode()


# -- destinations ---------------------------------------------------------------------------------


def number(text: str) -> Destination:
    """A phone number, `+46850000001`; raises `RequestError`."""
    return Destination(type="number", endpoint=require_number(text))


def sip(address: str) -> Destination:
    """A SIP address, `user@host`; raises `RequestError`."""
    address = address.removeprefix("sip:")
    if _SIP.fullmatch(address) is None:
        raise RequestError(f'"{address}" is no SIP address: write user@host')
    return Destination(type="sip", endpoint=address)


def user(name: str) -> Destination:
    """A user of an app that has Sinch's SDK in it."""
    return Destination(type="username", endpoint=name)


def require_number(text: str) -> str:
    """Return a number in E.164; raises `RequestError` with the one that may be meant."""
    if is_e164(text):
        return text
    example = normalise(text) or "+46850000001"
    raise RequestError(f'"{text}" is no number with + and country code: write {example}')


# -- what a callout needs -------------------------------------------------------------------------


def require_callable(callout: AnyCallout) -> None:
    """Raise `RequestError` for a callout that can reach nobody, or that says too much."""
    to = callout.destination
    if to is not UNSET and to.type == "number":
        require_number(to.endpoint)
        _require_cli(callout.cli)
    if callout.custom is not UNSET and len(callout.custom.encode()) > limits.MAX_CUSTOM:
        raise RequestError(f"custom has more than {limits.MAX_CUSTOM} bytes")
    match callout:
        case TtsCallout(text=text, prompts=prompts) if text is UNSET and prompts is UNSET:
            raise RequestError("a ttsCallout says text or prompts, and this one neither")
        case CustomCallout(ice=ice, ace=ace, pie=pie):
            for name, reply in (("ice", ice), ("ace", ace), ("pie", pie)):
                _require_reply(name, reply)
        case _:
            pass


def require_forwardable(headers: Mapping[str, str]) -> None:
    """Raise `RequestError` for headers that Sinch would drop without a word."""
    if len(headers) > limits.MAX_FORWARDED:
        raise RequestError(f"only {limits.MAX_FORWARDED} headers X-CB-* reach the callbacks")
    for name, value in headers.items():
        if _FORWARDED.fullmatch(name) is None or len(name) > limits.MAX_FORWARDED_NAME:
            most = limits.MAX_FORWARDED_NAME
            raise RequestError(f'"{name}" is no header X-CB-* of at most {most} characters')
        if not (value.isascii() and value.isprintable()) or len(value) > limits.MAX_FORWARDED_VALUE:
            most = limits.MAX_FORWARDED_VALUE
            raise RequestError(f"{name} is more than {most} printable characters of ASCII")


def _require_cli(cli: str | msgspec.UnsetType) -> None:
    if cli is not UNSET and cli != PRIVATE and not is_e164(cli):
        raise RequestError(f'the cli "{cli}" is no number with + and country code, nor "{PRIVATE}"')


def _require_reply(name: str, reply: str | msgspec.UnsetType) -> None:
    if reply is UNSET or reply.startswith(("http://", "https://")):
        return
    try:
        msgspec.json.decode(reply, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise RequestError(f"{name} is neither a URL nor SVAML as JSON: {error}") from None
