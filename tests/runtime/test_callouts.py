"""Outgoing calls: dialled once, told once, whatever happens in between."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.callouts import Answer, Callout, Placed, Refused, Seen, State, Unsure
from ivrflow.clock import as_milliseconds
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.runner import Headers
from ivrflow.emulator.setup import Application, Fault, Inbound, Person, RestFault, Setup
from ivrflow.emulator.transcript import Entry, Heard, Rang
from ivrflow.errors import StoreUnavailableError
from ivrflow.library import Library
from ivrflow.machine.callouts import Go, Later, begin_callout, judge, order
from ivrflow.machine.effects import Log, OrderCallout
from ivrflow.machine.events import Answered, Event, Incoming, NoInput
from ivrflow.machine.orders import Dial
from ivrflow.machine.outcome import Facts, Recorded, Step, Verdict
from ivrflow.machine.program import Program, Retry
from ivrflow.machine.step import begin, step
from ivrflow.outbound.placing import Placing
from ivrflow.rehearsal.voice import Emulated
from ivrflow.runtime import tries
from ivrflow.runtime.dialler import Dialler, Limits
from ivrflow.runtime.live import RESCUED
from ivrflow.runtime.strain import REST, Strain
from ivrflow.runtime.token import token
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.parse import parse
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import CalloutFilter, Commit, Decide, Draft, Place, Store, Turn
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore

APP = "app"
ADA = "+46701234567"
ALL = CalloutFilter()

APPLICATION = """
app: clinic
dial: {allow: ["+46"]}
routes: [{flow: reminder, with: {to: "+46700000000", at: noon}}]
"""

REMINDER = """
flow: reminder
start: greet
params: {to: phone, at: string}
records: {stopped: {key: phone}}
schedules:
  daytime: {timezone: Europe/Stockholm, open: {mon-sun: "09:00-20:00"}}
callouts:
  remind:
    to: "{{ to }}"
    cli: "+46850000000"
    timeout: 20s
    key: "{{ to }}"
    unless: recorded(stopped, to)
    hours: daytime
    retry: {results: [busy, no_answer], times: 2, every: 10m}
on:
  unreached: {do: [{log: "unreached: {{ result }}"}]}
  ended: {do: [{log: "ended: {{ result }}"}]}
states:
  greet:
    menu:
      prompt: "You have an appointment at {{ params.at }}. Press 1 to confirm, 9 for no more calls."
      choices: {1: confirmed, 9: stop}
    on: {no_input: bye, no_match: bye}
  confirmed: {say: Thank you., hangup: }
  stop:
    do: [{put: {record: stopped, key: "{{ params.to }}"}}]
    say: We will not call you again.
    hangup:
  bye: {hangup: }
