"""What a screen shows: lines that fit, in a terminal or not, and nothing that harms one."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.emulator.transcript import Heard, Received, Sent
from ivrflow.rehearsal.line import Told
from ivrflow.rehearsal.notes import Holds, Logged, Moved
from ivrflow.rehearsal.screen import Aspect, Screen, has_colours


def heard(text: str) -> Heard:
    return Heard(at=1_500, call="c", who="caller", kind="tts", text=text, duration=2_400)


def shown(*told: Told, aspects: tuple[Aspect, ...] = (), as_json: bool = False) -> str:
    out = io.StringIO()
    screen = Screen(out, aspects, as_json=as_json)
    for each in told:
        screen.show(each)
    return out.getvalue()


@given(st.text())
def test_no_line_is_wider_than_80_unless_a_word_is(text: str) -> None:
    for line in shown(heard(text)).splitlines():
        assert len(line) <= 80 or " " not in line.strip()


@given(st.text(st.characters(categories=["Cc", "Cf", "L", "Zl"])))
def test_what_is_said_moves_no_terminal(text: str) -> None:
    lines = shown(heard(text)).split("\n")
    assert all(line.isprintable() for line in lines)


def test_a_reply_that_is_no_json_is_shown_as_it_came() -> None:
    reply = Received(at=0, call="c", event="ice", status=200, body="<html>\x1b[2J")
    assert "<html> [2J" in shown(reply, aspects=("svaml",))


def test_a_refused_callback_is_shown_unasked() -> None:
    good = Received(at=0, call="c", event="ice", status=200)
    bad = Received(at=0, call="c", event="ice", status=401)
    assert shown(good) == ""
    assert "ice answered: 401" in shown(bad)


@pytest.mark.parametrize(
    ("told", "aspect"),
    [
        (Sent(at=0, call="c", event="ice", url="", attempt="primary", body={}), "events"),
        (Moved(at=0, call="c", flow="a", state="b"), "state"),
        (Holds(at=0, call="c", vars={"a": 1}), "vars"),
    ],
)
def test_the_rest_is_shown_on_request(told: Told, aspect: Aspect) -> None:
    assert shown(told) == ""
    assert shown(told, aspects=(aspect,))


def test_programs_get_json() -> None:
    told = [json.loads(line) for line in shown(heard("Hi."), as_json=True).splitlines()]
    assert told[0]["text"] == "Hi."


def test_author_and_engine_are_heard() -> None:
    told = shown(
        Logged(at=0, call="c", level="info", text="sold"),
        Logged(at=0, call="c", level="error", text="rescued: late"),
    )
    assert "log: sold" in told
    assert "error: rescued: late" in told


def test_a_file_gets_no_colours() -> None:
    assert not has_colours(io.StringIO(), {})
