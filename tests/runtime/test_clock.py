"""What time it is in a call: one answer for the whole event, written in one way."""

import asyncio
import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from time import monotonic

from structlog.testing import capture_logs

from ivrflow.clock import as_text
from ivrflow.library import Library
from ivrflow.machine.events import Incoming
from ivrflow.machine.lookups import Lookup
from ivrflow.runtime.lookups import Nobody
from ivrflow.runtime.rescue import LastWords
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.memory import MemoryStore

INCOMING = Incoming(app="key", call="call-1", caller="+46701234567")

CLOCK = """\
flow: clock
start: tell
locale: en-US
records: {seen: {value: integer, expires: 1m}}
on: {error: tell}
states:
  tell:
    do: [WORK]
    say: "It is {{ now }}."
    hangup:
"""


def library(directory: Path, work: str) -> Library:
    (directory / "clock.flow.yaml").write_text(CLOCK.replace("WORK", work))
    opened, checked = Library.open(directory, PLATFORM)
    assert opened is not None, checked.diagnostics
    return opened


def test_an_event_has_one_time_for_its_words_its_records_and_its_journal(tmp_path: Path) -> None:
    begun = datetime(2026, 11, 23, 10, tzinfo=UTC)
    read: list[datetime] = []

    def clock() -> datetime:
        read.append(begun + timedelta(hours=len(read)))
        return read[-1]

    async def story() -> None:
        store = MemoryStore()
        opened = library(tmp_path, "count: {record: seen}")
        turns = Turns(opened, store, Policy(), now=clock)
        answer = await turns.answer(INCOMING, arrived=monotonic())
        assert b"It is 2026-11-23T10:00:00Z." in answer.body
        (row,) = await store.journal("key", "call-1")
        assert row.at == int(begun.timestamp() * 1000)
        assert read == [begun]

    asyncio.run(story())


def test_a_fallback_server_writes_the_time_as_the_main_one_does(tmp_path: Path) -> None:
    words = LastWords(library(tmp_path, "answer"), {})
    answer = asyncio.run(words.answer(INCOMING, arrived=0.0))
    (said,) = [each["text"] for each in json.loads(answer.body)["instructions"] if "text" in each]
    told = said.removeprefix("It is ").removesuffix(".")
    assert told == as_text(datetime.fromisoformat(told))


def test_a_moment_is_written_in_utc() -> None:
    stockholm = timezone(timedelta(hours=1))
    assert as_text(datetime(2026, 11, 23, 11, 0, 0, 999, stockholm)) == "2026-11-23T10:00:00Z"


def test_turns_without_an_asker_say_so_once() -> None:
    nobody = Nobody()
    asked = Lookup(name="find", method="GET", url="https://bank.example/", timeout=1)
    with capture_logs() as logged:
        for _ in range(2):
            found = asyncio.run(nobody.look_up(asked, "", 0.0))
            assert found.outcome == "error"
    assert [each["event"] for each in logged] == [
        "every look-up fails: these turns were given no asker"
    ]
