"""The engine behind the emulator: whole calls, in process and over HTTP."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest
from emulator.stage import KEY, NUMBER, SECRET
from emulator.test_http import Emulated, emulated
from generated import flows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from server.conftest import PATH, Served

from ivrflow.emulator.inprocess import InProcess, asgi
from ivrflow.emulator.setup import Application, Inbound, Setup
from ivrflow.emulator.switches import Switches
from ivrflow.emulator.transcript import Ended, Entry, Heard, Joined, Rang, Received, Warned
from ivrflow.errors import EmulatorError
from ivrflow.library import Library
from ivrflow.runtime.turn import Policy, Turns
from ivrflow.server.callbacks import Callbacks
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.signing import Keyring
from ivrflow.store.memory import MemoryStore

ROOT = Path(__file__).parents[2]
APP = Application(key=KEY, secret=SECRET, primary="http://app.example" + PATH, numbers=(NUMBER,))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, first_flow: str) -> Library:
    directory = tmp_path_factory.mktemp("flows")
    (directory / "first.flow.yaml").write_text(first_flow, "utf-8")
    found, _ = Library.open(directory, PLATFORM)
    assert found is not None
    return found


def boxed(library: Library, switches: Switches | None = None) -> InProcess:
    """The engine, as it is served, behind a platform on a simulated clock."""

    def now() -> datetime:
        return datetime.fromtimestamp(box.platform.now / 1000, UTC)

    turns = Turns(library, MemoryStore(), Policy(), now)
    callbacks = Callbacks(turns, Keyring({KEY: SECRET}), now=now)
    setup = Setup(applications=(APP,), switches=switches or Switches())
    box = InProcess(setup, asgi(callbacks))
    return box


def test_a_caller_reaches_sales(library: Library) -> None:
    async def story() -> list[Entry]:
        box = boxed(library)
        call = await box.call(Inbound())
        await box.hear("welcome to acme")
        await box.hear("for sales press 1")
        await box.press(call, "1")
        await box.hear("one moment")
        await box.wait(5_000)
        await box.pick_up(call)
        await box.hang_up(call, "callee")
        return box.platform.transcript

    told = asyncio.run(story())
    assert [each.to for each in told if isinstance(each, Rang)] == ["+46850000001"]
    (ended,) = [each for each in told if isinstance(each, Ended)]
    assert (ended.reason, ended.result) == ("CALLEEHANGUP", "ANSWERED")
    assert not [each for each in told if isinstance(each, Warned)], "nothing that is doubtful"


def test_silence_is_bidden_goodbye(library: Library) -> None:
    async def story() -> InProcess:
        box = boxed(library)
        await box.call()
        for _ in range(3):
            await box.hear("for sales press 1")
        await box.hear("goodbye")
        await box.wait(10_000)
        return box

    (ended,) = [
        each for each in asyncio.run(story()).platform.transcript if isinstance(each, Ended)
    ]
    assert ended.reason == "MANAGERHANGUP"


def test_a_call_takes_a_millisecond_or_two(library: Library) -> None:
    """A thousand scenarios in seconds: some 1 ms a call here, 10 where machines are slow."""

    async def story() -> None:
        box = boxed(library)
        call = await box.call()
        await box.hear("for sales")
        await box.press(call, "1")
        await box.wait(3_000)
        await box.pick_up(call)
        await box.hang_up(call)

    async def stories(times: int) -> float:
        begun = time.perf_counter()
        for _ in range(times):
            await story()
        return (time.perf_counter() - begun) / times

    asyncio.run(stories(5))
    assert asyncio.run(stories(50)) < 0.05


act = st.one_of(
    st.tuples(st.just("press"), st.sampled_from(["1", "2", "*", "7", "12"])),
    st.tuples(st.just("wait"), st.sampled_from(["500", "3000", "20000"])),
    st.tuples(st.just("pick-up"), st.just("")),
    st.tuples(st.just("reject"), st.just("busy")),
    st.tuples(st.just("hang-up"), st.just("caller")),
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=flows(), acts=st.lists(act, max_size=10))
def test_what_lint_passes_the_platform_carries_out_without_a_doubt(
    text: str, acts: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Two readers of one document: what the engine says is what the platform understands."""
    directory = tmp_path_factory.mktemp("generated")
    (directory / "f.flow.yaml").write_text(text, "utf-8")
    found, _ = Library.open(directory, PLATFORM)
    if found is None:
        return
    told = asyncio.run(_in_process(found, acts))
    assert not [each for each in told if each["type"] == "warned"]
    assert not [each for each in told if "callingerror" in json.dumps(each)]


