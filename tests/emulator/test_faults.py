"""Faults on demand: what a network does to callbacks."""

import asyncio
import json

import pytest
from emulator.stage import CONTINUE, DIAL, FALLBACK, HANGUP, Stage, menu, say

from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.setup import Application, Fault, Setup
from ivrflow.emulator.transcript import Received
from ivrflow.errors import EmulatorError


def test_a_delayed_callback_arrives_later_and_still_counts() -> None:
    stage = Stage(ice=say("Hello."))
    stage.platform.inject(Fault(kind="delay", ms=3_000))
    stage.call()
    assert not stage.events
    stage.wait(3)
    assert stage.heard() == ["Hello."]


def test_a_callback_that_is_delayed_too_long_is_answered_in_vain() -> None:
    """The primary was slow, then came the fallback: one event, twice."""
    stage = Stage(ice=say("Hello."), application={"fallback": FALLBACK})
    stage.platform.inject(Fault(kind="delay", ms=6_000))
    stage.call()
    stage.wait(7)
    first, *_, late = [each for each in stage.posted if b'"ice"' in each[2]]
    assert (first[0], first[2]) == (FALLBACK, late[2])
    used = [each.used for each in stage.told(Received) if each.event == "ice" and each.status]
    assert used == [True, False]
    assert stage.heard() == ["Hello."]


def test_a_lost_answer_leads_to_the_fallback_too() -> None:
    stage = Stage(ice=say("Hello."), application={"fallback": FALLBACK})
    stage.platform.inject(Fault(kind="lose", event="ice"))
    stage.call()
    assert stage.names == ["ice"]
    assert not stage.heard()
    stage.wait(5)
    assert [each[0] for each in stage.posted][1] == FALLBACK
    assert stage.heard() == ["Hello."]


def test_a_duplicate_moves_nothing() -> None:
    stage = Stage(ice=menu("1=return(a)"), pie=HANGUP)
    stage.platform.inject(Fault(kind="duplicate", event="pie"))
    stage.press(stage.call(), "1")
    assert stage.names == ["ice", "pie", "pie", "dice"]
    assert len({each[2] for each in stage.posted if b'"pie"' in each[2]}) == 1


def test_reordered_events_come_after_the_next() -> None:
    record = {"name": "startRecording", "options": {"destinationUrl": "s3://b/f.mp3"}}
    stage = Stage(ice={"instructions": [record], **HANGUP})
    stage.platform.inject(Fault(kind="reorder", event="dice"))
    stage.call()
    assert stage.names == ["ice", "notify", "dice"]


def test_a_reordered_event_without_a_next_comes_late() -> None:
    stage = Stage(ice=HANGUP)
    stage.platform.inject(Fault(kind="reorder", event="dice"))
    stage.call()
    assert stage.names == ["ice"]
    stage.wait(5)
    assert stage.names == ["ice", "dice"]


def test_faults_count_down_and_choose_their_call() -> None:
    stage = Stage(ice=HANGUP)
    another = stage.call()
    stage.events.clear()
    stage.platform.inject(Fault(kind="drop", event="ice", times=2, call=another))
    stage.call()
    assert stage.names == ["ice", "dice"]
    stage.platform.inject(Fault(kind="drop", event="ice", times=2))
    for expected in (0, 0, 1):
        before = stage.names.count("ice")
        stage.call()
        assert stage.names.count("ice") - before == expected


def test_a_callback_is_sent_again_byte_for_byte() -> None:
    stage = Stage(ice=DIAL, ace=CONTINUE)
    call = stage.call()
    stage.pick_up(call)
    stage.platform.resend(call, "ice")
    stage.platform.resend(call)
    stage.run(stage.box.settle())
    assert stage.names == ["ice", "ace", "ice", "ace"]
    assert stage.posted[0][2] == stage.posted[2][2]
    assert [each.used for each in stage.told(Received)] == [True, True, False, False]
    with pytest.raises(EmulatorError, match="sent no dice yet"):
        stage.platform.resend(call, "dice")


def test_an_answer_that_comes_after_the_hangup_is_not_used() -> None:
    stage = Stage(ice=say("Hello."))
    stage.platform.inject(Fault(kind="delay", ms=1_000))
    call = stage.call()
    stage.hang_up(call)
    stage.wait(2)
    assert stage.ended == ("CANCEL", "NOANSWER")
    assert not stage.heard()
    assert sorted(stage.names) == ["dice", "ice"]


def test_who_answers_one_event_of_a_call_at_a_time_is_not_waited_for_by_itself() -> None:
    """The platform's time passes within the answer, and the same callback comes once more."""
    line = asyncio.Lock()
    answered: list[str] = []

    async def handle(url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        async with line:
            event = json.loads(body)["event"]
            await box.wait(1_000 if event == "ice" else 0)
            answered.append(event)
            return 200, json.dumps(HANGUP).encode()

    async def story() -> None:
        async with asyncio.timeout(20):
            box.platform.inject(Fault(kind="duplicate", event="ice"))
            await box.call()
            await box.wait(10_000)

    application = Application(key="key", primary="http://app.example/")
    box = InProcess(Setup(applications=(application,)), handle)
    asyncio.run(story())
    assert sorted(answered) == ["dice", "ice", "ice"]
