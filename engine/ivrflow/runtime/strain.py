"""Whether the engine can keep up: who is called now must be answered soon."""

from collections.abc import Callable
from time import monotonic

REST = 5.0
"""Seconds for which nobody more is called when an event was answered too late."""


class Strain:
    """The last time that the engine was too slow, on `clock`, which counts seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._until = 0.0

    def note(self) -> None:
        """An event was answered too late, or could not be stored."""
        self._until = self._clock() + REST

    @property
    def left(self) -> float:
        """For how many seconds the engine should be spared yet, 0.0 where it need not be."""
        return max(0.0, self._until - self._clock())
