"""The outcomes that the language itself names, but for those of menus."""

OK, ERROR = "ok", "error"
LOOKED_UP = (OK, ERROR)
"""Every look-up has these."""

AMD = ("human", "machine", "unsure")
"""Who answered, where the platform finds out."""

FULL = "full"
"""A room has no place left."""

TOO_LATE = "too_late"
"""The parent of a leg waits no longer."""

LEG_BRIDGED, LEG_ENDED = "leg.bridged", "leg.ended"
LEGS = (LEG_BRIDGED, LEG_ENDED)
"""What a leg raises in the run that placed it."""

_SIGNAL = "signal."


def of_signal(name: str) -> str:
    """Return the outcome of a signal."""
    return f"{_SIGNAL}{name}"


def signal_of(outcome: str) -> str:
    """Return the name of the signal that has an outcome, "" for an outcome of another kind."""
    return outcome.removeprefix(_SIGNAL) if outcome.startswith(_SIGNAL) else ""
