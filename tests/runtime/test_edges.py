"""What once went wrong, or nearly, at the edges of the turn."""

import asyncio
import io
import json
import sys
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from ivrflow.library import Library
from ivrflow.machine.events import Answered, Chosen, Digits, Incoming, MenuFailed, Unknown
from ivrflow.runtime.answer import fill
from ivrflow.runtime.deadline import Deadlines, LateError
from ivrflow.runtime.mailbox import Mailbox
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.server.accepting import environment_suffices
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import Place
from ivrflow.store.memory import MemoryStore
from ivrflow.telemetry import logs

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}


def library(directory: Path, flow: str) -> Library:
    (directory / "f.flow.yaml").write_text(flow)
    opened, checked = Library.open(directory, PLATFORM)
    assert opened is not None, checked.diagnostics
    return opened


async def send(turns: Turns, event: Any) -> Any:
    answer = await turns.answer(event, arrived=monotonic())
    assert answer.status == 200
    return json.loads(answer.body) if answer.body else None


@pytest.mark.parametrize("stray", [Answered(**CALL), Unknown(**CALL, name="news")])
def test_a_stray_event_is_no_offer(tmp_path: Path, first_flow: str, stray: Any) -> None:
    """A stale key after it is answered with the menu, not with the answer to the stray event."""

    async def story(restart: bool) -> None:
        store = MemoryStore()
        turns = Turns(library(tmp_path, first_flow), store, Policy())
        menu = await send(turns, Incoming(**CALL))
        await send(turns, stray)
        if restart:
            turns = Turns(turns.library, store, Policy())
        stale = Chosen(**CALL, value="sales", offer=7, menu="main")
        assert await send(turns, stale) == menu

    asyncio.run(story(restart=False))
    asyncio.run(story(restart=True))


ROOM = """
flow: meeting
start: meet
states:
  meet:
    conference: {id: weekly, dtmf: detect}
    on: {digits: {do: [log: "{{ input }}"]}}
"""


def test_an_odd_menu_result_does_not_end_a_conference(tmp_path: Path) -> None:
    async def story() -> None:
        turns = Turns(library(tmp_path, ROOM), MemoryStore(), Policy())
        room = await send(turns, Incoming(**CALL))
        assert await send(turns, MenuFailed(**CALL, menu="weekly")) == room
        digits = Digits(**CALL, digits="5", menu="weekly")
        assert await send(turns, digits) is None
        live = turns.live.get(("key", "call-1"))
        assert live is not None
        assert live.session.wait == "conference"

    asyncio.run(story())


SPOKEN = """
flow: spoken
start: greet
states:
  greet:
    do: [locale: "{{ call.custom }}"]
    say: Hello.
    hangup:
"""


def test_a_caller_chooses_no_locale_that_is_none(tmp_path: Path) -> None:
    async def story() -> None:
        turns = Turns(library(tmp_path, SPOKEN), MemoryStore(), Policy())
        said = await send(turns, Incoming(**CALL, custom="a];#tts[x]\x01HOME\x01"))
        assert "tts" not in json.dumps(said)
        fresh = await send(turns, Incoming(app="key", call="call-2", custom="sv-SE"))
        assert fresh["instructions"][1]["locale"] == "sv-SE"

    asyncio.run(story())


def test_the_environment_fills_credentials_alone() -> None:
    body = b'{"text":"\\u0001KEY\\u0001","credentials":"\\u0001KEY\\u0001:eu"}'
    assert fill(body, {"KEY": "canary"}) == (
        b'{"text":"\\u0001KEY\\u0001","credentials":"canary:eu"}'
    )


class Waiting:
    """A commit that never comes."""

    def __init__(self) -> None:
        self.done: asyncio.Future[Place] = asyncio.get_running_loop().create_future()

    def withdraw(self) -> bool:
        return True


def test_each_turn_is_late_at_its_own_deadline() -> None:
    async def story() -> None:
        deadlines = Deadlines()
        now = monotonic()
        slow = asyncio.create_task(deadlines.committed(now + 30, Waiting()))
        await asyncio.sleep(0)
        with pytest.raises(LateError):
            await asyncio.wait_for(deadlines.committed(now + 0.05, Waiting()), 5)
        slow.cancel()

    asyncio.run(story())


def test_a_visitor_who_gives_up_holds_nobody_up() -> None:
    async def story() -> None:
        mailbox = Mailbox()
        key = ("key", "call-1")
        assert mailbox.try_enter(key)
        impatient = asyncio.create_task(mailbox.enter(key))
        patient = asyncio.create_task(mailbox.enter(key))
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.sleep(0)
        mailbox.leave(key)
        await asyncio.wait_for(patient, 1)
        mailbox.leave(key)
        assert mailbox.try_enter(key)

    asyncio.run(story())


class Full(io.StringIO):
    def write(self, text: str) -> int:
        raise OSError("no space left on device")


def test_a_log_that_cannot_be_written_costs_no_answer(
    tmp_path: Path, first_flow: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", Full())
    logger = logs.StderrLogger()
    monkeypatch.setattr(logs._Direct, "logger", logger)

    async def story() -> None:
        turns = Turns(library(tmp_path, first_flow), MemoryStore(), Policy())
        assert (await send(turns, Incoming(**CALL)))["action"]["name"] == "runMenu"

    asyncio.run(story())


def test_an_edit_that_reads_what_the_server_has_not_stays_out(
    tmp_path: Path, first_flow: str
) -> None:
    opened = library(tmp_path, first_flow)
    opened.accept(environment_suffices({}))
    before = opened.current
    record = 'do: [record: {to: "s3://b", credentials: "{{ env.S3_KEY }}"}]\n    say: Welcome'
    (tmp_path / "f.flow.yaml").write_text(first_flow.replace("say: Welcome", record))
    opened.reload()
    assert "S3_KEY" in opened.problem
    assert opened.current is before
