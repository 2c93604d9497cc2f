"""Programs that stored calls run on: those of the library, and those that only older calls need."""

import asyncio

from ivrflow.compiler.compile import load_program
from ivrflow.errors import ProgramError, StoreUnavailableError
from ivrflow.library import Library
from ivrflow.machine.program import Program
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import Store

MAX_OLD_PROGRAMS = 100
"""Programs kept in hand that only older calls run on."""


class ProgramNeededError(Exception):
    """A turn can't be made before the program `id` is in hand."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.id = id


class Programs:
    """Finds programs: current, in hand, or from the closure in the store."""

    def __init__(self, library: Library, store: Store) -> None:
        self._library = library
        self._store = store
        self._old: dict[str, Program] = {}

    def at_hand(self, id_: str) -> Program:
        """Return the program of that id; raises `ProgramNeededError` where `of` has to read it."""
        for program in self._library.current.programs.values():
            if program.id == id_:
                return program
        if id_ not in self._old:
            raise ProgramNeededError(id_)
        return self._old[id_]

    async def of(self, id_: str) -> Program:
        """Return the program of that id; raises `StoreUnavailableError`."""
        try:
            return self.at_hand(id_)
        except ProgramNeededError:
            known = self._old[id_] = await self._load(id_)
        if len(self._old) > MAX_OLD_PROGRAMS:
            del self._old[next(iter(self._old))]
        return known

    async def _load(self, id_: str) -> Program:
        closure = await self._store.closure(id_)
        if closure is None:
            raise StoreUnavailableError(f"the program {id_} is not in the store")
        try:
            return await asyncio.to_thread(load_program, closure, PLATFORM)
        except ProgramError as error:
            raise StoreUnavailableError(f"the program {id_} can't be read: {error}") from error
