"""Calls from outside: what people on the line can see of them and do to them.

The platform is in this process (`Local`) or elsewhere, behind its control API (`remote.Remote`);
who plays a script or draws a screen can't tell which.
"""

from contextlib import suppress
from functools import partial
from typing import Protocol

import msgspec

from ivrflow.emulator.look import Look, look
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.runner import Runner
from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.transcript import Entry
from ivrflow.emulator.world import Call
from ivrflow.errors import EmulatorError
from ivrflow.rehearsal.acts import Beep, Deed, HangUp, PickUp, Press, Reject, Speak
from ivrflow.rehearsal.notes import Holds, Logged, Moved, Note, Notes
from ivrflow.rehearsal.phones import Phones

Told = Entry | Note
"""What a call's story consists of."""


class Line(Protocol):
    """One call, and those that are placed meanwhile."""

    async def look(self) -> Look:
        """Return how things stand on the call that was dealt with last."""
        ...

    def turn_to(self, who: str) -> None:
        """Deal with the call of a party from now on."""
        ...

    def turn_on(self) -> str:
        """Deal with the next call that goes on; returns who is asked there, "" if there is one call
        only."""
        ...

    async def told(self, after: int) -> list[Told]:
        """Return the story from its entry number `after` on."""
        ...

    async def do(self, deed: Deed) -> None:
        """Raises `EmulatorError` where nobody can."""
        ...

    async def leave(self) -> None:
        """Let everybody hang up; may raise `EmulatorError` where nobody can."""
        ...

    async def wait(self, ms: int) -> None:
        """Let the platform's time pass."""
        ...


class Local:
    """The calls of a platform in this process, which nobody else follows: one that comes in or is
    placed, and those that are placed meanwhile."""

    def __init__(self, runner: Runner, notes: Notes, own: str = "") -> None:
        self.runner = runner
        self.notes = notes
        self.phones = Phones(lambda: runner.platform, own)
        self._told: list[Told] = []

    @classmethod
    async def dial(cls, runner: Runner, inbound: Inbound, notes: Notes) -> "Local":
        own = await runner.do(lambda platform: platform.call(inbound))
        return cls(runner, notes, own)

    async def look(self) -> Look:
        return msgspec.structs.replace(self.phones.look(), due=await self.runner.due())

    def turn_to(self, who: str) -> None:
        self.phones.turn_to(who)

    def turn_on(self) -> str:
        return self.phones.turn_on()

    async def told(self, after: int) -> list[Told]:
        self._told += [self._named(each) for each in self.notes.take()]
        return self._told[after:]

    async def do(self, deed: Deed) -> None:
        rings = isinstance(deed, PickUp | Reject)
        call, leg = self.phones.ringing(deed.who) if rings else self._on_the_line(deed)
        self.phones.turn_to(self.phones.name(call, leg))
        await self.runner.do(
            lambda platform: do(platform, call, msgspec.structs.replace(deed, who=leg))
        )

    async def leave(self) -> None:
        for call in list(self.runner.platform.world.calls.values()):
            if call.ended is None:
                with suppress(EmulatorError):  # the end of another was its own
                    await self.runner.do(partial(_end, call))

    async def wait(self, ms: int) -> None:
        await self.runner.wait(ms)

    def _on_the_line(self, deed: Deed) -> tuple[str, str]:
        """Return whom a deed is of. Without a name the caller hangs up, while there is one."""
        own = self.runner.platform.world.calls.get(self.phones.own)
        if isinstance(deed, HangUp) and not deed.who and own is not None and own.ended is None:
            return own.id, ""
        return self.phones.leg(deed.who)

    def _named(self, told: Told) -> Told:
        return told if isinstance(told, Moved | Holds | Logged) else self.phones.told(told)


def _end(call: Call, platform: Platform) -> None:
    """Let a call be over: a phone that rings for nobody rings no more."""
    ringing = [each for each in look(call).ringing if call.near is None]
    if ringing:
        platform.reject(call.id, ringing[0].who, "failed")
    else:
        platform.hang_up(call.id)


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
