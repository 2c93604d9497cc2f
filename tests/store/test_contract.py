"""What every store keeps to, whatever it is made of."""

import asyncio
import sqlite3
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from turns import FIRST, Open, after, run

from ivrflow.errors import ConflictError, StoreError, StoreUnavailableError
from ivrflow.store.base import KEPT, Place, Store, Turn
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore


def test_what_is_committed_is_loaded(open_store: Open) -> None:
    async def story(store: Store) -> None:
        assert await store.load("app", "call-1") is None
        place = await store.submit(FIRST).done
        await store.submit(after(FIRST, place)).done
        stored = await store.load("app", "call-1")
        assert stored is not None
        assert (stored.rev, stored.session, stored.program) == (2, b'{"n":2}', "sha256:one")
        assert [each.reply for each in stored.recent] == [b"reply-1", b"reply-2"]

    run(open_store, story)


def test_of_two_turns_that_follow_the_same_one_only_one_counts(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(FIRST).done
        second = after(FIRST, place)
        third = msgspec.structs.replace(second, reply=b"other", key=b"other")
        done = [store.submit(each).done for each in (second, third)]
        outcomes = await asyncio.gather(*done, return_exceptions=True)
        assert sum(isinstance(each, ConflictError) for each in outcomes) == 1
        stored = await store.load("app", "call-1")
        assert stored is not None
        assert stored.rev == 2
        assert len(await store.journal("app", "call-1")) == 2

    run(open_store, story)


def test_a_call_begins_once(open_store: Open) -> None:
    async def story(store: Store) -> None:
        done = [store.submit(FIRST).done, store.submit(FIRST).done]
        outcomes = await asyncio.gather(*done, return_exceptions=True)
        assert sum(isinstance(each, ConflictError) for each in outcomes) == 1

    run(open_store, story)


def test_one_conflict_costs_no_other_turn_of_its_batch(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.submit(FIRST).done
        calls = [msgspec.structs.replace(FIRST, call=f"other-{number}") for number in range(40)]
        done = [store.submit(each).done for each in (*calls[:20], FIRST, *calls[20:])]
        outcomes = await asyncio.gather(*done, return_exceptions=True)
        assert [index for index, each in enumerate(outcomes) if isinstance(each, Exception)] == [20]
        for each in calls:
            assert await store.load("app", each.call) is not None

    run(open_store, story)


def test_applications_do_not_see_each_others_calls(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.submit(FIRST).done
        await store.submit(msgspec.structs.replace(FIRST, app="other", session=b"other")).done
        stored = await store.load("app", "call-1")
        assert stored is not None
        assert stored.session == FIRST.session

    run(open_store, story)


def test_the_journal_tells_the_whole_call_and_recent_its_end(open_store: Open) -> None:
    async def story(store: Store) -> None:
        turn = FIRST
        place = await store.submit(turn).done
        for _ in range(KEPT + 4):
            turn = after(turn, place)
            place = await store.submit(turn).done
        rows = await store.journal("app", "call-1")
        assert [row.key for row in rows] == [b"key-%d" % each for each in range(1, KEPT + 6)]
        stored = await store.load("app", "call-1")
        assert stored is not None
        assert len(stored.recent) == KEPT
        assert stored.recent[-1].key == rows[-1].key

    run(open_store, story)


def test_a_program_goes_with_the_last_call_that_runs_on_it(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(FIRST).done
        await store.submit(after(FIRST, place, over=2_000)).done
        live = msgspec.structs.replace(FIRST, call="live", program="sha256:two", closure=b"[]")
        await store.submit(live).done
        assert await store.sweep(2_000, 10, now=0) == 0
        assert await store.sweep(2_001, 10, now=0) == 1
        assert await store.load("app", "call-1") is None
        assert await store.journal("app", "call-1") == []
        assert await store.closure("sha256:one") is None
        assert await store.closure("sha256:two") == b"[]"
        again = msgspec.structs.replace(FIRST, call="again")
        await store.submit(again).done
        assert await store.closure("sha256:one") == b"{}"

    run(open_store, story)


def test_a_call_that_never_ended_goes_when_it_is_due(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.submit(FIRST).done
        assert await store.sweep(FIRST.due, 10, now=0) == 0
        assert await store.sweep(FIRST.due + 1, 10, now=0) == 1

    run(open_store, story)


STORIES = st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 1)), max_size=25)


@settings(max_examples=25, deadline=None)
@given(STORIES)
def test_both_stores_tell_any_story_alike(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[int, int]]
) -> None:
    """Turns of four calls, each at, before or after its turn, in one go."""

    async def tell(store: Store) -> list[object]:
        turns: dict[int, tuple[Turn, Place]] = {}
        told: list[object] = []
        for number, off in story:
            last = turns.get(number)
            fresh = msgspec.structs.replace(FIRST, call=f"call-{number}")
            turn = after(*last) if last else fresh
            turn = msgspec.structs.replace(turn, rev=turn.rev + off)
            try:
                turns[number] = (turn, await store.submit(turn).done)
                told.append(turn.rev)
            except ConflictError:
                told.append("conflict")
        for number in range(4):
            stored = await store.load("app", f"call-{number}")
            told.append(stored and (stored.rev, stored.session, stored.recent))
        await store.close()
        return told

    async def both() -> None:
        directory = tmp_path_factory.mktemp("story")
        sqlite = await SqliteStore.open(directory / "state.db")
        assert await tell(sqlite) == await tell(MemoryStore())

    asyncio.run(both())


def test_a_store_of_calls_is_its_owners_alone(tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "kept" / "state.db")
        await store.submit(FIRST).done
        for file in (tmp_path / "kept").iterdir():
            assert file.stat().st_mode & 0o077 == 0, file
        await store.close()

    asyncio.run(story())


def test_one_process_a_store(tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        with pytest.raises(StoreError, match="another process"):
            await SqliteStore.open(tmp_path / "state.db")
        await store.close()
        await (await SqliteStore.open(tmp_path / "state.db")).close()

    asyncio.run(story())


def test_what_is_no_store_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"a letter to my aunt, about nothing in particular" * 40)

    async def story() -> None:
        with pytest.raises(StoreError, match="not a database"):
            await SqliteStore.open(tmp_path / "state.db")

    asyncio.run(story())


def test_a_store_of_another_layout_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        await (await SqliteStore.open(tmp_path / "state.db")).close()
        with sqlite3.connect(tmp_path / "state.db") as connection:
            connection.execute("UPDATE meta SET value = ? WHERE name = 'format'", (b"99",))
        connection.close()
        with pytest.raises(StoreError, match="another release"):
            await SqliteStore.open(tmp_path / "state.db")

    asyncio.run(story())


def test_identities_are_hashed_with_the_same_key_after_a_restart(tmp_path: Path) -> None:
    async def key() -> bytes:
        store = await SqliteStore.open(tmp_path / "state.db")
        found = store.identity_key
        await store.close()
        return found

    assert asyncio.run(key()) == asyncio.run(key())


def test_a_full_disk_refuses_turns_and_recovers(tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        place = await store.submit(FIRST).done
        pages = await store._ask(
            lambda connection: connection.execute("PRAGMA page_count").fetchone()[0]
        )
        limit = f"PRAGMA max_page_count = {pages}"
        await store._ask(lambda connection: connection.execute(limit).fetchone())
        large = msgspec.structs.replace(after(FIRST, place), event=b"x" * 1_000_000)
        with pytest.raises(StoreUnavailableError, match="full"):
            await store.submit(large).done
        await store._ask(
            lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone()
        )
        await store.submit(large).done
        stored = await store.load("app", "call-1")
        assert stored is not None
        assert stored.rev == 2
        await store.close()

    asyncio.run(story())
