"""Look-ups at real servers: whatever these do, the author's outcome is there in time."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import pytest
from servers import Habit, answer, says, server
from structlog.testing import capture_logs

from ivrflow.addresses import refusal
from ivrflow.expr.types import T, Type
from ivrflow.machine.lookups import Form, Json, LookedUp, Lookup
from ivrflow.outbound.hosts import FAILURES, LIMIT
from ivrflow.outbound.http import Http
from ivrflow.outbound.requests import Requests

CERTIFICATE = Path(__file__).parents[1] / "localhost.pem"
"""A key and a certificate of its own for `localhost`, which nobody else trusts."""

ANYTHING = Type(name=T.OBJECT)
ADA = b'{"name":"Ada"}'


def lookup(url: str, method: str = "GET", **changes: object) -> Lookup:
    fields: dict[str, object] = {"timeout": 300, "returns": ANYTHING, **changes}
    return Lookup(name="find", method=method, url=url, **fields)  # type: ignore[arg-type]


Ask = Callable[[Lookup], Awaitable[LookedUp]]


def told(story: Callable[[Ask], Awaitable[None]], **environment: str) -> None:
    """Run a story in which look-ups can be asked, each with 2 s of patience."""

    async def run() -> None:
        async with Http() as http:
            requests = Requests(http, environment, chance=lambda: 0.0)
            await story(lambda asked: requests.look_up(asked, "key-1", monotonic() + 2))

    asyncio.run(asyncio.wait_for(run(), 20))


async def hang(request: bytes, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drip(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.01)


async def drip_headers(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: 1\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def endless(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def endless_header(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def reset(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def no_http(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example.com ESMTP\r\n")


async def half(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"name":')
    writer.close()


@pytest.mark.parametrize(
    "habit",
    [hang, drip, drip_headers, endless, endless_header, reset, no_http, half],
    ids=lambda habit: habit.__name__,
)
def test_a_server_of_bad_habits_is_an_error_in_time(habit: Habit) -> None:
    async def story(ask: Ask) -> None:
        async with server(habit) as bad:
            begun = monotonic()
            found = await ask(lookup(bad.url, timeout=500))
            assert found.outcome == "error"
            assert found.fault
            assert monotonic() - begun < 0.7

    told(story)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'"x"', b"", b"[" * 100_000, b"\xff"])
def test_what_is_no_object_of_json_is_an_error(body: bytes) -> None:
    async def story(ask: Ask) -> None:
        async with server(says(body)) as odd:
            assert (await ask(lookup(odd.url))).outcome == "error"

    told(story)


def test_a_redirect_is_never_followed() -> None:
    async def story(ask: Ask) -> None:
        async with (
            server(says(ADA)) as other,
            server(says(b"", "302 Found", f"Location: {other.url}/")) as first,
        ):
            assert (await ask(lookup(first.url))).outcome == "error"
            assert other.requests == []

    told(story)


def test_an_answer_comes_over_one_kept_connection() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA)) as good:
            for _ in range(5):
                found = await ask(lookup(good.url))
                assert found == LookedUp(outcome="ok", value={"name": "Ada"})
            assert good.connections == 1
            assert len(good.requests) == 5

    told(story)


def test_look_ups_that_hang_leave_room_for_those_that_follow() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA)) as good, server(hang) as bad:
            await asyncio.gather(*[ask(lookup(bad.url, timeout=100)) for _ in range(200)])
            assert (await ask(lookup(good.url))).outcome == "ok"

    told(story)


def test_ipv6_is_spoken() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA), host="::1") as good:
            assert (await ask(lookup(good.url))).outcome == "ok"
            assert b"Host: [::1]:" in good.requests[0]

    told(story)


def flaky(*statuses: str) -> Habit:
    """Answer with each status in turn, then with the last."""
    left = list(statuses)

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        status = left.pop(0) if len(left) > 1 else left[0]
        if status == "reset":
            writer.transport.abort()
        else:
            writer.write(answer(ADA, status))

    return habit


@pytest.mark.parametrize("status", ["reset", "429 Later", "502 Bad", "503 Down", "504 Late"])
def test_what_may_be_repeated_is_tried_again_with_the_same_key(status: str) -> None:
    async def story(ask: Ask) -> None:
        async with server(flaky(status, "200 OK")) as shaky:
            assert (await ask(lookup(shaky.url, timeout=900))).outcome == "ok"
            assert len(shaky.requests) == 2
            assert all(b"Idempotency-Key: key-1\r\n" in each for each in shaky.requests)

    told(story)


@pytest.mark.parametrize(
    ("method", "retries", "tries"),
    [("POST", None, 1), ("PATCH", None, 1), ("PUT", None, 2), ("GET", 0, 1), ("POST", 2, 3)],
)
def test_only_what_may_be_repeated_is(method: str, retries: int | None, tries: int) -> None:
    async def story(ask: Ask) -> None:
        async with server(flaky("503 Down")) as down:
            found = await ask(lookup(down.url, method, retries=retries))
            assert found.outcome == "error"
            assert len(down.requests) == tries

    told(story)


def test_a_host_that_keeps_failing_is_left_alone() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(b"", "503 Down")) as down:
            for _ in range(FAILURES + 5):
                assert (await ask(lookup(down.url, retries=0))).outcome == "error"
            assert len(down.requests) == FAILURES

    told(story)


def test_one_caller_s_number_does_not_shut_the_others_out() -> None:
    async def story(ask: Ask) -> None:
        async with server(flaky(*["500 Oops"] * FAILURES * 2, "200 OK")) as odd:
            for _ in range(FAILURES * 2):
                assert (await ask(lookup(odd.url))).fault == "status 500"
            assert (await ask(lookup(odd.url))).outcome == "ok"

    told(story)


def test_a_host_that_rested_is_tried_by_one_and_comes_back() -> None:
    now = [0.0]

    async def story() -> None:
        habit = flaky(*["503 Down"] * FAILURES, "200 OK")
        async with Http() as http, server(habit) as down:
            requests = Requests(http, {}, clock=lambda: now[0], chance=lambda: 0.0)
            asked = lookup(down.url, retries=0)
            for _ in range(FAILURES + 1):
                assert (await requests.look_up(asked, "k", now[0] + 2)).outcome == "error"
            now[0] = 60.0
            together = [requests.look_up(asked, "k", now[0] + 2) for _ in range(3)]
            outcomes = sorted([each.outcome for each in await asyncio.gather(*together)])
            assert outcomes == ["error", "error", "ok"]
            assert (await requests.look_up(asked, "k", now[0] + 2)).outcome == "ok"

    asyncio.run(asyncio.wait_for(story(), 20))


def test_no_host_gets_more_than_its_share_at_once() -> None:
    inside, most = [0], [0]

    async def habit(request: bytes, writer: asyncio.StreamWriter) -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        await asyncio.sleep(0.02)
        inside[0] -= 1
        writer.write(answer(ADA))

    async def story(ask: Ask) -> None:
        async with server(habit) as busy:
            found = await asyncio.gather(
                *[ask(lookup(busy.url, timeout=1500)) for _ in range(LIMIT * 2)]
            )
            assert {each.outcome for each in found} == {"ok"}
            assert most[0] <= LIMIT

    told(story)


def test_the_environment_enters_only_what_is_sent_each_place_in_its_own_way() -> None:
    async def run() -> None:
        async with server(says(ADA)) as good:
            environment = {"BASE": good.url + "/", "TENANT": "a/b c", "TOKEN": 's"3\n'}
            async with Http() as http:
                requests = Requests(http, environment)
                asked = lookup(
                    "\x01BASE\x01/t/\x01TENANT\x01",
                    "POST",
                    headers={"Authorization": "Bearer \x01TOKEN\x01"},
                    body=Json(value={"key": "\x01TOKEN\x01", "n": [1, None, "\x01OTHER\x01"]}),
                )
                assert (await requests.look_up(asked, "k", monotonic() + 2)).outcome == "ok"
                head, _, body = good.requests[0].partition(b"\r\n\r\n")
                assert head.startswith(b"POST /t/a%2Fb%20c HTTP/1.1\r\n")
                assert b'Authorization: Bearer s"3\r\n' in head
                assert body == b'{"key":"s\\"3","n":[1,null,""]}'

    asyncio.run(asyncio.wait_for(run(), 20))


def test_a_host_may_be_the_environment_s_and_a_header_the_author_s() -> None:
    async def run() -> None:
        async with server(says(ADA)) as good, Http() as http:
            place = good.url.removeprefix("http://")
            requests = Requests(http, {"HOST": place})
            asked = lookup("http://\x01HOST\x01?a=b", headers={"accept": "text/csv"})
            assert (await requests.look_up(asked, "k", monotonic() + 2)).outcome == "ok"
            assert good.requests[0].startswith(b"GET /?a=b HTTP/1.1\r\n")
            assert good.requests[0].lower().count(b"accept:") == 1

    asyncio.run(asyncio.wait_for(run(), 20))


def test_blanks_around_a_header_are_not_part_of_it() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA)) as good:
            asked = lookup(
                good.url, headers={"X-A": " 1\t", "Authorization": "Bearer \x01NONE\x01"}
            )
            assert (await ask(asked)).outcome == "ok"
            assert b"X-A: 1\r\nAuthorization: Bearer\r\n" in good.requests[0]

    told(story)


def test_a_text_that_no_server_can_be_told_is_an_error() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA)) as good:
            odd = lookup(good.url, "POST", body=Json(value="\ud800"))
            assert (await ask(odd)).outcome == "error"
            assert (await ask(lookup(good.url, headers={"X-A": "\ud800"}))).outcome == "error"

    told(story)


def test_a_form_is_sent_as_forms_are() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(b"", "204 No Content")) as good:
            asked = lookup(good.url, "POST", body=Form(fields={"a": "1&2", "b": "å"}), returns=None)
            assert (await ask(asked)).outcome == "ok"
            assert good.requests[0].endswith(b"\r\n\r\na=1%262&b=%C3%A5")

    told(story)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://100.100.100.200/",
    ],
)
def test_addresses_that_tell_a_machine_s_secrets_are_never_reached(url: str) -> None:
    async def story(ask: Ask) -> None:
        found = await ask(lookup(url))
        assert found.outcome == "error"
        assert found.fault.startswith("the host is")

    told(story)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to each of `answers` in turn; returns the names that are asked for."""
    asked: list[str] = []
    left = list(answers)

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        return [(0, 0, 0, "", (address, port)) for address in left.pop(0)]

    monkeypatch.setattr("socket.getaddrinfo", resolve)
    return asked


