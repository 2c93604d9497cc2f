"""Instructions, actions and what is allowed where: reference, sections 3.1 to 3.3, 3.5, 3.7."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from emulator.stage import ANSWER, CONTINUE, DIAL, HANGUP, NUMBER, Stage, menu, say

from ivrflow.emulator.setup import Person
from ivrflow.emulator.transcript import Answered, Connected, Heard, Rang, Recording, Refused
from ivrflow.errors import EmulatorError, MissedError

# -- instructions ---------------------------------------------------------------------------------


def test_instructions_are_heard_in_order_each_after_the_other() -> None:
    play = {
        "name": "playFiles",
        "locale": "sv-SE",
        "ids": [
            "#tts[Hej.]",
            "#ssml[<speak>Vi <break time='2s'/> ses.</speak>]",
            "#href[https://x/a.mp3]",
            "https://x/b.mp3",
            "welcome",
        ],
    }
    stage = Stage(ice={"instructions": [ANSWER, play, say("Bye.")["instructions"][1]], **HANGUP})
    stage.call()
    stage.wait(60)
    heard = stage.told(Heard)
    assert [(each.kind, each.text, each.locale) for each in heard] == [
        ("tts", "Hej.", "sv-SE"),
        ("ssml", "Vi ses.", "sv-SE"),
        ("file", "https://x/a.mp3", ""),
        ("file", "https://x/b.mp3", ""),
        ("file", "welcome", ""),
        ("tts", "Bye.", "en-US"),
    ]
    for first, then in pairwise(heard):
        assert then.at == first.at + first.duration > first.at
    assert heard[1].duration > 2_000, "a break in SSML takes its time"


def test_the_length_of_a_known_file_is_kept_to() -> None:
    play = {"name": "playFiles", "ids": ["https://x/a.mp3"]}
    stage = Stage(
        ice={"instructions": [ANSWER, play], **HANGUP}, setup={"media": {"https://x/a.mp3": 42_000}}
    )
    stage.call()
    stage.wait(41)
    assert stage.names == ["ice"]
    stage.wait(1)
    assert stage.ended == ("MANAGERHANGUP", "ANSWERED")


def test_the_same_text_takes_longer_in_some_languages() -> None:
    lengths = {}
    for locale in ("en-US", "ja-JP"):
        spoken = {"name": "say", "text": "a" * 60, "locale": locale}
        stage = Stage(ice={"instructions": [ANSWER, spoken], **HANGUP})
        stage.call()
        lengths[locale] = stage.told(Heard)[0].duration
    assert lengths["en-US"] < lengths["ja-JP"]


@pytest.mark.parametrize(
    ("rule", "heard", "up"),
    [("early", True, False), ("answer", True, True), ("unheard", False, False)],
)
def test_a_prompt_before_answer_is_early_media_or_what_the_switch_says(
    rule: str, heard: bool, up: bool
) -> None:
    """9.22"""
    spoken = {"name": "say", "text": "Hello.", "locale": "en-US"}
    stage = Stage(ice={"instructions": [spoken], **HANGUP}, unanswered_prompts=rule)
    stage.call()
    assert bool(stage.heard()) == heard
    assert bool(stage.told(Answered)) == up
    if heard:
        assert stage.told(Heard)[0].early == (rule == "early")
    stage.wait(10)
    assert stage.ended == ("MANAGERHANGUP", "ANSWERED" if up else "N/A")


def test_a_text_of_more_than_600_characters_is_doubtful_or_illegal() -> None:
    stage = Stage(ice=say("a" * 601))
    stage.call()
    assert "601 characters" in stage.warnings
    stage = Stage(ice=say("a" * 601), long_text="illegal")
    stage.call()
    assert stage.ended[0] == "CALLBACKERROR"


@pytest.mark.parametrize(
    ("naive", "heard"), [(False, ["One; two.", "Three."]), (True, ["One", "two.]", "Three."])]
)
def test_a_semicolon_in_brackets_parts_or_not(naive: bool, heard: list[str]) -> None:
    """3.4: whether the splitter honours brackets is unknown, a switch"""
    reply = menu("1=return(a)", mainPrompt="#tts[One; two.];#tts[Three.]")
    stage = Stage(ice=reply, naive_split=naive)
    stage.call()
    stage.wait(5)
    assert stage.heard()[: len(heard)] == heard


def test_a_bracket_in_a_text_loses_what_follows() -> None:
    stage = Stage(ice=menu("1=return(a)", mainPrompt="#tts[Press [1] now.];#tts[Go.]"))
    stage.call()
    stage.wait(2)
    assert stage.heard()[:2] == ["Press [1", "Go."]
    assert "nobody hears it" in stage.warnings


def test_tones_are_sent_and_the_star_is_not() -> None:
    """3.2; 7: `*` is not listed"""
    tones = {"name": "sendDtmf", "value": "ww12*#"}
    stage = Stage(ice={"instructions": [ANSWER, tones], **HANGUP})
    stage.call()
    assert stage.heard() == ["ww12#"]
    assert "*" in stage.warnings
    stage = Stage(ice={"instructions": [ANSWER, tones], **HANGUP}, star_tones=True)
    stage.call()
    assert stage.heard() == ["ww12*#"]


# -- what is allowed where ------------------------------------------------------------------------


def test_what_only_some_documents_list_is_done_with_a_warning() -> None:
    """3.1: "execute anything, log a warning" """
    stage = Stage(ice=menu("1=return(a)"), pie={"action": {"name": "park"}})
    stage.press(stage.call(), "1")
    assert "park as a reply to PIE" in stage.warnings
    stop = {"instructions": [{"name": "stopRecording"}], **CONTINUE}
    stage = Stage(ice=DIAL, ace=stop)
    stage.pick_up(stage.call())
    assert "stopRecording in a reply to ACE" in stage.warnings


def test_what_all_documents_list_gets_no_warning() -> None:
    stage = Stage(ice=say("Hi.", menu("1=return(a)")), pie=say("One moment.", DIAL), ace=CONTINUE)
    call = stage.call()
    stage.hear("press")
    stage.press(call, "1")
    stage.wait(5)
    stage.pick_up(call)
    stage.hang_up(call)
    # `answer` in a reply to a menu is the one thing that is not.
    assert stage.warnings == "answer in a reply to PIE: not all of Sinch's documents list it"


def test_continue_connects_an_app_as_it_dialled() -> None:
    stage = Stage(ice=CONTINUE)
    stage.call(origin="app", caller="ada", to="grace")
    assert (stage.rang.kind, stage.rang.to) == ("username", "grace")
    stage = Stage(ice=CONTINUE)
    stage.call(origin="app", caller="ada", to="room-1", to_kind="conference")
    assert [each.id for each in stage.platform.world.rooms] == ["room-1"]
    stage = Stage(ice=CONTINUE)
    stage.call()
    assert stage.ended == ("GENERALERROR", "N/A"), "a caller of a rented number dialled nobody"


# -- connecting -----------------------------------------------------------------------------------


def test_a_number_rings_with_the_callers_or_the_given_number() -> None:
    stage = Stage(ice=DIAL)
    stage.call(caller="+46701234567")
    assert (stage.rang.to, stage.rang.cli) == ("+46850000001", "+46701234567")
    stage = Stage(ice={"action": {**DIAL["action"], "cli": "+46850000009", "indications": "se"}})
    stage.call()
    assert stage.rang.cli == "+46850000009"
    assert [(each.kind, each.text) for each in stage.told(Heard)] == [("ring", "se")]


def test_the_parties_talk_until_one_hangs_up() -> None:
    for who, reason in (("caller", "CALLERHANGUP"), ("callee", "CALLEEHANGUP")):
        stage = Stage(ice=DIAL, ace=CONTINUE)
        call = stage.call()
        stage.pick_up(call)
        assert stage.told(Connected)[0].other == "callee"
        stage.press(call, "5", who="callee")
        assert stage.heard("caller")[-1] == "5", "tones reach the other party"
        stage.hang_up(call, who)
        assert stage.ended == (reason, "ANSWERED")


@pytest.mark.parametrize(
    ("why", "ended"),
    [
        ("busy", ("N/A", "BUSY")),
        ("no_answer", ("N/A", "NOANSWER")),
        ("failed", ("GENERALERROR", "FAILED")),
        ("not_found", ("USERNOTFOUND", "FAILED")),
        ("congested", ("CONGESTION", "FAILED")),
    ],
)
def test_who_does_not_answer_ends_the_call(why: str, ended: tuple[str, str]) -> None:
    stage = Stage(ice={"instructions": [ANSWER], **DIAL})
    call = stage.call()
    stage.reject(call, why)
    assert stage.told(Refused)[0].why == why
    assert stage.ended == ended
    assert stage.names == ["ice", "dice"]


@pytest.mark.parametrize(
    ("setup", "number", "reason"),
    [
        ({}, "extension 7", "GENERALERROR"),
        ({"credit": False}, "+46850000001", "NOCREDITPARTNER"),
        ({"forbidden": ("+4690",)}, "+46900000000", "BLOCKED"),
    ],
)
def test_what_the_platform_does_not_dial_ends_the_call(
    setup: dict[str, Any], number: str, reason: str
) -> None:
    """2.6"""
    stage = Stage(ice={"action": {"name": "connectPstn", "number": number}}, setup=setup)
    stage.call()
    assert stage.ended == (reason, "FAILED")
    assert not stage.told(Rang)


def test_how_a_busy_line_is_called_is_a_switch() -> None:
    stage = Stage(ice=DIAL, busy_reason="BUSY")
    stage.reject(stage.call())
    assert stage.ended == ("BUSY", "BUSY")


@pytest.mark.parametrize(
    ("action", "ended"),
    [
        (DIAL["action"], ("TIMEOUT", "NOANSWER")),
        (
            {"name": "connectMxp", "destination": {"type": "username", "endpoint": "grace"}},
            ("N/A", "BUSY"),
        ),
    ],
)
def test_ringing_ends_after_the_dial_timeout(
    action: dict[str, Any], ended: tuple[str, str]
) -> None:
    """3.3: TIMEOUT/NOANSWER on a PSTN leg, N/A/BUSY on an MXP leg"""
    given = {**action, "dialTimeout": 20} if action["name"] == "connectPstn" else action
    stage = Stage(ice={"action": given}, dial_timeout=20_000)
    stage.call()
    stage.wait(19.9)
    assert stage.names == ["ice"]
    stage.wait(0.1)
    assert stage.ended == ended


def test_a_caller_who_gives_up_cancels() -> None:
    stage = Stage(ice={"instructions": [ANSWER], **DIAL})
    call = stage.call()
    stage.hang_up(call)
    assert stage.ended == ("CANCEL", "NOANSWER")
    with pytest.raises(EmulatorError, match="nobody is ringing"):
        stage.pick_up(call)


def test_a_call_is_cut_at_its_longest() -> None:
    stage = Stage(ice={"action": {**DIAL["action"], "maxDuration": 30}}, ace=CONTINUE)
    stage.pick_up(stage.call())
    stage.wait(30)
    assert stage.ended == ("TIMEOUT", "ANSWERED")
    assert stage.last("dice")["duration"] == 30


def test_a_duration_of_more_than_four_hours_is_cut() -> None:
    stage = Stage(ice={"action": {**DIAL["action"], "maxDuration": 99_999}}, ace=CONTINUE)
    stage.pick_up(stage.call())
    stage.wait(14_400)
    assert stage.ended[0] == "TIMEOUT"
    assert "maxDuration is more than 14400" in stage.warnings


def test_tones_on_pickup_are_heard_by_the_callee() -> None:
    stage = Stage(ice={"action": {**DIAL["action"], "dtmf": "w12#"}}, ace=CONTINUE)
    stage.pick_up(stage.call())
    assert stage.heard("callee") == ["w12#"]


def test_sip_gets_headers_and_cookies_that_begin_with_x() -> None:
    """2.8, 3.3"""
    cookie = {"name": "setCookie", "key": "X-Topic", "value": "sales"}
    sip = {
        "name": "connectSip",
        "destination": {"type": "sip", "endpoint": "ada@example.com"},
        "callHeaders": [{"key": "X-More", "value": "1"}],
    }
    stage = Stage(ice={"instructions": [cookie], "action": sip}, ace=CONTINUE)
    stage.pick_up(stage.call())
    assert stage.rang.headers == {"X-More": "1", "X-Topic": "sales"}
    assert "ace" in stage.names


def test_an_app_gets_call_headers_in_either_spelling() -> None:
    to = {"type": "username", "endpoint": "grace"}
    headers = [{"key": "a", "value": "b"}]
    stage = Stage(ice={"action": {"name": "connectMXP", "destination": to, "callheaders": headers}})
    stage.call()
    assert stage.rang.headers == {"a": "b"}


def test_a_stream_is_connected() -> None:
    stream = {
        "name": "connectStream",
        "destination": {"type": "Websocket", "endpoint": "wss://x"},
        "streamingOptions": {"version": 1, "sampleRate": 44100},
    }
    stage = Stage(ice={"action": stream})
    call = stage.call()
    stage.pick_up(call)
    assert (stage.rang.kind, stage.rang.to) == ("stream", "wss://x")
    assert stage.names == ["ice"]
    stage.hang_up(call)
    assert stage.last("dice")["to"] == {"type": "number", "endpoint": "46850000000"}


def test_prompts_after_pickup_are_for_the_caller_or_by_a_switch_for_the_callee() -> None:
    """1: media commands play to the caller side"""
    for audience in ("caller", "callee"):
        whisper = {"name": "say", "text": "Whisper.", "locale": "en-US"}
        stage = Stage(ice=DIAL, ace={"instructions": [whisper], **CONTINUE}, ace_audience=audience)
        stage.pick_up(stage.call())
        stage.wait(5)
        assert stage.heard(audience)[-1] == "Whisper."
        assert stage.told(Connected), "and then they talk"


def test_a_menu_after_pickup_asks_the_callee_or_by_a_switch_the_caller() -> None:
    """left open: whom a menu is for that replies to ACE"""
    for audience in ("callee", "caller"):
        stage = Stage(
            ice=DIAL, ace=menu("1=return(take)"), pie=CONTINUE, dice=[b""], bridged_menu=audience
        )
        call = stage.call()
        stage.pick_up(call)
        assert stage.heard(audience)[-1] == "Press a key."
        stage.press(call, "1")
        assert stage.told(Connected), "and then they talk"


def test_people_answer_by_themselves() -> None:
    people = (Person(address="+46850000001", does="busy", after=2_000), Person(address="*"))
    stage = Stage(ice=DIAL, setup={"people": people})
    stage.call()
    stage.wait(2)
    assert stage.ended[1] == "BUSY"
    to = {"type": "username", "endpoint": "grace"}
    stage = Stage(
        ice={"action": {"name": "connectMxp", "destination": to}}, setup={"people": people}
    )
    stage.call()
    stage.wait(3)
    assert stage.told(Connected)


# -- answering machines ---------------------------------------------------------------------------


def amd(**fields: Any) -> dict[str, Any]:
    return {"action": {**DIAL["action"], "amd": {"enabled": True, **fields}}}


@pytest.mark.parametrize(
    ("voice", "status", "reason"),
    [
        ("human", "human", "n/a"),
        ("machine", "machine", "longgreeting"),
        ("unsure", "notsure", "initialsilence"),
    ],
)
def test_the_pickup_waits_for_the_verdict(voice: str, status: str, reason: str) -> None:
    """3.7, sync; the duration is whole seconds, or typed SDKs can't read the event"""
    stage = Stage(ice=amd(), ace=CONTINUE)
    stage.pick_up(stage.call(), voice=voice)
    assert stage.names == ["ice"]
    stage.wait(5)
    assert stage.last("ace")["amd"] == {"status": status, "reason": reason, "duration": 3}


