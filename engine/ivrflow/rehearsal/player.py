"""Playing a script on a line, as somebody would who listens and presses keys when asked."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from ivrflow.emulator.look import NEEDS, REACTION, Look
from ivrflow.emulator.transcript import Ended, Heard, Pressed, Received, Sent, Spoke, in_words
from ivrflow.errors import EmulatorError, MissedError
from ivrflow.rehearsal.acts import (
    Act,
    Beep,
    Deed,
    HangUp,
    Hear,
    PickUp,
    Press,
    Reject,
    Silence,
    Speak,
    Wait,
)
from ivrflow.rehearsal.line import Line, Told

PATIENCE = 600_000
"""Milliseconds that somebody waits for what they want to do or hear."""

POLL = 10
"""Milliseconds between two looks while the application thinks."""

MOST_POLLS = 300
"""Looks for the answers to a call's last callbacks."""

NEWS = (Heard, Sent, Ended)
"""What ends a silence."""

PROBLEM_BY_DEED: dict[type[Deed], str] = {
    Press: "nobody listens for keys",
    Speak: "nobody listens for words",
    PickUp: "no phone rings",
    Reject: "no phone rings",
    Beep: "nobody has answered",
    HangUp: "nobody is on the line",
}

VERB_BY_DEED: dict[type[Deed], str] = {
    Press: "press",
    Speak: "speak",
    PickUp: "answer",
    Reject: "reject",
    Beep: "beep",
    HangUp: "hang up",
}

Show = Callable[[Told], None]
Ready = Callable[[Look], bool]


Placed = tuple[str, Act]
"""An act, and the place that it is written at."""


