"""What a call does, how it looks, and how long it is remembered."""

import pytest
from emulator.stage import CONTINUE, DIAL, Stage, menu, say

from ivrflow.emulator.look import look
from ivrflow.emulator.recordings import file_of
from ivrflow.emulator.svaml import Record
from ivrflow.emulator.transcript import Ended, Pressed
from ivrflow.errors import EmulatorError, NoSuchCallError


def test_a_menu_that_ends_by_a_hang_up_can_not_be_broken_any_more() -> None:
    stage = Stage(ice=menu("1=return(a)"), pie=RuntimeError("no answer"))
    call = stage.call()
    stage.wait(2)
    stage.hang_up(call)
    with pytest.raises(EmulatorError, match="in no menu"):
        stage.platform.break_menu(call)
    stage.wait(60)
    assert len(stage.told(Ended)) == 1
    assert stage.names[-1] == "dice"


def test_a_look_tells_what_a_call_waits_for() -> None:
    stage = Stage(ice=say("Hello.", menu("1=return(a)")))
    call = stage.platform.find(stage.call())
    assert (look(call).needs, look(call).listens) == ("", ())
    stage.wait(5)
    seen = look(call)
    assert (seen.needs, seen.doing, seen.party, seen.listens) == (
        "menu",
        "menu",
        "caller",
        ("keys",),
    )
    stage.hang_up(call.id)
    assert (look(call).over, look(call).needs, look(call).listens) == (True, "over", ())


def test_a_menu_without_choices_listens_to_nobody() -> None:
    stage = Stage(ice=menu())
    call = stage.platform.find(stage.call())
    stage.wait(3)
    assert (look(call).needs, look(call).listens) == ("", ())


def test_a_key_that_nobody_takes_is_told_as_lost() -> None:
    stage = Stage(ice=menu("1=return(a)"))
    call = stage.call()
    stage.wait(3)
    stage.press(call, "19")
    assert [(each.key, each.lost) for each in stage.told(Pressed)] == [("1", False), ("9", True)]


def test_verdict_and_beep_count_from_the_answer_and_agree() -> None:
    amd = {**DIAL["action"], "amd": {"enabled": True, "async": True}}
    stage = Stage(ice={"action": amd}, ace=CONTINUE)
    call = stage.call()
    stage.wait(20)
    stage.pick_up(call, voice="machine")
    stage.wait(1)
    stage.beep(call)
    stage.wait(10)
    news = [each for each in stage.events if each["event"] == "notify"]
    assert [(each["type"], each["amd"]) for each in news] == [
        ("amd", {"status": "machine", "reason": "beep", "duration": 1.0}),
        ("amd_beep", {"status": "machine", "reason": "beep", "duration": 1.0}),
    ]


def test_a_person_does_not_beep() -> None:
    stage = Stage(ice=DIAL, ace=CONTINUE)
    call = stage.call()
    stage.pick_up(call)
    with pytest.raises(EmulatorError, match="is no machine"):
        stage.beep(call)


@pytest.mark.parametrize(
    ("destination", "is_file"),
    [
        ("s3://bucket", False),
        ("s3://bucket/call.mp3", True),
        ("s3://bucket/folder", False),
        ("s3://bucket/folder/call.mp3", True),
        ("azure://account/container.x", False),
        ("azure://account/container/call.mp3", True),
        ("sdrive://call.mp3", True),
    ],
)
def test_a_recording_is_kept_where_the_platform_keeps_it(destination: str, is_file: bool) -> None:
    stage = Stage(ice=menu("1=return(a)"))
    call = stage.platform.find(stage.call())
    file = file_of(call, Record(destination=destination))
    made = f"{destination}/20260101090000_{call.app.key}_{call.id}.mp3"
    assert file == (destination if is_file else made)


def test_only_the_last_calls_that_are_over_are_remembered() -> None:
    stage = Stage(ice=say("Hello."), setup={"keeps": 2})
    calls = []
    for _ in range(5):
        calls.append(stage.call())
        stage.wait(60)
    assert list(stage.platform.world.calls) == calls[-2:]
    entries, following = stage.platform.entries(0)
    assert {each.call for each in entries if isinstance(each, Ended)} == set(calls[-2:])
    assert stage.platform.entries(following) == ([], following)
    with pytest.raises(NoSuchCallError):
        stage.platform.find(calls[0])


def test_what_nobody_knows_in_a_callout_is_told() -> None:
    stage = Stage()
    to = {"type": "number", "endpoint": "+46701234567"}
    details = {"cli": "+46850000000", "destination": to, "text": "Hi.", "enabelAce": True}
    body = {"method": "ttsCallout", "ttsCallout": details}
    assert stage.rest("POST", "/calling/v1/callouts", body)[0] == 200
    assert '"enabelAce", which nobody knows' in stage.warnings
