"""The state of one call between two events: everything that `step` needs to go on.

What is said of a call is a tree without cycles, so no garbage collector has to follow it: half a
million of these objects live in a busy server.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from ivrflow.machine.events import Incoming, Raised
from ivrflow.machine.lookups import Pending
from ivrflow.model.context import Context

FORMAT = 1
"""The version of the stored form. An engine reads its own and the one before."""


class Wait(StrEnum):
    """What the last reply made the call wait for."""

    START = "start"
    MENU = "menu"
    COLLECT = "collect"
    CONNECT = "connect"
    CONFERENCE = "conference"
    HOLD = "hold"
    BRIDGE = "bridge"
    LOOK_UP = "look_up"
    PARK = "park"
    TALK = "talk"
    END = "end"


ASKING = frozenset({Wait.MENU, Wait.COLLECT, Wait.LOOK_UP, Wait.HOLD})
"""Waits for the input of a menu."""

CONTEXT_BY_WAIT: Mapping[Wait, Context] = {
    Wait.PARK: Context.PARKED,
    Wait.CONFERENCE: Context.ROOM,
    Wait.BRIDGE: Context.ROOM,
    Wait.CONNECT: Context.LIVE,
    Wait.TALK: Context.LIVE,
}
"""Waits in which the platform asks for nothing, so that it has to be told, and where that goes."""


class Call(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What is known of the call itself, from its first event."""

    app: str
    id: str
    caller: str | None = None
    called: str = ""
    domain: str = "pstn"
    headers: dict[str, str] = {}
    custom: str = ""
    region: str = ""

    @classmethod
    def of(cls, event: Incoming) -> "Call":
        return cls(
            app=event.app,
            id=event.call,
            caller=event.caller,
            called=event.called,
            domain=event.domain,
            headers=event.headers,
            custom=event.custom,
            region=event.region,
        )


class Failures(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How often the waiting menu or collect has failed since it was entered."""

    no_input: int = 0
    no_match: int = 0
    invalid: int = 0


class Frame(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One running flow: its waiting state and its own values. `legs` are the numbers of those that
    it placed and that are not over, `bridged` is the one that it talks to (0: none), in `room`."""

    flow: str
    state: str = ""
    vars: dict[str, object] = {}
    params: dict[str, object] = {}
    visits: dict[str, int] = {}
    legs: tuple[int, ...] = ()
    bridged: int = 0
    room: str = ""


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One call. `frames` run from the call's first flow to the innermost one.

    `offer` is the number of the last reply; `context` is where that reply was sent, `wait` what it
    asked for. `ended` says that the handlers of the call's end have run, `over` that the platform
    has reported the end. `rescued` says that the caller got a rescue reply instead of the last
    offer, so nothing may be resumed. `pending` is a look-up whose answer the call waits for, `room`
    the room that it is in.
    `callout` is the id of the callout that became this call, "" for an incoming one; `generation`
    counts it and those that led to it. One that is a leg has a number, `leg`, among those of the
    call `parent`; `placed` is how many legs this call has placed, `sent` how many
    signals it has sent.

    `amd` is who answered, as far as it is known; `beeped` says that a machine did, and records what
    is said now. `inbox` holds what was raised and not taken yet, `signals` the ids of those that it
    had last. `due` are the times of the waiting state's timers, in milliseconds since 1970 (0:
    over), `until` is when its park ends. `moving` is what the call becomes once the platform has
    led it out of its park; `refusals` counts how often it would not.
    """

    call: Call
    frames: tuple[Frame, ...]
    locale: str
    context: Context = Context.ICE
    wait: Wait = Wait.START
    offer: int = 0
    tries: int = 0
    failures: Failures = Failures()
    amd: str = ""
    beeped: bool = False
    result: str = ""
    reason: str = ""
    ended: bool = False
    over: bool = False
    rescued: bool = False
    pending: Pending | None = None
    callout: str = ""
    generation: int = 0
    parent: str = ""
    leg: int = 0
    placed: int = 0
    sent: int = 0
    inbox: tuple[Raised, ...] = ()
    signals: tuple[str, ...] = ()
    due: tuple[int, ...] = ()
    until: int = 0
    moving: "Session | None" = None
    refusals: int = 0
    room: str = ""

    @property
    def legs(self) -> tuple[int, ...]:
        """The legs of all running flows, and of those that the call is being led to."""
        frames = self.frames if self.moving is None else (*self.frames, *self.moving.frames)
        return tuple(dict.fromkeys(leg for frame in frames for leg in frame.legs))

    @property
    def is_closed(self) -> bool:
        """Whether nothing leads the call anywhere any more."""
        return self.over or self.ended or self.rescued

    @property
    def frame(self) -> Frame:
        """The innermost running flow."""
        return self.frames[-1]
