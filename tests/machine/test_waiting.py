"""Calls that wait: what is raised meanwhile, when it is taken, and what the platform is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ivrflow.checking import check_text
from ivrflow.clock import as_exact_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.effects import CancelLegs, OrderCallout, Tell, Wake
from ivrflow.machine.events import (
    Answered,
    Chosen,
    Ended,
    Event,
    Incoming,
    LegBridged,
    LegEnded,
    MenuFailed,
    MenuHangup,
    Moved,
    NoInput,
    NoMatch,
    Notified,
    Signal,
    Woken,
)
from ivrflow.machine.outcome import Facts, Join, Need, Recorded, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.raised import MAX_INBOX, accept
from ivrflow.machine.replies import Conference, Continue, Hangup, Menu, Park, Say
from ivrflow.machine.session import Session, Wait
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}
BEGIN = datetime(2026, 11, 24, 10, tzinfo=UTC)
NEVER = "2026-01-01T00:00:00Z"

DESK = """
flow: desk
start: greet
vars: {last: "", seen: "", patience: {type: duration, default: 5m}}
callouts:
  agent: {flow: agent, to: "{{ to }}"}
states:
  greet:
    menu: {prompt: Press 1., choices: {1: call, 2: quick}}
    on: {no_input: bye, no_match: bye}
  call:
    do:
      - callout: {name: agent, with: {to: "+46850000001"}}
      - callout: {name: agent, with: {to: "+46850000002"}}
    next: waiting
  waiting:
    hold: {prompt: Please wait., keys: {"*": bye, 1: {say: Still ringing., next: stay}}, every: 3s}
    on:
      leg.bridged: talking
      leg.ended:
        - {when: "result == 'failed'", next: broken}
        - {when: legs == 0, set: {last: "{{ result }}"}, next: nobody}
        - {set: {last: "{{ result }}"}, next: stay}
      signal.news: {say: "{{ signal.data }}", next: stay}
      signal.leave: nobody
    timers:
      - {after: "{{ patience }}", next: nobody}
      - {every: 20s, say: Still waiting., next: stay}
  broken: {say: "{{ 'x' | int }}", next: nobody}
  talking: {bridge: leg, on: {leg.ended: again}}
  again:
    menu: {prompt: Once more?, choices: {1: call}}
    on: {no_input: bye, no_match: bye}
  nobody:
    menu: {prompt: Nobody is there., choices: {1: call}}
    on: {no_input: bye, no_match: bye}
  quick:
    hold: {prompt: Wait a moment., every: 1s}
    on: {ended: {do: [{log: ended}]}}
    timers:
      - {after: 1500ms, next: quick}
      - {every: 2s, set: {seen: "{{ seen }}x"}, next: stay}
  bye: {say: Goodbye., hangup: }
"""

AGENT = """
flow: agent
start: offer
params: {to: phone}
states:
  offer:
    menu: {prompt: Press 1 to talk., choices: {1: accept}}
    on: {no_input: bye, no_match: bye}
  accept: {bridge: parent, on: {too_late: taken}}
  taken: {say: Somebody else has., next: bye}
  bye: {hangup: }
