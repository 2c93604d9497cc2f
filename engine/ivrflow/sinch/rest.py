"""The REST API as requests that are values: what is sent where, and how its answer is read.

Source: section 4 of the public reference. Each function is one endpoint; it raises `RequestError`
for what the API could never take, so that nothing is sent in vain. What is encoded here is what is
signed and sent, byte for byte.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, Literal, TypeVar
from urllib.parse import quote

from msgspec import UNSET, Struct

from ivrflow.errors import RequestError
from ivrflow.sinch import limits, rest_answers
from ivrflow.sinch.bodies import encode
from ivrflow.sinch.regions import CONFIGURATION, origin_of
from ivrflow.sinch.rest_types import (
    AnyCallout,
    AssignNumbers,
    Callbacks,
    CallInfo,
    CallLeg,
    Callout,
    Capability,
    Command,
    Conference,
    ConferenceCallout,
    CustomCallout,
    NewUrls,
    NumberInfo,
    ParticipantCommand,
    RentedNumber,
    SetCallbacks,
    TtsCallout,
    UnassignNumber,
)
from ivrflow.sinch.ringing import require_callable, require_forwardable, require_number
from ivrflow.sinch.svaml import Hangup, Music, Svaml

R = TypeVar("R", covariant=True)

Host = Literal["calling", "configuration"]

CALLOUTS = "/calling/v1/callouts"
NUMBERS = "/v1/configuration/numbers"

_IN_PATH = "~!$&'()*+,;=:@"
"""What a piece of a path may hold unescaped (RFC 3986). SDKs disagree on what is signed of the
rest: the path as it is sent, or decoded."""


class Request(Struct, Generic[R], frozen=True, kw_only=True):
    """One request. `is_repeatable`: to ask twice is to ask once, whatever became of the first."""

    method: str
    host: Host = "calling"
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = {}
    is_repeatable: bool = True
    read: Callable[[bytes], R]

    def url(self, *, region: str = "", base: str = "") -> str:
        """Return the address; `base` takes the place of all of Sinch's hosts."""
        there = CONFIGURATION if self.host == "configuration" else origin_of(region)
        return (base.rstrip("/") or there) + self.path


# -- callouts -------------------------------------------------------------------------------------


def place(callout: AnyCallout, headers: Mapping[str, str] = {}) -> Request[str]:
    """Call somebody; the answer is the call's id. `headers` are `X-CB-*`, for the callbacks."""
    encoded = encode(_callout(callout))
    require_callable(callout)
    require_forwardable(headers)
    return Request(
        method="POST",
        path=CALLOUTS,
        body=encoded,
        headers=headers,
        is_repeatable=False,
        read=rest_answers.call_id,
    )


def _callout(callout: AnyCallout) -> Callout:
    match callout:
        case TtsCallout():
            return Callout(method="ttsCallout", tts_callout=callout)
        case ConferenceCallout():
            return Callout(method="conferenceCallout", conference_callout=callout)
        case CustomCallout():
            return Callout(method="customCallout", custom_callout=callout)


# -- calls ----------------------------------------------------------------------------------------


def get_call(call: str) -> Request[CallInfo]:
    """What is known of a call."""
    return Request(method="GET", path=_call(call), read=rest_answers.call_info)


def update_call(call: str, svaml: Svaml, leg: CallLeg | None = None) -> Request[None]:
    """Give a live or parked call something else to do; with `leg`, play to that side of it."""
    path = f"{_call(call)}/leg/{leg}" if leg else _call(call)
    return Request(
        method="PATCH",
        path=path,
        body=encode(svaml),
        is_repeatable=isinstance(svaml.action, Hangup) and svaml.instructions is UNSET,
        read=rest_answers.nothing,
    )


def hang_up(call: str) -> Request[None]:
    """End a call that is answered."""
    return update_call(call, Svaml(action=Hangup()))


# -- conferences ----------------------------------------------------------------------------------


def get_conference(room: str) -> Request[Conference]:
    """Who is in a room."""
    return Request(method="GET", path=_room(room), read=rest_answers.conference)


