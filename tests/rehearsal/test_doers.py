"""What turns ask for is done on the platform's clock, in one process with the platform."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.look import look
from ivrflow.emulator.setup import RestFault
from ivrflow.emulator.transcript import Changed, Entry, Heard, in_words
from ivrflow.errors import NotFoundError, VoiceError
from ivrflow.jobs import Job, Outcome
from ivrflow.library import Library
from ivrflow.machine.events import Unknown
from ivrflow.outbound.placing import Placing
from ivrflow.rehearsal.doers import LIMITS, Doers
from ivrflow.rehearsal.engine import APP, Engine, clock_of, setup
from ivrflow.rehearsal.requesting import Requesting
from ivrflow.runtime.dialler import Dialler
from ivrflow.runtime.kinds import do_by_kind
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.runtime.worker import Worker
from ivrflow.sinch import rest
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.svaml import Hangup, Say, Svaml
from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore

SECRET = "YSBzZWNyZXQgb2Ygbm9ib2R5J3M="
PARKED = "park: {prompt: Please wait.}"
ROOM = "conference: {id: lobby}"
FLOW = """\
flow: waits
start: a
states:
  a:
    do: [{{emit: {{event: go, data: {{}}}}}}]
    {action}
"""

Act = Callable[["World", Job], Awaitable[None]]


class World:
    """An engine behind a platform. For each event that a flow emits the worker does `act`."""

    def __init__(self, directory: Path, action: str, act: Act, secret: str = "") -> None:
        (directory / "app.yaml").write_text(
            'app: a\nroutes: [{flow: waits}]\nwebhooks: {w: {url: "https://x.example"}}\n'
        )
        (directory / "a.flow.yaml").write_text(FLOW.format(action=action))
        library, checked = Library.open(directory, PLATFORM)
        assert library is not None, checked.diagnostics
        self.library = library
        self.act = act
        self.tries: list[int] = []
        self.engine = Engine(self._memory, self._turns, begin=self._doers)
        self.box = InProcess(setup(secret=secret), self.engine.handle)
        self.box.companion = self.engine
        self.requesting = Requesting(lambda: self.box)

    async def _memory(self) -> Store:
        return MemoryStore()

    def _turns(self, store: Store) -> Turns:
        return Turns(self.library, store, Policy(), clock_of(lambda: self.box))

    def _doers(self, turns: Turns) -> Doers:
        async def do(job: Job, body: bytes) -> Outcome:
            self.tries.append(self.box.platform.now)
            try:
                await self.act(self, job)
            except VoiceError as error:
                return Outcome(fault=str(error), again=True)
            return Outcome()

        doing = do_by_kind(turns, do, self.requesting, turns.now)
        worker = Worker(turns.store, turns.outbox, doing, now=turns.now, chance=lambda: 1.0)
        return Doers(Dialler(turns, Placing(self.requesting, {}), LIMITS, turns.now), worker)

    def play(self, story: Callable[[World], Awaitable[None]]) -> list[Entry]:
        async def told() -> None:
            await self.engine.start()
            await story(self)
            await self.engine.stop()

        asyncio.run(told())
        return self.box.platform.transcript


async def call(world: World) -> None:
    await world.box.call()


def heard(told: list[Entry]) -> list[str]:
    return [each.text for each in told if isinstance(each, Heard)]


async def speak_and_end(world: World, job: Job) -> None:
    said = Svaml(instructions=(Say(text="Here we go."),), action=Hangup())
    await world.requesting.send(APP, rest.update_call(job.call, said))


@pytest.mark.parametrize("secret", ["", SECRET])
def test_a_parked_call_is_led_on_by_a_job_of_its_own_turn(tmp_path: Path, secret: str) -> None:
    world = World(tmp_path, PARKED, speak_and_end, secret)
    told = world.play(call)
    assert "PATCH" in " ".join(map(in_words, told))
    assert heard(told)[-1] == "Here we go."
    assert world.tries == [told[0].at]


@pytest.mark.parametrize("to", ["mute", "onhold"])
def test_a_participant_is_commanded_by_a_job_of_the_turn_that_let_them_in(
    tmp_path: Path, to: str
) -> None:
    async def command(world: World, job: Job) -> None:
        sent = rest.command("lobby", job.call, "mute" if to == "mute" else "onhold")
        await world.requesting.send(APP, sent)

    told = World(tmp_path, ROOM, command).play(call)
    assert [each.to for each in told if isinstance(each, Changed)] == [to]


def test_a_participant_is_put_out_by_a_job(tmp_path: Path) -> None:
    async def kick(world: World, job: Job) -> None:
        await world.requesting.send(APP, rest.kick("lobby", job.call))

    told = World(tmp_path, ROOM, kick).play(call)
    assert "over: MANAGERHANGUP" in in_words(told[-3]) + in_words(told[-2]) + in_words(told[-1])


def test_a_job_may_bring_an_event_of_the_call_that_wanted_it(tmp_path: Path) -> None:
    async def raise_it(world: World, job: Job) -> None:
        event = Unknown(app=APP, call=job.call, name="raised")
        await world.engine.turns.answer(event, arrived=0.0)

    async def story(world: World) -> None:
        id = await world.box.call()
        assert len(await world.engine.store.journal(APP, id)) == 2
        assert look(world.box.platform.find(id)).needs == "park"

    World(tmp_path, PARKED, raise_it).play(story)


def test_what_the_platform_refuses_is_tried_again_as_time_passes(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.box.platform.inject(RestFault(code=50_300, times=2))
        await world.box.call()
        assert await world.engine.due() == world.box.platform.now + 5_000
        await world.box.wait(60_000)

    world = World(tmp_path, PARKED, speak_and_end)
    told = world.play(story)
    begun = world.tries[0]
    assert [each - begun for each in world.tries] == [0, 5_000, 15_000]
    assert heard(told)[-1] == "Here we go."


def test_a_refusal_of_the_platform_is_the_exception_of_the_client(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        with pytest.raises(NotFoundError):
            await world.requesting.send(APP, rest.get_call("nobody"))

    World(tmp_path, PARKED, speak_and_end).play(story)
