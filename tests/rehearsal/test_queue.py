"""The line of `std/queue` with several callers and agents at once: whoever does what, and whenever
the engine dies, no agent is rung for two, and in the end nobody waits and nobody stays taken."""

import asyncio
from collections import Counter
from math import inf
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivrflow.clock import as_milliseconds
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.look import look
from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.world import Call
from ivrflow.errors import EmulatorError
from ivrflow.library import Library
from ivrflow.records import Length, Read
from ivrflow.rehearsal.doers import Doers, Takes
from ivrflow.rehearsal.engine import APP, Engine, clock_of, setup
from ivrflow.rehearsal.requesting import Requesting
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import Draft, Records, Store, Turn
from ivrflow.store.memory import MemoryStore

QUEUES = ["std/queue.waiting", "std/queue.offered"]
AGENTS = ["ann@sip.example.com", "+46701000001"]

APPLICATION = """
app: a
dial: {allow: ["+46"]}
routes: [{flow: desk}]
"""

DESK = """
flow: desk
start: wait
states:
  wait:
    run:
      flow: std/queue
      with: {sip: ["ann@sip.example.com"], to: ["+46701000001"], offer: Press 1.}
    on: {talked: bye, opted_out: bye, closed: bye, too_long: bye}
  bye: {say: Goodbye., hangup: }
"""


class SeenError(Exception):
    """What was read, raised so that the turn is undone."""

    def __init__(self, found: list[object]) -> None:
        super().__init__("seen")
        self.found = found


class House:
    """An engine with a memory that outlives it, callers, and agents at their phones."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.store = MemoryStore()
        self.box = InProcess(setup(), self._handle)
        self.callers: list[str] = []
        self.engine = self._engine()

    def _engine(self) -> Engine:
        async def memory() -> Store:
            return self.store

        def turns(store: Store) -> Turns:
            return Turns(self.library, store, Policy(deadline=inf), clock_of(lambda: self.box))

        def errands(turns: Turns) -> Doers:
            return Doers.of(turns, Requesting(lambda: self.box), Takes())

        engine = Engine(memory, turns, begin=errands)
        self.box.companion = engine
        return engine

    async def _handle(self, url: str, headers: object, body: bytes) -> tuple[int, bytes]:
        return await self.engine.handle(url, {}, body)

    async def dies(self) -> None:
        """Another engine finds what the store holds, and nothing else."""
        self.engine = self._engine()
        await self.engine.start()

    @property
    def phones(self) -> list[Call]:
        """The calls to agents that are not over."""
        calls = self.box.platform.world.calls.values()
        return [each for each in calls if each.id not in self.callers and each.ended is None]

    @property
    def rung(self) -> Counter[str]:
        """How often each agent is rung, asked or talked to; not who only hears a goodbye."""
        seen = [look(each) for each in self.phones]
        return Counter(party.address for each in seen if each.doing for party in each.parties)

    async def do(self, act: str, whom: int) -> None:
        phones = [each.id for each in self.phones]
        match act:
            case "comes":
                self.callers.append(await self.box.call(Inbound()))
            case "leaves" if self.callers:
                await self.box.hang_up(self.callers[whom % len(self.callers)], "caller")
            case "opts out" if self.callers:
                await self.box.press(self.callers[whom % len(self.callers)], "1")
            case "picks up" if phones:
                await self.box.pick_up(phones[whom % len(phones)])
            case "accepts" if phones:
                await self.box.press(phones[whom % len(phones)], "1")
            case "rejects" if phones:
                await self.box.reject(phones[whom % len(phones)])
            case "hangs up" if phones:
                await self.box.hang_up(phones[whom % len(phones)])
            case "dies":
                await self.dies()
            case _:
                pass
        await self.box.wait(1_000 + 4_000 * whom)

    async def left(self) -> list[object]:
        """Who waits, is offered, and is taken."""

        def look_up(records: Records) -> Turn:
            waiting = [records.perform(Length(record=each, key="all")) for each in QUEUES]
            taken = [records.perform(Read(record="std/queue.busy", key=each)) for each in AGENTS]
            raise SeenError([*waiting, *taken])

        at = as_milliseconds(self.engine.turns.now())
        try:
            await self.store.submit(Draft(app=APP, call="-", at=at, make=look_up)).done
        except SeenError as seen:
            return seen.found
        return []


ACTS = (
    "comes",
    "comes",
    "leaves",
    "opts out",
    "picks up",
    "accepts",
    "rejects",
    "hangs up",
    "dies",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    directory: Path = tmp_path_factory.mktemp("desk")
    (directory / "app.yaml").write_text(APPLICATION)
    (directory / "desk.flow.yaml").write_text(DESK)
    found, checked = Library.open(directory, PLATFORM)
    assert found is not None, checked.diagnostics
    return found


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 7)), min_size=5, max_size=40))
def test_no_agent_is_rung_for_two_and_nobody_stays_taken(
    library: Library, acts: list[tuple[str, int]]
) -> None:
    async def story() -> None:
        house = House(library)
        await house.engine.start()
        for act, whom in acts:
            try:
                await house.do(act, whom)
            except EmulatorError:
                continue  # nobody rings there, or the call is over
            assert all(times == 1 for times in house.rung.values()), house.rung
        for caller in house.callers:
            try:
                await house.box.hang_up(caller, "caller")
            except EmulatorError:
                continue
        await house.box.wait(20_000)
        assert not set(await house.left()) & set(house.callers)  # long before a lease runs out
        await house.box.wait(160_000)
        assert house.rung == {}
        assert await house.left() == [0, 0, None, None]
        await house.engine.stop()

    asyncio.run(story())
