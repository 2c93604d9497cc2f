"""Callback bytes to events, in telephony's words.

Tolerant: a field of the wrong type counts as missing, casing and spelling vary, enumerations are
open. Only what is no JSON object, names no event or has no call id is a `CallbackError`.
"""

import re
from typing import TypeVar

import msgspec

from ivrflow.errors import CallbackError
from ivrflow.machine import events
from ivrflow.machine.events import Event
from ivrflow.numbers import WITHHELD, normalise
from ivrflow.sinch.callbacks import (
    Ace,
    Amd,
    Callback,
    Dice,
    Ice,
    Identity,
    MenuResult,
    Notify,
    Pair,
    Pie,
)
from ivrflow.sinch.limits import MAX_CALL_ID
from ivrflow.sinch.regions import region_of

KIND_BY_EVENT: dict[str, type[Callback]] = {
    "ice": Ice,
    "ace": Ace,
    "pie": Pie,
    "dice": Dice,
    "notify": Notify,
}

AMD_BY_STATUS = {"notsure": "unsure"}
RESULT_BY_WORD = {"n/a": "", "noanswer": "no_answer", "denied": "busy"}
REASON_BY_WORD = {
    "n/a": "",
    "callerhangup": "caller_hangup",
    "calleehangup": "callee_hangup",
    "managerhangup": "manager_hangup",
    "nocreditpartner": "no_credit",
    "generalerror": "general_error",
    "usernotfound": "user_not_found",
    "callbackerror": "callback_error",
    "otherpeeranswered": "other_peer_answered",
    "clientnetwork": "client_network",
    "invalidsvamlaction": "invalid_svaml",
    "noanswer": "no_answer",
}
NOTICE_BY_TYPE = {
    "callingerror": "calling_error",
    "transcription_complete": "transcription_available",
}
DOMAIN_BY_ORIGIN = {"mxp": "app", "sip": "sip"}

_OFFER = re.compile(r"(.*)\.([0-9]{1,9})", re.DOTALL)
_decoder = msgspec.json.Decoder(Callback)

K = TypeVar("K", bound=Callback)


def parse(body: bytes, app: str) -> Event:
    """Return the event in `body`, of the application `app` that signed it.

    Raises `CallbackError`, which says what is missing.
    """
    try:
        callback = _decoder.decode(body)
    except msgspec.ValidationError:
        return _parse_odd(body, app)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CallbackError(f"no JSON: {error}") from None
    return _event(callback, app)


def _parse_odd(body: bytes, app: str) -> Event:
    """Take what can be taken of a callback that has other types or another event than known."""
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CallbackError(f"no JSON: {error}") from None
    if not isinstance(raw, dict):
        raise CallbackError("no JSON object")
    name = raw.get("event")
    if not isinstance(name, str) or not name:
        raise CallbackError("it names no event")
    kind = KIND_BY_EVENT.get(name.lower())
    if kind is not None:
        return _event(_tolerant(kind, raw), app)
    call = _call_id(_tolerant(Notify, raw))
    return events.Unknown(app=app, call=call, name=name[:64], at=_text(raw.get("timestamp")))


def _tolerant(kind: type[K], raw: dict[str, object]) -> K:
    """Convert field by field; what can't be converted is left out."""
    kept = {}
    for field in msgspec.structs.fields(kind):
        if field.encode_name not in raw:
            continue
        try:
            value = msgspec.convert(raw[field.encode_name], field.type, strict=False)
        except msgspec.ValidationError:
            continue
        kept[field.name] = value
    return kind(**kept)


def _event(callback: Callback, app: str) -> Event:
    call = _call_id(callback)
    at = callback.timestamp or ""
    match callback:
        case Pie(menu_result=result):
            return _menu_input(result or MenuResult(), app, call, at)
        case Ice():
            return _incoming(callback, app, call, at)
        case Ace(amd=amd):
            status, reason = _amd(amd)
            return events.Answered(
                app=app,
                call=call,
                at=at,
                amd=status,
                amd_reason=reason,
                custom=callback.custom or "",
                region=region_of(callback.call_resource_url),
            )
        case Dice():
            return events.Ended(
                app=app,
                call=call,
                at=at,
                result=_word(callback.result, RESULT_BY_WORD),
                reason=_word(callback.reason, REASON_BY_WORD),
                duration=_seconds(callback.duration),
                custom=callback.custom or "",
            )
        case Notify():
            return _notified(callback, app, call, at)


