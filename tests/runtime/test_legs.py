"""Calls and their legs through whole turns, jobs and an emulated platform, in both stores."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ivrflow.callouts import State
from ivrflow.checking import check_home
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.setup import Fault, Inbound
from ivrflow.emulator.transcript import Ended as Over
from ivrflow.emulator.transcript import Heard, Joined, Rang
from ivrflow.library import Library, compile_catalog
from ivrflow.machine.callouts import begin_callout
from ivrflow.machine.events import Answered, Chosen, Event, Incoming, NoInput
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.session import Session, Wait
from ivrflow.machine.step import begin, step
from ivrflow.outbound.http import Incoming as Response
from ivrflow.outbound.http import Outgoing
from ivrflow.rehearsal.doers import Doers
from ivrflow.rehearsal.engine import APP, Engine, clock_of, setup
from ivrflow.rehearsal.requesting import Requesting
from ivrflow.runtime.dialler import SETTLED
from ivrflow.runtime.tries import PATIENCE
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import CalloutFilter, Store
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore

ANN, BEN, CARL = "+46701000001", "+46701000002", "+47701000003"

APPLICATION = """
app: desk
dial: {allow: ["+46"]}
routes: [{flow: desk}]
"""

DESK = """
flow: desk
start: greet
vars: {last: none, phones: {type: list, of: phone, default: ["+46701000001", "+46701000002"]}}
callouts:
  agent: {flow: agent, to: "{{ to }}", timeout: 20s}
  keyed: {flow: agent, to: "{{ to }}", timeout: 20s, key: all}
states:
  greet:
    menu: {prompt: Press a key., choices: {1: both, 2: keyed, 3: abroad}}
    on: {no_input: bye, no_match: bye}
  both:
    do:
      - callout:
          name: agent
          for_each: "{{ phones }}"
          with: {to: "{{ item }}", caller: "{{ call.id }}"}
    next: waiting
  keyed:
    do:
      - callout:
          name: keyed
          for_each: "{{ phones }}"
          with: {to: "{{ item }}", caller: "{{ call.id }}"}
    next: waiting
  abroad:
    do: [callout: {name: agent, with: {to: "+47701000003", caller: "{{ call.id }}"}}]
    next: waiting
  waiting:
    hold: {prompt: Please wait., keys: {"*": bye}, every: 3s}
    on:
      leg.bridged: talking
      leg.ended:
        - {when: legs == 0, set: {last: "{{ result }}"}, next: nobody}
        - {set: {last: "{{ result }}"}, next: waiting}
      signal.hello: {say: "Hello, {{ signal.data }}.", next: waiting}
    timers: [{after: 5m, next: nobody}]
  talking: {bridge: leg, on: {leg.ended: bye}}
  nobody: {say: "Nobody: {{ last }}.", hangup: }
  bye: {say: Goodbye., hangup: }
"""

AGENT = """
flow: agent
start: offer
params: {to: phone, caller: string}
states:
  offer:
    menu: {prompt: Press 1 to talk., choices: {1: accept, 2: hello}}
    on: {no_input: bye, no_match: bye}
  hello:
    do: [signal: {name: hello, to: "{{ params.caller }}", data: Ann}]
    next: offer
  accept: {bridge: parent, on: {too_late: taken}}
  taken: {say: Somebody else has., next: bye}
  bye: {hangup: }
