"""The REST API: reference, sections 4.1, 4.2, 4.4 and 4.5."""

import json
from typing import Any

import pytest
from emulator.stage import (
    ANSWER,
    CONTINUE,
    DIAL,
    HANGUP,
    KEY,
    NUMBER,
    PRIMARY,
    SECRET,
    Event,
    Stage,
    menu,
    say,
)

from ivrflow.emulator.setup import Application, RestFault
from ivrflow.emulator.transcript import Heard, Joined, Rang

CALLOUTS = "/calling/v1/callouts"
TO = {"type": "number", "endpoint": "+46850000001"}
TTS = {"destination": TO, "cli": NUMBER, "text": "Hello.", "locale": "en-US"}
SAY = {"instructions": [{"name": "say", "text": "Note.", "locale": "en-US"}]}


def callout(stage: Stage, method: str, details: dict[str, Any], **headers: str) -> str:
    body = {"method": method, method: details}
    status, answer = stage.rest("POST", CALLOUTS, body, **headers)
    assert status == 200, answer
    assert list(answer) == ["callId"]
    return str(answer["callId"])


# -- callouts -------------------------------------------------------------------------------------


def test_a_tts_callout_says_its_text_and_tells_nobody() -> None:
    """4.1: callbacks are off"""
    stage = Stage()
    call = callout(stage, "ttsCallout", TTS)
    assert (stage.rang.to, stage.rang.cli) == ("+46850000001", NUMBER)
    stage.pick_up(call)
    stage.hear("hello", who="callee")
    stage.wait(5)
    assert stage.ended == ("MANAGERHANGUP", "ANSWERED")
    assert not stage.events


def test_a_tts_callout_with_prompts_and_callbacks() -> None:
    stage = Stage(ace=CONTINUE)
    details = {**TTS, "prompts": "#tts[One.];#href[https://x/a.mp3]", "custom": "c1"}
    del details["text"]
    call = callout(stage, "ttsCallout", {**details, "enableAce": True, "enableDice": True})
    stage.pick_up(call)
    stage.wait(10)
    assert stage.heard() == ["One.", "https://x/a.mp3"]
    assert [(each["event"], each["custom"]) for each in stage.events] == [
        ("ace", "c1"),
        ("dice", "c1"),
    ]


def test_a_tts_callout_answered_by_other_words() -> None:
    stage = Stage(ace=say("Other words."))
    stage.pick_up(callout(stage, "ttsCallout", {**TTS, "enableAce": True}))
    stage.wait(5)
    assert stage.heard() == ["Other words."]


def test_a_tts_callout_without_cli_is_accepted_and_never_rings() -> None:
    """9.24"""
    silent = {key: value for key, value in TTS.items() if key != "cli"}
    stage = Stage()
    callout(stage, "ttsCallout", silent)
    stage.wait(60)
    assert not stage.told(Rang)
    assert "never rings" in stage.warnings
    stage = Stage(tts_without_cli="ring")
    callout(stage, "ttsCallout", silent)
    assert stage.told(Rang)


def test_a_menu_after_pickup_needs_enable_pie() -> None:
    """9.11"""
    for enabled, events in ((True, ["ace", "pie"]), (False, ["ace"])):
        stage = Stage(ace=menu("1=return(a)"), pie=HANGUP)
        call = callout(stage, "ttsCallout", {**TTS, "enableAce": True, "enablePie": enabled})
        stage.pick_up(call)
        stage.press(call, "1")
        assert stage.names == events


def test_a_conference_callout_leads_to_its_room() -> None:
    details = {
        "destination": TO,
        "conferenceId": "room",
        "greeting": "Welcome.",
        "locale": "en-US",
        "mohClass": "music1",
    }
    stage = Stage()
    stage.pick_up(callout(stage, "conferenceCallout", details))
    stage.wait(5)
    assert stage.heard() == ["Welcome.", "music1"]
    assert stage.told(Joined)[0].room == "room"
    shown = stage.rest("GET", "/calling/v1/conferences/id/room")[1]["participants"]
    assert shown[0]["cli"] == "+46850000001"


