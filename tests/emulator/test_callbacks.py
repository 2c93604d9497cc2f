"""Callbacks as Sinch sends them: reference, section 2."""

import json
from typing import Any

import pytest
from emulator.stage import (
    ANSWER,
    CONTINUE,
    DIAL,
    FALLBACK,
    HANGUP,
    KEY,
    PRIMARY,
    Stage,
    menu,
    say,
)

from ivrflow.emulator.setup import Fault
from ivrflow.emulator.transcript import Received, Sent


def test_the_incoming_call_event_has_the_fields_of_the_fixture() -> None:
    """2.4"""
    stage = Stage(ice=HANGUP)
    call = stage.call(caller="+12015555555", to="+46850000000")
    assert stage.events[0] == {
        "event": "ice",
        "callid": call,
        "callResourceUrl": f"https://calling-euc1.api.sinch.com/calling/v1/calls/id/{call}",
        "timestamp": "2026-01-01T09:00:00Z",
        "version": 1,
        "userRate": {"currencyId": "USD", "amount": 0.0},
        "cli": "12015555555",
        "to": {"type": "did", "endpoint": "+46850000000"},
        "domain": "pstn",
        "applicationKey": KEY,
        "originationType": "PSTN",
        "rdnis": "",
    }


def test_an_app_that_calls_tells_its_user_headers_and_whom_it_dialled() -> None:
    """2.4; 2.3: call headers are mirrored in `custom`, as JSON."""
    stage = Stage(ice=HANGUP)
    stage.call(origin="app", caller="ada", to="grace", headers={"topic": "x"})
    ice = stage.events[0]
    assert (ice["user"], ice["originationType"], ice["domain"]) == ("ada", "MXP", "mxp")
    assert ice["to"] == {"type": "username", "endpoint": "grace"}
    assert ice["callHeaders"] == [{"key": "topic", "value": "x"}]
    assert json.loads(ice["custom"]) == {"topic": "x"}


def test_sip_withheld_and_redirected_callers_are_told_as_such() -> None:
    stage = Stage(ice=HANGUP)
    stage.call(origin="sip", caller="ada@example.com", redirected_from="+46850000009")
    assert stage.events[0]["originationType"] == "SIP"
    assert stage.events[0]["rdnis"] == "46850000009"
    stage.call(withheld=True)
    assert stage.last("ice")["cli"] == ""
    assert stage.last("dice")["from"] == "private"


def test_an_app_that_dials_a_room_names_it() -> None:
    stage = Stage(ice=HANGUP)
    stage.call(origin="app", caller="ada", to="room-1", to_kind="conference")
    assert stage.events[0]["to"] == {"type": "conference", "endpoint": "room-1"}
    assert stage.events[0]["conferenceId"] == "room-1"


def test_causal_order_of_a_whole_call() -> None:
    """2.2"""
    stage = Stage(ice=menu("1=return(sales)"), pie=DIAL, ace=CONTINUE)
    call = stage.call()
    stage.press(call, "1")
    stage.pick_up(call)
    stage.wait(12)
    stage.hang_up(call, "callee")
    assert stage.names == ["ice", "pie", "ace", "dice"]
    assert {each["callid"] for each in stage.events} == {call}


def test_the_disconnect_event_has_the_fields_of_the_fixture() -> None:
    """2.6"""
    stage = Stage(ice=DIAL, ace=CONTINUE)
    call = stage.call(caller="+12015555555")
    stage.pick_up(call)
    stage.wait(12)
    stage.hang_up(call, "callee")
    assert stage.last("dice") == {
        "event": "dice",
        "callid": call,
        "timestamp": "2026-01-01T09:00:12Z",
        "version": 1,
        "applicationKey": KEY,
        "reason": "CALLEEHANGUP",
        "result": "ANSWERED",
        "debit": {"currencyId": "USD", "amount": 0.0095},
        "userRate": {"currencyId": "USD", "amount": 0.0095},
        "to": {"type": "number", "endpoint": "46850000001"},
        "duration": 12,
        "from": "12015555555",
    }


def test_an_unanswered_incoming_call_ends_in_the_error_prompt() -> None:
    """2.2: ICE"""
    stage = Stage(ice=500)
    stage.call()
    assert stage.heard() == ["An error has occurred. The call will be disconnected."]
    assert stage.ended == ("CALLBACKERROR", "FAILED")


