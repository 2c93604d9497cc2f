"""Requests of the REST API as values: reference, sections 4 and 6."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from ivrflow.errors import (
    AuthenticationError,
    BadRequestError,
    ForbiddenError,
    NotEnoughCreditError,
    NotFoundError,
    RequestError,
    ServerError,
    TooManyRequestsError,
    UnknownOutcomeError,
    VoiceApiError,
)
from ivrflow.numbers import is_e164
from ivrflow.sinch import rest, rest_answers
from ivrflow.sinch.limits import REGIONS
from ivrflow.sinch.regions import origin_of, region_of
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import (
    AnyCallout,
    Callout,
    ConferenceCallout,
    CustomCallout,
    Destination,
    TtsCallout,
)
from ivrflow.sinch.ringing import inline, number, ring_number, ring_sip, sip, user
from ivrflow.sinch.svaml import (
    Amd,
    ConferenceDtmfOptions,
    ConnectPstn,
    Continue,
    Hangup,
    Say,
    Svaml,
)

TO = "+46850000001"
CALL = "1ce0ffee-ca11-ca11-ca11-abcdef000053"
SAY = Svaml(instructions=(Say(text="Hello."),), action=Continue())


def told(request: Request[object]) -> tuple[str, str, Any]:
    body = json.loads(request.body) if request.body else None
    return request.method, request.path, body


# -- the wire -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("request_", "method", "path", "body"),
    [
        (rest.get_call(CALL), "GET", f"/calling/v1/calls/id/{CALL}", None),
        (
            rest.hang_up(CALL),
            "PATCH",
            f"/calling/v1/calls/id/{CALL}",
            {"action": {"name": "hangup"}},
        ),
        (
            rest.update_call(CALL, SAY, "both"),
            "PATCH",
            f"/calling/v1/calls/id/{CALL}/leg/both",
            {
                "instructions": [{"name": "say", "text": "Hello."}],
                "action": {"name": "continue"},
            },
        ),
        (rest.get_conference("room"), "GET", "/calling/v1/conferences/id/room", None),
        (
            rest.command("room", CALL, "onhold", "music1"),
            "PATCH",
            f"/calling/v1/conferences/id/room/{CALL}",
            {"command": "onhold", "moh": "music1"},
        ),
        (
            rest.command("room", CALL, "mute"),
            "PATCH",
            f"/calling/v1/conferences/id/room/{CALL}",
            {"command": "mute"},
        ),
        (rest.kick("room", CALL), "DELETE", f"/calling/v1/conferences/id/room/{CALL}", None),
        (rest.kick_all("a room/ä"), "DELETE", "/calling/v1/conferences/id/a%20room%2F%C3%A4", None),
        (rest.list_numbers(), "GET", "/v1/configuration/numbers", None),
        (
            rest.assign_numbers([TO], "app", "sms"),
            "POST",
            "/v1/configuration/numbers",
            {"numbers": [TO], "applicationkey": "app", "capability": "sms"},
        ),
        (
            rest.unassign_number(TO, "app"),
            "DELETE",
            "/v1/configuration/numbers",
            {"number": TO, "applicationkey": "app"},
        ),
        (rest.query_number(TO), "GET", f"/v1/calling/query/number/{TO}", None),
        (
            rest.get_callbacks("app"),
            "GET",
            "/v1/configuration/callbacks/applications/app",
            None,
        ),
        (
            rest.set_callbacks("app", "https://a.example", "https://b.example"),
            "POST",
            "/v1/configuration/callbacks/applications/app",
            {"url": {"primary": "https://a.example", "fallback": "https://b.example"}},
        ),
    ],
    ids=lambda value: value.path if isinstance(value, Request) else None,
)
def test_each_endpoint_is_asked_as_the_vendor_has_it(
    request_: Request[object], method: str, path: str, body: object
) -> None:
    assert told(request_) == (method, path, body)
    assert request_.host == ("calling" if path.startswith("/calling") else "configuration")


def test_the_key_of_a_callouts_details_is_its_method() -> None:
    """4.1"""
    tts = TtsCallout(destination=number(TO), cli=TO, text="Hello.", enable_ace=True)
    assert told(rest.place(tts)) == (
        "POST",
        "/calling/v1/callouts",
        {
            "method": "ttsCallout",
            "ttsCallout": {
                "destination": {"type": "number", "endpoint": TO},
                "cli": TO,
                "text": "Hello.",
                "enableAce": True,
            },
        },
    )
    room = ConferenceCallout(
        destination=user("ada"),
        conference_id="room",
        moh_class="music1",
        conference_dtmf_options=ConferenceDtmfOptions(mode="detect", timeout_mills=3000),
    )
    assert told(rest.place(room))[2] == {
        "method": "conferenceCallout",
        "conferenceCallout": {
            "destination": {"type": "username", "endpoint": "ada"},
            "conferenceId": "room",
            "mohClass": "music1",
            "conferenceDtmfOptions": {"mode": "detect", "timeoutMills": 3000},
        },
    }


def test_a_number_is_rung_by_inline_svaml_and_nothing_beside_it() -> None:
    """4.1, 9.8: a string that holds JSON, with neither destination nor cli"""
    connect = ConnectPstn(
        number=TO,
        max_duration=3600,
        dial_timeout=20,
        cli="private",
        dtmf="ww1#",
        amd=Amd(enabled=True),
    )
    body = told(rest.place(ring_number(connect, custom="token")))[2]
    assert body["method"] == "customCallout"
    assert list(body["customCallout"]) == ["custom", "ice"]
    assert json.loads(body["customCallout"]["ice"]) == {
        "action": {
            "name": "connectPstn",
            "number": TO,
            "maxDuration": 3600,
            "dialTimeout": 20,
            "cli": "private",
            "dtmf": "ww1#",
            "amd": {"enabled": True},
        }
    }


def test_a_sip_address_is_rung_by_its_destination_and_without_svaml() -> None:
    callout = ring_sip("sip:ada@example.com", custom="token", cli=TO, max_duration=60)
    assert told(rest.place(callout))[2]["customCallout"] == {
        "destination": {"type": "sip", "endpoint": "ada@example.com"},
        "cli": TO,
        "custom": "token",
        "maxDuration": 60,
    }


def test_what_may_not_be_asked_twice_is_marked_so() -> None:
    once = [
        rest.place(TtsCallout(destination=number(TO), text="Hello.")),
        rest.place(ring_sip("a@b", custom="")),
        rest.update_call(CALL, SAY),
        rest.update_call(CALL, Svaml(instructions=(Say(text="Bye."),), action=Hangup())),
    ]
    often = [rest.get_call(CALL), rest.hang_up(CALL), rest.kick("r", CALL), rest.kick_all("r")]
    assert not any(each.is_repeatable for each in once)
    assert all(each.is_repeatable for each in often)


# -- what is never sent ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: number("0701234567"), r"\+46850000001"),
        (lambda: number("0046 8 500 000 01"), r"write \+46850000001"),
        (lambda: number("46850000001"), r"write \+46850000001"),
        (lambda: rest.query_number(""), "no number"),
        (lambda: rest.assign_numbers([TO, "12"]), '"12" is no number'),
        (lambda: rest.assign_numbers([]), "numbers: expected"),
        (lambda: rest.unassign_number("+4x"), "no number"),
        (lambda: sip("ada"), "write user@host"),
        (lambda: rest.kick("room", ""), '"" is no call id'),
        (lambda: rest.kick_all(""), "no conference id"),
        (lambda: rest.kick_all(".."), "no conference id"),
        (lambda: rest.get_call("a\nb"), "no call id"),
        (lambda: rest.get_call("\ud800"), "no call id"),
        (lambda: rest.get_conference("r" * 65), "64 characters at most, this one 65"),
        (lambda: rest.get_callbacks(""), "no application key"),
        (lambda: rest.set_callbacks("app", "ftp://x"), "no http or https URL"),
        (lambda: rest.set_callbacks("app", "https://x", "y"), "no http or https URL"),
        (lambda: ring_number(ConnectPstn(), custom=""), "no number to ring"),
        (lambda: ring_number(ConnectPstn(number="12"), custom=""), "no number"),
        (lambda: ring_number(ConnectPstn(number=TO, cli="Acme"), custom=""), 'cli "Acme"'),
        (lambda: ring_number(ConnectPstn(number=TO, dtmf="*"), custom=""), "action.dtmf"),
        (lambda: origin_of("mars1"), "euc1"),
    ],
)
def test_what_the_api_could_never_take_is_told_and_not_sent(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        make()


@pytest.mark.parametrize(
    ("callout", "message"),
    [
        (TtsCallout(destination=number(TO)), "neither"),
        (TtsCallout(destination=number(TO), text="x" * 601), "ttsCallout.text: expected"),
        (TtsCallout(destination=number(TO), text="\ud800"), "half a character"),
        (TtsCallout(destination=number(TO), text="x", cli="0850"), 'cli "0850"'),
        (TtsCallout(destination=number(TO), text="x", custom="ä" * 600), "1024 bytes"),
        (TtsCallout(destination=Destination(type="number", endpoint="12"), text="x"), '"12"'),
        (TtsCallout(destination=user(""), text="x"), "destination.endpoint: expected"),
        (ConferenceCallout(destination=number(TO), conference_id="r" * 65), "conferenceId"),
        (CustomCallout(destination=number(TO), max_duration=14_401), "maxDuration"),
        (CustomCallout(ice="park"), "ice is neither a URL nor SVAML"),
        (CustomCallout(pie="[]"), "pie is neither a URL nor SVAML"),
    ],
)
def test_a_callout_beyond_the_limits_is_not_sent(callout: AnyCallout, message: str) -> None:
    with pytest.raises(RequestError, match=message):
        rest.place(callout)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"X-Tenant": "blue"}, "no header X-CB-"),
        ({"X-CB-": "blue"}, "no header X-CB-"),
        ({"X-CB-" + "a" * 28: "blue"}, "32 characters"),
        ({"X-CB-A": "blå"}, "ASCII"),
        ({"X-CB-A": "a\r\nHost: b"}, "printable"),
        ({"X-CB-A": "a" * 129}, "128"),
        ({f"X-CB-{each}": "a" for each in range(6)}, "only 5"),
    ],
)
def test_headers_that_would_be_dropped_without_a_word_are_told(
    headers: dict[str, str], message: str
) -> None:
    with pytest.raises(RequestError, match=message):
        rest.place(ring_sip("a@b", custom=""), headers)


# -- properties -----------------------------------------------------------------------------------


def optional(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.just(UNSET) | values


texts = st.text(max_size=700)
seconds = st.integers(-1, 20_000)
callouts = st.one_of(
    st.builds(
        TtsCallout,
        destination=st.builds(
            Destination, type=st.sampled_from(["number", "username", "sip"]), endpoint=texts
        ),
        cli=optional(st.sampled_from([TO, "private", "0850"]) | texts),
        dtmf=optional(st.text("0123456789#w*", max_size=9)),
        custom=optional(texts),
        text=optional(texts),
        prompts=optional(st.sampled_from(["#tts[a]", "#tts[", "a.wav;#href[https://b]"])),
        enable_pie=optional(st.booleans()),
    ),
    st.builds(
        ConferenceCallout,
        destination=st.builds(number, st.just(TO)),
        conference_id=st.text(max_size=70),
        greeting=optional(texts),
        moh_class=optional(st.sampled_from(["ring", "music1", "jazz"])),
        max_duration=optional(seconds),
    ),
    st.builds(
        CustomCallout,
        destination=optional(st.builds(number, st.just(TO))),
        custom=optional(st.text("aä€", max_size=1100)),
        max_duration=optional(seconds),
        ice=optional(st.sampled_from(["https://x", inline(SAY), "{"])),
    ),
)


@given(callouts)
def test_a_callout_arrives_as_it_was_meant_and_within_the_limits_or_is_not_sent(
    callout: AnyCallout,
) -> None:
    try:
        sent = rest.place(callout).body
    except RequestError:
        return
    arrived = msgspec.json.decode(sent, type=Callout)
    details = arrived.tts_callout or arrived.conference_callout or arrived.custom_callout
    assert details == callout
    raw = json.loads(sent)[arrived.method]
    assert len(raw.get("text", "")) <= 600
    assert len(raw.get("custom", "").encode()) <= 1024
    assert 1 <= raw.get("maxDuration", 1) <= 14_400
    assert 1 <= len(raw.get("conferenceId", "r")) <= 64
    to = raw.get("destination", {"type": "sip"})
    assert to["type"] != "number" or is_e164(to["endpoint"])


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_name_leads_to_another_place_of_the_api(room: str, call: str) -> None:
    try:
        path = rest.kick(room, call).path
    except RequestError:
        return
    assert path.isascii()
    assert path.isprintable()
    pieces = path.split("/")
    assert pieces[:5] == ["", "calling", "v1", "conferences", "id"]
    assert len(pieces) == 7
    assert not {"", ".", ".."} & set(pieces[5:])
    assert not set("?# ") & set(path)


# -- regions --------------------------------------------------------------------------------------


def test_traffic_goes_to_the_region_and_configuration_to_one_host() -> None:
    """6"""
    call, numbers = rest.get_call("c"), rest.list_numbers()
    assert call.url() == "https://calling.api.sinch.com/calling/v1/calls/id/c"
    assert call.url(region="euc1") == "https://calling-euc1.api.sinch.com/calling/v1/calls/id/c"
    assert numbers.url(region="euc1") == "https://callingapi.sinch.com/v1/configuration/numbers"
    assert call.url(region="euc1", base="http://[::1]:1/") == "http://[::1]:1/calling/v1/calls/id/c"


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("https://calling-use1.api.sinch.com/calling/v1/calls/id/1", "use1"),
        ("https://calling.api.sinch.com/calling/v1/calls/id/1", ""),
        ("https://calling-mars1.api.sinch.com/", ""),
        ("https://evil.example/calling-use1.", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_of_a_resource_url_the_region_is_taken(url: str | None, region: str) -> None:
    assert region_of(url) == region


@given(st.text() | st.from_regex(r"https?://calling-[a-z0-9]+\..*"))
def test_no_callback_can_name_a_host(url: str) -> None:
    """Trust: of `callResourceUrl` only the region is read"""
    host = rest.get_call("c").url(region=region_of(url)).split("/")[2]
    assert host in {"calling.api.sinch.com"} | {f"calling-{each}.api.sinch.com" for each in REGIONS}


# -- answers --------------------------------------------------------------------------------------


def test_what_is_known_of_a_call_is_read_from_the_fixtures() -> None:
    """4.2: capitalised types, no zone"""
    body = {
        "from": "12015555555",
        "to": {"type": "Number", "endpoint": "+12017777777"},
        "domain": "pstn",
        "callId": CALL,
        "duration": 14,
        "status": "FINAL",
        "result": "ANSWERED",
        "reason": "MANAGERHANGUP",
        "timestamp": "2024-01-08T09:48:12",
        "custom": "{}",
        "userRate": {"currencyId": "EUR", "amount": 0.0095},
        "debit": {"currencyId": "EUR", "amount": "0.0095"},
        "news": None,
    }
    info = rest_answers.call_info(json.dumps(body).encode())
    assert (info.caller, info.to.endpoint, info.call_id) == ("12015555555", "+12017777777", CALL)
    assert info.is_over
    assert info.began is not None
    assert info.began.isoformat() == "2024-01-08T09:48:12+00:00"
    assert info.debit.amount == 0.0095
    identity = {**body, "from": {"type": "Number", "endpoint": "+1"}, "timestamp": "now"}
    other = rest_answers.call_info(json.dumps(identity).encode())
    assert (other.caller, other.began) == ("+1", None)


def test_odd_answers_are_read_as_the_vendors_documents_disagree() -> None:
    """8.15, 4.4: wrapper `number` or `numberItem`, absent keys, null"""
    number_info = {"countryId": "SE", "numberType": "Mobile", "normalizedNumber": TO}
    for wrapper in ("number", "numberItem"):
        found = rest_answers.number_info(json.dumps({wrapper: number_info}).encode())
        assert (found.country_id, found.number_type) == ("SE", "Mobile")
    listed = {"numbers": [{"number": TO, "applicationkey": None, "capability": "voice"}]}
    (rented,) = rest_answers.rented_numbers(json.dumps(listed).encode())
    assert (rented.number, rented.applicationkey) == (TO, "")
    assert rest_answers.callbacks(b'{"url":{"primary":"https://a"}}').fallback == ""
    assert rest_answers.call_id(b'{"callid":"1"}') == "1"
    (one,) = rest_answers.conference(b'{"participants":[{"cli":"+46","id":"1","onhold":true}]}')
    assert one.onhold


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b"\xff", b'{"callId":7}', b"{}", b"[" * 500, b"null"]
)
def test_an_answer_that_names_no_call_is_an_unknown_outcome(body: bytes) -> None:
    with pytest.raises(UnknownOutcomeError):
        rest_answers.call_id(body)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_an_unknown_outcome(body: bytes) -> None:
    for read in (rest_answers.call_info, rest_answers.conference, rest_answers.number_info):
        with suppress(UnknownOutcomeError):
            read(body)
    assert rest_answers.refusal(500, body).status == 500


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 40001, BadRequestError),
        (400, 40002, BadRequestError),
        (400, 40003, BadRequestError),
        (401, 40100, AuthenticationError),
        (401, 40108, AuthenticationError),
        (402, 40200, NotEnoughCreditError),
        (403, 40300, ForbiddenError),
        (403, 40301, AuthenticationError),
        (404, 40400, NotFoundError),
        (429, 42900, TooManyRequestsError),
        (500, 50000, ServerError),
        (503, "50300", ServerError),
        (405, 40500, VoiceApiError),
    ],
)
def test_each_code_of_the_vendors_has_its_exception(
    status: int, code: int | str, kind: type[VoiceApiError]
) -> None:
    """4.5: a number, or a string"""
    body = {"errorCode": code, "message": "No.", "reference": "38188074"}
    error = rest_answers.refusal(status, json.dumps(body).encode(), 3.0)
    assert type(error) is kind
    assert (error.status, error.code, error.reference) == (status, int(code), "38188074")
    assert error.retry_after == 3.0
    assert str(error) == f"{code}: No. (reference 38188074)"


def test_a_code_that_is_none_leaves_the_words() -> None:
    error = rest_answers.refusal(400, b'{"errorCode":"parameter","message":"No."}')
    assert (error.code, str(error)) == (0, "400: No.")


def test_a_refusal_without_words_is_told_by_its_status() -> None:
    error = rest_answers.refusal(502, b"<html>Bad gateway</html>")
    assert type(error) is ServerError
    assert (error.code, str(error)) == (
        0,
        "502: the answer has status 502, and no words of Sinch's",
    )
    assert "region" in rest_answers.refusal(307, b"").help
