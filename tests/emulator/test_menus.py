"""`runMenu` in full: reference, sections 2.7 and 3.4."""

import asyncio
from typing import Any

import pytest
from emulator.stage import DIAL, HANGUP, Stage, menu

from ivrflow.emulator.setup import Fault
from ivrflow.emulator.transcript import Cut, Ended, Heard
from ivrflow.errors import EmulatorError


def result(stage: Stage) -> dict[str, Any]:
    found: dict[str, Any] = stage.last("pie")["menuResult"]
    return found


def test_return_tells_its_value() -> None:
    stage = Stage(ice=menu("1=return(my value)", "2=return(b)"), pie=HANGUP)
    stage.press(stage.call(), "1")
    assert result(stage) == {
        "type": "return",
        "value": "my value",
        "menuId": "main",
        "inputMethod": "dtmf",
    }


def test_a_key_breaks_off_the_prompt_unless_barge_is_off() -> None:
    stage = Stage(ice=menu("1=return(a)"), pie=HANGUP)
    stage.press(stage.call(), "1")
    assert stage.told(Cut)[0].who == "caller"
    patient = menu("1=return(a)")
    patient["action"]["barge"] = False
    stage = Stage(ice=patient, pie=HANGUP)
    call = stage.call()
    stage.press(call, "1")
    assert stage.names == ["ice"], "a key during the prompt counts for nothing"
    stage.wait(2)
    stage.press(call, "1")
    assert stage.names == ["ice", "pie", "dice"]


def test_keys_pressed_too_early_may_be_kept() -> None:
    patient = menu("1=return(a)")
    patient["action"]["barge"] = False
    stage = Stage(ice=patient, pie=HANGUP, type_ahead=True)
    call = stage.call()
    stage.press(call, "1")
    assert stage.names == ["ice"]
    stage.wait(2)
    assert result(stage)["value"] == "a"


def test_silence_repeats_the_repeat_prompt_and_then_times_out() -> None:
    """5 s of silence by default, as many repeats as are given"""
    stage = Stage(ice=menu("1=return(a)", repeatPrompt="#tts[Again.]", repeats=2), pie=HANGUP)
    stage.call()
    stage.wait(60)
    heard = stage.told(Heard)
    assert [each.text for each in heard] == ["Press a key.", "Again.", "Again."]
    assert heard[1].at - heard[0].at == heard[0].duration + 5_000
    assert result(stage) == {"type": "timeout", "menuId": "main"}


def test_without_repeat_prompt_the_main_prompt_comes_again() -> None:
    stage = Stage(ice=menu("1=return(a)", repeats=1), pie=HANGUP)
    stage.call()
    stage.wait(60)
    assert stage.heard() == ["Press a key."] * 2


def test_how_often_it_repeats_by_default_is_a_switch() -> None:
    for repeats in (0, 3):
        stage = Stage(ice=menu("1=return(a)"), pie=HANGUP, repeats=repeats)
        stage.call()
        stage.wait(60)
        assert len(stage.heard()) == 1 + repeats


def test_wrong_keys_repeat_and_then_are_invalid() -> None:
    stage = Stage(ice=menu("1=return(a)", repeats=1), pie=HANGUP)
    call = stage.call()
    stage.press(call, "7")
    assert stage.names == ["ice"]
    stage.press(call, "8")
    assert result(stage) == {
        "type": "invalidinput",
        "value": "8",
        "menuId": "main",
        "inputMethod": "dtmf",
    }


def test_a_menu_leads_to_another_without_a_callback() -> None:
    reply = menu("2=menu(pin)")
    reply["action"]["menus"].append({"id": "pin", "mainPrompt": "#tts[PIN?]", "maxDigits": 4})
    stage = Stage(ice=reply, pie=HANGUP)
    call = stage.call()
    stage.press(call, "2")
    assert stage.names == ["ice"]
    stage.press(call, "1234")
    assert stage.heard() == ["Press a key.", "PIN?"]
    assert result(stage) == {
        "type": "sequence",
        "value": "1234",
        "menuId": "pin",
        "inputMethod": "dtmf",
    }


