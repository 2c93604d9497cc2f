"""The steps of a scenario, done one after the other: one function a kind.

A call goes on by itself until it needs somebody: to press a key, to pick up. `hear`, `dials` and
`recorded` look no further than that, so what a caller would only hear after a long silence is not
heard without the step `silence`.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from msgspec import Struct

from ivrflow.diagnostics import Span
from ivrflow.emulator.signals import Act, Key, Speech
from ivrflow.emulator.transcript import Ended, Heard, Rang, Recording, Sent
from ivrflow.errors import EmulatorError
from ivrflow.scenarios.memory import remember
from ivrflow.scenarios.model import (
    Answer,
    Beep,
    Dials,
    HangUp,
    Hear,
    MenuFails,
    Press,
    Recorded,
    Reject,
    Remember,
    Repeat,
    Restart,
    Silence,
    Speak,
    Step,
    Wait,
)
from ivrflow.scenarios.stage import Stage
from ivrflow.scenarios.values import quoted

WAITS = {
    "menu": "the menu waits for keys",
    "ring": "a phone rings: answer or reject it",
    "room": "the caller is in a room",
    "talk": "the parties talk",
    "park": "the call is parked",
    "over": "the call is over",
    "": "nothing more happens",
}
"""What is said of a call that needs somebody, by `Stage.waits_for`."""

REACTION = 1_000
"""Milliseconds that people take to press a key or to speak. The platform's callbacks name whole
seconds, so the same key twice within one would count once."""

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
    """Plays the steps of one scenario. `legs` are parties by the names that the author gave."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.legs: dict[str, str] = {}
        self.ringing = ""
        self._read = 0

    async def play(self, step: Step) -> None:
        """Do one step; raises `NotSoError`."""
        try:
            await PLAY_BY_STEP[type(step)](self, step)
        except EmulatorError as error:
            raise NotSoError(step.at, str(error)) from None

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

    async def ready(self, step: Step, kind: type[Act], what: str) -> None:
        """Let the call go on until an act of this kind is noticed, and the party ready for it."""
        await self.until(step, kind, what)
        await self.stage.world.wait(REACTION)
        await self.until(step, kind, what)
        self.passed()

    async def until(self, step: Step, kind: type[Act], what: str) -> None:
        """Let the call go on until an act of this kind is noticed."""
        stage = self.stage
        for _ in range(MOST):
            if stage.waits_for not in ("", "menu", "room", "talk"):
                break
            if stage.listens(kind):
                return
            if stage.waits_for or not await stage.next():
                break
        raise NotSoError(step.at, f"nobody listens for {what}: {WAITS[stage.waits_for]}")


async def hear(player: Player, step: Hear) -> None:
    wanted = pattern_of(step)
    who = player.name(step.who)

    def is_meant(entry: Heard) -> bool:
        return who in ("", entry.who) and wanted.search(entry.text) is not None

    if await player.find(Heard, is_meant, passes="park") is not None:
        return
    heard = [each for each in player.unheard(Heard) if who in ("", each.who) and each.text]
    subject = f"{step.who} did not hear" if step.who else "nobody heard"
    told = f'{heard[0].who} heard "{heard[0].text}"' if heard else "nothing more was heard"
    state = player.stage.waits_for
    help = "what is heard after a pause needs the step `silence`" if state == "menu" else ""
    raise NotSoError(
        step.at,
        f'{subject} "{step.text}": {told}, then {WAITS[state]}',
        help="" if heard else help,
        instead=quoted(heard[0].text) if heard else None,
    )


def pattern_of(step: Hear) -> re.Pattern[str]:
    text = step.text
    is_pattern = len(text) > 2 and text.startswith("/") and text.endswith("/")
    source = text[1:-1] if is_pattern else re.escape(text)
    return re.compile(source, re.IGNORECASE)


async def press(player: Player, step: Press) -> None:
    await player.ready(step, Key, "keys")
    who = player.name(step.who) or player.stage.party
    await player.stage.world.press(player.stage.id, step.keys, who)


