"""Connecting a call (section 3.3): ringing, the machine on the other end (3.7), talking."""

from ivrflow.emulator import callbacks, transcript
from ivrflow.emulator.asking import CONTINUE, asks, post, reply_or
from ivrflow.emulator.clock import Script, Signal, Wait
from ivrflow.emulator.playing import sound
from ivrflow.emulator.setup import Person
from ivrflow.emulator.signals import Act, Beeped, Key, PickedUp, Refused, Voice
from ivrflow.emulator.svaml import MAX_CALL, Connect
from ivrflow.emulator.transcript import Connected, Json, Rang
from ivrflow.emulator.world import Address, Call, Leg, Over, Turn
from ivrflow.numbers import normalise

REASON_BY_VERDICT = {"machine": "longgreeting", "human": "n/a", "notsure": "initialsilence"}
SILENT_KINDS = ("username", "stream")
"""Destinations that no ACE and PIE are sent for."""


def connect(call: Call, action: Connect) -> Script[Turn]:
    """Ring whom the reply names, and return what is to be done when they have answered."""
    address = _address(call, action)
    if action.kind == "username" and call.record is not None:
        call.warn("startRecording is ignored with connectMxp")
        call.record = None
    if not action.callbacks:
        call.sends -= {"ace", "dice"}
    _replace(call)
    leg = call.add_leg("callee", address)
    call.amd = action.amd
    voice = yield from ring(call, leg, action)
    _join(call, leg, action, voice)
    call.limit(action.max_duration or call.max_duration or MAX_CALL)
    if address.kind in SILENT_KINDS:
        return Turn("ace", CONTINUE)
    return (yield from _answered(call, leg, action.amd, voice))


def ring(call: Call, leg: Leg, action: Connect) -> Script[Voice]:
    """Return who picked up; raises `Over` if nobody did."""
    _require_reachable(call, leg.address)
    _invite(call, leg, action)
    wait = (action.dial_timeout * 1000) or call.world.switches.dial_timeout
    with call.doing_("ring", leg):
        signal = yield from _wait_for(call, leg, wait)
    if isinstance(signal, PickedUp):
        return signal.voice
    if isinstance(signal, Refused):
        leg.gone = True
        call.log(transcript.Refused(at=call.now, call=call.id, who=leg.name, why=signal.why))
    raise _failed(call, leg, signal)


def _failed(call: Call, leg: Leg, signal: Signal | None) -> Over:
    match signal:
        case Refused(why="busy"):
            return Over(call.world.switches.busy_reason, "BUSY")
        case Refused(why="no_answer"):
            return Over(call.world.switches.no_answer_reason, "NOANSWER")
        case Refused(why="not_found"):
            return Over("USERNOTFOUND", "FAILED")
        case Refused(why="congested"):
            return Over("CONGESTION", "FAILED")
        case Refused():
            return Over("GENERALERROR", "FAILED")
        case _ if leg.address.kind == "username":
            return Over("N/A", "BUSY")
        case _:
            return Over("TIMEOUT", "NOANSWER")


def bridge(call: Call) -> Script[Turn]:
    """Let `near` and `far` talk until somebody or something ends the call."""
    near, far = call.near, call.far
    if near is not None and far is not None:
        call.log(Connected(at=call.now, call=call.id, who=near.name, other=far.name))
    while True:
        signal = yield Wait(None, (Key,))
        if isinstance(signal, Key):
            other = far if near is not None and signal.who == near.name else near
            sound(call, other, "dtmf", signal.key)


def beeped(call: Call, leg: Leg) -> None:
    """A machine beeps; who detects asynchronously is told."""
    call.log(transcript.Beeped(at=call.now, call=call.id, who=leg.name))
    if call.amd != "async" or leg.answered is None:
        return
    verdict = _verdict("machine", "beep", call.now - leg.answered)
    if not leg.judged:
        leg.judged = True
        post(call, "notify", callbacks.notify(call, "amd", amd=verdict))
    post(call, "notify", callbacks.notify(call, "amd_beep", amd=verdict))


def _wait_for(call: Call, leg: Leg, wait: int) -> Script[Signal | None]:
    until = call.now + wait
    while True:
        signal = yield Wait(until - call.now, (PickedUp, Refused))
        if signal is None or (isinstance(signal, Act) and signal.who == leg.name):
            return signal


def _address(call: Call, action: Connect) -> Address:
    if action.to:
        return Address(action.kind, action.to)
    if call.to.kind == "did" or not call.to.endpoint:
        call.warn("nobody is named to connect to, and the caller dialled a rented number")
        raise Over("GENERALERROR", "FAILED")
    return Address(action.kind, call.to.endpoint)