@pytest.mark.parametrize(
    ("pressed", "value", "waits"),
    [("1234", "1234", 0), ("12#", "12", 0), ("12", "12", 5), ("*1", "*1", 5), ("#", "", 0)],
)
def test_digits_end_with_their_number_the_pound_key_or_silence(
    pressed: str, value: str, waits: int
) -> None:
    stage = Stage(ice=menu(maxDigits=4), pie=HANGUP)
    call = stage.call()
    stage.press(call, pressed)
    if waits:
        assert stage.names == ["ice"]
        stage.wait(waits)
    assert (result(stage)["type"], result(stage)["value"]) == ("sequence", value)


def test_the_silence_between_digits_is_the_menus_own() -> None:
    stage = Stage(ice=menu(maxDigits=4, timeoutMills=2000), pie=HANGUP)
    call = stage.call()
    stage.press(call, "1")
    stage.wait(1.9)
    stage.press(call, "2")
    stage.wait(1.9)
    assert stage.names == ["ice"]
    stage.wait(0.1)
    assert result(stage)["value"] == "12"


@pytest.mark.parametrize(
    ("rule", "kind", "value"), [("option", "return", "a"), ("digits", "sequence", "1001")]
)
def test_a_choice_beside_digits_is_taken_at_once_or_after_silence(
    rule: str, kind: str, value: str
) -> None:
    """3.4: options and maxDigits may coexist; how, no document says: a switch."""
    reply = menu("1=return(a)", maxDigits=4)
    stage = Stage(ice=reply, pie=HANGUP, options_with_digits=rule)
    stage.press(stage.call(), "1001")
    assert (result(stage)["type"], result(stage)["value"]) == (kind, value)
    stage = Stage(ice=reply, pie=HANGUP, options_with_digits="digits")
    call = stage.call()
    stage.press(call, "1")
    stage.wait(5)
    assert (result(stage)["type"], result(stage)["value"]) == ("return", "a")


def test_the_star_is_a_choice_among_digits() -> None:
    stage = Stage(ice=menu("*=return(back)", maxDigits=4), pie=HANGUP)
    stage.press(stage.call(), "12*")
    assert result(stage)["value"] == "back"


def test_a_pound_key_alone_may_be_wrong() -> None:
    stage = Stage(ice=menu(maxDigits=4, repeats=0), pie=HANGUP, lone_pound="invalid")
    stage.press(stage.call(), "#")
    assert result(stage)["type"] == "invalidinput"


def test_hanging_up_in_a_menu_is_told_before_the_end() -> None:
    stage = Stage(ice={"instructions": [{"name": "answer"}], **menu("1=return(a)")}, pie=HANGUP)
    call = stage.call()
    stage.hang_up(call)
    assert stage.names == ["ice", "pie", "dice"]
    assert result(stage) == {"type": "hangup", "menuId": "main"}
    assert stage.ended == ("CALLERHANGUP", "ANSWERED")


def test_the_end_may_not_wait_for_the_answer_to_a_hangup() -> None:
    """2.2: nothing guarantees delivery order; a switch"""
    for waits, names in ((True, ["ice", "dice"]), (False, ["ice", "pie", "dice"])):
        stage = Stage(ice=menu("1=return(a)"), dice_waits=waits)
        stage.platform.inject(Fault(kind="drop" if waits else "lose", event="pie"))
        call = stage.call()
        stage.hang_up(call)
        assert stage.names == (["ice"] if waits else names)
        stage.wait(5)
        assert stage.names == names


@pytest.mark.parametrize(
    "change",
    [
        {"menus": []},
        {"menus": [{"id": "other"}]},
        {"menus": [{"id": "main", "options": [{"dtmf": "1", "action": "menu(nowhere)"}]}]},
        {"menus": [{"id": "main", "options": [{"dtmf": "1", "action": "sales"}]}]},
    ],
)
def test_a_menu_that_cannot_run_is_an_error(change: dict[str, Any]) -> None:
    reply = menu()
    reply["action"].update(change)
    stage = Stage(ice=reply, pie=HANGUP)
    call = stage.call()
    if not stage.told(Ended):
        stage.press(call, "1")
    assert result(stage)["type"] == "error"
    assert stage.warnings