"""


class Nobody:
    """Nobody takes events."""

    async def exchange(self, outgoing: Outgoing, seconds: float) -> Response:
        raise AssertionError(outgoing)


class Restarted(Engine):
    """An engine that may be started anew, on the store that it has."""

    def restart(self) -> None:
        self.turns = self._make(self.store)
        assert self._begin is not None
        self._doers = self._begin(self.turns)
        self.turns.notice()


class Box:
    """An engine, and what it has to do besides, behind a platform whose time is told to pass."""

    def __init__(self, library: Library, store: Store) -> None:
        self.library = library
        self.store = store

        async def opened() -> Store:
            return store

        self.engine = Restarted(opened, self._turns, None, self._errands)
        self.world = InProcess(setup(), self.engine.handle)
        self.world.companion = self.engine

    def _turns(self, store: Store) -> Turns:
        clock = clock_of(lambda: self.world)
        return Turns(self.library, store, Policy(deadline=inf), clock)

    def _errands(self, turns: Turns) -> Doers:
        return Doers.of(turns, Requesting(lambda: self.world), Nobody())

    async def calls(self, key: str) -> str:
        call = await self.world.call(Inbound())
        await self.world.press(call, key)
        await self.world.wait(1_000)
        return call

    @property
    def legs(self) -> dict[str, str]:
        """The calls of legs by whom they ring."""
        told = self.world.platform.transcript
        return {each.to: each.call for each in told if isinstance(each, Rang)}

    def heard(self, call: str) -> list[str]:
        told = self.world.platform.transcript
        return [each.text for each in told if isinstance(each, Heard) and each.call == call]

    def is_over(self, call: str) -> bool:
        told = self.world.platform.transcript
        return any(isinstance(each, Over) and each.call == call for each in told)

    async def session(self, call: str) -> Session:
        stored = await self.store.load(APP, call)
        assert stored is not None
        return msgspec.json.decode(stored.session, type=Session)

    async def states(self) -> list[State]:
        return [each.state for each in await self.store.callouts(CalloutFilter(), "", 99)]


Story = Callable[[Box], Awaitable[None]]
Play = Callable[[Story], None]


def opened(directory: Path, files: Mapping[str, str]) -> Library:
    for name, text in files.items():
        (directory / name).write_text(text, "utf-8")
    home, checked = check_home(directory, PLATFORM, today=date(2026, 11, 24))
    return Library(home, PLATFORM, compile_catalog(checked, PLATFORM))


@pytest.fixture(params=["memory", "sqlite"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    texts = {"app.yaml": APPLICATION, "desk.flow.yaml": DESK, "agent.flow.yaml": AGENT}
    library = opened(tmp_path, texts)

    async def told(story: Story) -> None:
        memory = request.param == "memory"
        box = Box(library, MemoryStore() if memory else await SqliteStore.open(tmp_path / "a.db"))
        await box.engine.start()
        try:
            await story(box)
            await is_replayed(box)
        finally:
            await box.engine.stop()

    return lambda story: asyncio.run(told(story))


async def is_replayed(box: Box) -> None:
    """Whatever has happened, journals tell it: each call's session follows from its journal."""
    callouts = {each.call: each for each in await box.store.callouts(CalloutFilter(), "", 99)}
    for call in box.world.platform.world.calls:
        stored = await box.store.load(APP, call)
        if stored is None:
            continue
        program = await box.engine.turns.programs.of(stored.program)
        session: Session | None = None
        for row in await box.store.journal(APP, call):
            event = msgspec.json.decode(row.event, type=Event)
            facts = msgspec.json.decode(row.facts, type=Facts)
            if session is None and isinstance(event, Incoming):
                session = begin(program, event, params={}, locale="")
            elif session is None:
                assert isinstance(event, Answered)
                callout = callouts[call]
                order = box.engine.turns.callouts.order(callout)
                session = begin_callout(program, order, event, callout.id)
            taken = step(program, session, event, facts)
            assert isinstance(taken, Step)
            session = taken.session
        assert session is not None
        assert msgspec.json.encode(session) == stored.session


def test_who_accepts_talks_to_the_caller_and_the_other_is_told(play: Play) -> None:
    async def story(box: Box) -> None:
        call = await box.calls("1")
        ann, ben = box.legs[ANN], box.legs[BEN]
        await box.world.pick_up(ann)
        await box.world.pick_up(ben)
        await box.world.wait(3_000)

        def both(platform: Platform) -> None:
            platform.press(ben, "1")
            platform.press(ann, "1")

        await box.world.do(both)
        await box.world.wait(10_000)
        talking = [each.call for each in box.world.platform.transcript if isinstance(each, Joined)]
        assert sorted(talking) == sorted([call, ben])
        assert box.is_over(ann)
        assert not box.is_over(ben)
        await box.world.hang_up(ben)
        await box.world.wait(20_000)
        assert box.heard(call)[-1] == "Goodbye."
        assert box.is_over(call)
        assert await box.states() == [State.OVER, State.OVER]

    play(story)


def test_who_accepts_too_late_hears_so_to_the_end(play: Play) -> None:
    """What ends the legs that are not wanted any more does not cut short those that know."""

    async def story(box: Box) -> None:
        await box.calls("1")
        ann, ben = box.legs[ANN], box.legs[BEN]
        for leg in (ann, ben):
            await box.world.pick_up(leg)
        await box.world.wait(3_000)

        def both(platform: Platform) -> None:
            platform.press(ann, "1")
            platform.press(ben, "1")

        await box.world.do(both)
        await box.world.wait(10_000)
        told = {leg: box.heard(leg)[-1] for leg in (ann, ben)}
        late = [leg for leg in (ann, ben) if box.is_over(leg)]
        assert [told[leg] for leg in late] == ["Somebody else has."]

    play(story)


def test_a_caller_who_hangs_up_releases_who_rings_and_who_listens(play: Play) -> None:
    async def story(box: Box) -> None:
        call = await box.calls("1")
        ann, ben = box.legs[ANN], box.legs[BEN]
        await box.world.pick_up(ann)
        await box.world.wait(1_000)
        await box.world.hang_up(call)
        await box.world.wait(15_000)
        assert box.is_over(ann)
        await box.world.pick_up(ben)
        await box.world.wait(15_000)
        assert box.is_over(ben)
        assert "Press 1 to talk." not in box.heard(ben)
        assert box.heard(ben)
        assert await box.store.load(APP, ben) is None, "it never was a call of a flow"
        assert await box.states() == [State.OVER, State.OVER]

    play(story)