"""


def program_of(flow: str, *others: str) -> Program:
    """Compile a flow. Those it runs or has run stand in `others`."""
    checked = check_text("desk.flow.yaml", flow, PLATFORM)
    flows = dict(checked.all_flows)
    for each in others:
        flows |= check_text("other.flow.yaml", each, PLATFORM).flows
    (own,) = checked.flows.values()
    return compile_flow(own, checked.app, PLATFORM, flows)


class Caller:
    """One call, event by event, and the time."""

    def __init__(self, flow: str = DESK, *others: str, **variables: object) -> None:
        self.program = program_of(flow, AGENT, *others)
        incoming = Incoming(**CALL, called="+46850000000")
        self.now = BEGIN
        self.session: Session = begin(self.program, incoming, params={}, locale="")
        self.session.frame.vars.update(variables)
        self.effects: list[object] = []
        self.take(incoming)

    def take(self, event: Event, *answers: Recorded) -> Step:
        facts = Facts(now=as_exact_text(self.now), answers=answers)
        taken = step(self.program, self.session, event, facts)
        assert isinstance(taken, Step)
        assert msgspec.json.decode(msgspec.json.encode(taken.session), type=Session)
        self.session = taken.session
        self.effects += taken.effects
        return taken

    def later(self, seconds: float) -> "Caller":
        self.now += timedelta(seconds=seconds)
        return self

    def tick(self, seconds: float = 0) -> Step:
        """The prompt of the hold is over."""
        return self.later(seconds).take(NoInput(**CALL, at=str(self.now), menu="main"))

    def press(self, value: str) -> Step:
        offer = (self.session.moving or self.session).offer
        return self.take(Chosen(**CALL, at=str(self.now), menu="main", value=value, offer=offer))

    def accept(self, leg: int) -> Step | None:
        taken = accept(self.program, self.session, LegBridged(**CALL, leg=leg, room="room-7"))
        if taken is not None:
            self.session = taken.session
            self.effects += taken.effects
        return taken

    def end(self, leg: int, result: str = "answered") -> Step:
        return self.take(LegEnded(**CALL, leg=leg, result=result))

    @property
    def state(self) -> str:
        return self.session.frame.state

    @property
    def woken_at(self) -> list[float]:
        """When the call is to be woken, in seconds after its beginning; -1 is at once."""
        start = round(BEGIN.timestamp() * 1000)
        dues = [each.due for each in self.effects if isinstance(each, Wake)]
        return [(due - start) / 1000 if due else -1 for due in dues]


def waiting(patience: int = 300_000) -> Caller:
    """A caller who waits in a menu that comes round, with two legs."""
    caller = Caller(patience=patience)
    caller.press("call")
    assert (caller.state, caller.session.wait) == ("waiting", Wait.HOLD)
    return caller


def words(taken: Step | Tell) -> str:
    assert taken.reply is not None
    said = [each.text for each in taken.reply.instructions if isinstance(each, Say)]
    prompt = getattr(taken.reply.action, "prompt", ())
    return " ".join([*said, *(each.text for each in prompt if isinstance(each, Say))])


# -- holds that come round -------------------------------------------------------------------------


def test_a_hold_comes_round_until_something_happens() -> None:
    caller = waiting()
    for _ in range(5):
        taken = caller.tick(3)
        assert words(taken) == "Please wait."
        assert isinstance(taken.reply and taken.reply.action, Menu)
    assert caller.session.tries == 1, "nobody has come back to it"


@pytest.mark.parametrize(
    "event",
    [
        NoMatch(**CALL, menu="main", value="7"),
        Chosen(**CALL, menu="main", value="nothing"),
        Chosen(**CALL, menu="main", value="outer-5"),
    ],
)
def test_a_wrong_key_does_nothing_in_a_hold(event: Event) -> None:
    caller = waiting()
    taken = caller.take(event)
    assert (taken.verdict, caller.state, words(taken)) == (
        Verdict.MOVED,
        "waiting",
        "Please wait.",
    )


def test_a_key_leads_out_of_a_hold_or_says_something_there() -> None:
    caller = waiting()
    offered = step(caller.program, caller.session, NoInput(**CALL), Facts(now=NEVER))
    assert isinstance(offered, Step)
    assert offered.reply is not None
    assert isinstance(offered.reply.action, Menu)
    value_by_key = {each.key: each.value for each in offered.reply.action.keys}
    assert words(caller.press(value_by_key["1"])) == "Still ringing. Please wait."
    assert caller.state == "waiting"
    taken = caller.press(value_by_key["*"])
    assert isinstance(taken.reply and taken.reply.action, Hangup)


def test_what_was_raised_before_a_key_comes_first() -> None:
    caller = waiting()
    star = next(each for each in _menu(caller.tick()).keys if each.key == "*")
    caller.accept(2)
    taken = caller.press(star.value)
    assert caller.state == "talking", "somebody has accepted: the key is too late"
    assert isinstance(taken.reply and taken.reply.action, Conference)


def test_a_menu_that_fails_in_a_hold_is_a_fault() -> None:
    assert waiting().take(MenuFailed(**CALL, menu="main")).verdict is Verdict.FAILED


def _menu(taken: Step) -> Menu:
    assert taken.reply is not None
    assert isinstance(taken.reply.action, Menu)
    return taken.reply.action


# -- legs ------------------------------------------------------------------------------------------


def test_the_end_of_a_leg_waits_for_the_next_round_and_is_counted_once() -> None:
    caller = waiting()
    assert caller.end(1, "busy").reply is None
    caller.end(1, "busy")
    assert len(caller.session.inbox) == 2, "the store knows duplicates, not the machine"
    caller.tick()
    assert caller.session.frame.legs == (2,)
    assert caller.session.frame.vars["last"] == "busy"
    assert caller.end(1, "busy").verdict is Verdict.IGNORED


def test_ends_of_several_legs_are_taken_in_one_round_in_their_order() -> None:
    caller = waiting()
    caller.end(2, "busy")
    caller.end(1, "no_answer")
    assert words(caller.tick()) == "Nobody is there."
    assert caller.session.frame.vars["last"] == "no_answer"
    assert caller.session.frame.legs == ()


def test_the_first_leg_that_accepts_is_bridged_and_the_others_are_too_late() -> None:
    caller = waiting()
    taken = caller.accept(2)
    assert taken is not None
    assert taken.effects == (CancelLegs(legs=(1,)), Wake())
    assert caller.accept(1) is None
    assert caller.accept(2) is None
    taken = caller.tick()
    assert isinstance(taken.reply and taken.reply.action, Conference)
    assert taken.reply is not None
    assert taken.reply.action == Conference(room="room-7")
    assert (caller.session.frame.legs, caller.session.frame.bridged) == ((2,), 2)
    assert caller.accept(2) is None


def test_who_has_accepted_goes_before_all_that_was_raised_earlier() -> None:
    caller = waiting()
    caller.take(Signal(**CALL, name="leave", id="1"))
    caller.end(1, "failed")
    caller.accept(2)
    caller.tick()
    assert caller.state == "talking", "else somebody would sit in a room alone"


def test_a_leg_that_is_over_before_its_caller_comes_is_not_gone_to() -> None:
    caller = waiting()
    caller.accept(2)
    caller.end(2)
    caller.tick()
    assert (caller.state, caller.session.frame.bridged) == ("nobody", 0)


def test_what_still_waits_where_the_platform_asks_nothing_is_taken_at_once() -> None:
    caller = waiting()
    caller.take(Signal(**CALL, name="leave", id="1"))
    caller.accept(2)
    caller.tick()
    assert (caller.state, caller.woken_at[-1]) == ("talking", -1)
    assert caller.take(Woken(**CALL)).session.inbox == ()


@pytest.mark.parametrize("leg", [0, 3, 99])
def test_a_leg_that_the_caller_never_had_is_too_late(leg: int) -> None:
    assert waiting().accept(leg) is None


def test_nobody_talks_to_a_call_in_another_state_or_one_that_is_over() -> None:
    caller = waiting()
    caller.end(1, "busy")
    caller.end(2, "busy")
    caller.tick()
    assert caller.accept(1) is None
    caller = waiting()
    caller.take(Ended(**CALL, result="answered"))
    assert caller.accept(1) is None
    caller = waiting()
    caller.take(MenuHangup(**CALL, menu="main"))
    assert caller.accept(1) is None


def test_another_leg_may_be_bridged_once_the_first_is_over() -> None:
    caller = waiting()
    caller.accept(2)
    caller.tick()
    assert caller.end(1, "cancelled").verdict is Verdict.IGNORED, "it is none of them any more"
    caller.end(2)
    assert caller.state == "again"
    assert (caller.session.frame.bridged, caller.session.frame.room) == (0, "")
    caller.press("call")
    assert caller.session.frame.legs == (3, 4), "numbers are never given twice"
    assert caller.accept(4) is not None


@pytest.mark.parametrize("end", [Ended(**CALL, result="answered"), MenuHangup(**CALL)])
def test_whose_call_is_over_wants_no_leg_any_more(end: Event) -> None:
    caller = waiting()
    assert CancelLegs(legs=(1, 2)) in caller.take(end).effects
    assert caller.session.frame.legs == ()
    for again in (end, Ended(**CALL, result="answered", at="later")):
        assert caller.take(again).effects == ()
    assert caller.end(1).verdict is Verdict.IGNORED


def test_there_are_no_legs_of_a_call_that_is_over() -> None:
    flow = DESK.replace(
        "ended: {do: [{log: ended}]}",
        'ended: {do: [{log: ended}, {callout: {name: agent, with: {to: "+46850000001"}}}]}',
    )
    caller = Caller(flow)
    caller.press("quick")
    taken = caller.take(Ended(**CALL, result="answered"))
    assert not any(isinstance(each, OrderCallout) for each in taken.effects)
    assert taken.verdict is Verdict.FAILED


def test_the_news_of_legs_survive_what_fails() -> None:
    caller = waiting()
    caller.end(1, "failed")  # its handler fails
    caller.end(2, "busy")
    taken = caller.tick()
    assert taken.verdict is Verdict.FAILED
    assert (caller.session.frame.legs, caller.session.inbox) == ((), ())


def test_who_has_accepted_is_not_left_alone_where_the_flow_fails() -> None:
    flow = DESK.replace("leg.bridged: talking", 'leg.bridged: {say: "{{ last | int }}", next: bye}')
    caller = Caller(flow, last="x")
    caller.press("call")
    caller.accept(1)
    taken = caller.tick()
    assert taken.verdict is Verdict.FAILED
    assert CancelLegs(legs=(1,)) in taken.effects


# -- timers ----------------------------------------------------------------------------------------


def test_a_hold_looks_at_its_timers_each_time_it_comes_round() -> None:
    caller = waiting()
    assert caller.woken_at == [], "the menu asks by itself"
    assert words(caller.tick(19.9)) == "Please wait."
    assert words(caller.tick(0.1)) == "Still waiting. Please wait."
    assert words(caller.tick(1)) == "Please wait."
    assert words(caller.tick(19)) == "Still waiting. Please wait."
    caller.tick(260)
    assert caller.state == "nobody"


def test_timers_that_come_again_are_not_made_up_for() -> None:
    caller = waiting()
    taken = caller.tick(101)  # five of them were due
    assert words(taken) == "Still waiting. Please wait."
    assert words(caller.tick(18)) == "Please wait."
    assert words(caller.tick(1)) == "Still waiting. Please wait."


def test_of_timers_that_were_missed_the_earliest_comes_first() -> None:
    caller = waiting(patience=30_000)
    assert words(caller.tick(1000)) == "Still waiting. Nobody is there."


def test_coming_back_keeps_timers_and_another_state_ends_them() -> None:
    caller = waiting()
    due = caller.session.due
    caller.later(10).end(1)
    caller.tick()
    assert caller.session.due == due
    caller.end(2)
    caller.tick()
    assert (caller.state, caller.session.due) == ("nobody", ())
    caller.press("call")
    assert caller.session.due == tuple(each + 10_000 for each in due)


def test_no_timer_runs_for_a_call_that_is_over() -> None:
    caller = Caller(DESK.replace("2: quick", "2: quick, 3: waiting"))
    caller.take(Ended(**CALL, result="answered"))
    caller.press("waiting")  # what was keyed before the end may come after it
    assert (caller.state, caller.session.due) == ("waiting", ())


def test_a_timer_whose_duration_is_none_is_a_fault_of_the_flow() -> None:
    caller = Caller(patience=-1)
    assert caller.press("call").verdict is Verdict.FAILED


def test_parts_of_seconds_count() -> None:
    caller = Caller()
    caller.later(0.75).press("quick")
    assert caller.session.due == tuple(
        round(BEGIN.timestamp() * 1000) + each for each in (2_250, 2_750)
    )
    caller.tick(1.499)
    assert caller.session.frame.visits["quick"] == 1
    caller.tick(0.001)
    assert caller.session.frame.visits["quick"] == 2


# -- signals ---------------------------------------------------------------------------------------


def test_a_signal_is_taken_where_it_is_handled_and_else_refused() -> None:
    caller = Caller()
    assert caller.take(Signal(**CALL, name="news", id="1")).verdict is Verdict.IGNORED
    caller = waiting()
    assert caller.take(Signal(**CALL, name="other", id="1")).verdict is Verdict.IGNORED
    for number, word in enumerate(("One.", "Two.")):
        assert caller.take(Signal(**CALL, name="news", id=str(number), data=word)).verdict is (
            Verdict.MOVED
        )
    assert words(caller.tick()) == "One. Two. Please wait."
    assert words(caller.tick()) == "Please wait."


def test_a_signal_is_taken_once_however_late_it_comes_again() -> None:
    caller = waiting()
    signal = Signal(**CALL, name="news", id="1", data="One.")
    caller.take(signal)
    for _ in range(20):
        caller.tick(1)
    assert caller.take(signal).verdict is Verdict.IGNORED


def test_there_is_no_end_of_signals_but_of_room_for_them() -> None:
    caller = waiting()
    verdicts = [
        caller.take(Signal(**CALL, name="news", id=str(number))).verdict
        for number in range(MAX_INBOX + 1)
    ]
    assert verdicts == [*[Verdict.MOVED] * MAX_INBOX, Verdict.IGNORED]
    assert caller.end(1).verdict is Verdict.MOVED, "what legs say always finds room"


def test_what_was_raised_and_is_not_handled_where_the_call_is_then_is_dropped() -> None:
    caller = waiting()
    caller.take(Signal(**CALL, name="leave", id="1"))
    caller.take(Signal(**CALL, name="news", id="2", data="One."))
    assert words(caller.tick()) == "Nobody is there."
    caller.press("call")
    assert words(caller.tick()) == "One. Please wait.", "it is handled here again"


# -- states of the same name -----------------------------------------------------------------------

RUNS = """
flow: runs
start: one
states:
  one: {run: {flow: first}, on: {over: two}}
  two: {run: {flow: second}, on: {over: bye}}
  bye: {hangup: }