def test_a_beep_makes_the_verdict() -> None:
    stage = Stage(ice=amd(), ace=CONTINUE)
    call = stage.call()
    stage.pick_up(call, voice="machine")
    stage.wait(1)
    stage.beep(call)
    assert stage.last("ace")["amd"] == {"status": "machine", "reason": "beep", "duration": 1}


def test_hanging_up_before_the_verdict_is_one() -> None:
    stage = Stage(ice=amd(), ace=CONTINUE)
    call = stage.call()
    stage.pick_up(call)
    stage.hang_up(call, "callee")
    assert stage.last("ace")["amd"]["status"] == "hangup"
    assert stage.ended == ("CALLEEHANGUP", "ANSWERED")


def test_an_asynchronous_verdict_comes_as_news() -> None:
    """3.7, async; 8.10: the first ACE says inprogress, or nothing"""
    for first in ("inprogress", "absent"):
        stage = Stage(ice=amd(**{"async": True}), ace=CONTINUE, async_ace=first)
        call = stage.call()
        stage.pick_up(call, voice="machine")
        assert stage.last("ace").get("amd", {}).get("status", "absent") == first
        stage.wait(3)
        news = stage.last("notify")
        assert (news["type"], news["amd"]["status"]) == ("amd", "machine")
        assert "timestamp" not in news
        stage.beep(call)
        news = stage.last("notify")
        assert (news["type"], news["amd"]["reason"]) == ("amd_beep", "beep")


