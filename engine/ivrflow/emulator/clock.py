"""Simulated time: scripts that wait, woken in an order that nothing but their inputs decides.

A script is a generator that yields what it waits for. It is sent the signal that came, or None when
its time is up. Several may share an instant: they are woken first come, first served.
"""

import heapq
from collections import deque
from collections.abc import Generator
from itertools import count
from typing import TypeVar

from msgspec import Struct


class Signal(Struct, frozen=True, kw_only=True):
    """What wakes a script before its time."""


class Wait(Struct, frozen=True):
    """Until `ms` milliseconds have passed (None: for ever), or one of the `signals` comes."""

    ms: int | None = None
    signals: tuple[type[Signal], ...] = ()


T = TypeVar("T")
Script = Generator[Wait, Signal | None, T]


class Task:
    """A script that was started."""

    def __init__(self, script: Script[None]) -> None:
        self.script = script
        self.waits = Wait()
        self.turn = 0
        self.over = False


class Clock:
    """The time, in milliseconds since 1970 (UTC), and everything that waits for it."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.current: Task | None = None
        self._count = count()
        self._ready: deque[tuple[Task, Signal | Exception | None]] = deque()
        self._timers: list[tuple[int, int, Task, int]] = []

    def start(self, script: Script[None]) -> Task:
        """Begin a script, after what is ready already."""
        task = Task(script)
        self._ready.append((task, None))
        return task

    def tell(self, task: Task, signal: Signal) -> None:
        """Wake a task, if a signal of this kind is what it waits for when its turn has come."""
        self._ready.append((task, signal))

    def throw(self, task: Task, error: Exception) -> None:
        """Interrupt a task, whatever it waits for."""
        self._ready.append((task, error))

    def stop(self, task: Task) -> None:
        """Forget a task that waits."""
        task.over = True
        task.turn += 1

    def run(self) -> None:
        """Let everything happen that happens now."""
        while self._ready:
            task, given = self._ready.popleft()
            awaited = not isinstance(given, Signal) or isinstance(given, task.waits.signals)
            if awaited and not task.over:
                self._resume(task, given)

    @property
    def due(self) -> int | None:
        """When something happens next by itself; None: never."""
        timers = self._timers
        while timers and timers[0][3] != timers[0][2].turn:
            heapq.heappop(timers)
        return timers[0][0] if timers else None

    def advance(self, to: int) -> None:
        """Let time pass until `to`, and everything happen on the way."""
        self.run()
        while (due := self.due) is not None and due <= to:
            _, _, task, _ = heapq.heappop(self._timers)
            self.now = max(self.now, due)
            self._resume(task, None)
            self.run()
        self.now = max(self.now, to)

    def _resume(self, task: Task, given: Signal | Exception | None) -> None:
        task.turn += 1
        self.current = task
        try:
            if isinstance(given, Exception):
                task.waits = task.script.throw(given)
            else:
                task.waits = task.script.send(given)
        except StopIteration:
            task.over = True
            return
        if task.waits.ms is not None:
            at = self.now + max(0, task.waits.ms)
            heapq.heappush(self._timers, (at, next(self._count), task, task.turn))
