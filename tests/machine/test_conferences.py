"""Rooms as a flow commands them: which command, to whom, in which room."""

from typing import Any

import msgspec
import pytest

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.effects import Control, Divided, Tell
from ivrflow.machine.events import Digits, Ended, Event, Incoming, Signal
from ivrflow.machine.outcome import Facts, Need, Recorded, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.replies import Conference, Hangup, Reply
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.records import Delete, Enqueue, Length, Put, Read
from ivrflow.sinch.platform import PLATFORM

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}

FLOW = """
flow: hall
start: meet
vars: {speaker: "", room: hall}
states:
  meet:
    do: [control: {command: mute, conference: "{{ room }}"}]
    conference: {id: "{{ room }}", dtmf: detect}
    on:
      digits:
        - {when: input == "1", do: [control: {command: unmute, conference: hall, who: all}]}
        - when: input == "2"
          do: [control: {command: kick, conference: hall, who: " {{ speaker }} "}]
        - when: input == "3"
          do: [control: {command: hold, conference: hall, hold_music: music2}]
        - {next: stay}
      ended: {do: [control: {command: kick_all, conference: "{{ room }}"}]}
"""


def program_of(flow: str) -> Program:
    checked = check_text("hall.flow.yaml", flow, PLATFORM)
    assert not any(each.is_error for each in checked.diagnostics), checked.diagnostics
    return compile_flow(checked.flows["hall"], checked.app, PLATFORM, checked.all_flows)


class Caller:
    """One call, event by event."""

    def __init__(self, flow: str = FLOW, **variables: object) -> None:
        self.program = program_of(flow)
        incoming = Incoming(**CALL, called="+46850000000")
        self.session: Session = begin(self.program, incoming, params={}, locale="")
        self.session.frame.vars.update(variables)
        self.first = self.take(incoming)

    def take(self, event: Event) -> Step:
        taken = step(self.program, self.session, event, Facts(now="2026-11-24T10:00:00Z"))
        assert isinstance(taken, Step)
        self.session = taken.session
        return taken

    def press(self, key: str) -> Step:
        return self.take(Digits(**CALL, digits=key, menu="hall"))


def test_a_command_is_meant_for_this_call_if_nobody_is_named() -> None:
    assert Caller().first.effects == (
        Control(command="mute", room="hall", state="meet", who="call-1"),
    )


def test_keys_in_a_room_command_everybody_or_one_call_by_its_id() -> None:
    caller = Caller(speaker="call-2")
    told = {key: caller.press(key).effects for key in "123"}
    assert told == {
        "1": (Control(command="unmute", room="hall", state="meet"),),
        "2": (Control(command="kick", room="hall", state="meet", who="call-2"),),
        "3": (
            Control(command="hold", room="hall", state="meet", who="call-1", hold_music="music2"),
        ),
    }


def test_the_end_of_a_call_can_end_the_room_once() -> None:
    caller = Caller()
    ended = Ended(**CALL, result="answered")
    assert caller.take(ended).effects == (Control(command="kick_all", room="hall", state="meet"),)
    assert caller.take(ended).effects == ()


@pytest.mark.parametrize("who", ["", " ", "a b", "x" * 201])
def test_what_is_no_call_s_id_means_nobody(who: str) -> None:
    pressed = Caller(speaker=who).press("2")
    assert (pressed.verdict, pressed.effects) == (Verdict.FAILED, ())


def test_a_caller_who_says_all_is_not_everybody() -> None:
    (effect,) = Caller(speaker="all").press("2").effects
    assert isinstance(effect, Control)
    assert effect.who == "all"


@pytest.mark.parametrize("room", ["", "main"])
def test_a_command_to_no_room_is_a_fault_of_the_flow(room: str) -> None:
    assert Caller(room=room).first.verdict is Verdict.FAILED


# -- rooms that the engine keeps ------------------------------------------------------------------

KEPT = """
flow: hall
start: who
vars: {seats: 2}
states:
  who: {next: [{when: call.custom == "starts", next: starter}, {next: meet}]}
  meet:
    say: Welcome.
    conference: {id: hall, ROLE, dtmf: detect}
    on: {digits: {next: stay}, FULL}
  sorry: {say: The room is full., hangup: }
  starter: {conference: {id: hall, start_on_enter: true, max: 99}, on: {full: sorry}}
"""


def kept(role: str) -> str:
    """Return a flow whose callers enter a room so."""
    return KEPT.replace("ROLE", role).replace(", FULL", ", full: sorry" if "max" in role else "")


ROOM = {"record": "@participants", "key": "key/hall"}


def told(role: str, *answers: object, region: str = "euc1", **variables: object) -> Step | Need:
    """Return what becomes of a call that comes in, when the store says these things."""
    program = program_of(kept(role))
    incoming = Incoming(**CALL, called="+46850000000", region=region)
    session = begin(program, incoming, params={}, locale="")
    session.frame.vars.update(variables)
    facts = Facts(answers=tuple(Recorded(value=each) for each in answers))
    return step(program, session, incoming, facts)