"""
INNER = """
flow: {name}
start: waiting
returns: {{over: {{}}}}
states:
  waiting:
    hold: {{prompt: I am the {name}., keys: {{1: over}}}}
    on: {{signal.go: over}}
    timers: [{{after: 10s, next: over}}]
  over: {{return: {{name: over}}}}
"""


def test_states_of_one_name_in_flows_that_follow_each_other_are_two() -> None:
    caller = Caller(RUNS, INNER.format(name="first"), INNER.format(name="second"))
    moved = caller.session.wait is Wait.HOLD
    assert moved
    caller.take(Signal(**CALL, name="go", id="1"))
    assert words(caller.tick(5)) == "I am the second."
    assert words(caller.tick(9)) == "I am the second.", "its timers began with it"
    assert isinstance(_action(caller.tick(1)), Hangup)


def _action(taken: Step) -> object:
    assert taken.reply is not None
    return taken.reply.action


# -- parked holds ----------------------------------------------------------------------------------

PARKED = """
flow: parked
start: waiting
vars: {word: x, more: false}
callouts:
  agent: {flow: agent, to: "{{ to }}"}
states:
  waiting:
    do:
      - callout: {name: agent, with: {to: "+46850000001"}}
      - callout: {name: agent, with: {to: "+46850000002"}}
    hold: {prompt: Please wait.}
    on:
      leg.bridged: talking
      leg.ended:
        - {when: legs == 0, next: nobody}
        - {when: "result == 'failed'", say: "{{ word | int }}", next: stay}
        - when: "result == 'busy'"
          say: Another one.
          do: [callout: {name: agent, with: {to: "+46850000003"}}]
          next: stay
        - {next: stay}
      signal.news: {say: "{{ signal.data }}", next: stay}
      signal.ask: ask
    timers: [{after: 1m, next: nobody}]
  ask:
    menu: {prompt: Press 1., choices: {1: fails}}
    on: {no_input: nobody, no_match: nobody}
  fails: {say: "{{ word | int }}", hangup: }
  talking: {bridge: leg, on: {leg.ended: nobody}}
  nobody: {say: Nobody is there., hangup: }
