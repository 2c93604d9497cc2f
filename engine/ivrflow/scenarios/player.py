"""Who plays a scenario: looks at what happens, and lets time pass until it does.

A call goes on by itself until it needs somebody: to press a key, to pick up. What is looked for is
looked for until then and no further, so what a caller would only hear after a long silence is not
found by accident.
"""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from ivrflow.diagnostics import Span
from ivrflow.emulator.look import NEEDS, REACTION, Sense
from ivrflow.machine.effects import Emit
from ivrflow.scenarios.model import Press, Speak, Step
from ivrflow.scenarios.stage import Stage

MOST = 10_000
"""Things that may happen by themselves between two steps."""

T = TypeVar("T", bound=Struct)


class NotSoError(Exception):
    """What a scenario says is not what happens. `instead` is what may stand at `at` then, if there
    is such a thing, as YAML."""

    def __init__(
        self, at: Span, message: str, *, help: str = "", instead: str | None = None
    ) -> None:
        super().__init__(message)
        self.at = at
        self.message = message
        self.help = help
        self.instead = instead


class Player:
    """Plays the steps of one scenario. `legs` are parties by the names that the author gave,
    `people` those who picked up and are no machines."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.legs: dict[str, str] = {}
        self.people: set[str] = set()
        self.ringing = ""
        self._read = 0
        self._events = 0

    async def rest(self) -> None:
        """Let the call go on until it needs somebody."""
        for _ in range(MOST):
            if self.stage.waits_for or not await self.stage.next():
                return

    # -- looking

    async def find(self, kind: type[T], fits: Callable[[T], bool], passes: str = "") -> T | None:
        """Return the next entry of a kind that fits, None if the call needs somebody before it.

        `passes` is what it may wait for meanwhile.
        """
        for _ in range(MOST):
            found = self._ahead(kind, fits)
            if found is not None:
                return found
            if self.stage.waits_for not in ("", passes) or not await self.stage.next():
                return self._ahead(kind, fits)
        return None

    def _ahead(self, kind: type[T], fits: Callable[[T], bool]) -> T | None:
        transcript = self.stage.platform.transcript
        for place in range(self._read, len(transcript)):
            entry = transcript[place]
            if isinstance(entry, kind) and fits(entry):
                self._read = place + 1
                return entry
        return None

    async def sent(self, fits: Callable[[Emit], bool]) -> bool:
        """Whether an event that fits is sent before the call needs somebody."""
        for _ in range(MOST):
            for number, event in enumerate(self.ahead):
                if fits(event):
                    self._events += number + 1
                    return True
            if self.stage.waits_for not in ("", "over") or not await self.stage.next():
                return False
        return False

    @property
    def ahead(self) -> list[Emit]:
        """The events since the last one that was looked for."""
        effects = [effect for seen in self.stage.seen for effect in seen.step.effects]
        return [each for each in effects if isinstance(each, Emit)][self._events :]

    def passed(self) -> None:
        """From here on only what happens after this moment is looked for."""
        self._read = len(self.stage.platform.transcript)

    def unheard(self, kind: type[T]) -> list[T]:
        """Return what has happened since the last thing that was looked for."""
        return [
            each for each in self.stage.platform.transcript[self._read :] if isinstance(each, kind)
        ]

    def name(self, who: str) -> str:
        """Return what the platform calls a party."""
        return self.legs.get(who, who)

    async def ready(self, step: Press | Speak, sense: Sense, what: str) -> str:
        """Let the call go on until an act of this kind is noticed, and the party ready for it;
        returns who that is."""
        await self.until(step, sense, what)
        await self.stage.world.wait(REACTION)
        await self.until(step, sense, what)
        self.passed()
        who, asked = self.name(step.who) or self.stage.party, self.stage.asked
        if asked and who != asked:
            message = f"{step.who} is not asked: {asked} is"
            raise NotSoError(step.at, message, help="leave `who` out for who is asked")
        return who

    async def until(self, step: Step, sense: Sense, what: str) -> None:
        """Let the call go on until an act of this kind is noticed."""
        stage = self.stage
        for _ in range(MOST):
            if stage.waits_for not in ("", "menu", "room", "talk"):
                break
            if stage.listens(sense):
                return
            if stage.waits_for or not await stage.next():
                break
        raise NotSoError(step.at, f"nobody listens for {what}: {NEEDS[stage.waits_for]}")
