"""Trials: a story that people play while the engine dies at some boundary and comes back."""

import asyncio
import base64
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from ivrflow.callouts import State
from ivrflow.emulator.auth import Request
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.runner import Headers
from ivrflow.emulator.setup import Application, Inbound, Person, Setup
from ivrflow.emulator.transcript import Heard, Rang
from ivrflow.errands import WAKE
from ivrflow.errors import EmulatorError
from ivrflow.jobs import LOST, Job
from ivrflow.jobs import State as JobState
from ivrflow.rehearsal.engine import APP
from ivrflow.store.base import CalloutFilter, JobFilter
from ivrflow.store.sqlite import SqliteStore
from kills.engine import Link

STEP = 500
LONGEST = 1_200_000
LONELY = 400_000
"""Milliseconds: how often people look up, after how long nobody may be on the phone, and how long
somebody stays in a room where nobody else comes."""


QUIET = 310_000
"""Milliseconds for which nobody is on the phone and everything else is done: longer than a callout
is looked for, and than any timer."""

Event = tuple[str, str]
"""What a webhook was told: the type and its data."""


class DiedError(Exception):
    """The engine was killed."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """An application, and who is in it. `keys` are what people press who hear some words, `talks`
    how long they talk, in milliseconds, before one hangs up. Somebody calls `to`, unless there are
    callouts that are ordered. `tries` is how often one number may be
    rung, `events` are those that are told however it ends, alternatives
    with a bar between."""

    name: str
    files: Mapping[str, str]
    to: str = "+46850000000"
    orders: tuple[tuple[str, Mapping[str, object]], ...] = ()
    people: tuple[Person, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    talks: int = 20_000
    tries: int = 1
    events: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Played:
    """What came of a story."""

    passed: int = 0
    died: bool = False
    heard: list[str] = field(default_factory=list)
    rang: list[str] = field(default_factory=list)
    events: dict[Event, set[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


class Mortal:
    """What answers the platform: an engine that may be killed, and is started again then."""

    def __init__(self, path: str, store: Path, dies_at: int) -> None:
        self.world: InProcess
        self.died = False
        self.events: dict[Event, set[str]] = {}
        self._path = path
        self._store = store
        self._dies_at = dies_at
        self._due: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        reader, writer = await asyncio.open_unix_connection(self._path, limit=2**24)
        self._link = Link(reader, writer)
        self._begin(self._read(self._link))
        await self._ask(do="start", store=str(self._store), dies_at=self._dies_at)

    async def order(self, name: str, params: Mapping[str, object]) -> None:
        """Have a callout placed; who doesn't hear that it is asks again."""
        await self._certainly(do="order", name=name, params=dict(params))

    async def stop(self) -> int:
        passed: int = await self._ask(do="stop")
        await self._link.close()
        await asyncio.gather(*self._tasks)
        return passed

    async def handle(self, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        """Have a callback answered; the platform asks its fallback, which is the same server."""
        status, answer = await self._certainly(do="handle", body=body.decode())
        return status, answer.encode()

    async def work(self) -> bool:
        link = self._link
        try:
            done, self._due = await self._ask(do="work")
        except DiedError:
            await self._again(link)
            return True
        return bool(done)

    async def due(self) -> int | None:
        return self._due

    def holds(self, call: str) -> bool:
        return False

    async def _certainly(self, **question: Any) -> Any:
        link = self._link
        try:
            return await self._ask(**question)
        except DiedError:
            await self._again(link)
            return await self._ask(**question)

    async def _again(self, dead: Link) -> None:
        """Start the engine again, once for all who were waiting."""
        async with self._starting:
            if self._link is dead:
                self.died, self._dies_at = True, 0
                await self.start()

    async def _ask(self, **question: Any) -> Any:
        return await self._link.ask(now=self.world.platform.now, **question)

    async def _read(self, link: Link) -> None:
        try:
            while line := await link.reader.readline():
                message = msgspec.json.decode(line)
                if not link.answered(message):
                    self._begin(self._answer(link, message))
        except ConnectionError:
            pass
        link.lose(DiedError())
        await link.close()

    async def _answer(self, link: Link, message: dict[str, Any]) -> None:
        answer: Any = None
        if message["do"] == "request":
            body = base64.b64decode(message["body"])
            request = Request(
                method=message["method"],
                path=message["path"],
                headers=message["headers"],
                body=body,
            )
            response = await self.world.request(request)
            answer = [response.status, base64.b64encode(response.body).decode()]
        else:
            told = msgspec.json.decode(message["body"])
            what = told["type"], msgspec.json.encode(told["data"]).decode()
            self.events.setdefault(what, set()).add(message["headers"]["webhook-id"])
        link.send(id=message["id"], answer=answer)

    def _begin(self, doing: Any) -> None:
        task = asyncio.create_task(doing)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


@contextmanager
def engines(story: Story, directory: Path) -> Iterator[str]:
    """Keep ready to start engines of a story's application; yields where."""
    home = directory / "flows"
    home.mkdir()
    for name, text in story.files.items():
        (home / name).write_text(text, "utf-8")
    path = directory / "engines"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    with (directory / "engines.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kills.engine", str(home), str(path)],
            env=environment,
            stdout=log,
            stderr=log,
        )
        try:
            while not path.exists():
                assert process.poll() is None, (directory / "engines.log").read_text()
                time.sleep(0.01)
            yield str(path)
        finally:
            process.kill()
            process.wait()


