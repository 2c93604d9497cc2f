"""Whatever answers, asks or acts: a documented end, the same each time, and no traceback."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import msgspec
from emulator.oddities import junk, reply, story
from emulator.stage import BASIC, FALLBACK, KEY, NUMBER, PRIMARY, SECRET
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrflow.emulator.auth import Request
from ivrflow.emulator.inprocess import InProcess
from ivrflow.emulator.setup import Application, Fault, Inbound, Setup
from ivrflow.emulator.switches import Switches
from ivrflow.emulator.transcript import Ended, Entry, Heard, HungUp, Sent, in_words
from ivrflow.errors import EmulatorError
from ivrflow.machine.events import Unknown
from ivrflow.sinch.parse import parse

APP = Application(key=KEY, secret=SECRET, primary=PRIMARY, fallback=FALLBACK, numbers=(NUMBER,))
Replies = list[bytes | int]
Story = list[tuple[str, str, str]]
CODES = {
    *(40000, 40001, 40002, 40003, 40100, 40101, 40102, 40108, 40200),
    *(40300, 40301, 40400, 40500, 50000, 50300),
}


class Player:
    """Plays a story: replies in turn, acts in turn."""

    def __init__(self, replies: Replies, switches: Switches) -> None:
        self.replies = replies
        self.count = 0
        self.bodies: list[bytes] = []
        setup = Setup(applications=(APP,), switches=switches)
        self.box = InProcess(setup, self.answer)
        self.platform = self.box.platform

    async def answer(self, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        self.bodies.append(body)
        self.count += 1
        made = self.replies[(self.count - 1) % len(self.replies)]
        return (made, b"") if isinstance(made, int) else (200, made)

    async def play(self, inbound: Inbound, acts: Story) -> list[Entry]:
        call = await self.box.call(inbound)
        for name, who, what in acts:
            with suppress(EmulatorError):  # nobody could do that now
                await self.act(call, name, who, what)
        await self.box.wait(120_000)
        return self.platform.transcript

    async def act(self, call: str, name: str, who: str, what: str) -> None:
        platform = self.platform
        match name:
            case "wait":
                await self.box.wait(int(what))
            case "fault":
                platform.inject(msgspec.convert({"kind": who, "event": what}, Fault))
            case "resend":
                platform.resend(call, what)
            case "patch":
                path = f"/calling/v1/calls/id/{call}"
                await self.box.request(
                    Request(
                        method="PATCH",
                        path=path,
                        headers={"authorization": BASIC},
                        body=what.encode(),
                    )
                )
            case "beep" | "hang_up":
                getattr(platform, name)(call, who)
            case "press" | "speak":
                getattr(platform, name)(call, what, who)
            case _:
                getattr(platform, name)(call, who, what)
        await self.box.settle()


replies = st.lists(reply, min_size=1, max_size=5)
inbounds = st.sampled_from(
    [
        Inbound(),
        Inbound(origin="app", caller="ada", to="grace", headers={"a": "b"}),
        Inbound(origin="app", caller="ada", to="room", to_kind="conference"),
        Inbound(origin="sip", caller="a@b", withheld=True),
    ]
)
switches = st.sampled_from(
    [
        Switches(),
        Switches(odd=True, type_ahead=True, unanswered_prompts="unheard", silent_pie="continue"),
        Switches(illegal_svaml="silent", first_menu="mainMenu", unanswered_prompts="answer"),
        Switches(options_with_digits="digits", bad_reply="fallback", dice_per_leg=True),
        Switches(ace_on_conference=True, ace_audience="callee", naive_split=True),
    ]
)


@settings(max_examples=150, deadline=None)
@given(replies=replies, inbound=inbounds, acts=story, switches=switches)
def test_any_reply_and_any_act_has_its_answer(
    replies: Replies, inbound: Inbound, acts: Story, switches: Switches
) -> None:
    player = Player(replies, switches)
    told = asyncio.run(player.play(inbound, acts))
    for entry in told:
        assert in_words(entry)
    assert [each.at for each in told] == sorted(each.at for each in told)
    for body in player.bodies:
        assert not isinstance(parse(body, KEY), Unknown), "the engine knows every event"
    _require_sense(told, 2 if switches.dice_per_leg else 1)


def _require_sense(told: list[Entry], ends: int) -> None:
    over = [place for place, entry in enumerate(told) if isinstance(entry, Ended)]
    assert len(over) <= 1
    gone: set[str] = set()
    first = {each.event for each in told if isinstance(each, Sent) and each.attempt == "primary"}
    for place, entry in enumerate(told):
        if isinstance(entry, HungUp):
            gone.add(entry.who)
        if isinstance(entry, Heard):
            assert entry.who not in gone, "nobody hears anything after hanging up"
            assert not over or place < over[0], "nothing is heard after the end"
    dices = [each for each in told if isinstance(each, Sent) and each.event == "dice"]
    assert len([each for each in dices if each.attempt == "primary"]) <= 2 * ends
    assert "dice" not in first or over, "the end is told when there is one"


@settings(max_examples=50, deadline=None)
@given(replies=replies, inbound=inbounds, acts=story, switches=switches)
def test_the_same_acts_give_the_same_transcript(
    replies: Replies, inbound: Inbound, acts: Story, switches: Switches
) -> None:
    first, second = (asyncio.run(Player(replies, switches).play(inbound, acts)) for _ in range(2))
    assert first == second
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


PATHS = [
    "/calling/v1/callouts",
    "/calling/v1/calls/id/{call}",
    "/calling/v1/calls/id/{call}/leg/both",
    "/calling/v1/conferences/id/room",
    "/calling/v1/conferences/id/room/{call}",
    "/v1/configuration/numbers",
    f"/v1/configuration/callbacks/applications/{KEY}",
    "/v1/calling/query/number/+46",
    "/calling//v1",
    "%2e/../",
    "",
]
headers = st.dictionaries(
    st.sampled_from(["authorization", "x-timestamp", "content-type", "X-CB-a"]),
    st.sampled_from(
        [BASIC, "Basic x", f"Application {KEY}:x", "2026-01-01T09:00:00Z", "\u00e5", ""]
    ),
)
bodies = st.one_of(
    st.binary(max_size=20),
    junk.map(lambda made: json.dumps(made).encode()),
    st.builds(
        lambda method, details: json.dumps({"method": method, method: details}).encode(),
        st.sampled_from(["ttsCallout", "conferenceCallout", "customCallout"]),
        st.dictionaries(
            st.sampled_from(
                [
                    "destination",
                    "cli",
                    "text",
                    "conferenceId",
                    "ice",
                    "ace",
                    "custom",
                    "maxDuration",
                ]
            ),
            junk | st.just({"type": "number", "endpoint": "+46850000001"}) | st.just("x"),
        ),
    ),
)


@settings(max_examples=200, deadline=None)
@given(
    asked=st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "PATCH", "DELETE", "PUT", "brew"]),
            st.sampled_from(PATHS),
            headers | st.just({"authorization": BASIC}),
            bodies,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_request_has_a_documented_answer(asked: list[tuple[Any, ...]]) -> None:
    async def ask() -> None:
        room = {"action": {"name": "connectConf", "conferenceId": "room"}}
        player = Player([json.dumps(room).encode()], Switches())
        call = await player.box.call()
        for method, path, named, body in asked:
            request = Request(
                method=method, path=path.replace("{call}", call), headers=named, body=body
            )
            response = await player.box.request(request)
            answer = json.loads(response.body or b"{}")
            if response.status != 200:
                assert answer["errorCode"] in CODES
                assert response.status == answer["errorCode"] // 100
                assert isinstance(answer["message"], str)
        await player.box.wait(60_000)

    asyncio.run(ask())
