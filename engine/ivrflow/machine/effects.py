"""What a step asks of the world besides its reply; the runtime performs it after the commit."""

import msgspec

from ivrflow.machine.orders import Order


class Log(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A line for the operator's log, written by the author of `flow`."""

    flow: str
    state: str
    text: str


class OrderCallout(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """An outgoing call is to be placed. `at` is the point in time, "" for at once; `state` is the
    one that the call was in."""

    order: Order
    state: str
    at: str = ""


class Emit(msgspec.Struct, frozen=True, kw_only=True, tag=True, gc=False):
    """An event is to be sent to the webhook `to`. `state` is the one that the call was in."""

    event: str
    to: str
    state: str
    data: dict[str, object] = {}


Effect = Log | OrderCallout | Emit
