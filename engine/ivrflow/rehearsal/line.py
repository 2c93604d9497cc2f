"""A call from outside: what a person on the line can see of it and do to it.

The platform is in this process (`Local`) or elsewhere, behind its control API (`remote.Remote`);
who plays a script or draws a screen can't tell which.
"""

from typing import Protocol

from ivrflow.emulator.look import Look, look
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.runner import Runner
from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.transcript import Entry
from ivrflow.rehearsal.acts import Beep, Deed, HangUp, PickUp, Press, Reject, Speak
from ivrflow.rehearsal.notes import Note, Notes

Told = Entry | Note
"""What a call's story consists of."""


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
    """A call on a platform in this process, which nobody else follows."""

    def __init__(self, runner: Runner, notes: Notes) -> None:
        self.runner = runner
        self.notes = notes
        self.call = ""
        self._told: list[Told] = []

    @classmethod
    async def dial(cls, runner: Runner, inbound: Inbound, notes: Notes) -> "Local":
        line = cls(runner, notes)
        line.call = await runner.do(lambda platform: platform.call(inbound))
        return line

    async def look(self) -> Look:
        return look(self.runner.platform.find(self.call))

    async def told(self, after: int) -> list[Told]:
        self._told += [each for each in self.notes.take() if each.call in ("", self.call)]
        return self._told[after:]

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
