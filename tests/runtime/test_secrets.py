"""What the store holds of a call with secrets, and what it takes to read it again."""

import asyncio
import hashlib
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from canary import CANARY, holds_canary
from secret_flows import BANK, VAULT

from ivrflow.errors import StoreUnavailableError
from ivrflow.library import Library
from ivrflow.machine.events import (
    Chosen,
    Digits,
    Ended,
    Event,
    Incoming,
    MenuFailed,
    NoMatch,
    identity,
)
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.runtime.vault import Vault
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import Row
from ivrflow.store.memory import MemoryStore

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}
INCOMING = Incoming(**CALL, at="10:00")


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "app.yaml").write_text("app: bank\nroutes: [{flow: bank}]\n")
    (tmp_path / "bank.flow.yaml").write_text(BANK)
    (tmp_path / "vault.flow.yaml").write_text(VAULT)
    opened, checked = Library.open(tmp_path, PLATFORM)
    assert opened is not None, checked.diagnostics
    return opened


def typed(digits: str = CANARY, at: str = "10:01") -> Digits:
    return Digits(**CALL, at=at, digits=digits, menu="main")


def press(value: str, offer: int, at: str = "10:00:30") -> Chosen:
    return Chosen(**CALL, at=at, value=value, offer=offer, menu="main")


async def send(turns: Turns, *events: Event) -> Any:
    """Send events; returns the last reply."""
    bodies = [(await turns.answer(each, arrived=monotonic())).body for each in events]
    assert not any(map(holds_canary, bodies))
    return json.loads(bodies[-1]) if bodies[-1] else None


