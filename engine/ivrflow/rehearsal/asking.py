"""Look-ups of rehearsed calls: sent as a server sends them, or answered from files."""

import asyncio
from collections.abc import Mapping

from ivrflow.machine.lookups import LookedUp, Lookup, read_answer
from ivrflow.runtime.lookups import Asker

OK = 200


class Asking:
    """Meets `ivrflow.runtime.lookups.Asker`. `bodies` are answers by the name of the look-up; the
    others are sent by `asker`."""

    def __init__(self, asker: Asker, bodies: Mapping[str, bytes]) -> None:
        self._asker = asker
        self._bodies = bodies
        self._open = 0
        self._resting = asyncio.Event()
        self._resting.set()

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        body = self._bodies.get(lookup.name)
        if body is not None:
            return read_answer(lookup, OK, body)
        self._open += 1
        self._resting.clear()
        try:
            return await self._asker.look_up(lookup, key, deadline)
        finally:
            self._open -= 1
            if not self._open:
                self._resting.set()

    async def rest(self) -> None:
        """Wait until nothing is asked any more."""
        await asyncio.sleep(0)  # what was begun a moment ago asks now
        await self._resting.wait()
