"""Those who call, those who are called, what is asked of servers, and what lies between: at their
best, and at their worst."""

import asyncio
from collections.abc import Iterator
from random import Random
from typing import Literal, get_args

import msgspec

from ivrflow.diagnostics import START
from ivrflow.emulator.inprocess import START as BEGIN
from ivrflow.emulator.setup import Fault, Inbound
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.emulator.switches import Switches
from ivrflow.errors import EmulatorError
from ivrflow.library import Library
from ivrflow.machine.replies import Menu
from ivrflow.rehearsal.engine import setup
from ivrflow.scenarios.model import Mock, Request, Scenario
from ivrflow.scenarios.stage import Stage, Wires
from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore

World = Literal["silent", "clumsy", "willing", "impatient", "unlucky", "lossy", "random"]
"""Silent: nobody presses or says anything. Clumsy: wrong keys, too many, words. Willing: what is
offered. Impatient: keys at any moment, and a hangup. Unlucky: willing, but look-ups fail and phones
are not answered. Lossy: willing, but callbacks come twice, late, out of order, or not at all."""

MOST_ACTS = 40
KEYS = "0123456789*#"
FOUND = {
    "name": "Ada",
    "balance": 120.5,
    "plan": "gold",
    "due": "2026-12-01",
    "agent": "+46850000002",
    "tags": ["vip"],
}
MOMENTS = (BEGIN, 1_764_000_000_000, 1_767_400_000_000, 1_774_746_000_000)
CALLERS = [
    Inbound(custom="12", headers={"x": "y"}),
    Inbound(withheld=True),
    Inbound(custom="; DROP ] <b> & {{ x }}"),
    Inbound(caller="ada", origin="app", to="grace", custom="Ada"),
    Inbound(caller="ada@example.com", origin="sip", headers={"X-A": "1"}),
]
OPEN = [
    Switches(odd=True),
    Switches(type_ahead=True, options_with_digits="digits", lone_pound="invalid"),
    Switches(timestamps="ticks", dice_per_leg=True, dice_waits=False),
    Switches(first_menu="mainMenu", naive_split=True, star_tones=True, repeats=0),
    Switches(unanswered_prompts="answer", ace_on_conference=True, silent_pie="continue"),
]


def staged(library: Library, world: World, dice: Random) -> Stage:
    """Return a call that is about to come in."""
    usual = setup()
    switches = dice.choice(OPEN) if world != "silent" and dice.randrange(3) == 0 else Switches()
    scenario = Scenario(
        name="made up",
        flow="outer",
        path="",
        call=dice.choice(CALLERS),
        begins=dice.choice(MOMENTS) + dice.randrange(86_400_000),
        requests=tuple(
            Request(name=name, answers=tuple(_answers(world, dice)), at=START)
            for name in ("find", "check")
        ),
        at=START,
    )
    wires = Wires(setup=msgspec.structs.replace(usual, switches=switches))
    store = MemoryStore()

    async def kept() -> Store:
        return store

    return Stage(scenario, library, kept, wires)


def _answers(world: World, dice: Random) -> Iterator[Mock]:
    for _ in range(6):
        fails = world == "unlucky" or (world == "random" and dice.randrange(2))
        # Time passes for a look-up, and what is late or doubled would wait for it and it for that.
        delay = 0 if world == "lossy" else dice.choice([0, 50])
        yield _failing(dice) if fails else Mock(json=FOUND, delay=delay)


def _failing(dice: Random) -> Mock:
    odd = {**FOUND, dice.choice(list(FOUND)): dice.choice([None, 7, "x", [], {}, 1e300, True])}
    bare = {name: None if name in ("due", "agent") else each for name, each in FOUND.items()}
    return dice.choice(
        [
            Mock(fails="no connection"),
            Mock(status=409),
            Mock(status=dice.choice([204, 301, 400, 404, 429, 500, 599])),
            Mock(json=FOUND, delay=dice.choice([290, 900, 5_000])),
            Mock(json=odd),
            Mock(json=bare),
            Mock(json=[FOUND]),
        ]
    )


