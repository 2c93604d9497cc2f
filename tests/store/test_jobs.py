"""What every store keeps to about jobs."""

import asyncio
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from turns import FIRST, Open, after, another, run

from ivrflow.errors import ConflictError
from ivrflow.jobs import OPEN, Job, State, again, buried, done, revived, taken
from ivrflow.store.base import Draft, JobFilter, Records, Store, Turn
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore

ALL = JobFilter()


def job(id: str, **changes: object) -> Job:
    made = Job(
        id=id,
        kind="webhook",
        to="crm",
        name="confirmed",
        app="app",
        call="call-1",
        body=b'{"n":1}',
        made=1_000,
        due=1_000,
        until=9_000,
    )
    return msgspec.structs.replace(made, **changes)


def test_a_job_that_a_turn_asks_for_is_there_with_the_turn(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.submit(another("call-1", jobs=(job("a"), job("b", due=2_000)))).done
        assert await store.job("a") == job("a")
        assert await store.due_jobs(1_000, 10) == [job("a")]
        assert await store.next_due_job(1_000) == 2_000

    run(open_store, story)


def test_a_turn_that_comes_too_late_asks_for_nothing(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(FIRST).done
        await store.submit(after(FIRST, place)).done
        with pytest.raises(ConflictError):
            await store.submit(after(FIRST, place, jobs=(job("a"),))).done
        assert await store.job("a") is None

    run(open_store, story)


def test_a_draft_that_fails_asks_for_nothing(open_store: Open) -> None:
    def fails(records: Records) -> Turn:
        raise ValueError("no turn")

    def makes(records: Records) -> Turn:
        return another("call-2", jobs=(job("b"),))

    async def story(store: Store) -> None:
        drafts = [
            Draft(app="app", call=call, at=1, make=make)
            for call, make in (("call-1", fails), ("call-2", makes))
        ]
        made = [store.submit(draft) for draft in drafts]
        with pytest.raises(ValueError, match="no turn"):
            await made[0].done
        await made[1].done
        assert [each.id for each in await store.jobs(ALL, "", 10)] == ["b"]

    run(open_store, story)


def test_a_job_is_there_once_however_often_it_is_asked_for(open_store: Open) -> None:
    async def story(store: Store) -> None:
        place = await store.submit(another("call-1", jobs=(job("a"), job("a", body=b"x")))).done
        await store.put_jobs([taken(job("a"), 1_000)])
        turn = after(another("call-1"), place, jobs=(job("a"),))
        await store.submit(turn).done
        assert await store.jobs(ALL, "", 10) == [taken(job("a"), 1_000)]

    run(open_store, story)


def test_of_two_who_take_a_job_only_one_has_it(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_jobs([job("a"), job("b")])
        await store.put_jobs([taken(job("a"), 1_000)])
        with pytest.raises(ConflictError):
            await store.put_jobs([taken(job("b"), 1_000), taken(job("a"), 1_000)])
        assert await store.job("b") == job("b")

    run(open_store, story)


def test_what_somebody_took_is_due_again_when_the_lease_is_over(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_jobs([job("a")])
        await store.put_jobs([taken(job("a"), 1_000, lease=500)])
        assert await store.due_jobs(1_499, 10) == []
        assert await store.next_due_job(1_000) == 1_500
        (found,) = await store.due_jobs(1_500, 10)
        assert (found.id, found.attempt, found.state) == ("a", 1, State.RUNNING)

    run(open_store, story)


def test_what_is_due_comes_by_its_time_and_no_receiver_keeps_others_waiting(
    open_store: Open,
) -> None:
    async def story(store: Store) -> None:
        slow = [job(f"s{n}", due=100 + n, to="slow") for n in range(5)]
        await store.put_jobs([*slow, job("a", due=300), job("b", due=103), job("c", due=900)])
        assert [each.id for each in await store.due_jobs(300, 2)] == ["s0", "s1", "b", "a"]
        assert await store.next_due_job(300) == 900
        assert await store.next_due_job(900) is None

    run(open_store, story)


def test_jobs_of_one_lane_come_one_after_the_other_in_their_order(open_store: Open) -> None:
    async def story(store: Store) -> None:
        first, second = job("a", lane="call-1", due=500), job("b", lane="call-1", due=100)
        await store.put_jobs([first, second, job("c", lane="call-2"), job("d")])
        assert [each.id for each in await store.due_jobs(400, 10)] == []
        assert [each.id for each in await store.due_jobs(1_000, 10)] == ["a", "c", "d"]
        await store.put_jobs([taken(first, 1_000)])
        assert [each.id for each in await store.due_jobs(1_000, 10)] == ["c", "d"]
        await store.put_jobs([done(taken(first, 1_000), 1_100)])
        assert [each.id for each in await store.due_jobs(1_000, 10)] == ["b", "c", "d"]

    run(open_store, story)


def test_a_dead_job_is_seen_and_can_be_tried_again(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_jobs([job("a"), job("b", call="call-2"), job("c", to="erp")])
        dead = buried(job("a"), 5_000, "status 410")
        await store.put_jobs([dead])
        assert await store.jobs(JobFilter(state="dead"), "", 10) == [dead]
        assert [each.id for each in await store.jobs(JobFilter(to="crm"), "", 10)] == ["b", "a"]
        assert [each.id for each in await store.jobs(JobFilter(call="call-2"), "", 10)] == ["b"]
        assert [each.id for each in await store.jobs(ALL, "c", 1)] == ["b"]
        alive = revived(dead, 6_000)
        await store.put_jobs([alive])
        assert alive in await store.due_jobs(6_000, 10)
        assert alive.body == job("a").body

    run(open_store, story)


def test_of_what_is_done_nothing_is_left_that_it_was_done_with(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_jobs([job("a")])
        await store.put_jobs([done(job("a"), 5_000)])
        found = await store.job("a")
        assert found is not None
        assert (found.state, found.body) == (State.DONE, b"")

    run(open_store, story)


def test_jobs_that_were_over_long_ago_are_forgotten_open_ones_never(open_store: Open) -> None:
    async def story(store: Store) -> None:
        await store.put_jobs([job("a"), job("b"), job("c", due=1)])
        await store.put_jobs([done(job("a"), 5_000), buried(job("b"), 7_000, "no")])
        assert await store.sweep(4_000, 10, now=4_000) == 0
        assert await store.sweep(6_000, 10, now=6_000) == 1
        assert await store.sweep(8_000, 10, now=8_000) == 1
        assert [each.id for each in await store.jobs(ALL, "", 10)] == ["c"]

    run(open_store, story)


def test_jobs_outlive_the_process(tmp_path: Path) -> None:
    wanted = job("a", due=99_000, lane="call-1", body=b"\x00\xff")

    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        await store.submit(another("call-1", jobs=(wanted,))).done
        await store.close()
        store = await SqliteStore.open(tmp_path / "state.db")
        assert await store.job("a") == wanted
        assert await store.next_due_job(0) == 99_000
        await store.close()

    asyncio.run(story())


CHANGES = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(("add", "take", "done", "again", "bury", "revive", "sweep")),
        st.sampled_from(("", "lane")),
        st.sampled_from(("crm", "erp")),
        st.integers(0, 9),
    ),
    max_size=30,
)


@settings(max_examples=40, deadline=None)
@given(changes=CHANGES)
def test_both_stores_keep_the_same_jobs(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, str, str, str, int]]
) -> None:
    async def story() -> None:
        path = tmp_path_factory.mktemp("jobs") / "state.db"
        stores: list[Store] = [MemoryStore(), await SqliteStore.open(path)]
        for id, what, lane, to, at in changes:
            wanted = job(id, lane=lane, to=to, due=at)
            seen = [await _seen(store, wanted, what, at) for store in stores]
            assert seen[0] == seen[1]
        for store in stores:
            await store.close()

    asyncio.run(story())


async def _seen(store: Store, wanted: Job, what: str, at: int) -> object:
    """Change a job if it is there, and return all that can be told of the store then."""
    known = await store.job(wanted.id)
    if what == "sweep":
        await store.sweep(at, 3, now=at)
    elif what == "add":
        await store.put_jobs([wanted])
    elif known is not None and (what == "revive") is (known.state is State.DEAD):
        await store.put_jobs([_changed(known, what, at)] if known.state is not State.DONE else [])
    due = await store.due_jobs(at, 2)
    order = sorted(due, key=lambda each: (each.due, each.id))
    return await store.jobs(ALL, "", 99), order, await store.next_due_job(at)


def _changed(known: Job, what: str, at: int) -> Job:
    match what:
        case "take":
            return taken(known, at, lease=3)
        case "done":
            return done(known, at)
        case "again":
            return again(known, at, "busy", pause=2)
        case "bury":
            return buried(known, at, "no")
        case _:
            return revived(known, at)


ONE_TO = st.integers(0, 60_000)


@given(lease=st.integers(1, 5_000), pauses=st.lists(ONE_TO, min_size=1, max_size=60))
def test_a_job_that_always_fails_is_tried_to_the_end_of_its_time_and_then_given_up(
    lease: int, pauses: list[int]
) -> None:
    known = job("a", until=100_000)
    at = known.due
    for pause in pauses:
        known = again(taken(known, at, lease), at, "busy", pause=pause)
        if known.state not in OPEN:
            assert known.attempt == 20 or at >= known.until
            return
        assert at <= known.due <= known.until
        at = known.due
    assert known.state is State.WAITING
