"""Memory across calls: what is asked of a record, as values.

A record is one table of values that outlives calls (`kind: value`: one value a key), or a set of
queues (`kind: queue`: the calls that wait, in the order in which they came; `key` names the
queue). A store performs an operation inside the transaction of the turn that asked for it, so it
counts once or not at all. What is not there, or has expired, is None.
"""

import msgspec


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A value, or a place (from 1) in a queue. `call` is who waits or has claimed the value, "" for
    nobody; `expires` is in milliseconds since 1970, None for never."""

    record: str
    key: str
    value: object
    expires: int | None
    app: str
    call: str
    place: int


class _Operation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag=True):
    """`record` is the store-wide name of the record, `key` which of its values or queues."""

    record: str
    key: str = ""


class Read(_Operation, frozen=True, kw_only=True):
    """Yields the value, or None."""


class Put(_Operation, frozen=True, kw_only=True):
    """Keep `value` (JSON) for `lasts` milliseconds from now (0: for ever). Yields None."""

    value: object
    lasts: int = 0


class Delete(_Operation, frozen=True, kw_only=True):
    """Forget the value; in a queue, this call's place. Yields whether there was one."""


class Count(_Operation, frozen=True, kw_only=True):
    """Add one to a number (0 where there is none). Yields the sum. Every count renews `lasts`.

    A value that is no whole number stays as it is, and is what it yields.
    """

    lasts: int = 0


class Claim(_Operation, frozen=True, kw_only=True):
    """Put `value` under the one of `keys` that this call holds already, else the first free one.

    Yields that key, or None where all are taken.
    """

    keys: tuple[str, ...]
    value: object
    lasts: int = 0


class Enqueue(_Operation, frozen=True, kw_only=True):
    """Join a queue with `value`; a call that waits there already keeps its place, not its value.

    Yields the place, from 1. A call leaves all queues when it is over.
    """

    value: object = None
    lasts: int = 0


class Dequeue(_Operation, frozen=True, kw_only=True):
    """Take the first out of a queue. Yields its value, or None."""


class Place(_Operation, frozen=True, kw_only=True):
    """Yields this call's place in a queue, from 1, or None."""


class Ordered(_Operation, frozen=True, kw_only=True):
    """Yields whether a callout of this `key` waits or is live: the one that `flow` declares as
    `record`."""

    flow: str


class Length(_Operation, frozen=True, kw_only=True):
    """Yields how many calls wait in a queue."""


Operation = Read | Put | Delete | Count | Claim | Enqueue | Dequeue | Place | Ordered | Length
