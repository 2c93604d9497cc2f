"""Playing a script on a line, as somebody would who listens and presses keys when asked."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress

from ivrflow.emulator.transcript import Connected, Heard, Joined, Parked, Rang, Received, Sent
from ivrflow.emulator.transcript import in_words as entry_in_words
from ivrflow.errors import EmulatorError, MissedError
from ivrflow.rehearsal.acts import (
    Act,
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
from ivrflow.rehearsal.line import Line, Look, Told

PATIENCE = 600_000
"""Milliseconds that somebody waits for what they want to do or hear."""

HESITATION = 1_000
"""Milliseconds that somebody takes from one act to the next."""

POLL = 10
"""Milliseconds between two looks while the application thinks."""

MOST_POLLS = 300
"""Looks for the answers to a call's last callbacks."""

NEWS = (Heard, Connected, Joined, Parked, Rang)
"""What ends a silence."""

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
        self.read = 0
        self._acted = 0

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
        return await self.until(lambda look: _waits(look) and look.now >= self._heard_until())

    async def leave(self) -> None:
        """Hear out what is said, then hang up."""
        await self.listen()
        await self.hang_up()

    async def hang_up(self) -> None:
        """End the call, and wait for what the application is told of it."""
        look = await self.look()
        if not look.over:
            with suppress(EmulatorError):  # it has ended meanwhile
                await self.line.do(HangUp())
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
        look = await self.until(lambda look: _can(look, deed))
        if look.over and isinstance(deed, HangUp):
            return
        if not _can(look, deed):
            raise MissedError(f"{_said(deed)}: {_why_not(look, deed)}")
        if isinstance(deed, Press | Speak):
            await self._hesitate(look)
        try:
            await self.line.do(deed)
        except EmulatorError as error:
            raise MissedError(f"{_said(deed)}: {error}") from error

    async def _hesitate(self, look: Look) -> None:
        """Leave a second between two acts: callbacks name whole seconds, so the same keys twice
        within one would be one event told twice."""
        pause = self._acted + HESITATION - look.now
        if pause > 0:
            await self.line.wait(pause)
        self._acted = max(look.now, self._acted + HESITATION)

    async def _be_silent(self) -> None:
        await self.until(lambda look: look.listens)
        begun = len(self.story)
        look = await self.until(lambda _: any(isinstance(e, NEWS) for e in self.story[begun:]))
        if look.over and len(self.story) == begun:
            raise MissedError("silence: the call is over")

    async def _hear(self, hear: Hear) -> None:
        begun = self.read
        await self.until(lambda _: self._find(hear) is not None)
        found = self._find(hear)
        if found is None:
            heard = [each for each in self.story[begun:] if isinstance(each, Heard)]
            instead = "; ".join(entry_in_words(each) for each in heard) or "nothing"
            raise MissedError(f'"{hear.text}" was not heard; instead: {instead}')
        self.read = found + 1

    def _find(self, hear: Hear) -> int | None:
        wanted = " ".join(hear.text.split()).casefold()
        for place in range(self.read, len(self.story)):
            told = self.story[place]
            if not isinstance(told, Heard) or hear.who not in ("", told.who):
                continue
            if wanted in " ".join(told.text.split()).casefold():
                return place
        return None

    def _heard_until(self) -> int:
        ends = (each.at + each.duration for each in reversed(self.story) if isinstance(each, Heard))
        return next(ends, 0)


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
    if look.asked or look.due is None:
        return POLL
    return max(1, look.due - look.now)


def _waits(look: Look) -> bool:
    return look.listens or bool(look.ringing)


def _can(look: Look, deed: Deed) -> bool:
    match deed:
        case HangUp():
            return True
        case PickUp() | Reject():
            return any(deed.who in ("", each.who) for each in look.ringing)
        case _ if deed.who not in ("", "caller"):
            return look.is_up(deed.who)
        case _:
            return look.listens


def _why_not(look: Look, deed: Deed) -> str:
    if look.over:
        return "the call is over"
    match deed:
        case PickUp() | Reject():
            return "no phone rings"
        case _ if deed.who not in ("", "caller"):
            return f"{deed.who} is not on the line"
        case _:
            return "nobody listens to the caller"


def _said(deed: Deed) -> str:
    name = type(deed).__name__.lower()
    words = {"pickup": "answer", "hangup": "hang up"}
    told = getattr(deed, "keys", getattr(deed, "text", ""))
    return " ".join(filter(None, [deed.who, words.get(name, name), told]))