def _require_reachable(call: Call, to: Address) -> None:
    """End the call if the platform doesn't dial this; the reasons are those of section 2.6."""
    if to.kind == "number" and normalise(to.endpoint) is None:
        call.warn(f'"{to.endpoint}" is no number')
        raise Over("GENERALERROR", "FAILED")
    if not call.world.setup.credit:
        raise Over("NOCREDITPARTNER", "FAILED")
    if to.endpoint.startswith(call.world.setup.forbidden or ("\0",)):
        raise Over("BLOCKED", "FAILED")


def _replace(call: Call) -> None:
    """Let go of whom the call was connected with."""
    if call.far is not None and not call.far.gone:
        call.warn("the call is connected already: the called party is let go")
        call.drop(call.far)
    call.far = None


def _invite(call: Call, leg: Leg, action: Connect) -> None:
    headers = dict(action.headers)
    if leg.address.kind == "sip":
        headers |= {key: value for key, value in call.cookies.items() if key.startswith("X-")}
    call.log(
        Rang(
            at=call.now,
            call=call.id,
            who=leg.name,
            kind=leg.address.kind,
            to=leg.address.endpoint,
            cli=call.cli if action.cli in ("", "incoming") else action.cli,
            headers=headers,
        )
    )
    sound(call, call.near, "ring", action.ring)
    person = call.world.person(leg.address.endpoint)
    if person is not None and person.does != "no_answer":
        call.world.later(person.after, lambda: _act_by_itself(call, leg, person))


def _act_by_itself(call: Call, leg: Leg, person: Person) -> None:
    if call.main is None or leg.up or leg.gone:
        return
    match person.does:
        case "human" | "machine" | "unsure":
            call.world.clock.tell(call.main, PickedUp(who=leg.name, voice=person.does))
        case "busy" | "no_answer" | "failed" | "not_found" | "congested":
            call.world.clock.tell(call.main, Refused(who=leg.name, why=person.does))


def _join(call: Call, leg: Leg, action: Connect, voice: Voice) -> None:
    """Let the answered leg be part of the call."""
    if call.near is None:
        call.near = leg
    else:
        call.lift(call.near)
        call.far = leg
    call.lift(leg, voice)
    callee = call.far is not None and call.world.switches.ace_audience == "callee"
    call.listener = call.far if callee else call.near
    call.plan = bridge
    if action.dtmf:
        sound(call, leg, "dtmf", action.dtmf)


def _answered(call: Call, leg: Leg, amd: str, voice: Voice) -> Script[Turn]:
    verdict: Json | None = None
    if amd == "sync":
        verdict = yield from _detect(call, leg, voice)
    if amd == "async":
        call.world.clock.start(_detect_later(call, leg, voice))
        if call.world.switches.async_ace == "inprogress":
            verdict = _verdict("inprogress", "n/a", 0)
    if not asks(call, "ace"):
        return Turn("ace", CONTINUE)
    return (yield from reply_or(call, "ace", callbacks.ace(call, verdict), CONTINUE))


def _detect(call: Call, leg: Leg, voice: Voice) -> Script[Json]:
    """Return the verdict, after the time that it takes; a beep makes it sooner."""
    begun = call.now
    try:
        signal = yield Wait(call.world.switches.amd_delay, (Beeped,))
    except Over as over:
        if over.who == leg.name and asks(call, "ace"):
            post(call, "ace", callbacks.ace(call, _verdict("hangup", "n/a", call.now - begun)))
        raise
    if isinstance(signal, Beeped):
        return _verdict("machine", "beep", call.now - begun)
    status = "notsure" if voice == "unsure" else voice
    return _verdict(status, REASON_BY_VERDICT[status], call.now - begun)


def _detect_later(call: Call, leg: Leg, voice: Voice) -> Script[None]:
    """Tell the verdict, unless a beep has made it sooner."""
    delay = call.world.switches.amd_delay
    yield Wait(delay)
    if call.ended is None and not leg.judged:
        leg.judged = True
        status = "notsure" if voice == "unsure" else voice
        verdict = _verdict(status, REASON_BY_VERDICT[status], delay)
        post(call, "notify", callbacks.notify(call, "amd", amd=verdict))


def _verdict(status: str, reason: str, ms: int) -> Json:
    """`duration` is in whole seconds: Sinch's SDKs for Java and .NET read an integer."""
    return {"status": status, "reason": reason, "duration": -(-ms // 1000)}
