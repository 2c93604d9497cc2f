"""The management API where something is in the way: no key, a dead job, a platform that says no."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import httpx2
import msgspec
import pytest
from canary import CANARY
from secret_flows import BANK, VAULT
from server.conftest import KEY, SECRET
from servers import says, server

from ivrflow.errors import ConflictError, StoreUnavailableError
from ivrflow.jobs import Job, State
from ivrflow.library import Library
from ivrflow.machine.events import Incoming
from ivrflow.machine.raised import MAX_INBOX
from ivrflow.outbound.placing import Clients
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.server.api.engine import Engine
from ivrflow.server.api.serving import Api
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore

TOKEN = "a token"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "app.yaml").write_text("app: bank\nroutes: [{flow: bank}]\n")
    (tmp_path / "bank.flow.yaml").write_text(BANK)
    (tmp_path / "vault.flow.yaml").write_text(VAULT)
    opened, checked = Library.open(tmp_path, PLATFORM)
    assert opened is not None, checked.diagnostics
    return opened


Story = Callable[[httpx2.AsyncClient, Turns], Awaitable[None]]


def tell(library: Library, store: Store, story: Story, *, url: str = NOWHERE) -> None:
    """Run a story of somebody who asks the API of an engine on `store`."""

    async def told() -> None:
        turns = Turns(library, store, Policy())
        voice = Clients({KEY: SECRET}, url=url)
        engine = Engine(turns=turns, platform=voice, applications=(KEY,))
        transport = httpx2.ASGITransport(Api(engine, TOKEN))
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx2.AsyncClient(
            transport=transport, base_url="http://engine", headers=headers
        ) as client:
            await story(client, turns)
        await voice.close()

    asyncio.run(asyncio.wait_for(told(), 30))


async def begin(turns: Turns, call: str = "call-1") -> None:
    await turns.answer(Incoming(app=KEY, call=call, at="10:00", region="euc1"), arrived=monotonic())


def test_a_call_that_is_sealed_with_another_key_is_shown_as_far_as_it_can_be(
    library: Library,
) -> None:
    store = MemoryStore()

    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        await begin(Turns(library, store, Policy(secret_key=b"k" * 32)))
        shown = (await client.get("/v1/calls/call-1")).json()
        assert (shown["sealed"], shown["state"], shown["flow"]) == (True, "live", "bank")
        assert (shown["running"], shown["context"], shown["wait"]) == ([], "", "")
        (listed,) = (await client.get("/v1/calls?flow=bank")).json()["calls"]
        assert listed == shown

    tell(library, store, story)


def dead(body: bytes = b'{"n":1}') -> Job:
    return Job(
        id="a",
        kind="webhook",
        to="crm",
        name="told",
        app=KEY,
        call="call-1",
        body=body,
        made=1_000,
        due=1_000,
        until=9_000,
        state=State.DEAD,
        attempt=20,
        fault="no connection",
    )


def test_a_dead_job_is_tried_again_at_once(library: Library) -> None:
    store = MemoryStore()

    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        noticed: list[None] = []
        turns.outbox.notice = lambda: noticed.append(None)
        await store.put_jobs([dead()])
        assert (await client.get("/v1/jobs/a")).json()["body"] == {"n": 1}
        revived = (await client.post("/v1/jobs/a/retry")).json()
        assert (revived["state"], revived["tries"], revived["body"]) == ("waiting", 0, {"n": 1})
        assert len(noticed) == 1
        assert (await client.post("/v1/jobs/a/retry")).status_code == 409

    tell(library, store, story)


def test_of_a_sealed_job_no_body_is_shown(library: Library) -> None:
    store = MemoryStore()

    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        sealed = turns.vault.seal((KEY, "a"), CANARY.encode())
        await store.put_jobs([dead(sealed)])
        assert (await client.get("/v1/jobs/a")).json()["body"] is None

    tell(library, store, story)


class Refusing(MemoryStore):
    """A store that another process keeps changing, and that is then not there."""

    async def put_jobs(self, jobs: object) -> None:
        raise ConflictError("job a was changed by another")

    async def job(self, id: str) -> Job | None:
        if id == "a":
            return dead()
        raise StoreUnavailableError("the store is full")


def test_a_store_that_refuses_is_a_problem(library: Library) -> None:
    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        conflict = await client.post("/v1/jobs/a/retry")
        assert (conflict.status_code, "look again" in conflict.text) == (409, True)
        full = await client.get("/v1/jobs/b")
        assert (full.status_code, full.json()["detail"]) == (503, "the store is full")

    tell(library, Refusing(), story)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        ("204 No Content", b"", 202),
        ("404 Not Found", b'{"errorCode":40400,"message":"Call not found"}', 404),
        ("400 Bad Request", b'{"errorCode":40001,"message":"Not answered"}', 409),
        ("401 Unauthorized", b'{"errorCode":40105,"message":"Who?"}', 502),
        ("402 Payment Required", b'{"errorCode":40200,"message":"Broke"}', 502),
    ],
)
def test_what_the_platform_says_of_a_hangup_is_told(
    library: Library, status: str, body: bytes, expected: int
) -> None:
    async def all_of_it() -> None:
        async with server(says(body, status)) as platform:
            await asyncio.to_thread(tell, library, MemoryStore(), story, url=platform.url)
            assert platform.requests[0].startswith(b"PATCH /calling/v1/calls/id/call-1 ")
            assert len(platform.requests) == 1

    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        await begin(turns)
        answer = await client.post("/v1/calls/call-1/hangup")
        assert answer.status_code == expected, answer.text

    asyncio.run(all_of_it())


def test_an_engine_without_an_application_can_ask_nothing_of_the_platform(
    library: Library,
) -> None:
    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        unknown = await client.get("/v1/conferences/r/participants?application=other")
        assert (unknown.status_code, KEY in unknown.text) == (422, True)
        await turns.answer(Incoming(app="unsigned", call="c", at="1"), arrived=monotonic())
        assert (await client.get("/v1/calls/c")).json()["application"] == "unsigned"
        assert (await client.get(f"/v1/calls/c?application={KEY}")).status_code == 404
        refused = await client.post("/v1/calls/c/hangup")
        assert (refused.status_code, "no credentials" in refused.text) == (422, True)

    tell(library, MemoryStore(), story)


def test_what_an_edit_changes_is_shown_at_once(library: Library) -> None:
    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        before = (await client.get("/v1/flows/bank")).json()
        await begin(turns)
        flow = library.directory / "bank.flow.yaml"
        flow.write_text("title: Bank\n" + BANK.replace("Goodbye", "Bye"))
        assert library.reload() == ()
        after = (await client.get("/v1/flows/bank")).json()
        assert (after["title"], after["program"] == before["program"]) == ("Bank", False)
        call = (await client.get("/v1/calls/call-1")).json()
        assert (call["program"], call["flow"]) == (before["program"], "bank")

    tell(library, MemoryStore(), story)


def test_a_fault_of_ours_is_a_problem_too(library: Library) -> None:
    class Broken(MemoryStore):
        async def job(self, id: str) -> Job | None:
            raise ZeroDivisionError

    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        answer = await client.get("/v1/jobs/a")
        assert answer.status_code == 500
        assert msgspec.json.decode(answer.content)["detail"].startswith("a fault of the engine")

    tell(library, Broken(), story)


WAITING = """
flow: bank
start: wait
states:
  wait:
    hold: {prompt: One moment., every: 1s}
    on: {signal.ready: {next: bye}}
    timers: [{after: 2m, next: bye}]
  bye: {hangup: }
"""


def test_a_call_that_has_as_many_signals_as_can_wait_is_told_from_one_that_wants_none(
    tmp_path: Path,
) -> None:
    (tmp_path / "app.yaml").write_text("app: bank\nroutes: [{flow: bank}]\n")
    (tmp_path / "bank.flow.yaml").write_text(WAITING)
    opened, checked = Library.open(tmp_path, PLATFORM)
    assert opened is not None, checked.diagnostics

    async def story(client: httpx2.AsyncClient, turns: Turns) -> None:
        await begin(turns)
        where = "/v1/calls/call-1/signals"
        for number in range(MAX_INBOX + 1):  # the first is taken, and leads it elsewhere
            answer = await client.post(f"{where}/ready", json={"id": str(number)})
            assert answer.status_code == 202
        full = await client.post(f"{where}/ready")
        assert full.status_code == 429
        assert full.json()["detail"] == "too many signals wait: ask again later"
        again = await client.post(f"{where}/ready", json={"id": "0"})
        assert again.status_code == 202, "it has had it"

    tell(opened, MemoryStore(), story)
