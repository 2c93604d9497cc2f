"""A call as a person sees it: who is on the line, and what it waits for."""

from typing import Literal

from msgspec import Struct

from ivrflow.emulator.signals import Act, Beeped, Key, Speech
from ivrflow.emulator.transcript import Entry, Heard, Pressed, Received, Spoke
from ivrflow.emulator.world import Call, Kind, Leg

Sense = Literal["keys", "words", "beep"]
State = Literal["ringing", "up", "gone"]
Need = Literal["", "menu", "ring", "room", "talk", "park", "over"]

REACTION = 1_000
"""Milliseconds that people take to press a key or to speak. The platform's callbacks name whole
seconds, so the same key twice within one would count once."""

NEEDS: dict[Need, str] = {
    "menu": "the menu waits for keys",
    "ring": "a phone rings: answer or reject it",
    "room": "the caller is in a room",
    "talk": "the parties talk",
    "park": "the call is parked",
    "over": "the call is over",
    "": "nothing more happens",
}
"""What is said of a call that needs somebody, by `Look.needs`."""

ACT_BY_SENSE: dict[Sense, type[Act]] = {"keys": Key, "words": Speech, "beep": Beeped}


class Party(Struct, frozen=True, kw_only=True):
    """A leg of a call; `kind` is that of its address, as callbacks name it."""

    who: str
    kind: str
    address: str
    state: State


class Look(Struct, frozen=True, kw_only=True):
    """A call now.

    `now` is the platform's time and `due` when something happens next by itself (None: never), in
    milliseconds since 1970. `owes_reply`: the application has been asked, and the call waits for
    it. `listens` is what moves the call if it comes now, `party` whom it is expected of. `doing` is
    "" while the call goes on by itself or two parties talk; `room` is where it is, or leads to.
    `needs` is where somebody must do something before the call goes on, "" while it goes on by
    itself: also while a prompt is heard, or a menu has been given something that it waits for more
    of.
    """

    now: int
    due: int | None
    over: bool
    owes_reply: bool
    listens: tuple[Sense, ...]
    party: str
    doing: Literal["", Kind]
    needs: Need
    room: str
    parties: tuple[Party, ...]

    @property
    def ringing(self) -> tuple[Party, ...]:
        return tuple(
            each for each in self.parties if each.state == "ringing" and each.who != "caller"
        )

    @property
    def called(self) -> tuple[Party, ...]:
        """Who has been called and is on the line."""
        return tuple(each for each in self.parties if each.state == "up" and each.who != "caller")

    @property
    def is_still(self) -> bool:
        """Whether nothing happens until somebody does something."""
        return self.over or (self.due is None and not self.owes_reply)


def look(call: Call) -> Look:
    world, main, party = call.world, call.main, _party(call)
    return Look(
        now=world.clock.now,
        due=world.clock.due,
        over=call.ended is not None,
        owes_reply=main is not None and main in world.pending.values(),
        listens=_listens(call),
        party="caller" if party is None else party.name,
        doing="" if call.doing is None else call.doing.kind,
        needs=_needs(call),
        room=call.room,
        parties=tuple(_seen(each) for each in call.legs),
    )


def is_heard(call: Call, leg: Leg, sense: Sense) -> bool:
    """Whether somebody listens to what this party does now."""
    return sense in _listens(call) and (call.doing is None or call.doing.leg is leg)


def _needs(call: Call) -> Need:
    if call.ended is not None:
        return "over"
    if call.doing is not None and call.doing.kind in ("ring", "park"):
        return call.doing.kind
    if "keys" not in _listens(call) or _is_busy(call):
        return ""
    return "talk" if call.doing is None else call.doing.kind


def _is_busy(call: Call) -> bool:
    """Whether who is asked still hears the prompt, or has given a menu something, which it takes by
    itself after a while."""
    party = _party(call)
    if party is None:
        return False
    for entry in reversed(call.world.transcript):
        if entry.call != call.id or not _concerns(entry, party):
            continue
        if isinstance(entry, Heard):
            return entry.at + entry.duration > call.now
        return isinstance(entry, Pressed | Spoke) and call.does("menu")
    return False


def _concerns(entry: Entry, party: Leg) -> bool:
    """Whether what happened tells what a party waits for: a reply begins something new."""
    match entry:
        case Heard(who=who) | Pressed(who=who) | Spoke(who=who):
            return who == party.name
        case Received():
            return True
        case _:
            return False


def _listens(call: Call) -> tuple[Sense, ...]:
    """A menu without choices only lets time pass, whatever it waits for meanwhile."""
    if call.main is None or call.main.over or (call.doing is not None and not call.doing.choices):
        return ()
    awaited = call.main.waits.signals
    return tuple(sense for sense, act in ACT_BY_SENSE.items() if act in awaited)


def _party(call: Call) -> Leg | None:
    doing = call.doing
    return doing.leg if doing is not None and doing.kind in ("menu", "room") else call.near


def _seen(leg: Leg) -> Party:
    return Party(
        who=leg.name,
        kind=leg.address.kind,
        address=leg.address.endpoint,
        state="gone" if leg.gone else "up" if leg.up else "ringing",
    )