# -- parking --------------------------------------------------------------------------------------


PARK = {
    "name": "park",
    "locale": "en-US",
    "introPrompt": "#tts[Please hold.]",
    "holdPrompt": "#tts[Still there?]",
    "maxDuration": 60,
}


def test_a_parked_call_hears_one_intro_and_the_hold_prompt_again_and_again() -> None:
    stage = Stage(ice={"instructions": [ANSWER], "action": PARK})
    stage.call()
    stage.wait(10)
    heard = stage.heard()
    assert heard[0] == "Please hold."
    assert len(heard) > 3
    assert set(heard[1:]) == {"Still there?"}


def test_when_parking_ends_the_running_prompt_finishes() -> None:
    stage = Stage(ice={"instructions": [ANSWER], "action": {**PARK, "maxDuration": 10}})
    stage.call()
    stage.wait(20)
    last = stage.told(Heard)[-1]
    assert stage.ended == ("TIMEOUT", "ANSWERED")
    assert stage.transcript[-1].at == last.at + last.duration


def test_unparking_stops_the_prompt_at_once_and_takes_any_reply() -> None:
    """3.3, 4.2"""
    stage = Stage(ice={"instructions": [ANSWER], "action": PARK}, ace=CONTINUE)
    call = stage.call()
    stage.wait(1.5)
    assert stage.rest("PATCH", f"/calling/v1/calls/id/{call}", DIAL)[0] == 200
    assert stage.rang.to == "+46850000001"
    stage.pick_up(call)
    stage.wait(5)
    assert stage.heard()[-1] == ""
    assert stage.told(Connected)


