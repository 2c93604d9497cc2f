"""All that the platform holds: calls, legs, rooms, applications, what is on its way."""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

import msgspec
from msgspec import Struct

from ivrflow.emulator.clock import Clock, Script, Task, Wait
from ivrflow.emulator.setup import Application, Fault, Person, RestFault, Setup
from ivrflow.emulator.svaml import Record, Svaml
from ivrflow.emulator.transcript import Answered, Entry, HungUp, Warned


class Over(Exception):
    """The call is to end. `result` "": as it stands. `who` hung up, if somebody did. `illegal`:
    because a reply could not be executed."""

    def __init__(
        self, reason: str, result: str = "", *, who: str = "", illegal: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.result = result
        self.who = who
        self.illegal = illegal


class Redirected(Exception):
    """A PATCH gives the call something else to do."""

    def __init__(self, turn: "Turn") -> None:
        super().__init__(turn.context)
        self.turn = turn


class MenuBroken(Exception):
    """The platform can't run the menu that it is running."""


class Turn(Struct, frozen=True):
    """A reply, and what it answers: ice, ace, pie, patch (of a live call), parked (PATCH)."""

    context: str
    svaml: Svaml


class Room(Struct, frozen=True):
    """A conference: its id, among those of an application."""

    app: str
    id: str


class Address(Struct, frozen=True):
    """`kind` as callbacks name it: did, number, username, sip, conference, stream."""

    kind: str
    endpoint: str


class Rented(Struct, frozen=True):
    """A number: the key of the application it is assigned to ("": none), and for what."""

    app: str
    capability: str = "voice"


@dataclass(eq=False, slots=True)
class Leg:
    """A party on the line. `answered` is when it did, None while it rings; `voice` who it was.
    `judged`: it is known whether that is a machine."""

    name: str
    address: Address
    answered: int | None = None
    gone: bool = False
    voice: str = ""
    judged: bool = False

    @property
    def up(self) -> bool:
        return self.answered is not None


Kind = Literal["menu", "park", "ring", "room"]


class Doing(Struct, frozen=True):
    """What a call is led through until it has its next turn, and which leg it is for. `choices`: a
    menu has something to choose; one without only lets time pass."""

    kind: Kind
    leg: Leg
    choices: bool = True


@dataclass(eq=False, slots=True)
class Participant:
    """Who is in a room `since` a moment; `music` while alone with it. `away`: entering digits."""

    call: "Call"
    leg: Leg
    since: int
    music: bool = False
    muted: bool = False
    on_hold: bool = False
    away: bool = False


class Delivery(Struct, frozen=True, kw_only=True):
    """A callback to POST: exactly `body`, signed for `app` (wrongly if `forged`). `headers` are
    those that a callout asked to have forwarded."""

    id: int
    call: str
    event: str
    url: str
    app: str
    body: bytes
    headers: dict[str, str] = {}
    forged: bool = False


@dataclass(eq=False, slots=True, kw_only=True)
class Call:
    """One call id, from its first event to its last.

    `near` is who prompts and menus are for: the caller, or who a callout reached. `far` is whom
    `near` is connected with. `sends` are the events that are called back for; `own` has the URL or
    inline SVAML of a callout's events. `plan` is what `continue` goes on with.
    """

    world: "World"
    id: str
    app: Application
    cli: str
    to: Address
    domain: str = "pstn"
    origin: str = "PSTN"
    kind: str = "inbound"
    user: str = ""
    custom: str = ""
    redirected_from: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    sends: frozenset[str] = frozenset({"ice", "ace", "pie", "dice"})
    own: dict[str, str] = field(default_factory=dict)
    forwarded: dict[str, str] = field(default_factory=dict)
    max_duration: int = 0

    near: Leg | None = None
    far: Leg | None = None
    listener: Leg | None = None
    legs: list[Leg] = field(default_factory=list)
    plan: Callable[["Call"], Script[Turn]] | None = None
    main: Task | None = None
    doing: Doing | None = None
    typed: str = ""
    amd: str = ""
    room: str = ""
    limit_task: Task | None = None
    cookies: dict[str, str] = field(default_factory=dict)
    record: Record | None = None
    started: int = 0
    answered: int | None = None
    ended: int | None = None
    ending: bool = False
    reason: str = "N/A"
    result: str = "N/A"
    illegal: bool = False
    last: Delivery | None = None
    sent: dict[str, Delivery] = field(default_factory=dict)
    held: list[Delivery] = field(default_factory=list)
    busy_at: tuple[int, int] = (0, 0)

    @property
    def now(self) -> int:
        return self.world.clock.now

    @property
    def is_bridged(self) -> bool:
        return self.far is not None and self.far.up and not self.far.gone

    @property
    def seconds(self) -> int:
        """How long it has lasted since it was answered, begun seconds counted whole."""
        end = self.now if self.ended is None else self.ended
        return 0 if self.answered is None else -(-(end - self.answered) // 1000)

    def log(self, entry: Entry) -> None:
        self.world.log(entry)

    def warn(self, text: str) -> None:
        self.log(Warned(at=self.now, call=self.id, text=text))

    def leg(self, name: str) -> Leg | None:
        return next((each for each in self.legs if each.name == name), None)

    def add_leg(self, role: str, address: Address) -> Leg:
        others = sum(each.name.startswith(role) for each in self.legs)
        leg = Leg(f"{role}{others + 1}" if others else role, address)
        self.legs.append(leg)
        return leg

    def lift(self, leg: Leg, voice: str = "") -> None:
        """Let a leg be up, and the call answered from now on if it wasn't."""
        if leg.up:
            return
        leg.answered, leg.voice = self.now, voice
        if self.answered is None:
            self.answered = self.now
        self.log(Answered(at=self.now, call=self.id, who=leg.name, voice=voice))

    def drop(self, leg: Leg) -> None:
        """Let a leg be gone."""
        if not leg.gone:
            leg.gone = True
            self.log(HungUp(at=self.now, call=self.id, who=leg.name))

    def limit(self, seconds: int) -> None:
        """Cut the call when it has lasted so long from now on."""
        if self.limit_task is not None:
            self.world.clock.stop(self.limit_task)
        over = Over("TIMEOUT")
        self.limit_task = self.world.later(seconds * 1000, lambda: self.end(over))

    def does(self, kind: Kind) -> bool:
        return self.doing is not None and self.doing.kind == kind

    @contextmanager
    def doing_(self, kind: Kind, leg: Leg, *, choices: bool = True) -> Iterator[None]:
        """Let the call do something, until this block is left in whatever way."""
        self.doing = Doing(kind, leg, choices)
        try:
            yield
        finally:
            self.doing = None

    def end(self, over: Over) -> None:
        """Interrupt whatever the call does; the first reason counts."""
        self.interrupt(over)
        self.ending = True

    def interrupt(self, error: "Over | Redirected | MenuBroken") -> None:
        """Break off what the call does. One that is ending already can't be led elsewhere."""
        if not self.ending and self.main is not None:
            self.world.clock.throw(self.main, error)


class World:
    """The state of the platform; `now` is in milliseconds since 1970 (UTC). Of the transcript's
    entries the first `forgotten` aren't there any more."""

    def __init__(self, setup: Setup, now: int) -> None:
        self.setup = setup
        self.switches = setup.switches
        self.clock = Clock(now)
        self.transcript: list[Entry] = []
        self.forgotten = 0
        self.calls: dict[str, Call] = {}
        self._over: deque[tuple[str, int]] = deque()
        self.rooms: dict[Room, list[Participant]] = {}
        self.apps = {each.key.lower(): each for each in setup.applications}
        self.numbers = {
            number: Rented(each.key) for each in setup.applications for number in each.numbers
        }
        self.outbox: list[Delivery] = []
        self.pending: dict[int, Task] = {}
        self.under_way: dict[int, tuple[str, str]] = {}
        self.lost: set[int] = set()
        self.faults: list[Fault] = []
        self.rest_faults: list[RestFault] = []
        self.meet(setup.people)
        self._count = 0

    def log(self, entry: Entry) -> None:
        self.transcript.append(entry)

    def number(self) -> int:
        self._count += 1
        return self._count

    def new_id(self) -> str:
        """Return an id in the form of Sinch's, the same for the same seed."""
        text = hashlib.sha256(f"{self.setup.seed}:{self.number()}".encode()).hexdigest()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:32]}"

    def place(self, call: Call) -> None:
        """Give a call its id and its place; it begins now."""
        call.id = self.new_id()
        call.started = self.clock.now
        self.calls[call.id] = call

    def retire(self, call: Call) -> None:
        """Take note of a call's end. Where only some are kept, the one that has been over for the
        longest is forgotten, with all that happened until it ended."""
        if self.setup.keeps is None:
            return
        self._over.append((call.id, self.forgotten + len(self.transcript)))
        if len(self._over) > self.setup.keeps:
            oldest, place = self._over.popleft()
            del self.calls[oldest]
            del self.transcript[: place - self.forgotten]
            self.forgotten = place

    def app(self, key: str) -> Application | None:
        return self.apps.get(key.lower())

    def change_app(self, app: Application) -> None:
        """Take an application's new numbers or URLs; calls under way keep theirs."""
        self.apps[app.key.lower()] = app

    def app_of_number(self, number: str) -> Application:
        """Return whose number it is; the first application's, if nobody rents it."""
        rented = self.numbers.get(number)
        owner = self.app(rented.app) if rented is not None else None
        return owner or next(iter(self.apps.values()))

    def later(self, ms: int, do: Callable[[], None]) -> Task:
        """Do something when `ms` milliseconds have passed."""

        def script() -> Script[None]:
            yield Wait(ms)
            do()

        return self.clock.start(script())

    def take_fault(self, call: str, event: str) -> Fault | None:
        """Return the fault that this callback meets, and count it."""
        for number, fault in enumerate(self.faults):
            if fault.event in ("", event) and fault.call in ("", call):
                left = msgspec.structs.replace(fault, times=fault.times - 1)
                self.faults[number : number + 1] = [left] if left.times > 0 else []
                return fault
        return None

    def take_rest_fault(self, path: str) -> RestFault | None:
        """Return the fault that this request meets, and count the request for it."""
        for number, fault in enumerate(self.rest_faults):
            if path.startswith(fault.path) and self._chance(fault.one_in):
                left = msgspec.structs.replace(fault, times=fault.times - 1)
                self.rest_faults[number : number + 1] = [left] if left.times > 0 else []
                return fault
        return None

    def _chance(self, one_in: int) -> bool:
        """Whether it is the one in so many, the same for the same seed."""
        if one_in == 1:
            return True
        text = hashlib.sha256(f"{self.setup.seed}:chance:{self.number()}".encode()).digest()
        return int.from_bytes(text[:8]) % one_in == 0

    def meet(self, people: tuple[Person, ...]) -> None:
        """Let these people answer their phones by themselves from now on; of several with one
        address the first."""
        self._people = {each.address: each for each in reversed(people)}

    def person(self, address: str) -> Person | None:
        """Return who answers at an address by itself; `*` is anybody whom no other is."""
        return self._people.get(address) or self._people.get("*")
