"""What every store keeps to when turns remember things across calls."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from turns import FIRST, LOCKOUT, Open, after, another, draft, run

from ivrflow.errors import ConflictError, EvaluationError, StoreUnavailableError
from ivrflow.records import (
    Claim,
    Count,
    Delete,
    Dequeue,
    Enqueue,
    Length,
    Operation,
    Place,
    Put,
    Read,
)
from ivrflow.store import base
from ivrflow.store.base import Draft, Records, Store, Turn
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import BUSY_SECONDS, FORMAT, SqliteStore


def failing(turn: Turn, error: Exception, *operations: Operation) -> Draft:
    def make(records: Records) -> Turn:
        for each in operations:
            records.perform(each)
        raise error

    return Draft(app=turn.app, call=turn.call, at=turn.at, make=make)


async def performed(
    store: Store, call: str, *operations: Operation, at: int = 1_000
) -> list[object]:
    """What operations yield in a fresh call of its own name."""
    told: list[object] = []
    await store.submit(draft(another(call, at=at), *operations, told=told)).done
    return told


def test_what_is_put_is_read_by_another_call(open_store: Open) -> None:
    async def story(store: Store) -> None:
        value = {"name": "Åsa", "since": "2026-11-23", "visits": [1, 2.5, None, True]}
        put = Put(record="guests", key="+46701234567", value=value)
        assert await performed(store, "call-1", put) == [None]
        read = Read(record="guests", key="+46701234567")
        assert await performed(store, "call-2", read) == [value]
        for absent in (Read(record="guests", key="+4670"), Read(record="guest", key=put.key)):
            assert await performed(store, f"call-{absent}", absent) == [None]

    run(open_store, story)


def test_two_calls_at_once_count_together(open_store: Open) -> None:
    async def story(store: Store) -> None:
        told: list[list[object]] = [[] for _ in range(50)]
        done = [
            store.submit(draft(another(f"call-{number}"), LOCKOUT, told=mine)).done
            for number, mine in enumerate(told)
        ]
        await asyncio.gather(*done)
        assert [mine[0] for mine in told] == list(range(1, 51))

    run(open_store, story)


def test_a_value_that_is_no_number_is_not_counted(open_store: Open) -> None:
    async def story(store: Store) -> None:
        for number, value in enumerate(["three", 2.5, True, None, {"n": 1}, 10**18, -(10**17)]):
            put = Put(record="attempts", key=LOCKOUT.key, value=value)
            told = await performed(store, f"call-{number}", put, LOCKOUT, Read(record="attempts"))
            assert told == [None, value, None]
        put = Put(record="attempts", key=LOCKOUT.key, value=-5)
        assert await performed(store, "call-8", put, LOCKOUT) == [None, -4]

    run(open_store, story)


def fields(operation: Operation) -> dict[str, str]:
    return {"record": operation.record, "key": operation.key}


def test_what_has_expired_is_absent(open_store: Open) -> None:
    async def story(store: Store) -> None:
        count = Count(record="attempts", key=LOCKOUT.key, lasts=500)
        read = Read(**fields(LOCKOUT))
        assert await performed(store, "call-1", count, at=1_000) == [1]
        assert await performed(store, "call-2", count, at=1_400) == [2], "a count renews"
        assert await performed(store, "call-3", read, at=1_899) == [2]
        assert await performed(store, "call-4", read, at=1_900) == [None]
        assert await performed(store, "call-5", Delete(**fields(LOCKOUT)), at=1_900) == [False]
        assert await performed(store, "call-6", count, at=1_900) == [1]

    run(open_store, story)


def test_a_put_renews_and_one_for_ever_stays(open_store: Open) -> None:
    async def story(store: Store) -> None:
        brief = Put(record="notes", key="a", value="x", lasts=10)
        for_ever = Put(record="notes", key="a", value="y")
        assert await performed(store, "call-1", brief, for_ever) == [None, None]
        assert await performed(store, "call-2", Read(**fields(brief)), at=10**13) == ["y"]
        await performed(store, "call-3", brief)
        assert await performed(store, "call-4", Read(**fields(brief)), at=1_010) == [None]

    run(open_store, story)


def test_delete_tells_whether_there_was_something(open_store: Open) -> None:
    async def story(store: Store) -> None:
        put, delete = Put(record="notes", key="a", value="x"), Delete(record="notes", key="a")
        assert await performed(store, "call-1", put, delete, delete) == [None, True, False]

    run(open_store, story)


def test_a_free_key_is_claimed_once(open_store: Open) -> None:
    async def story(store: Store) -> None:
        claim = Claim(record="agents", keys=("ann", "bob"), value="busy", lasts=1_000)
        assert await performed(store, "call-1", claim) == ["ann"]
        assert await performed(store, "call-2", claim, claim) == ["bob", "bob"], "it keeps its own"
        assert await performed(store, "call-3", claim) == [None]
        told = await performed(store, "call-4", Delete(record="agents", key="ann"), claim)
        assert told == [True, "ann"]
        assert await performed(store, "call-5", claim, at=2_000) == ["ann"], "claims expire"

    run(open_store, story)


def test_a_call_that_has_claimed_a_key_keeps_it_when_another_gets_free(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await performed(store, "call-1", Claim(record="agents", keys=("ann",), value=1))
        both = Claim(record="agents", keys=("ann", "bob"), value=1)
        told = await performed(store, "call-2", both, Delete(record="agents", key="ann"), both)
        assert told == ["bob", True, "bob"]

    run(open_store, story)


def test_a_value_under_a_claim_may_be_changed_and_the_claim_stays(open_store: Open) -> None:
    async def story(store: Store) -> None:
        claim = Claim(record="agents", keys=("ann",), value="ringing")
        talking = Put(record="agents", key="ann", value="talking")
        assert await performed(store, "call-1", claim, talking, claim) == ["ann", None, "ann"]
        assert await performed(store, "call-2", talking, claim) == [None, None]

    run(open_store, story)


def test_a_put_value_is_claimed_by_nobody(open_store: Open) -> None:
    async def story(store: Store) -> None:
        put = Put(record="agents", key="ann", value="off duty", lasts=5)
        claim = Claim(record="agents", keys=("ann",), value="busy")
        assert await performed(store, "call-1", put, claim) == [None, None]
        again = Put(record="agents", key="ann", value="off duty")
        assert await performed(store, "call-2", claim, at=2_000) == ["ann"]
        assert await performed(store, "call-3", Delete(record="agents", key="ann")) == [True]
        brief = Claim(record="agents", keys=("ann",), value="busy", lasts=5)
        assert await performed(store, "call-4", brief) == ["ann"]
        told = await performed(store, "call-5", again, claim, at=2_000)
        assert told == [None, None], "what was put after a claim expired is nobody's"

    run(open_store, story)


def test_a_queue_is_left_in_the_order_of_coming(open_store: Open) -> None:
    async def story(store: Store) -> None:
        for number in (1, 2, 3):
            enqueue = Enqueue(record="line", key="sales", value=f"caller {number}")
            assert await performed(store, f"call-{number}", enqueue, enqueue) == [number, number]
        dequeue, place = Dequeue(record="line", key="sales"), Place(record="line", key="sales")
        told = await performed(store, "call-4", place, dequeue, dequeue, dequeue, dequeue)
        assert told == [None, "caller 1", "caller 2", "caller 3", None]
        other = Enqueue(record="line", key="support")
        assert await performed(store, "call-5", other) == [1]

    run(open_store, story)


def test_a_call_leaves_a_queue_and_joins_it_at_the_end(open_store: Open) -> None:
    async def story(store: Store) -> None:
        enqueue, delete = Enqueue(record="line", key="a"), Delete(record="line", key="a")
        told = await performed(store, "call-1", enqueue, delete, delete, enqueue)
        assert told == [1, True, False, 1]
        await performed(store, "call-2", enqueue)
        (first,) = await store.journal("app", "call-1")
        assert first.key == FIRST.key
        told = []
        turn, place = await begun(store, "call-3")
        again = draft(after(turn, place), enqueue, delete, enqueue, told=told)
        await store.submit(again).done
        assert told == [3, True, 3]

    run(open_store, story)


def test_a_queue_is_as_long_as_calls_wait_in_it(open_store: Open) -> None:
    async def story(store: Store) -> None:
        length = Length(record="line", key="a")
        assert await performed(store, "call-1", length) == [0]
        for call in ("call-2", "call-3"):
            await store.submit(draft(another(call, over=0), Enqueue(record="line", key="a"))).done
        other = Enqueue(record="line", key="b")
        short = Enqueue(record="line", key="a", lasts=10)
        await store.submit(draft(another("call-4", over=0), other)).done
        await store.submit(draft(another("call-5", over=0), short)).done
        assert await performed(store, "call-6", length) == [3]
        assert await performed(store, "call-7", length, at=1_011) == [2]
        value = Put(record="line", key="a", value=1)
        assert await performed(store, "call-8", value, length, at=1_011) == [None, 2]

    run(open_store, story)


async def begun(store: Store, call: str) -> tuple[Turn, base.Place]:
    turn = another(call)
    return turn, await store.submit(turn).done


def test_a_place_that_expired_is_lost(open_store: Open) -> None:
    async def story(store: Store) -> None:
        brief, place = Enqueue(record="line", lasts=100), Place(record="line")
        turn = another("call-1", at=1_000)
        first = await store.submit(draft(turn, brief)).done
        assert await performed(store, "call-2", Enqueue(record="line"), at=1_050) == [2]
        told: list[object] = []
        late = msgspec.structs.replace(after(turn, first), at=1_100)
        await store.submit(draft(late, place, brief, place, told=told)).done
        assert told == [None, 2, 2]

    run(open_store, story)


@pytest.mark.parametrize("drafted", [False, True])
def test_a_call_that_is_over_waits_nowhere(open_store: Open, drafted: bool) -> None:
    async def story(store: Store) -> None:
        enqueue, place = Enqueue(record="line", key="a"), Place(record="line", key="a")
        turn = another("call-1")
        first = await store.submit(draft(turn, enqueue, Enqueue(record="line", key="b"))).done
        assert await performed(store, "call-2", enqueue) == [2]
        last = after(turn, first, over=2_000)
        second = await store.submit(draft(last, enqueue) if drafted else last).done
        assert await performed(store, "call-3", enqueue, place) == [2, 2]
        late = after(last, second)
        told: list[object] = []
        await store.submit(draft(late, enqueue, told=told)).done
        assert told == [3]
        assert await performed(store, "call-4", enqueue) == [3], "late news bring no place back"
        assert await performed(store, "call-5", Dequeue(record="line", key="b")) == [None]

    run(open_store, story)


def test_a_claim_outlives_its_call(open_store: Open) -> None:
    async def story(store: Store) -> None:
        claim = Claim(record="agents", keys=("ann",), value="busy")
        turn = another("call-1")
        await store.submit(draft(msgspec.structs.replace(turn, over=2_000), claim)).done
        assert await performed(store, "call-2", claim) == [None]

    run(open_store, story)


class OutOfWordsError(Exception):
    """What a `make` raises that fails in a way no store knows."""


ALL: tuple[Operation, ...] = (
    Put(record="notes", key="a", value="changed"),
    LOCKOUT,
    Delete(record="notes", key="b"),
    Claim(record="agents", keys=("ann", "bob"), value="busy"),
    Enqueue(record="line", value="late"),
    Dequeue(record="line"),
)
SEEN: tuple[Operation, ...] = (
    Read(record="notes", key="a"),
    Read(record="notes", key="b"),
    Read(**fields(LOCKOUT)),
    Read(record="agents", key="ann"),
    Read(record="agents", key="bob"),
    Dequeue(record="line"),
    Dequeue(record="line"),
)


@pytest.mark.parametrize("error", [OutOfWordsError("no"), EvaluationError("no"), KeyError("no")])
def test_a_turn_that_fails_changes_nothing_and_harms_nobody(
    open_store: Open, error: Exception
) -> None:
    async def story(store: Store) -> None:
        before = (
            Put(record="notes", key="a", value="old"),
            Put(record="notes", key="b", value="old"),
            LOCKOUT,
            Claim(record="agents", keys=("ann",), value="busy"),
            Enqueue(record="line", value="first"),
        )
        await performed(store, "before", *before)
        good = [another(f"good-{number}") for number in range(6)]
        done = [
            store.submit(draft(good[0], LOCKOUT)).done,
            store.submit(good[1]).done,
            store.submit(failing(another("bad"), error, *ALL)).done,
            store.submit(draft(good[2], LOCKOUT)).done,
            store.submit(good[3]).done,
            store.submit(failing(another("worse", program="sha256:new"), error)).done,
            store.submit(draft(another("good-4", program="sha256:new"), LOCKOUT)).done,
            store.submit(good[5]).done,
        ]
        outcomes = await asyncio.gather(*done, return_exceptions=True)
        assert [index for index, each in enumerate(outcomes) if isinstance(each, Exception)] == [
            2,
            5,
        ]
        assert outcomes[2] is error
        for each in good:
            assert await store.load("app", each.call) is not None
        assert await store.load("app", "bad") is None
        told = await performed(store, "after", *SEEN)
        assert told == ["old", "old", 4, "busy", None, "first", None]

    run(open_store, story)


def test_a_turn_that_came_too_late_changes_nothing(open_store: Open) -> None:
    async def story(store: Store) -> None:
        turn, place = await begun(store, "call-1")
        second = after(turn, place)
        done = [store.submit(draft(second, LOCKOUT)).done for _ in range(3)]
        outcomes = await asyncio.gather(*done, return_exceptions=True)
        assert sum(isinstance(each, ConflictError) for each in outcomes) == 2
        assert await performed(store, "call-2", Read(**fields(LOCKOUT))) == [1]

    run(open_store, story)


def test_one_conflict_counts_nobody_twice(open_store: Open) -> None:
    """The batch is tried again, turn by turn; what its drafts did is undone first."""

    async def story(store: Store) -> None:
        await store.submit(FIRST).done
        told: list[list[object]] = [[] for _ in range(10)]
        done = []
        for number, mine in enumerate(told):
            done.append(store.submit(draft(another(f"other-{number}"), LOCKOUT, told=mine)).done)
            if number == 5:
                done.append(store.submit(FIRST).done)
        outcomes = await asyncio.gather(*done, return_exceptions=True)
        assert sum(isinstance(each, ConflictError) for each in outcomes) == 1
        assert [mine[0] for mine in told] == list(range(1, 11))

    run(open_store, story)


def test_a_withdrawn_turn_counts_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        withdrawn = store.submit(draft(another("call-1"), LOCKOUT))
        kept = store.submit(draft(another("call-2"), LOCKOUT))
        assert withdrawn.withdraw()
        await kept.done
        assert not kept.withdraw()
        assert await performed(store, "call-3", Read(**fields(LOCKOUT))) == [1]
        assert await store.load("app", "call-1") is None
        await store.close()

    asyncio.run(story())


def test_what_has_expired_is_swept_and_nothing_else(open_store: Open) -> None:
    async def story(store: Store) -> None:
        for number in range(7):
            put = Put(record="notes", key=str(number), value=number, lasts=100 if number else 0)
            await performed(store, f"call-{number}", put, Enqueue(record="line", lasts=200))
        assert await store.sweep(0, 4, now=1_099) == 0
        assert await store.sweep(0, 4, now=1_100) == 4
        assert await store.sweep(0, 4, now=1_100) == 2
        seen = Place(record="line"), Read(record="notes", key="0")
        assert await performed(store, "call-8", *seen) == [None, 0]
        assert await store.sweep(0, 99, now=1_200) == 7

    run(open_store, story)


def test_places_of_calls_that_never_ended_are_swept_with_them(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await performed(store, "call-1", Enqueue(record="line"))
        assert await store.sweep(FIRST.due + 1, 10, now=0) == 1
        assert await performed(store, "call-2", Enqueue(record="line")) == [1]

    run(open_store, story)


def test_records_survive_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        await performed(store, "call-1", LOCKOUT, Enqueue(record="line", value="first"))
        await store.close()
        store = await SqliteStore.open(tmp_path / "state.db")
        told = await performed(store, "call-2", LOCKOUT, Dequeue(record="line"))
        assert told == [2, "first"]
        await store.close()

    asyncio.run(story())


COUNTING = """
import asyncio, sys
from pathlib import Path
from turns import LOCKOUT, another, draft
from ivrflow.store.sqlite import BUSY_SECONDS, SqliteStore