def test_svaml_within_a_string_is_taken_with_a_warning_or_not_at_all() -> None:
    """As `res.json(formatIceResponse(..))` of the Node SDK makes it"""
    reply = json.dumps(json.dumps(say("Hello."))).encode()
    stage = Stage(ice=reply)
    stage.call()
    assert stage.heard() == ["Hello."]
    assert "JSON within a string" in stage.warnings
    stage = Stage(ice=reply, string_reply="illegal")
    stage.call()
    assert stage.ended == ("CALLBACKERROR", "FAILED")
    for nothing in (b'""', b'"hello"', b'"\\"{}\\""'):
        stage = Stage(ice=nothing)
        stage.call()
        assert stage.ended == ("CALLBACKERROR", "FAILED"), nothing


# -- recording ------------------------------------------------------------------------------------


def record(**options: Any) -> dict[str, Any]:
    return {
        "name": "startRecording",
        "options": {"destinationUrl": "azure://acct/box/my.mp3", **options},
    }


def test_news_of_a_recording_come_after_the_end() -> None:
    """2.7, 3.5"""
    transcribe = {"transcriptionOptions": {"enabled": True, "locale": "en-US"}}
    stage = Stage(ice={"instructions": [ANSWER, record(**transcribe)], **DIAL}, ace=CONTINUE)
    call = stage.call()
    stage.pick_up(call)
    stage.hang_up(call)
    stage.wait(120)
    assert stage.names == ["ice", "ace", "dice", "notify", "notify", "notify"]
    told = [(each["type"], each.get("destination")) for each in stage.events[3:]]
    assert told == [
        ("recording_finished", None),
        ("recording_available", "azure://acct/box/my.mp3"),
        ("transcription_available", "azure://acct/box/my-transcript.json"),
    ]