def test_an_unanswered_pickup_connects_the_parties() -> None:
    """2.2: ACE"""
    stage = Stage(ice=DIAL, ace=TimeoutError("too late"))
    call = stage.call()
    stage.pick_up(call)
    stage.wait(60)
    assert stage.told(Received)[-1].failure == "too late"
    stage.hang_up(call)
    assert stage.ended == ("CALLERHANGUP", "ANSWERED")


@pytest.mark.parametrize(
    ("silent", "reason"), [("hangup", "CALLBACKERROR"), ("continue", "MANAGERHANGUP")]
)
def test_an_unanswered_input_ends_the_call(silent: str, reason: str) -> None:
    """2.2: PIE, which no document settles: a switch."""
    stage = Stage(ice=menu("1=return(a)"), pie=500, silent_pie=silent)
    call = stage.call()
    stage.press(call, "1")
    assert stage.ended[0] == reason


@pytest.mark.parametrize("first", [500, 404, ConnectionError("refused"), TimeoutError()])
def test_the_fallback_gets_what_the_primary_fails_at(first: Any) -> None:
    """2.2"""
    urls: dict[str, list[Any]] = {PRIMARY: [first], FALLBACK: [say("From the spare.")]}
    stage = Stage(application={"fallback": FALLBACK}, url=urls)
    stage.call()
    stage.hear("from the spare")
    assert [(each.url, each.attempt) for each in stage.told(Sent)][:2] == [
        (PRIMARY, "primary"),
        (FALLBACK, "fallback"),
    ]
    assert stage.posted[0][2] == stage.posted[1][2], "the same event, byte for byte"


def test_a_refusal_may_be_taken_for_an_answer() -> None:
    stage = Stage(
        application={"fallback": FALLBACK}, url={PRIMARY: [401]}, fallback_on_refusal=False
    )
    stage.call()
    assert stage.ended[0] == "CALLBACKERROR"
    assert [each[0] for each in stage.posted].count(FALLBACK) == 0


def test_a_reply_that_does_not_come_is_waited_for_as_long_as_the_switch_says() -> None:
    stage = Stage(ice=HANGUP, reply_timeout=2_000, application={"fallback": FALLBACK})
    stage.platform.inject(Fault(kind="drop", event="ice"))
    stage.call()
    assert not stage.events
    stage.wait(1.9)
    assert not stage.events
    stage.wait(0.1)
    assert stage.posted[0][0] == FALLBACK


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"action":{}}',
        b'{"action":{"name":"dance"}}',
        b'{"instructions":[{"name":"sing"}],"action":{"name":"hangup"}}',
        b'{"action":{"name":"connectConf"}}',
        b'{"action":{"name":"connectSip"}}',
        b'{"action":{"name":"runMenu","menus":{}}}',
        b'{"action":{"name":"runMenu","menus":[{"id":"main","repeats":-1}]}}',
        b"\xff\xfe",
    ],
)
def test_illegal_svaml_is_told_and_ends_the_call(reply: bytes) -> None:
    """2.2, 2.7: Notify `callingerror`, 40001; DiCE says CALLBACKERROR, GET INVALIDSVAMLACTION."""
    stage = Stage(ice=reply)
    call = stage.call()
    notify = stage.last("notify")
    assert (notify["type"], notify["errorCode"]) == ("callingerror", 40001)
    assert notify["errorMsg"].startswith("Illegal SVAML")
    assert stage.last("dice")["reason"] == "CALLBACKERROR"
    assert stage.rest("GET", f"/calling/v1/calls/id/{call}")[1]["reason"] == "INVALIDSVAMLACTION"


def test_a_reply_that_is_no_svaml_may_count_as_no_answer() -> None:
    urls: dict[str, list[Any]] = {PRIMARY: [b"<html>"], FALLBACK: [say("From the spare.")]}
    stage = Stage(application={"fallback": FALLBACK}, url=urls, bad_reply="fallback")
    stage.call()
    stage.hear("from the spare")


