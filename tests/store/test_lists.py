"""What every store keeps to where people look at calls, journals and records."""

import asyncio
from pathlib import Path

import pytest
from turns import FIRST, Open, after, another, run

from ivrflow.errors import StoreUnavailableError
from ivrflow.records import Claim, Enqueue, Kept, Put
from ivrflow.store.base import CallFilter, Draft, Records, Store, Turn
from ivrflow.store.beside import open_beside
from ivrflow.store.sqlite import SqliteStore
from ivrflow.store.sqlite_calls import list_calls

ALL = CallFilter()
BEGINNING = ("", 0)


async def names(store: Store, only: CallFilter, before: int = 0, limit: int = 9) -> list[str]:
    return [each.call for each in (await store.calls(only, before, limit)).calls]


def test_calls_are_listed_the_latest_first_and_page_by_page(open_store: Open) -> None:
    async def story(store: Store) -> None:
        assert await store.calls(ALL, 0, 2) == await store.calls(ALL, 0, 9)
        for number in range(5):
            await store.submit(another(f"c{number}")).done
        first = await store.calls(ALL, 0, 2)
        assert [each.call for each in first.calls] == ["c4", "c3"]
        second = await store.calls(ALL, first.next, 2)
        await store.submit(another("c5")).done
        last = await store.calls(ALL, second.next, 2)
        assert [each.call for each in (*second.calls, *last.calls)] == ["c2", "c1", "c0"]
        assert last.next == 0
        assert await names(store, ALL, before=1) == []

    run(open_store, story)


def test_calls_are_told_apart_by_their_programs_and_whether_they_are_over(
    open_store: Open,
) -> None:
    async def story(store: Store) -> None:
        await store.submit(another("live")).done
        await store.submit(another("over", over=2_000)).done
        await store.submit(another("other", program="sha256:two")).done
        assert await names(store, CallFilter(over=False)) == ["other", "live"]
        assert await names(store, CallFilter(over=True)) == ["over"]
        assert await names(store, CallFilter(programs=("sha256:two",))) == ["other"]
        assert await names(store, CallFilter(programs=("sha256:one",), over=False)) == ["live"]
        assert await names(store, CallFilter(programs=())) == []
        assert sorted(await store.program_ids()) == ["sha256:one", "sha256:two"]

    run(open_store, story)


