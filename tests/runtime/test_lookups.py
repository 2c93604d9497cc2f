"""Look-ups of calls, at real servers: the caller is answered in time, and nobody is asked twice."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from servers import Habit, Server, answer, says, server

from ivrflow.errors import ConflictError, UsageError
from ivrflow.library import Library
from ivrflow.machine.events import Digits, Ended, Event, Incoming, MenuHangup, NoInput
from ivrflow.machine.lookups import LookedUp, Lookup
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.outbound.addressing import unsendable
from ivrflow.outbound.http import Http
from ivrflow.outbound.requests import Requests
from ivrflow.runtime.turn import DEADLINE, Policy, Turns
from ivrflow.server.accepting import environment_suffices
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.store.base import Commit, Draft, Place, Store, Turn
from ivrflow.store.memory import Committed, MemoryStore
from ivrflow.store.sqlite import SqliteStore

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}
INCOMING = Incoming(**CALL, at="10:00", caller="+46701234567", called="+46850000000")
KEYED = Digits(**CALL, at="10:01", digits="0123", menu="main")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

FLOW = """\
flow: balance
start: greet
locale: en-US
vars: {account: digits}
requests:
  find:
    params: {id: digits}
    METHOD: "{{ env.BANK }}/accounts/{{ id }}?from={{ id }}"
    headers: {Authorization: "Bearer {{ env.TOKEN }}"}
    timeout: TIMEOUT
    status: {409: taken}
    returns: {balance: integer, name: string?}
  note:
    params: {id: digits}
    post: "{{ env.BANK }}/notes"
    json: {account: "{{ id }}", list: ["{{ id }}", 1]}
    timeout: 1s
states:
  greet:
    collect: {prompt: "Your number?", length: 4, into: account}
    on: {collected: look, no_input: bye}
  look:
    request: {name: find, with: {id: "{{ account }}"}, into: found MEANWHILE}
    on: {ok: tell, error: bye, not_found: again, taken: bye}
  again: {next: [{when: visits.greet < 9, next: greet}, {next: bye}]}
  tell: {request: {name: note, with: {id: "{{ account }}"}}, on: {ok: say, error: bye}}
  say: {say: "You have {{ found.balance }} crowns.", hangup: }
  bye: {say: Our bank is asleep., hangup: }
