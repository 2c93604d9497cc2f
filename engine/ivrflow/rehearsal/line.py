"""A call from outside: what a person on the line can see of it and do to it.

The platform is in this process (`Local`) or elsewhere, behind its control API (`remote.Remote`);
who plays a script or draws a screen can't tell which.
"""

from typing import Protocol

import msgspec
from msgspec import Struct

from ivrflow.emulator.look import shown
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.runner import Runner
from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.transcript import Entry
from ivrflow.rehearsal.acts import Beep, Deed, HangUp, PickUp, Press, Reject, Speak
from ivrflow.rehearsal.notes import Note, Notes

Told = Entry | Note
"""What a call's story consists of."""


class Party(Struct, frozen=True, kw_only=True):
    who: str
    address: str
    state: str


class Look(Struct, frozen=True, kw_only=True):
    """A call now; the fields are those of `emulator.look`."""

    now: int
    due: int | None
    over: bool
    asked: bool
    listens: bool
    doing: str
    parties: tuple[Party, ...]

    @property
    def ringing(self) -> tuple[Party, ...]:
        return tuple(
            each for each in self.parties if each.state == "ringing" and each.who != "caller"
        )

    def is_up(self, who: str) -> bool:
        return any(each.who == who and each.state == "up" for each in self.parties)

    @property
    def is_still(self) -> bool:
        """Whether nothing happens until somebody does something."""
        return self.over or (self.due is None and not self.asked)


class Line(Protocol):
    """One call."""

    async def look(self) -> Look: ...

    async def told(self, after: int) -> list[Told]:
        """Return the story from its entry number `after` on."""
        ...

    async def do(self, deed: Deed) -> None:
        """Raises `EmulatorError` where nobody can."""
        ...

    async def wait(self, ms: int) -> None:
        """Let the platform's time pass."""
        ...


class Local:
    """A call on a platform in this process."""

    def __init__(self, runner: Runner, notes: Notes) -> None:
        self.runner = runner
        self.notes = notes
        self.call = ""

    @classmethod
    async def dial(cls, runner: Runner, inbound: Inbound, notes: Notes) -> "Local":
        line = cls(runner, notes)
        line.call = await runner.do(lambda platform: platform.call(inbound))
        return line

    async def look(self) -> Look:
        return msgspec.convert(shown(self.runner.platform.find(self.call)), Look)

    async def told(self, after: int) -> list[Told]:
        self.notes.catch_up()
        told = [each for each in self.notes.told if each.call in ("", self.call)]
        return told[after:]

    async def do(self, deed: Deed) -> None:
        await self.runner.do(lambda platform: do(platform, self.call, deed))

    async def wait(self, ms: int) -> None:
        await self.runner.wait(ms)


def do(platform: Platform, call: str, deed: Deed) -> None:
    """Let somebody on a call do something; raises `EmulatorError`."""
    match deed:
        case Press(keys=keys, who=who):
            platform.press(call, keys, who)
        case Speak(text=text, who=who):
            platform.speak(call, text, who)
        case PickUp(voice=voice, who=who):
            platform.pick_up(call, who, voice)
        case Reject(why=why, who=who):
            platform.reject(call, who, why)
        case Beep(who=who):
            platform.beep(call, who)
        case HangUp(who=who):
            platform.hang_up(call, who)