OPEN = [
    Switches(odd=True),
    Switches(timestamps="ticks", scheme="Application", content_type="application/json"),
    Switches(first_menu="mainMenu", naive_split=True, star_tones=True, repeats=0),
    Switches(unanswered_prompts="answer", ace_on_conference=True, dice_per_leg=True),
    Switches(bad_reply="fallback", silent_pie="continue", dice_waits=False),
]


@settings(max_examples=30, deadline=None)
@given(acts=st.lists(act, max_size=6), switches=st.sampled_from(OPEN))
def test_no_call_depends_on_what_the_vendor_leaves_open(
    library: Library, acts: list[tuple[str, str]], switches: Switches
) -> None:
    def met(told: list[dict[str, Any]]) -> list[Any]:
        kinds = ("heard", "rang", "connected", "joined", "ended")
        return [
            {key: value for key, value in entry.items() if key not in ("early", "call")}
            for entry in told
            if entry["type"] in kinds
        ]

    usual = asyncio.run(_in_process(library, acts))
    assert met(asyncio.run(_in_process(library, acts, switches))) == met(usual)


@pytest.mark.parametrize("rule", ["option", "digits"])
def test_an_extension_is_dialled_beside_choices_however_the_platform_reads_them(
    rule: Literal["option", "digits"],
) -> None:
    """3.4: how options and digits go together, no document says"""
    found, _ = Library.open(ROOT / "flows", PLATFORM)
    assert found is not None

    async def dial(keys: str) -> list[Entry]:
        box = boxed(found, Switches(options_with_digits=rule))
        call = await box.call(Inbound(to="+46850000100"))
        await box.hear("if you know the extension")
        await box.press(call, keys)
        await box.wait(20_000)
        return box.platform.transcript

    told = asyncio.run(dial("1003"))
    heard = [each.text for each in told if isinstance(each, Heard)]
    assert any("Connecting you to extension" in each and "1003" in each for each in heard)
    told = asyncio.run(dial("1"))
    assert any("For sales" in each.text for each in told if isinstance(each, Heard))
    told = asyncio.run(dial("3"))
    assert [each for each in told if isinstance(each, Joined)]


# -- in process and over HTTP ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, first_flow: str) -> Iterator[Served]:
    directory = tmp_path_factory.mktemp("emulated")
    (directory / "first.flow.yaml").write_text(first_flow, "utf-8")
    server = Served(directory).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def remote(served: Served) -> Iterator[Emulated]:
    with emulated(served.url + PATH, "--speed", "0", "--number", NUMBER) as running:
        yield running


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(act, max_size=6))
def test_in_process_and_over_http_give_the_same_transcript(
    library: Library, remote: Emulated, acts: list[tuple[str, str]]
) -> None:
    near = asyncio.run(_in_process(library, acts))
    far = _over_http(remote, acts)
    assert _plain(near) == _plain(far)