def test_a_recording_without_news_is_silent_and_may_be_stopped() -> None:
    stop = {"name": "stopRecording"}
    quiet = record(notificationEvents=False)
    stage = Stage(ice={"instructions": [ANSWER, quiet, stop, quiet], **HANGUP})
    stage.call()
    stage.wait(120)
    assert [each.state for each in stage.told(Recording)] == [
        "started",
        "finished",
        "started",
        "finished",
        "available",
        "available",
    ]
    assert "notify" not in stage.names


@pytest.mark.parametrize("place", ["s3://bucket", "s3://bucket/folder/", "azure://acct/box.1"])
def test_a_file_without_a_name_gets_sinchs(place: str) -> None:
    stage = Stage(ice={"instructions": [record(destinationUrl=place)], **HANGUP})
    call = stage.call()
    (started, *_) = stage.told(Recording)
    assert started.destination.startswith(f"{place.rstrip('/')}/20260101090000_")
    assert started.destination.endswith(f"_{call}.mp3")


@pytest.mark.parametrize("place", ["s3://bucket/my.mp3", "s3://bucket/folder/my.mp3"])
def test_a_file_keeps_the_name_that_it_is_given(place: str) -> None:
    stage = Stage(ice={"instructions": [record(destinationUrl=place)], **HANGUP})
    stage.call()
    assert {each.destination for each in stage.told(Recording)} == {place}


