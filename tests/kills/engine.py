"""An engine in a process of its own that kills itself: python -m kills.engine DIRECTORY SOCKET.

It compiles the application once, and then becomes a process for each connection. Each is told where
its store is and at which of its boundaries SIGKILL comes: before and after each commit that changes
something, each request, each answer. Its time, its callbacks and its network are those of whoever
connected; a message is a line of JSON.
"""

import asyncio
import base64
import os
import signal
import socket
import sys
from contextlib import suppress
from datetime import date, datetime
from math import inf
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ivrflow.checking import check_home
from ivrflow.clock import from_milliseconds
from ivrflow.library import Library, compile_catalog
from ivrflow.outbound.http import Incoming, Outgoing
from ivrflow.rehearsal.engine import APP, Engine
from ivrflow.rehearsal.errands import Errands
from ivrflow.runtime.ordering import ordered
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch import rest_answers
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.rest import Request
from ivrflow.store.base import Store
from ivrflow.store.sqlite import SqliteStore
from ivrflow.telemetry.logs import configure

TODAY = date(2026, 11, 24)
R = TypeVar("R")


class Boundaries:
    """Counts what a process comes past, and kills it at one of them (0: never)."""

    def __init__(self, dies_at: int) -> None:
        self.dies_at = dies_at
        self.passed = 0

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalStore(SqliteStore):
    """A store that may not live to see the end of a commit, or what comes after it."""

    boundary: Boundaries
    changes = 0

    def _end_transaction(self) -> None:
        changed = self._connection.total_changes != self.changes
        self.changes = self._connection.total_changes
        if changed:
            self.boundary()
        super()._end_transaction()
        if changed:
            self.boundary()


class Link:
    """Messages to and from who plays the world; each question has an id, and its answer too."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self._writer = writer
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._last = 0

    def send(self, **message: Any) -> None:
        self._writer.write(msgspec.json.encode(message) + b"\n")

    async def ask(self, **question: Any) -> Any:
        self._last += 1
        self._asked[self._last] = asyncio.get_running_loop().create_future()
        self.send(id=self._last, **question)
        return await self._asked[self._last]

    def answered(self, message: dict[str, Any]) -> bool:
        """Whether a message is the answer to a question of ours."""
        if "answer" not in message:
            return False
        self._asked.pop(message["id"]).set_result(message["answer"])
        return True

    async def close(self) -> None:
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    def lose(self, why: Exception) -> None:
        """Nobody will answer any more."""
        for each in self._asked.values():
            if not each.done():
                each.set_exception(why)
        self._asked.clear()


class Served:
    """The engine of one connection."""

    def __init__(self, library: Library, link: Link) -> None:
        self.library = library
        self.link = link
        self.now = 0
        self.boundary = Boundaries(0)
        self._line = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        while line := await self.link.reader.readline():
            message = msgspec.json.decode(line)
            if self.link.answered(message):
                continue
            self.now = max(self.now, message["now"])
            task = asyncio.create_task(self._do(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _do(self, message: dict[str, Any]) -> None:
        answer: Any
        match message["do"]:
            case "start":
                await self._start(Path(message["store"]), message["dies_at"])
                answer = None
            case "handle":
                status, body = await self.engine.handle("", {}, message["body"].encode())
                answer = [status, body.decode()]
            case "order":
                await self._order(message["name"], message["params"])
                answer = None
            case "work":
                answer = [await self.engine.work(), await self.engine.due()]
            case _:
                await self.engine.stop()
                answer = self.boundary.passed
        if message["do"] in ("handle", "order") or (message["do"] == "work" and answer[0]):
            self.boundary()
        self.link.send(id=message["id"], answer=answer)

    async def _start(self, path: Path, dies_at: int) -> None:
        async def opened() -> Store:
            store = await MortalStore.open(path)
            assert isinstance(store, MortalStore)
            store.changes = store._connection.total_changes
            store.boundary = self.boundary
            return store

        MortalStore.boundary = Boundaries(0)
        self.engine = Engine(opened, self._turns, None, lambda turns: Errands.of(turns, self, self))
        await self.engine.start()
        self.boundary.dies_at = dies_at

    async def _order(self, name: str, params: dict[str, object]) -> None:
        turns = self.engine.turns
        wanted = ordered(self.library.current.programs, name, params)
        callout = turns.callouts.wanted(APP, wanted, id="0" * 32, at=self.now, due=self.now)
        await turns.store.put_callouts([callout])
        turns.notice()

    def _turns(self, store: Store) -> Turns:
        return Turns(self.library, store, Policy(deadline=inf), self._clock)

    def _clock(self) -> datetime:
        return from_milliseconds(self.now)

    async def send(self, app: str, request: Request[R], region: str = "") -> R:
        """Ask the platform."""
        async with self._line:
            self.boundary()
            body = base64.b64encode(request.body).decode()
            asked = {"method": request.method, "path": request.path, "body": body}
            told = await self.link.ask(do="request", headers=dict(request.headers), **asked)
            self.boundary()
        status, answer = told[0], base64.b64decode(told[1])
        if 200 <= status < 300:
            return request.read(answer)
        raise rest_answers.refusal(status, answer)

    async def exchange(self, outgoing: Outgoing, seconds: float) -> Incoming:
        """Send an event."""
        self.boundary()
        body = (outgoing.body or b"").decode()
        await self.link.ask(do="webhook", headers=dict(outgoing.headers), body=body)
        self.boundary()
        return Incoming(status=200, body=b"")


def opened(directory: Path) -> Library:
    """Return the application of a directory, whatever lint warns of."""
    home, checked = check_home(directory, PLATFORM, today=TODAY)
    return Library(home, PLATFORM, compile_catalog(checked, PLATFORM))


async def _serve(library: Library, connection: socket.socket) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=2**24)
    await Served(library, Link(reader, writer)).run()


def main(directory: str, path: str) -> None:
    library = opened(Path(directory))
    configure("json")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{path}.new")
        listening.listen()
        Path(f"{path}.new").rename(path)  # who finds it can connect
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                asyncio.run(_serve(library, connection))
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
