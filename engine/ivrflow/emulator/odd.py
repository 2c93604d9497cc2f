"""Callbacks as odd as the reference has seen them (section 2.3), one way after the other."""

from collections.abc import Callable

from ivrflow.emulator.transcript import Json


def make_odd(event: Json, number: int) -> Json:
    """Return the callback with the `number`-th choice of oddities; it means the same."""
    odd = dict(event)
    for place, change in enumerate(CHANGES):
        if number >> (place % 5) & 1 or number % len(CHANGES) == place:
            change(odd)
    return odd


def _call_id(event: Json) -> None:
    event["callId"] = event.pop("callid")


def _no_zone(event: Json) -> None:
    if isinstance(at := event.get("timestamp"), str):
        event["timestamp"] = at.rstrip("Z").partition(".")[0] + ".417"


def _many_digits(event: Json) -> None:
    if isinstance(at := event.get("timestamp"), str):
        event["timestamp"] = at.rstrip("Z").partition(".")[0] + ".9372196Z"


def _no_plus(event: Json) -> None:
    to = event.get("to")
    if isinstance(to, dict) and isinstance(number := to.get("endpoint"), str):
        event["to"] = {**to, "endpoint": number.removeprefix("+")}


def _named_caller(event: Json) -> None:
    if isinstance(cli := event.get("cli"), str) and cli.isdecimal():
        event["cli"] = f"Ada Byron <+{cli}>"


def _casing(event: Json) -> None:
    for key in ("domain", "originationType"):
        if isinstance(value := event.get(key), str):
            event[key] = value.upper() if value.islower() else value.lower()
    for key in ("to", "menuResult"):
        value = event.get(key)
        if isinstance(value, dict):
            event[key] = {**value, "type": str(value.get("type", "")).capitalize()}


def _extra(event: Json) -> None:
    event["reference"] = "8f1c"
    event["delayed"] = False
    event["user"] = event.get("user", "")
    if isinstance(result := event.get("menuResult"), dict):
        event["menuResult"] = {**result, "addToContext": []}


def _sparse(event: Json) -> None:
    event.pop("applicationKey", None)
    event.pop("version", None)
    if not event.get("rdnis"):
        event.pop("rdnis", None)


def _empty(event: Json) -> None:
    event.setdefault("custom", "")
    event["duration"] = event.get("duration", 0)


def _formatted(event: Json) -> None:
    if isinstance(rate := event.get("userRate"), dict):
        event["userRate"] = {**rate, "formatted": f"${rate.get('amount')}"}


def _reversed(event: Json) -> None:
    for key in reversed(list(event)):
        event[key] = event.pop(key)


CHANGES: tuple[Callable[[Json], None], ...] = (
    _call_id,
    _no_zone,
    _many_digits,
    _no_plus,
    _named_caller,
    _casing,
    _extra,
    _sparse,
    _empty,
    _formatted,
    _reversed,
)