def test_calls_to_apps_are_not_recorded() -> None:
    to = {"type": "username", "endpoint": "grace"}
    action = {"name": "connectMxp", "destination": to}
    stage = Stage(ice={"instructions": [record()], "action": action})
    call = stage.call()
    stage.pick_up(call)
    stage.hang_up(call)
    assert "notify" not in stage.names
    assert "ignored with connectMxp" in stage.warnings


# -- acts that nobody could do --------------------------------------------------------------------


def test_what_nobody_could_do_is_said_to_be_so() -> None:
    stage = Stage(ice=DIAL)
    call = stage.call()
    acts: dict[Callable[[], None], str] = {
        lambda: stage.press("nowhere", "1"): 'no call has the id "nowhere"',
        lambda: stage.press(call, "x"): "are no keys",
        lambda: stage.press(call, "1", "callee"): "callee is ringing",
        lambda: stage.hang_up(call, "callee"): "callee is ringing",
        lambda: stage.press(call, "1", "bob"): 'no "bob": there is caller, callee',
    }
    for act, message in acts.items():
        with pytest.raises(EmulatorError, match=message):
            act()
    stage.hang_up(call)
    with pytest.raises(EmulatorError, match="not on the line any more"):
        stage.hang_up(call)


def test_what_is_not_heard_is_told_with_what_was() -> None:
    stage = Stage(ice=say("Welcome."))
    stage.call(to=NUMBER)
    with pytest.raises(MissedError, match=r'did not hear "goodbye": .*"Welcome."'):
        stage.hear("goodbye")
