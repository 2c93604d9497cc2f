"""What may happen elsewhere while a call waits: legs, signals, timers, replies that were told."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from ivrflow.machine.effects import Tell
from ivrflow.machine.events import Event, LegBridged, LegEnded, Moved, NoInput, Signal, Woken
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Program
from ivrflow.machine.replies import MENU, Reply
from ivrflow.machine.session import CONTEXT_BY_WAIT, Session, Wait
from ivrflow.model.outcomes import signal_of

TOLD = {Wait.HOLD, *CONTEXT_BY_WAIT}
"""Waits in which something can be raised."""

DATA = (None, {"counter": 4})
"""What may come with a signal."""


def raised_after(
    program: Program, session: Session, moment: str, call: dict[str, Any]
) -> Iterator[tuple[Event, str]]:
    """Yield what may happen to a call that waits, with the moment at which it does."""
    if session.wait not in TOLD or session.ended or session.over:
        return
    if session.moving is not None:
        yield Moved(**call, offer=session.moving.offer, outcome="done"), moment
        return
    for leg in session.frame.legs:
        yield LegBridged(**call, leg=leg, room="room-1"), moment
        yield from ((LegEnded(**call, leg=leg, result=how), moment) for how in ("busy", "answered"))
    for name in _signals(program, session):
        for data in DATA:
            yield Signal(**call, name=name, id=f"signal-{data}", data=data), moment
    for due in filter(None, session.due):
        later = max(moment, _written(due))
        held = session.wait is Wait.HOLD
        yield (NoInput(**call, menu=MENU) if held else Woken(**call)), later


def _signals(program: Program, session: Session) -> Iterator[str]:
    flow = program.flows[session.frame.flow]
    handled = flow.states[session.frame.state].on
    return filter(None, map(signal_of, handled))


def _written(due: int) -> str:
    return datetime.fromtimestamp(due / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def told(taken: Step) -> Reply | None:
    """Return what the platform is told in a turn, asked or not."""
    tells = (each.reply for each in taken.effects if isinstance(each, Tell))
    return taken.reply or next(tells, None)


def waiting(session: Session) -> object:
    """What tells sessions apart by what they wait for."""
    return (
        tuple((type(each), getattr(each, "leg", 0)) for each in session.inbox),
        tuple((frame.legs, frame.bridged) for frame in session.frames),
        tuple(map(bool, session.due)),
        None if session.moving is None else msgspec.to_builtins(session.moving.frame)["state"],
    )
