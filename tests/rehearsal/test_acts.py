"""Lines of a script: each says what a person does, or is refused with a remedy."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.errors import ScriptError
from ivrflow.rehearsal.acts import (
    Act,
    Beep,
    HangUp,
    Hear,
    PickUp,
    Press,
    Reject,
    Silence,
    Speak,
    Wait,
    parse_act,
)


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("press 1", Press(keys="1")),
        ("  Press 1 0 *#  ", Press(keys="10*#")),
        ("callee press #", Press(keys="#", who="callee")),
        ("speak  yes   please", Speak(text="yes please")),
        ('hear "Good bye"', Hear(text="Good bye")),
        ("callee2 hear hello", Hear(text="hello", who="callee2")),
        ("phone press 1", Press(keys="1", who="phone")),
        ("phone2 answer", PickUp(who="phone2")),
        ("phone2.callee2 hang up", HangUp(who="phone2.callee2")),
        ("wait 1m 30s", Wait(ms=90_000)),
        ("wait 250ms", Wait(ms=250)),
        ("silence", Silence()),
        ("answer", PickUp()),
        ("answer machine", PickUp(voice="machine")),
        ("busy", Reject(why="busy")),
        ("no answer", Reject(why="no_answer")),
        ("reject failed", Reject(why="failed")),
        ("wait 1d", Wait(ms=86_400_000)),
        ("callee beep", Beep(who="callee")),
        ("hang up", HangUp()),
        ("callee hang up", HangUp(who="callee")),
        ("", None),
        ("# a word to the reader", None),
    ],
)
def test_each_act_is_a_line(line: str, act: Act | None) -> None:
    assert parse_act(line) == act


@pytest.mark.parametrize(
    ("line", "remedy"),
    [
        ("pres 1", 'did you mean "press"?'),
        ("sing", "press KEYS"),
        ("press one", "0-9, * and #"),
        ("press", "0-9, * and #"),
        ("wait a bit", "wait 5s"),
        ("wait 9999999h", "up to a day"),
        ("hear", "needs words"),
        ("answer robot", "human, machine or unsure"),
        ("reject", "reject busy"),
        ("hang out", 'did you mean "hang up"?'),
        ("silence please", 'did you mean "silence"?'),
        ("caller wait 5s", 'leave "caller" out'),
    ],
)
def test_what_is_no_act_is_refused_with_a_remedy(line: str, remedy: str) -> None:
    with pytest.raises(ScriptError) as refused:
        parse_act(line)
    assert remedy in str(refused.value)


def test_what_is_quoted_is_short_and_moves_no_terminal() -> None:
    for line in ("x" * 100_000, "press \x1b[2J", "wait " + "9" * 99_999):
        with pytest.raises(ScriptError) as refused:
            parse_act(line)
        assert len(str(refused.value)) < 300
        assert str(refused.value).isprintable()


@given(st.one_of(st.text(), st.from_regex(r"(press|wait|hear|answer|hang|no) .*")))
def test_any_line_is_an_act_or_refused(line: str) -> None:
    with suppress(ScriptError):
        parse_act(line)
