"""Legs that are not wanted any more: who is on the line is told, unless they talk already."""

from collections.abc import Callable

import pytest

from ivrflow.machine.effects import CancelLegs
from ivrflow.machine.events import Ended, Event, Incoming, LegBridged, NoInput
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.program import Program
from ivrflow.machine.raised import accept
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step

Compile = Callable[[str], Program]
FACTS = Facts(now="2026-11-23T10:00:00Z")
INCOMING = Incoming(app="key", call="call-1", caller="+46701234567", called="+46850000000")
TICK = NoInput(app="key", call="call-1", menu="main")
END = Ended(app="key", call="call-1", result="answered", reason="caller_hangup")

DESK = """
flow: desk
start: ring
callouts:
  first: {flow: std/ring-leg, to: "+46850000001"}
states:
  ring:
    do:
      - callout: {name: first, with: {to: "+46850000001"}}
      - callout: {name: first, with: {to: "+46850000001"}}
    next: waiting
  waiting:
    hold: {prompt: One moment., keys: {1: bye}}
    on: {leg.bridged: talking, leg.ended: bye}
    timers: [{after: 1m, next: bye}]
  talking: {bridge: leg, on: {leg.ended: bye}}
  bye: {hangup: }
"""


class Waiting:
    """A call with two legs, event by event."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.session: Session = begin(program, INCOMING, params={}, locale="")
        self.happens(INCOMING)

    def happens(self, event: Event) -> list[CancelLegs]:
        taken = step(self.program, self.session, event, FACTS)
        assert isinstance(taken, Step)
        return self._unwanted(taken)

    def accepts(self, leg: int) -> list[CancelLegs]:
        event = LegBridged(app="key", call="call-1", leg=leg, room="room-1")
        taken = accept(self.program, self.session, event)
        assert taken is not None
        return self._unwanted(taken)

    def _unwanted(self, taken: Step) -> list[CancelLegs]:
        self.session = taken.session
        return [each for each in taken.effects if isinstance(each, CancelLegs)]


@pytest.fixture
def waiting(compiled: Compile) -> Waiting:
    return Waiting(compiled(DESK))


def test_all_legs_are_told_when_the_caller_leaves(waiting: Waiting) -> None:
    assert waiting.happens(END) == [CancelLegs(legs=(1, 2))]


def test_the_other_legs_are_told_when_one_accepts(waiting: Waiting) -> None:
    assert waiting.accepts(2) == [CancelLegs(legs=(1,))]


def test_a_leg_that_talks_is_told_nothing_when_the_caller_leaves(waiting: Waiting) -> None:
    waiting.accepts(1)
    waiting.happens(TICK)
    assert waiting.happens(END) == [CancelLegs(legs=(1,), talking=(1,))]