def play(story: Story, path: str, store: Path, dies_at: int = 0) -> Played:
    """Play a story to its end; the engine dies at a boundary (0: never)."""
    return asyncio.run(_play(story, path, store, dies_at))


async def _play(story: Story, path: str, store: Path, dies_at: int) -> Played:
    application = Application(key=APP, primary="http://engine.invalid/callbacks/sinch")
    mortal = Mortal(path, store, dies_at)
    world = InProcess(Setup(applications=(application,), people=story.people), mortal.handle)
    mortal.world = world
    world.companion = mortal
    await mortal.start()
    for name, params in story.orders:
        await mortal.order(name, params)
    if not story.orders:
        await world.call(Inbound(to=story.to))
    await People(story, world).live()
    played = Played(passed=await mortal.stop(), died=mortal.died, events=mortal.events)
    entries = world.platform.transcript
    played.heard = [each.text for each in entries if isinstance(each, Heard)]
    played.rang = [each.to for each in entries if isinstance(each, Rang)]
    played.faults = [*_of_calls(world), *_of_people(story, played), *await _of_store(store)]
    told = {name for name, _ in mortal.events}
    missing = [each for each in story.events if told.isdisjoint(each.split("|"))]
    played.faults += [f"never told of {each}" for each in missing]
    played.faults += [
        f"told of {name} under {len(ids)} ids"
        for name, ids in mortal.events.items()
        if len(ids) > 1
    ]
    return played


class People:
    """Those who hear words and press keys, and hang up when they have talked."""

    def __init__(self, story: Story, world: InProcess) -> None:
        self.story = story
        self.world = world
        self.read = 0
        self.joined: dict[str, int] = {}

    async def live(self) -> None:
        """Live until nobody is on the phone, and nothing is to be done for long."""
        quiet = 0
        begun = self.world.platform.now
        while quiet < QUIET and self.world.platform.now - begun < LONGEST:
            await self.world.wait(STEP)
            await self._listen()
            await self._tire()
            quiet = 0 if self._busy else quiet + STEP

    @property
    def _busy(self) -> bool:
        return any(each.ended is None for each in self.world.platform.world.calls.values())

    async def _listen(self) -> None:
        entries = self.world.platform.transcript
        told, self.read = entries[self.read :], len(entries)
        for entry in told:
            if isinstance(entry, Heard):
                for words, key in self.story.keys.items():
                    if words in entry.text:
                        await self._try("press", entry.call, key)
            if type(entry).__name__ == "Joined":
                self.joined.setdefault(entry.call, self.world.platform.now)

    async def _tire(self) -> None:
        """Whoever is in a room with another for long enough hangs up, the callee does; so does who
        has been alone there for very long."""
        if not self.joined:
            return
        last = max(self.joined, key=lambda call: self.joined[call])
        first = min(self.joined, key=lambda call: self.joined[call])
        patience = self.story.talks if len(self.joined) > 1 else LONELY
        if self.world.platform.now - self.joined[last] >= patience:
            await self._try("hang_up", first)
            self.joined.clear()

    async def _try(self, act: str, call: str, *what: str) -> None:
        try:
            await getattr(self.world, act)(call, *what)
        except EmulatorError:
            return


def _of_calls(world: InProcess) -> Iterator[str]:
    calls = world.platform.world.calls
    yield from (f"{call} never ends" for call, each in calls.items() if each.ended is None)


def _of_people(story: Story, played: Played) -> Iterator[str]:
    for to, times in Counter(played.rang).items():
        if times > story.tries:
            yield f"{to} was rung {times} times"


async def _of_store(path: Path) -> list[str]:
    store = await SqliteStore.open(path)
    callouts = await store.callouts(CalloutFilter(), "", 100)
    jobs = await store.jobs(JobFilter(), "", 1_000)
    await store.close()
    faults = [f"a callout is {each.state}" for each in callouts if each.state is not State.OVER]
    return faults + [f"a job is {each.state}: {each.name}" for each in jobs if _is_left(each)]


def _is_left(job: Job) -> bool:
    """Whether a job is neither done, nor a timer of a call that is over, nor words of which nobody
    knows whether they were said."""
    done = job.state is JobState.DONE or job.name == WAKE
    return not (done or (job.state is JobState.DEAD and job.fault == LOST))
