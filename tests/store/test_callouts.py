"""What every store keeps to about outgoing calls."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from turns import FIRST, Open, after, another, run

from ivrflow.callouts import Callout, State
from ivrflow.errors import ConflictError
from ivrflow.records import Count, Read
from ivrflow.store.base import CalloutFilter, Records, Store
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore

ALL = CalloutFilter()


def callout(id: str, **changes: object) -> Callout:
    made = Callout(
        id=id,
        app="app",
        flow="reminder",
        name="remind",
        key="",
        order=b"{}",
        made=1_000,
        due=2_000,
    )
    return msgspec.structs.replace(made, **changes)


def test_a_callout_that_a_turn_places_is_there_with_the_turn(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.submit(another("call-1", callouts=(callout("a"),))).done
        assert await store.callout("a") == callout("a")
        assert await store.next_due(["app"]) == 2_000

    run(open_store, story)


def test_a_turn_that_comes_too_late_places_nobody(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(FIRST).done
        await store.submit(after(FIRST, place)).done
        late = after(FIRST, place, callouts=(callout("a"),))
        with pytest.raises(ConflictError):
            await store.submit(late).done
        assert await store.callout("a") is None

    run(open_store, story)


def test_a_callout_is_placed_once_however_often_it_is_asked_for(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_callouts([callout("a"), callout("a", due=9_000)])
        await store.put_callouts([callout("a", order=b"other")])
        assert await store.callouts(ALL, "", 10) == [callout("a")]

    run(open_store, story)


def test_of_one_key_one_is_open_at_a_time(open_store: Open) -> None:
    async def story(store: Store) -> None:
        first = callout("a", key="+46701234567")
        await store.put_callouts([first, callout("b", key="+46701234567")])
        assert await store.callout("b") is None
        others = (callout("c", key="+46709999999"), callout("d", key=first.key, name="other"))
        await store.put_callouts([*others, first.changed(state=State.OVER)])
        await store.put_callouts([callout("e", key="+46701234567")])
        ids = [each.id for each in await store.callouts(ALL, "", 10)]
        assert sorted(ids) == ["a", "c", "d", "e"]

    run(open_store, story)


def test_of_two_changes_that_follow_the_same_one_only_one_counts(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_callouts([callout("a")])
        change = callout("a").changed(state=State.PLACING, attempt=1)
        await store.put_callouts([change])
        with pytest.raises(ConflictError):
            await store.put_callouts([callout("b"), change])
        assert await store.callout("a") == change
        assert await store.callout("b") is None

    run(open_store, story)


def test_a_turn_and_the_callout_it_changes_are_kept_together_or_not_at_all(
    open_store: Open,
) -> None:
    async def story(store: Store) -> None:
        await store.put_callouts([callout("a")])
        live = callout("a").changed(state=State.LIVE, call="call-1")
        await store.submit(another("call-1", callouts=(live,))).done
        assert await store.callout_of("app", "call-1") == live
        with pytest.raises(ConflictError):
            await store.submit(another("call-2", callouts=(live,))).done
        assert await store.load("app", "call-2") is None

    run(open_store, story)


def test_what_is_due_comes_in_the_order_of_its_time(open_store: Open) -> None:
    async def story(store: Store) -> None:
        times = {"a": 300, "b": 100, "c": 200, "d": 900}
        await store.put_callouts([callout(id, due=due) for id, due in times.items()])
        assert [each.id for each in await store.waiting_callouts("app", 300, 10)] == ["b", "c", "a"]
        assert [each.id for each in await store.waiting_callouts("app", 300, 2)] == ["b", "c"]
        over = callout("b", due=100).changed(state=State.OVER)
        await store.put_callouts([over])
        assert [each.id for each in await store.waiting_callouts("app", 300, 10)] == ["c", "a"]
        assert await store.due_callouts(300, 10) == []
        placed = [
            callout(id, due=due).changed(state=State.PLACED) for id, due in (("a", 250), ("d", 240))
        ]
        await store.put_callouts(placed)
        assert [each.id for each in await store.waiting_callouts("app", 300, 10)] == ["c"]
        assert [each.id for each in await store.due_callouts(300, 10)] == ["d", "a"]
        assert await store.next_due(["app"]) == 200
        assert await store.next_due([]) == 240

    run(open_store, story)


def test_what_is_decided_on_a_callout_counts_with_the_records_that_it_used(
    open_store: Open,
) -> None:
    count = Count(record="dialled", key="k")

    def dial(known: Callout, records: Records) -> Callout:
        records.perform(count)
        return known.changed(state=State.PLACING, attempt=known.attempt + 1)

    def fail(known: Callout, records: Records) -> Callout:
        records.perform(count)
        return known  # no change that follows the last: refused

    async def story(store: Store) -> None:
        await store.put_callouts([callout("a")])
        changed = await store.amend("a", 5_000, dial)
        assert changed is not None
        assert (changed.state, changed.attempt) == (State.PLACING, 1)
        with pytest.raises(ConflictError):
            await store.amend("a", 5_000, lambda known, records: fail(changed, records))
        seen: list[object] = []

        def look(known: Callout, records: Records) -> None:
            seen.append(records.perform(Read(record="dialled", key="k")))

        assert await store.amend("a", 5_000, look) == changed
        assert await store.amend("nobody", 5_000, dial) is None
        assert seen == [1]

    run(open_store, story)


def test_callouts_are_listed_page_by_page_the_latest_first(open_store: Open) -> None:
    async def story(store: Store) -> None:
        rows = [callout(f"c{number}", name="x" if number % 2 else "y") for number in range(7)]
        await store.put_callouts(rows)
        first = await store.callouts(ALL, "", 3)
        second = await store.callouts(ALL, first[-1].id, 10)
        assert [each.id for each in (*first, *second)] == [f"c{n}" for n in reversed(range(7))]
        only = await store.callouts(CalloutFilter(name="x"), "", 10)
        assert [each.id for each in only] == ["c5", "c3", "c1"]

    run(open_store, story)


def test_callouts_that_are_long_over_are_forgotten_others_stay(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_callouts([callout("a"), callout("b")])
        await store.put_callouts([callout("a").changed(state=State.OVER, due=5_000)])
        assert await store.sweep(4_000, 10, now=4_000) == 0
        assert await store.sweep(6_000, 10, now=6_000) == 1
        assert [each.id for each in await store.callouts(ALL, "", 10)] == ["b"]

    run(open_store, story)


def test_callouts_outlive_the_process(tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        await store.put_callouts([callout("a", key="k", order=b"\x00\xff")])
        await store.close()
        store = await SqliteStore.open(tmp_path / "state.db")
        assert await store.callout("a") == callout("a", key="k", order=b"\x00\xff")
        await store.close()

    asyncio.run(story())


CHANGES = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(("add", *State)),
        st.sampled_from(("", "k")),
        st.integers(0, 9),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(changes=CHANGES)
def test_both_stores_keep_the_same_callouts(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, str, str, int]]
) -> None:
    async def story() -> None:
        path = tmp_path_factory.mktemp("callouts") / "state.db"
        stores: list[Store] = [MemoryStore(), await SqliteStore.open(path)]
        for id, what, key, due in changes:
            for store in stores:
                await _apply(store, id, what, key, due)
            listed = [await each.callouts(ALL, "", 99) for each in stores]
            assert listed[0] == listed[1]
            for apps in (["app"], []):
                times = [await each.next_due(apps) for each in stores]
                assert times[0] == times[1]
            calls = [await each.busy_callouts() for each in stores]
            assert calls[0] == calls[1]
        for store in stores:
            await store.close()

    asyncio.run(story())


async def _apply(store: Store, id: str, what: str, key: str, due: int) -> None:
    if what == "add":
        await store.put_callouts([callout(id, key=key, due=due)])
        return

    def change(known: Callout, records: Records) -> Callout | None:
        over = known.state is State.OVER
        return None if over else known.changed(state=State(what), due=due)

    await store.amend(id, 0, change)


def test_several_are_found_at_once_in_the_order_in_which_they_are_asked_for(
    open_store: Open,
) -> None:
    async def story(store: Store) -> None:
        kept = [callout("a"), callout("b", order=b'{"more": 1}'), callout("c")]
        await store.put_callouts(kept)
        a, b, _ = kept
        assert await store.callouts_by_id(["b", "none", "a", "b", "'"]) == [b, None, a, b, None]
        assert await store.callouts_by_id([]) == []

    run(open_store, story)
