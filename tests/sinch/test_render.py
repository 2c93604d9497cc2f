"""Replies to SVAML: what the platform gets for each action and instruction."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.machine import replies
from ivrflow.machine.replies import Audio, Hangup, Key, Reply, Say, Ssml
from ivrflow.sinch.limits import MAX_TEXT
from ivrflow.sinch.render import prompt_text, render, split
from ivrflow.sinch.svaml import Svaml


def svaml(action: replies.Action, *instructions: replies.Instruction, number: int = 7) -> Any:
    """Render, and check by decoding against the types of the wire."""
    sent = render(Reply(number=number, instructions=instructions, action=action))
    msgspec.json.decode(sent, type=Svaml)
    return json.loads(sent)


def test_a_menu_numbers_what_it_returns() -> None:
    menu = replies.Menu(
        prompt=(Say(text="Press 1; or 2]", voice="en-US"), Audio(url="https://x/a;b.mp3")),
        reprompt=(Say(text="Again.", voice="en-US"),),
        voice="en-US",
        repeats=2,
        timeout=4000,
        keys=(Key(key="1", value="sales"), Key(key="*", value="*", words=("again", "repeat"))),
        max_digits=4,
        speech=True,
    )
    assert svaml(menu)["action"] == {
        "name": "runMenu",
        "barge": True,
        "locale": "en-US",
        "mainMenu": "main",
        "enableVoice": True,
        "menus": [
            {
                "id": "main",
                "mainPrompt": "#tts[Press 1, or 2];#href[https://x/a%3Bb.mp3]",
                "repeatPrompt": "#tts[Again.]",
                "repeats": 2,
                "maxDigits": 4,
                "timeoutMills": 4000,
                "options": [
                    {"dtmf": "1", "action": "return(sales.7)"},
                    {"dtmf": "*", "action": "return(*.7)", "input": "again"},
                    {"dtmf": "*", "action": "return(*.7)", "input": "repeat"},
                ],
            }
        ],
    }


def test_the_same_menu_offered_again_returns_the_new_number() -> None:
    keys = (Key(key="1", value="sales"),)
    menu = replies.Menu(prompt=(Say(text="Press 1.", voice="en-US"),), voice="en-US", keys=keys)
    offers = [svaml(menu, number=number)["action"]["menus"][0] for number in (1, 2, 1)]
    assert [each["options"][0]["action"] for each in offers] == [
        "return(sales.1)",
        "return(sales.2)",
        "return(sales.1)",
    ]
    assert {each["mainPrompt"] for each in offers} == {"#tts[Press 1.]"}


def test_a_menu_without_a_reprompt_repeats_its_prompt() -> None:
    menu = replies.Menu(prompt=(Say(text="Hm?", voice="sv-SE"),), voice="sv-SE", repeats=1)
    assert svaml(menu)["action"]["menus"][0]["repeatPrompt"] == "#tts[Hm?]"


@pytest.mark.parametrize(
    ("action", "sent"),
    [
        (replies.Hangup(), {"name": "hangup"}),
        (replies.Continue(), {"name": "continue"}),
        (
            replies.ConnectNumber(
                number="+46850000001",
                cli="private",
                timeout=20_000,
                max_duration=99_000_000,
                tones="se",
                dtmf="ww1*2#",
                amd=True,
                callbacks=False,
                voice="en-US",
            ),
            {
                "name": "connectPstn",
                "number": "+46850000001",
                "locale": "en-US",
                "maxDuration": 14400,
                "dialTimeout": 20,
                "cli": "private",
                "suppressCallbacks": True,
                "dtmf": "ww12#",
                "indications": "se",
                "amd": {"enabled": True},
            },
        ),
        (
            replies.ConnectSip(address="a@b.example", transport="TLS", hold_music="music2"),
            {
                "name": "connectSip",
                "destination": {"type": "sip", "endpoint": "a@b.example"},
                "transport": "TLS",
                "moh": "music2",
            },
        ),
        (
            replies.ConnectUser(user="ada", headers={"X-A": "line\r\nbreak"}),
            {
                "name": "connectMxp",
                "destination": {"type": "username", "endpoint": "ada"},
                "callHeaders": [{"key": "X-A", "value": "line  break"}],
            },
        ),
        (
            replies.ConnectStream(url="wss://bot.example"),
            {
                "name": "connectStream",
                "destination": {"type": "Websocket", "endpoint": "wss://bot.example"},
            },
        ),
        (
            replies.Conference(room="weekly", hold_music="music1", dtmf="detect", max_digits=2),
            {
                "name": "connectConf",
                "conferenceId": "weekly",
                "conferenceDtmfOptions": {"mode": "detect", "maxDigits": 2, "timeoutMills": 3000},
                "moh": "music1",
            },
        ),
        (
            replies.Park(prompt=(Say(text="Wait.", voice="en-US"),), max_duration=1500, voice="x"),
            {"name": "park", "locale": "x", "holdPrompt": "#tts[Wait.]", "maxDuration": 2},
        ),
        (
            replies.Park(prompt=(Say(text="Wait.", voice="en-US"),), pause=12_000),
            {
                "name": "park",
                "holdPrompt": '#tts[Wait.];#ssml[<speak><break time="10000ms"/>'
                '<break time="2000ms"/></speak>]',
            },
        ),
    ],
    ids=lambda each: type(each).__name__,
)
def test_each_action_is_sent_as_the_platform_wants_it(
    action: replies.Action, sent: dict[str, object]
) -> None:
    assert svaml(action)["action"] == sent


def test_each_instruction_is_sent_as_the_platform_wants_it() -> None:
    sent = svaml(
        Hangup(),
        replies.Answer(),
        Say(text="Hi.\nThere.", voice="en-US"),
        Ssml(text="<b>x</b>", voice="sv-SE"),
        Audio(url="https://x/y.mp3"),
        replies.SendDtmf(tones="1w#"),
        replies.StartRecording(
            to="s3://b/k", credentials="\x01KEY\x01:eu", format="mp3", transcribe="en"
        ),
        replies.StopRecording(),
    )
    assert sent["instructions"] == [
        {"name": "answer"},
        {"name": "say", "text": "Hi. There.", "locale": "en-US"},
        {"name": "playFiles", "ids": ["#ssml[<speak><b>x</b></speak>]"], "locale": "sv-SE"},
        {"name": "playFiles", "ids": ["#href[https://x/y.mp3]"]},
        {"name": "sendDtmf", "value": "1w#"},
        {
            "name": "startRecording",
            "options": {
                "destinationUrl": "s3://b/k",
                "credentials": "\x01KEY\x01:eu",
                "format": "mp3",
                "transcriptionOptions": {"enabled": True, "locale": "en"},
            },
        },
        {"name": "stopRecording"},
    ]


def test_rooms_with_long_names_stay_apart() -> None:
    names = {
        svaml(replies.Conference(room="r" * 80 + tail))["action"]["conferenceId"]
        for tail in ("a", "b")
    }
    assert len(names) == 2
    assert all(len(name) == 64 for name in names)


@given(st.text(max_size=3000))
def test_no_piece_of_a_text_is_too_long_and_no_word_is_lost(text: str) -> None:
    pieces = list(split(text))
    assert all(0 < len(piece) <= MAX_TEXT for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


def test_a_text_is_split_at_the_end_of_a_sentence() -> None:
    sentence = "This is one sentence of a long story. "
    pieces = list(split(sentence * 40))
    assert all(piece.endswith("story.") for piece in pieces)


@given(st.lists(st.text(max_size=40), max_size=5))
def test_whatever_is_said_each_part_ends_where_it_should(texts: list[str]) -> None:
    spoken = prompt_text(Say(text=text, voice="en-US") for text in texts)
    assert spoken.count("]") == spoken.count("#tts[")
    assert spoken.count(";") == max(0, spoken.count("#tts[") - 1)
