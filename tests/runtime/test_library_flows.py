"""Flows of the library that remember across calls, through whole turns."""

import asyncio
from pathlib import Path
from time import monotonic
from typing import Any

from ivrflow.library import Library
from ivrflow.machine.events import Digits, Event, Incoming, NoInput
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.memory import MemoryStore

DOOR = """\
flow: door
start: check
locale: sv-SE
states:
  check:
    run: {flow: std/pin, with: {expected: "4711", key: "{{ call.custom }}"}}
    on: {verified: open, locked: locked, gave_up: bye}
  open: {say: Come in., hangup: }
  locked: {say: Locked., hangup: }
  bye: {say: Goodbye., hangup: }
"""


class Callers:
    """Calls to one flow, by their ids."""

    def __init__(self, directory: Path) -> None:
        (directory / "door.flow.yaml").write_text(DOOR)
        library, checked = Library.open(directory, PLATFORM)
        assert library is not None, checked.diagnostics
        self.turns = Turns(library, MemoryStore(), Policy())
        self.events = 0

    async def meets(self, event: Event) -> str:
        return (await self.turns.answer(event, arrived=monotonic())).body.decode()

    async def calls(self, id_: str, custom: str = "house") -> str:
        return await self.meets(Incoming(**self.fields(id_), custom=custom))

    async def dials(self, id_: str, digits: str) -> str:
        return await self.meets(Digits(**self.fields(id_), digits=digits, menu="main"))

    def fields(self, id_: str) -> dict[str, Any]:
        self.events += 1
        return {"app": "key", "call": id_, "at": str(self.events)}


def test_three_wrong_pins_lock_one_key_and_no_other(tmp_path: Path) -> None:
    async def story() -> None:
        callers = Callers(tmp_path)
        assert "Slå din PIN-kod." in await callers.calls("1")
        assert "Det var fel PIN-kod." in await callers.dials("1", "0000")
        await callers.calls("2")
        await callers.dials("2", "0001")
        assert "Locked" in await callers.dials("1", "0002")
        assert "Locked" in await callers.dials("2", "4711"), "a fourth try, though it is right"
        assert "Locked" in await callers.calls("3")
        assert "PIN-kod" in await callers.calls("4", "garage")

    asyncio.run(story())


def test_the_right_pin_opens_and_forgets_the_wrong_ones(tmp_path: Path) -> None:
    async def story() -> None:
        callers = Callers(tmp_path)
        for call in ("1", "2", "3"):
            await callers.calls(call)
            await callers.dials(call, "0000")
            assert "Come in" in await callers.dials(call, "4711")

    asyncio.run(story())


def test_who_says_nothing_gives_up(tmp_path: Path) -> None:
    async def story() -> None:
        callers = Callers(tmp_path)
        await callers.calls("1")
        assert "Goodbye" in await callers.meets(NoInput(**callers.fields("1"), menu="main"))

    asyncio.run(story())