"""

RICH = b'{"balance": 7, "name": null, "secret": "x"}'


def flow(*, timeout: str = "1s", meanwhile: str = "", method: str = "get") -> str:
    said = f", meanwhile: {meanwhile}" if meanwhile else ""
    text = FLOW.replace(" MEANWHILE", said).replace("TIMEOUT", timeout)
    return text.replace("METHOD", method)


def open_library(directory: Path, text: str) -> Library:
    (directory / "balance.flow.yaml").write_text(text)
    opened, checked = Library.open(directory, PLATFORM)
    assert opened is not None, checked.diagnostics
    return opened


@asynccontextmanager
async def served(library: Library, store: Store, bank: Server) -> AsyncIterator[Turns]:
    environment = {"BANK": bank.url, "TOKEN": "t0ken"}
    async with Http() as http:
        turns = Turns(library, store, Policy(), now=lambda: NOW, asker=Requests(http, environment))
        yield turns
        await turns.drain()


async def send(turns: Turns, event: Event) -> dict[str, Any]:
    found = await turns.answer(event, arrived=monotonic())
    return dict(json.loads(found.body)) if found.body else {}


async def patiently(turns: Turns) -> dict[str, Any]:
    """Hear the prompt of a look-up to its end as often as it is said; returns what follows."""
    for number in range(1_000):
        reply = await send(turns, NoInput(**CALL, at=f"12:{number}", menu="main"))
        if reply["action"]["name"] != "runMenu":
            return reply
        await asyncio.sleep(0.01)
    raise AssertionError("the prompt is said for ever")


def heard(reply: dict[str, Any]) -> str:
    """What the caller hears of a reply: its words, and the prompt of its menu."""
    words = [each["text"] for each in reply.get("instructions", ()) if each["name"] == "say"]
    menus = reply["action"].get("menus", ())
    return " ".join([*words, *[each["mainPrompt"] for each in menus]])


def tell(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


def key_of(request: bytes) -> bytes:
    return request.split(b"Idempotency-Key: ")[1].split(b"\r\n")[0]


def at_paths(**habits: Habit) -> Habit:
    """A server with a habit for each first piece of the path."""

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        piece = request.split(b" ", 2)[1].split(b"/")[1].split(b"?")[0].decode()
        await habits[piece](request, writer)

    return habit


async def hang(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


RICH_BANK = at_paths(accounts=says(RICH), notes=says(b"", "204 No Content"))


def test_a_look_up_goes_on_in_the_same_reply(tmp_path: Path) -> None:
    async def story() -> None:
        library = open_library(tmp_path, flow())
        async with server(RICH_BANK) as bank, served(library, MemoryStore(), bank) as turns:
            await send(turns, INCOMING)
            assert heard(await send(turns, KEYED)) == "You have 7 crowns."
            asked, noted = bank.requests
            assert asked.startswith(b"GET /accounts/0123?from=0123 HTTP/1.1\r\n")
            assert b"Authorization: Bearer t0ken\r\n" in asked
            assert noted.endswith(b'{"account":"0123","list":["0123",1]}')
            keys = {
                each.split(b"Idempotency-Key: ")[1].split(b"\r\n")[0] for each in (asked, noted)
            }
            assert len(keys) == 2

    tell(story)


@pytest.mark.parametrize(
    ("bank", "words"),
    [
        (says(b"", "404 Not Found"), "Your number?"),
        (says(b"", "409 Conflict"), "Our bank is asleep."),
        (says(b"", "500 Oops"), "Our bank is asleep."),
        (says(b'{"balance": "7"}'), "Our bank is asleep."),
        (says(b'{"name": "Ada"}'), "Our bank is asleep."),
        (says(b'{"balance": 7.5}'), "Our bank is asleep."),
        (says(b'{"balance": null}'), "Our bank is asleep."),
    ],
)
def test_every_answer_has_the_author_s_outcome(tmp_path: Path, bank: Habit, words: str) -> None:
    async def story() -> None:
        library = open_library(tmp_path, flow())
        async with server(bank) as running, served(library, MemoryStore(), running) as turns:
            await send(turns, INCOMING)
            assert words in heard(await send(turns, KEYED))

    tell(story)


@pytest.mark.parametrize("waited", [0.0, 1.5])
def test_a_bank_that_hangs_is_the_author_s_error_before_the_caller_gives_up(
    tmp_path: Path, waited: float
) -> None:
    """However long the event has waited in line already."""
    text = flow(timeout="2s").replace("ok: tell", "ok: say")
    text = re.sub(r"(?m)^  tell:.*\n", "", text)

    async def story() -> None:
        library = open_library(tmp_path, text)
        async with server(hang) as bank, served(library, MemoryStore(), bank) as turns:
            await send(turns, INCOMING)
            begun = monotonic() - waited
            found = await turns.answer(KEYED, arrived=begun)
            assert heard(json.loads(found.body)) == "Our bank is asleep."
            assert monotonic() - begun < DEADLINE - 0.3

    tell(story)


def test_a_slow_balance_look_up_never_silences_the_caller(tmp_path: Path) -> None:
    async def story() -> None:
        open_bank = asyncio.Event()

        async def slow(request: bytes, writer: asyncio.StreamWriter) -> None:
            await open_bank.wait()
            writer.write(answer(RICH))

        habit = at_paths(accounts=slow, notes=says(b"", "204 No Content"))
        library = open_library(tmp_path, flow(timeout="10s", meanwhile="One moment."))
        async with server(habit) as bank, served(library, MemoryStore(), bank) as turns:
            await send(turns, INCOMING)
            begun = monotonic()
            waiting = await send(turns, KEYED)
            for second in range(5):
                assert waiting["action"]["name"] == "runMenu"
                assert "One moment." in heard(waiting)
                waiting = await send(turns, NoInput(**CALL, at=f"11:0{second}", menu="main"))
            assert monotonic() - begun < 1, "no reply has waited for the bank"
            open_bank.set()
            assert heard(await patiently(turns)) == "You have 7 crowns."
            assert [each.split(b" ")[0] for each in bank.requests] == [b"GET", b"POST"]

    tell(story)


def test_a_look_up_behind_a_prompt_ends_by_its_own_timeout(tmp_path: Path) -> None:
    async def story() -> None:
        library = open_library(tmp_path, flow(timeout="100ms", meanwhile="One moment."))
        async with server(hang) as bank, served(library, MemoryStore(), bank) as turns:
            await send(turns, INCOMING)
            await send(turns, KEYED)
            assert heard(await patiently(turns)) == "Our bank is asleep."

    tell(story)


class Endless:
    """An asker that never comes back, unless it is told to give up."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.given_up = asyncio.Event()

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        self.begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            self.given_up.set()
        raise AssertionError


@pytest.mark.parametrize("end", [Ended(**CALL, at="11:00"), MenuHangup(**CALL, at="11:00")])
def test_a_call_that_ends_takes_its_look_up_along(tmp_path: Path, end: Event) -> None:
    async def story() -> None:
        library = open_library(tmp_path, flow(timeout="10s", meanwhile="One moment."))
        asker = Endless()
        turns = Turns(library, MemoryStore(), Policy(), now=lambda: NOW, asker=asker)
        await send(turns, INCOMING)
        await send(turns, KEYED)
        await asker.begun.wait()
        assert not asker.given_up.is_set()
        await send(turns, end)
        await asker.given_up.wait()

    tell(story)