"""


def parked() -> Caller:
    caller = Caller(PARKED)
    assert (caller.session.wait, caller.session.placed) == (Wait.PARK, 2)
    caller.effects.clear()
    return caller


def tells(taken: Step) -> list[Tell]:
    return [each for each in taken.effects if isinstance(each, Tell)]


def moved(caller: Caller, outcome: Any = "done") -> Step:
    """Tell the call what became of the last thing that the platform was told."""
    assert caller.session.moving is not None
    offer = caller.session.moving.offer
    return caller.take(Moved(**CALL, at=str(caller.now), offer=offer, outcome=outcome))


def test_a_call_that_nobody_has_asked_anything_is_parked_and_woken_for_its_timers() -> None:
    caller = Caller(PARKED)
    assert isinstance(caller.session.wait, Wait)
    assert caller.woken_at == [60]
    taken = caller.later(60).take(Woken(**CALL))
    (tell,) = tells(taken)
    assert (words(tell), tell.moves, taken.reply) == ("Nobody is there.", True, None)


def test_a_parked_call_that_is_woken_too_early_sleeps_on() -> None:
    caller = parked()
    taken = caller.later(59.999).take(Woken(**CALL))
    assert (taken.verdict, taken.effects) == (Verdict.IGNORED, ())


def test_a_parked_call_moves_once_the_platform_has_taken_it() -> None:
    caller = parked()
    caller.accept(1)
    taken = caller.take(Woken(**CALL))
    assert [each.reply.action for each in tells(taken)] == [Conference(room="room-7")]
    assert (caller.state, caller.session.wait) == ("waiting", Wait.PARK)
    moved(caller)
    assert (caller.state, caller.session.wait, caller.session.moving) == (
        "talking",
        Wait.BRIDGE,
        None,
    )


def test_what_is_raised_while_a_call_moves_is_taken_where_it_comes_to() -> None:
    caller = parked()
    caller.accept(1)
    caller.take(Woken(**CALL))
    assert caller.end(1).effects == ()
    assert caller.take(Woken(**CALL)).verdict is Verdict.IGNORED
    taken = moved(caller)
    assert (taken.trace.outcome, caller.state) == ("leg.ended", "nobody")
    assert [words(each) for each in tells(taken)] == ["Nobody is there."]


def test_words_to_a_parked_call_leave_it_parked() -> None:
    caller = parked()
    taken = caller.take(Signal(**CALL, name="news", id="1", data="One."))
    (tell,) = tells(taken)
    assert (words(tell), type(tell.reply.action)) == ("One. Please wait.", Park)
    assert caller.accept(1) is None, "it is on its way"
    moved(caller)
    assert (caller.state, caller.session.wait) == ("waiting", Wait.PARK)
    assert caller.accept(1) is not None


def test_a_park_that_is_spoken_to_lasts_no_longer_and_begins_not_anew() -> None:
    caller = Caller("""