def command(room: str, call: str, word: Command, music: Music | None = None) -> Request[None]:
    """Mute, unmute, hold or resume a participant; `music` is what one on hold hears."""
    body = encode(ParticipantCommand(command=word, moh=music or UNSET))
    path = _participant(room, call)
    return Request(method="PATCH", path=path, body=body, read=rest_answers.nothing)


def kick(room: str, call: str) -> Request[None]:
    """Put one participant out of a room, which ends their call."""
    return Request(method="DELETE", path=_participant(room, call), read=rest_answers.nothing)


def kick_all(room: str) -> Request[None]:
    """Put everybody out of a room."""
    return Request(method="DELETE", path=_room(room), read=rest_answers.nothing)


# -- numbers and callback URLs --------------------------------------------------------------------


def list_numbers() -> Request[tuple[RentedNumber, ...]]:
    """The numbers of the account, and whose they are."""
    return _configure("GET", NUMBERS, rest_answers.rented_numbers)


def assign_numbers(
    numbers: Iterable[str], application: str = "", capability: Capability | None = None
) -> Request[None]:
    """Give numbers to an application, the one that asks if none is named."""
    wanted = tuple(require_number(each) for each in numbers)
    body = AssignNumbers(
        numbers=wanted, applicationkey=application or UNSET, capability=capability or UNSET
    )
    return _configure("POST", NUMBERS, rest_answers.nothing, encode(body))


def unassign_number(
    number: str, application: str = "", capability: Capability | None = None
) -> Request[None]:
    """Take a number from an application: a DELETE with a body."""
    body = UnassignNumber(
        number=require_number(number),
        applicationkey=application or UNSET,
        capability=capability or UNSET,
    )
    return _configure("DELETE", NUMBERS, rest_answers.nothing, encode(body))


def query_number(number: str) -> Request[NumberInfo]:
    """What a number is. Sinch deprecates it in favour of another product, Number Lookup."""
    path = f"/v1/calling/query/number/{require_number(number)}"
    return _configure("GET", path, rest_answers.number_info)


def get_callbacks(application: str) -> Request[Callbacks]:
    """Where an application's events go."""
    return _configure("GET", _application(application), rest_answers.callbacks)


def set_callbacks(application: str, primary: str, fallback: str = "") -> Request[None]:
    """Say where events go. Whether a fallback stays that is not said again, Sinch leaves open."""
    for url in (primary, fallback):
        if url and not url.startswith(("http://", "https://")):
            raise RequestError(f'"{url}" is no http or https URL')
    body = SetCallbacks(url=NewUrls(primary=primary, fallback=fallback or UNSET))
    return _configure("POST", _application(application), rest_answers.nothing, encode(body))


def _configure(method: str, path: str, read: Callable[[bytes], R], body: bytes = b"") -> Request[R]:
    return Request(method=method, host="configuration", path=path, body=body, read=read)


# -- paths ----------------------------------------------------------------------------------------


def _call(call: str) -> str:
    return f"/calling/v1/calls/id/{_piece(call, 'call id', limits.MAX_CALL_ID)}"


def _room(room: str) -> str:
    return f"/calling/v1/conferences/id/{_piece(room, 'conference id', limits.MAX_ROOM)}"


def _participant(room: str, call: str) -> str:
    return f"{_room(room)}/{_piece(call, 'call id', limits.MAX_CALL_ID)}"


def _application(key: str) -> str:
    piece = _piece(key, "application key", limits.MAX_CALL_ID)
    return f"/v1/configuration/callbacks/applications/{piece}"


def _piece(text: str, what: str, most: int) -> str:
    """Return a name as one piece of a path, which leads nowhere else: an empty call id would turn
    the kicking of one into that of all."""
    if not text or text in (".", "..") or not text.isprintable():
        raise RequestError(f'"{text}" is no {what}')
    if len(text) > most:
        raise RequestError(f"a {what} has {most} characters at most, this one {len(text)}")
    try:
        return quote(text, safe=_IN_PATH)
    except UnicodeEncodeError:
        raise RequestError(f"{text!r} is no {what}") from None