"""


class Box:
    """The engine and its dialler behind an emulated platform, on one simulated clock."""

    def __init__(self, library: Library, store: Store, *people: Person) -> None:
        setup = Setup(
            applications=(Application(key=APP, primary="http://localhost/callbacks"),),
            people=people,
        )
        self.library = library
        self.world = InProcess(setup, self._answer)
        self.placing = Placing(Emulated(lambda: self.world), {})
        self.store = store
        self.logged: list[str] = []
        self.answers: list[Answer] = []
        self.lost = False
        self.regions: list[str] = []
        self.begin(store)

    def begin(self, store: Store) -> None:
        """Be an engine that has just been started."""
        self.store = store
        self.turns = Turns(self.library, store, Policy(), self.now, tell=self._tell)
        self.dialler = Dialler(self.turns, self, Limits(per_second=1e6), self.now)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.world.platform.now / 1000, UTC)

    async def _answer(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        answer = await self.turns.answer(parse(body, APP), arrived=monotonic())
        return answer.status, answer.body

    def _tell(self, event: Event, program: Program, step: Step) -> None:
        self.logged += [each.text for each in step.effects if isinstance(each, Log)]

    async def place(self, app: str, dial: Dial, custom: str, region: str) -> Answer:
        self.regions.append(region)
        answer = await self.placing.place(app, dial, custom, region)
        answer = Unsure("no answer") if self.lost else answer
        self.answers.append(answer)
        return answer

    async def look(self, app: str, call: str, region: str) -> Seen:
        return await self.placing.look(app, call, region)

    async def wait(self, seconds: float) -> None:
        """Let time pass, and do what is due as it becomes due."""
        until = self.world.platform.now + int(seconds * 1000)
        while True:
            await self.dialler.work()
            await self.dialler.drain()
            await self.world.settle()
            due = await self.dialler.due()
            now = self.world.platform.now
            times = [each for each in (due, self.world.platform.due) if each is not None]
            next_ = min((max(each, now + 1) for each in times), default=until + 1)
            if next_ > until:
                await self.world.wait(until - now)
                return
            await self.world.wait(next_ - now)

    async def order(self, id: str, **params: object) -> None:
        await self.store.put_callouts([self.wanted(id, **params)])

    def wanted(self, id: str, **params: object) -> Callout:
        program = self.library.current.programs["reminder"]
        ordered = order(program, program.flow, "remind", params)
        at = as_milliseconds(self.now())
        return self.turns.callouts.wanted(APP, ordered, id=id, at=at, due=at)

    @property
    def told(self) -> list[Entry]:
        return self.world.platform.transcript

    @property
    def rang(self) -> list[str]:
        return [each.to for each in self.told if isinstance(each, Rang)]

    @property
    def heard(self) -> list[str]:
        return [each.text for each in self.told if isinstance(each, Heard)]

    async def callout(self, id: str) -> Callout:
        found = await self.store.callout(id)
        assert found is not None
        return found


def opened(directory: Path, reminder: str = REMINDER, application: str = APPLICATION) -> Library:
    (directory / "reminder.flow.yaml").write_text(reminder, "utf-8")
    (directory / "app.yaml").write_text(application, "utf-8")
    found, checked = Library.open(directory, PLATFORM)
    assert found is not None, checked.diagnostics
    return found


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return opened(tmp_path)


def without(text: str, *lines: str) -> str:
    for line in lines:
        assert line in text
        text = text.replace(line, "")
    return text


Story = Callable[[Box], Awaitable[None]]


@pytest.fixture(params=["memory", "sqlite"])
def play(request: pytest.FixtureRequest, library: Library, tmp_path: Path) -> Callable[..., None]:
    async def told(story: Story, people: tuple[Person, ...]) -> None:
        memory = request.param == "memory"
        store = MemoryStore() if memory else await SqliteStore.open(tmp_path / "state.db")
        box = Box(library, store, *people)
        try:
            await story(box)
        finally:
            await box.turns.drain()
            await box.store.close()

    return lambda story, *people: asyncio.run(told(story, people))


def id_of(number: int) -> str:
    return f"{number:032x}"


ONE = id_of(1)


def test_who_answers_meets_the_flow_from_its_start(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(10)
        assert box.rang == [ADA]
        assert (await box.callout(ONE)).state is State.LIVE
        call = (await box.callout(ONE)).call
        await box.world.hear("appointment at nine")
        await box.world.press(call, "1")
        await box.world.hear("thank you")
        await box.wait(60)
        assert (await box.callout(ONE)).state is State.OVER
        assert box.logged == ["ended: answered"]

    play(story, Person(address=ADA))


def test_who_is_busy_is_called_again_as_often_as_the_author_says_and_told_once(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(3_600)
        assert box.rang == [ADA] * 3
        assert box.logged == ["unreached: busy"]
        assert (await box.callout(ONE)).state is State.OVER

    play(story, Person(address=ADA, does="busy"))


def test_who_does_not_answer_is_not_rung_for_longer_than_the_author_says(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(40)
        callout = await box.callout(ONE)
        assert (callout.state, callout.result, callout.failures) == (State.WAITING, "no_answer", 1)

    play(story)


def test_who_wants_no_more_calls_is_called_no_more(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(10)
        await box.world.press((await box.callout(ONE)).call, "9")
        await box.wait(60)
        await box.order(id_of(2), to=ADA, at="ten")
        await box.wait(60)
        assert box.rang == [ADA]
        second = await box.callout(id_of(2))
        assert (second.state, second.result) == (State.OVER, "cancelled")
        assert box.logged[-1] == "unreached: cancelled"

    play(story, Person(address=ADA))


def test_nobody_is_called_at_night(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        await box.world.wait(12 * 3_600_000)  # 21:00 UTC
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(10 * 3_600)
        assert box.rang == []
        await box.wait(2 * 3_600)
        assert box.rang == [ADA]
        rang = next(each for each in box.told if isinstance(each, Rang))
        assert datetime.fromtimestamp(rang.at / 1000, UTC).hour == 8, "nine o'clock in Stockholm"

    play(story, Person(address=ADA))


def test_a_platform_that_is_down_is_asked_again_and_dials_once(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        box.world.platform.inject(RestFault(code=50_300, times=3))
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(60)
        assert [type(each) for each in box.answers] == [Refused, Refused, Refused, Placed]
        assert box.rang == [ADA]

    play(story, Person(address=ADA))


def test_what_the_platform_refuses_is_told_the_flow(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        box.world.platform.inject(RestFault(code=40_300))
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(60)
        assert box.rang == []
        assert box.logged == ["unreached: refused"]

    play(story)


def test_an_answer_that_is_lost_dials_nobody_twice_and_the_call_goes_on(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        box.lost = True
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(10)
        callout = await box.callout(ONE)
        assert callout.state is State.LIVE
        await box.world.press(callout.call, "1")
        await box.wait(600)
        assert box.rang == [ADA]
        assert box.logged == ["ended: answered"]

    play(story, Person(address=ADA))


def test_numbers_that_are_none_are_refused_and_told(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        for number, wrong in enumerate(("12", "", "+46 70 x")):
            await box.order(id_of(number), to=wrong, at="nine")
        await box.order(id_of(8), to=ADA)
        await box.order(id_of(9), to=ADA, at="nine", on="monday")
        await box.wait(10)
        assert box.rang == []
        rows = await box.store.callouts(ALL, "", 10)
        assert {each.result for each in rows} == {"refused"}
        reasons = {each.id: each.reason for each in rows}
        assert reasons[id_of(8)] == '"reminder" needs the parameter "at" (string)'
        assert reasons[id_of(9)] == '"reminder" has no parameter "on"'
        assert box.logged == ["unreached: refused"] * 5

    play(story)


@pytest.mark.parametrize("wait", [0.0, 1.0, 4.0, 30.0])
def test_an_engine_that_is_killed_dials_nobody_twice(
    library: Library, tmp_path: Path, wait: float
) -> None:
    async def story() -> None:
        store = await SqliteStore.open(tmp_path / "state.db")
        box = Box(library, store, Person(address=ADA))
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(wait)
        await box.turns.drain()
        await store.close()
        box.begin(await SqliteStore.open(tmp_path / "state.db"))
        await box.wait(3_600)
        assert box.rang == [ADA]
        assert (await box.callout(ONE)).state is State.OVER
        assert box.logged == ["ended: answered"]
        await box.store.close()

    asyncio.run(story())


def test_one_that_was_being_placed_when_the_engine_died_is_looked_for_not_placed_again(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        at = as_milliseconds(box.now())
        before = await box.callout(ONE)
        placing = before.changed(state=State.PLACING, attempt=1, due=at + 180_000)
        await box.store.put_callouts([placing])
        await box.wait(100)
        assert (await box.callout(ONE)).state is State.PLACING
        await box.wait(100)
        assert box.rang == []
        assert box.logged == ["unreached: unknown"]

    play(story, Person(address=ADA))


def test_a_forged_token_opens_no_call(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        forged = {"event": "ace", "callid": "x", "custom": f"ivrflow:{ONE}:0:{'0' * 32}"}
        status, body = await box._answer("", {}, json.dumps(forged).encode())
        assert status == 200
        assert json.loads(body)["action"]["name"] == "hangup"
        assert await box.store.load(APP, "x") is None

    play(story)


async def comes(box: Box, attempt: int, event: str, result: str = "BUSY") -> dict[str, object]:
    """Have an event of a try of ONE come in."""
    custom = token(box.store.identity_key, ONE, attempt)
    told = {"event": event, "callid": f"call-{attempt}", "custom": custom, "result": result}
    _, body = await box._answer("", {}, json.dumps(told).encode())
    found: dict[str, object] = json.loads(body or "{}")
    return found


def test_a_try_ends_once_however_often_its_end_is_told(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(5)
        for _ in range(3):
            await comes(box, 1, "dice")
        await box.wait(3_600)
        assert box.rang == [ADA] * 3
        assert box.logged == ["unreached: busy"]

    play(story, Person(address=ADA, does="busy"))


def test_nobody_answers_a_try_that_is_over(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(5)
        assert (
            words(await comes(box, 1, "ace"))
            == "This call is no longer needed. Thank you, and goodbye."
        )
        assert (await box.callout(ONE)).state is State.WAITING

    play(story, Person(address=ADA, does="busy"))


def test_who_answers_one_that_was_given_up_is_told_so(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        box.world.platform.inject(RestFault(kind="drop"))
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(300)
        assert box.logged == ["unreached: unknown"]
        for _ in range(2):
            assert words(await comes(box, 1, "ace")).startswith("This call is no longer needed.")
        await comes(box, 1, "dice", "ANSWERED")
        await box.wait(600)
        assert (await box.callout(ONE)).result == "unknown"
        assert box.logged == ["unreached: unknown"]

    play(story)


def words(answer: Mapping[str, Any]) -> str:
    """Return what a reply says before it hangs up."""
    assert answer["action"] == {"name": "hangup"}
    (said,) = answer["instructions"]
    return str(said["text"])


def test_one_of_which_the_platform_never_says_that_it_is_over_frees_its_key(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        placed = msgspec.structs.replace(
            box.wanted(ONE, to=ADA, at="nine"), state=State.PLACED, attempt=1, call="lost"
        )
        await box.store.put_callouts([placed])
        fault = RestFault(code=50_000, path="/calling/v1/calls", times=1_000)
        box.world.platform.inject(fault)
        await box.wait(tries.LONGEST_CALL / 1000 - 600)
        assert (await box.callout(ONE)).state is State.PLACED
        await box.wait(600)
        found = await box.callout(ONE)
        assert (found.state, found.result) == (State.OVER, "unknown")
        assert box.logged == ["unreached: unknown"]
        again = msgspec.structs.replace(placed, id=id_of(2), state=State.WAITING)
        assert await box.store.put_callouts([again]) == [True]

    play(story)


def test_the_end_of_a_call_that_nobody_was_there_to_hear_of_is_found_out(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(10)
        call = (await box.callout(ONE)).call
        box.world.platform.inject(Fault(kind="drop", event="dice"))
        await box.world.press(call, "1")
        await box.wait(120)
        assert (await box.callout(ONE)).state is State.LIVE
        assert not box.logged
        await box.wait(120)
        assert (await box.callout(ONE)).state is State.OVER
        assert box.logged == ["ended: answered"]

    play(story, Person(address=ADA))


def test_a_call_that_lasts_goes_on_though_it_is_looked_at(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        live = msgspec.structs.replace(
            box.wanted(ONE, to=ADA, at="nine"),
            state=State.LIVE,
            attempt=1,
            call="live",
            result="answered",
        )
        await box.store.put_callouts([live])
        box.world.platform.inject(RestFault(code=50_000, path="/calling/v1/calls", times=1_000))
        await box.wait(tries.LONGEST_CALL / 1000 - 600)
        assert (await box.callout(ONE)).state is State.LIVE
        await box.wait(600)
        assert (await box.callout(ONE)).state is State.OVER
        assert (await box.callout(ONE)).result == "answered"

    play(story)


def test_nobody_more_is_called_while_the_engine_is_too_slow_for_those_on_the_line(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        box.turns.strain = Strain(lambda: box.world.platform.now / 1000)
        box.turns.strain.note()
        await box.order(ONE, to=ADA, at="nine")
        assert 0 < await box.dialler.work() <= REST
        await box.dialler.drain()
        assert not box.rang
        await box.world.wait(round(REST * 1000))
        await box.wait(1)
        assert box.rang == [ADA]

    play(story)


def test_one_that_the_platform_placed_though_it_said_no_can_be_answered(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        box.world.platform.inject(RestFault(code=50_300, times=1))
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(0)
        assert (await box.callout(ONE)).state is State.WAITING
        await comes(box, 1, "ace")
        assert (await box.callout(ONE)).state is State.LIVE

    play(story)


@given(
    orders=st.lists(st.permutations(("answer", "ace", "dice", "dice")), min_size=4, max_size=4),
    answers=st.lists(
        st.sampled_from((Placed("call"), Refused("busy", again=True), Unsure("?"))),
        min_size=8,
        max_size=8,
    ),
)
def test_whatever_order_its_news_come_in_a_callout_has_its_tries_and_one_end(
    orders: list[tuple[str, ...]], answers: list[Answer]
) -> None:
    retry = Retry(results=frozenset({"failed"}), times=2, every=1_000)
    callout: Callout = Callout(
        id=ONE, app=APP, flow="f", name="n", key="", order=b"", made=0, due=0
    )
    ends = [State.LIVE, State.UNREACHED]
    ended = 0
    for news_of_try, answer in zip(orders, answers, strict=False):
        begun = tries.placing(callout, 0, 0)
        if begun is None:
            break
        callout = begun
        for news in news_of_try:
            match news:
                case "answer":
                    after = tries.answered_by_platform(callout, callout.attempt, answer, 0)
                case "ace":
                    after = tries.live(callout, "call", 0)
                case _:
                    after = tries.unanswered(callout, retry, "failed", "", 0)
            ended += after is not None and after.state in ends
            callout = after or callout
    assert callout.attempt <= retry.times + 1
    assert callout.failures <= retry.times
    assert callout.state not in ends or ended == 1


class Holding:
    """A platform that names a call for each request, as soon as its gate is open."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gate = asyncio.Event()

    async def place(self, app: str, dial: Dial, custom: str, region: str) -> Answer:
        self.asked.append(dial.to)
        await self.gate.wait()
        return Placed(f"call-{len(self.asked)}")

    async def look(self, app: str, call: str, region: str) -> Seen:
        return Seen("over", "busy")


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not happened():
            await asyncio.sleep(0)