@pytest.mark.parametrize(
    ("method", "words"), [("get", "One moment."), ("post", "Our bank is asleep.")]
)
def test_after_a_restart_a_look_up_is_asked_again_under_its_name_or_is_an_error(
    tmp_path: Path, method: str, words: str
) -> None:
    async def story() -> None:
        library = open_library(
            tmp_path, flow(timeout="10s", meanwhile="One moment.", method=method)
        )
        store = await SqliteStore.open(tmp_path / "state.db")
        async with server(hang) as bank:
            async with served(library, store, bank) as turns:
                await send(turns, INCOMING)
                await send(turns, KEYED)
                while not bank.requests:
                    await asyncio.sleep(0)
            async with served(library, store, bank) as turns:
                tick = NoInput(**CALL, at="11:00", menu="main")
                assert words in heard(await send(turns, tick))
                while method == "get" and len(bank.requests) < 2:
                    await asyncio.sleep(0)
            assert len({key_of(each) for each in bank.requests}) == 1
        await store.close()

    tell(story)


class KilledError(BaseException):
    """As if the process were gone."""


class Mortal:
    """An asker in a process that is killed when its look-up number `fatal` is due."""

    def __init__(self, asker: Requests, fatal: int) -> None:
        self.asker = asker
        self.left = fatal

    async def look_up(self, lookup: Lookup, key: str, deadline: float) -> LookedUp:
        self.left -= 1
        if self.left == 0:
            raise KilledError
        return await self.asker.look_up(lookup, key, deadline)


@pytest.mark.parametrize("fatal", [1, 2])
def test_a_turn_killed_at_any_need_and_run_again_replies_the_same_and_asks_nobody_twice(
    tmp_path: Path, fatal: int
) -> None:
    async def story() -> None:
        library = open_library(tmp_path, flow())
        async with server(RICH_BANK) as bank, Http() as http:
            asker = Mortal(Requests(http, {"BANK": bank.url, "TOKEN": "t"}), fatal)
            turns = Turns(library, MemoryStore(), Policy(), now=lambda: NOW, asker=asker)
            await send(turns, INCOMING)
            with pytest.raises(KilledError):
                await send(turns, KEYED)
            assert heard(await send(turns, KEYED)) == "You have 7 crowns."
            assert len(bank.requests) == 2
            assert len({key_of(each) for each in bank.requests}) == 2

    tell(story)


class Contested(MemoryStore):
    """A store in which other processes come first for a while."""

    refusals = 0

    def submit(self, turn: Turn | Draft) -> Commit:
        if not self.refusals:
            return super().submit(turn)
        self.refusals -= 1
        done: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        done.set_exception(ConflictError("another came first"))
        return Committed(done)


def test_a_turn_that_lost_a_race_asks_nobody_twice(tmp_path: Path) -> None:
    async def story() -> None:
        library = open_library(tmp_path, flow())
        store = Contested()
        async with server(RICH_BANK) as bank, served(library, store, bank) as turns:
            await send(turns, INCOMING)
            store.refusals = 2
            assert heard(await send(turns, KEYED)) == "You have 7 crowns."
            assert len(bank.requests) == 2

    tell(story)


COUNTED = """\
flow: counted
start: count
records: {calls: {key: string, value: integer}}
requests:
  find: {params: {n: integer}, get: "{{ env.BANK }}/accounts?n={{ n }}", timeout: 1s}
states:
  count:
    do: [count: {record: calls, key: all, into: n}]
    next: look
  look: {request: {name: find, with: {n: "{{ n }}"}}, on: {ok: again, error: bye}}
  again:
    do: [count: {record: calls, key: all, into: n}]
    say: "Call {{ n }}."
    hangup:
  bye: {hangup: }
"""


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_between_two_counts_a_look_up_is_asked_outside_of_the_transaction(
    tmp_path: Path, kind: str
) -> None:
    async def story() -> None:
        library = open_library(tmp_path, COUNTED)
        sqlite = await SqliteStore.open(tmp_path / "state.db") if kind == "sqlite" else None
        store = sqlite or MemoryStore()
        async with server(RICH_BANK) as bank, served(library, store, bank) as turns:
            for number in (1, 2):
                event = msgspec.structs.replace(INCOMING, call=f"call-{number}")
                assert heard(await send(turns, event)) == f"Call {number * 2}."
            assert [each.split(b" ")[1] for each in bank.requests] == [
                b"/accounts?n=1",
                b"/accounts?n=3",
            ]
        await store.close()

    tell(story)


