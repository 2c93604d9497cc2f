"""Memory across calls as callers meet it: counted once, whatever comes twice, at once or again."""

import asyncio
import json
import re
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrflow.library import Library
from ivrflow.machine.events import Chosen, Ended, Event, Incoming
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.step import begin, step
from ivrflow.records import Put, Read
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.store.base import Draft, Records, Store, Turn
from ivrflow.store.memory import MemoryStore
from ivrflow.store.records_file import RecordsFile
from ivrflow.store.sqlite import SqliteStore

APP = """
app: acme
records:
  attempts: {key: phone?, value: integer, expires: 15m}
  agents: {key: string, value: string, expires: 1h}
routes: [{to: "+46850000002", flow: back-door}, {flow: door}]
"""

DOOR = """
flow: door
start: check
locale: en-US
on: {error: trouble}
records:
  line: {kind: queue, value: string}
states:
  check:
    do: [count: {record: attempts, key: "{{ call.from }}", into: tries_so_far}]
    next:
      - {when: tries_so_far > 3 and call.to != "+46850000009", next: locked}
      - {next: ask}
  ask:
    menu: {prompt: "Try {{ tries_so_far }}.", choices: {1: check, 2: wait}}
    on: {no_input: bye, no_match: bye}
  wait:
    do: [enqueue: {record: line, value: "{{ call.id }}", into: position}]
    next: waiting
  waiting:
    do:
      - place: {record: line, into: now_at}
      - claim: {record: agents, any: [ann, bob], value: busy, into: agent}
    next:
      - {when: now_at == 1 and agent, next: served}
      - {next: hold}
  hold:
    menu: {prompt: "Place {{ now_at }} of {{ position }}.", choices: {1: waiting}}
    on: {no_input: on_hold, no_match: on_hold}
  on_hold: {next: [{when: visits.hold < 99, next: waiting}, {next: bye}]}
  served: {say: "To {{ agent }}.", connect: {number: "+46850000001"}}
  locked: {say: Locked., hangup: }
  trouble: {say: Trouble., hangup: }
  bye: {hangup: }
"""

BACK_DOOR = """
flow: back-door
start: check
locale: en-US
records:
  attempts: {value: integer}
states:
  check:
    do: [count: {record: attempts, into: tries_so_far}]
    say: "Try {{ tries_so_far }}."
    hangup:
"""

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

Story = Callable[[], Awaitable[None]]


def tell(story: Story) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    directory = tmp_path_factory.mktemp("flows")
    for name, text in (("app.yaml", APP), ("a.flow.yaml", DOOR), ("b.flow.yaml", BACK_DOOR)):
        (directory / name).write_text(text)
    opened, checked = Library.open(directory, PLATFORM)
    assert opened is not None, checked.diagnostics
    return opened


def turns(library: Library, store: Store, at: datetime = NOW) -> Turns:
    return Turns(library, store, Policy(), now=lambda: at)


def incoming(call: str, called: str = "+46850000000", caller: str | None = "+46701") -> Incoming:
    return Incoming(app="key", call=call, at="10:00", caller=caller, called=called)


def pressed(call: str, value: str, offer: int) -> Chosen:
    return Chosen(app="key", call=call, at=f"10:{offer:02}", value=value, offer=offer, menu="main")


def ended(call: str) -> Ended:
    return Ended(app="key", call=call, at="11:00", result="ANSWERED", reason="CALLERHANGUP")


async def send(served: Turns, event: Event) -> str:
    """What the caller hears, and what is done with the call."""
    body = (await served.answer(event, arrived=monotonic())).body
    if not body:
        return ""
    reply = json.loads(body)
    said = [each["text"] for each in reply.get("instructions", []) if "text" in each]
    menus = [each["mainPrompt"] for each in reply["action"].get("menus", [])]
    return " ".join([*said, *menus, reply["action"]["name"]])


async def kept(store: Store, record: str, key: str = "") -> object:
    """What the store holds, seen in a turn that fails and so changes nothing."""
    found: list[object] = []

    def look(records: Records) -> Turn:
        found.append(records.perform(Read(record=record, key=key)))
        raise LookupError

    at = int(NOW.timestamp() * 1000)
    with pytest.raises(LookupError):
        await store.submit(Draft(app="key", call="nobody", at=at, make=look)).done
    return found[0]


