"""Look-ups of rehearsed calls: sent as a server sends them, or answered from files."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from ivrflow.machine.lookups import LookedUp, Lookup, read_answer
from ivrflow.runtime.lookups import Asker

OK = 200


class UnderWay:
    """Counts what is under way, for those who wait until nothing is."""

    def __init__(self) -> None:
        self._open = 0
        self._resting = asyncio.Event()
        self._resting.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Something is under way meanwhile."""
        self._open += 1
        self._resting.clear()
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._resting.set()

    async def rest(self) -> None:
        """Wait until nothing is under way any more."""
        await asyncio.sleep(0)  # what was begun a moment ago is under way now
        await self._resting.wait()


class Asking:
    """Meets `ivrflow.runtime.lookups.Asker`, and that of `ivrflow.rehearsal.engine`. `bodies` are
    answers by the name of the look-up; the others are sent by `asker`."""

    def __init__(self, asker: Asker, bodies: Mapping[str, bytes]) -> None:
        self._asker = asker
        self._bodies = bodies
        self._under_way = UnderWay()

    async def begin(self) -> None:
        """Whoever waits for an answer, the platform's time does not pass."""

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        body = self._bodies.get(lookup.name)
        if body is not None:
            return read_answer(lookup, OK, body)
        with self._under_way.one():
            return await self._asker.look_up(lookup, key, deadline)

    async def rest(self) -> None:
        """Wait until nothing is asked any more."""
        await self._under_way.rest()
