"""Rooms, commanded by flows, on an emulated platform: what is wanted happens, once, in order."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ivrflow.commands import CONTROL, Control
from ivrflow.emulator.auth import Request
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.runner import Headers
from ivrflow.emulator.setup import Application, Inbound, RestFault, Setup
from ivrflow.emulator.transcript import Changed, Ended, Heard, Joined, Left
from ivrflow.jobs import Job, Outcome, State
from ivrflow.library import Library
from ivrflow.rehearsal.requesting import Requesting
from ivrflow.runtime.kinds import do_by_kind
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.runtime.worker import Worker
from ivrflow.sinch.parse import parse
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import JobFilter, Store
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore

APP = "app"
ROOMS = "/calling/v1/conferences/"

HALL = """
flow: hall
start: ask
states:
  ask:
    menu: {prompt: "To listen, press 1. To speak, press 2.", choices: {1: listen, 2: speak}}
    on: {no_input: listen, no_match: listen}
  listen:
    do: [control: {command: mute, conference: hall}]
    conference: {id: hall}
  speak:
    conference: {id: hall, dtmf: detect}
    on:
      digits:
        - {when: input == "1", do: [control: {command: unmute, conference: hall, who: all}]}
        - when: input == "2"
          do: [control: {command: hold, conference: hall, who: all, hold_music: music2}]
        - when: input == "3"
          do: [control: {command: mute, conference: hall, who: "x{{ input }}"}]
        - {when: input == "0", do: [control: {command: kick_all, conference: hall}]}
        - {next: stay}
