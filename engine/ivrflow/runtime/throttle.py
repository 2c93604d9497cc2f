"""So many a second, and no more."""

import asyncio
from time import monotonic


class Throttle:
    """Lets through `per_second` at most, evenly; a pause is not saved up for later."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    def pass_first(self) -> None:
        """Take the next place in line before all others, who wait the longer."""
        self._next = max(self._next, monotonic()) + self._gap

    async def wait(self) -> None:
        """Wait for the next place in line."""
        mine = max(self._next, monotonic())
        self._next = mine + self._gap
        pause = mine - monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