async def count():
    store = await SqliteStore.open(Path(sys.argv[1]))
    number = 0
    while True:
        five = [draft(another(f"call-{number + each}"), LOCKOUT) for each in range(5)]
        for done in [store.submit(each).done for each in five]:
            await done
            number += 1
            print(number, flush=True)

asyncio.run(count())
"""


def test_a_killed_process_has_kept_what_it_told_and_no_half_turns(tmp_path: Path) -> None:
    """Every call counts once: there are as many counts as calls, whenever the process dies."""
    file = tmp_path / "state.db"
    with subprocess.Popen(
        [sys.executable, "-c", COUNTING, str(file)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as process:
        assert process.stdout is not None
        told = 0
        while told < 100:
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])

    async def story() -> None:
        store = await SqliteStore.open(file)
        (counted,) = await performed(store, "after", Read(**fields(LOCKOUT)))
        assert isinstance(counted, int)
        await store.close()
        with sqlite3.connect(file) as connection:
            (calls,) = connection.execute("SELECT count(*) FROM call").fetchone()
        connection.close()
        assert counted == calls - 1
        assert counted >= told

    asyncio.run(story())


def test_a_file_of_the_layout_before_records_is_brought_up(tmp_path: Path) -> None:
    async def story() -> None:
        file = tmp_path / "state.db"
        store = await SqliteStore.open(file)
        place = await store.submit(FIRST).done
        await store.close()
        with sqlite3.connect(file) as connection:
            connection.execute("DROP TABLE record")
            connection.execute("UPDATE meta SET value = ? WHERE name = 'format'", (b"1",))
        connection.close()
        store = await SqliteStore.open(file)
        told: list[object] = []
        await store.submit(draft(after(FIRST, place), LOCKOUT, told=told)).done
        assert told == [1]
        await store.close()
        with sqlite3.connect(file) as connection:
            assert connection.execute(
                "SELECT value FROM meta WHERE name = 'format'"
            ).fetchone() == (FORMAT,)
        connection.close()

    asyncio.run(story())


# -- both stores tell any story alike -------------------------------------------------------------

NAMES = st.sampled_from(["notes", "line"])
KEYS = st.sampled_from(["", "a", "b"])
LASTS = st.sampled_from([0, 1, 30])
VALUES = st.sampled_from([0, 41, -1, 2.5, "x", None, {"a": [1]}, 10**18])
OPERATIONS: st.SearchStrategy[Operation] = st.one_of(
    st.builds(Read, record=NAMES, key=KEYS),
    st.builds(Put, record=NAMES, key=KEYS, value=VALUES, lasts=LASTS),
    st.builds(Delete, record=NAMES, key=KEYS),
    st.builds(Count, record=NAMES, key=KEYS, lasts=LASTS),
    st.builds(
        Claim,
        record=NAMES,
        keys=st.lists(KEYS, max_size=3, unique=True).map(tuple),
        value=VALUES,
        lasts=LASTS,
    ),
    st.builds(Enqueue, record=NAMES, key=KEYS, value=VALUES, lasts=LASTS),
    st.builds(Dequeue, record=NAMES, key=KEYS),
    st.builds(Place, record=NAMES, key=KEYS),
)


class Scene(msgspec.Struct, frozen=True):
    """What one of four calls does `later` milliseconds after the scene before."""

    call: int
    later: int
    operations: tuple[Operation, ...]
    ends: bool
    fails: bool
    sweeps: bool


SCENES = st.builds(
    Scene,
    call=st.integers(0, 3),
    later=st.integers(0, 20),
    operations=st.lists(OPERATIONS, max_size=4).map(tuple),
    ends=st.booleans(),
    fails=st.integers(0, 4).map(lambda each: each == 4),
    sweeps=st.integers(0, 9).map(lambda each: each == 9),
)


async def tell(store: Store, scenes: Sequence[Scene]) -> list[object]:
    """Play scenes, each turn after the one before; returns all that was told."""
    turns: dict[int, tuple[Turn, base.Place]] = {}
    story: list[object] = []
    now = 1_000
    for scene in scenes:
        now += scene.later
        last = turns.get(scene.call)
        turn = after(*last) if last else another(f"call-{scene.call}")
        over = turn.over or (now if scene.ends else 0)
        turn = msgspec.structs.replace(turn, at=now, over=over)
        told: list[object] = []
        if scene.fails:
            work = failing(turn, OutOfWordsError(), *scene.operations)
        else:
            work = draft(turn, *scene.operations, told=told)
        try:
            turns[scene.call] = turn, await store.submit(work).done
        except OutOfWordsError:
            told.append("failed")
        story.append(told)
        if scene.sweeps:
            story.append(await store.sweep(0, 100, now=now) >= 0)
    return story


@settings(max_examples=150, deadline=None)
@given(st.lists(SCENES, max_size=20))
def test_both_stores_tell_any_story_of_records_alike(
    tmp_path_factory: pytest.TempPathFactory, scenes: list[Scene]
) -> None:
    async def both() -> None:
        sqlite = await SqliteStore.open(tmp_path_factory.mktemp("story") / "state.db")
        try:
            assert await tell(sqlite, scenes) == await tell(MemoryStore(), scenes)
        finally:
            await sqlite.close()

    asyncio.run(both())


# -- beside another process that writes to the file -----------------------------------------------


@pytest.mark.parametrize("drafted", [False, True])
def test_turns_wait_for_a_locked_file_and_the_loop_does_not(tmp_path: Path, drafted: bool) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        store = await SqliteStore.open(tmp_path / "state.db")
        other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        turns = [another(f"call-{number}") for number in range(20)]
        done = [store.submit(draft(each, LOCKOUT) if drafted else each).done for each in turns]
        loop.call_later(BUSY_SECONDS / 5, other.rollback)
        ticks = 0
        while not all(each.done() for each in done):
            before = loop.time()
            await asyncio.sleep(0.001)
            assert loop.time() - before < BUSY_SECONDS * 0.8, "the loop stood still"
            ticks += 1
        assert ticks > 5
        await asyncio.gather(*done)
        other.close()
        await store.close()

    asyncio.run(story())


@pytest.mark.parametrize("drafted", [False, True])
def test_a_file_that_stays_locked_refuses_a_whole_batch_at_once(
    tmp_path: Path, drafted: bool
) -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        store = await SqliteStore.open(tmp_path / "state.db")
        other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        turns = [another(f"call-{number}") for number in range(20)]
        works = [draft(each, LOCKOUT) if drafted else each for each in turns]
        began = loop.time()
        outcomes = await asyncio.gather(
            *(store.submit(each).done for each in works), return_exceptions=True
        )
        assert loop.time() - began < BUSY_SECONDS * 6
        assert all(isinstance(each, StoreUnavailableError) for each in outcomes)
        other.rollback()
        await asyncio.gather(*(store.submit(each).done for each in works))
        other.close()
        await store.close()

    asyncio.run(story())
