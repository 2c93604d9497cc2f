"""One event at a time for each call, in the order in which they came."""

import asyncio
from collections import deque

Key = tuple[str, str]


class Mailbox:
    """Admits one turn a key; the others wait in line."""

    def __init__(self) -> None:
        self._lines: dict[Key, deque[asyncio.Future[None]]] = {}

    def __contains__(self, key: Key) -> bool:
        """Whether somebody is inside."""
        return key in self._lines

    def try_enter(self, key: Key) -> bool:
        """Enter if nobody is inside. Whoever enters must `leave`."""
        if key in self._lines:
            return False
        self._lines[key] = deque()
        return True

    async def enter(self, key: Key) -> None:
        """Wait until nobody is inside, then enter."""
        if self.try_enter(key):
            return
        line = self._lines[key]
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave(key)
            raise

    def leave(self, key: Key) -> None:
        """Let the next one in."""
        line = self._lines[key]
        while line:
            place = line.popleft()
            if not place.done():
                place.set_result(None)
                return
        del self._lines[key]
