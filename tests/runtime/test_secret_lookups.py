"""Secrets that look-ups send and bring: over https, and nowhere else."""

import asyncio
import json
import ssl
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from canary import CANARY, holds_canary
from servers import says, server

from ivrflow.checking import check_text
from ivrflow.library import Library
from ivrflow.machine.events import Digits, Event, Incoming, NoInput
from ivrflow.outbound.http import Http
from ivrflow.outbound.requests import Requests
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import Turn
from ivrflow.store.memory import MemoryStore

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"
CALL: dict[str, Any] = {"app": "key", "call": "call-1"}
SECRET = "{type: digits, secret: true}"

LOGIN = """
flow: login
start: ask
vars: {pin: SECRET}
requests:
  log_in:
    params: {pin: SECRET}
    post: "URL/login"
    headers: {X-Pin: "{{ pin }}", Authorization: "Pin {{ pin }}"}
    json: {pin: "{{ pin }}", told: ["as {{ pin }}"]}
    timeout: 1s
    returns: {token: SECRET, name: string}
states:
  ask:
    collect: {prompt: "Your code?", min: 4, max: 20, into: pin}
    on: {collected: look, no_input: bye, invalid: bye}
  look:
    request: {name: log_in, with: {pin: "{{ pin }}"}, into: who MEANWHILE}
    on: {ok: [{when: who.token == pin, next: tell}, {next: bye}], error: bye}
  tell: {say: "Hello {{ who.name }}.", hangup: }
  bye: {say: Goodbye., hangup: }
""".replace("SECRET", SECRET)


def flow(url: str, meanwhile: str = "") -> str:
    return LOGIN.replace("URL", url).replace(" MEANWHILE", meanwhile)


async def send(turns: Turns, event: Event) -> Any:
    body = (await turns.answer(event, arrived=monotonic())).body
    assert not holds_canary(body)
    return json.loads(body)


@pytest.mark.parametrize("meanwhile", ["", ", meanwhile: One moment."])
def test_it_goes_to_the_other_server_and_leaves_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    token = json.dumps({"token": CANARY, "name": "Ada"}).encode()

    async def story() -> None:
        async with server(says(token), tls=tls) as bank, Http() as http:
            (tmp_path / "login.flow.yaml").write_text(flow(bank.url, meanwhile))
            library, checked = Library.open(tmp_path, PLATFORM)
            assert library is not None, checked.diagnostics
            store = MemoryStore()
            turns = Turns(library, store, Policy(), asker=Requests(http, {}))
            await send(turns, Incoming(**CALL, at="0"))
            reply = await send(turns, Digits(**CALL, at="1", digits=CANARY, menu="main"))
            for number in range(500):
                if reply["action"]["name"] != "runMenu":
                    break
                await asyncio.sleep(0.01)
                reply = await send(turns, NoInput(**CALL, at=f"2.{number}", menu="main"))
            assert reply["instructions"][0]["text"] == "Hello Ada."
            assert holds_canary(bank.requests[0])
            await turns.drain()
            rows = await store.journal("key", "call-1")
            stored = await store.load("key", "call-1")
            assert stored is not None
            kept = [stored.session, *(row.event + row.facts + row.reply for row in rows)]
            assert not any(map(holds_canary, kept))
            facts = [msgspec.json.decode(row.facts) for row in rows]
            answers = [each for fact in facts for each in fact.get("answers", ())]
            told = [each["value"] for each in answers if "value" in each]
            assert told == [{"token": "*" * 16, "name": "Ada"}]

    asyncio.run(asyncio.wait_for(story(), 30))


def codes(text: str) -> list[str]:
    return [found.code for found in check_text("login.flow.yaml", text, PLATFORM).diagnostics]


def test_over_https_it_may_go_in_body_and_headers_but_in_no_address() -> None:
    assert codes(flow("https://bank.example")) == []
    assert codes(flow("https://{{ env.BANK }}")) == []
    assert codes(flow("https://bank.example/{{ pin }}")) == ["E803"]


@pytest.mark.parametrize("url", ["http://localhost:8080", "{{ env.BANK }}"])
def test_where_the_address_says_no_https_it_goes_nowhere(url: str) -> None:
    assert set(codes(flow(url))) == {"E803"}


def test_what_comes_back_secret_is_not_spoken() -> None:
    text = flow("https://bank.example").replace("{{ who.name }}", "{{ who.token }}")
    assert codes(text) == ["E803"]


def test_a_request_takes_a_secret_as_one_only() -> None:
    declared = f"params: {{pin: {SECRET}}}"
    text = flow("https://bank.example").replace(declared, "params: {pin: digits}")
    assert codes(text) == ["E805"]


def test_an_answer_is_kept_in_what_is_declared_secret() -> None:
    text = flow("https://bank.example").replace("vars: {pin", "vars: {who: object, pin")
    assert "E805" in codes(text)


class Late(MemoryStore):
    """When it is `late`, it tells what became of a turn when the caller waits no longer."""

    late = False

    def submit(self, turn: Any) -> Any:
        committed = super().submit(turn)
        if not self.late or isinstance(turn, Turn):
            return committed
        loop, fault = asyncio.get_running_loop(), committed.done.exception()
        assert fault is not None
        committed.done = loop.create_future()

        def tell() -> None:
            committed.done.set_exception(fault)

        loop.call_later(0.2, tell)
        return committed


def test_what_was_typed_is_masked_too_where_the_turn_was_never_made(tmp_path: Path) -> None:
    counted = "do: [count: {record: tries}]\n    request:"
    text = flow("https://bank.example").replace("request:", counted)
    text = text.replace("start: ask", "start: ask\nrecords: {tries: {value: integer}}")
    (tmp_path / "login.flow.yaml").write_text(text)
    library, checked = Library.open(tmp_path, PLATFORM)
    assert library is not None, checked.diagnostics

    async def story() -> None:
        store = Late()
        await send(Turns(library, store, Policy()), Incoming(**CALL, at="0"))
        store.late = True
        turns = Turns(library, store, Policy(deadline=0.05))
        typed = Digits(**CALL, at="1", digits=CANARY, menu="main")
        assert (await send(turns, typed))["action"]["name"] == "hangup"
        await turns.drain()
        *_, last = await store.journal("key", "call-1")
        assert msgspec.json.decode(last.event, type=Event) == msgspec.structs.replace(
            typed, digits="*" * 16, masked=True
        )

    asyncio.run(asyncio.wait_for(story(), 30))