class Player:
    """Performs acts on a line, and shows what happens. `story` is what was shown."""

    def __init__(self, line: Line, show: Show) -> None:
        self.line = line
        self.show = show
        self.story: list[Told] = []
        self.read_by_call: Counter[str] = Counter()

    async def perform(self, act: Act) -> None:
        """Raises `MissedError` if the call goes another way."""
        match act:
            case Wait(ms=ms):
                await self.line.wait(ms)
            case Silence():
                await self._be_silent()
            case Hear():
                await self._hear(act)
            case _:
                await self._do(act)
        await self.look()

    async def look(self) -> Look:
        """Show what is new, and return how the call stands."""
        look = await self.line.look()
        for told in await self.line.told(len(self.story)):
            self.story.append(told)
            self.show(told)
        return look

    async def until(self, ready: Ready) -> Look:
        """Let time pass until the call is `ready`, is over, or nothing happens any more."""
        look = await self.look()
        patience = look.now + PATIENCE
        while not ready(look) and not look.is_still and look.now < patience:
            await self.line.wait(min(_step(look), patience - look.now))
            look = await self.look()
        return look

    async def listen(self) -> Look:
        """Hear out what is said, until it is up to somebody to do something."""
        return await self.until(lambda look: bool(look.needs or look.ringing))

    async def pass_on(self) -> None:
        """Let time pass until something new is heard or told."""
        begun = len(self.story)
        await self.until(lambda _: any(isinstance(e, NEWS) for e in self.story[begun:]))

    async def leave(self) -> None:
        """Hear out what is said, then hang up."""
        await self.listen()
        await self.hang_up()

    async def hang_up(self) -> None:
        """End the call, and all others, and wait for what the application is told of it."""
        look = await self.look()
        if not look.over:
            with suppress(EmulatorError):  # it has ended meanwhile
                await self.line.leave()
        await self.until(lambda look: look.over)
        for _ in range(MOST_POLLS):
            if not self._owes_answers():
                return
            await self.line.wait(POLL)
            await self.look()

    def _owes_answers(self) -> bool:
        sent = sum(isinstance(each, Sent) for each in self.story)
        return sent > sum(isinstance(each, Received) for each in self.story)

    async def _do(self, deed: Deed) -> None:
        if deed.who:
            self.line.turn_to(deed.who)
        await self._ready(deed)
        if isinstance(deed, Press | Speak):
            # Callbacks name whole seconds: the same key twice within one would count once.
            await self.line.wait(REACTION)
            await self._ready(deed)
        begun = len(self.story)
        try:
            await self.line.do(deed)
        except EmulatorError as error:
            raise MissedError(f"{said(deed)}: {error}") from error
        await self.look()
        lost = [e for e in self.story[begun:] if isinstance(e, Pressed | Spoke) and e.lost]
        if lost:
            raise MissedError(f"{said(deed)}: nobody listened when {in_words(lost[0])}")

    async def _ready(self, deed: Deed) -> None:
        """Let the call go on until somebody can do this."""
        look = await self.until(lambda look: _can(look, deed) or bool(look.needs))
        if not _can(look, deed):
            raise MissedError(f"{said(deed)}: {_why_not(look, deed)}")

    async def _be_silent(self) -> None:
        look = await self.until(lambda look: bool(look.needs))
        if look.needs != "menu":
            raise MissedError(f"silence: nobody is asked for anything: {NEEDS[look.needs]}")
        await self.pass_on()

    async def _hear(self, hear: Hear) -> None:
        if hear.who:
            self.line.turn_to(hear.who)
        look = await self.until(lambda look: bool(look.needs) or self._find(hear) is not None)
        found = self._find(hear)
        if found is None:
            heard = [
                each
                for place, each in enumerate(self.story)
                if self._is_ahead(place) and isinstance(each, Heard)
            ]
            told = "; ".join([*map(in_words, heard), NEEDS[look.needs]])
            raise MissedError(f'"{hear.text}" was not heard; instead: {told}')
        self.read_by_call[self.story[found].call] = found + 1

    def _is_ahead(self, place: int) -> bool:
        """Whether what happened comes after what was heard last on its call."""
        return place >= self.read_by_call[self.story[place].call]

    def _find(self, hear: Hear) -> int | None:
        wanted = " ".join(hear.text.split()).casefold()
        for place, told in enumerate(self.story):
            if not isinstance(told, Heard) or hear.who not in ("", told.who):
                continue
            if not self._is_ahead(place):
                continue
            if wanted in " ".join(told.text.split()).casefold():
                return place
        return None


async def play(player: Player, acts: AsyncIterator[Placed]) -> None:
    """Perform acts, then listen and hang up.

    Raises `MissedError`, naming the place.
    """
    try:
        async for place, act in acts:
            await _perform(player, place, act)
    except BaseException:
        await player.hang_up()
        raise
    await player.leave()


async def _perform(player: Player, place: str, act: Act) -> None:
    try:
        await player.perform(act)
    except MissedError as missed:
        raise MissedError(f"{place}: {missed}") from missed


def _step(look: Look) -> int:
    """Return how long nothing new can be seen; a reply that is on its way may come any moment."""
    if look.owes_reply or look.due is None:
        return POLL
    return max(1, look.due - look.now)


def _can(look: Look, deed: Deed) -> bool:
    match deed:
        case HangUp():
            return not look.over
        case PickUp() | Reject():
            return any(deed.who in ("", each.who) for each in look.ringing)
        case Beep():
            return any(deed.who in ("", each.who) for each in look.called)
        case Press():
            return "keys" in look.listens
        case Speak():
            return "words" in look.listens


def _why_not(look: Look, deed: Deed) -> str:
    return f"{PROBLEM_BY_DEED[type(deed)]}: {NEEDS[look.needs]}"


def said(deed: Deed) -> str:
    """Return an act as its author may have written it."""
    words = ""
    match deed:
        case Press(keys=words) | Speak(text=words) | PickUp(voice=words) | Reject(why=words):
            pass
        case Beep() | HangUp():
            pass
    return " ".join(filter(None, (deed.who, VERB_BY_DEED[type(deed)], words)))
