"""The turn: one event, one commit, one reply, whatever happens in between."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest

from ivrflow.errors import StoreUnavailableError
from ivrflow.library import Library
from ivrflow.machine.events import (
    Answered,
    Chosen,
    Ended,
    Event,
    Incoming,
    MenuFailed,
    MenuHangup,
    NoInput,
    Notified,
    Unknown,
)
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.runtime.answer import Answer
from ivrflow.runtime.live import RESCUED
from ivrflow.runtime.rescue import LastWords
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.store.base import Commit, Draft, Place, Store, Stored, Turn
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}
INCOMING = Incoming(**CALL, at="10:00", caller="+46701234567", called="+46850000000")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Slow(MemoryStore):
    """A store whose commits are held back until they are let go."""

    def __init__(self, *, taken: bool) -> None:
        super().__init__()
        self.taken = taken
        self.held: list[Held] = []
        self.holds = True

    def submit(self, turn: Turn | Draft) -> Commit:
        if not self.holds:
            return super().submit(turn)
        held = Held(self, turn)
        self.held.append(held)
        return held

    def commit(self, turn: Turn | Draft) -> Commit:
        return super().submit(turn)


class Held:
    """A commit that is in line, or (`taken`) on its way to the disk."""

    def __init__(self, slow: Slow, turn: Turn | Draft) -> None:
        self.slow = slow
        self.turn = turn
        self.withdrawn = False
        self.done: asyncio.Future[Place] = asyncio.get_running_loop().create_future()

    def withdraw(self) -> bool:
        self.withdrawn = not self.slow.taken
        return self.withdrawn

    async def let_go(self) -> None:
        self.done.set_result(await self.slow.commit(self.turn).done)


class Broken(MemoryStore):
    """A store that refuses."""

    async def load(self, app: str, call: str) -> Stored | None:
        raise StoreUnavailableError("the disk is full")


@pytest.fixture
def library(tmp_path: Path, first_flow: str) -> Library:
    (tmp_path / "first.flow.yaml").write_text(first_flow)
    opened, _ = Library.open(tmp_path, PLATFORM)
    assert opened is not None
    return opened


def turns(library: Library, store: Store, **policy: Any) -> Turns:
    return Turns(library, store, Policy(**policy), now=lambda: NOW)


async def send(answering: Turns | LastWords, event: Event) -> Answer:
    return await answering.answer(event, arrived=monotonic())


def action(answer: Answer) -> str:
    return str(json.loads(answer.body)["action"]["name"])


def press(value: str, offer: int, at: str = "10:01") -> Chosen:
    return Chosen(**CALL, at=at, value=value, offer=offer, menu="main")


Story = Callable[[], Awaitable[None]]


def tell(story: Story) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


def test_a_duplicate_gets_the_same_bytes_and_moves_nothing(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        served = turns(library, store)
        first = await send(served, INCOMING)
        pressed = await send(served, press("sales", 1))
        assert await send(served, INCOMING) == first
        assert await send(served, press("sales", 1)) == pressed
        assert len(await store.journal("key", "call-1")) == 2

    tell(story)


def test_duplicates_all_at_once_share_one_turn(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        served = turns(library, store)
        answers = await asyncio.gather(*[send(served, INCOMING) for _ in range(50)])
        assert len({answer.body for answer in answers}) == 1
        assert len(await store.journal("key", "call-1")) == 1
        await store.close()

    tell(story)


def test_different_keys_pressed_for_one_menu_move_it_once(library: Library) -> None:
    async def story() -> None:
        served = turns(library, MemoryStore())
        await send(served, INCOMING)
        first, second = await asyncio.gather(
            send(served, press("sales", 1)), send(served, press("support", 1, "10:02"))
        )
        assert action(first) == "connectPstn"
        assert second == first, "the second press answers an offer that is over"

    tell(story)


def test_a_late_turn_that_waits_in_line_never_happened(library: Library) -> None:
    async def story() -> None:
        slow = Slow(taken=False)
        served = turns(library, slow, deadline=0.05)
        answer = await send(served, INCOMING)
        assert action(answer) == "hangup"
        assert slow.held[0].withdrawn
        slow.holds = False
        assert action(await send(served, INCOMING)) == "runMenu"

    tell(story)


def test_a_late_turn_on_its_way_to_disk_is_replaced_by_what_was_said(library: Library) -> None:
    async def story() -> None:
        slow = Slow(taken=True)
        served = turns(library, slow, deadline=0.05)
        answer = await send(served, INCOMING)
        assert action(answer) == "hangup"
        slow.holds = False
        await slow.held[0].let_go()
        await served.drain()
        rows = await slow.journal("key", "call-1")
        assert [row.flags for row in rows] == [0, RESCUED]
        assert await send(served, INCOMING) == answer, "the duplicate hears the same"
        late = await send(served, press("sales", 1))
        assert late.body == answer.body, "after last words nothing is resumed"

    tell(story)


def test_a_store_that_refuses_costs_no_caller_an_answer(library: Library) -> None:
    async def story() -> None:
        served = turns(library, Broken())
        assert action(await send(served, INCOMING)) == "hangup"
        assert action(await send(served, Answered(**CALL))) == "continue"
        assert action(await send(served, NoInput(**CALL))) == "hangup"
        assert await send(served, Ended(**CALL)) == Answer(200)

    tell(story)


def test_a_primary_whose_store_refuses_lets_the_platform_fail_over(library: Library) -> None:
    async def story() -> None:
        served = turns(library, Broken(), role="primary")
        assert await send(served, INCOMING) == Answer(503)

    tell(story)


def test_under_overload_new_calls_are_shed_and_live_ones_served(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        served = turns(library, store)
        await send(served, INCOMING)
        store.backlog = 1_000_000
        other = msgspec.structs.replace(INCOMING, call="call-2")
        assert action(await send(served, other)) == "hangup"
        assert action(await send(served, press("sales", 1))) == "connectPstn"

    tell(story)


def test_what_nobody_knows_gets_the_fixed_answers(library: Library) -> None:
    async def story() -> None:
        served = turns(library, MemoryStore())
        assert action(await send(served, Answered(**CALL))) == "continue"
        assert action(await send(served, press("sales", 1))) == "hangup"
        assert action(await send(served, MenuFailed(**CALL))) == "hangup"
        assert action(await send(served, MenuHangup(**CALL))) == "hangup"
        assert (await send(served, Ended(**CALL))).body == b""
        assert (await send(served, Notified(**CALL, type="x"))).body == b""
        assert (await send(served, Unknown(**CALL, name="x"))).body == b"{}"

    tell(story)


def test_a_call_for_nobody_is_ended_politely(tmp_path: Path, first_flow: str) -> None:
    (tmp_path / "first.flow.yaml").write_text(first_flow)
    routes = 'app: a\nroutes: [{to: "+4611", flow: front-desk}]\non: {error: Wrong number.}\n'
    (tmp_path / "app.yaml").write_text(routes)
    opened, _ = Library.open(tmp_path, PLATFORM)
    assert opened is not None

    async def story() -> None:
        answer = await send(turns(opened, MemoryStore()), INCOMING)
        assert json.loads(answer.body)["instructions"][1]["text"] == "Wrong number."

    tell(story)


def test_a_call_stays_on_its_program_when_the_flow_changes(
    library: Library, first_flow: str
) -> None:
    async def story() -> None:
        store = MemoryStore()
        await send(turns(library, store), INCOMING)
        changed = first_flow.replace("One moment, please", "Changed")
        (library.directory / "first.flow.yaml").write_text(changed)
        assert library.reload() == ()
        fresh = turns(library, store)
        old = json.loads((await send(fresh, press("sales", 1))).body)
        assert old["instructions"][0]["text"] == "One moment, please."

    tell(story)


def test_an_old_duplicate_is_answered_from_the_store(library: Library) -> None:
    async def story() -> None:
        served = turns(library, MemoryStore())
        first = await send(served, INCOMING)
        for offer in range(1, 9):
            await send(served, press("main_menu", offer, f"10:{offer}"))
        assert await send(served, INCOMING) == first

    tell(story)


def test_a_fallback_server_needs_no_store(library: Library) -> None:
    async def story() -> None:
        words = LastWords(library, {}, lambda: datetime(2026, 11, 23, 10, tzinfo=UTC))
        assert action(await send(words, INCOMING)) == "hangup"
        assert action(await send(words, Answered(**CALL))) == "continue"

    tell(story)


RECORDED = """
flow: recorded
start: tell
states:
  tell:
    say: This call is recorded.
    do: [record: {to: "s3://b/k", credentials: "{{ env.S3_KEY }}:eu"}]
    hangup:
