"""Events of flows at real servers: each is sent until it is taken, with one id at every try."""

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from canary import CANARY, holds_canary
from servers import Habit, Server, answer, says, server
from structlog.testing import capture_logs

from ivrflow.errors import ConflictError
from ivrflow.jobs import Job, Outcome, State, revived
from ivrflow.library import Library
from ivrflow.outbound.http import Http
from ivrflow.outbound.webhooks import Webhooks
from ivrflow.runtime.outbox import WEBHOOK
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.runtime.worker import AT_ONCE, Worker
from ivrflow.sinch.parse import parse
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import JobFilter, Store
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore

KEY = base64.b64encode(b"k" * 32).decode()
ENV = {"CRM_SECRET": f"whsec_{KEY}"}
ALL = JobFilter()

APP = """
app: clinic
webhooks: {crm: {url: "{{ env.CRM }}", secret: "{{ env.CRM_SECRET }}"}}
routes: [{flow: clinic}]
"""
FLOW = """
flow: clinic
start: greet
on: {ended: {emit: {event: over, data: {result: "{{ result }}"}}}}
states:
  greet:
    emit: greeted
    menu: {prompt: "Press 1.", choices: {1: chosen}}
    on: {no_input: bye, no_match: bye}
  chosen:
    do:
      - emit:
          event: confirmed
          data: {to: "{{ call.to }}", persons: 2, ratio: 1.5, sure: true, code: 0123, none: null,
                 of: ["{{ input }}", {at: "{{ now }}"}]}
    say: Thank you.
    hangup:
  bye: {hangup: }
"""


@dataclass
class Box:
    """Turns and their worker, at a time that stands until somebody moves it."""

    turns: Turns
    worker: Worker
    at: datetime = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    number: int = 0

    async def event(self, **event: object) -> bytes:
        body = json.dumps({"version": 1, "callid": "call-1", **event}).encode()
        return (await self.turns.answer(parse(body, "app"), arrived=monotonic())).body

    async def call(self, call: str = "call-1", cli: str = "46701234567") -> bytes:
        to = {"type": "did", "endpoint": "+46850000000"}
        return await self.event(event="ice", callid=call, cli=cli, to=to, domain="pstn")

    async def press(self, key: str) -> bytes:
        menu = {"type": "return", "value": f"{key}.1", "menuId": "main"}
        return await self.event(event="pie", menuResult=menu)

    async def work(self, *, after: float = 0) -> None:
        """Let time pass, and do what is due then."""
        self.at += timedelta(seconds=after)
        await self.worker.work()
        await self.worker.drain()

    async def jobs(self) -> list[Job]:
        return list(reversed(await self.turns.store.jobs(ALL, "", 999)))

    async def only(self) -> Job:
        (job,) = await self.jobs()
        return job


Story = Callable[[Box, Server], Awaitable[None]]


@dataclass
class Place:
    """Where the flows lie and the store."""

    directory: Path
    memory: bool
    environment: dict[str, str] = field(default_factory=dict)

    async def store(self) -> Store:
        return MemoryStore() if self.memory else await SqliteStore.open(self.directory / "state.db")

    def library(self) -> Library:
        found, checked = Library.open(self.directory, PLATFORM)
        assert found is not None, checked.diagnostics
        return found


@asynccontextmanager
async def box(
    place: Place, url: str, *, chance: float = 0.0, lease: int = 60_000
) -> AsyncIterator[Box]:
    library, store = place.library(), await place.store()
    made: list[Box] = []

    def clock() -> datetime:
        return made[0].at

    async with Http() as http:
        turns = Turns(library, store, Policy(), clock)
        environment = {**ENV, "CRM": url, **place.environment}
        hooks = Webhooks(
            http, lambda: library.current.app.webhooks, environment, now=clock, seconds=0.5
        )
        worker = Worker(
            store,
            turns.outbox,
            {WEBHOOK: hooks.send},
            now=clock,
            chance=lambda: chance,
            lease=lease,
        )
        made.append(Box(turns, worker))
        try:
            yield made[0]
        finally:
            await worker.drain()
            await turns.drain()
            await store.close()


