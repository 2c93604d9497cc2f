"""Requests to servers of every bad habit: what was sent, how often, and what is known of it."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from servers import Habit, Server, answer, says, server

from ivrflow.errors import (
    NotFoundError,
    NotSentError,
    RequestError,
    ServerError,
    SettingsError,
    TooManyRequestsError,
    UnknownOutcomeError,
    VoiceApiError,
    VoiceError,
)
from ivrflow.outbound.http import MAX_ANSWER
from ivrflow.outbound.repeating import retry_after
from ivrflow.outbound.voice import VoiceClient
from ivrflow.sinch.signing import Keyring
from ivrflow.sinch.svaml import Continue, Hangup, Say, Svaml
from ivrflow.voice import Patience, TtsCallout, number

KEY = "669E367E-6BBA-48AB-AF15-266871C28135"
SECRET = "BeIukql3pTKJ8RGL5zo0DA=="
HELLO = TtsCallout(destination=number("+46850000001"), cli="+46850000000", text="Hello.")
PLACED = b'{"callId":"c-1"}'
KNOWN = b'{"callId":"c-1","status":"FINAL"}'
REFUSED = b'{"errorCode":%d,"message":"No.","reference":"ref-1"}'
BRISK = Patience(timeout=5, budget=10, tries=3, pause=0)
QUICK = Patience(timeout=0.2, budget=10, tries=3, pause=0)

Ask = Callable[[VoiceClient], Awaitable[object]]


async def call_out(client: VoiceClient) -> object:
    return await client.callouts.tts(HELLO)


async def speak(client: VoiceClient) -> None:
    said = Svaml(instructions=(Say(text="Hi."),), action=Continue())
    await client.calls.update("c-1", said)


async def get(client: VoiceClient) -> object:
    return await client.calls.get("c-1")


async def hang_up(client: VoiceClient) -> None:
    await client.calls.hangup("c-1")


async def kick(client: VoiceClient) -> None:
    await client.conferences.kick("room", "c-1")


ONCE, OFTEN = [call_out, speak], [get, hang_up, kick]
ALL = ONCE + OFTEN


def asked(habit: Habit, ask: Ask, patience: Patience = BRISK) -> tuple[object, Server]:
    """Ask a server with a habit; returns the result, or the exception, and the server."""

    async def run() -> tuple[object, Server]:
        async with (
            server(habit) as there,
            VoiceClient(KEY, SECRET, base_url=there.url, patience=patience) as client,
        ):
            try:
                return await ask(client), there
            except VoiceError as error:
                return error, there

    return asyncio.run(asyncio.wait_for(run(), 20))


def in_turn(*answers: bytes) -> Habit:
    """The habit of giving answers one after the other, the last one again and again."""
    left = list(answers)

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(left.pop(0) if len(left) > 1 else left[0])

    return habit


def refuses(status: int, *headers: str) -> bytes:
    return answer(REFUSED % (status * 100), f"{status} No", *headers)


async def close(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def half_close(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write_eof()
    await asyncio.sleep(60)


async def hang(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def break_off(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"callId":')
    await writer.drain()
    writer.transport.abort()


async def babble(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xffnonsense\r\n\r\n")


# -- sent, and no answer --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "habit", [close, half_close, hang, break_off, babble], ids=lambda each: each.__name__
)
@pytest.mark.parametrize("ask", ONCE, ids=lambda each: each.__name__)
def test_what_was_sent_and_may_be_done_is_not_sent_again(habit: Habit, ask: Ask) -> None:
    error, there = asked(habit, ask, QUICK)
    assert isinstance(error, UnknownOutcomeError)
    assert len(there.requests) == 1


@pytest.mark.parametrize("ask", OFTEN, ids=lambda each: each.__name__)
def test_what_does_no_harm_twice_is_asked_again(ask: Ask) -> None:
    error, there = asked(close, ask)
    assert isinstance(error, UnknownOutcomeError)
    assert len(there.requests) == BRISK.tries


def test_a_lost_answer_is_made_up_for_by_the_next_try() -> None:
    closes = iter([True, True, False])

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        if next(closes):
            return writer.transport.abort()
        return writer.write(answer(KNOWN))

    result, there = asked(habit, get)
    assert getattr(result, "status", "") == "FINAL"
    assert len(there.requests) == 3


@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b'{"callId":null}', b"x" * MAX_ANSWER * 2])
def test_an_accepted_callout_whose_answer_names_no_call_may_ring(body: bytes) -> None:
    error, there = asked(says(body), call_out)
    assert isinstance(error, UnknownOutcomeError)
    assert len(there.requests) == 1


def test_a_gateway_that_fails_does_not_know_what_became_of_a_callout() -> None:
    gateway = says(b"<html>", "504 Gateway Timeout")
    error, there = asked(gateway, call_out)
    assert isinstance(error, UnknownOutcomeError)
    assert error.status == 504
    assert len(there.requests) == 1
    assert isinstance(asked(gateway, get)[0], ServerError)


# -- not sent -------------------------------------------------------------------------------------


def test_where_nobody_listens_nothing_was_sent() -> None:
    async def run() -> None:
        async with server(close) as there:
            url = there.url
        async with VoiceClient(KEY, SECRET, base_url=url, patience=BRISK) as client:
            with pytest.raises(NotSentError, match="no connection"):
                await client.callouts.tts(HELLO)

    asyncio.run(run())


def test_a_callout_is_tried_again_as_long_as_nothing_of_it_was_sent() -> None:
    """TLS never comes about, so the request doesn't leave."""

    async def run() -> Server:
        async with server(says(PLACED)) as there:
            url = there.url.replace("http:", "https:")
            async with VoiceClient(KEY, SECRET, base_url=url, patience=QUICK) as client:
                with pytest.raises(NotSentError, match="no answer within 200 ms"):
                    await client.callouts.tts(HELLO)
            return there

    there = asyncio.run(run())
    assert (there.connections, there.requests) == (QUICK.tries, [])


