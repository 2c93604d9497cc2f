"""Sinch's own SDK for Node against the emulator: its requests work, its checks accept callbacks."""

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from emulator.stage import KEY, SECRET
from emulator.test_http import Emulated, emulated

from ivrflow.errors import NotFoundError
from ivrflow.voice import Destination, TtsCallout, VoiceClient

HERE = Path(__file__).parent
NUMBER = "+46850000000"
TO = {"type": "number", "endpoint": "+46850000001"}
COMPARED = ("callId", "status", "result", "reason", "duration", "domain", "to", "custom")
SAY = {"name": "say", "text": "Note.", "locale": "en-US"}


@dataclass
class Application:
    """The SDK's side: what it makes of callbacks, and its requests."""

    client: httpx2.Client

    @property
    def callbacks(self) -> str:
        return str(self.client.base_url.join("/callbacks"))

    def received(self) -> list[dict[str, Any]]:
        """Take the callbacks that have come: `valid`, says the SDK, and its `event`."""
        found: list[dict[str, Any]] = self.client.post("/received").json()
        return found

    def request(self, platform: Emulated, request: str, data: object) -> dict[str, Any]:
        """Let the SDK place a request, `calls.get`; returns `value`, or `status` and `error`."""
        api, method = request.split(".")
        base = str(platform.client.base_url).rstrip("/")
        asked = {"base": base, "api": api, "method": method, "data": data}
        answer = self.client.post("/request", json=asked)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture(scope="module")
def sdk(request: pytest.FixtureRequest) -> Path:
    """The directory with the SDK at the releases of package.json, installed once and kept."""
    wanted = (HERE / "package.json").read_bytes()
    assert request.config.cache is not None
    directory = request.config.cache.mkdir(f"node-sdk-{hashlib.sha256(wanted).hexdigest()[:12]}")
    if not (directory / "complete").exists():
        problem = _install(directory)
        assert not (problem and os.environ.get("IVRFLOW_REQUIRE_NODE")), problem
        if problem:
            pytest.skip(f"SINCH'S SDK FOR NODE IS NOT TRIED: {problem}")
        (directory / "complete").touch()
    shutil.copy(HERE / "application.mjs", directory)
    return directory


