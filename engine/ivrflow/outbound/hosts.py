"""What is known of each host that look-ups go to: how many are under way, how many failed."""

import asyncio
from collections.abc import Callable

LIMIT = 50
"""Look-ups at one host at a time; more wait, as long as their time allows."""

FAILURES = 5
"""Failures in a row after which a host is left alone for a while."""

REST = 5.0
"""Seconds that a failing host is left alone; then one look-up may try it."""


class Host:
    """One origin. A host that fails is not asked, so that callers don't wait for nothing."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.limit = asyncio.Semaphore(LIMIT)
        self._clock = clock
        self._failures = 0
        self._rests_until = 0.0

    def admits(self) -> bool:
        """Whether it may be asked now."""
        if self._failures < FAILURES:
            return True
        if self._clock() < self._rests_until:
            return False
        self._rests_until = self._clock() + REST
        return True

    def answered(self) -> None:
        self._failures = 0

    def failed(self) -> None:
        self._failures += 1
        if self._failures >= FAILURES:
            self._rests_until = self._clock() + REST