def test_keys_in_a_room_need_enable_pie_by_default() -> None:
    """9.13: unknown, a switch"""
    details = {
        "destination": TO,
        "conferenceId": "room",
        "conferenceDtmfOptions": {"mode": "detect"},
    }
    for switch, enabled, sent in ((True, False, 0), (True, True, 1), (False, False, 1)):
        stage = Stage(detect_needs_enable_pie=switch)
        call = callout(stage, "conferenceCallout", {**details, "enablePie": enabled})
        stage.pick_up(call)
        stage.press(call, "5")
        assert stage.names.count("pie") == sent


def test_the_ace_of_a_conference_callout_wants_a_room() -> None:
    details = {"destination": TO, "conferenceId": "room", "enableAce": True}
    conf = {"action": {"name": "connectConf", "conferenceId": "other"}}
    stage = Stage(ace=conf)
    stage.pick_up(callout(stage, "conferenceCallout", details))
    assert stage.told(Joined)[0].room == "other"
    stage = Stage(ace=CONTINUE)
    stage.pick_up(callout(stage, "conferenceCallout", details))
    assert "must be answered with connectConf" in stage.warnings


def test_a_conference_callout_to_an_app_has_no_events() -> None:
    """2.2"""
    to = {"type": "username", "endpoint": "grace"}
    details = {"destination": to, "conferenceId": "r", "enableAce": True, "enableDice": True}
    stage = Stage()
    call = callout(stage, "conferenceCallout", details)
    stage.pick_up(call)
    stage.hang_up(call)
    assert not stage.events


def test_a_custom_callout_brings_its_replies_along() -> None:
    """4.1: strings that hold JSON"""
    details = {
        "ice": json.dumps({"action": {**DIAL["action"], "amd": {"enabled": True}}}),
        "ace": json.dumps(say("Hello.", menu("1=return(yes)"))),
        "pie": "https://app.example/pie",
    }
    stage = Stage(pie=say("Thanks."))
    call = callout(stage, "customCallout", details)
    stage.pick_up(call)
    stage.hear("press a key", who="callee")
    stage.press(call, "1")
    stage.hear("thanks")
    assert stage.names == ["pie"]
    assert stage.posted[0][0] == "https://app.example/pie"
    stage.wait(5)
    assert stage.names == ["pie", "dice"], "the end is told to the application's URL"


def test_a_custom_callout_with_a_destination_rings_it_at_once() -> None:
    details = {"destination": TO, "cli": NUMBER, "dtmf": "12", "maxDuration": 60}
    stage = Stage(ace=CONTINUE)
    call = callout(stage, "customCallout", details)
    assert (stage.rang.to, stage.rang.cli) == ("+46850000001", NUMBER)
    stage.pick_up(call)
    assert stage.heard("callee") == ["12"]
    stage.wait(60)
    assert stage.names == ["ace", "dice"]
    assert stage.ended == ("TIMEOUT", "ANSWERED")


def test_a_custom_callout_without_either_asks_the_application() -> None:
    stage = Stage(ice=DIAL, ace=say("Hello."))
    call = callout(stage, "customCallout", {"cli": NUMBER, "custom": "token"})
    ice = stage.events[0]
    assert (ice["event"], ice["callid"], ice["originationType"]) == ("ice", call, "server")
    assert ice["custom"] == "token"
    stage.pick_up(call)
    stage.hear("hello", who="callee")
    stage.wait(5)
    assert stage.names == ["ice", "ace", "dice"]


def test_a_machine_hangs_up_or_is_busy_on_callouts_too() -> None:
    stage = Stage()
    call = callout(stage, "ttsCallout", {**TTS, "enableDice": True})
    stage.reject(call, "busy")
    assert stage.last("dice")["result"] == "BUSY"


def test_headers_of_the_request_come_back_on_callbacks() -> None:
    """4.1: X-CB-*, five at most, 32 and 128 characters, ASCII"""
    stage = Stage(ice=HANGUP)
    headers = {f"X_CB_{number}": str(number) for number in range(6)}
    callout(stage, "customCallout", {}, **headers, X_CB_long="x" * 129, X_Other="no")
    sent = stage.posted[0][1]
    assert {key: value for key, value in sent.items() if key.startswith("X-")} == {
        f"X-CB-{number}": str(number) for number in range(5)
    }