def _install(directory: Path) -> str:
    """Install the SDK; returns why that failed, or ""."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        return "node and npm are not installed"
    shutil.copy(HERE / "package.json", directory)
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    options = [*quiet, "--prefer-offline", "--fetch-retries=0"]
    done = subprocess.run(
        [npm, "install", *options], cwd=directory, capture_output=True, text=True, check=False
    )
    return done.stderr if done.returncode else ""


@pytest.fixture(scope="module")
def application(sdk: Path) -> Iterator[Application]:
    environment = {"SINCH_APPLICATION_KEY": KEY, "SINCH_APPLICATION_SECRET": SECRET}
    process = subprocess.Popen(
        [str(shutil.which("node")), "application.mjs"],
        cwd=sdk,
        env={**os.environ, **environment},
        text=True,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process, httpx2.Client(timeout=20) as client:
        client.base_url = httpx2.URL(f"http://127.0.0.1:{int(process.stdout.readline())}")
        yield Application(client)
        process.terminate()


@contextmanager
def platform(application: Application, *options: str) -> Iterator[Emulated]:
    """A platform whose time stands still."""
    rented = ("--speed", "0", "--number", NUMBER)
    with emulated(application.callbacks, *rented, *options) as running:
        application.received()
        yield running


@pytest.fixture(scope="module")
def still(application: Application) -> Iterator[Emulated]:
    with platform(application) as running:
        yield running


@dataclass
class Sdk:
    application: Application
    platform: Emulated

    def __call__(self, request: str, **data: object) -> Any:
        answer = self.application.request(self.platform, request, data)
        assert "value" in answer, answer
        return answer["value"]

    def refused(self, request: str, **data: object) -> tuple[int, int]:
        answer = self.application.request(self.platform, request, data)
        return answer["status"], answer["error"]["errorCode"]

    def call_out(self, method: str, **details: object) -> str:
        """Place a callout and let it be answered."""
        name = f"{method}Callout"
        body = {f"{name}RequestBody": {"method": name, name: {"cli": NUMBER, **details}}}
        call = str(self(f"callouts.{method}", **body)["callId"])
        self.platform.act(call, "pick-up")
        return call


@pytest.fixture
def ask(application: Application, still: Emulated) -> Sdk:
    return Sdk(application, still)


def test_calls_are_placed_told_and_changed(ask: Sdk) -> None:
    call = ask.call_out("tts", destination=TO, text="Hello.", locale="en-US", enableDice=True)
    told = ask("calls.get", callId=call)
    assert (told["status"], told["result"], told["to"]["type"]) == ("ONGOING", "ANSWERED", "Number")
    leg = {"instructions": [SAY], "action": {"name": "continue"}}
    ask("calls.manageWithCallLeg", callId=call, callLeg="both", manageWithCallLegRequestBody=leg)
    ask("calls.update", callId=call, updateCallRequestBody={"action": {"name": "hangup"}})
    told = ask("calls.get", callId=call)
    assert (told["status"], told["reason"]) == ("FINAL", "MANAGERHANGUP")
    assert told["timestamp"].endswith("Z"), "the SDK has read it as a date"


def test_who_called_is_told_with_a_type(ask: Sdk) -> None:
    told = ask("calls.get", callId=ask.platform.call(caller="+46701234567"))
    assert told["from"] == {"type": "Number", "endpoint": "+46701234567"}


def test_custom_callouts_bring_replies_along(ask: Sdk) -> None:
    inline = {"action": {"name": "connectPstn", "number": TO["endpoint"], "cli": NUMBER}}
    call = ask.call_out(
        "custom", ice=json.dumps(inline), ace=json.dumps({"action": {"name": "hangup"}})
    )
    assert ask("calls.get", callId=call)["status"] == "FINAL"


def test_rooms_are_told_changed_and_emptied(ask: Sdk) -> None:
    first, second = (
        ask.call_out("conference", destination=TO, conferenceId="my room", mohClass="music1")
        for _ in range(2)
    )
    room = {"conferenceId": "my room"}
    for command in ("mute", "unmute", "onhold"):
        body = {"command": command, "moh": "music2"}
        ask(
            "conferences.manageParticipant", **room, callId=first, manageParticipantRequestBody=body
        )
    there = ask("conferences.get", **room)["participants"]
    assert [(each["id"], each["onhold"]) for each in there] == [(first, True), (second, False)]
    ask("conferences.kickParticipant", **room, callId=first)
    assert [each["id"] for each in ask("conferences.get", **room)["participants"]] == [second]
    ask("conferences.kickAll", **room)
    assert ask.refused("conferences.get", **room) == (404, 40400)


def test_numbers_and_urls_are_told_and_changed(ask: Sdk) -> None:
    number = {"applicationkey": KEY, "capability": "voice"}
    mine = {"number": NUMBER, **number}
    assert ask("applications.listNumbers") == {"numbers": [mine]}
    ask("applications.unassignNumber", unassignNumbersRequestBody=mine)
    assert "applicationkey" not in ask("applications.listNumbers")["numbers"][0]
    ask("applications.assignNumbers", assignNumbersRequestBody={"numbers": [NUMBER], **number})
    assert ask("applications.listNumbers") == {"numbers": [mine]}
    of = {"applicationkey": KEY}
    urls = ask("applications.getCallbackURLs", **of)
    ask("applications.updateCallbackURLs", **of, updateCallbacksRequestBody=urls)
    assert ask("applications.getCallbackURLs", **of) == urls
    found = ask("applications.queryNumber", number="+46 70 123 45 67")["number"]
    assert (found["countryId"], found["normalizedNumber"]) == ("SE", "+46701234567")


def test_refusals_carry_the_codes_that_the_sdk_types(ask: Sdk) -> None:
    assert ask.refused("calls.get", callId="nowhere") == (404, 40400)
    assert ask.refused("callouts.tts") == (400, 40002)
    assert ask.refused("applications.getCallbackURLs", applicationkey="other") == (400, 40003)


@pytest.mark.parametrize("options", [(), ("--odd",), ("--switch", "scheme=Application")])
def test_the_sdk_accepts_every_callback_and_none_that_is_forged(
    application: Application, options: tuple[str, ...]
) -> None:
    with platform(application, *options) as running:
        call = running.call(caller="+46701234567")
        running.post("/emulator/advance", {"ms": 2_000})
        running.act(call, "press", keys="1")
        running.act(call, "pick-up")
        running.post("/emulator/advance", {"ms": 5_000})
        running.act(call, "hang-up", who="callee")
        running.post("/emulator/advance", {"ms": 60_000})
        came = application.received()
        running.act(call, "forge", event="ice")
        (forged,) = application.received()
    assert all(each["valid"] for each in came)
    assert not forged["valid"]
    told = {each["event"].get("type") or each["event"]["event"]: each["event"] for each in came}
    ice, pie, ace, dice = (told[name] for name in ("ice", "pie", "ace", "dice"))
    assert {each.get("callid") or each["callId"] for each in told.values()} == {call}
    assert all(each["timestamp"] for each in (ice, pie, ace, dice)), "none is an invalid date"
    assert (pie["menuResult"]["value"], pie["menuResult"]["menuId"]) == ("sales", "main")
    assert ace["amd"] == {"status": "human", "reason": "n/a", "duration": 3}
    assert (dice["reason"], dice["result"]) == ("CALLEEHANGUP", "ANSWERED")
    assert dice["cookies"] == [{"key": "step", "value": "menu"}]
    assert "recording_finished" in told
    assert told["recording_available"]["destination"] == "s3://bucket/call.mp3"


def test_digits_are_collected_and_the_reply_to_them_is_heard(
    application: Application, still: Emulated
) -> None:
    call = still.call()
    still.post("/emulator/advance", {"ms": 2_000})
    still.act(call, "press", keys="4711")
    still.post("/emulator/advance", {"ms": 5_000})
    heard = [each["text"] for each in still.entries(call=call) if each["type"] == "heard"]
    assert heard[0] == "Welcome."
    assert heard[-1] == "Goodbye."
    (pie,) = [each["event"] for each in application.received() if each["event"]["event"] == "pie"]
    assert (pie["menuResult"]["type"], pie["menuResult"]["value"]) == ("sequence", "4711")


def as_json(value: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def test_our_own_client_is_told_what_the_sdk_is_told(ask: Sdk) -> None:
    base = str(ask.platform.client.base_url).rstrip("/")

    async def told() -> None:
        async with VoiceClient(KEY, SECRET, base_url=base) as client:
            said = TtsCallout(
                destination=Destination(type="number", endpoint=TO["endpoint"]),
                cli=NUMBER,
                text="Hello.",
            )
            for call in (
                ask.call_out("tts", destination=TO, text="Hello."),
                await client.callouts.tts(said),
            ):
                theirs, ours = ask("calls.get", callId=call), as_json(await client.calls.get(call))
                assert [theirs[key] for key in COMPARED] == [ours[key] for key in COMPARED]
            call = ask.call_out("conference", destination=TO, conferenceId="shared")
            await client.conferences.hold("shared", call)
            theirs = ask("conferences.get", conferenceId="shared")["participants"]
            assert theirs == as_json(await client.conferences.get("shared"))["participants"]
            assert theirs[0]["onhold"]
            assert ask("applications.listNumbers")["numbers"] == as_json(
                await client.numbers.list()
            )
            urls = ask("applications.getCallbackURLs", applicationkey=KEY)["url"]
            assert {"fallback": "", **urls} == as_json(await client.callbacks.get())
            asked = ask("applications.queryNumber", number=TO["endpoint"])["number"]
            assert asked == as_json(await client.numbers.query(TO["endpoint"]))
            with pytest.raises(NotFoundError) as refused:
                await client.calls.get("nowhere")
            status, code = ask.refused("calls.get", callId="nowhere")
            assert (refused.value.status, refused.value.code) == (status, code)

    asyncio.run(told())
