"""What lint promises of callers' patience holds on the emulated platform, whatever the flow."""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

import pytest
from generated import flows
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ivrflow.analysis.patience.bounds import Bounds
from ivrflow.analysis.patience.ways import KEPT
from ivrflow.analysis.patience.worlds import UNHEARD, World
from ivrflow.analysis.subject import Application
from ivrflow.checking import Checked
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.look import look
from ivrflow.emulator.runner import Headers
from ivrflow.emulator.transcript import Ended, Entry, Heard, Joined, Rang
from ivrflow.library import Library
from ivrflow.machine.events import Event
from ivrflow.machine.lookups import LookedUp, Lookup, failed
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Program
from ivrflow.machine.replies import Menu
from ivrflow.machine.session import Wait
from ivrflow.rehearsal.engine import Engine, clock_of, setup
from ivrflow.rehearsal.flows import open_flows
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore

FLOWS = Path(__file__).parents[1] / "flows"
KEYS = "0123456789*#"
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""A call that never ends takes long to be made smaller."""

OUTCOMES = [
    LookedUp(outcome="ok", value={"holder": "Ada", "name": "Ada"}),
    LookedUp(outcome="taken"),
    failed("no connection"),
]


class Asked:
    """Answers look-ups in turn."""

    def __init__(self, outcomes: Sequence[LookedUp]) -> None:
        self.outcomes = cycle(outcomes)

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        return next(self.outcomes)

    async def begin(self) -> None:
        pass

    async def rest(self) -> None:
        """What is looked up behind a prompt has its answer at once."""
        for _ in range(3):
            await asyncio.sleep(0)


async def _memory() -> Store:
    return MemoryStore()


class Call:
    """One call of somebody who does at the last moment what is done in a world."""

    def __init__(
        self,
        library: Library,
        world: World,
        outcomes: Sequence[LookedUp],
        choices: Sequence[int] = (0,),
    ) -> None:
        self.runner = InProcess(setup(), self._handle)
        clock = clock_of(lambda: self.runner)
        policy = Policy(environment={"KEY": "secret"}, deadline=60.0)
        asked = Asked(outcomes)

        def make(store: Store) -> Turns:
            return Turns(library, store, policy, clock, asked, self._see)

        self.engine = Engine(_memory, make, asked)
        self.world = world
        self.menus = 0
        self.menu: Menu | None = None
        self.choices = cycle(choices)
        self.asked: list[tuple[str, str]] = []

    async def _handle(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        return await self.engine.handle(url, headers, body)

    def _see(self, event: Event, program: Program, step: Step) -> None:
        action = step.reply.action if step.reply else None
        waits = step.session.wait in (Wait.MENU, Wait.COLLECT)
        self.menu = action if isinstance(action, Menu) and waits else None
        if self.menu is not None:
            repeats = self.menu.repeats
            again = {World.SILENT: repeats, World.CLUMSY: 0 if self.menu.max_digits else repeats}
            self.menus += 1 + again.get(self.world, 0)
            self.asked.append((step.session.frame.flow, step.session.frame.state))

    async def last(self, most: int) -> int:
        """Return how long it lasts until the end, or until somebody is called, in milliseconds."""
        platform = self.runner.platform
        begun = platform.now
        await self.engine.start()
        id = await self.runner.call()
        while (let_go := next(self._let_go(), None)) is None:
            due = platform.due
            assert due is not None, "nothing will ever happen"
            assume(not self._goes_back)
            assert due - begun <= most, "longer than it may"
            seen = look(platform.find(id))
            presses = (
                self.world is not World.SILENT and seen.doing == "menu" and "keys" in seen.listens
            )
            if presses and self.menu is not None and not self._hears():
                await self.runner.wait(max(0, due - platform.now - 1))
                await self.runner.press(id, self._pressed(self.menu))
            else:
                await self.runner.wait(due - platform.now)
        await self.engine.stop()
        return let_go.at - begun

    @property
    def _goes_back(self) -> bool:
        """Whether somebody who chooses has come to a menu again: that is no bound's business."""
        return self.world not in UNHEARD and len(set(self.asked)) < len(self.asked)

    def _pressed(self, menu: Menu) -> str:
        """What is pressed: nothing that fits, or what is chosen."""
        if self.world is World.CLUMSY:
            return wrong(menu)
        right = [each.key for each in menu.keys] + ["123#"] * bool(menu.max_digits)
        return right[next(self.choices) % len(right)]

    def _let_go(self) -> Iterator[Entry]:
        transcript = self.runner.platform.transcript
        return (each for each in transcript if isinstance(each, Ended | Rang | Joined))

    def _hears(self) -> bool:
        """Whether a prompt is still heard."""
        heard = [each for each in self.runner.platform.transcript if isinstance(each, Heard)]
        return bool(heard) and heard[-1].at + heard[-1].duration > self.runner.platform.now


def wrong(menu: Menu) -> str:
    """Return what fits nothing."""
    offered = {each.key for each in menu.keys}
    free = [each for each in KEYS if each not in offered]
    if not menu.max_digits:
        assume(free)  # else no key is wrong
        return free[0]
    if "#" in free:
        return "#"
    digits = [each for each in free if each in "023456789"]
    assume(digits)
    return digits[0] * menu.max_digits


def bounds_of(checked: Checked) -> Bounds:
    flows = tuple(checked.flows.values())
    return Application(checked.app, flows, PLATFORM, checked.shipped).bounds


def opened(text: str) -> tuple[Library | None, Checked]:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "generated.flow.yaml"
        path.write_text(text, "utf-8")
        return open_flows(path)


@pytest.mark.parametrize("world", [World.SILENT, World.CLUMSY])
@settings(max_examples=100, deadline=None, phases=UNSHRUNK, suppress_health_check=list(HealthCheck))
@given(text=flows(), outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4))
def test_no_flow_that_lints_clean_keeps_a_caller_longer_than_its_bound(
    world: World, text: str, outcomes: list[LookedUp]
) -> None:
    library, checked = opened(text)
    if library is None:
        return
    ways = bounds_of(checked).ways(world, "generated")
    assume(ways.keys().isdisjoint(KEPT))  # else it hangs on what can't be foreseen
    call = Call(library, world, outcomes)
    lasted = asyncio.run(call.last(max(each.ms for each in ways.values())))
    assert lasted <= max(each.ms for each in ways.values())
    assert call.menus <= max(each.menus for each in ways.values())


@pytest.mark.parametrize("world", [World.WORST, World.FAILING])
@settings(max_examples=150, deadline=None, phases=UNSHRUNK, suppress_health_check=list(HealthCheck))
@given(
    text=flows(),
    outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=4),
    choices=st.lists(st.integers(0, 11), min_size=1, max_size=6),
)
def test_nor_a_caller_who_chooses_but_never_goes_back(
    world: World, text: str, outcomes: list[LookedUp], choices: list[int]
) -> None:
    library, checked = opened(text)
    if library is None:
        return
    ways = bounds_of(checked).ways(world, "generated")
    assume(ways.keys().isdisjoint(KEPT))
    brought = OUTCOMES[-1:] if world is World.FAILING else outcomes
    call = Call(library, world, brought, choices)
    lasted = asyncio.run(call.last(max(each.ms for each in ways.values())))
    assert lasted <= max(each.ms for each in ways.values())
    assert call.menus <= max(each.menus for each in ways.values())
