"""What is known of who answered: at once, later, and better than before."""

from collections.abc import Callable

import pytest

from ivrflow.machine.callouts import begin_callout
from ivrflow.machine.events import Answered, Event, NoInput, Notified
from ivrflow.machine.orders import Order
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.program import Program
from ivrflow.machine.replies import Hangup, Reply
from ivrflow.machine.session import Session
from ivrflow.machine.step import step

Compile = Callable[[str], Program]
FACTS = Facts(now="2026-11-23T10:00:00Z")

REMINDER = """
flow: reminder
start: greet
states:
  greet:
    next:
      - {when: beeped, next: message}
      - {next: ask}
  ask:
    menu: {prompt: "{{ amd }}: press 1.", retries: 0, choices: {1: bye}}
    on:
      no_input:
        - {when: beeped, next: message}
        - {when: tries < 3, next: ask}
        - {next: bye}
      no_match: bye
  message: {say: Please call us., hangup: }
  bye: {hangup: }
"""


def answered(amd: str = "", reason: str = "") -> Answered:
    return Answered(app="key", call="call-1", amd=amd, amd_reason=reason)


def news(kind: str, amd: str, reason: str = "") -> Notified:
    return Notified(app="key", call="call-1", type=kind, amd=amd, amd_reason=reason)


SILENCE = NoInput(app="key", call="call-1", menu="main")
VERDICT = news("amd", "machine", "longgreeting")
BEEP = news("amd_beep", "machine", "beep")


class Callee:
    """A callout to somebody, event by event."""

    def __init__(self, program: Program) -> None:
        self.program = program
        wanted = Order(flow="reminder", name="remind")
        self.session: Session = begin_callout(program, wanted, answered(), "callout-1")
        self.reply: Reply | None = None

    def happens(self, *events: Event) -> "Callee":
        for event in events:
            taken = step(self.program, self.session, event, FACTS)
            assert isinstance(taken, Step)
            self.session, self.reply = taken.session, taken.reply
        return self

    @property
    def is_left_a_message(self) -> bool:
        return self.reply is not None and isinstance(self.reply.action, Hangup)


@pytest.fixture
def callee(compiled: Compile) -> Callee:
    return Callee(compiled(REMINDER))


def test_who_waits_for_the_verdict_is_told_of_the_beep_with_it(callee: Callee) -> None:
    assert callee.happens(answered("machine", "beep")).is_left_a_message


@pytest.mark.parametrize("reason", ["longgreeting", "initialsilence", ""])
def test_a_machine_that_has_not_beeped_is_still_greeting(callee: Callee, reason: str) -> None:
    callee.happens(answered("machine", reason))
    assert (callee.session.amd, callee.session.beeped) == ("machine", False)
    assert not callee.is_left_a_message


@pytest.mark.parametrize("first", ["", "inprogress"])
def test_a_flow_that_has_begun_sees_later_who_answered(callee: Callee, first: str) -> None:
    callee.happens(answered(first))
    assert callee.session.amd == ""
    callee.happens(VERDICT)
    assert (callee.session.amd, callee.session.beeped) == ("machine", False)
    assert not callee.happens(SILENCE).is_left_a_message
    assert callee.happens(BEEP, SILENCE).is_left_a_message


@pytest.mark.parametrize("verdict", ["human", "unsure", "hangup"])
@pytest.mark.parametrize("beep_first", [True, False])
def test_what_beeps_is_a_machine_whatever_was_said_of_it(
    callee: Callee, verdict: str, beep_first: bool
) -> None:
    told = [news("amd", verdict), BEEP]
    callee.happens(answered(), *(reversed(told) if beep_first else told))
    assert (callee.session.amd, callee.session.beeped) == ("machine", True)