async def _in_process(
    library: Library, acts: list[tuple[str, str]], switches: Switches | None = None
) -> list[dict[str, Any]]:
    box = boxed(library, switches)
    call = await box.call()
    for name, what in acts:
        try:
            match name:
                case "press":
                    await box.press(call, what)
                case "wait":
                    await box.wait(int(what))
                case "pick-up":
                    await box.pick_up(call)
                case "reject":
                    await box.reject(call)
                case _:
                    await box.hang_up(call, what)
        except EmulatorError:
            continue
    await box.wait(120_000)
    told: list[dict[str, Any]] = json.loads(msgspec.json.encode(box.platform.transcript))
    return told


def _over_http(remote: Emulated, acts: list[tuple[str, str]]) -> list[dict[str, Any]]:
    call = remote.call()
    bodies = {"press": "keys", "hang-up": "who", "reject": "why"}
    for name, what in acts:
        if name == "wait":
            remote.post("/emulator/advance", {"ms": int(what)})
        else:
            body = {bodies[name]: what} if name in bodies else {}
            answer = remote.client.post(f"/emulator/calls/{call}/{name}", json=body)
            assert answer.status_code in (200, 409), answer.text
    remote.post("/emulator/advance", {"ms": 120_000})
    return remote.entries(call=call)


def _plain(told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what names the moment, the call and the place."""
    call, began = told[0]["call"], told[0]["at"]
    text = json.dumps(told).replace(call, "CALL")
    plain: list[dict[str, Any]] = json.loads(text)
    for entry in plain:
        entry["at"] -= began
        entry.pop("url", None)
        if entry["type"] == "sent":
            for key in ("timestamp", "callResourceUrl"):
                entry["body"].pop(key, None)
    return plain


def test_a_whole_call_against_the_real_server(served: Served, remote: Emulated) -> None:
    call = remote.call()
    remote.post("/emulator/advance", {"ms": 2_000})
    remote.act(call, "press", keys="1")
    remote.post("/emulator/advance", {"ms": 2_000})
    assert remote.act(call, "pick-up")["parties"][1]["state"] == "up"
    remote.post("/emulator/advance", {"ms": 10_000})
    shown = remote.act(call, "hang-up", who="callee")
    assert (shown["reason"], shown["result"]) == ("CALLEEHANGUP", "ANSWERED")
    sent = [each["event"] for each in remote.entries(call=call) if each["type"] == "sent"]
    assert sent == ["ice", "pie", "ace", "dice"]
    assert call in served.log


def test_what_is_forged_moves_nothing_and_what_comes_twice_moves_once(remote: Emulated) -> None:
    call = remote.call()
    remote.post("/emulator/advance", {"ms": 2_000})
    remote.act(call, "forge", event="ice")
    remote.act(call, "resend", event="ice")
    first, forged, again = (
        each for each in remote.entries(call=call) if each["type"] == "received"
    )
    assert (forged["status"], forged["body"]) == (401, "")
    assert (again["status"], again["body"]) == (200, first["body"])
    assert not again["used"]
    remote.act(call, "hang-up")


def test_who_hangs_gives_no_answer_until_the_platform_notices(library: Library) -> None:
    async def hang(url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        await asyncio.Event().wait()
        return 200, b""

    async def story() -> InProcess:
        switches = Switches(reply_timeout=50)
        box = InProcess(Setup(applications=(APP,), switches=switches), hang, patience=0.05)
        await box.call()
        assert not [each for each in box.platform.transcript if isinstance(each, Ended)]
        await box.wait(50)
        return box

    told = asyncio.run(story()).platform.transcript
    assert next(each.failure for each in told if isinstance(each, Received)) == (
        "no answer within 50 ms"
    )
    assert [each.reason for each in told if isinstance(each, Ended)] == ["CALLBACKERROR"]


def test_the_engine_refuses_what_was_signed_long_ago(library: Library) -> None:
    box = boxed(library)
    box.signed_at = lambda: box.platform.now - 600_000
    asyncio.run(box.call(Inbound()))
    (ended,) = [each for each in box.platform.transcript if isinstance(each, Ended)]
    assert ended.reason == "CALLBACKERROR"