def test_a_lockout_survives_a_restart(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        for number in range(3):
            store = await SqliteStore.open(tmp_path / "state.db")
            assert "runMenu" in await send(turns(library, store), incoming(f"call-{number}"))
            await store.close()
        store = await SqliteStore.open(tmp_path / "state.db")
        assert await send(turns(library, store), incoming("call-4")) == "Locked. hangup"
        other = incoming("call-5", caller="+46702")
        assert "Try 1." in await send(turns(library, store), other)
        later = NOW + timedelta(minutes=15)
        assert "Try 1." in await send(turns(library, store, later), incoming("call-6"))
        await store.close()

    tell(story)


def test_withheld_callers_share_an_entry_of_their_own(library: Library) -> None:
    async def story() -> None:
        served = turns(library, MemoryStore())
        assert "Try 1." in await send(served, incoming("call-1", caller=None))
        assert "Try 1." in await send(served, incoming("call-2"))
        assert "Try 2." in await send(served, incoming("call-3", caller=None))

    tell(story)


def test_a_record_of_a_flow_hides_the_applications(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        served = turns(library, store)
        assert "Try 1." in await send(served, incoming("call-1"))
        assert "Try 1." in await send(served, incoming("call-2", called="+46850000002"))
        assert await kept(store, "attempts", "+46701") == 1
        assert await kept(store, "back-door.attempts") == 1

    tell(story)


def test_two_calls_at_once_count_both(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        served = turns(library, store)
        heard = await asyncio.gather(
            *[send(served, incoming(f"call-{number}")) for number in range(8)]
        )
        assert heard.count("Locked. hangup") == 5
        assert len({each for each in heard if "Locked" not in each}) == 3
        assert await kept(store, "attempts", "+46701") == 8
        await store.close()

    tell(story)


def test_the_first_in_line_gets_the_free_agent(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        served = turns(library, store)
        calls = [incoming(f"call-{number}", caller=f"+4670{number}") for number in range(4)]
        for call in calls:
            await send(served, call)
        heard = [await send(served, pressed(each.call, "wait", 1)) for each in calls]
        assert "To ann." in heard[0]
        assert "Place 2 of 2." in heard[1], "the call that is connected is still in line"
        await send(served, ended("call-0"))
        again = [await send(served, pressed(each.call, "waiting", 2)) for each in calls[1:]]
        assert "To bob." in again[0], "the agent that it holds already"
        assert "Place 2 of 3." in again[1]
        await send(served, ended("call-1"))
        assert "Place 1 of 3." in await send(served, pressed("call-2", "waiting", 3))
        assert "Place 2 of 4." in await send(served, pressed("call-3", "waiting", 3))

    tell(story)


def test_a_value_that_no_longer_fits_is_the_flows_error(library: Library, tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        with RecordsFile.open(tmp_path / "state.db") as records:
            records.put(Put(record="attempts", key="+46701", value="three"), at=0)
        served = turns(library, store)
        assert await send(served, incoming("call-1")) == "Trouble. hangup"
        assert await kept(store, "attempts", "+46701") == "three"
        await store.close()

    tell(story)


def test_a_journal_row_is_all_that_it_takes_to_run_its_turn_again(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        served = turns(library, store)
        await send(served, incoming("call-1"))
        await send(served, incoming("call-2"))
        (row,) = await store.journal("key", "call-2")
        facts = msgspec.json.decode(row.facts, type=Facts)
        assert facts.answers
        program = library.current.programs["door"]
        session = begin(program, incoming("call-2"), params={}, locale="")
        taken = step(program, session, incoming("call-2"), facts)
        assert isinstance(taken, Step)
        assert taken.reply is not None
        assert render(taken.reply) == row.reply

    tell(story)


def test_a_late_turn_counts_only_if_it_was_on_its_way(library: Library, tmp_path: Path) -> None:
    """The store's file is locked by another process until both callers have been rescued."""

    async def story() -> None:
        file = tmp_path / "state.db"
        store = await SqliteStore.open(file)
        served = turns(library, store)
        for call in ("call-1", "call-2"):
            await send(served, incoming(call))
        patient, served.policy = served.policy, Policy(deadline=0.05)
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert "hangup" in await send(served, pressed("call-1", "check", 1)), "it is on its way"
        assert "hangup" in await send(served, pressed("call-2", "check", 1)), "it waits in line"
        other.rollback()
        other.close()
        await served.drain()
        served.policy = patient
        assert await kept(store, "attempts", "+46701") == 3
        assert "hangup" in await send(served, pressed("call-1", "check", 1)), "it has come before"
        assert await kept(store, "attempts", "+46701") == 3
        await send(served, pressed("call-2", "check", 1))
        assert await kept(store, "attempts", "+46701") == 4, "it never happened before"
        await store.close()

    tell(story)


ROUNDS = st.lists(
    st.dictionaries(st.integers(0, 4), st.integers(1, 3), min_size=1, max_size=5),
    min_size=1,
    max_size=6,
)
"""For each round, the calls that send their next event, and how often each copy of it comes."""


@settings(max_examples=30, deadline=None)
@given(ROUNDS)
def test_each_event_counts_once_however_often_and_in_whatever_company_it_comes(
    library: Library,
    tmp_path_factory: pytest.TempPathFactory,
    rounds: list[dict[int, int]],
) -> None:
    """Several calls try at once, each callback comes several times: no two tries hear the same
    number, none is left out, and what comes again hears what it heard."""

    async def story() -> None:
        store = await SqliteStore.open(tmp_path_factory.mktemp("turns") / "state.db")
        served = turns(library, store)
        offers: dict[int, int] = {}
        heard: list[int] = []
        for plays in rounds:
            sent = [_next_event(call, offers) for call in plays]
            copies = [
                [send(served, event) for _ in range(plays[call])]
                for call, event in zip(plays, sent, strict=True)
            ]
            for told in await asyncio.gather(*[asyncio.gather(*each) for each in copies]):
                assert len(set(told)) == 1, "every copy hears the same"
                heard.append(_number(told[0]))
            again = await asyncio.gather(*[send(served, event) for event in sent])
            assert [_number(each) for each in again] == heard[-len(sent) :]
        assert sorted(heard) == list(range(1, len(heard) + 1))
        assert await kept(store, "attempts", "+46701") == len(heard)
        await store.close()

    tell(story)


def _next_event(call: int, offers: dict[int, int]) -> Event:
    offer = offers.get(call, 0)
    offers[call] = offer + 1
    if offer == 0:
        return incoming(f"call-{call}", called="+46850000009")
    return pressed(f"call-{call}", "check", offer)


def _number(heard: str) -> int:
    found = re.search(r"Try (\d+)\.", heard)
    assert found is not None, heard
    return int(found.group(1))