def test_a_call_is_shown_with_its_first_and_its_last_turn(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(FIRST).done
        await store.submit(after(FIRST, place, at=7_000, over=7_000)).done
        (shown,) = (await store.calls(ALL, 0, 9)).calls
        assert (shown.began, shown.at, shown.over) == (1_000, 7_000, 7_000)
        assert (shown.app, shown.program, shown.session) == ("app", "sha256:one", b'{"n":2}')
        assert await store.call("app", "call-1") == shown
        assert await store.call("other", "call-1") is None

    run(open_store, story)


def test_a_journal_is_read_from_its_end_page_by_page(open_store: Open) -> None:
    async def story(store: Store) -> None:
        turn = FIRST
        place = await store.submit(turn).done
        await store.submit(another("between")).done
        for _ in range(4):
            turn = after(turn, place)
            place = await store.submit(turn).done
        first = await store.turns("app", "call-1", 0, 2)
        rest = await store.turns("app", "call-1", first[-1][0], 9)
        assert [row for _, row in reversed((*first, *rest))] == await store.journal("app", "call-1")
        assert [row.key for _, row in first] == [b"key-5", b"key-4"]
        assert await store.turns("app", "call-1", rest[-1][0], 9) == []
        assert await store.turns("app", "nobody", 0, 9) == []

    run(open_store, story)


def test_no_call_shows_the_journal_of_another(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(FIRST).done
        await store.submit(after(FIRST, place)).done
        await store.submit(another("call-2")).done
        ((number, _), _) = await store.turns("app", "call-1", 0, 9)
        assert [row.key for _, row in await store.turns("app", "call-2", number, 9)] in (
            [],
            [b"key-1"],  # where numbers are those of the call alone, this is its own row
        )

    run(open_store, story)


def put(key: str, value: object) -> Put:
    return Put(record="notes", key=key, value=value)


def test_what_a_record_holds_is_listed_by_its_keys(open_store: Open) -> None:
    async def story(store: Store) -> None:
        for key in ("b", "a", "", "c"):
            await store.put_record(put(key, {"of": key}), 1)
        await store.put_record(Put(record="other", key="a", value=1), 1)
        first = await store.entries("notes", None, 2, BEGINNING, 3)
        assert [each.key for _, each in first] == ["", "a", "b"]
        number, last = first[-1]
        rest = await store.entries("notes", None, 2, (last.key, number), 3)
        assert [each.value for _, each in rest] == [{"of": "c"}]
        assert [each.key for _, each in await store.entries("notes", "b", 2, BEGINNING, 9)] == ["b"]
        assert await store.entries("nothing", None, 2, BEGINNING, 9) == []

    run(open_store, story)


def test_what_has_expired_is_not_listed(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_record(Put(record="notes", key="a", value=1, lasts=10), 100)
        ((_, shown),) = await store.entries("notes", None, 109, BEGINNING, 9)
        assert (shown.expires, shown.call, shown.place) == (110, "", 0)
        assert await store.entries("notes", None, 110, BEGINNING, 9) == []

    run(open_store, story)


async def waits(store: Store, call: str, *operations: Enqueue | Claim) -> None:
    def make(records: Records) -> Turn:
        for each in operations:
            records.perform(each)
        return another(call)

    await store.submit(Draft(app="app", call=call, at=1, make=make)).done


def test_who_waits_is_listed_by_place_and_can_be_sent_away(open_store: Open) -> None:
    async def story(store: Store) -> None:
        for call in ("c1", "c2", "c3"):
            await waits(store, call, Enqueue(record="line", key="k", value=call))
        first = await store.entries("line", None, 2, BEGINNING, 2)
        assert [(each.call, each.place) for _, each in first] == [("c1", 1), ("c2", 2)]
        number, last = first[-1]
        ((_, third),) = await store.entries("line", None, 2, (last.key, number), 2)
        assert (third.call, third.place, third.value) == ("c3", 3, "c3")
        assert await store.drop_records("line", "k", "c2", 2) == 1
        left = await store.entries("line", "k", 2, BEGINNING, 9)
        assert [(each.call, each.place) for _, each in left] == [("c1", 1), ("c3", 2)]
        assert await store.drop_records("line", "k", None, 2) == 2
        assert await store.drop_records("line", "k", None, 2) == 0

    run(open_store, story)


def test_who_has_claimed_a_key_keeps_it_when_its_value_is_written(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await waits(store, "c1", Claim(record="notes", keys=("a",), value=1))
        await store.put_record(put("a", 2), 2)
        ((_, shown),) = await store.entries("notes", "a", 2, BEGINNING, 9)
        assert shown == Kept(
            record="notes", key="a", value=2, expires=None, app="app", call="c1", place=0
        )

    run(open_store, story)


def test_a_page_looks_at_so_many_calls_and_says_where_others_follow(tmp_path: Path) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        await store.submit(another("first")).done
        for number in range(6):
            await store.submit(another(f"c{number}", over=2_000)).done
        live = CallFilter(over=False)
        with open_beside(tmp_path / "state.db") as file:
            pages = [list_calls(file, live, 0, 9, 3)]
            while pages[-1].next:
                pages.append(list_calls(file, live, pages[-1].next, 9, 3))
        assert [[each.call for each in page.calls] for page in pages] == [[], [], ["first"]]
        await store.close()
        with pytest.raises(StoreUnavailableError):
            await store.calls(ALL, 0, 9)

    asyncio.run(story())
