"""What a step asks of the world besides its reply; the runtime performs it after the commit."""

import msgspec


class Log(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """A line for the operator's log, written by the author of `flow`."""

    flow: str
    state: str
    text: str


Effect = Log
