"""The functions of the language: what each takes and gives. What they compute is the scope's.

`FUNCTIONS` is the whole list. A call `open(office)` asks the scope for `open()`, a name that no
author can write, and calls what it finds.
"""

import msgspec
from jinja2 import nodes

from ivrflow.expr.types import T, Type


class Function(msgspec.Struct, frozen=True, kw_only=True):
    """`takes` are the types of its arguments, in order. A function `of_record` takes the bare name
    of a record, which is no variable, and a key of it if it has keys."""

    takes: tuple[Type, ...] = ()
    gives: Type
    of_record: bool = False


class Keyed(msgspec.Struct, frozen=True, kw_only=True):
    """What expressions must know of a record: the type of its keys, None without keys, and whether
    calls wait in it."""

    key: Type | None
    is_queue: bool


SCHEDULE = Type(name=T.SCHEDULE)

FUNCTIONS: dict[str, Function] = {
    "hours": Function(takes=(SCHEDULE,), gives=Type(name=T.STRING)),
    "next_opening": Function(takes=(SCHEDULE,), gives=Type(name=T.INSTANT)),
    "open": Function(takes=(SCHEDULE,), gives=Type(name=T.BOOLEAN)),
    "recorded": Function(of_record=True, gives=Type(name=T.BOOLEAN)),
}


def name_in_scope(function: str) -> str:
    """Return the name by which a scope has `function`."""
    return f"{function}()"


def evaluated(call: nodes.Call) -> list[nodes.Expr]:
    """Return the arguments of a call that are expressions; the name of a record is none."""
    function = FUNCTIONS.get(call.node.name) if isinstance(call.node, nodes.Name) else None
    return call.args[1:] if function is not None and function.of_record else call.args


def record_of(call: nodes.Call) -> str:
    """Return the name of the record that a call asks, "" of another call."""
    first = call.args[0] if call.args else None
    asks = len(evaluated(call)) < len(call.args)
    return first.name if asks and isinstance(first, nodes.Name) else ""