def test_duplicates_all_at_once_share_one_look_up(tmp_path: Path) -> None:
    async def story() -> None:
        library = open_library(tmp_path, flow())
        async with server(RICH_BANK) as bank, served(library, MemoryStore(), bank) as turns:
            await send(turns, INCOMING)
            replies = await asyncio.gather(*[send(turns, KEYED) for _ in range(20)])
            assert all(each == replies[0] for each in replies)
            assert len(bank.requests) == 2

    tell(story)


@pytest.mark.parametrize("meanwhile", ["", "One moment."])
def test_the_journal_replays_without_the_world_and_holds_no_secret(
    tmp_path: Path, meanwhile: str
) -> None:
    async def story() -> None:
        library = open_library(tmp_path, flow(meanwhile=meanwhile))
        store = MemoryStore()
        async with server(RICH_BANK) as bank, served(library, store, bank) as turns:
            await send(turns, INCOMING)
            await send(turns, KEYED)
            if meanwhile:
                await patiently(turns)
        rows = await store.journal("key", "call-1")
        program = library.current.programs["balance"]
        session: Session = begin(program, INCOMING, params={}, locale="")
        for row in rows:
            event = msgspec.json.decode(row.event, type=Event)
            taken = step(program, session, event, msgspec.json.decode(row.facts, type=Facts))
            assert isinstance(taken, Step)
            assert taken.reply is None or render(taken.reply) == row.reply
            assert b"t0ken" not in row.facts + row.event + row.reply
            assert b'"x"' not in row.facts, "what the author doesn't declare is dropped"
            session = taken.session
        assert "You have 7 crowns." in rows[-1].reply.decode() or not meanwhile

    tell(story)


def test_a_look_up_reads_only_the_environment_that_the_operator_allows(tmp_path: Path) -> None:
    library = open_library(tmp_path, flow())
    assert library.current.environment == {"BANK", "TOKEN"}
    with pytest.raises(UsageError, match=r"env\.TOKEN"):
        library.accept(environment_suffices({"BANK": "https://bank.example"}))


@pytest.mark.parametrize(
    ("bank", "told"),
    [
        ("bank.example", "does not begin with https://"),
        ("", "does not begin with https://"),
        ("https://me:pw@bank.example", "holds a user name"),
        ("http://bank.example", "may be sent over https only"),
        ("https://bank.example", None),
        ("http://localhost:8080/v2", None),
    ],
)
def test_what_the_environment_keeps_from_being_sent_is_known_before_the_first_call(
    tmp_path: Path, bank: str, told: str | None
) -> None:
    text = flow().replace('with: {id: "{{ account }}"}, into', 'with: {id: "{{ call.to }}"}, into')
    text = text.replace("params: {id: digits}\n    get", "params: {id: string}\n    get")
    program = open_library(tmp_path, text).current.programs["balance"]
    found = list(unsendable(program, {"BANK": bank, "TOKEN": "t0ken"}))
    if told is None:
        assert found == []
    else:
        assert told in found[0]
        assert found[0].startswith('"find" in the flow "balance" can\'t be sent: ')
        assert "t0ken" not in found[0]


def test_a_request_of_the_application_is_asked_by_its_flows(tmp_path: Path) -> None:
    shared = """\
app: bank
routes: [{flow: one}]
requests:
  find: {get: "{{ env.BANK }}/accounts", timeout: 1s, returns: {balance: integer}}
  other: {get: "{{ env.OTHER }}/", timeout: 1s}
"""
    (tmp_path / "app.yaml").write_text(shared)
    (tmp_path / "one.flow.yaml").write_text("""\
flow: one
start: look
states:
  look: {request: {name: find, into: found}, on: {ok: tell, error: bye}}
  tell: {say: "You have {{ found.balance }} crowns.", hangup: }
  bye: {hangup: }
""")
    library, checked = Library.open(tmp_path, PLATFORM)
    assert library is not None, checked.diagnostics
    assert library.current.environment == {"BANK"}, "of requests that nobody asks none is read"

    async def story() -> None:
        async with server(RICH_BANK) as bank, served(library, MemoryStore(), bank) as turns:
            assert heard(await send(turns, INCOMING)) == "You have 7 crowns."

    tell(story)


def test_without_a_network_every_look_up_is_an_error(tmp_path: Path) -> None:
    async def story() -> None:
        turns = Turns(open_library(tmp_path, flow()), MemoryStore(), Policy(), now=lambda: NOW)
        await send(turns, INCOMING)
        assert heard(await send(turns, KEYED)) == "Our bank is asleep."

    tell(story)
