"""Outgoing calls on their way, as the store keeps them."""

from enum import StrEnum
from typing import Literal

import msgspec


class State(StrEnum):
    """Where a callout is.

    `waiting`: to be dialled when it is due. `placing`: the platform is being asked, or nobody knows
    what it said. `placed`: it has a call id. `live`: somebody answered, and a session speaks.
    `unreached`: nobody will, and the flow hasn't been told yet. `over`: nothing is to be done.
    """

    WAITING = "waiting"
    PLACING = "placing"
    PLACED = "placed"
    LIVE = "live"
    UNREACHED = "unreached"
    OVER = "over"


class Callout(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One outgoing call, with all its tries.

    `id` tells it from all others; who adds one of a known `id` adds nothing. `app` is the
    application that it is placed as; `flow` declares it, as `name`. Of one `key`, unless it is "",
    only one that is not over can be there. `order` is JSON, see `ivrflow.machine.orders`.

    `rev` counts its changes, `attempt` its tries, `failures` those that nobody answered, `refusals`
    how often the platform was too busy for the present one, or, once it has a call id, could not
    say what became of it. `made` and `due` are milliseconds since 1970: at `due` something is to be
    done, as its `state` says. `call` is the call id of the last try, "" while there is none.
    `result` is that of the last try, `reason` says more for people.

    A leg has a number, `leg`, among those of the call `parent`; when it is over the call is told,
    in the same transaction. One that is `unwanted` and rings already is not spoken to.
    """

    id: str
    app: str
    flow: str
    name: str
    key: str
    order: bytes
    made: int
    due: int
    rev: int = 1
    state: State = State.WAITING
    attempt: int = 0
    failures: int = 0
    refusals: int = 0
    call: str = ""
    result: str = ""
    reason: str = ""
    parent: str = ""
    leg: int = 0
    unwanted: bool = False

    def changed(self, **changes: object) -> "Callout":
        """Return the callout after a change."""
        return msgspec.structs.replace(self, rev=self.rev + 1, **changes)


class Placed(msgspec.Struct, frozen=True):
    """The platform has placed a call, and named it."""

    call: str


class Refused(msgspec.Struct, frozen=True):
    """Nothing was placed. `again`: it may be tried again, after `pause` milliseconds at least."""

    reason: str
    again: bool = False
    pause: int = 0


class Unsure(msgspec.Struct, frozen=True):
    """Nobody knows whether something was placed."""

    reason: str


Answer = Placed | Refused | Unsure


class Seen(msgspec.Struct, frozen=True):
    """What the platform says of a call: whether it goes on, and its result if not."""

    state: Literal["ongoing", "over", "unknown"]
    result: str = ""
