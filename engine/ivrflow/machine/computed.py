"""What a flow computes for the platform, held to what that takes: numbers, addresses, rooms, the
ids of calls, durations.
"""

import re

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope, Value
from ivrflow.machine.replies import MENU
from ivrflow.numbers import normalise

ADDRESS_BY_KIND = {
    "number": re.compile(r"[^\s]+"),
    "sip": re.compile(r"[^\s<>\"@]+@[^\s<>\"@]+"),
    "user": re.compile(r"[^\x00-\x1f\x7f]+"),
    "stream": re.compile(r"wss?://[^\s<>\"]+"),
}
"""What can be called; numbers are looked at more closely."""

CALL_ID = re.compile(r"[^\x00-\x20\x7f]{1,200}")
"""How the platform may name a call."""

Fence = tuple[str, ...] | None
"""The beginnings of numbers that may be dialled; None: any."""


def address(target: str, kind: str) -> str:
    """Return what is called; raises `EvaluationError` for what is no address of that kind."""
    if not ADDRESS_BY_KIND[kind].fullmatch(target):
        raise EvaluationError(f'"{target}" is nothing to connect to ({kind})')
    return target


def room(name: str) -> str:
    """Return the name of a room; raises `EvaluationError` for none, or one that can't be told from
    a menu."""
    if not name or name == MENU:
        raise EvaluationError(f'"{name}" is no name for a room')
    return name


def call_id(text: str) -> str:
    """Return the id of a call; raises `EvaluationError` for what is none."""
    if not CALL_ID.fullmatch(text):
        raise EvaluationError("what `who` yields is no call's id")
    return text


def number(target: str, fence: Fence) -> str:
    """Return a number in E.164; raises `EvaluationError` for none, or one beyond the fence."""
    found = normalise(target)
    if found is None:
        raise EvaluationError(f'"{target}" is no telephone number')
    if fence is not None and not found.startswith(fence):
        raise EvaluationError("the number to dial lies outside dial.allow")
    return found


def shown(value: Value | None, scope: Scope) -> str:
    """Return the number shown to the called party; `private` withholds it, "" leaves it to the
    platform."""
    if value is None:
        return ""
    cli = str(value(scope))
    return cli if cli == "private" else normalise(cli) or ""


def milliseconds(value: Value | None, scope: Scope) -> int:
    """Return a duration, 0 where the author says nothing; raises `EvaluationError`."""
    if value is None:
        return 0
    found = value(scope)
    if not isinstance(found, int) or isinstance(found, bool) or found <= 0:
        raise EvaluationError(f'"{found}" is no duration')
    return found
