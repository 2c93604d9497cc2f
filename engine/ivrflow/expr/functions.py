"""The functions of the language: what each takes and gives. What they compute is the scope's.

`FUNCTIONS` is the whole list. A call `open(office)` asks the scope for `open()`, a name that no
author can write, and calls what it finds.
"""

import msgspec

from ivrflow.expr.types import T, Type


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """`takes` are the types of its arguments, in order."""

    takes: tuple[Type, ...]
    gives: Type


SCHEDULE = Type(name=T.SCHEDULE)

FUNCTIONS: dict[str, Function] = {
    "hours": Function(takes=(SCHEDULE,), gives=Type(name=T.STRING)),
    "next_opening": Function(takes=(SCHEDULE,), gives=Type(name=T.INSTANT)),
    "open": Function(takes=(SCHEDULE,), gives=Type(name=T.BOOLEAN)),
}


def name_in_scope(function: str) -> str:
    """Return the name by which a scope has `function`."""
    return f"{function}()"