def test_legs_that_nobody_takes_end_one_after_the_other_and_the_flow_goes_on(play: Play) -> None:
    async def story(box: Box) -> None:
        call = await box.calls("1")
        await box.world.reject(box.legs[ANN], why="busy")
        await box.world.wait(8_000)
        assert (await box.session(call)).frame.legs == (2,)
        await box.world.wait(40_000)
        assert box.heard(call)[-1] == "Nobody: no_answer."
        assert box.is_over(call)

    play(story)


def test_a_leg_whose_key_is_taken_is_over_at_once(play: Play) -> None:
    async def story(box: Box) -> None:
        call = await box.calls("2")
        await box.world.wait(8_000)
        assert list(box.legs) == [ANN]
        session = await box.session(call)
        assert (session.frame.legs, session.frame.vars["last"]) == ((1,), "refused")

    play(story)


def test_a_leg_that_may_not_be_dialled_is_refused(play: Play) -> None:
    async def story(box: Box) -> None:
        call = await box.calls("3")
        await box.world.wait(20_000)
        assert box.legs == {}
        assert box.heard(call)[-1] == "Nobody: refused."

    play(story)


def test_one_call_may_signal_another(play: Play) -> None:
    async def story(box: Box) -> None:
        call = await box.calls("1")
        ann = box.legs[ANN]
        await box.world.pick_up(ann)
        await box.world.press(ann, "2")
        await box.world.wait(8_000)
        assert "Hello, Ann." in box.heard(call)

    play(story)


@pytest.mark.parametrize("parent_first", [True, False])
def test_a_leg_that_accepts_while_its_parent_makes_a_turn_of_its_own(
    play: Play, *, parent_first: bool
) -> None:
    """The one that is committed first counts, the other is made again."""

    async def story(box: Box) -> None:
        call = await box.calls("1")
        ann = box.legs[ANN]
        await box.world.pick_up(ann)
        turns = box.engine.turns
        fields: dict[str, Any] = {"app": APP, "menu": "main"}
        parent, leg = await box.session(call), await box.session(ann)
        tick: Any = NoInput(**fields, call=call, at="tick")
        press: Any = Chosen(**fields, call=ann, at="press", value="accept", offer=leg.offer)
        events = [tick, press] if parent_first else [press, tick]
        await asyncio.gather(*(turns.answer(each, arrived=0) for each in events))
        for number in range(2):
            await turns.answer(NoInput(**fields, call=call, at=f"tick {number}"), arrived=0)
        assert parent.wait is Wait.HOLD
        after, joined = await box.session(call), await box.session(ann)
        assert (after.frame.state, joined.frame.state) == ("talking", "accept")
        assert after.frame.room == joined.frame.room != ""

    play(story)


async def bridged(box: Box) -> tuple[str, str]:
    """Return a caller and the agent that they talk to."""
    call = await box.calls("1")
    ann = box.legs[ANN]
    await box.world.pick_up(ann)
    await box.world.wait(3_000)
    await box.world.press(ann, "1")
    await box.world.wait(10_000)
    talking = [each.call for each in box.world.platform.transcript if isinstance(each, Joined)]
    assert sorted(talking) == sorted([call, ann])
    return call, ann


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_nobody_stays_alone_in_a_room_because_the_end_of_the_other_was_never_told(
    play: Play, who: str
) -> None:
    async def story(box: Box) -> None:
        call, ann = await bridged(box)
        gone, left = (call, ann) if who == "caller" else (ann, call)
        box.world.platform.inject(Fault(kind="drop", event="dice", call=gone))
        await box.world.hang_up(gone)
        await box.world.wait(60_000)
        assert not box.is_over(left)
        await box.world.wait(PATIENCE + 15_000)
        assert box.is_over(left)

    play(story)


@pytest.mark.parametrize("who", ["caller", "agent"])
def test_an_end_that_came_while_no_engine_was_there_is_found_out_soon_after_the_start(
    play: Play, who: str
) -> None:
    async def story(box: Box) -> None:
        call, ann = await bridged(box)
        gone, left = (call, ann) if who == "caller" else (ann, call)
        box.world.platform.inject(Fault(kind="drop", event="dice", call=gone))
        await box.world.hang_up(gone)
        box.engine.restart()
        await box.world.wait(SETTLED + 10_000)
        assert box.is_over(left)

    play(story)


def test_a_start_looks_at_calls_that_go_on_without_counting_it(play: Play) -> None:
    """A server that is started again and again gives up no call for that."""

    async def story(box: Box) -> None:
        call, ann = await bridged(box)
        before = await box.store.callout_of(APP, ann)
        for _ in range(3):
            box.engine.restart()
            await box.world.wait(SETTLED + 1_000)
        assert not box.is_over(call)
        assert await box.store.callout_of(APP, ann) == before

    play(story)