def asked(role: str, *answers: object) -> object:
    need = told(role, *answers)
    assert isinstance(need, Need)
    return need.fact


def entered(role: str, *answers: object, **how: Any) -> Step:
    taken = told(role, *answers, **how)
    assert isinstance(taken, Step)
    assert taken.verdict is Verdict.MOVED
    return taken


def test_who_comes_into_a_bounded_room_takes_a_place_in_it() -> None:
    place = asked("max: 2")
    assert place == Enqueue(**ROOM, lasts=5 * 3_600_000)
    assert asked("max: 2", 1) == Put(
        record="@regions", key="key/hall", value="euc1", lasts=5 * 3_600_000
    )
    assert asked("max: 2", 2) == Read(record="@regions", key="key/hall")
    for answers in ((1, None), (2, "euc1")):
        taken = entered("max: 2", *answers)
        assert isinstance(taken.reply, Reply)
        assert isinstance(taken.reply.action, Conference)
        assert (taken.effects, taken.session.room) == ((), "hall")


def test_who_finds_no_place_gives_it_back_and_hears_the_author() -> None:
    assert asked("max: 2", 3) == Delete(**ROOM)
    taken = entered("max: 2", 3, True)
    assert isinstance(taken.reply, Reply)
    assert taken.reply.action == Hangup()
    assert taken.trace.visited == ("who", "meet", "sorry")
    assert (taken.effects, taken.session.room) == ((), "")


@pytest.mark.parametrize(("seats", "place", "is_in"), [(1, 1, True), (1, 2, False), (9, 9, True)])
def test_how_many_may_be_computed(seats: int, place: int, is_in: bool) -> None:
    answers = (place, None if place == 1 else "euc1") if is_in else (place, True)
    taken = entered('max: "{{ seats }}"', *answers, seats=seats)
    assert bool(taken.session.room) is is_in


@pytest.mark.parametrize("seats", [0, -1, True])
def test_a_number_of_places_that_is_none_is_a_fault_of_the_flow(seats: object) -> None:
    taken = told('max: "{{ seats }}"', 1, seats=seats)
    assert isinstance(taken, Step)
    assert taken.verdict is Verdict.FAILED


def test_who_waits_for_a_start_is_held_unless_it_was_made() -> None:
    waits = "start_on_enter: false, hold_music: music2"
    assert asked(waits, 1, None) == Length(record="@starters", key="key/hall")
    hold = Control(
        command="hold",
        room="hall",
        state="meet",
        who="call-1",
        hold_music="music2",
        queued=True,
    )
    assert entered(waits, 1, None, 0).effects == (hold,)
    assert entered(waits, 2, "euc1", 1).effects == ()


def test_the_first_who_starts_a_room_lets_all_hear_each_other() -> None:
    starts = "start_on_enter: true"
    place = Enqueue(record="@starters", key="key/hall", lasts=5 * 3_600_000)
    assert asked(starts, 1, None) == place
    at_once = Control(command="resume", room="hall", state="meet")
    later = Control(command="resume", room="hall", state="meet", queued=True)
    assert entered(starts, 2, "euc1", 1).effects == (at_once, later)
    assert entered(starts, 3, "euc1", 2).effects == ()


def test_a_call_of_another_region_is_told_of() -> None:
    taken = entered("max: 9", 2, "use1")
    assert taken.effects == (Divided(room="hall", state="meet", region="euc1", other="use1"),)


def test_the_end_of_a_call_ends_the_room_that_it_was_in_whatever_its_name_is_now() -> None:
    caller = Caller(kept("end_on_exit: true"))
    assert caller.first.effects == ()
    ended = Ended(**CALL, result="answered")
    assert caller.take(ended).effects == (Control(command="kick_all", room="hall", state="meet"),)
    assert caller.take(ended).effects == ()


def test_who_was_told_something_in_the_room_still_ends_it() -> None:
    late = ", signal.late: {say: It is late., next: stay}"
    caller = Caller(KEPT.replace("ROLE", "end_on_exit: true").replace(", FULL", late))
    told = caller.take(Signal(**CALL, name="late", id="signal-1"))
    assert [type(each) for each in told.effects] == [Tell]
    ended = Ended(**CALL, result="answered")
    assert caller.take(ended).effects == (Control(command="kick_all", room="hall", state="meet"),)


def test_who_never_came_into_the_room_does_not_end_it() -> None:
    caller = Caller(kept("end_on_exit: true"))
    caller.session = msgspec.structs.replace(caller.session, rescued=True)
    assert caller.take(Ended(**CALL)).effects == ()


def test_who_was_put_out_ends_the_room_for_nobody() -> None:
    caller = Caller(kept("end_on_exit: true"))
    assert caller.take(Ended(**CALL, reason="manager_hangup")).effects == ()


def test_who_was_turned_away_does_not_end_the_room() -> None:
    taken = entered("max: 2, end_on_exit: true", 3, True)
    program = program_of(kept("max: 2, end_on_exit: true"))
    over = step(program, taken.session, Ended(**CALL), Facts())
    assert isinstance(over, Step)
    assert over.effects == ()