"""


async def _nowhere(job: Job, body: bytes) -> Outcome:
    """Nobody gets events."""
    return Outcome()


class Box:
    """The engine and its worker behind an emulated platform, on one simulated clock."""

    def __init__(self, library: Library, store: Store) -> None:
        application = Application(key=APP, primary="http://localhost/callbacks")
        self.world = InProcess(Setup(applications=(application,)), self._answer)
        self.library = library
        self.store = store
        self.last = b""
        self.region = "euc1"
        self.begin()

    def begin(self) -> None:
        """Be an engine that has just been started."""
        self.turns = Turns(self.library, self.store, Policy(), self.now)
        kinds = do_by_kind(self.turns, _nowhere, Requesting(lambda: self.world), self.now)
        self.worker = Worker(self.store, self.turns.outbox, kinds, now=self.now, chance=lambda: 0.0)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.platform.now / 1000, UTC)

    async def deliver_again(self) -> None:
        """Let the last callback come once more."""
        await self._answer("", {}, self.last)

    async def _answer(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        body = body.replace(b"calling-euc1", b"calling-" + self.region.encode())
        self.last = body
        answer = await self.turns.answer(parse(body, APP), arrived=monotonic())
        return answer.status, answer.body

    async def call(self, *keys: str) -> str:
        """Return the id of a call whose caller presses keys, each at what is said then."""
        call = await self.world.call(Inbound())
        for key in keys:
            await self.world.wait(3_000)
            await self.world.press(call, key)
        return call

    async def work(self, seconds: float = 0) -> None:
        """Do what is due, for some time."""
        until = self.world.platform.now + int(seconds * 1000)
        while True:
            await self.worker.work()
            await self.worker.drain()
            await self.world.settle()
            if self.world.platform.now >= until:
                return
            await self.world.wait(100)

    async def jobs(self) -> list[Job]:
        return list(reversed(await self.store.jobs(JobFilter(), "", 99)))

    def changed(self, call: str = "") -> list[str]:
        told = self.world.platform.transcript
        return [each.to for each in told if isinstance(each, Changed) and call in ("", each.call)]

    def inside(self) -> list[str]:
        """Return who is in the room."""
        found: list[str] = []
        for each in self.world.platform.transcript:
            if isinstance(each, Joined):
                found.append(each.call)
            elif isinstance(each, Left):
                found.remove(each.call)
        return found

    def held(self) -> set[str]:
        """Return who is in the room and hears music only."""
        return {
            call
            for call in self.inside()
            if ([each for each in self.changed(call) if each in ("onhold", "resume")] or [""])[-1]
            == "onhold"
        }

    async def request(self, method: str, path: str) -> int:
        """Ask the platform; returns the status."""
        request = Request(method=method, path=path, headers={}, body=b"")
        response = await self.world.request(request)
        await self.world.settle()
        return response.status

    @property
    def ended(self) -> list[str]:
        return [each.call for each in self.world.platform.transcript if isinstance(each, Ended)]


Story = Callable[[Box], Awaitable[None]]
Play = Callable[..., None]


def opened(directory: Path, flow: str = HALL) -> Library:
    (directory / "hall.flow.yaml").write_text(flow, "utf-8")
    found, checked = Library.open(directory, PLATFORM)
    assert found is not None, checked.diagnostics
    return found


@pytest.fixture(params=["memory", "sqlite"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    async def told(story: Story, flow: str) -> None:
        memory = request.param == "memory"
        store = MemoryStore() if memory else await SqliteStore.open(tmp_path / "state.db")
        box = Box(opened(tmp_path, flow), store)
        try:
            await story(box)
        finally:
            await box.turns.drain()
            await box.store.close()

    return lambda story, flow=HALL: asyncio.run(told(story, flow))


def test_who_joins_a_room_is_commanded_in_it(play: Play) -> None:
    async def story(box: Box) -> None:
        listener = await box.call("1")
        await box.work(1)
        assert box.changed(listener) == ["mute"]
        speaker = await box.call("2")
        await box.world.press(speaker, "1")
        await box.work(1)
        assert box.changed(listener) == ["mute", "unmute"]
        assert box.changed(speaker) == ["unmute"]
        await box.world.press(speaker, "2")
        await box.work(1)
        music = [each for each in box.world.platform.transcript if isinstance(each, Heard)]
        held = {each.call for each in music if each.text == "music2"}
        assert held == {listener, speaker}
        await box.world.press(speaker, "0")
        await box.work(1)
        assert set(box.ended) == {listener, speaker}
        assert {each.state for each in await box.jobs()} == {State.DONE}

    play(story)


def test_a_room_that_is_not_there_yet_is_waited_for(play: Play) -> None:
    """The command is there with the reply, the room a moment after it."""

    async def story(box: Box) -> None:
        fault = RestFault(path=ROOMS, code=40_400, times=3)
        box.world.platform.inject(fault)
        listener = await box.call("1")
        await box.work(0.5)
        assert box.changed(listener) == []
        await box.work(3)
        assert box.changed(listener) == ["mute"]
        (job,) = await box.jobs()
        assert (job.state, job.attempt) == (State.DONE, 4)

    play(story)


def test_commands_of_one_call_come_in_their_order_however_long_the_first_takes(
    play: Play,
) -> None:
    async def story(box: Box) -> None:
        speaker = await box.call("2")
        box.world.platform.inject(RestFault(path=ROOMS, code=50_300, times=1))
        for key in "21":
            await box.world.press(speaker, key)
        await box.work(5)
        assert box.changed(speaker) == ["onhold", "unmute"]

    play(story)


def test_who_is_not_in_the_room_is_left_alone_and_keeps_no_other_call_waiting(play: Play) -> None:
    async def story(box: Box) -> None:
        speaker, other = await box.call("2"), await box.call("2")
        await box.world.press(speaker, "3")
        await box.world.press(speaker, "1")
        await box.world.press(other, "2")
        await box.work(1)
        assert box.changed() == ["onhold", "onhold"]
        await box.work(12)
        assert box.changed() == ["onhold", "onhold", "unmute", "unmute"]
        assert {each.state for each in await box.jobs()} == {State.DONE}

    play(story)


def test_what_the_platform_refuses_is_there_to_be_seen(play: Play) -> None:
    async def story(box: Box) -> None:
        box.world.platform.inject(RestFault(path=ROOMS, code=40_003, times=9))
        listener = await box.call("1")
        await box.work(1)
        (job,) = await box.jobs()
        assert (job.kind, job.to, job.name, job.call) == (CONTROL, "@sinch", "mute", listener)
        assert job.state is State.DEAD
        assert job.fault.startswith("40003")
        wanted = Control(command="mute", room="hall", region="euc1", call=listener)
        assert msgspec.json.decode(job.body, type=Control) == wanted

    play(story)


def test_an_event_that_comes_twice_commands_once(play: Play) -> None:
    async def story(box: Box) -> None:
        await box.call("1")
        await box.deliver_again()
        await box.work(1)
        assert len(await box.jobs()) == 1

    play(story)


# -- rooms that the engine keeps ------------------------------------------------------------------

KEPT = """
flow: hall
start: ask
states:
  ask:
    menu:
      prompt: "To listen, press 1. To speak, press 2. To host, press 3."
      choices: {1: listen, 2: speak, 3: host}
    on: {no_input: listen, no_match: listen}
  listen:
    conference: {id: hall, max: 3, start_on_enter: false, hold_music: music2}
    on: {full: sorry}
  speak:
    say: You will speak.
    conference: {id: hall, max: 3, start_on_enter: true}
    on: {full: sorry}
  host:
    conference: {id: hall, max: 4, start_on_enter: true, end_on_exit: true}
    on: {full: sorry}
  sorry: {say: The room is full., hangup: }