flow: parked
start: waiting
states:
  waiting:
    park: {intro: Welcome., prompt: Please wait., max_duration: 5m}
    on: {signal.news: {say: "{{ signal.data }}", next: stay}}
""")
    assert caller.session.wait is Wait.PARK
    taken = caller.later(60).take(Signal(**CALL, name="news", id="1", data="One."))
    (tell,) = tells(taken)
    assert isinstance(tell.reply.action, Park)
    assert (tell.reply.action.max_duration, tell.reply.action.intro) == (240_000, ())


def test_an_old_word_of_what_became_of_a_move_changes_nothing() -> None:
    caller = parked()
    assert caller.take(Moved(**CALL, offer=2, outcome="done")).verdict is Verdict.IGNORED
    caller.take(Signal(**CALL, name="ask", id="1"))
    before = caller.session
    for outcome in ("done", "gone", "refused"):
        event = Moved(**CALL, offer=1, outcome=outcome)
        assert caller.take(event).session == before


def test_who_presses_a_key_of_the_new_menu_has_moved_whatever_is_said_later() -> None:
    caller = parked()
    caller.take(Signal(**CALL, name="ask", id="1"))
    taken = caller.press("fails")
    assert taken.verdict is Verdict.FAILED, "its words are no number"
    assert caller.session.moving is None
    assert caller.take(Moved(**CALL, offer=2, outcome="done")).verdict is Verdict.IGNORED
    assert caller.session.wait is Wait.END


def test_silence_in_the_new_menu_is_an_answer_too_and_so_is_a_hangup() -> None:
    for event in (NoInput(**CALL, menu="main"), MenuHangup(**CALL, menu="main")):
        caller = parked()
        caller.take(Signal(**CALL, name="ask", id="1"))
        assert caller.take(event).verdict is Verdict.MOVED
        assert (caller.session.moving, caller.session.wait) == (None, Wait.END)


def test_a_key_of_an_older_menu_moves_nobody() -> None:
    caller = parked()
    caller.take(Signal(**CALL, name="ask", id="1"))
    before = caller.session
    event = Chosen(**CALL, menu="main", value="fails", offer=1)
    assert caller.take(event).verdict is Verdict.STALE
    assert caller.session == before


def test_where_the_platform_would_not_the_flow_has_failed_once() -> None:
    caller = parked()
    caller.take(Signal(**CALL, name="ask", id="1"))
    taken = moved(caller, "refused")
    assert taken.verdict is Verdict.FAILED
    assert [type(each.reply.action) for each in tells(taken)] == [Hangup]
    taken = moved(caller, "refused")
    assert (tells(taken), caller.session.wait) == ([], Wait.PARK)
    assert caller.session.moving is None


def test_a_call_that_the_platform_does_not_find_stays_where_it_is() -> None:
    caller = parked()
    caller.take(Signal(**CALL, name="ask", id="1"))
    assert tells(moved(caller, "gone")) == []
    assert (caller.state, caller.session.wait, caller.session.moving) == (
        "waiting",
        Wait.PARK,
        None,
    )


def test_a_leg_placed_on_the_way_is_counted_from_the_beginning() -> None:
    caller = parked()
    caller.end(1, "busy")
    assert caller.session.legs == (2, 3)
    assert caller.end(3, "no_answer").verdict is Verdict.MOVED
    moved(caller)
    assert caller.session.frame.legs == (2,)


@pytest.mark.parametrize("outcome", ["gone", "refused"])
def test_a_leg_placed_on_a_way_that_is_not_gone_is_not_wanted(outcome: str) -> None:
    caller = parked()
    caller.end(1, "busy")
    assert CancelLegs(legs=(3,)) in moved(caller, outcome).effects
    assert caller.session.placed == 3, "the next leg is another"
    assert caller.session.frame.legs == (2,), "the first is over, moved or not"


@pytest.mark.parametrize("outcome", ["gone", "refused"])
def test_who_has_accepted_is_not_left_alone_where_the_call_does_not_move(outcome: str) -> None:
    caller = parked()
    caller.accept(1)
    caller.take(Woken(**CALL))
    assert CancelLegs(legs=(1,)) in moved(caller, outcome).effects
    assert caller.session.frame.legs == (1,), "its end is still to come"


def test_who_hangs_up_while_moving_wants_none_of_all_legs() -> None:
    caller = parked()
    caller.end(1, "busy")
    taken = caller.take(Ended(**CALL, result="answered"))
    assert taken.effects == (CancelLegs(legs=(2, 3)),)
    assert (caller.session.legs, caller.session.moving) == ((), None)


def test_where_a_handler_fails_a_parked_caller_hears_of_it() -> None:
    caller = parked()
    taken = caller.end(1, "failed")
    assert taken.verdict is Verdict.FAILED
    (tell,) = tells(taken)
    assert isinstance(tell.reply.action, Hangup)
    assert caller.session.frame.legs == (2,)


# -- rooms, and two who talk -----------------------------------------------------------------------

TALK = """
flow: talk
start: talk
vars: {word: x}
states:
  talk:
    connect: {number: "+46850000001", amd: async}
    on:
      answered: {say: Hello., next: whisper}
      machine: {say: A machine., next: stay}
      human: {say: "{{ word | int }}", next: stay}
    timers:
      - {every: 10s, say: Beep., next: stay}
      - {after: 25s, next: over}
  whisper: {continue: , timers: [{after: 5s, next: over}]}
  over: {hangup: }
