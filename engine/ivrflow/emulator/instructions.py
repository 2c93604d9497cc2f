"""Instructions (section 3.2), in the order of the reply."""

from ivrflow.emulator import recordings
from ivrflow.emulator.asking import refuse
from ivrflow.emulator.clock import Script
from ivrflow.emulator.playing import play, sound
from ivrflow.emulator.svaml import (
    Answer,
    Cookie,
    Instruction,
    Play,
    Record,
    StopRecording,
    Tones,
)
from ivrflow.emulator.world import Call, Leg

MOST_COOKIES = 1_024
"""Bytes of all keys and values."""

LONGEST_KEY = 50


def carry_out(
    call: Call, instructions: tuple[Instruction, ...], listeners: tuple[Leg, ...]
) -> Script[None]:
    """Carry out what is to be heard by the `listeners`, and everything else."""
    for each in instructions:
        match each:
            case Play():
                yield from _play(call, each, listeners)
            case Tones(value=value):
                for leg in listeners:
                    sound(call, leg, "dtmf", value)
            case Cookie():
                _keep(call, each)
            case Answer():
                _answer(call)
            case Record():
                recordings.start(call, each)
            case StopRecording():
                recordings.finish(call)


def _play(call: Call, given: Play, listeners: tuple[Leg, ...]) -> Script[None]:
    if not listeners:
        call.warn("nobody is on the line to hear it")
    first, *others = listeners or (None,)
    for leg in others:
        # All hear it at the same time; only the first one's hearing takes time.
        call.world.clock.start(_alone(call, leg, given))
    yield from play(call, first, given.parts, given.locale)


def _alone(call: Call, leg: Leg | None, given: Play) -> Script[None]:
    yield from play(call, leg, given.parts, given.locale)


def _keep(call: Call, given: Cookie) -> None:
    kept = {**call.cookies, given.key: given.value}
    size = sum(len(key.encode()) + len(value.encode()) for key, value in kept.items())
    if size <= MOST_COOKIES and len(given.key) <= LONGEST_KEY:
        call.cookies = kept
        return
    problem = f'cookie "{given.key[:LONGEST_KEY]}" is more than {MOST_COOKIES} bytes hold'
    if call.world.switches.cookie_overflow == "illegal":
        raise refuse(call, problem)
    call.warn(f"{problem}: it is dropped")


def _answer(call: Call) -> None:
    caller = call.leg("caller")
    if caller is None:
        call.warn("answer: there is no incoming leg")
    else:
        call.lift(caller)
