"""What `step` is given besides the event, and what it gives back."""

from enum import StrEnum

import msgspec

from ivrflow.machine.effects import Effect
from ivrflow.machine.lookups import LookedUp, Lookup, Pending, Waiting
from ivrflow.machine.replies import Reply
from ivrflow.machine.session import Session
from ivrflow.records import Operation


class Now(msgspec.Struct, frozen=True):
    """What time it is."""


class Recorded(msgspec.Struct, frozen=True, omit_defaults=True, tag="recorded"):
    """What a record's operation yielded; see `ivrflow.records`."""

    value: object = None


class Join(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the call `parent` still waits for this one, its leg number `leg`. What says so is a
    `Recorded` with the name of the room where they talk, "" if it does not."""

    parent: str
    leg: int


Answer = Recorded | LookedUp | Waiting
Question = Operation | Lookup | Pending | Join
"""What a step can ask besides the time, and what it is told. A step asks in an order that follows
from what it was told before, so the n-th answer belongs to the n-th question."""


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the world says in this turn. `now` is ISO 8601 in UTC, to the millisecond, read once an
    event.

    Facts go to the journal, so a turn can be run again without the world. `engine` is the version
    that began the call, told in its first turn.
    """

    now: str = ""
    engine: str = ""
    answers: tuple[Answer, ...] = ()


class Need(msgspec.Struct, frozen=True):
    """The fact that a step lacks; the runtime gets it and the step runs again from its start."""

    fact: Now | Question


class Verdict(StrEnum):
    """What became of an event.

    `moved`: it was taken. `stale`: it answers an older offer; nothing changed, and the current
    offer's reply is due again. `ignored`: it doesn't belong to what the call is doing; nothing
    changed. `failed`: taken, but the flow failed on it; its `error` state replied.
    """

    MOVED = "moved"
    STALE = "stale"
    IGNORED = "ignored"
    FAILED = "failed"


class Trace(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How the call moved: the outcome that was handled, the states entered, the fault if any.

    `silent` is the state whose words came to nothing, where the caller hears no others.
    """

    outcome: str = ""
    visited: tuple[str, ...] = ()
    fault: str = ""
    silent: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One turn of one call.

    `reply` is None when the event asks for none (`Ended`, `Notified`, digits in a room), and when
    the verdict is `stale` (the reply of the current offer is due again, byte for byte).
    """

    session: Session
    verdict: Verdict
    reply: Reply | None = None
    effects: tuple[Effect, ...] = ()
    trace: Trace = Trace()