"""


def test_two_who_talk_are_told_by_a_request_of_their_own() -> None:
    caller = Caller(TALK)
    assert caller.woken_at == [10]
    taken = caller.later(10).take(Woken(**CALL))
    (tell,) = tells(taken)
    assert (words(tell), type(tell.reply.action), tell.moves) == ("Beep.", Continue, False)
    assert caller.session.wait is Wait.CONNECT
    assert caller.woken_at == [10, 20]
    caller.later(10).take(Woken(**CALL))
    taken = caller.later(5).take(Woken(**CALL))
    assert [type(each.reply.action) for each in tells(taken)] == [Hangup]
    assert caller.woken_at == [10, 20, 25], "one after the other"


def test_timers_of_a_connect_end_where_another_state_begins() -> None:
    caller = Caller(TALK)
    taken = caller.later(1).take(Answered(**CALL))
    assert words(taken) == "Hello."
    assert caller.woken_at == [10, 6]
    assert caller.later(5).take(Woken(**CALL)).effects[-1].reply.action == Hangup()  # type: ignore[union-attr]


def test_who_answered_may_be_known_only_later() -> None:
    caller = Caller(TALK)
    taken = caller.take(Notified(**CALL, type="amd", amd="machine"))
    assert [words(each) for each in tells(taken)] == ["A machine."]
    assert caller.session.amd == "machine"
    taken = caller.take(Notified(**CALL, type="amd", amd="human"))
    assert (taken.verdict, tells(taken)) == (Verdict.FAILED, []), "those who talk go on talking"
    assert caller.session.wait is Wait.CONNECT
    taken = caller.take(Notified(**CALL, type="amd", amd="what"))
    assert (caller.session.amd, taken.reply, tells(taken)) == ("unsure", None, [])


# -- the leg's side --------------------------------------------------------------------------------


def leg() -> Caller:
    caller = Caller(AGENT)
    caller.session = msgspec.structs.replace(caller.session, parent="call-0", leg=2)
    return caller


def test_a_leg_asks_whether_its_parent_still_waits() -> None:
    caller = leg()
    facts = Facts(now=NEVER)
    event = Chosen(**CALL, menu="main", value="accept", offer=1)
    need = step(caller.program, caller.session, event, facts)
    assert need == Need(Join(parent="call-0", leg=2))


def test_a_leg_that_may_talk_goes_to_the_room_and_another_hears_that_it_is_too_late() -> None:
    caller = leg()
    event = Chosen(**CALL, menu="main", value="accept", offer=1)
    taken = caller.take(event, Recorded("room-7"))
    assert _action(taken) == Conference(room="room-7")
    caller = leg()
    taken = caller.take(event, Recorded(""))
    assert words(taken) == "Somebody else has."
    assert isinstance(_action(taken), Hangup)


def test_who_is_no_leg_has_no_parent_that_waits() -> None:
    caller = Caller(AGENT)
    taken = caller.take(Chosen(**CALL, menu="main", value="accept", offer=1))
    assert words(taken) == "Somebody else has."


ROUND = """
flow: round
start: waiting
callouts:
  agent: {flow: agent, to: "{{ to }}"}
