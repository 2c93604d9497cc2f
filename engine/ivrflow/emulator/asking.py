"""Callbacks on their way: to the primary URL, then the fallback; and what comes back."""

from collections.abc import Iterator

from ivrflow.emulator import callbacks
from ivrflow.emulator.clock import Script, Wait
from ivrflow.emulator.odd import make_odd
from ivrflow.emulator.reading import read
from ivrflow.emulator.sending import send
from ivrflow.emulator.signals import Replied
from ivrflow.emulator.svaml import Continue, Svaml
from ivrflow.emulator.transcript import Json, Received, clipped
from ivrflow.emulator.world import Call, Over, Turn
from ivrflow.errors import IllegalError

ILLEGAL, INTERNAL = 40_001, 50_000
MOST_AT_ONCE = 50
"""Replies of one call within one millisecond, after which it goes in circles."""

CONTINUE = Svaml(name="continue", action=Continue())
"""What a call does that nobody answers for."""


def asks(call: Call, event: str) -> bool:
    """Whether somebody is called back for this event."""
    return event in call.sends and (bool(call.own.get(event)) or bool(call.app.primary))


def ask(call: Call, event: str, body: Json) -> Script[Svaml | None]:
    """Return the reply to an event, None when nobody gave one; raises `Over` if it is illegal."""
    _require_progress(call)
    own = call.own.get(event, "")
    if is_inline(own):
        return _read(call, own)
    targets = list(_targets(call, event))
    body = _dressed(call, body)
    for number, (url, attempt) in enumerate(targets, 1):
        replied = yield from _attempt(call, event, body, url, attempt)
        if _is_refused(call, replied):
            break
        if not _is_good(replied):
            continue
        goes_on = call.world.switches.bad_reply == "fallback" and number < len(targets)
        if not goes_on or not _is_bad(call, replied):
            return _read(call, replied.body)
    return None


def post(call: Call, event: str, body: Json) -> None:
    """Send an event that wants no reply."""
    call.world.clock.start(_post(call, event, body))


def refuse(call: Call, problem: str, code: int = ILLEGAL) -> Over:
    """Tell the application that it can't be done, and return the end of the call."""
    call.warn(problem)
    told = {"errorCode": code, "errorMsg": f"Illegal SVAML: {problem}"}
    post(call, "notify", callbacks.notify(call, "callingerror", **told))
    return Over("CALLBACKERROR", "" if call.answered is not None else "FAILED", illegal=True)


def is_inline(own: str) -> bool:
    """Whether a callout brought SVAML along, not a URL."""
    return own.lstrip().startswith("{")


def _require_progress(call: Call) -> None:
    at, times = call.busy_at
    call.busy_at = (call.now, times + 1 if at == call.now else 1)
    if call.busy_at[1] > MOST_AT_ONCE:
        raise refuse(call, "its replies go in circles, and no time passes", INTERNAL)


def _read(call: Call, body: bytes | str) -> Svaml | None:
    try:
        svaml = read(body, call.world.switches)
    except IllegalError as error:
        over = refuse(call, str(error))
        if call.world.switches.illegal_svaml == "silent":
            return None
        raise over from None
    for note in svaml.notes:
        call.warn(note)
    return svaml


def _is_bad(call: Call, replied: Replied) -> bool:
    try:
        read(replied.body, call.world.switches)
    except IllegalError:
        return True
    return False


def _is_good(replied: Replied) -> bool:
    return 200 <= replied.status < 300


def _is_refused(call: Call, replied: Replied) -> bool:
    refused = 400 <= replied.status < 500
    return refused and not call.world.switches.fallback_on_refusal


def _targets(call: Call, event: str) -> Iterator[tuple[str, str]]:
    own = call.own.get(event, "")
    if own:
        yield own, "own"
        return
    if call.app.primary:
        yield call.app.primary, "primary"
    if call.app.primary and call.app.fallback:
        yield call.app.fallback, "fallback"


def _dressed(call: Call, body: Json) -> Json:
    """Make a callback odd, the same for both URLs: it is one event."""
    world = call.world
    return make_odd(body, world.number()) if world.switches.odd else body


def _post(call: Call, event: str, body: Json) -> Script[None]:
    body = _dressed(call, body)
    for url, attempt in _targets(call, event):
        replied = yield from _attempt(call, event, body, url, attempt)
        if _is_good(replied) or _is_refused(call, replied):
            return


def _attempt(call: Call, event: str, body: Json, url: str, attempt: str) -> Script[Replied]:
    """Send a callback and return its answer, or why there is none."""
    world = call.world
    wait = world.switches.reply_timeout
    number = world.number()
    if world.clock.current is not None:
        world.pending[number] = world.clock.current
    send(call, number, event, body, url, attempt)
    try:
        signal = yield Wait(wait, (Replied,))
    finally:
        world.pending.pop(number, None)
    late = Replied(failure=f"no answer within {wait} ms")
    replied = signal if isinstance(signal, Replied) else late
    call.log(
        Received(
            at=call.now,
            call=call.id,
            event=event,
            status=replied.status,
            body=clipped(replied.body),
            failure=replied.failure,
        )
    )
    return replied


def reply_or(call: Call, event: str, body: Json, otherwise: Svaml) -> Script[Turn]:
    """Return the reply to an event as a turn, `otherwise` when nobody gave one."""
    svaml = yield from ask(call, event, body)
    return Turn(event, otherwise if svaml is None else svaml)
