"""Account self-service: a PIN that three tries must find, over all calls and restarts, and a bank
that may be slow. The PIN is the canary, so the whole run is searched for it."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest
from canary import CANARY
from servers import answer, in_thread

ROOT = Path(__file__).parents[2]
CERTIFICATE = ROOT / "tests/localhost.pem"
ACCOUNT, WRONG_PIN = "12345674", "1" * len(CANARY)
BALANCE = {"amount": 1234.5, "currency": "SEK", "as_of": "2026-11-23", "due": None, "secret": "no"}


class Server(Protocol):
    """What the tests do with a server (see `conftest.Served`)."""

    def start(self) -> "Server": ...
    def kill(self) -> None: ...
    def event(self, event: dict[str, object]) -> httpx2.Response: ...


Serve = Callable[..., Server]


@dataclass
class Bank:
    """A bank that knows one PIN. `tries` are the PINs that it was asked about."""

    slow: float = 0.0
    tries: list[str] = field(default_factory=list)

    async def answer(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        if head.startswith(b"POST"):
            pin = json.loads(body)["pin"]
            self.tries.append(pin)
            right = pin == CANARY
            writer.write(answer(b'{"holder": "Ada"}', "200 OK" if right else "403 Forbidden"))
            return
        await asyncio.sleep(self.slow)
        writer.write(answer(json.dumps(BALANCE).encode()))


@dataclass
class Caller:
    """Somebody on the line. `reply` is what the server said last."""

    server: Server
    id: str
    reply: dict[str, Any] = field(default_factory=dict)
    events: int = 0

    def calls(self) -> "Caller":
        to = {"type": "did", "endpoint": "+46850000200"}
        return self.sends({"event": "ice", "cli": "46701234567", "to": to})

    def dials(self, digits: str) -> "Caller":
        return self.enters("sequence", digits)

    def presses(self, key: str) -> "Caller":
        options = self.reply["action"]["menus"][0]["options"]
        (chosen,) = [each["action"] for each in options if each["dtmf"] == key]
        return self.enters("return", chosen.removeprefix("return(").removesuffix(")"))

    def listens(self) -> "Caller":
        return self.enters("timeout")

    def enters(self, type_: str, value: str = "") -> "Caller":
        result = {"type": type_, "menuId": "main", "value": value}
        return self.sends({"event": "pie", "menuResult": result})

    def sends(self, event: dict[str, Any]) -> "Caller":
        self.events += 1
        at = f"2026-11-23T10:00:{self.events:02}Z"
        answered = self.server.event({"callid": self.id, "timestamp": at, **event})
        assert answered.status_code == 200
        self.reply = answered.json()
        return self

    @property
    def heard(self) -> str:
        return json.dumps(self.reply, ensure_ascii=False)


@contextmanager
def served(serve: Serve, bank: Bank) -> Iterator[Server]:
    """The shipped flow, asking `bank` over https for a PIN of many digits."""
    text = (ROOT / "flows/account.flow.yaml").read_text("utf-8")
    certificate = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.load_cert_chain(CERTIFICATE)
    with in_thread(bank.answer, tls=certificate) as running:
        flow = text.replace("https://bank.example.com", running.url)
        flow = flow.replace("length: 4", f"length: {len(CANARY)}")
        yield serve(flow, SSL_CERT_FILE=str(CERTIFICATE))


@pytest.fixture
def bank() -> Bank:
    return Bank()


def test_who_knows_the_pin_hears_the_balance_in_words(serve: Serve, bank: Bank) -> None:
    with served(serve, bank) as server:
        caller = Caller(server, "call-1").calls().dials(ACCOUNT).dials(CANARY)
        assert "Thank you, Ada" in caller.heard
        caller.presses("1")
        while "One moment" in caller.heard:
            caller.listens()
        assert "1234.50 Swedish kronor" in caller.heard
        assert "2026-11-23" in caller.heard


def test_a_number_with_a_wrong_check_digit_is_asked_again(serve: Serve, bank: Bank) -> None:
    with served(serve, bank) as server:
        assert (
            "no account number of ours" in Caller(server, "call-1").calls().dials("12345678").heard
        )
        assert bank.tries == []


def test_a_person_is_one_key_away(serve: Serve, bank: Bank) -> None:
    with served(serve, bank) as server:
        caller = Caller(server, "call-1").calls().dials(ACCOUNT).presses("*")
        assert caller.reply["action"]["number"] == "+46850000009"
        caller = Caller(server, "call-2").calls().dials(ACCOUNT).dials(CANARY).presses("0")
        assert caller.reply["action"]["number"] == "+46850000009"


def test_three_wrong_pins_lock_the_account_for_all_calls_and_restarts(
    serve: Serve, bank: Bank
) -> None:
    with served(serve, bank) as server:
        caller = Caller(server, "call-1").calls().dials(ACCOUNT)
        for _ in range(3):
            assert "locked" not in caller.heard
            caller.dials(WRONG_PIN)
        assert "locked" in caller.heard
        server.kill()
        server.start()
        assert "locked" in Caller(server, "call-2").calls().dials(ACCOUNT).heard
        assert len(bank.tries) == 3


def test_of_calls_at_once_no_more_learn_what_their_pin_was_than_of_one(
    serve: Serve, bank: Bank
) -> None:
    with served(serve, bank) as server, ThreadPoolExecutor(6) as pool:
        callers = [Caller(server, f"call-{number}") for number in range(6)]
        for caller in callers:
            caller.calls().dials(ACCOUNT)
        list(pool.map(lambda caller: caller.dials(WRONG_PIN), callers))
        assert sum("not right" in caller.heard for caller in callers) == 2
        assert sum("locked" in caller.heard for caller in callers) == 4
        assert "locked" in Caller(server, "call-late").calls().dials(ACCOUNT).heard


def test_the_right_pin_forgets_the_tries_before_it(serve: Serve, bank: Bank) -> None:
    with served(serve, bank) as server:
        for number in range(3):
            caller = Caller(server, f"call-{number}").calls().dials(ACCOUNT)
            caller.dials(WRONG_PIN).dials(CANARY)
            assert "Thank you" in caller.heard


def test_a_slow_bank_never_silences_the_caller(serve: Serve) -> None:
    with served(serve, Bank(slow=2.0)) as server:
        caller = Caller(server, "call-1").calls().dials(ACCOUNT).dials(CANARY)
        begun = time.monotonic()
        caller.presses("1")
        assert time.monotonic() - begun < 1
        assert "One moment" in caller.heard
        server.kill()
        server.start()
        deadline = time.monotonic() + 15
        while "One moment" in caller.heard and time.monotonic() < deadline:
            caller.listens()
        assert "1234.50" in caller.heard


def test_a_bank_that_is_down_leads_to_a_person(serve: Serve, bank: Bank) -> None:
    with served(serve, bank) as server:
        caller = Caller(server, "call-1").calls().dials(ACCOUNT)
    caller.dials(CANARY)
    assert "do not answer" in caller.heard
    assert caller.reply["action"]["number"] == "+46850000009"