def test_what_could_never_be_asked_is_told_before_anything_is_sent() -> None:
    async def wrong(client: VoiceClient) -> None:
        with pytest.raises(RequestError):
            await client.conferences.kick("room", "")

    assert asked(says(b""), wrong)[1].connections == 0


def test_what_was_sent_once_is_not_called_unsent_because_the_server_is_gone() -> None:
    async def run() -> None:
        met = asyncio.Event()

        async def meet(request: bytes, writer: asyncio.StreamWriter) -> None:
            met.set()
            await asyncio.sleep(60)

        async with AsyncExitStack() as stack:
            async with server(meet) as there:
                client = VoiceClient(KEY, SECRET, base_url=there.url, patience=BRISK)
                await stack.enter_async_context(client)
                asking = asyncio.create_task(client.calls.hangup("c-1"))
                await met.wait()
            with pytest.raises(UnknownOutcomeError, match="no connection"):
                await asking

    asyncio.run(asyncio.wait_for(run(), 20))


# -- refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_callout_that_was_refused_is_the_callers_to_repeat(status: int) -> None:
    error, there = asked(in_turn(refuses(status)), call_out)
    assert isinstance(error, VoiceApiError)
    assert (error.status, error.code, error.reference) == (status, status * 100, "ref-1")
    assert len(there.requests) == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("ask", OFTEN, ids=lambda each: each.__name__)
def test_a_server_that_recovers_is_asked_until_it_has(ask: Ask, status: int) -> None:
    result, there = asked(in_turn(refuses(status, "Retry-After: 0"), answer(KNOWN)), ask)
    assert not isinstance(result, VoiceError)
    assert len(there.requests) == 2


def test_what_is_not_there_is_asked_for_once() -> None:
    error, there = asked(in_turn(refuses(404)), get)
    assert isinstance(error, NotFoundError)
    assert len(there.requests) == 1


def test_a_wait_beyond_the_budget_is_left_to_the_caller() -> None:
    error, there = asked(in_turn(refuses(429, "retry-after: 3600")), get)
    assert isinstance(error, TooManyRequestsError)
    assert error.retry_after == 3600
    assert len(there.requests) == 1


def test_the_server_decides_how_long_the_pause_is() -> None:
    began = datetime.now(UTC)
    _, there = asked(in_turn(refuses(503, "Retry-After: 1"), answer(KNOWN)), get)
    assert len(there.requests) == 2
    assert datetime.now(UTC) - began >= timedelta(seconds=1)


def test_no_redirect_is_followed() -> None:
    """A signed request is for one place"""
    moved = says(b"", "307 Elsewhere", "Location: https://evil.example/")
    error, there = asked(moved, get)
    assert isinstance(error, VoiceApiError)
    assert error.status == 307
    assert "region" in error.help
    assert len(there.requests) == 1


AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("-5", None),
        ("٣", None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 10:01:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 10:01:00", 60.0),
        ("Mon, 23 Nov 2026 10:01:00 -99999999999", None),
        ("Mon, 99 Nov 2026 10:01:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after(text, AT) == seconds


@given(st.text())
def test_no_header_breaks_the_client(text: str) -> None:
    wait = retry_after(text, AT)
    assert wait is None or wait >= 0


# -- how it is sent -------------------------------------------------------------------------------


def test_connections_are_kept_over_regions_too() -> None:
    async def several(client: VoiceClient) -> object:
        for region in ("euc1", "use1", ""):
            await client.at(region).calls.get("c-1")
        return await client.callouts.tts(HELLO)

    result, there = asked(says(PLACED), several)
    assert result == "c-1"
    assert len(there.requests) == 4
    assert there.connections == 1


def test_a_connection_that_the_server_closed_meanwhile_costs_no_callout() -> None:
    async def run() -> int:
        closed = asyncio.Event()

        async def answer_and_close(request: bytes, writer: asyncio.StreamWriter) -> None:
            writer.write(answer(PLACED))
            await writer.drain()
            writer.close()
            await writer.wait_closed()
            closed.set()

        async with (
            server(answer_and_close) as there,
            VoiceClient(KEY, SECRET, base_url=there.url, patience=BRISK) as client,
        ):
            for _ in range(3):
                assert await client.callouts.tts(HELLO) == "c-1"
                await closed.wait()
                closed.clear()
            return there.connections

    assert asyncio.run(asyncio.wait_for(run(), 20)) == 3


HABITS = {
    "close": close,
    "break off": break_off,
    "babble": babble,
    "busy": in_turn(refuses(429, "Retry-After: 0")),
    "down": in_turn(refuses(503)),
    "gateway": says(b"<html>", "502 Bad Gateway"),
    "gone": in_turn(refuses(404)),
    "garbled": says(b"{"),
    "fine": says(KNOWN),
}


@settings(max_examples=60)
@given(st.lists(st.sampled_from(sorted(HABITS)), min_size=1, max_size=4), st.sampled_from(ALL))
def test_whatever_servers_do_nothing_is_done_twice(names: list[str], ask: Ask) -> None:
    left = list(names)

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        await HABITS[left.pop(0) if len(left) > 1 else left[0]](request, writer)

    result, there = asked(habit, ask)
    most = 1 if ask in ONCE else BRISK.tries
    assert 1 <= len(there.requests) <= most
    if ask is call_out:
        assert (names[0] == "fine") is (result == "c-1")
        unknown = {"close", "break off", "babble", "gateway", "garbled"}
        assert (names[0] in unknown) is isinstance(result, UnknownOutcomeError)


def test_the_very_bytes_that_are_sent_are_signed() -> None:
    """5.2; 9.6: an empty line without a body; 9.25: a DELETE with a body"""

    async def several(client: VoiceClient) -> None:
        await client.callouts.tts(TtsCallout(destination=HELLO.destination, text="Grüße, café"))
        await client.calls.get("c-1")
        await client.conferences.kick_all("a room/ä")
        await client.numbers.unassign("+46850000000")

    _, there = asked(says(PLACED), several)
    keyring = Keyring({KEY: SECRET})
    methods = []
    for request in there.requests:
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split()
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        methods.append((method, bool(body)))
        signed = keyring.verify(
            verb=method,
            path=path,
            authorization=headers["authorization"],
            timestamp=headers["x-timestamp"],
            content_type=headers.get("content-type", ""),
            body=body,
        )
        assert signed == KEY
        assert ("content-type" in headers) is bool(body)
        assert headers["accept"] == "application/json"
    assert methods == [("POST", True), ("GET", False), ("DELETE", False), ("DELETE", True)]


def test_basic_sends_the_secret_as_the_dashboard_shows_it() -> None:
    """5.1, 9.3"""

    async def run() -> bytes:
        async with (
            server(says(KNOWN)) as there,
            VoiceClient(KEY, SECRET, base_url=there.url, scheme="basic") as client,
        ):
            await client.calls.get("c-1")
            return there.requests[0]

    sent = asyncio.run(run())
    assert base64.b64encode(f"{KEY}:{SECRET}".encode()) in sent
    assert b"x-timestamp" not in sent.lower()


def test_headers_of_a_callout_go_along() -> None:
    async def call(client: VoiceClient) -> object:
        return await client.callouts.tts(HELLO, headers={"X-CB-Tenant": "blue"})

    (sent,) = asked(says(PLACED), call)[1].requests
    assert b"X-CB-Tenant: blue\r\n" in sent


def test_a_body_is_sent_whole_however_long_it_is() -> None:
    says_much = tuple(Say(text="x" * 600) for _ in range(1000))

    async def update(client: VoiceClient) -> None:
        await client.calls.update("c-1", Svaml(instructions=says_much, action=Hangup()))

    (sent,) = asked(says(b""), update)[1].requests
    assert len(json.loads(sent.partition(b"\r\n\r\n")[2])["instructions"]) == 1000


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"secret": "!"}, "base64"),
        ({"key": ""}, "no application key"),
        ({"key": "a\r\nb"}, "no application key"),
        ({"region": "mars1"}, '"mars1" is no region'),
        ({"base_url": "calling.api.sinch.com"}, "https://"),
        ({"base_url": "http://emulator:3001", "scheme": "basic"}, "show the secret"),
        ({"base_url": "http://169.254.169.254"}, "metadata"),
    ],
)
def test_a_client_that_could_ask_nothing_is_not_made(given: dict[str, str], message: str) -> None:
    whole = {"key": KEY, "secret": SECRET, **given}
    with pytest.raises((SettingsError, RequestError), match=message):
        VoiceClient(**whole)  # type: ignore[arg-type]


def test_a_client_shows_no_secret() -> None:
    client = VoiceClient(KEY, SECRET)
    shown = f"{client!r} {vars(client)!r} {vars(client._repeater)!r}"
    assert SECRET not in shown
    asyncio.run(client.close())
