"""Who plays a scenario: looks at what happens, and lets time pass until it does.

A call goes on by itself until it needs somebody: to press a key, to pick up. What is looked for is
looked for until then and no further, so what a caller would only hear after a long silence is not
found by accident.
"""

from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from ivrflow.diagnostics import Span
from ivrflow.emulator.look import NEEDS, REACTION, Sense, look
from ivrflow.emulator.transcript import Rang
from ivrflow.emulator.world import Call
from ivrflow.machine.effects import Emit
from ivrflow.scenarios.model import Press, Speak, Step
from ivrflow.scenarios.receivers import Delivered
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


class Party(Struct, frozen=True):
    """Somebody on a call, as the platform calls them there; "" is who is asked, rings or hears."""

    call: str
    leg: str


class Player:
    """Plays the steps of one scenario. `legs` are parties by the names that the author gave,
    `people` those who picked up and are no machines, `ringing` is whose phone was found to ring
    last."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.legs: dict[str, Party] = {}
        self.people: set[Party] = set()
        self.ringing: Party | None = None
        self._read_by_call: Counter[str] = Counter()
        self._events = 0
        self._deliveries = 0
        self._rang: set[Party] = set()

    # -- who

    def party(self, who: str) -> Party:
        """Return whom the author means, and turn to their call; raises `EmulatorError` where there
        is none."""
        found = self.legs.get(who) or self._unnamed(who)
        self.stage.turned_to = found.call
        return found

    def _unnamed(self, who: str) -> Party:
        """The caller is that of the call that came in; others are on the call that was dealt with
        last, or on that one."""
        stage = self.stage
        here = stage.call
        elsewhere = stage.id and (who == "caller" or (who and here.leg(who) is None))
        return Party(stage.id if elsewhere else here.id, who)

    def phone(self, who: str) -> Party:
        """Return whose phone is meant, and turn to their call. Without a name it is the one that
        was found to ring last, else one of the call that was dealt with last, else any."""
        found = self.party(who) if who else self._any_phone() or self.party("")
        self.stage.turned_to = found.call
        self._rang.add(found)
        return found

    def _any_phone(self) -> Party | None:
        here, calls = self.stage.call.id, self.stage.platform.world.calls
        ringing = [Party(call, leg) for call in (here, *calls) for leg in self._ringing(call)]
        if self.ringing in ringing:
            return self.ringing
        return next(iter(ringing), None)

    def _ringing(self, call: str) -> list[str]:
        return [each.who for each in look(self.stage.platform.find(call)).ringing]

    def name(self, party: Party) -> str:
        """Return what the author calls a party, else what the platform does."""
        named = (name for name, each in self.legs.items() if each == party)
        return party.leg if party.call == self.stage.id else next(named, party.leg)

    async def rest(self) -> None:
        """Let the call go on until it needs somebody, or is held for what happens elsewhere."""
        for _ in range(MOST):
            if self.stage.waits_for or self.stage.is_held or not await self.stage.next():
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
        for place, entry in enumerate(self.stage.platform.transcript):
            ahead = place >= self._read_by_call[entry.call]
            if ahead and isinstance(entry, kind) and fits(entry):
                self._read_by_call[entry.call] = place + 1
                return entry
        return None

    async def rings(self, to: str) -> Rang | None:
        """Return the phone at a number (user, address) that begins to ring next, or rings already
        and was not looked for; None where the call needs somebody before it."""
        for _ in range(MOST):
            for each in self.unclaimed:
                if same_address(each.to, to):
                    self._claim(each)
                    return each
            if self.stage.waits_for or not await self.stage.next():
                break
        return None

    @property
    def unclaimed(self) -> list[Rang]:
        """The phones that nobody has looked for: those that ring, and those that rang since what
        was looked for last."""
        transcript = self.stage.platform.transcript
        rang = [(place, each) for place, each in enumerate(transcript) if isinstance(each, Rang)]
        return [
            each
            for place, each in rang
            if Party(each.call, each.who) not in self._rang
            and (place >= self._read_by_call[each.call] or each.who in self._ringing(each.call))
        ]

    def _claim(self, rang: Rang) -> None:
        self.ringing = Party(rang.call, rang.who)
        self.stage.turned_to = rang.call
        self._rang.add(self.ringing)
        read = self.stage.platform.transcript.index(rang) + 1
        self._read_by_call[rang.call] = max(self._read_by_call[rang.call], read)

    async def received(self, fits: Callable[[Delivered], bool]) -> Delivered | None:
        """Return an event that fits, if it reaches a webhook before the call needs somebody."""
        for _ in range(MOST):
            for number, each in enumerate(self.deliveries):
                if fits(each):
                    self._deliveries += number + 1
                    return each
            if self.stage.waits_for not in ("", "over") or not await self.stage.next():
                return None
        return None

    @property
    def deliveries(self) -> list[Delivered]:
        """What webhooks got since what was looked for last."""
        return self.stage.received.delivered[self._deliveries :]

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

    def passed(self, call: str) -> None:
        """From here on only what happens on a call after this moment is looked for."""
        self._read_by_call[call] = len(self.stage.platform.transcript)

    def unheard(self, kind: type[T]) -> list[T]:
        """Return what has happened on each call since the last thing that was looked for there."""
        return [
            each
            for place, each in enumerate(self.stage.platform.transcript)
            if place >= self._read_by_call[each.call] and isinstance(each, kind)
        ]

    async def ready(self, step: Press | Speak, sense: Sense, what: str) -> Party:
        """Let the call go on until an act of this kind is noticed, and the party ready for it;
        returns who that is."""
        meant = self.party(step.who)
        call = self.stage.platform.find(meant.call)
        await self.until(step, sense, what, call)
        await self.stage.world.wait(REACTION)
        await self.until(step, sense, what, call)
        self.passed(call.id)
        seen = look(call)
        who, asked = meant.leg or seen.party, _asked(call)
        if asked and who != asked:
            message = f"{step.who} is not asked: {asked} is"
            raise NotSoError(step.at, message, help="leave `who` out for who is asked")
        return Party(meant.call, who)

    async def until(self, step: Step, sense: Sense, what: str, call: Call) -> None:
        """Let a call go on until an act of this kind is noticed."""
        for _ in range(MOST):
            seen = look(call)
            if seen.needs not in ("", "menu", "room", "talk"):
                break
            if sense in seen.listens:
                return
            if seen.needs or not await self.stage.next():
                break
        raise NotSoError(step.at, f"nobody listens for {what}: {NEEDS[look(call).needs]}")


def same_address(one: str, other: str) -> bool:
    """Whether two ways to write a number (user, address) mean one."""
    return one.lstrip("+") == other.lstrip("+")


def _asked(call: Call) -> str:
    """Whose keys and words a menu or a room takes, nobody else's; "" if there is neither."""
    seen = look(call)
    return seen.party if seen.doing in ("menu", "room") else ""
