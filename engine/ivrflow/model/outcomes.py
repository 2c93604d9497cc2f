"""The outcomes that the language itself names, but for those of menus."""

import re

OK, ERROR = "ok", "error"
LOOKED_UP = (OK, ERROR)
"""Every look-up has these."""

AMD = ("human", "machine", "unsure")
"""Who answered, where the platform finds out."""

FULL = "full"
"""A room has no place left."""

ANSWERED = "answered"
"""The called party has picked up."""

TOO_LATE = "too_late"
"""The parent of a leg waits no longer."""

LEG_BRIDGED, LEG_ENDED = "leg.bridged", "leg.ended"
LEGS = (LEG_BRIDGED, LEG_ENDED)
"""What a leg raises in the run that placed it."""

_SIGNAL = "signal."
_SIGNAL_NAME = re.compile("[a-z][a-z0-9_]{0,63}")


def of_signal(name: str) -> str:
    """Return the outcome of a signal."""
    return f"{_SIGNAL}{name}"


def signal_of(outcome: str) -> str:
    """Return the name of the signal that has an outcome, "" for an outcome of another kind."""
    return outcome.removeprefix(_SIGNAL) if outcome.startswith(_SIGNAL) else ""


def is_wrong_signal(outcome: str) -> bool:
    """Whether an outcome is meant for a signal, and names none that can be sent."""
    named = outcome.removeprefix(_SIGNAL)
    if outcome == named:
        return f"{outcome}." == _SIGNAL
    return _SIGNAL_NAME.fullmatch(named) is None