def test_an_app_without_callbacks_is_connected_with_whom_it_dialled() -> None:
    """1: no URL is configured"""
    stage = Stage(application={"primary": ""})
    stage.call(origin="app", caller="ada", to="+46850000001", to_kind="number")
    assert (stage.rang.kind, stage.rang.to) == ("number", "+46850000001")
    assert not stage.events


def test_in_app_destinations_get_no_ace() -> None:
    """2.2"""
    to = {"type": "username", "endpoint": "grace"}
    stage = Stage(ice={"action": {"name": "connectMxp", "destination": to}})
    call = stage.call()
    stage.pick_up(call)
    stage.hang_up(call)
    assert stage.names == ["ice", "dice"]


def test_suppressed_callbacks_are_not_sent() -> None:
    """3.3: no ACE and no DiCE"""
    stage = Stage(ice={"action": {**DIAL["action"], "suppressCallbacks": True}})
    call = stage.call()
    stage.pick_up(call)
    stage.hang_up(call)
    assert stage.names == ["ice"]


def test_cookies_come_back_in_all_later_events() -> None:
    """2.8"""
    lang = {"name": "setCookie", "key": "lang", "value": "sv"}
    step = {"name": "SetCookie", "key": "step", "value": "ivr"}
    stage = Stage(
        ice={"instructions": [lang], **menu("1=return(a)")},
        pie={"instructions": [step, {**lang, "value": "en"}], **DIAL},
        ace=CONTINUE,
    )
    call = stage.call()
    stage.press(call, "1")
    stage.pick_up(call)
    stage.hang_up(call)
    assert "cookies" not in stage.last("ice")
    assert stage.last("pie")["cookies"] == [{"key": "lang", "value": "sv"}]
    both = [{"key": "lang", "value": "en"}, {"key": "step", "value": "ivr"}]
    assert stage.last("ace")["cookies"] == stage.last("dice")["cookies"] == both


@pytest.mark.parametrize(
    ("overflow", "ends"), [("drop", "MANAGERHANGUP"), ("illegal", "CALLBACKERROR")]
)
def test_a_cookie_too_many_is_dropped_or_illegal(overflow: str, ends: str) -> None:
    """2.8: 1024 bytes in total"""
    big = {"name": "setCookie", "key": "k", "value": "x" * 1024}
    stage = Stage(ice={"instructions": [ANSWER, big], **HANGUP}, cookie_overflow=overflow)
    stage.call()
    assert stage.ended[0] == ends
    assert "cookies" not in stage.last("dice")


def test_odd_callbacks_mean_the_same() -> None:
    """2.3: spelling, casing, missing plus, zone and fraction, extra and missing fields"""
    seen: set[str] = set()
    for number in range(24):
        stage = Stage(ice=HANGUP, odd=True, setup={"seed": str(number)})
        for _ in range(number):
            stage.platform.world.number()
        call = stage.call(caller="+12015555555")
        ice = stage.events[0]
        assert ice.get("callid", ice.get("callId")) == call
        assert "12015555555" in ice["cli"]
        assert ice["to"]["endpoint"].lstrip("+") == "46850000000"
        seen |= {f"{key}={value}" for key, value in ice.items()} | set(ice)
    assert {"callid", "callId", "formatted"} - seen == {"formatted"}
    assert any(each.startswith("cli=Ada Byron <+1201") for each in seen)
    assert "originationType=pstn" in seen
    assert "domain=PSTN" in seen
    times = {each.removeprefix("timestamp=") for each in seen if each.startswith("timestamp=")}
    assert {len(each) for each in times} >= {20, 23, 28}


def test_the_fraction_of_timestamps_is_a_switch() -> None:
    for form, text in {
        "seconds": "2026-01-01T09:00:00Z",
        "milliseconds": "2026-01-01T09:00:00.000Z",
        "ticks": "2026-01-01T09:00:00.0002196Z",
    }.items():
        stage = Stage(ice=HANGUP, timestamps=form)
        stage.call()
        assert stage.events[0]["timestamp"] == text


def test_one_disconnect_event_a_call_or_one_a_leg() -> None:
    """10: unknown, a switch"""
    for per_leg, expected in ((False, 1), (True, 2)):
        stage = Stage(ice=DIAL, ace=CONTINUE, dice_per_leg=per_leg)
        call = stage.call()
        stage.pick_up(call)
        stage.hang_up(call)
        assert stage.names.count("dice") == expected
