"""Timers of a waiting state: when each is due, in milliseconds since 1970, 0 if it never is."""

from collections.abc import Callable
from datetime import datetime

from ivrflow.clock import as_milliseconds
from ivrflow.expr.compile import Scope
from ivrflow.machine.computed import milliseconds
from ivrflow.machine.program import Timer

Due = tuple[int, ...]
"""When the timers of a state are due, in their order."""


def begun(timers: tuple[Timer, ...], names: Scope, now: Callable[[], str]) -> Due:
    """Return when timers are due that begin now; raises `EvaluationError`."""
    start = moment(now())
    return tuple(start + milliseconds(timer.time, names) for timer in timers)


def earliest(due: Due) -> int:
    """Return when the next timer is due, 0 if none is."""
    return min((each for each in due if each), default=0)


def next_due(due: Due, now: Callable[[], str]) -> int | None:
    """Return the place of the timer that is due and has been for longest, None if none is."""
    first = earliest(due)
    return due.index(first) if first and first <= moment(now()) else None


def taken(
    due: Due, place: int, timers: tuple[Timer, ...], names: Scope, now: Callable[[], str]
) -> Due:
    """Return when timers are due once one was taken; those that come again, and were missed
    meanwhile, are not made up for. Raises `EvaluationError`."""
    again = 0
    if timers[place].every:
        step, late = milliseconds(timers[place].time, names), moment(now())
        again = due[place] + step * max(1, -(-(late - due[place] + 1) // step))
    return (*due[:place], again, *due[place + 1 :])


def moment(now: str) -> int:
    """Return a point in time, ISO 8601 with its offset, in milliseconds since 1970."""
    return as_milliseconds(datetime.fromisoformat(now))