def number(of: int) -> str:
    return f"+46701230{of:03}"


def test_no_more_calls_are_under_way_than_may_be(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        platform = Holding()
        dialler = Dialler(box.turns, platform, Limits(per_second=1e6, at_once=3), box.now)
        for each in range(12):
            await box.order(id_of(each), to=number(each), at="nine")
            await dialler.work()
        await until(lambda: len(platform.asked) == 3)
        await dialler.work()
        platform.gate.set()
        await dialler.drain()
        for _ in range(3):
            await dialler.work()
            await dialler.drain()
        assert len(platform.asked) == 3
        assert await box.store.busy_callouts() == {APP: 3}

    play(story)


def test_an_application_that_has_all_the_calls_it_may_keeps_no_other_waiting(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        platform = Holding()
        dialler = Dialler(box.turns, platform, Limits(per_second=1e6, at_once=2), box.now)
        for each in range(5):
            await box.order(id_of(each), to=number(each), at="nine")
        other = msgspec.structs.replace(
            box.wanted(id_of(9), to=number(9), at="nine"), app="another", key=""
        )
        await box.store.put_callouts([other])
        await dialler.work()
        await until(lambda: len(platform.asked) == 3)
        assert number(9) in platform.asked
        assert await dialler.due() is not None, "what is placed is looked for"
        platform.gate.set()
        await dialler.drain()

    play(story)


def test_calls_are_placed_and_looked_for_in_the_region_of_the_call_that_wants_them(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        program = box.library.current.programs["reminder"]
        wanted = order(program, program.flow, "remind", {"to": ADA, "at": "nine"})
        wanted = msgspec.structs.replace(wanted, region="sae1")
        at = as_milliseconds(box.now())
        callout = box.turns.callouts.wanted(APP, wanted, id=ONE, at=at, due=at)
        await box.store.put_callouts([callout])
        await box.wait(10)
        assert box.regions == ["sae1"]
        live = box.turns.live.get((APP, (await box.callout(ONE)).call))
        assert live is not None
        assert live.session.call.region == "sae1"

    play(story, Person(address=ADA))


def test_what_a_call_orders_is_placed_where_the_call_is(tmp_path: Path) -> None:
    step_ = "{callout: {name: remind, keep: true, with: {to: '+46701234567', at: noon}}}"
    flow = REMINDER.replace("  bye: {hangup: }", f"  bye: {{do: [{step_}], hangup: }}")
    program = opened(tmp_path, flow).current.programs["reminder"]
    incoming = Incoming(app=APP, call="call", region="sae1")
    session = begin(program, incoming, params={"to": ADA, "at": "nine"}, locale="")
    asked = step(program, session, incoming, Facts())
    assert isinstance(asked, Step)
    taken = step(program, asked.session, NoInput(app=APP, call="call"), Facts())
    assert isinstance(taken, Step)
    (effect,) = taken.effects
    assert isinstance(effect, OrderCallout)
    assert effect.order.region == "sae1"


def test_a_call_whose_event_names_a_region_is_there(library: Library) -> None:
    program = library.current.programs["reminder"]
    wanted = order(program, program.flow, "remind", {"to": ADA, "at": "nine"})
    wanted = msgspec.structs.replace(wanted, region="sae1")
    event = Answered(app=APP, call="call", region="euc1")
    assert begin_callout(program, wanted, event, ONE).call.region == "euc1"


def test_what_became_of_calls_is_seen_to_however_many_wait(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        for each in range(150):
            await box.order(id_of(each), to=number(each), at="nine")
        await box.order(id_of(999), to="12", at="nine")
        placed = (await box.callout(ONE)).changed(
            state=State.PLACED, attempt=1, call="lost", due=as_milliseconds(box.now())
        )
        await box.store.put_callouts([placed])
        dialler = Dialler(box.turns, Holding(), Limits(per_second=1e6, at_once=1), box.now)
        await dialler.work()
        await dialler.drain()
        assert (await box.callout(ONE)).result == "busy"
        assert box.logged == ["unreached: refused"]

    play(story)


def test_who_stands_in_line_when_the_engine_stops_waits_and_who_is_placed_is_kept(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        platform = Holding()
        dialler = Dialler(box.turns, platform, Limits(per_second=0.01), box.now)
        for each in range(5):
            await box.order(id_of(each), to=number(each), at="nine")
        await dialler.work()
        await until(lambda: len(platform.asked) == 1)
        stopping = asyncio.create_task(dialler.stop())
        await asyncio.sleep(0)
        assert not stopping.done(), "a request that is on its way is waited for"
        platform.gate.set()
        async with asyncio.timeout(10):
            await stopping
        states = [each.state for each in await box.store.callouts(ALL, "", 10)]
        assert sorted(states) == [State.PLACED, *[State.WAITING] * 4]
        await dialler.work()
        await dialler.drain()
        assert len(platform.asked) == 1

    play(story)


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Placed("call"), State.PLACED), (Refused("busy", again=True), State.WAITING)],
)
def test_what_the_platform_answers_is_kept_though_the_store_refuses_it_at_first(
    play: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer,
    state: State,
) -> None:
    monkeypatch.setattr("ivrflow.runtime.dialler.KEEP_TRYING", 0.001)

    async def story(box: Box) -> None:
        refused: list[str] = []
        amend = box.store.amend

        async def full(id: str, at: int, decide: Decide) -> Callout | None:
            if box.answers and not refused:
                refused.append(id)
                raise StoreUnavailableError("full")
            return await amend(id, at, decide)

        async def place(app: str, dial: Dial, custom: str, region: str) -> Answer:
            box.answers.append(answer)
            return answer

        monkeypatch.setattr(box.store, "amend", full)
        monkeypatch.setattr(box, "place", place)
        await box.order(ONE, to=ADA, at="nine")
        await box.dialler.work()
        await box.dialler.drain()
        assert refused == [ONE]
        assert (await box.callout(ONE)).state is state

    play(story)


SIP = """
flow: reminder
start: greet
params: {to: string}
callouts:
  remind: {to: TARGET}
states:
  greet: {say: Hello., hangup: }
"""


def dialled(directory: Path, target: str, to: str) -> str:
    """What an order with `to` dials, or why it doesn't."""
    application = APPLICATION.replace('with: {to: "+46700000000", at: noon}', "with: {to: x}")
    library = opened(directory, SIP.replace("TARGET", f'"{target}"'), application)
    program = library.current.programs["reminder"]
    wanted = order(program, program.flow, "remind", {"to": to})
    return wanted.fault if wanted.dial is None else wanted.dial.to


@pytest.mark.parametrize(
    "to",
    [
        "sip:+15550001111@premium.example",
        "+1900555@gw",
        "+46701234567@x;transport=tcp?Route=evil",
        "SIP:a@b",
    ],
)
def test_nobody_gets_past_the_fence_with_an_address(tmp_path: Path, to: str) -> None:
    assert "is no telephone number" in dialled(tmp_path, "{{ to }}", to)
    assert "is no telephone number" in dialled(tmp_path, "+46{{ to }}", to)


def test_an_author_who_writes_an_address_calls_one(tmp_path: Path) -> None:
    assert dialled(tmp_path, "{{ to }}@example.com", "ada") == "ada@example.com"
    assert dialled(tmp_path, "{{ to }}@example.com", "ada@evil.example;x") == (
        "ada-evil.example-x@example.com"
    )
    assert dialled(tmp_path, "sip:{{ to }}", "ada@example.com") == "ada@example.com"
    assert dialled(tmp_path, "{{ to }}", ADA) == ADA


def test_one_number_has_one_key_however_it_is_written(tmp_path: Path) -> None:
    text = SIP.replace("{to: TARGET}", '{to: "{{ to }}", key: "{{ to }}"}')
    application = APPLICATION.replace('with: {to: "+46700000000", at: noon}', "with: {to: x}")
    program = opened(tmp_path, text, application).current.programs["reminder"]
    written = (ADA, " 0046701234567", "+46 70 123 45 67", "x <+46701234567>", " " * 250 + ADA)
    keys = {order(program, program.flow, "remind", {"to": each}).key for each in written}
    assert keys == {ADA}


PROMISING = """
flow: reminder
start: promise
params: {to: phone, at: string}
callouts: {remind: {to: "{{ to }}", key: "{{ to }}"}}
states:
  promise:
    do:
      - callout:
          name: remind
          with: {to: "{{ params.to }}", at: "{{ params.at }}"}
          keep: true
          into: promised
    say: "It is {{ promised }}."
    hangup:
"""


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_flow_is_told_whether_what_it_orders_will_be_placed(tmp_path: Path, kind: str) -> None:
    barred = '{flow: reminder, with: {to: "+4770000000", at: noon}}'
    routes = (
        f'[{{to: "+46850000009", {barred[1:]}, {{flow: reminder, with: {{to: "{ADA}", at: noon}}}}]'
    )
    application = f'app: clinic\ndial: {{allow: ["+46"]}}\nroutes: {routes}\n'
    library = opened(tmp_path, PROMISING, application)

    async def story() -> None:
        memory = kind == "memory"
        store = MemoryStore() if memory else await SqliteStore.open(tmp_path / "state.db")
        box = Box(library, store)
        for called in ("+46850000000", "+46850000000", "+46850000009"):
            await box.world.call(Inbound(caller="+46702222222", to=called))
            await box.world.wait(5_000)
        assert box.heard == ["It is ordered.", "It is already.", "It is refused."]
        await box.turns.drain()
        await box.store.close()

    asyncio.run(story())


def test_hours_may_be_those_of_a_parameter(tmp_path: Path) -> None:
    at_night = REMINDER.replace("at: string}", "at: string, hours: schedule?}").replace(
        "hours: daytime", 'hours: "{{ hours }}"'
    )
    opened(tmp_path, at_night)
    program = opened(tmp_path, at_night).current.programs["reminder"]
    night = Facts(now="2026-11-24T03:00:00Z", answers=(Recorded(None), Recorded(None)))

    def judged(**params: object) -> object:
        wanted = order(program, program.flow, "remind", {"to": ADA, "at": "noon", **params})
        return judge(program, wanted, night)

    assert judged(hours="reminder.daytime") == Later("2026-11-24T09:00:00+01:00")
    assert judged(hours=None) == judged() == Go()
    assert judged(hours="gone") == Go()


def test_long_keys_differ_in_their_ends_too(tmp_path: Path) -> None:
    text = REMINDER.replace('key: "{{ to }}"', 'key: "{{ at }}"')
    program = opened(tmp_path, text).current.programs["reminder"]
    keys = {
        order(program, program.flow, "remind", {"to": ADA, "at": "x" * 300 + end}).key
        for end in "ab"
    }
    assert len(keys) == 2
    assert all(len(each) <= 200 for each in keys)


CIRCLE = REMINDER.replace(
    '{log: "unreached: {{ result }}"}',
    '{callout: {name: remind, with: {to: "{{ params.to }}", at: nine}, keep: true}}',
)


def test_callouts_that_order_each_other_come_to_an_end(tmp_path: Path) -> None:
    async def story() -> None:
        text = without(CIRCLE, "    hours: daytime\n")
        box = Box(opened(tmp_path, text), MemoryStore(), Person(address=ADA, does="failed"))
        await box.order(ONE, to=ADA, at="nine")
        await box.wait(3_600)
        assert len(box.rang) == 11
        last = (await box.store.callouts(ALL, "", 1))[0]
        assert (last.state, last.result) == (State.OVER, "refused")
        assert last.reason == "callouts order each other, 10 times over"
        await box.turns.drain()

    asyncio.run(story())


@pytest.mark.parametrize(("hours", "state"), [(0, State.OVER), (2, State.WAITING)])
def test_callouts_that_order_each_other_day_by_day_go_on(
    play: Callable[..., None], hours: int, state: State
) -> None:
    async def story(box: Box) -> None:
        program = box.library.current.programs["reminder"]
        wanted = order(program, program.flow, "remind", {"to": ADA, "at": "nine"})
        before = msgspec.structs.replace(wanted, generation=10)
        session = begin_callout(program, before, Answered(app=APP, call="call"), ONE)
        at = (box.now() + timedelta(hours=hours)).isoformat()
        effect = OrderCallout(order=wanted, state="greet", at=at)
        taken = Step(session=session, verdict=Verdict.MOVED, effects=(effect,))
        now = as_milliseconds(box.now())
        (callout,) = box.turns.callouts.ordered((APP, "call"), b"key", now, taken)
        assert callout.state is state

    play(story)


@pytest.mark.parametrize(
    ("edits", "reason"),
    [
        (
            {"at: string}": "at: string, doctor: string}", "at: noon}": "at: noon, doctor: x}"},
            '"reminder" needs the parameter "doctor" (string)',
        ),
        (
            {"at: string}": "at: integer}", "at: noon}": "at: 1}"},
            'the parameter "at" is no integer',
        ),
        (
            {'["+46"]': '["+4612"]', "+46700000000": "+46120000000"},
            "the number to dial lies outside dial.allow",
        ),
        ({"at: string}": "at: string, doctor: {type: string, default: x}}"}, ""),
        (
            {
                "at: string}": "whom: {type: string, default: x}}",
                "params.at": "params.whom",
                ", at: noon": "",
            },
            "",
        ),
    ],
)
def test_what_waits_is_dialled_only_if_it_would_still_be_ordered(
    tmp_path: Path, edits: dict[str, str], reason: str
) -> None:
    async def story() -> None:
        library = opened(tmp_path)
        box = Box(library, MemoryStore(), Person(address=ADA))
        await box.order(ONE, to=ADA, at="nine")
        reminder, application = REMINDER, APPLICATION
        for old, new in edits.items():
            reminder, application = reminder.replace(old, new), application.replace(old, new)
        (tmp_path / "reminder.flow.yaml").write_text(reminder, "utf-8")
        (tmp_path / "app.yaml").write_text(application, "utf-8")
        assert library.reload() == ()
        await box.wait(60)
        assert box.rang == ([] if reason else [ADA])
        assert (await box.callout(ONE)).reason == reason
        await box.turns.drain()

    asyncio.run(story())


def test_nobody_is_called_in_a_year_that_no_clock_tells(play: Callable[..., None]) -> None:
    async def story(box: Box) -> None:
        program = box.library.current.programs["reminder"]
        wanted = order(program, program.flow, "remind", {"to": ADA, "at": "nine"})
        callout = box.turns.callouts.wanted(APP, wanted, id=ONE, at=1_000, due=10**17)
        assert (callout.state, callout.due) == (State.UNREACHED, 1_000)
        assert callout.reason == "`at` is more than a year away"

    play(story)


def test_a_call_that_we_placed_never_meets_the_flow_of_those_that_come_in(
    play: Callable[..., None],
) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.dialler.work()
        await box.dialler.drain()
        answer = await comes(box, 1, "ice")
        assert answer["action"] == {"name": "hangup"}
        await comes(box, 1, "dice", "FAILED")
        assert (await box.callout(ONE)).result == "failed"

    play(story)


class Late:
    """A turn that is being committed, for long."""

    def __init__(self) -> None:
        self.done: asyncio.Future[Place] = asyncio.get_running_loop().create_future()

    def withdraw(self) -> bool:
        return False


def test_a_first_turn_that_is_late_is_recorded_as_what_the_caller_heard(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(box: Box) -> None:
        await box.order(ONE, to=ADA, at="nine")
        await box.dialler.work()
        await box.dialler.drain()
        late = Late()
        submit = box.store.submit
        held: list[Turn | Draft] = []

        def hold(turn: Turn | Draft) -> Commit:
            if held:
                return submit(turn)
            held.append(turn)
            return late

        monkeypatch.setattr(box.store, "submit", hold)
        box.turns.policy = Policy(deadline=0.05)
        apology = await comes(box, 1, "ace")
        late.done.set_result(await submit(held[0]).done)
        await box.turns.drain()
        (row,) = [each for each in await box.store.journal(APP, "call-1") if each.flags & RESCUED]
        assert json.loads(row.reply) == apology
        assert (await box.callout(ONE)).state is State.LIVE

    play(story)
