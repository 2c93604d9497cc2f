"""Conference rooms: reference, sections 2.7, 3.3 and 4.3."""

import gc
from typing import Any

import pytest
from emulator.stage import ANSWER, HANGUP, Stage, menu, say

from ivrflow.emulator.transcript import Changed, Heard, Joined, Left

PATH = "/calling/v1/conferences/id/room"


def room(**fields: Any) -> dict[str, Any]:
    action = {"name": "connectConf", "conferenceId": "room", **fields}
    return {"instructions": [ANSWER], "action": action}


def digits(mode: str, **fields: Any) -> dict[str, Any]:
    return room(conferenceDtmfOptions={"mode": mode, **fields})


def test_the_lonely_first_participant_hears_music() -> None:
    stage = Stage(ice=room(moh="music2"))
    first, second = stage.call(), stage.call()
    music = [each.call for each in stage.told(Heard) if each.kind == "music"]
    assert music == [first]
    assert [each.call for each in stage.told(Joined)] == [first, second]


def test_a_room_is_left_by_hanging_up_and_gone_with_the_last() -> None:
    stage = Stage(ice=room())
    first, second = stage.call(), stage.call()
    stage.hang_up(first)
    assert [each.call for each in stage.told(Left)] == [first]
    assert stage.rest("GET", PATH)[0] == 200
    stage.hang_up(second)
    assert stage.rest("GET", PATH)[0] == 404


@pytest.mark.parametrize(("mode", "heard"), [("ignore", 0), ("forward", 1)])
def test_keys_reach_the_others_only_if_forwarded(mode: str, heard: int) -> None:
    stage = Stage(ice=digits(mode))
    first, second = stage.call(), stage.call()
    stage.press(first, "5")
    tones = [each for each in stage.told(Heard) if each.kind == "dtmf"]
    assert [each.call for each in tones] == [second] * heard
    assert stage.names == ["ice", "ice"]


def test_detected_keys_come_as_an_event_that_wants_no_reply() -> None:
    """2.7: menuId is the room, type is sequence"""
    stage = Stage(ice=digits("detect"), pie=b"")
    call = stage.call()
    stage.press(call, "#5")
    assert stage.names == ["ice", "pie", "pie"]
    assert stage.last("pie")["menuResult"] == {
        "type": "sequence",
        "value": "5",
        "menuId": "room",
        "inputMethod": "dtmf",
    }
    assert stage.last("pie")["conferenceId"] == "room"
    assert stage.rest("GET", PATH)[1]["participants"][0]["id"] == call


@pytest.mark.parametrize(("pressed", "wait"), [("12345", 0), ("12#", 0), ("12", 3)])
def test_several_digits_end_with_their_number_pound_or_silence(pressed: str, wait: int) -> None:
    stage = Stage(ice=digits("detect", maxDigits=5))
    stage.press(stage.call(), pressed)
    stage.wait(wait)
    assert stage.last("pie")["menuResult"]["value"] == pressed.rstrip("#")


def test_who_enters_digits_is_out_of_the_room_until_they_are_sent() -> None:
    """2.7"""
    stage = Stage(ice=digits("detect", maxDigits=2))
    call = stage.call()
    stage.press(call, "1")
    assert stage.rest("GET", PATH)[1]["participants"] == []
    stage.press(call, "2")
    assert len(stage.rest("GET", PATH)[1]["participants"]) == 1
    assert [each.to for each in stage.told(Changed)] == ["away", "back"]


def test_participants_are_listed_with_their_number_and_state() -> None:
    stage = Stage(ice=room())
    call = stage.call(caller="+46701234567")
    stage.wait(35)
    assert stage.rest("PATCH", f"{PATH}/{call}", {"command": "mute"})[0] == 200
    assert stage.rest("GET", PATH)[1]["participants"] == [
        {"cli": "+46701234567", "id": call, "duration": 35, "muted": True, "onhold": False}
    ]
    stage.rest("PATCH", f"{PATH}/{call}", {"command": "unmute"})
    stage.rest("PATCH", f"{PATH}/{call}", {"command": "onhold", "moh": "music1"})
    (shown,) = stage.rest("GET", PATH)[1]["participants"]
    assert (shown["muted"], shown["onhold"]) == (False, True)
    assert stage.heard()[-1] == "music1"
    stage.rest("PATCH", f"{PATH}/{call}", {"command": "resume"})
    assert not stage.rest("GET", PATH)[1]["participants"][0]["onhold"]


def test_one_or_all_are_put_out() -> None:
    stage = Stage(ice=room())
    first, second, third = stage.call(), stage.call(), stage.call()
    assert stage.rest("DELETE", f"{PATH}/{first}")[0] == 200
    assert stage.last("dice")["callid"] == first
    assert stage.last("dice")["reason"] == "MANAGERHANGUP"
    assert stage.rest("DELETE", PATH)[0] == 200
    assert {each["callid"] for each in stage.events if each["event"] == "dice"} == {
        first,
        second,
        third,
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/calling/v1/conferences/id/nowhere", None, 40400),
        ("DELETE", "/calling/v1/conferences/id/nowhere", None, 40400),
        ("DELETE", f"{PATH}/nobody", None, 40400),
        ("PATCH", f"{PATH}/nobody", {"command": "mute"}, 40400),
        ("PATCH", f"{PATH}/CALL", {"command": "shout"}, 40001),
        ("PATCH", f"{PATH}/CALL", {}, 40002),
        ("PATCH", f"{PATH}/CALL", b"no json", 40001),
        ("POST", f"{PATH}/CALL", {}, 40500),
    ],
)
def test_what_cannot_be_done_in_a_room_is_an_error(
    method: str, path: str, body: object, code: int
) -> None:
    stage = Stage(ice=room())
    call = stage.call()
    status, error = stage.rest(method, path.replace("CALL", call), body)
    assert (status, error["errorCode"]) == (code // 100, code)
    assert error["reference"]


def test_a_prompt_and_a_menu_reach_a_participant_over_rest() -> None:
    """3.1, note 5; 4.2: the leg is ignored for participants"""
    stage = Stage(ice=room(), pie=room())
    call = stage.call()
    path = f"/calling/v1/calls/id/{call}"
    spoken = {"instructions": [{"name": "say", "text": "Last minute.", "locale": "en-US"}]}
    assert stage.rest("PATCH", f"{path}/leg/callee", spoken)[0] == 200
    assert stage.heard() == ["Last minute."]
    stage.wait(3)
    assert stage.rest("PATCH", path, menu("1=return(back)"))[0] == 200
    assert len(stage.told(Left)) == 1
    stage.press(call, "1")
    assert len(stage.told(Joined)) == 2, "and goes back into the room"


def test_a_world_that_is_thrown_away_tells_nothing_more() -> None:
    stage = Stage(ice=room())
    stage.call()
    told, before = stage.transcript, len(stage.transcript)
    del stage
    gc.collect()
    assert len(told) == before


def test_a_room_name_has_64_characters_at_most() -> None:
    stage = Stage(ice=room(conferenceId="x" * 65))
    stage.call()
    assert stage.ended[0] == "CALLBACKERROR"


def test_a_room_may_count_as_an_answer() -> None:
    """10: whether ACE is sent after connectConf, a switch"""
    stage = Stage(ice=room(), ace=say("Not here."), ace_on_conference=True)
    stage.call()
    stage.hear("not here")
    assert stage.names[:2] == ["ice", "ace"]
    stage = Stage(ice=room(), ace=HANGUP)
    stage.call()
    assert stage.names == ["ice"]
