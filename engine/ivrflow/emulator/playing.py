"""What a party hears, and what it does meanwhile."""

from ivrflow.emulator.clock import Script, Wait
from ivrflow.emulator.prompts import Part, duration, spoken
from ivrflow.emulator.signals import Act, Key, Speech
from ivrflow.emulator.transcript import Cut, Heard
from ivrflow.emulator.world import Call, Leg

KEYS = (Key,)
KEYS_AND_WORDS = (Key, Speech)

Kinds = tuple[type[Act], ...]


def play(
    call: Call, leg: Leg | None, parts: tuple[Part, ...], locale: str, breaks: Kinds = ()
) -> Script[Act | None]:
    """Let parts be heard in order. Returns the act that broke them off, None after the last."""
    if not parts or leg is None or not _can_hear(call, leg):
        return None
    setup = call.world.setup
    for each in parts:
        length = duration(each, locale, setup.media, setup.switches.audio)
        _hear(call, leg, each, locale, length)
        act = yield from hear(call, leg, length, breaks)
        if act is not None:
            call.log(Cut(at=call.now, call=call.id, who=leg.name))
            return act
    return None


def hear(call: Call, leg: Leg, ms: int | None, kinds: Kinds) -> Script[Act | None]:
    """Wait for an act of this party; None when `ms` have passed."""
    until = None if ms is None else call.now + ms
    while True:
        signal = yield Wait(None if until is None else until - call.now, kinds)
        if signal is None:
            return None
        if isinstance(signal, Act) and signal.who == leg.name:
            return signal


def sound(call: Call, leg: Leg | None, kind: str, text: str) -> None:
    """Let something be heard that takes no time, or goes on until something else happens."""
    if leg is not None and not leg.gone:
        call.log(Heard(at=call.now, call=call.id, who=leg.name, kind=kind, text=text))


def _hear(call: Call, leg: Leg, part: Part, locale: str, length: int) -> None:
    call.log(
        Heard(
            at=call.now,
            call=call.id,
            who=leg.name,
            kind=part.kind,
            text=spoken(part),
            locale="" if part.kind == "file" else locale,
            duration=length,
            early=not leg.up,
        )
    )


def _can_hear(call: Call, leg: Leg) -> bool:
    if leg.gone:
        return False
    if leg.up:
        return True
    match call.world.switches.unanswered_prompts:
        case "answer":
            call.lift(leg)
        case "early":
            call.warn("a prompt before `answer`: early media, which not every network lets through")
        case "unheard":
            call.warn("a prompt before `answer`: nobody hears it")
            return False
    return True
