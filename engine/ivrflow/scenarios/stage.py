"""Where one scenario is played: the emulated platform, the engine that answers it, and a clock that
stands still until somebody waits.
"""

from collections.abc import Callable

import msgspec

from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.look import Need, Sense, look
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.runner import Handler, Headers
from ivrflow.emulator.setup import Setup
from ivrflow.emulator.world import Call
from ivrflow.library import Library
from ivrflow.machine.events import Event
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Program
from ivrflow.rehearsal.engine import Engine, Open, clock_of, setup
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.scenarios.answers import Answers, Ask, made_up
from ivrflow.scenarios.model import Scenario
from ivrflow.store.base import Store


class Wires(msgspec.Struct, frozen=True, kw_only=True):
    """What lies between platform, engine and the servers that it asks: nothing, if nothing else is
    said. `deliver` brings an engine the callbacks of a platform with this `setup`."""

    setup: Setup = setup()
    deliver: Callable[[Engine], Handler] = lambda engine: engine.handle
    ask: Ask = made_up


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that was taken at `at`, when the transcript was `after` entries long."""

    at: int
    after: int
    event: Event
    flow: str
    step: Step


class Stage:
    """One call. `reply` is the last that the platform got."""

    def __init__(
        self, scenario: Scenario, library: Library, open_store: Open, wires: Wires | None = None
    ) -> None:
        wires = wires or Wires()
        self.scenario = scenario
        self.library = library
        self.world = InProcess(wires.setup, self._answer, now=scenario.begins)
        self.answers = Answers(scenario.requests, self.world, wires.ask)
        self.engine = Engine(open_store, self._turns, self.answers)
        self.app = wires.setup.applications[0].key
        self.id = ""
        self.seen: list[Seen] = []
        self.replies: dict[bytes, bytes] = {}
        self.reply = b""
        self._deliver = wires.deliver(self.engine)

    @property
    def platform(self) -> Platform:
        return self.world.platform

    @property
    def store(self) -> Store:
        return self.engine.store

    @property
    def call(self) -> Call:
        return self.platform.find(self.id)

    @property
    def step(self) -> Step | None:
        """The last turn."""
        return self.seen[-1].step if self.seen else None

    async def begin(self) -> None:
        self.id = await self.world.call(self.scenario.call)

    async def restart(self) -> None:
        """Kill the engine, and start another on what then lies in the store. The first is put away
        when that has been read, so nothing that it still does counts."""
        turns, store = self.engine.turns, self.engine.store
        await self.engine.start()
        await turns.drain()
        await store.close()

    async def next(self) -> bool:
        """Let time pass until something happens by itself; False if nothing ever does."""
        due = self.platform.due
        if due is None:
            return False
        await self.world.wait(due - self.platform.now)
        return True

    # -- what the call waits for

    @property
    def waits_for(self) -> Need:
        """What must be done before the call goes on: `menu`, `ring`, `room`, `talk`, `park`; `over`
        after its end, "" while it goes on by itself."""
        return look(self.call).needs

    def listens(self, sense: Sense) -> bool:
        """Whether what somebody does would be noticed now."""
        return sense in look(self.call).listens

    @property
    def asked(self) -> str:
        """Whose keys and words a menu or a room takes, nobody else's; "" if there is neither."""
        seen = look(self.call)
        return seen.party if seen.doing in ("menu", "room") else ""

    @property
    def party(self) -> str:
        """Who is asked."""
        return look(self.call).party

    # -- the engine

    def _turns(self, store: Store) -> Turns:
        policy = _policy(self.library)
        now = clock_of(lambda: self.world)
        return Turns(self.library, store, policy, now, self.answers, self._see)

    def _see(self, event: Event, program: Program, step: Step) -> None:
        after = len(self.platform.transcript)
        flow = program.flow.name
        seen = Seen(at=self.platform.now, after=after, event=event, flow=flow, step=step)
        self.seen.append(seen)

    async def _answer(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        status, reply = await self._deliver(url, headers, body)
        self.replies[body] = reply
        self.reply = reply or self.reply
        return status, reply


def _policy(library: Library) -> Policy:
    """Environment variables that flows read have their own name as value. However slow a machine
    is, no turn is late."""
    environment = {name: name for name in library.current.environment}
    return Policy(environment=environment, deadline=float("inf"))