class Player:
    """Plays one call until its end, or as long as somebody is patient."""

    def __init__(self, stage: Stage, world: World, dice: Random) -> None:
        self.stage = stage
        self.world = world
        self.dice = dice

    async def play(self) -> None:
        await self.stage.engine.start()
        if self.world == "lossy":
            self._lose()
        await self.stage.begin()
        for _ in range(MOST_ACTS):
            if self.stage.call.ended is not None:
                break
            await self._act()
        await self._end()
        await self.stage.engine.stop()

    async def _end(self) -> None:
        """Hang up, and let all that follows come to pass."""
        if self.stage.call.ended is None:
            await self._try("hang_up", "caller")
        await self.stage.world.wait(200_000)

    def _lose(self) -> None:
        for _ in range(self.dice.randrange(1, 4)):
            kind = self.dice.choice(["delay", "drop", "lose", "duplicate", "duplicate", "reorder"])
            event = self.dice.choice(["", "ice", "pie", "ace", "dice", "notify"])
            ms = self.dice.choice([100, 2_000, 6_000])
            fault = {"kind": kind, "event": event, "ms": ms, "times": self.dice.randrange(1, 3)}
            self.stage.platform.inject(msgspec.convert(fault, Fault))

    async def _act(self) -> None:
        impatient = self.world == "impatient" or (self.world == "random" and self._luck(1, 3))
        if impatient and self._luck(1, 2):
            await self.stage.world.wait(self.dice.randrange(4_000))
            await self._hurry()
            return
        if self.world in ("lossy", "random") and self._luck(1, 8):
            await self._again()
        waits = self.stage.waits_for
        match waits:
            case "menu":
                await self._answer_menu()
            case "ring":
                await self._answer_phone()
            case "room" | "talk" | "park":
                await self._talk()
            case _:
                if not await self.stage.next():
                    await self.stage.world.wait(1_000)

    async def _hurry(self) -> None:
        await self.stage.world.settle()
        if self._luck(1, 8):
            await self._try("hang_up", self.dice.choice(["caller", "callee"]))
        elif self._luck(1, 6):
            await self._try("speak", "sales", self.stage.party)
        else:
            keys = "".join(self.dice.choices(KEYS, k=self.dice.randrange(1, 4)))
            await self._try("press", keys, self.dice.choice([self.stage.party, "caller", "callee"]))

    async def _again(self) -> None:
        await self._try("resend", self.dice.choice(["", "ice", "pie", "ace"]))
        if self._luck(1, 4):
            await self.stage.restart()

    async def _answer_menu(self) -> None:
        silent = self.world == "silent" or (self.world != "clumsy" and self._luck(1, 8))
        if silent:
            await self.stage.next()
            return
        if self.world == "clumsy" or (self.world == "random" and self._luck(1, 3)):
            if self._luck(1, 4):
                await self._try("speak", self.dice.choice(["sales", "help", ""]), self.stage.party)
            else:
                keys = "".join(self.dice.choices(KEYS, k=self.dice.choice([1, 1, 2, 9])))
                await self._try("press", keys, self.stage.party)
        else:
            await self._try("press", self._wanted(), self.stage.party)
        await self.stage.next()

    def _wanted(self) -> str:
        """Return keys that somebody presses who follows what is said."""
        step = self.stage.step
        action = step.reply.action if step is not None and step.reply is not None else None
        keys = [each.key for each in action.keys] if isinstance(action, Menu) else []
        if isinstance(action, Menu) and action.max_digits:
            digits = self.dice.choice(["4711", "101", "12", "0000", "18", "1"])
            keys += [digits[: action.max_digits], digits[: action.max_digits - 1] + "#"]
        return self.dice.choice(keys or ["1"])

    async def _answer_phone(self) -> None:
        await self.stage.world.wait(self.dice.randrange(6_000))
        if self.world in ("silent", "clumsy") or self._luck(1, 6):
            await self.stage.next()
        elif self.world == "unlucky" or self._luck(1, 4):
            await self._try("reject", "", self.dice.choice(get_args(Refusal)))
        else:
            await self._try("pick_up", "", self.dice.choice(get_args(Voice)))

    async def _talk(self) -> None:
        if self._luck(1, 3):
            await self._try("press", self.dice.choice(KEYS), self.stage.party)
        await self.stage.world.wait(self.dice.randrange(30_000))
        if self._luck(1, 3):
            await self._try("hang_up", self.dice.choice(["caller", "callee"]))

    async def _try(self, act: str, *what: str) -> None:
        """Do something, if it can be done now."""
        platform = self.stage.platform
        try:
            getattr(platform, act)(self.stage.id, *what)
        except EmulatorError:
            return
        await self.stage.world.settle()

    def _luck(self, times: int, of: int) -> bool:
        return self.dice.randrange(of) < times


def played(library: Library, world: World, dice: Random) -> Stage:
    """Play one call in a world, and return what became of it."""
    stage = staged(library, world, dice)
    asyncio.run(Player(stage, world, dice).play())
    return stage