def _call_id(callback: Callback) -> str:
    call = callback.callid or callback.call_id
    if not call:
        raise CallbackError("it has no call id")
    if len(call) > MAX_CALL_ID:
        raise CallbackError(f"its call id has {len(call)} characters")
    return call


def _incoming(ice: Ice, app: str, call: str, at: str) -> events.Incoming:
    to = ice.to or Identity()
    kind = to.type.lower()
    origin = (ice.origination_type or ice.domain or "pstn").lower()
    domain = "conference" if kind == "conference" else DOMAIN_BY_ORIGIN.get(origin, "pstn")
    return events.Incoming(
        app=app,
        call=call,
        at=at,
        caller=_caller(ice, domain),
        called=to.endpoint if kind in ("username", "sip", "conference") else _number(to.endpoint),
        domain=domain,
        headers=_pairs(ice.call_headers),
        custom=ice.custom or "",
        region=region_of(ice.call_resource_url),
        redirected_from=normalise(ice.rdnis or ""),
        room=ice.conference_id or (to.endpoint if kind == "conference" else ""),
    )


def _caller(ice: Ice, domain: str) -> str | None:
    """The caller's number; the user or SIP name of one who has none; None if withheld."""
    cli = (ice.cli or "").strip()
    number = normalise(cli)
    if number is not None:
        return number
    named = "" if domain == "pstn" or cli.lower() in WITHHELD else cli
    return ice.user or named or None


def _number(endpoint: str) -> str:
    return normalise(endpoint) or endpoint


def _menu_input(result: MenuResult, app: str, call: str, at: str) -> Event:
    menu, value = result.menu_id or "", result.value or ""
    spoken = (result.input_method or "").lower() == "voice"
    match result.type.lower():
        case "return":
            numbered = _OFFER.fullmatch(value)
            name, offer = numbered.groups() if numbered else (value, "0")
            return events.Chosen(
                app=app, call=call, at=at, value=name, offer=int(offer), menu=menu, spoken=spoken
            )
        case "sequence":
            digits = value.rstrip("#")
            return events.Digits(app=app, call=call, at=at, digits=digits, menu=menu, spoken=spoken)
        case "timeout":
            return events.NoInput(app=app, call=call, at=at, menu=menu)
        case "invalidinput":
            return events.NoMatch(app=app, call=call, at=at, menu=menu, value=value)
        case "hangup":
            return events.MenuHangup(app=app, call=call, at=at, menu=menu)
        case other:
            return events.MenuFailed(
                app=app, call=call, at=at, menu=menu, type=other or "no menu result", value=value
            )


def _notified(notify: Notify, app: str, call: str, at: str) -> events.Notified:
    status, reason = _amd(notify.amd)
    return events.Notified(
        app=app,
        call=call,
        at=at,
        type=_word(notify.type, NOTICE_BY_TYPE),
        destination=notify.destination or "",
        amd=status,
        amd_reason=reason,
        error_code=notify.error_code or 0,
        error_message=notify.error_msg or "",
    )


def _amd(amd: Amd | None) -> tuple[str, str]:
    if amd is None:
        return "", ""
    return _word(amd.status, AMD_BY_STATUS), _word(amd.reason, {"n/a": ""})


def _word(text: str | None, known: dict[str, str]) -> str:
    """Return our word for one of the platform's, else the platform's in lower case."""
    word = (text or "").strip().lower()
    return known.get(word, word)


def _seconds(duration: float | None) -> int:
    return int(duration) if duration is not None and 0 <= duration < 1e9 else 0


def _pairs(pairs: tuple[Pair, ...] | None) -> dict[str, str]:
    return {pair.key: pair.value for pair in pairs or ()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
