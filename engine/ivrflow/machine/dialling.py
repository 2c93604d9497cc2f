"""Whom to call, as a flow computes it: numbers, addresses, numbers shown, durations."""

import re

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope, Value
from ivrflow.numbers import normalise

ADDRESS_BY_KIND = {
    "number": re.compile(r"[^\s]+"),
    "sip": re.compile(r"[^\s<>\"@]+@[^\s<>\"@]+"),
    "user": re.compile(r"[^\x00-\x1f\x7f]+"),
    "stream": re.compile(r"wss?://[^\s<>\"]+"),
}
"""What can be called; numbers are looked at more closely."""

Fence = tuple[str, ...] | None
"""The beginnings of numbers that may be dialled; None: any."""


def address(target: str, kind: str) -> str:
    """Return what is called; raises `EvaluationError` for what is no address of that kind."""
    if not ADDRESS_BY_KIND[kind].fullmatch(target):
        raise EvaluationError(f'"{target}" is nothing to connect to ({kind})')
    return target


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