async def speak(player: Player, step: Speak) -> None:
    await player.ready(step, Speech, "words")
    who = player.name(step.who) or player.stage.party
    await player.stage.world.speak(player.stage.id, step.text, who)


async def silence(player: Player, step: Silence) -> None:
    """Wait until the prompt is over, then until something is heard or asked for."""
    stage = player.stage
    await player.rest()
    if stage.waits_for != "menu":
        message = f"nobody is asked for anything: {WAITS[stage.waits_for]}"
        raise NotSoError(step.at, message, help="let time pass with `wait: 10s`")
    player.passed()
    while not any(player.unheard(kind) for kind in (Heard, Sent, Ended)):
        await stage.next()


async def wait(player: Player, step: Wait) -> None:
    await player.stage.world.wait(step.ms)


async def hang_up(player: Player, step: HangUp) -> None:
    await player.stage.world.hang_up(player.stage.id, player.name(step.who))


async def dials(player: Player, step: Dials) -> None:
    rang = await player.find(Rang, lambda _: True)
    if rang is None:
        state = WAITS[player.stage.waits_for]
        raise NotSoError(step.at, f'nobody dials "{step.to}": {state}')
    if rang.to.lstrip("+") != step.to.lstrip("+"):
        message = f'"{rang.to}" is dialled, not "{step.to}"'
        raise NotSoError(step.at, message, instead=quoted(rang.to))
    player.ringing = rang.who
    if step.name:
        player.legs[step.name] = rang.who


async def answer(player: Player, step: Answer) -> None:
    await player.rest()
    who = player.name(step.who) or player.ringing
    await player.stage.world.pick_up(player.stage.id, who, step.voice)


async def beep(player: Player, step: Beep) -> None:
    who = player.name(step.who) or player.ringing
    await player.stage.world.beep(player.stage.id, who)


async def reject(player: Player, step: Reject) -> None:
    await player.rest()
    who = player.name(step.who) or player.ringing
    await player.stage.world.reject(player.stage.id, who, step.why)


async def recorded(player: Player, step: Recorded) -> None:
    def is_meant(entry: Recording) -> bool:
        return entry.state == "available" and step.to in entry.destination

    if await player.find(Recording, is_meant, passes="over") is None:
        made = [each.destination for each in player.unheard(Recording)]
        told = f"the recording is {made[-1]}" if made else "nothing was recorded"
        state = WAITS[player.stage.waits_for]
        raise NotSoError(step.at, f"there is no such recording: {told}, and {state}")


async def repeat(player: Player, step: Repeat) -> None:
    """The engine must answer what it has answered before as it did before."""
    stage = player.stage
    last = stage.call.last
    before = stage.replies.get(last.body, b"") if last is not None else b""
    turns = len(stage.seen)
    await stage.world.do(lambda platform: platform.resend(stage.id))
    again = stage.replies.get(last.body, b"") if last is not None else b""
    if again != before or len(stage.seen) != turns:
        raise NotSoError(step.at, "the callback sent again was not answered as before")


async def restart(player: Player, step: Restart) -> None:
    await player.stage.restart()


async def menu_fails(player: Player, step: MenuFails) -> None:
    await player.until(step, Key, "keys, so no menu can fail")
    player.passed()
    await player.stage.world.do(lambda platform: platform.break_menu(player.stage.id))


async def others_record(player: Player, step: Remember) -> None:
    await remember(player.stage.store, step.records, player.stage.platform.now)


PLAY_BY_STEP: dict[type, Callable[[Player, Any], Awaitable[None]]] = {
    Hear: hear,
    Press: press,
    Speak: speak,
    Silence: silence,
    Wait: wait,
    HangUp: hang_up,
    Dials: dials,
    Answer: answer,
    Beep: beep,
    Reject: reject,
    Recorded: recorded,
    Repeat: repeat,
    Restart: restart,
    MenuFails: menu_fails,
    Remember: others_record,
}
