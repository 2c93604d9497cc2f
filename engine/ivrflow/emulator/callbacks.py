"""The events of a call, in the field shapes of Sinch's fixtures (sections 2.3 to 2.8)."""

from datetime import datetime

from ivrflow.clock import from_milliseconds
from ivrflow.emulator.transcript import Json
from ivrflow.emulator.world import Address, Call

CURRENCY = "USD"
VERSION = 1

TYPE_BY_KIND = {"did": "Number", "number": "Number", "username": "Username"}
"""How GET names a party. Others have not been seen capitalised, and Java's SDK would fail."""


def ice(call: Call) -> Json:
    """Section 2.4: a call reached the platform."""
    event = _base(call, "ice")
    event["callResourceUrl"] = f"{call.world.setup.resource}/calling/v1/calls/id/{call.id}"
    event["userRate"] = money(0.0)
    event["cli"] = bare(call.cli)
    if call.to.endpoint:
        event["to"] = {"type": call.to.kind, "endpoint": call.to.endpoint}
    event["domain"] = call.domain
    event["originationType"] = call.origin
    event["rdnis"] = bare(call.redirected_from)
    _add(event, "user", call.user)
    if call.headers:
        event["callHeaders"] = pairs(call.headers)
    if call.to.kind == "conference":
        event["conferenceId"] = call.to.endpoint
    return event


def ace(call: Call, amd: Json | None = None) -> Json:
    """Section 2.5: the callee picked up."""
    event = _base(call, "ace")
    if amd is not None:
        event["amd"] = amd
    _add(event, "conferenceId", call.room)
    _cookies(call, event)
    return event


def pie(call: Call, result: Json, *, cookies: bool = True) -> Json:
    """Section 2.7: a menu has a result, or keys were pressed in a room."""
    event = _base(call, "pie")
    event["menuResult"] = result
    _add(event, "conferenceId", call.room)
    if cookies:
        _cookies(call, event)
    return event


def dice(call: Call) -> Json:
    """Section 2.6: the call is over."""
    event = _base(call, "dice")
    event["reason"] = call.reason
    event["result"] = call.result
    event["debit"] = debit(call)
    event["userRate"] = money(call.world.switches.rate)
    to = _callee(call)
    event["to"] = {"type": "number" if to.kind == "did" else to.kind, "endpoint": bare(to.endpoint)}
    event["duration"] = call.seconds
    event["from"] = bare(call.cli) or call.user or "private"
    if call.headers:
        event["callHeaders"] = pairs(call.headers)
    _add(event, "conferenceId", call.room)
    _cookies(call, event)
    return event


def notify(call: Call, kind: str, **extra: object) -> Json:
    """Section 2.7, Notify: it has no timestamp."""
    event: Json = {"event": "notify", "callid": call.id, "version": VERSION, "type": kind}
    event.update(extra)
    event["custom"] = call.custom
    _add(event, "conferenceId", call.room)
    if call.world.switches.cookies_on_notify:
        _cookies(call, event)
    return event


def info(call: Call) -> Json:
    """Section 4.2: what GET tells of a call. A callout has no `from`, as in the fixtures."""
    reason = "INVALIDSVAMLACTION" if call.illegal else call.reason
    caller = call.leg("caller")
    return {
        **({"from": _party(caller.address.kind, call.cli)} if caller is not None else {}),
        "to": _party(_callee(call).kind, _callee(call).endpoint),
        "domain": call.domain,
        "callId": call.id,
        "duration": call.seconds,
        "status": "ONGOING" if call.ended is None else "FINAL",
        "result": call.result if call.ended is not None or call.answered is None else "ANSWERED",
        "reason": reason,
        "timestamp": _date(call.started).isoformat(timespec="seconds"),
        "custom": call.custom,
        "userRate": money(call.world.switches.rate),
        "debit": debit(call),
    }


def money(amount: float) -> Json:
    return {"currencyId": CURRENCY, "amount": amount}


def debit(call: Call) -> Json:
    """What the call cost, by begun minutes."""
    minutes = -(-call.seconds // 60)
    return money(round(minutes * call.world.switches.rate, 6))


def bare(number: str) -> str:
    """Return a number as callbacks have it, without its `+`."""
    return number[1:] if number.startswith("+") and number[1:].isdecimal() else number


def pairs(values: dict[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def stamp(at: int, form: str = "seconds") -> str:
    """Return a moment as `2024-06-06T17:20:14Z`, or with a fraction of 3 or 7 digits."""
    match form:
        case "milliseconds":
            return f"{_date(at).isoformat(timespec='milliseconds')}Z"
        case "ticks":
            return f"{_date(at).isoformat(timespec='milliseconds')}2196Z"
        case _:
            return f"{_date(at).isoformat(timespec='seconds')}Z"


def _base(call: Call, name: str) -> Json:
    event: Json = {"event": name, "callid": call.id}
    event["timestamp"] = stamp(call.now, call.world.switches.timestamps)
    event["version"] = VERSION
    _add(event, "custom", call.custom)
    event["applicationKey"] = call.app.key
    return event


def _add(event: Json, key: str, value: str) -> None:
    if value:
        event[key] = value


def _cookies(call: Call, event: Json) -> None:
    if call.cookies:
        event["cookies"] = pairs(call.cookies)


def _party(kind: str, endpoint: str) -> Json:
    return {"type": TYPE_BY_KIND.get(kind, kind), "endpoint": endpoint or "private"}


def _callee(call: Call) -> Address:
    """Return whom the call reached last. A stream is no party: `to` has no type for one."""
    rung = [each.address for each in call.legs if each.name.startswith("callee")]
    return next((each for each in reversed(rung) if each.kind != "stream"), call.to)


def _date(at: int) -> datetime:
    return from_milliseconds(at).replace(tzinfo=None)
