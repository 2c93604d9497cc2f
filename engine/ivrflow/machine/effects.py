"""What a step asks of the world besides its reply; the runtime performs it after the commit."""

import msgspec

from ivrflow.machine.orders import Order
from ivrflow.machine.replies import Reply
from ivrflow.model.flow import Command, HoldMusic, Listener


class Log(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A line for the operator's log, written by the author of `flow`."""

    flow: str
    state: str
    text: str


class OrderCallout(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """An outgoing call is to be placed. `at` is the point in time, "" for at once; `state` is the
    one that the call was in. `leg` is its number among the legs of this call, 0 for none."""

    order: Order
    state: str
    at: str = ""
    leg: int = 0


class CancelLegs(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Legs are not wanted any more, by their numbers. Whoever is on the line is told so, but for
    those that are `talking` to the call."""

    legs: tuple[int, ...]
    talking: tuple[int, ...] = ()


class Send(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """A signal is to be sent to the call whose id is `to`."""

    name: str
    to: str
    data: object = None


class Tell(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The platform is to be told `reply`, which it has not asked for. `moves`: the call is parked,
    and goes where the reply says once the platform has taken it. `to` hears its words, where two
    talk to each other."""

    reply: Reply
    moves: bool = False
    to: Listener = ""


class Wake(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """The call is to be woken at `due`, in milliseconds since 1970; 0 is at once."""

    due: int = 0


class Emit(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """An event is to be sent to the webhook `to`. `state` is the one that the call was in."""

    event: str
    to: str
    state: str
    data: dict[str, object] = {}


class Control(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Participants of `room` are to be commanded: the one whose call is `who`, "" for everybody.
    `state` is the one that the call was in. `queued`: when all is done that was queued for the room
    before."""

    command: Command
    room: str
    state: str
    who: str = ""
    hold_music: HoldMusic | None = None
    queued: bool = False


class Divided(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """Calls of two regions are in rooms of one name, and don't hear each other: this one is in
    `region`, whoever came first in the `other`."""

    room: str
    state: str
    region: str
    other: str


Effect = Log | OrderCallout | Emit | Control | Divided | CancelLegs | Send | Tell | Wake
