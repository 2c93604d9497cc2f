"""The client and the emulated platform, over HTTP: every endpoint, every error, both schemes."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest
from emulator.stage import CONTINUE, HANGUP, KEY, NUMBER, SECRET, menu, say
from emulator.test_http import App, Emulated, emulated

from ivrflow.errors import (
    AuthenticationError,
    BadRequestError,
    ForbiddenError,
    NotEnoughCreditError,
    NotFoundError,
    ServerError,
    TooManyRequestsError,
    VoiceApiError,
    VoiceError,
)
from ivrflow.outbound.voice import VoiceClient
from ivrflow.sinch.credentials import Scheme
from ivrflow.sinch.svaml import Amd, ConnectPstn, Continue, Park, Say, Svaml
from ivrflow.voice import (
    ConferenceCallout,
    Patience,
    TtsCallout,
    number,
    ring_number,
    ring_sip,
    user,
)

TO = "+46850000001"
SPARE = "+46850000002"
HELLO = TtsCallout(destination=number(TO), cli=NUMBER, text="Hello.", locale="en-US")
BRISK = Patience(tries=3, pause=0)

T = TypeVar("T")
Story = Callable[[VoiceClient], Awaitable[T]]


@pytest.fixture(scope="module")
def app() -> App:
    said = say("Hello.", menu("1=return(a)"))
    return App({"ice": said, "ace": said, "pie": HANGUP})


@pytest.fixture(scope="module")
def platform(app: App) -> Iterator[Emulated]:
    """A platform whose time stands still, and that believes what documents describe alone."""
    with app.serve() as url:
        strict = ("--switch", "request-signatures=strict")
        options = ("--speed", "0", "--number", NUMBER, "--number", SPARE, *strict)
        with emulated(url + "/cb", *options) as running:
            yield running


def client_of(platform: Emulated, **given: object) -> VoiceClient:
    whole = {"key": KEY, "secret": SECRET, "patience": BRISK, **given}
    return VoiceClient(base_url=str(platform.client.base_url), **whole)  # type: ignore[arg-type]


def ask(platform: Emulated, story: Story[T], **given: object) -> T:
    async def run() -> T:
        async with client_of(platform, **given) as client:
            return await story(client)

    return asyncio.run(asyncio.wait_for(run(), 20))


def refused(platform: Emulated, story: Story[object], **given: object) -> VoiceError:
    with pytest.raises(VoiceError) as caught:
        ask(platform, story, **given)
    return caught.value


# -- callouts -------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["signed", "basic"])
def test_a_text_is_said_to_who_picks_up(platform: Emulated, scheme: Scheme) -> None:
    call = ask(platform, lambda client: client.callouts.tts(HELLO), scheme=scheme)
    platform.act(call, "pick-up")
    platform.post("/emulator/advance", {"ms": 10_000})
    info = ask(platform, lambda client: client.calls.get(call), scheme=scheme)
    assert (info.call_id, info.status, info.result) == (call, "FINAL", "ANSWERED")
    assert (info.caller, info.to.endpoint) == ("", TO)
    assert info.began is not None
    heard = [each["text"] for each in platform.entries(call=call) if each["type"] == "heard"]
    assert heard == ["Hello."]


def test_a_number_that_is_rung_asks_the_application_from_its_answer_on(
    app: App, platform: Emulated
) -> None:
    """How an engine calls: ICE inline, ACE and PIE and DiCE to the callback URL with its token."""
    connect = ConnectPstn(number=TO, cli=NUMBER, dial_timeout=20, dtmf="w1")
    before = len(app.got)
    headers = {"X-CB-Tenant": "blue"}
    callout = ring_number(connect, custom="token-1")
    call = ask(platform, lambda client: client.callouts.custom(callout, headers))
    platform.act(call, "pick-up")
    platform.post("/emulator/advance", {"ms": 5_000})
    platform.act(call, "press", keys="1")
    posted = [json.loads(body) for _, _, body in app.got[before:]]
    assert [each["event"] for each in posted] == ["ace", "pie", "dice"]
    assert {each["custom"] for each in posted} == {"token-1"}
    assert {headers["x-cb-tenant"] for _, headers, _ in app.got[before:]} == {"blue"}


def test_answering_machines_are_told_apart_before_the_application_is_asked(
    app: App, platform: Emulated
) -> None:
    connect = ConnectPstn(number=TO, cli=NUMBER, amd=Amd(enabled=True))
    callout = ring_number(connect, custom="token-2")
    call = ask(platform, lambda client: client.callouts.custom(callout))
    before = len(app.got)
    platform.act(call, "pick-up", voice="machine")
    platform.post("/emulator/advance", {"ms": 5_000})
    assert json.loads(app.got[before][2])["amd"]["status"] == "machine"


def test_a_sip_address_is_rung(app: App, platform: Emulated) -> None:
    callout = ring_sip("ada@example.com", custom="token-3", cli=NUMBER, max_duration=60)
    call = ask(platform, lambda client: client.callouts.custom(callout))
    before = len(app.got)
    platform.act(call, "pick-up")
    assert json.loads(app.got[before][2])["event"] == "ace"
    rang = next(each for each in platform.entries(call=call) if each["type"] == "rang")
    assert (rang["kind"], rang["to"]) == ("sip", "ada@example.com")


# -- calls ----------------------------------------------------------------------------------------


def test_a_call_is_spoken_to_parked_and_ended(platform: Emulated) -> None:
    call = platform.call()

    async def manage(client: VoiceClient) -> None:
        words = Svaml(instructions=(Say(text="A note.", locale="en-US"),), action=Continue())
        await client.calls.update(call, words, leg="caller")
        await client.calls.update(call, Svaml(action=Park(max_duration=60)))
        await client.calls.hangup(call)

    ask(platform, manage)
    platform.post("/emulator/advance", {"ms": 5_000})
    entries = platform.entries(call=call)
    assert "A note." in [each.get("text") for each in entries]
    info = ask(platform, lambda client: client.calls.get(call))
    assert (info.caller, info.reason) == ("+46701234567", "MANAGERHANGUP")


def test_what_is_over_or_never_was_is_not_found(platform: Emulated) -> None:
    call = platform.call()
    platform.act(call, "hang-up")
    for story in (
        lambda client: client.calls.hangup(call),
        lambda client: client.calls.get("nobody"),
        lambda client: client.conferences.get("nowhere"),
        lambda client: client.conferences.kick("nowhere", call),
    ):
        error = refused(platform, story)
        assert isinstance(error, NotFoundError)
        assert (error.status, error.code) == (404, 40400)
        assert error.reference


# -- conferences ----------------------------------------------------------------------------------


def joined(platform: Emulated, room: str) -> str:
    callout = ConferenceCallout(destination=number(TO), cli=NUMBER, conference_id=room)
    call = ask(platform, lambda client: client.callouts.conference(callout))
    platform.act(call, "pick-up")
    return call


@pytest.mark.parametrize("room", ["room-1", "a room/of our own: ä?"])
def test_participants_are_muted_held_and_put_out(platform: Emulated, room: str) -> None:
    ada, bob, eve = (joined(platform, room) for _ in range(3))

    async def manage(client: VoiceClient) -> list[tuple[bool, bool]]:
        seen = []

        async def look() -> None:
            found = {each.id: each for each in await client.conferences.get(room)}
            seen.append((found[ada].muted, found[ada].onhold))

        for change in (
            client.conferences.mute(room, ada),
            client.conferences.hold(room, ada, "music2"),
            client.conferences.unmute(room, ada),
            client.conferences.resume(room, ada),
        ):
            await change
            await look()
        return seen

    seen = ask(platform, manage)
    assert seen == [(True, False), (True, True), (False, True), (False, False)]
    ask(platform, lambda client: client.conferences.kick(room, eve))
    left = ask(platform, lambda client: client.conferences.get(room))
    assert {each.id for each in left} == {ada, bob}
    ask(platform, lambda client: client.conferences.kick_all(room))
    assert isinstance(refused(platform, lambda client: client.conferences.get(room)), NotFoundError)


# -- numbers and callback URLs --------------------------------------------------------------------


def test_a_number_is_taken_away_and_given_back(platform: Emulated) -> None:
    """9.25: a DELETE with a body"""

    async def move(client: VoiceClient) -> list[str]:
        owners = []
        for change in (
            client.numbers.unassign(SPARE),
            client.numbers.assign([SPARE], KEY, "voice"),
        ):
            await change
            owners += [
                each.applicationkey for each in await client.numbers.list() if each.number == SPARE
            ]
        return owners

    assert ask(platform, move) == ["", KEY]


def test_what_a_number_is_can_be_asked(platform: Emulated) -> None:
    info = ask(platform, lambda client: client.numbers.query("+46701234567"))
    assert (info.country_id, info.number_type) == ("SE", "Mobile")
    assert (info.normalized_number, info.rate.currency_id) == ("+46701234567", "USD")


def test_callback_urls_are_read_and_set(platform: Emulated) -> None:
    async def change(client: VoiceClient) -> list[tuple[str, str]]:
        before = await client.callbacks.get()
        await client.callbacks.set("https://a.example/cb", "https://b.example/cb")
        after = await client.callbacks.get(KEY)
        await client.callbacks.set(before.primary)
        return [(each.primary, each.fallback) for each in (after, before)]

    after, before = ask(platform, change)
    assert after == ("https://a.example/cb", "https://b.example/cb")
    assert before[0].endswith("/cb")


# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40001, BadRequestError),
        (40002, BadRequestError),
        (40003, BadRequestError),
        (40100, AuthenticationError),
        (40101, AuthenticationError),
        (40200, NotEnoughCreditError),
        (40300, ForbiddenError),
        (40400, NotFoundError),
        (42900, TooManyRequestsError),
        (50000, ServerError),
        (50300, ServerError),
    ],
)
def test_a_callout_that_is_refused_is_told_by_the_vendors_code(
    platform: Emulated, code: int, kind: type[VoiceApiError]
) -> None:
    platform.post("/emulator/rest-faults", {"code": code, "path": "/calling/v1/callouts"}, 204)
    error = refused(platform, lambda client: client.callouts.tts(HELLO))
    assert type(error) is kind
    assert (error.status, error.code) == (code // 100, code)


def test_a_read_goes_on_after_a_fault(platform: Emulated) -> None:
    platform.post("/emulator/rest-faults", {"code": 50300, "times": 2}, 204)
    assert ask(platform, lambda client: client.numbers.list())


def test_a_callout_is_not_placed_twice_by_the_client_itself(platform: Emulated) -> None:
    platform.post("/emulator/rest-faults", {"code": 50300, "times": 1}, 204)
    before = len(platform.client.get("/emulator/calls").json()["calls"])
    refused(platform, lambda client: client.callouts.tts(HELLO))
    assert len(platform.client.get("/emulator/calls").json()["calls"]) == before


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"secret": "YXBwU2VjcmV0"}, 40102),
        ({"key": "nobody"}, 40108),
        ({"secret": "YXBwU2VjcmV0", "scheme": "basic"}, 40108),
    ],
)
def test_who_is_not_believed_is_told_what_to_check(
    platform: Emulated, given: dict[str, object], code: int
) -> None:
    error = refused(platform, lambda client: client.numbers.list(), **given)
    assert isinstance(error, AuthenticationError)
    assert error.code == code
    assert "check" in error.help


def test_where_basic_is_refused_and_answers_are_empty() -> None:
    """5.1: 40301; 10: 204"""
    app = App({"ice": say("Hi.", menu("1=return(a)")), "ace": CONTINUE})
    switches = ("--switch", "basic=false", "--switch", "empty-status=204")
    with app.serve() as url, emulated(url, "--speed", "0", *switches) as platform:
        call = platform.call()
        error = refused(platform, lambda client: client.calls.hangup(call), scheme="basic")
        assert isinstance(error, AuthenticationError)
        assert "signed" in error.help
        ask(platform, lambda client: client.calls.hangup(call))


def test_an_apps_user_is_called_into_a_room(platform: Emulated) -> None:
    callout = ConferenceCallout(destination=user("grace"), conference_id="users")
    call = ask(platform, lambda client: client.callouts.conference(callout))
    platform.act(call, "pick-up")
    (there,) = ask(platform, lambda client: client.conferences.get("users"))
    assert there.id == call