def test_events_may_overtake_the_answer_to_the_request() -> None:
    stage = Stage(ice=HANGUP, callout_answer_after=2_000)
    before: list[int] = []

    async def note(event: Event) -> None:
        before.append(stage.platform.now)

    stage.on_event = note
    callout(stage, "customCallout", {})
    assert stage.names == ["ice", "dice"]
    assert stage.platform.now == before[-1] + 2_000, "the request was answered after them"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", 40001),
        (b"[]", 40001),
        ({}, 40002),
        ({"method": "singCallout"}, 40001),
        ({"method": "ttsCallout"}, 40002),
        ({"method": "ttsCallout", "ttsCallout": {"text": "x"}}, 40002),
        ({"method": "ttsCallout", "ttsCallout": {"destination": TO}}, 40002),
        (
            {"method": "ttsCallout", "ttsCallout": {**TTS, "destination": {"type": "number"}}},
            40002,
        ),
        (
            {
                "method": "ttsCallout",
                "ttsCallout": {**TTS, "destination": {**TO, "endpoint": "0701"}},
            },
            40001,
        ),
        (
            {"method": "ttsCallout", "ttsCallout": {**TTS, "destination": {**TO, "type": "fax"}}},
            40001,
        ),
        ({"method": "ttsCallout", "ttsCallout": {**TTS, "custom": "x" * 1025}}, 40001),
        ({"method": "ttsCallout", "ttsCallout": {**TTS, "enableAce": "perhaps"}}, 40001),
        ({"method": "conferenceCallout", "conferenceCallout": {"destination": TO}}, 40002),
        (
            {
                "method": "conferenceCallout",
                "conferenceCallout": {"destination": TO, "conferenceId": "x" * 65},
            },
            40001,
        ),
        ({"method": "customCallout", "customCallout": {"ice": HANGUP}}, 40001),
        ({"method": "customCallout", "customCallout": {"ice": "hang up"}}, 40001),
    ],
)
def test_a_callout_that_is_wrong_is_refused_and_not_placed(body: object, code: int) -> None:
    """4.1, 4.5"""
    stage = Stage()
    status, error = stage.rest("POST", CALLOUTS, body)
    assert (status, error["errorCode"]) == (code // 100, code)
    assert set(error) == {"errorCode", "message", "reference"}
    assert not stage.platform.world.calls


def test_no_credit_and_forbidden_destinations() -> None:
    stage = Stage(setup={"credit": False})
    assert stage.rest("POST", CALLOUTS, {"method": "ttsCallout", "ttsCallout": TTS})[0] == 402
    stage = Stage(setup={"forbidden": ("+468",)})
    status, error = stage.rest("POST", CALLOUTS, {"method": "ttsCallout", "ttsCallout": TTS})
    assert (status, error["errorCode"]) == (403, 40300)


# -- calls ----------------------------------------------------------------------------------------


def test_a_call_is_told_while_it_is_on_and_after() -> None:
    """4.2"""
    stage = Stage(ice=DIAL, ace=CONTINUE)
    call = stage.call(caller="+46701234567")
    path = f"/calling/v1/calls/id/{call}"
    assert stage.rest("GET", path)[1]["status"] == "ONGOING"
    stage.pick_up(call)
    stage.wait(61)
    stage.hang_up(call)
    assert stage.rest("GET", path) == (
        200,
        {
            "from": {"type": "Number", "endpoint": "+46701234567"},
            "to": {"type": "Number", "endpoint": "+46850000001"},
            "domain": "pstn",
            "callId": call,
            "duration": 61,
            "status": "FINAL",
            "result": "ANSWERED",
            "reason": "CALLERHANGUP",
            "timestamp": "2026-01-01T09:00:00",
            "custom": "",
            "userRate": {"currencyId": "USD", "amount": 0.0095},
            "debit": {"currencyId": "USD", "amount": 0.019},
        },
    )
    assert stage.rest("GET", "/calling/v1/calls/id/other")[1]["errorCode"] == 40400


@pytest.mark.parametrize(
    ("inbound", "told"),
    [
        ({"withheld": True}, {"type": "Number", "endpoint": "private"}),
        ({"origin": "sip", "caller": "ada@x"}, {"type": "sip", "endpoint": "ada@x"}),
        ({"origin": "app", "caller": "ada"}, {"type": "Username", "endpoint": "ada"}),
    ],
)
def test_the_caller_is_told_as_an_identity(inbound: Event, told: Event) -> None:
    """4.2: typed clients read an object, with a type that they know"""
    stage = Stage(ice=menu("1=return(a)"))
    path = f"/calling/v1/calls/id/{stage.call(**inbound)}"
    assert stage.rest("GET", path)[1]["from"] == told


def test_a_callout_has_no_caller() -> None:
    stage = Stage()
    call = callout(stage, "ttsCallout", {**TTS, "destination": {"type": "sip", "endpoint": "a@x"}})
    told = stage.rest("GET", f"/calling/v1/calls/id/{call}")[1]
    assert "from" not in told
    assert told["to"] == {"type": "sip", "endpoint": "a@x"}


def test_a_live_call_is_played_to_and_ended() -> None:
    stage = Stage(ice=DIAL, ace=CONTINUE)
    call = stage.call()
    stage.pick_up(call)
    path = f"/calling/v1/calls/id/{call}"
    assert stage.rest("PATCH", path, {**SAY, **CONTINUE})[0] == 200
    stage.hear("note", who="caller")
    assert stage.rest("PATCH", f"{path}/leg/callee", SAY)[0] == 200
    stage.hear("note", who="callee")
    stage.rest("PATCH", f"{path}/leg/both", SAY)
    assert {each.who for each in stage.told(Heard) if each.at == stage.platform.now} == {
        "caller",
        "callee",
    }
    stage.rest("PATCH", path, {**SAY, **HANGUP})
    assert "dice" not in stage.names, "instructions first, then the action"
    stage.wait(5)
    assert stage.ended == ("MANAGERHANGUP", "ANSWERED")


@pytest.mark.parametrize(
    "reply", [DIAL, menu("1=return(a)"), b"no json", {"action": {"name": "x"}}]
)
def test_a_live_call_is_not_led_elsewhere(reply: Any) -> None:
    """3.1, note 4: only a parked call is"""
    stage = Stage(ice=DIAL, ace=CONTINUE)
    call = stage.call()
    stage.pick_up(call)
    status, error = stage.rest("PATCH", f"/calling/v1/calls/id/{call}", reply)
    assert (status, error["errorCode"]) == (400, 40003)


def test_only_answered_calls_with_a_network_leg_are_changed() -> None:
    """4.2"""
    stage = Stage(ice=DIAL, ace=CONTINUE)
    call = stage.call()
    path = f"/calling/v1/calls/id/{call}"
    assert stage.rest("PATCH", path, HANGUP)[1]["errorCode"] == 40003
    stage.pick_up(call)
    assert stage.rest("PATCH", f"{path}/leg/nobody", SAY)[1]["errorCode"] == 40001
    assert stage.rest("PATCH", path, HANGUP)[0] == 200
    status, error = stage.rest("PATCH", path, HANGUP)
    assert (status, error["errorCode"], error["message"]) == (404, 40400, "Call not found")
    stage = Stage(ice=CONTINUE)
    call = stage.call(origin="app", caller="ada", to="grace")
    stage.pick_up(call)
    assert stage.rest("PATCH", f"/calling/v1/calls/id/{call}", HANGUP)[1]["errorCode"] == 40003


def test_a_live_call_may_be_parked_and_unparked() -> None:
    stage = Stage(ice=say("Hi.", menu("1=return(a)")))
    call = stage.call()
    path = f"/calling/v1/calls/id/{call}"
    park = {"action": {"name": "park", "holdPrompt": "#tts[Hold.]", "locale": "en-US"}}
    assert stage.rest("PATCH", path, park)[0] == 200
    stage.hear("hold")
    stage.rest("PATCH", path, say("Back again."))
    stage.hear("back again")


def test_a_running_menu_goes_on_under_a_prompt_or_refuses_it() -> None:
    """10: PATCH while a menu is running, a switch"""
    for rule, status in (("play", 200), ("refuse", 400)):
        stage = Stage(
            ice={"instructions": [ANSWER], **menu("1=return(a)")}, pie=HANGUP, patch_in_menu=rule
        )
        call = stage.call()
        assert stage.rest("PATCH", f"/calling/v1/calls/id/{call}", SAY)[0] == status
        stage.press(call, "1")
        assert "pie" in stage.names


def test_a_cookie_set_over_rest_comes_back() -> None:
    stage = Stage(ice=DIAL, ace=CONTINUE)
    call = stage.call()
    stage.pick_up(call)
    cookie = {"instructions": [{"name": "setCookie", "key": "k", "value": "v"}]}
    stage.rest("PATCH", f"/calling/v1/calls/id/{call}", cookie)
    stage.hang_up(call)
    assert stage.last("dice")["cookies"] == [{"key": "k", "value": "v"}]


def test_calls_and_rooms_of_another_application_are_not_there() -> None:
    theirs = Application(key="theirs", secret=SECRET, primary=PRIMARY, numbers=("+1999",))
    mine = Application(key=KEY, secret=SECRET, primary=PRIMARY, numbers=(NUMBER,))
    room = {"action": {"name": "connectConf", "conferenceId": "room"}}
    stage = Stage(ice=room, setup={"applications": (mine, theirs)})
    call = stage.call(to="+1999")
    assert stage.last("ice")["applicationKey"] == "theirs"
    assert stage.rest("GET", f"/calling/v1/calls/id/{call}")[0] == 404
    assert stage.rest("GET", "/calling/v1/conferences/id/room")[0] == 404
    mine_too = stage.call()
    (there,) = stage.rest("GET", "/calling/v1/conferences/id/room")[1]["participants"]
    assert there["id"] == mine_too


# -- applications ---------------------------------------------------------------------------------


def test_numbers_are_listed_assigned_and_unassigned_by_a_delete_with_a_body() -> None:
    """4.4"""
    path = "/v1/configuration/numbers"
    stage = Stage()
    listed = {"number": NUMBER, "applicationkey": KEY, "capability": "voice"}
    assert stage.rest("GET", path)[1] == {"numbers": [listed]}
    assert stage.rest("DELETE", path, {"number": NUMBER, "applicationkey": KEY})[0] == 200
    assert stage.rest("GET", path)[1]["numbers"] == [{"number": NUMBER, "capability": "voice"}]
    assert stage.rest("POST", path, {"numbers": [NUMBER], "capability": "voice"})[0] == 200
    assert stage.rest("GET", path)[1] == {"numbers": [listed]}


@pytest.mark.parametrize(
    ("method", "body", "code"),
    [
        ("POST", {"numbers": ["+1999"]}, 40001),
        ("POST", {}, 40002),
        ("POST", {"numbers": [NUMBER], "applicationkey": "other"}, 40003),
        ("POST", {"numbers": [NUMBER], "capability": "fax"}, 40001),
        ("DELETE", {"number": NUMBER, "applicationkey": "other"}, 40003),
        ("DELETE", None, 40001),
        ("PATCH", {}, 40500),
    ],
)
def test_numbers_that_cannot_be_assigned(method: str, body: object, code: int) -> None:
    status, error = Stage().rest(method, "/v1/configuration/numbers", body)
    assert (status, error["errorCode"]) == (code // 100, code)


def test_callback_urls_are_read_and_changed_and_new_calls_use_them() -> None:
    path = f"/v1/configuration/callbacks/applications/{KEY}"
    stage = Stage(application={"fallback": "https://spare.example/"}, ice=HANGUP)
    assert set(stage.rest("GET", path)[1]["url"]) == {"primary", "fallback"}
    assert stage.rest("POST", path, {"url": {"primary": "https://new.example/cb"}})[0] == 200
    assert stage.rest("GET", path)[1] == {"url": {"primary": "https://new.example/cb"}}
    stage.call()
    assert stage.posted[0][0] == "https://new.example/cb"
    assert stage.rest("POST", path, {"url": {"primary": "ftp://x"}})[1]["errorCode"] == 40001
    assert stage.rest("POST", path, {})[1]["errorCode"] == 40002
    assert stage.rest("GET", path + "x")[1]["errorCode"] == 40003


def test_whether_a_missing_fallback_clears_it_is_a_switch() -> None:
    path = f"/v1/configuration/callbacks/applications/{KEY}"
    stage = Stage(application={"fallback": "https://spare.example/"}, fallback_cleared=False)
    stage.rest("POST", path, {"url": {"primary": "https://new.example/cb"}})
    assert stage.rest("GET", path)[1]["url"]["fallback"] == "https://spare.example/"


def test_a_number_is_looked_up() -> None:
    status, found = Stage().rest("GET", "/v1/calling/query/number/+46701234567")
    assert status == 200
    assert found["number"] == {
        "countryId": "SE",
        "numberType": "Mobile",
        "normalizedNumber": "+46701234567",
        "restricted": False,
        "rate": {"currencyId": "USD", "amount": 0.0095},
    }
    assert Stage().rest("GET", "/v1/calling/query/number/abc")[1]["errorCode"] == 40001


def test_a_number_that_is_asked_about_may_have_the_zero_in_brackets() -> None:
    """4.4: the documents' own example, and the key under which they show its answer"""
    path = "/v1/calling/query/number/+46(0)73-017-0101"
    found = Stage(query_key="numberItem").rest("GET", path)[1]["numberItem"]
    assert found["normalizedNumber"] == "+46730170101"


# -- errors ---------------------------------------------------------------------------------------


def test_paths_of_other_products_are_not_found() -> None:
    stage = Stage()
    for path in ("/", "/calling/v2/callouts", "/calling/v1/calls/id", "/calling/v1/callouts/x"):
        assert stage.rest("GET", path)[1]["errorCode"] == 40400
    assert stage.rest("GET", CALLOUTS)[1]["errorCode"] == 40500


def test_empty_answers_may_be_204() -> None:
    """10: exact success status of empty responses, a switch"""
    stage = Stage(ice=DIAL, ace=CONTINUE, empty_status=204)
    call = stage.call()
    stage.pick_up(call)
    assert stage.rest("PATCH", f"/calling/v1/calls/id/{call}", HANGUP)[0] == 204


def test_errors_can_be_ordered() -> None:
    stage = Stage()
    stage.platform.inject(RestFault(code=50_300, path=CALLOUTS, times=2))
    assert stage.rest("GET", "/calling/v1/calls/id/x")[0] == 404
    for expected in (503, 503, 405):
        assert stage.rest("GET", CALLOUTS)[0] == expected


def test_a_request_can_be_lost_before_it_is_carried_out_or_after() -> None:
    """`drop`: nothing rings; `lose`: somebody rings, and nobody is told"""
    stage = Stage()
    body = {"method": "ttsCallout", "ttsCallout": TTS}
    faults = (RestFault(kind="drop", path=CALLOUTS), 0), (RestFault(kind="lose", path=CALLOUTS), 1)
    for fault, rings in faults:
        stage.platform.inject(fault)
        assert stage.rest("POST", CALLOUTS, body) == (0, {})
        rang = [each for each in stage.platform.transcript if isinstance(each, Rang)]
        assert len(rang) == rings
    callout(stage, "ttsCallout", TTS)


def test_a_fault_can_meet_one_request_in_so_many() -> None:
    def met(seed: str) -> list[int]:
        stage = Stage(setup={"seed": seed})
        stage.platform.inject(RestFault(code=50_300, times=1_000_000, one_in=20))
        tries = [stage.rest("GET", "/calling/v1/calls/id/x")[0] for _ in range(1_000)]
        return [number for number, status in enumerate(tries) if status == 503]

    assert 25 <= len(met("a")) <= 75
    assert met("a") == met("a") != met("b")