on: {error: sorry}
states:
  waiting:
    do: [callout: {name: agent, with: {to: "+46850000001"}}]
    hold: {prompt: Please wait., keys: {1: sorry}}
    on:
      leg.ended: waiting
      leg.bridged: sorry
      signal.ping: {do: [signal: {name: ping, to: "{{ call.id }}"}], next: stay}
    timers: [{after: 10m, next: sorry}]
  sorry: {say: Sorry., hangup: }
"""


def test_legs_that_end_at_once_are_not_rung_for_ever() -> None:
    caller = Caller(ROUND)
    for leg in range(1, 200):
        caller.end(leg, "busy")
        assert caller.tick().verdict is Verdict.MOVED
    caller.end(200, "busy")
    taken = caller.tick()
    assert (taken.verdict, taken.trace.fault) == (Verdict.FAILED, "more than 200 legs of one call")
    assert words(taken) == "Sorry."


def test_a_call_that_signals_itself_comes_to_an_end() -> None:
    caller = Caller(ROUND)
    for number in range(200):
        caller.take(Signal(**CALL, name="ping", id=str(number)))
        assert caller.tick().verdict is Verdict.MOVED
    caller.take(Signal(**CALL, name="ping", id="last"))
    assert caller.tick().trace.fault == "more than 200 signals of one call"


def test_who_hangs_up_in_a_hold_is_told_to_the_handlers_of_the_end() -> None:
    caller = Caller(ROUND)
    caller.take(MenuHangup(**CALL))
    assert (caller.session.result, caller.session.reason) == ("answered", "caller_hangup")


def test_what_a_signal_brings_must_be_what_it_is_kept_as() -> None:
    caller = Caller("""
flow: kept
start: waiting
vars: {counter: integer?}
on: {error: sorry}
states:
  waiting:
    hold: {prompt: Please wait., keys: {1: sorry}}
    on: {signal.ready: {set: {counter: "{{ signal.data }}"}, say: "{{ counter }}", next: stay}}
    timers: [{after: 10m, next: sorry}]
  sorry: {say: Sorry., hangup: }
""")
    caller.take(Signal(**CALL, name="ready", id="1", data=4))
    assert words(caller.tick()).startswith("4 ")
    caller.take(Signal(**CALL, name="ready", id="2", data="four"))
    taken = caller.tick()
    assert (taken.verdict, words(taken)) == (Verdict.FAILED, "Sorry.")
    assert taken.trace.fault == 'what "counter" is set to is no integer'