@pytest.fixture(params=["memory", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    (tmp_path / "app.yaml").write_text(APP, "utf-8")
    (tmp_path / "clinic.flow.yaml").write_text(FLOW, "utf-8")
    return Place(tmp_path, request.param == "memory")


def play(place: Place, habit: Habit, story: Story, **how: float) -> None:
    async def told() -> None:
        async with (
            server(habit) as crm,
            box(place, crm.url + "/calls", chance=how.get("chance", 0.0)) as it,
        ):
            await story(it, crm)

    asyncio.run(asyncio.wait_for(told(), 30))


def statuses(*each: str) -> Habit:
    """The habit of answering once with each status, then with 204."""
    left = list(each)

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        status, _, more = (left.pop(0) if left else "204 No Content").partition("|")
        writer.write(answer(b"", status, *filter(None, [more])))

    return habit


def head(request: bytes, name: str) -> str:
    lines = request.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return dict(line.lower().split(": ", 1) for line in lines)[name]


def body(request: bytes) -> bytes:
    return request.split(b"\r\n\r\n", 1)[1]


def test_what_a_flow_emits_arrives_signed_with_numbers_as_they_are(place: Place) -> None:
    async def story(it: Box, crm: Server) -> None:
        await it.call()
        await it.work()
        await it.press("chosen")
        await it.work()
        greeted, confirmed = crm.requests
        assert json.loads(body(greeted)) == {
            "type": "greeted",
            "timestamp": "2026-11-24T10:00:00Z",
            "data": {},
            "call": {
                "id": "call-1",
                "flow": "clinic",
                "from": "+46701234567",
                "to": "+46850000000",
            },
        }
        sent = json.loads(body(confirmed))
        assert sent["data"] == {
            "to": "+46850000000",
            "persons": 2,
            "ratio": 1.5,
            "sure": True,
            "code": "0123",
            "none": None,
            "of": ["1", {"at": "2026-11-24T10:00:00Z"}],
        }
        assert confirmed.startswith(b"POST /calls HTTP/1.1\r\n")
        assert head(confirmed, "content-type") == "application/json"
        id, stamp = head(confirmed, "webhook-id"), head(confirmed, "webhook-timestamp")
        assert int(stamp) == int(it.at.timestamp())
        signed = f"{id}.{stamp}.".encode() + body(confirmed)
        mac = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
        line = next(each for each in confirmed.split(b"\r\n") if b"signature" in each).decode()
        assert line == f"webhook-signature: v1,{mac}"
        assert [each.state for each in await it.jobs()] == [State.DONE] * 2

    play(place, says(b""), story)


def test_who_withholds_their_number_is_told_of_without_one(place: Place) -> None:
    async def story(it: Box, crm: Server) -> None:
        await it.call(cli="private")
        await it.work()
        assert json.loads(body(crm.requests[0]))["call"].keys() == {"id", "flow", "to"}

    play(place, says(b""), story)


def test_an_event_of_the_platform_that_comes_twice_is_told_once(place: Place) -> None:
    async def story(it: Box, crm: Server) -> None:
        await it.call()
        await it.call()
        await it.event(event="dice", result="ANSWERED", reason="CALLERHANGUP")
        await it.event(event="dice", result="ANSWERED", reason="CALLERHANGUP")
        await it.work()
        told = sorted((json.loads(body(each)) for each in crm.requests), key=lambda it: it["type"])
        assert [each["type"] for each in told] == ["greeted", "over"]
        assert told[1]["data"] == {"result": "answered"}

    play(place, says(b""), story)


@pytest.mark.parametrize(
    "status",
    ["500 X", "503 X", "301 X|Location: http://127.0.0.1:9/", "408 X", "409 X", "425 X", "429 X"],
)
def test_a_receiver_that_fails_gets_it_again_with_the_same_id_and_body(
    place: Place, status: str
) -> None:
    async def story(it: Box, crm: Server) -> None:
        await it.call()
        await it.work()
        waits = await it.only()
        assert (waits.state, waits.fault) == (State.WAITING, f"status {status[:3]}")
        await it.work(after=1)
        assert (await it.only()).state is State.DONE
        first, second = crm.requests
        assert head(first, "webhook-id") == head(second, "webhook-id") == waits.id
        assert body(first) == body(second)
        assert head(first, "webhook-timestamp") != head(second, "webhook-timestamp")

    play(place, statuses(status), story)


@pytest.mark.parametrize("status", ["400 X", "401 X", "404 X", "410 Gone", "413 X"])
def test_a_receiver_that_refuses_for_good_gets_it_no_more(place: Place, status: str) -> None:
    async def story(it: Box, crm: Server) -> None:
        await it.call()
        with capture_logs() as logs:
            await it.work()
        dead = await it.only()
        assert (dead.state, dead.fault) == (State.DEAD, f"status {status[:3]}")
        assert logs[-1]["event"] == "job given up"
        await it.work(after=90_000)
        assert len(crm.requests) == 1
        await it.turns.store.put_jobs([revived(dead, int(it.at.timestamp() * 1000))])
        await it.work()
        assert (await it.only()).state is State.DONE
        assert body(crm.requests[0]) == body(crm.requests[1])

    play(place, statuses(status), story)


def test_a_receiver_is_asked_when_it_says(place: Place) -> None:
    async def story(it: Box, crm: Server) -> None:
        await it.call()
        await it.work()
        await it.work(after=119)
        assert len(crm.requests) == 1
        await it.work(after=1)
        assert (await it.only()).state is State.WAITING
        await it.work(after=600)
        assert len(crm.requests) == 3

    later = (datetime(2026, 11, 24, 10, 12, tzinfo=UTC)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    play(place, statuses("503 X|Retry-After: 120", f"429 X|Retry-After: {later}"), story)


async def hang(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drop(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def endless(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.mark.parametrize("habit", [drop, says(b"", "500 X")])
def test_a_receiver_that_always_fails_is_tried_for_a_day_with_growing_pauses_and_then_given_up(
    place: Place, habit: Habit
) -> None:
    async def story(it: Box, crm: Server) -> None:
        await it.call()
        begun, pauses = it.at, []
        while (job := await it.only()).state is not State.DEAD:
            due = datetime.fromtimestamp(job.due / 1000, UTC)
            pauses.append((due - it.at).total_seconds())
            it.at = due
            await it.work()
        assert pauses[:5] == [0, 5, 10, 20, 40]
        assert max(pauses) <= 4 * 3_600
        assert it.at - begun == timedelta(days=1)
        assert job.attempt == len(crm.requests) < 20

    play(place, habit, story, chance=1.0)


@pytest.mark.parametrize("habit", [hang, endless])
def test_a_receiver_that_never_ends_takes_no_longer_than_a_try_may(
    place: Place, habit: Habit
) -> None:
    async def story(it: Box, crm: Server) -> None:
        await it.call()
        begun = monotonic()
        await it.work()
        assert monotonic() - begun < 5
        assert (await it.only()).state is State.WAITING

    play(place, habit, story)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://169.254.169.254/latest", "link-local"),
        ("https://169.254.169.254/latest", "link-local"),
        ("http://crm.example.com/", "https://"),
        ("https://user:pass@crm.example.com/", "user name"),
        ("", "https://"),
    ],
)
def test_addresses_that_nothing_may_be_sent_to_get_nothing(
    place: Place, url: str, fault: str
) -> None:
    async def story() -> None:
        async with box(place, url) as it:
            await it.call()
            await it.work()
            job = await it.only()
            assert fault in job.fault
            assert job.state is State.WAITING

    asyncio.run(story())


def test_what_was_meant_for_a_webhook_goes_where_it_has_moved(place: Place) -> None:
    async def story(it: Box, crm: Server) -> None:
        async with server(says(b"")) as new:
            await it.call()
            await it.work()
            moved = APP.replace("{{ env.CRM }}", new.url)
            (place.directory / "app.yaml").write_text(moved.replace("crm:", "erp:"), "utf-8")
            assert it.turns.library.reload() == ()
            await it.work(after=10)
            assert (await it.only()).fault == 'no webhook is called "crm"'
            (place.directory / "app.yaml").write_text(moved, "utf-8")
            assert it.turns.library.reload() == ()
            await it.work(after=60)
            assert len(new.requests) == 1
            assert (await it.only()).state is State.DONE

    play(place, says(b"", "500 X"), story)


def test_a_slow_receiver_has_few_at_a_time_and_keeps_no_caller_and_no_other_waiting(
    place: Place,
) -> None:
    two = APP.replace("webhooks: {", 'webhooks: {erp: {url: "{{ env.ERP }}"}, ')
    (place.directory / "app.yaml").write_text(two, "utf-8")
    flow = FLOW.replace(
        "emit: greeted", "emit: {event: greeted, to: crm}\n    do: [emit: {event: x, to: erp}]"
    )
    flow = flow.replace("event: over", "event: over, to: crm").replace(
        "event: confirmed", "event: confirmed\n          to: crm"
    )
    (place.directory / "clinic.flow.yaml").write_text(flow, "utf-8")

    async def story() -> None:
        async with server(hang) as crm, server(says(b"")) as erp:
            place.environment["ERP"] = erp.url
            async with box(place, crm.url) as it:
                working = asyncio.create_task(it.worker.run())
                begun = monotonic()
                await asyncio.gather(*(it.call(f"call-{n}") for n in range(3 * AT_ONCE)))
                assert monotonic() - begun < 2
                while len(erp.requests) < 3 * AT_ONCE:
                    await asyncio.sleep(0.01)
                assert len(crm.requests) <= 2 * AT_ONCE
                working.cancel()

    asyncio.run(asyncio.wait_for(story(), 20))


def test_each_receiver_has_as_many_jobs_at_a_time_as_it_bears(place: Place) -> None:
    under_way: Counter[str] = Counter()
    most: Counter[str] = Counter()
    gate = asyncio.Event()

    async def hold(job: Job, body: bytes) -> Outcome:
        under_way[job.to] += 1
        most[job.to] = max(most[job.to], under_way[job.to])
        await gate.wait()
        under_way[job.to] -= 1
        return Outcome()

    def job(to: str, number: int, lane: str) -> Job:
        return Job(
            id=f"{to}-{number}",
            kind="held",
            to=to,
            name="x",
            app="app",
            call="call-1",
            body=b"",
            made=0,
            due=0,
            until=1,
            lane=lane,
        )

    async def story(it: Box, crm: Server) -> None:
        alone = [job(to, each, "") for to in ("crm", "@sinch") for each in range(60)]
        in_line = [job("@calls", each, "call-1") for each in range(3)]
        await it.turns.store.put_jobs([*alone, *in_line])
        it.worker = Worker(
            it.turns.store, it.turns.outbox, {"held": hold}, now=lambda: it.at, chance=lambda: 0
        )
        await it.worker.work()
        await asyncio.sleep(0)
        assert most == {"crm": 10, "@sinch": 50, "@calls": 1}
        gate.set()
        while any(each.state is not State.DONE for each in await it.jobs()):
            await it.work()
        assert most == {"crm": 10, "@sinch": 50, "@calls": 1}

    play(place, says(b""), story)


def test_who_is_waited_for_at_the_end_is_told_to_the_end(place: Place) -> None:
    async def slow(request: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(answer(b""))

    async def story(it: Box, crm: Server) -> None:
        working = asyncio.create_task(it.worker.run())
        await it.call()
        while not crm.requests:
            await asyncio.sleep(0.01)
        working.cancel()
        await it.worker.drain()
        assert (await it.only()).state is State.DONE

    play(place, slow, story)


def test_one_that_somebody_dropped_meanwhile_stays_dropped(place: Place) -> None:
    dropped = asyncio.Event()

    async def held(request: bytes, writer: asyncio.StreamWriter) -> None:
        await dropped.wait()
        writer.write(answer(b""))

    async def story(it: Box, crm: Server) -> None:
        await it.call()
        await it.worker.work()
        running = await it.only()
        assert running.state is State.RUNNING
        await it.turns.store.put_jobs([running.changed(state=State.DEAD, fault="dropped")])
        dropped.set()
        await it.worker.drain()
        assert (await it.only()).fault == "dropped"
        with pytest.raises(ConflictError):
            await it.turns.store.put_jobs([running.changed(state=State.DONE)])

    play(place, held, story)


def test_a_worker_that_is_gone_leaves_what_it_had_to_the_next_with_the_same_id(
    tmp_path: Path,
) -> None:
    (tmp_path / "app.yaml").write_text(APP, "utf-8")
    (tmp_path / "clinic.flow.yaml").write_text(FLOW, "utf-8")
    place = Place(tmp_path, memory=False)

    async def story() -> None:
        async with server(hang) as crm, box(place, crm.url) as it:
            await it.call()
            await it.worker.work()
            left = await it.only()
            for task in list(it.worker._rounds._tasks.values()):
                task.cancel()
        async with server(says(b"")) as crm, box(place, crm.url) as it:
            await it.work(after=59)
            assert crm.requests == []
            await it.work(after=1)
            assert [head(each, "webhook-id") for each in crm.requests] == [left.id]
            assert (await it.only()).attempt == 2

    asyncio.run(asyncio.wait_for(story(), 20))


CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"
SECRET_FLOW = """
flow: clinic
start: ask
vars: {pin: {type: digits, secret: true}}
states:
  ask:
    collect: {prompt: "Your card?", length: 16, into: pin}
    on: {collected: tell, no_input: bye}
  tell: {emit: {event: identified, data: {pin: "{{ pin }}"}}, say: Hello., hangup: }
  bye: {hangup: }
"""


def test_a_secret_goes_over_https_and_lies_nowhere_in_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(CERTIFICATE)
    flows = tmp_path / "flows"
    flows.mkdir()

    async def story() -> None:
        async with server(says(b""), tls=tls) as crm:
            app = APP.replace("{{ env.CRM }}", crm.url).replace(KEY, "")
            (flows / "app.yaml").write_text(app, "utf-8")
            (flows / "clinic.flow.yaml").write_text(SECRET_FLOW, "utf-8")
            async with box(Place(flows, memory=False), crm.url) as it:
                with capture_logs() as logs:
                    await it.call()
                    keys = {"type": "sequence", "value": CANARY, "menuId": "main"}
                    await it.event(event="pie", menuResult=keys)
                    job = await it.only()
                    assert not holds_canary(job.body)
                    assert b"identified" not in job.body
                    await it.work()
                assert json.loads(body(crm.requests[0]))["data"] == {"pin": CANARY}
                assert not holds_canary(str(logs).encode())
                assert KEY not in str(logs)
                stored = [path.read_bytes() for path in flows.glob("state.db*")]
                assert not any(KEY.encode() in each for each in stored)
        for path in flows.glob("*.yaml"):
            path.unlink()

    asyncio.run(asyncio.wait_for(story(), 20))