def test_a_connection_goes_to_the_address_that_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA)) as good:
            port = good.url.rpartition(":")[2]
            names = resolving(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
            for _ in range(3):
                assert (await ask(lookup(f"http://crm.example:{port}/"))).outcome == "ok"
            assert names == ["crm.example"], "it is resolved once a connection"
            assert f"Host: crm.example:{port}\r\n".encode() in good.requests[0]

    told(story)


@pytest.mark.parametrize("addresses", [["169.254.169.254"], ["127.0.0.1", "169.254.169.254"]])
def test_a_name_that_leads_to_a_refused_address_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    async def story(ask: Ask) -> None:
        resolving(monkeypatch, addresses)
        assert (await ask(lookup("http://crm.example/"))).fault.startswith("the host is")

    told(story)


def test_a_second_address_is_tried_where_the_first_is_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA)) as good:
            port = good.url.rpartition(":")[2]
            resolving(monkeypatch, ["::1", "127.0.0.1"])
            assert (await ask(lookup(f"http://crm.example:{port}/"))).outcome == "ok"

    told(story)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.1.2.3", "192.168.0.1", "fd12::1"])
def test_a_company_s_own_servers_may_be_asked(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize("url", ["ftp://x/", "//x", "http://", "http://a:b@x/", "http://x:y/", ""])
def test_what_is_no_address_is_an_error(url: str) -> None:
    async def story(ask: Ask) -> None:
        assert (await ask(lookup(url))).outcome == "error"

    told(story)


def test_a_secret_does_not_travel_in_clear() -> None:
    async def story(ask: Ask) -> None:
        found = await ask(lookup("http://crm.example/", headers={"Authorization": "\x01TOKEN\x01"}))
        assert found.fault == "an environment variable may be sent over https only"

    told(story, TOKEN="s3")


def test_a_header_that_breaks_out_of_its_line_is_not_sent() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA)) as good:
            found = await ask(lookup(good.url, headers={"X-A": "1\r\nX-B: 2"}))
            assert found.outcome == "error"
            assert good.requests == []

    told(story)


