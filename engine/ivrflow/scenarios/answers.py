"""Look-ups in a scenario: answered by what its author wrote, in simulated time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from weakref import WeakKeyDictionary

import msgspec

from ivrflow.emulator.inprocess import InProcess
from ivrflow.machine.lookups import BUDGET, LookedUp, Lookup, failed, read_answer
from ivrflow.rehearsal.asking import UnderWay
from ivrflow.runtime.lookups import BEHIND
from ivrflow.scenarios.model import Mock, Request


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """A look-up that came to an end at `at`, when the transcript was `after` entries long."""

    at: int
    after: int
    text: str


Ask = Callable[[Lookup, str, Mock], Awaitable[LookedUp]]
"""Asks a server that answers as a scenario says, about a look-up with its key."""


async def made_up(lookup: Lookup, key: str, mock: Mock) -> LookedUp:
    """Answer as a server would that answers like this."""
    if mock.fails:
        return failed(mock.fails)
    body = b"" if mock.json is None else msgspec.json.encode(mock.json)
    return read_answer(lookup, mock.status, body)


class Answers:
    """Answers each look-up by its name, ask by ask; meets `ivrflow.runtime.lookups.Asker`, and
    `ivrflow.rehearsal.engine.Asking`.

    What is asked within a turn lets the platform's time pass while the reply is waited for. What is
    asked behind a prompt is there when the time has come by itself. `missing` are the look-ups that
    the scenario has no answer for; `given` tells what each brought, and when.
    """

    def __init__(self, requests: Iterable[Request], world: InProcess, ask: Ask = made_up) -> None:
        self.missing: list[str] = []
        self.given: list[Answered] = []
        self._world = world
        self._ask = ask
        self._under_way = UnderWay()
        self._left = {each.name: list(each.answers) for each in requests}
        self._unasked = {each.name: len(each.answers) for each in requests}
        self._mock_by_key: dict[str, Mock] = {}
        self._begun: WeakKeyDictionary[asyncio.Task[object], int] = WeakKeyDictionary()
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    @property
    def unasked(self) -> dict[str, int]:
        """How many answers of each look-up nobody has asked for."""
        return {name: count for name, count in self._unasked.items() if count}

    async def begin(self) -> None:
        """An event has come: what is due until now is answered before its turn."""
        now = self._world.platform.now
        self._begun[_task()] = now
        due = [sleeper for at, sleeper in self._sleepers if at <= now]
        for sleeper in due:
            if not sleeper.done():
                sleeper.set_result(None)
        if due:
            await self.rest()

    async def rest(self) -> None:
        """Wait until nothing is asked any more but what takes the platform's time."""
        await self._under_way.rest()

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        mock = self._next(lookup.name, key)
        if mock is None:
            self.missing.append(lookup.name)
            return failed("the scenario has no answer")
        allowed = self._allowed(lookup)
        await self._sleep(min(mock.delay, allowed))
        if mock.delay > allowed:
            found = failed("no answer in time")
        else:
            with self._under_way.one():
                found = await self._ask(lookup, key, mock)
        self._note(lookup, found)
        return found

    def _note(self, lookup: Lookup, found: LookedUp) -> None:
        told = f"{found.outcome} ({found.fault})" if found.fault else found.outcome
        platform = self._world.platform
        text = f"look-up {lookup.name}: {told}"
        self.given.append(Answered(at=platform.now, after=len(platform.transcript), text=text))

    def _next(self, name: str, key: str) -> Mock | None:
        """Return the answer to a look-up; the same one where it is asked again with its key."""
        left = self._left.get(name)
        if key not in self._mock_by_key and left:
            self._mock_by_key[key] = left.pop(0) if len(left) > 1 else left[0]
            self._unasked[name] = max(0, self._unasked[name] - 1)
        return self._mock_by_key.get(key)

    @property
    def _is_waited_for(self) -> bool:
        """Whether who asks is a turn, and not something behind a prompt."""
        return _task().get_name() != BEHIND

    def _allowed(self, lookup: Lookup) -> int:
        """Return the milliseconds that an answer may take, as the engine would have it."""
        if not self._is_waited_for:
            return lookup.patience
        now = self._world.platform.now
        spent = now - self._begun.get(_task(), now)
        return max(0, min(lookup.patience, BUDGET - spent))

    async def _sleep(self, ms: int) -> None:
        if self._is_waited_for:
            await self._world.wait(ms)
        elif ms:
            sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._sleepers.append((self._world.platform.now + ms, sleeper))
            await sleeper


def _task() -> "asyncio.Task[object]":
    """Return the task that asks."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  a coroutine runs in a task
    return task