def tell(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


async def journal(store: MemoryStore) -> tuple[list[Row], list[Any]]:
    rows = await store.journal("key", "call-1")
    return rows, [msgspec.json.decode(row.event, type=Event) for row in rows]


ASKED = (INCOMING, press("ask", 1))


def test_another_process_goes_on_where_the_first_one_stopped(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        await send(Turns(library, store, Policy()), *ASKED, typed())
        stored = await store.load("key", "call-1")
        assert stored is not None
        assert not holds_canary(stored.session)
        assert b"frames" not in stored.session
        reply = await send(Turns(library, store, Policy()), typed(at="10:02"))
        assert "keep it" in json.dumps(reply)

    tell(story)


def test_a_key_of_the_policy_takes_the_place_of_the_stores(library: Library) -> None:
    async def story() -> None:
        store, policy = MemoryStore(), Policy(secret_key=b"k" * 32)
        await send(Turns(library, store, policy), *ASKED, typed())
        ended = await send(Turns(library, store, Policy()), typed(at="10:02"))
        assert ended["action"]["name"] == "hangup", "the store's own key is another"
        reply = await send(Turns(library, store, policy), typed(at="10:03"))
        assert "keep it" in json.dumps(reply)

    tell(story)


def test_what_a_secret_collect_hears_is_kept_as_its_length(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        turns = Turns(library, store, Policy())
        odd = Chosen(**CALL, at="10:04", value=CANARY, menu="main")
        wrong = NoMatch(**CALL, at="10:05", value=CANARY[:5], menu="main")
        await send(turns, *ASKED, typed("12"), odd, wrong)
        await send(turns, MenuFailed(**CALL, at="10:06", value=CANARY))
        rows, events = await journal(store)
        assert not any(holds_canary(row.event + row.facts + row.reply) for row in rows)
        assert [(each.masked, getattr(each, "digits", "")) for each in events[2:3]] == [
            (True, "**")
        ]
        assert [(each.masked, each.value) for each in events[3:]] == [
            (True, "*" * 16),
            (True, "*" * 5),
            (True, "*" * 16),
        ]

    tell(story)


def test_a_secret_that_comes_too_late_is_masked_too(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        turns = Turns(library, store, Policy())
        await send(turns, *ASKED, typed(), typed(at="10:02"), press("done", 4, "10:03"))
        await send(turns, typed(at="10:04"), Ended(**CALL, at="10:05"), typed(at="10:06"))
        _, events = await journal(store)
        assert [each.digits for each in events if isinstance(each, Digits)] == ["*" * 16] * 4

    tell(story)


def test_what_a_menu_without_secrets_hears_is_kept_as_it_is(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        turns = Turns(library, store, Policy())
        await send(turns, INCOMING, typed("912"))
        _, events = await journal(store)
        assert events == [INCOMING, typed("912")]

    tell(story)


def test_a_turn_that_came_too_late_is_masked_in_the_row_of_its_rescue(library: Library) -> None:
    async def story() -> None:
        store = Late()
        await send(Turns(library, store, Policy()), *ASKED)
        store.late = True
        slow = Turns(library, store, Policy(deadline=0.05))
        ended = await send(slow, typed())
        assert ended["action"]["name"] == "hangup"
        await slow.drain()
        rows, events = await journal(store)
        assert [each.digits for each in events if isinstance(each, Digits)] == ["*" * 16] * 2
        assert not any(holds_canary(row.event) for row in rows)

    tell(story)


class Late(MemoryStore):
    """Commits at once, and when it is `late` says so when the caller waits no longer."""

    late = False

    def submit(self, turn: Any) -> Any:
        committed = super().submit(turn)
        if turn.flags or not self.late:
            return committed
        loop, place = asyncio.get_running_loop(), committed.done.result()
        committed.done = loop.create_future()

        def tell() -> None:
            committed.done.set_result(place)

        loop.call_later(0.2, tell)
        return committed


def test_no_key_in_the_store_finds_the_digits_from_their_identity(library: Library) -> None:
    """With the row and the key of the store's identities a short PIN would be found by trying."""

    async def story() -> None:
        store = MemoryStore()
        await send(Turns(library, store, Policy()), *ASKED, typed("1234"))
        rows, _ = await journal(store)
        for key in (store.identity_key, b""):
            tried = (
                hashlib.blake2b(identity(event).encode(), digest_size=16, key=key).digest()
                for event in (typed(f"{number:04}") for number in range(10_000))
            )
            assert rows[-1].key not in tried

    tell(story)


def test_a_duplicate_is_known_again(library: Library) -> None:
    async def story() -> None:
        store = MemoryStore()
        turns = Turns(library, store, Policy())
        first = await send(turns, *ASKED, typed())
        assert await send(turns, typed()) == first
        assert await send(Turns(library, store, Policy()), typed()) == first
        assert len((await journal(store))[0]) == 3

    tell(story)


def test_what_is_sealed_opens_for_its_own_call_and_key_alone() -> None:
    vault, call = Vault(lambda: b"k" * 32), ("key", "call-1")
    sealed = vault.seal(call, b"{}")
    assert vault.open(call, sealed) == b"{}"
    assert vault.seal(call, b"{}") != sealed
    assert vault.open(call, b"{}") == b"{}", "what was never sealed stays as it is"
    other = Vault(lambda: b"o" * 32)
    for who, content, opener in (
        (("key", "call-2"), sealed, vault),
        (call, sealed[:-1] + bytes([sealed[-1] ^ 1]), vault),
        (call, sealed[:9], vault),
        (call, sealed[:1], vault),
        (call, sealed, other),
    ):
        with pytest.raises(StoreUnavailableError, match="another key"):
            opener.open(who, content)


def test_a_program_without_secrets_asks_for_no_key(tmp_path: Path, first_flow: str) -> None:
    (tmp_path / "first.flow.yaml").write_text(first_flow)
    opened, _ = Library.open(tmp_path, PLATFORM)
    assert opened is not None

    class Keyless(MemoryStore):
        def secret_key(self) -> bytes:
            raise AssertionError("nobody needs it")

    async def story() -> None:
        store = Keyless()
        await send(Turns(opened, store, Policy()), INCOMING)
        stored = await store.load("key", "call-1")
        assert stored is not None
        assert stored.session.startswith(b"{")

    tell(story)


def test_a_server_without_secrets_never_loads_the_cipher(tmp_path: Path, first_flow: str) -> None:
    """It costs a start tens of milliseconds."""
    (tmp_path / "first.flow.yaml").write_text(first_flow)
    program = f"""
import asyncio, sys
from pathlib import Path
from time import monotonic
import ivrflow.server.run
from ivrflow.library import Library
from ivrflow.machine.events import Incoming
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.memory import MemoryStore

library, _ = Library.open(Path({str(tmp_path)!r}), PLATFORM)

async def call():
    turns = Turns(library, MemoryStore(), Policy())
    await turns.answer(Incoming(app="key", call="call-1"), arrived=monotonic())

asyncio.run(call())
sys.exit("cryptography" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
