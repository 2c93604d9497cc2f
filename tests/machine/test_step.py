"""`step`: what a caller meets, event by event."""

from collections.abc import Callable

import msgspec
import pytest
from logged import logged

from ivrflow.machine.events import (
    Answered,
    Chosen,
    Digits,
    Ended,
    Event,
    Incoming,
    MenuFailed,
    MenuHangup,
    NoInput,
    NoMatch,
    Notified,
    Unknown,
)
from ivrflow.machine.outcome import Facts, Need, Now, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.replies import (
    Answer,
    Conference,
    ConnectNumber,
    Continue,
    Hangup,
    Menu,
    Reply,
    Say,
)
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step

Compile = Callable[[str], Program]
FACTS = Facts(now="2026-11-23T10:00:00Z")
CALL = {"app": "key", "call": "call-1"}
INCOMING = Incoming(app="key", call="call-1", caller="+46701234567", called="+46850000000")


class Rehearsal:
    """One call through a program, event by event."""

    def __init__(self, program: Program, incoming: Incoming = INCOMING) -> None:
        self.program = program
        self.session: Session = begin(program, incoming, params={}, locale="")
        self.last = self.happens(incoming)

    def happens(self, event: Event, facts: Facts = FACTS) -> Step:
        taken = step(self.program, self.session, event, facts)
        assert isinstance(taken, Step)
        self.session = taken.session
        self.last = taken
        return taken

    def press(self, key: str) -> Step:
        """Choose the option that the last menu offers for `key`."""
        menu = self.reply.action
        assert isinstance(menu, Menu)
        value = next(option.value for option in menu.keys if option.key == key)
        return self.happens(
            Chosen(app="key", call="call-1", value=value, offer=self.reply.number, menu="main")
        )

    def dial(self, digits: str) -> Step:
        return self.happens(Digits(app="key", call="call-1", digits=digits, menu="main"))

    def wait(self) -> Step:
        return self.happens(NoInput(app="key", call="call-1", menu="main"))

    @property
    def reply(self) -> Reply:
        assert self.last.reply is not None
        return self.last.reply

    @property
    def menu(self) -> Menu:
        assert isinstance(self.reply.action, Menu)
        return self.reply.action

    @property
    def heard(self) -> list[str]:
        """The texts of the last reply, those of its menu last."""
        action = self.reply.action
        asked = action.prompt if isinstance(action, Menu) else ()
        parts = [*self.reply.instructions, *asked]
        return [part.text for part in parts if isinstance(part, Say)]