"""

LONG = KEPT.replace("  listen:\n", f"  listen:\n    say: {'Welcome to the hall. ' * 40}\n")


def test_no_more_come_into_a_room_than_may_and_a_place_is_free_when_one_leaves(play: Play) -> None:
    async def story(box: Box) -> None:
        callers = [await box.call("1") for _ in range(4)]
        assert box.inside() == callers[:3]
        await box.world.hear("the room is full")
        await box.world.wait(5_000)
        assert box.ended == callers[3:]
        await box.world.hang_up(callers[0])
        late = await box.call("1")
        assert box.inside() == [*callers[1:3], late]

    play(story, KEPT)


def test_of_many_who_come_at_once_as_many_get_in_as_may(play: Play) -> None:
    async def story(box: Box) -> None:
        calls = [await box.call() for _ in range(12)]
        await box.world.wait(3_000)
        await asyncio.gather(*(box.world.press(call, "1") for call in calls))
        await box.world.settle()
        assert len(box.inside()) == 3

    play(story, KEPT)


def test_who_is_put_out_leaves_a_place(play: Play) -> None:
    async def story(box: Box) -> None:
        callers = [await box.call("1") for _ in range(3)]
        assert await box.request("DELETE", f"{ROOMS}id/hall/{callers[0]}") < 300
        late = await box.call("1")
        assert late in box.inside()

    play(story, KEPT)


def test_who_waits_hears_music_until_somebody_starts_the_room(play: Play) -> None:
    async def story(box: Box) -> None:
        first, second = await box.call("1"), await box.call("1")
        await box.work(1)
        assert box.held() == {first, second}
        starter = await box.call("2")
        await box.work(12)
        assert box.held() == set()
        late = await box.call("1")
        await box.work(1)
        assert late in box.inside()
        assert box.held() == set()
        assert "onhold" not in box.changed(starter)
        await box.world.hang_up(starter)
        after = await box.call("1")
        await box.work(1)
        assert box.held() == {after}
        assert {each.state for each in await box.jobs()} == {State.DONE}

    play(story, KEPT.replace("max: 3", "max: 9"))


@pytest.mark.parametrize("order", ["waits first", "starts first"])
def test_whoever_comes_first_nobody_is_left_with_the_music(play: Play, order: str) -> None:
    """The worker comes late, and the one who waits later still: they hear a long prompt."""

    async def story(box: Box) -> None:
        keys = "12" if order == "waits first" else "21"
        calls = [await box.call(key) for key in keys]
        await box.work(60)
        assert set(box.inside()) == set(calls)
        assert box.held() == set()

    play(story, LONG)


def test_who_waits_already_hears_the_start_at_once_though_another_is_on_the_way(
    play: Play,
) -> None:
    async def story(box: Box) -> None:
        first = await box.call("1")
        await box.work(60)
        assert box.held() == {first}
        second = await box.call("1")
        await box.call("2")
        await box.work(4)
        assert first in box.inside()
        assert second not in box.inside()
        assert box.held() == set()

    play(story, LONG)


def test_who_hangs_up_on_the_way_into_the_room_keeps_its_start_no_longer(play: Play) -> None:
    async def story(box: Box) -> None:
        waiting = await box.call("1")
        await box.work(1)
        gone = await box.call("1")
        box.world.platform.inject(RestFault(path=f"{ROOMS}id/hall/{gone}", code=40_400, times=9))
        await box.world.hang_up(gone)
        await box.call("2")
        await box.work(4)
        assert box.held() == set()
        assert waiting in box.inside()
        await box.work(60)
        assert {each.state for each in await box.jobs()} == {State.DONE}

    play(story, KEPT)


def test_who_hears_a_long_prompt_first_is_held_though_the_platform_fails_then(play: Play) -> None:
    """However often the room was looked for, a failure does not come to the last try."""

    async def story(box: Box) -> None:
        waiting = await box.call("1")
        await box.work(19)
        box.world.platform.inject(RestFault(path=ROOMS, code=50_000, times=5))
        await box.work(60)
        assert box.held() == {waiting}

    play(story, LONG)


def test_the_room_ends_with_its_host(play: Play) -> None:
    async def story(box: Box) -> None:
        callers = [await box.call("1"), await box.call("2")]
        host = await box.call("3")
        await box.work(12)
        await box.world.hang_up(host)
        await box.work(1)
        assert set(box.ended) == {host, *callers}
        assert box.inside() == []
        again = [await box.call("1") for _ in range(3)]
        assert box.inside() == again

    play(story, KEPT)


def test_a_host_who_was_alone_comes_back_and_stays(play: Play) -> None:
    async def story(box: Box) -> None:
        host = await box.call("3")
        await box.work(2)
        await box.world.hang_up(host)
        await box.work(0.5)
        calls = [await box.call("3"), await box.call("1")]
        await box.work(30)
        assert box.inside() == calls

    play(story, KEPT)


@pytest.mark.parametrize("pause", [0, 1_500, 20_000])
def test_who_comes_after_the_host_s_end_stays_however_late_the_others_are_put_out(
    play: Play, pause: int
) -> None:
    """The end of another host who is put out with them puts nobody out."""

    async def story(box: Box) -> None:
        there = [await box.call("1"), await box.call("3")]
        host = await box.call("3")
        await box.work(12)
        fault = RestFault(path=f"{ROOMS}id/hall", code=50_300, times=4)
        box.world.platform.inject(fault)
        await box.world.hang_up(host)
        await box.world.wait(pause)
        late = [await box.call("3"), await box.call("1")]
        await box.work(30)
        assert box.inside() == late
        assert set(box.ended) == {host, *there}
        ends = [each for each in await box.jobs() if each.name == "kick_all"]
        assert [(each.call, each.state) for each in ends] == [(host, State.DONE)]

    play(story, KEPT.replace("max: 3", "max: 9").replace("max: 4", "max: 9"))


def test_a_room_that_came_much_later_does_not_end_with_an_old_host(play: Play) -> None:
    async def story(box: Box) -> None:
        host = await box.call("3")
        await box.work(12)
        await box.world.hang_up(host)
        await box.world.wait(600_000)
        later = await box.call("1")
        await box.work(1)
        assert box.inside() == [later]
        dead = [each for each in await box.jobs() if each.state is State.DEAD]
        assert [each.name for each in dead] == ["kick_all"]
        assert "too late" in dead[0].fault

    play(story, KEPT)


def test_a_call_of_another_region_is_in_another_room_and_the_operator_is_told(play: Play) -> None:
    async def story(box: Box) -> None:
        await box.call("1")
        box.region = "use1"
        with capture_logs() as logs:
            await box.call("1")
        (told,) = [each for each in logs if each["event"] == "room divided"]
        assert (told["conference"], told["region"], told["other"]) == ("hall", "use1", "euc1")
        assert told["log_level"] == "error"
        regions = {msgspec.json.decode(each.body, type=Control).region for each in await box.jobs()}
        assert regions == {"euc1", "use1"}

    play(story, KEPT)


acts = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["listen", "speak"]), st.just(0)),
        st.tuples(st.sampled_from(["leave", "fail", "busy", "kick"]), st.integers(0, 5)),
        st.tuples(st.just("work"), st.integers(0, 40)),
        st.tuples(st.just("killed"), st.just(0)),
    ),
    max_size=14,
)


async def act_on(box: Box, act: str, number: int) -> None:
    inside = box.inside()
    match act:
        case "leave" if inside:
            await box.world.hang_up(inside[number % len(inside)])
        case "kick" if inside:
            await box.request("DELETE", f"{ROOMS}id/hall/{inside[number % len(inside)]}")
        case "fail" | "busy" if number:
            code = 50_000 if act == "fail" else 50_300
            box.world.platform.inject(RestFault(path=ROOMS, code=code, times=number))
        case "work":
            await box.work(number)
        case "killed":
            box.begin()
        case _:
            pass


async def play_all(box: Box, acts: list[tuple[str, int]]) -> None:
    starters: set[str] = set()
    for act, number in acts:
        if act == "speak":
            starters.add(await box.call("2"))
        elif act == "listen":
            await box.call("1")
        else:
            await act_on(box, act, number)
        assert len(box.inside()) <= 3
    await box.work(130)
    if starters & set(box.inside()):
        assert box.held() == set()
    elif not starters:
        assert box.held() == set(box.inside())
    assert {each.state for each in await box.jobs()} <= {State.DONE}


@settings(max_examples=60, deadline=None)
@given(acts=acts)
def test_whatever_happens_no_more_are_in_a_room_than_may_and_none_is_left_with_the_music(
    acts: list[tuple[str, int]],
) -> None:
    async def told() -> None:
        with TemporaryDirectory() as directory:
            box = Box(opened(Path(directory), LONG), MemoryStore())
            await play_all(box, acts)
            await box.turns.drain()

    asyncio.run(told())