def tls() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def test_https_reaches_the_server_of_that_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    async def story(ask: Ask) -> None:
        async with server(says(ADA), tls=tls()) as good:
            asked = lookup(good.url, headers={"Authorization": "\x01TOKEN\x01"})
            assert (await ask(asked)).outcome == "ok"
            assert b"Authorization: s3\r\n" in good.requests[0]

    told(story, TOKEN="s3")


def test_https_tells_nothing_to_a_server_of_another_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))

    async def story(ask: Ask) -> None:
        async with server(says(ADA), tls=tls()) as other:
            found = await ask(lookup(other.url.replace("localhost", "127.0.0.1")))
            assert found.fault == "no secure connection (CERTIFICATE_VERIFY_FAILED)"
            assert other.requests == []

    told(story)


def test_https_tells_nothing_to_a_server_that_nobody_vouches_for() -> None:
    async def story(ask: Ask) -> None:
        async with server(says(ADA), tls=tls()) as other:
            assert (await ask(lookup(other.url))).outcome == "error"
            assert other.requests == []

    told(story)


def test_no_reason_against_a_request_quotes_what_the_environment_holds() -> None:
    secret = "S3CR3T"
    lookups_ = [
        lookup("https://localhost/", headers={"Authorization": "Bearer \x01BROKEN\x01"}),
        lookup("https://localhost/", headers={"Authorization": "Bearer \x01BYTES\x01"}),
        lookup("https://localhost/", "POST", body=Json(value={"a": "\x01BYTES\x01"})),
        lookup("https://localhost/\x01BYTES\x01"),
        lookup("\x01PORT\x01/"),
        lookup("\x01HOST\x01/"),
        lookup("\x01BROKEN\x01/"),
        lookup("\x01BRACKET\x01/"),
    ]

    async def story(ask: Ask) -> None:
        for each in lookups_:
            with capture_logs() as logs:
                found = await ask(each)
            assert found.outcome == "error"
            assert secret not in f"{found.fault}{logs}", each
            assert "env." in found.fault

    told(
        story,
        BROKEN=f"{secret}\n{secret}",
        BYTES=f"{secret}\udcff",
        PORT=f"https://localhost:{secret}",
        HOST=f"https://{secret}..{secret}",
        BRACKET=f"https://[{secret}",
    )


def test_a_fault_of_the_engine_is_logged_without_the_values_that_met_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("s3cr3t".upper())

    monkeypatch.setattr("ivrflow.outbound.requests.write", failing)

    async def story(ask: Ask) -> None:
        with capture_logs() as logs:
            assert (await ask(lookup("https://localhost/"))).fault == "a fault of the engine"
        assert logs[0]["error"] == "RuntimeError"
        assert "_look_up" in logs[0]["where"]
        assert "S3CR3T" not in str(logs)

    told(story)