def test_a_greeting_and_the_menu_it_leads_to_are_one_reply(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    assert call.reply.instructions == (Answer(), Say(text="Welcome to Acme.", voice="en-US"))
    assert [key.key for key in call.menu.keys] == ["1", "2", "*"]
    assert call.menu.repeats == 2
    assert call.last.trace.visited == ("greet", "main_menu")


def test_each_key_leads_where_the_author_said(front_desk: Program) -> None:
    sales = Rehearsal(front_desk).press("1").reply
    assert sales is not None
    assert sales.action == ConnectNumber(number="+46850000001", timeout=20_000, voice="en-US")
    support = Rehearsal(front_desk).press("2").reply
    assert support is not None
    assert support.action == Conference(room="support-call-1", hold_music="music1")


def test_coming_back_to_a_menu_counts_tries(compiled: Compile) -> None:
    call = Rehearsal(compiled(COUNTING))
    assert call.heard == ["Try 1."]
    call.press("*")
    assert call.heard == ["Try 2."]
    call.press("*")
    assert isinstance(call.reply.action, Hangup)


COUNTING = """
flow: counting
start: ask
states:
  ask:
    menu:
      prompt: "Try {{ tries }}."
      retries: 0
      choices:
        "*":
          - {when: tries < 2, next: ask}
          - {next: bye}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
"""


def test_silence_takes_the_authors_way_and_no_other(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    call.wait()
    assert call.heard == ["Thank you for calling. Goodbye."]
    assert isinstance(call.reply.action, Hangup)


def test_a_key_press_for_an_older_menu_moves_nothing(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    first = call.reply.number
    call.press("*")
    before = call.session
    stale = call.happens(Chosen(app="key", call="call-1", value="sales", offer=first, menu="main"))
    assert stale.verdict is Verdict.STALE
    assert stale.session == before


def test_a_second_start_moves_nothing(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    again = call.happens(msgspec.structs.replace(INCOMING, at="later"))
    assert again.verdict is Verdict.STALE


def test_failures_counted_apart_are_asked_again_apart(compiled: Compile) -> None:
    call = Rehearsal(compiled(APART))
    assert call.menu.repeats == 0
    call.wait()
    assert call.heard == ["Again."]
    call.happens(NoMatch(app="key", call="call-1", menu="main", value="9"))
    assert call.heard == ["Again."]
    call.happens(NoMatch(app="key", call="call-1", menu="main", value="9"))
    assert call.heard == ["Again."]
    call.happens(NoMatch(app="key", call="call-1", menu="main", value="9"))
    assert call.heard == ["Wrong keys."]


APART = """
flow: apart
start: ask
states:
  ask:
    menu:
      prompt: Press 1.
      reprompt: Again.
      retries: {no_input: 1, no_match: 2}
      choices: {1: bye}
    on: {no_input: bye, no_match: wrong}
  wrong: {say: Wrong keys., hangup: }
  bye: {hangup: }
"""


EXTENSION = """
flow: extensions
start: ask
states:
  ask:
    menu:
      prompt: Dial.
      retries: 1
      extension: {length: 4, pattern: "10[01]X", into: extension}
      choices: {0: operator, 1: sales}
    on: {collected: ring, no_input: bye, no_match: bye}
  operator: {say: Operator., hangup: }
  sales: {say: Sales., hangup: }
  ring: {say: "Extension {{ extension }}.", hangup: }
  bye: {say: Bye., hangup: }
"""


@pytest.mark.parametrize(
    ("digits", "heard"),
    [("1", "Sales."), ("1015", "Extension 1015."), ("0", "Operator.")],
)
def test_a_key_stays_a_choice_beside_the_extensions_that_begin_with_it(
    compiled: Compile, digits: str, heard: str
) -> None:
    call = Rehearsal(compiled(EXTENSION))
    assert [key.key for key in call.menu.keys] == ["0"], "1 can begin 10xx, so it waits"
    assert call.menu.max_digits == 4
    call.dial(digits)
    assert call.heard == [heard]


def test_an_endless_dialler_of_wrong_extensions_is_not_asked_endlessly(compiled: Compile) -> None:
    call = Rehearsal(compiled(EXTENSION))
    call.dial("1099")
    assert call.heard == ["Dial."]
    call.dial("9999")
    assert call.heard == ["Bye."]


COLLECT = """
flow: collecting
start: ask
states:
  ask:
    collect:
      prompt: Your number?
      min: 2
      max: 6
      pattern: "4XXXXX"
      check: input | luhn
      wrong: That is no number of ours.
      retries: 1
      into: number
      keys: {"*": bye}
    on: {collected: done, no_input: silent, invalid: bad}
  done: {say: "Number {{ number }}.", hangup: }
  silent: {say: Nobody there., hangup: }
  bad: {say: Wrong again., hangup: }
  bye: {say: Bye., hangup: }
"""


def test_wrong_digits_are_asked_again_with_the_authors_words_and_then_end(
    compiled: Compile,
) -> None:
    call = Rehearsal(compiled(COLLECT))
    call.dial("123")
    assert call.heard == ["That is no number of ours.", "Your number?"]
    call.dial("400000")
    assert call.heard == ["Wrong again."]


def test_good_digits_are_kept(compiled: Compile) -> None:
    call = Rehearsal(compiled(COLLECT))
    call.dial("400002")
    assert call.heard == ["Number 400002."]
    assert call.session.frame.vars == {"number": "400002"}


@pytest.mark.parametrize("keyed", ["9" * 18, "1*2"])
def test_digits_that_a_check_can_not_be_computed_of_are_wrong_input(
    compiled: Compile, keyed: str
) -> None:
    flow = COLLECT.replace("max: 6", "max: 20").replace('      pattern: "4XXXXX"\n', "")
    call = Rehearsal(compiled(flow.replace("input | luhn", "input | int >= 1")))
    again = call.dial(keyed)
    assert again.verdict is Verdict.MOVED
    assert call.heard == ["That is no number of ours.", "Your number?"]


def test_a_collect_can_be_left_by_its_key(compiled: Compile) -> None:
    call = Rehearsal(compiled(COLLECT))
    call.press("*")
    assert call.heard == ["Bye."]


WHISPER = """
flow: whisper
start: ring
states:
  ring:
    connect: {number: "+46850000001"}
    on:
      answered: accept
      ended:
        do: [log: "ended {{ result }}"]
  accept:
    menu:
      prompt: A customer calls. Press 1 to accept.
      retries: 0
      choices: {1: talk}
    on: {no_input: refuse, no_match: refuse}
  talk: {continue: }
  refuse: {hangup: }
on:
  ended:
    do: [log: bye]
"""


def test_the_called_party_is_asked_and_the_call_goes_on(compiled: Compile) -> None:
    call = Rehearsal(compiled(WHISPER))
    call.happens(Answered(app="key", call="call-1"))
    assert call.heard == ["A customer calls. Press 1 to accept."]
    assert call.menu
    call.press("1")
    assert isinstance(call.reply.action, Continue)


def test_unhandled_answers_continue(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    call.press("1")
    answered = call.happens(Answered(app="key", call="call-1"))
    assert answered.reply is not None
    assert isinstance(answered.reply.action, Continue)


def test_the_end_runs_the_states_handler_then_the_flows_and_only_once(compiled: Compile) -> None:
    call = Rehearsal(compiled(WHISPER))
    ended = call.happens(Ended(app="key", call="call-1", result="busy"))
    assert logged(ended) == ["ended busy", "bye"]
    assert ended.reply is None
    again = call.happens(Ended(app="key", call="call-1", result="busy", at="later"))
    assert again.effects == ()
    assert again.verdict is Verdict.IGNORED


def test_hanging_up_in_a_menu_and_the_report_of_the_end_run_the_handlers_once(
    compiled: Compile,
) -> None:
    call = Rehearsal(compiled(WHISPER))
    call.happens(Answered(app="key", call="call-1"))
    hung_up = call.happens(MenuHangup(app="key", call="call-1", menu="main"))
    assert isinstance(call.reply.action, Hangup)
    assert logged(hung_up) == ["bye"]
    over = call.happens(Ended(app="key", call="call-1", result="answered"))
    assert over.effects == ()
    assert over.session.over


def test_a_key_that_the_end_overtook_still_counts(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    offer = call.reply.number
    call.happens(Ended(app="key", call="call-1", result="answered"))
    late = call.happens(Chosen(app="key", call="call-1", value="support", offer=offer, menu="main"))
    assert late.verdict is Verdict.MOVED
    assert late.session.over


FAULTY = """
flow: faulty
start: ask
states:
  ask:
    collect: {prompt: "Number?", min: 1, max: 30, into: number}
    on: {collected: add, no_input: bye, invalid: bye}
  add: {say: "{{ number | int + 1 }}", hangup: }
  bye: {hangup: }
  trouble: {say: Our fault., hangup: }
on:
  error: trouble
"""


def test_a_template_that_fails_on_this_call_gets_the_error_state(compiled: Compile) -> None:
    call = Rehearsal(compiled(FAULTY))
    failed = call.dial("9" * 30)
    assert failed.verdict is Verdict.FAILED
    assert failed.trace.fault
    assert call.heard == ["Our fault."]


def test_a_menu_that_the_platform_cannot_run_gets_the_error_state(compiled: Compile) -> None:
    call = Rehearsal(compiled(FAULTY))
    call.happens(MenuFailed(app="key", call="call-1", menu="main"))
    assert call.heard == ["Our fault."]


def test_without_an_error_state_the_caller_hears_an_apology(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    call.happens(MenuFailed(app="key", call="call-1", menu="main"))
    assert call.heard == ["We are sorry, something went wrong. Please call again later."]
    assert isinstance(call.reply.action, Hangup)


CLOCK = """
flow: clock
start: tell
states:
  tell: {say: "Today is {{ now | date }}.", hangup: }
"""


def test_a_fact_that_is_missing_is_asked_for(compiled: Compile) -> None:
    program = compiled(CLOCK)
    session = begin(program, INCOMING, params={}, locale="")
    assert step(program, session, INCOMING, Facts()) == Need(Now())
    assert "2026-11-23" in str(Rehearsal(program).reply.instructions)


RECORDED = """
flow: recorded
start: tell
states:
  tell:
    say: This call is recorded.
    do: [record: {to: "s3://bucket/{{ call.id }}.mp3", credentials: "{{ env.S3_KEY }}:eu"}]
    hangup:
on:
  recording:
    do: [log: "at {{ result }}"]
"""


def test_news_of_a_recording_reaches_its_handler_after_the_end(compiled: Compile) -> None:
    call = Rehearsal(compiled(RECORDED))
    call.happens(Ended(app="key", call="call-1"))
    news = Notified(app="key", call="call-1", type="recording_available", destination="s3://b/x")
    told = call.happens(news)
    assert logged(told) == ["at s3://b/x"]


def test_what_does_not_belong_changes_nothing(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    before = call.session
    for event in (
        Unknown(app="key", call="call-1", name="news"),
        Notified(app="key", call="call-1", type="whatever"),
        Answered(app="key", call="call-1"),
    ):
        ignored = call.happens(event)
        assert ignored.verdict is Verdict.IGNORED
        assert ignored.session == before


def test_a_session_survives_its_stored_form(front_desk: Program) -> None:
    call = Rehearsal(front_desk)
    call.press("*")
    stored = msgspec.json.encode(call.session)
    call.session = msgspec.json.decode(stored, type=Session)
    call.press("1")
    assert isinstance(call.reply.action, ConnectNumber)
