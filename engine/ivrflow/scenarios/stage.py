"""Where one scenario is played: the emulated platform, the engine that answers it and calls by it,
and a clock that stands still until somebody waits.
"""

from collections.abc import Callable

import msgspec

from ivrflow.callouts import Callout
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.look import NEEDS, Need, look
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.runner import Handler, Headers
from ivrflow.emulator.setup import Setup
from ivrflow.emulator.world import Call
from ivrflow.errors import EmulatorError
from ivrflow.library import Library
from ivrflow.machine.events import Event, Signal
from ivrflow.machine.orders import Order
from ivrflow.machine.outcome import Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.session import Wait
from ivrflow.outbound.placing import Sender
from ivrflow.rehearsal.doers import Doers
from ivrflow.rehearsal.engine import Engine, Open, clock_of, setup
from ivrflow.rehearsal.requesting import Requesting
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.scenarios.answers import Answers, Ask, made_up
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.receivers import Post, Receivers
from ivrflow.scenarios.receivers import made_up as taken
from ivrflow.store.base import CalloutFilter, Store

FIRST = f"{1:032x}"
"""The id of the callout that a scenario begins with."""

MOST_CALLOUTS = 10_000

NOBODY = "nobody is on the phone"
"""What is said where there is no call yet."""


class Wires(msgspec.Struct, frozen=True, kw_only=True):
    """What lies between platform, engine and the servers that it asks: nothing, if nothing else is
    said. `deliver` brings an engine the callbacks of a platform with this `setup`, `sender` brings
    a platform the engine's requests."""

    setup: Setup = setup()
    deliver: Callable[[Engine], Handler] = lambda engine: engine.handle
    sender: Callable[[InProcess], Sender] = lambda world: Requesting(lambda: world)
    ask: Ask = made_up
    post: Post = taken


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that was taken at `at`, when the transcript was `after` entries long."""

    at: int
    after: int
    event: Event
    flow: str
    step: Step


class Stage:
    """The calls of a scenario: its own, which comes in or that a callout becomes, and those of
    callouts that are ordered meanwhile.

    `id` is that of the call that came in, `order` of the callout that was ordered, "" where there
    is none. `turned_to` is the call that somebody has dealt with last.
    """

    def __init__(
        self, scenario: Scenario, library: Library, open_store: Open, wires: Wires | None = None
    ) -> None:
        wires = wires or Wires()
        self.scenario = scenario
        self.library = library
        self.world = InProcess(wires.setup, self._answer, now=scenario.begins)
        self.answers = Answers(scenario.requests, self.world, wires.ask)
        self.received = Receivers(scenario.webhooks, self.world, wires.post)
        self.engine = Engine(open_store, self._turns, self.answers, self._doers)
        self.world.companion = self.engine
        self.app = wires.setup.applications[0].key
        self.id = ""
        self.order = ""
        self.turned_to = ""
        self.seen: list[Seen] = []
        self._signals = 0
        self.replies: dict[bytes, bytes] = {}
        self._reply_by_call: dict[str, bytes] = {}
        self._sender = wires.sender(self.world)
        self._deliver = wires.deliver(self.engine)

    @property
    def platform(self) -> Platform:
        return self.world.platform

    @property
    def store(self) -> Store:
        return self.engine.store

    async def begin(self) -> None:
        self.id = self.turned_to = await self.world.call(self.scenario.call)

    async def place(self, order: Order, due: int) -> None:
        """Order a callout, as the management API does, and let follow what follows at once."""
        self.order = FIRST
        await self.engine.place(order, id=FIRST, due=due)
        await self.world.settle()

    async def signal(self, call: str, name: str, data: object) -> bool:
        """Bring a call a signal, as the management API does, and let follow what follows at once;
        returns whether it waits for it."""
        self._signals += 1
        id = f"signal-{self._signals}"
        event = Signal(app=self.app, call=call, at=id, id=id, name=name, data=data)
        verdict = await self.engine.turns.bring(event)
        await self.world.settle()
        return verdict not in (None, Verdict.IGNORED)

    async def restart(self) -> None:
        """Kill the engine, and start another on what then lies in the store. The first is put away
        when that has been read, so nothing that it still does counts."""
        turns, store = self.engine.turns, self.engine.store
        await self.engine.start()
        await turns.drain()
        await store.close()
        await self.world.settle()

    async def next(self) -> bool:
        """Let time pass until something happens by itself; False if nothing ever does."""
        due = await self.world.due()
        if due is None:
            return False
        await self.world.wait(due - self.platform.now)
        return True

    # -- calls

    @property
    def call(self) -> Call:
        """The call that what is done without a name is for; raises `EmulatorError`."""
        if self.current is None:
            raise EmulatorError(NOBODY)
        return self.current

    @property
    def current(self) -> Call | None:
        """The call that was dealt with last; when that is over the one that came in, or the last
        one that goes on."""
        calls = self.platform.world.calls
        for id in (self.turned_to, self.id, *reversed(calls)):
            if id in calls and calls[id].ended is None:
                return calls[id]
        return calls.get(self.turned_to) or calls.get(self.id)

    @property
    def own(self) -> list[Seen]:
        """The turns of the scenario's own call."""
        return [each for each in self.seen if self._is_own(each)]

    @property
    def is_over(self) -> bool:
        """Whether the scenario's own call has been, and is over."""
        calls = self.platform.world.calls
        ids = {self.id} if self.id else {each.event.call for each in self.own}
        own = [calls[each] for each in ids if each in calls]
        return bool(own) and all(each.ended is not None for each in own)

    @property
    def step(self) -> Step | None:
        """The last turn of the scenario's own call."""
        return self.own[-1].step if self.own else None

    @property
    def reply(self) -> bytes:
        """The last reply that the platform got for the scenario's own call."""
        return self._reply_by_call.get(self.own[-1].event.call, b"") if self.own else b""

    @property
    def last(self) -> Seen | None:
        """The last turn of the call that was dealt with last."""
        call = self.current
        of_call = [each for each in self.seen if call is None or each.event.call == call.id]
        return of_call[-1] if of_call else None

    async def callouts(self) -> list[Callout]:
        """Return all callouts that were ordered, in order."""
        found = await self.store.callouts(CalloutFilter(), "", MOST_CALLOUTS)
        return found[::-1]

    def _is_own(self, seen: Seen) -> bool:
        if self.id:
            return seen.event.call == self.id
        return bool(self.order) and seen.step.session.callout == self.order

    # -- what the call waits for

    @property
    def waits_for(self) -> Need:
        """What must be done before the call goes on: `menu`, `ring`, `room`, `talk`, `park`; `over`
        after its end, "" while it goes on by itself."""
        return "over" if self.current is None else look(self.current).needs

    @property
    def is_held(self) -> bool:
        """Whether the call hears something over and over, and waits for what happens elsewhere."""
        return self.last is not None and self.last.step.session.wait is Wait.HOLD

    @property
    def state(self) -> str:
        """What the call waits for, in words."""
        return NOBODY if self.current is None else NEEDS[self.waits_for]

    @property
    def party(self) -> str:
        """Who is asked."""
        return look(self.call).party

    # -- the engine

    def _turns(self, store: Store) -> Turns:
        policy = _policy(self.library)
        now = clock_of(lambda: self.world)
        return Turns(self.library, store, policy, now, self.answers, self._see)

    def _doers(self, turns: Turns) -> Doers:
        return Doers.of(turns, self._sender, self.received)

    def _see(self, event: Event, program: Program, step: Step) -> None:
        after = len(self.platform.transcript)
        flow = program.flow.name
        seen = Seen(at=self.platform.now, after=after, event=event, flow=flow, step=step)
        self.seen.append(seen)

    async def _answer(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        status, reply = await self._deliver(url, headers, body)
        self.replies[body] = reply
        if reply:
            self._reply_by_call[_call_of(body)] = reply
        return status, reply


def _call_of(callback: bytes) -> str:
    """Return the call id of a callback, "" where it is odd and names none."""
    try:
        return msgspec.json.decode(callback, type=_Callback).callid
    except msgspec.DecodeError:
        return ""


class _Callback(msgspec.Struct, frozen=True):
    callid: str = ""


def _policy(library: Library) -> Policy:
    """Environment variables that flows read have their own name as value. However slow a machine
    is, no turn is late."""
    environment = {name: name for name in library.current.environment}
    return Policy(environment=environment, deadline=float("inf"))