"""


def test_the_environment_is_in_what_is_sent_and_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "r.flow.yaml").write_text(RECORDED)
    opened, _ = Library.open(tmp_path, PLATFORM)
    assert opened is not None
    assert opened.current.environment == {"S3_KEY"}

    async def story() -> None:
        store = MemoryStore()
        served = turns(opened, store, environment={"S3_KEY": 'canary"\\'})
        sent = json.loads((await send(served, INCOMING)).body)
        (recording,) = [each for each in sent["instructions"] if "options" in each]
        assert recording["options"]["credentials"] == 'canary"\\:eu'
        assert await send(served, INCOMING) == await send(served, INCOMING)
        rows = await store.journal("key", "call-1")
        stored = await store.load("key", "call-1")
        assert stored is not None
        kept = b"".join((rows[0].reply, rows[0].event, rows[0].facts, stored.session))
        assert b"canary" not in kept

    tell(story)


def test_the_journal_replays_a_call(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        served = turns(library, store)
        await send(served, INCOMING)
        for offer in range(1, 4):
            await send(served, press("main_menu", offer, f"10:{offer}"))
        await send(served, press("support", 4, "10:09"))
        await send(served, Ended(**CALL, at="10:10", result="answered"))
        (program,) = library.current.programs.values()
        session: Session | None = None
        for row in await store.journal("key", "call-1"):
            event = msgspec.json.decode(row.event, type=Event)
            facts = msgspec.json.decode(row.facts, type=Facts)
            if session is None:
                assert isinstance(event, Incoming)
                session = begin(program, event, params={}, locale="")
            taken = step(program, session, event, facts)
            assert isinstance(taken, Step)
            session = taken.session
            assert (render(taken.reply) if taken.reply else b"") == row.reply
        stored = await store.load("key", "call-1")
        assert stored is not None
        assert msgspec.json.encode(session) == stored.session

    tell(story)