def test_main_always_plays_first_or_main_menu_names_the_first() -> None:
    """3.4: main vs mainMenu, a switch"""
    reply = menu("1=return(a)")
    reply["action"]["menus"].insert(0, {"id": "other", "mainPrompt": "#tts[Other.]"})
    reply["action"]["mainMenu"] = "other"
    for rule, first in (("main", "Press a key."), ("mainMenu", "Other.")):
        stage = Stage(ice=reply, first_menu=rule)
        stage.call()
        assert stage.heard() == [first]


def spoken(**fields: Any) -> dict[str, Any]:
    reply = menu("1=return(sales)", **fields)
    reply["action"]["menus"][0]["options"][0]["input"] = "Sales"
    reply["action"]["enableVoice"] = True
    return reply


def test_words_choose_like_keys() -> None:
    stage = Stage(ice=spoken(), pie=HANGUP)
    stage.speak(stage.call(), "sales")
    assert result(stage) == {
        "type": "return",
        "value": "sales",
        "menuId": "main",
        "inputMethod": "voice",
    }


def test_other_words_are_wrong_and_digits_a_sequence() -> None:
    stage = Stage(ice=spoken(repeats=0), pie=HANGUP)
    stage.speak(stage.call(), "lunch")
    assert result(stage)["type"] == "invalidinput"
    stage = Stage(ice=spoken(maxDigits=4), pie=HANGUP)
    stage.speak(stage.call(), "12 34 5")
    assert (result(stage)["type"], result(stage)["value"]) == ("sequence", "1234")


def test_nobody_listens_to_words_unless_asked_to() -> None:
    stage = Stage(ice=menu("1=return(a)"), pie=HANGUP)
    stage.speak(stage.call(), "1")
    assert stage.names == ["ice"]


def test_listening_ends_at_the_cap() -> None:
    """maxTimeoutMills, 20 s by default"""
    stage = Stage(ice=spoken(), pie=HANGUP)
    stage.speak(stage.call(), "sales", lasting=60_000)
    stage.wait(19.9)
    assert stage.names == ["ice"]
    stage.wait(0.1)
    assert result(stage)["value"] == "sales"


def test_keys_as_numbers_and_any_casing_are_understood_with_a_warning() -> None:
    """3: "match case-insensitively"; 8.5: dtmf as int"""
    action = {
        "NAME": "RunMenu",
        "Menus": [{"ID": "main", "options": [{"dtmf": 1, "action": "Return(a)"}]}],
    }
    stage = Stage(ice={"Action": action}, pie=HANGUP)
    stage.press(stage.call(), "1")
    assert result(stage)["value"] == "a"
    assert "dtmf is a number" in stage.warnings
    assert '"RunMenu" is spelled "runMenu"' in stage.warnings


def test_what_an_option_adds_comes_back() -> None:
    reply = menu("1=return(a)")
    reply["action"]["menus"][0]["options"][0]["add"] = [{"key": "k", "value": "v"}]
    stage = Stage(ice=reply, pie=HANGUP)
    stage.press(stage.call(), "1")
    assert result(stage)["addToContext"] == [{"key": "k", "value": "v"}]


def test_a_loop_of_replies_that_takes_no_time_is_ended() -> None:
    broken = {"action": {"name": "runMenu", "menus": []}}
    stage = Stage(ice=broken, pie=broken)
    stage.call()
    assert stage.last("notify")["errorCode"] == 50000
    assert stage.ended[0] == "CALLBACKERROR"
    assert len(stage.events) < 60


def test_a_menu_after_pickup_and_then_the_parties_talk() -> None:
    stage = Stage(ice=DIAL, ace=menu("1=return(a)"), pie={"action": {"name": "continue"}})
    call = stage.call()
    stage.pick_up(call)
    stage.press(call, "1")
    stage.wait(60)
    stage.hang_up(call)
    assert stage.names == ["ice", "ace", "pie", "dice"]


def test_a_menu_that_cannot_be_run_is_told_as_an_error() -> None:
    stage = Stage(ice=menu("1=return(a)"), pie=HANGUP)
    call = stage.call()
    asyncio.run(stage.box.do(lambda platform: platform.break_menu(call)))
    assert result(stage) == {"type": "error", "menuId": "main"}
    with pytest.raises(EmulatorError, match="in no menu"):
        stage.platform.break_menu(call)
