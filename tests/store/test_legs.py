"""What every store keeps to about legs: turns of two calls at once, and what parents are told."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from turns import FIRST, Open, after, another, draft, run

from ivrflow.callouts import Callout, State
from ivrflow.errands import CALLS, EndedLeg
from ivrflow.errors import ConflictError
from ivrflow.jobs import Job
from ivrflow.store.base import CalloutFilter, Draft, Records, Store, Turn
from ivrflow.store.sqlite import FORMAT, SqliteStore

LEG = Callout(
    id="leg",
    app="app",
    flow="ring",
    name="leg",
    key="",
    order=b"{}",
    made=1_000,
    due=1_000,
    parent="call-1",
    leg=2,
)


def told(jobs: list[Job]) -> list[tuple[str, str, EndedLeg]]:
    """What is on its way to parents."""
    return [(each.app, each.call, msgspec.json.decode(each.body, type=EndedLeg)) for each in jobs]


async def news(store: Store) -> list[tuple[str, str, EndedLeg]]:
    return told([each for each in await store.due_jobs(9_000, 10) if each.to == CALLS])


def making(turn: Turn, look: Callable[[Records], Turn]) -> Draft:
    return Draft(app=turn.app, call=turn.call, at=turn.at, make=look)


def test_turns_of_two_calls_are_kept_together(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.submit(FIRST).done
        seen = []

        def join(records: Records) -> Turn:
            parent = records.call("app", "call-1")
            assert parent is not None
            seen.append((parent.rev, parent.session, parent.over))
            assert records.call("app", "nobody") is None
            also = after(FIRST, parent.place, callouts=(LEG,))
            return another("call-2", also=(also,), key=b"leg")

        await store.submit(making(another("call-2"), join)).done
        assert seen == [(1, FIRST.session, 0)]
        parent, leg = await store.load("app", "call-1"), await store.load("app", "call-2")
        assert parent is not None
        assert leg is not None
        assert (parent.rev, leg.rev) == (2, 1)
        assert [row.key for row in await store.journal("app", "call-1")] == [b"key-1", b"key-2"]
        assert await store.callout("leg") == LEG

    run(open_store, story)


def test_a_turn_that_comes_with_another_and_too_late_costs_both(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(FIRST).done
        await store.submit(after(FIRST, place)).done
        late = after(FIRST, place)

        def join(records: Records) -> Turn:
            return another("call-2", also=(late,), callouts=(LEG,))

        with pytest.raises(ConflictError):
            await store.submit(making(another("call-2"), join)).done
        assert await store.load("app", "call-2") is None
        assert await store.callout("leg") is None
        parent = await store.load("app", "call-1")
        assert parent is not None
        assert parent.rev == 2

    run(open_store, story)


def test_a_callout_that_another_has_changed_costs_both_turns(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(FIRST).done
        await store.put_callouts([LEG, LEG.changed(unwanted=True)])

        def join(records: Records) -> Turn:
            live = LEG.changed(state=State.LIVE, call="call-2")
            return another("call-2", also=(after(FIRST, place),), callouts=(live,))

        with pytest.raises(ConflictError):
            await store.submit(making(another("call-2"), join)).done
        parent = await store.load("app", "call-1")
        assert parent is not None
        assert parent.rev == 1
        await store.submit(after(FIRST, place)).done

    run(open_store, story)


def test_a_draft_sees_calls_of_its_own_batch(open_store: Open) -> None:
    async def story(store: Store) -> None:
        seen: list[int] = []

        def look(records: Records) -> Turn:
            found = records.call("app", "call-1")
            seen.append(0 if found is None else found.rev)
            return another("call-2")

        first = store.submit(draft(FIRST))
        await store.submit(making(another("call-2"), look)).done
        await first.done
        assert seen == [1]

    run(open_store, story)


def test_a_leg_that_is_over_is_told_to_its_parent_in_the_same_commit(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_callouts([LEG])
        live = LEG.changed(state=State.LIVE, call="call-2", result="answered")
        await store.put_callouts([live])
        assert await news(store) == []
        over = live.changed(state=State.OVER)
        await store.submit(another("call-2", callouts=(over,))).done
        assert await news(store) == [("app", "call-1", EndedLeg(leg=2, result="answered"))]
        with pytest.raises(ConflictError):
            await store.put_callouts([over])
        assert len(await news(store)) == 1

    run(open_store, story)


def test_a_leg_whose_key_is_taken_never_began_and_its_parent_hears_so_once(
    open_store: Open,
) -> None:
    async def story(store: Store) -> None:
        other = msgspec.structs.replace(LEG, id="other", parent="", leg=0, key="k")
        leg = msgspec.structs.replace(LEG, key="k")
        assert await store.put_callouts([other]) == [True]
        for _ in range(2):
            assert await store.put_callouts([leg]) == [False]
        assert await news(store) == [("app", "call-1", EndedLeg(leg=2, result="refused"))]

    run(open_store, story)


def test_a_leg_that_is_ordered_again_is_no_news(open_store: Open) -> None:
    async def story(store: Store) -> None:
        assert await store.put_callouts([LEG]) == [True]
        assert await store.put_callouts([LEG]) == [False]
        assert await news(store) == []

    run(open_store, story)


def test_a_leg_that_was_over_before_it_began_is_news(open_store: Open) -> None:
    async def story(store: Store) -> None:
        over = msgspec.structs.replace(LEG, state=State.OVER, result="refused")
        await store.submit(another("call-1", callouts=(over,))).done
        assert await news(store) == [("app", "call-1", EndedLeg(leg=2, result="refused"))]

    run(open_store, story)


def bring_back(file: Path) -> None:
    """Make a file what it was before there were legs."""
    with sqlite3.connect(file) as connection:
        query = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '%parent%'"
        for (index,) in connection.execute(query).fetchall():
            connection.execute(f"DROP INDEX {index}")
        for column in ("parent", "leg", "unwanted"):
            connection.execute(f"ALTER TABLE callout DROP COLUMN {column}")
        connection.execute("UPDATE meta SET value = CAST('3' AS BLOB) WHERE name = 'format'")
    connection.close()


def test_a_file_of_the_layout_before_legs_is_brought_up(tmp_path: Path) -> None:
    file = tmp_path / "state.db"
    waits = msgspec.structs.replace(LEG, parent="", leg=0)

    async def before() -> None:
        store = await SqliteStore.open(file)
        await store.put_callouts([waits])
        await store.close()

    async def then() -> None:
        store = await SqliteStore.open(file)
        assert await store.callouts(CalloutFilter(), "", 9) == [waits]
        assert await store.put_callouts([waits.changed(unwanted=True)]) == [True]
        another = msgspec.structs.replace(LEG, id="another")
        assert await store.put_callouts([another]) == [True]
        assert await store.callout("another") == another
        await store.close()

    asyncio.run(before())
    bring_back(file)
    asyncio.run(then())
    with sqlite3.connect(file) as connection:
        found = connection.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
    connection.close()
    assert found == (FORMAT,)


def test_a_file_is_brought_up_whole_or_not_at_all(tmp_path: Path) -> None:
    """Who is killed while it is brought up can open it again."""
    file = tmp_path / "state.db"
    script = (Path(__file__).parents[2] / "engine/ivrflow/store/sql/legs.sql").read_text()

    async def opened() -> None:
        await (await SqliteStore.open(file)).close()

    asyncio.run(opened())
    bring_back(file)
    killed = sqlite3.connect(file, isolation_level=None)
    killed.executescript(script.replace("COMMIT;", ""))
    killed.close()
    asyncio.run(opened())
