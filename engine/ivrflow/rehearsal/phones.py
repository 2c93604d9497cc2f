"""Who is on the phone in a rehearsal: of the call that came in, and of each call that was placed.

The platform names the parties of one call `caller` and `callee`. Here who is called by the engine
is `phone`, the next one `phone2`; whom such a call was connected with is `phone.callee2`.
"""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from ivrflow.emulator.look import Look, Party, look
from ivrflow.emulator.platform import Platform
from ivrflow.emulator.transcript import Connected, Entry
from ivrflow.emulator.world import Call
from ivrflow.errors import EmulatorError

PHONE = "phone"
CALLED = "callee"

E = TypeVar("E", bound=Entry)

Leg = tuple[str, str]
"""A call, and what the platform calls a party of it; "" is who is asked, rings or hears."""


class Phones:
    """The parties of all calls of a platform, `own` being the one that came in, if any did.

    What is done without a name is done on the call that was dealt with last; when that is over, on
    the one that came in, else on the last that goes on.
    """

    def __init__(self, platform: Callable[[], Platform], own: str = "") -> None:
        self.own = own
        self._platform = platform
        self._turned_to = own

    @property
    def current(self) -> Call | None:
        calls = self._calls
        order = [id for id in (self._turned_to, self.own, *reversed(calls)) if id in calls]
        live = (id for id in order if calls[id].ended is None)
        found = next(live, order[0] if order else None)
        return None if found is None else calls[found]

    def turn_to(self, who: str) -> None:
        """Deal with the call of a party from now on; of one that nobody is, with none other."""
        found = self._named(who)
        self._turned_to = self._turned_to if found is None else found[0]

    def turn_on(self) -> str:
        """Deal with the next call that goes on; returns who is asked there."""
        live = [id for id, call in self._calls.items() if call.ended is None]
        here = self.current
        if here is not None and live:
            after = live.index(here.id) + 1 if here.id in live else 0
            self._turned_to = live[after % len(live)]
        return self.look().party

    def leg(self, who: str) -> Leg:
        """Return whom a name means; raises `EmulatorError` where nobody is on the phone."""
        if who:
            found = self._named(who)
            if found is None:
                raise EmulatorError(f"nobody is {who}")
            return found
        if self.current is None:
            raise EmulatorError("nobody is on the phone")
        return self.current.id, ""

    def ringing(self, who: str) -> Leg:
        """Return whose phone is meant: without a name one that rings, of the current call first."""
        seen = self.look().ringing
        return self.leg(who or (seen[0].who if seen else ""))

    def look(self) -> Look:
        """Return how things stand: what the current call waits for, and all parties there are."""
        current = self.current
        if current is None:
            raise EmulatorError("nobody is on the phone")
        seen = look(current)
        calls = [current, *(each for each in self._calls.values() if each is not current)]
        parties = [
            msgspec.structs.replace(each, who=self.name(call.id, each.who))
            for call in calls
            for each in self._present(call, current)
        ]
        return msgspec.structs.replace(
            seen,
            party=self.name(current.id, seen.party),
            parties=tuple(parties),
            over=all(each.ended is not None for each in calls),
        )

    def told(self, entry: E) -> E:
        """Return an entry with the names that parties have here."""
        if not hasattr(entry, "who") or entry.call == self.own:
            return entry
        named: dict[str, str] = {"who": self.name(entry.call, entry.who)}
        if isinstance(entry, Connected):
            named["other"] = self.name(entry.call, entry.other)
        return msgspec.structs.replace(entry, **named)

    def name(self, call: str, leg: str) -> str:
        """Return what a party is called here."""
        if call not in self._placed:
            return leg
        number = self._placed.index(call) + 1
        phone = f"{PHONE}{number}" if number > 1 else PHONE
        return phone if leg in ("", CALLED) else f"{phone}.{leg}"

    @property
    def _calls(self) -> dict[str, Call]:
        return self._platform().world.calls

    @property
    def _placed(self) -> list[str]:
        return [id for id in self._calls if id != self.own]

    def _present(self, call: Call, current: Call) -> tuple[Party, ...]:
        """Return the parties of a call; of another than the current one, while it goes on."""
        return look(call).parties if call is current or call.ended is None else ()

    def _named(self, who: str) -> Leg | None:
        if not who.startswith(PHONE):
            if self.own:
                return self.own, who
            here = self.current
            return None if here is None or not who else (here.id, who)
        phone, _, leg = who.partition(".")
        number = int(phone.removeprefix(PHONE) or "1")
        if not 0 < number <= len(self._placed):
            return None
        return self._placed[number - 1], leg or CALLED
