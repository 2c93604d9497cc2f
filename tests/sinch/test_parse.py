"""Callbacks to events: as documented, as seen in the wild, and as nobody should send them."""

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.errors import CallbackError
from ivrflow.machine import events
from ivrflow.sinch.parse import parse

ICE = {
    "event": "ice",
    "callid": "1ce0ffee",
    "callResourceUrl": "https://calling-use1.api.sinch.com/calling/v1/calls/id/1ce0ffee",
    "timestamp": "2024-06-06T17:20:14Z",
    "version": 1,
    "userRate": {"currencyId": "USD", "amount": 0.0},
    "cli": "12015555555",
    "to": {"type": "did", "endpoint": "+12017777777"},
    "domain": "pstn",
    "applicationKey": "f00dcafe",
    "originationType": "PSTN",
    "rdnis": "",
}


def read(callback: object) -> events.Event:
    return parse(json.dumps(callback).encode(), "key")


def incoming(**changed: object) -> events.Incoming:
    event = read({**ICE, **changed})
    assert isinstance(event, events.Incoming)
    return event


def pie(**result: object) -> events.Event:
    return read({"event": "pie", "callid": "c", "timestamp": "t", "menuResult": result})


def test_the_documented_ice() -> None:
    assert incoming() == events.Incoming(
        app="key",
        call="1ce0ffee",
        at="2024-06-06T17:20:14Z",
        caller="+12015555555",
        called="+12017777777",
        domain="pstn",
        region="use1",
    )


@pytest.mark.parametrize("cli", ["private", "", "Anonymous", None])
def test_a_withheld_caller_is_nobody(cli: str | None) -> None:
    assert incoming(cli=cli).caller is None


def test_numbers_without_plus_and_with_names_are_numbers() -> None:
    assert incoming(cli="Ada <+46701234567>").caller == "+46701234567"
    assert incoming(to={"type": "Number", "endpoint": "46850000000"}).called == "+46850000000"
    assert incoming(rdnis="0046850000000").redirected_from == "+46850000000"


def test_the_user_of_an_app_is_a_caller() -> None:
    event = incoming(originationType="MXP", user="ada", cli="", to={"type": "Username"})
    assert (event.domain, event.caller) == ("app", "ada")


def test_a_dialled_room_is_a_room() -> None:
    event = incoming(originationType="mxp", to={"type": "conference", "endpoint": "weekly"})
    assert (event.domain, event.called, event.room) == ("conference", "weekly", "weekly")


def test_either_spelling_of_the_call_id_is_read() -> None:
    assert read({"event": "ace", "callId": "c"}).call == "c"
    assert read({"event": "ace", "callId": "b", "callid": "a"}).call == "a"


def test_the_body_cannot_name_another_application() -> None:
    assert incoming(applicationKey="someone-else").app == "key"


@pytest.mark.parametrize(
    ("result", "event"),
    [
        ({"type": "return", "value": "sales.7"}, events.Chosen),
        ({"type": "Return", "value": "sales"}, events.Chosen),
        ({"type": "sequence", "value": "1234"}, events.Digits),
        ({"type": "timeout"}, events.NoInput),
        ({"type": "invalidinput"}, events.NoMatch),
        ({"type": "hangup"}, events.MenuHangup),
        ({"type": "error"}, events.MenuFailed),
        ({"type": "surprise"}, events.MenuFailed),
        ({}, events.MenuFailed),
    ],
)
def test_every_menu_result_is_an_event(result: dict[str, object], event: type) -> None:
    assert isinstance(pie(**result), event)


def test_a_choice_tells_which_offer_it_answers() -> None:
    event = pie(type="return", value="v1.2.17", menuId="main", inputMethod="voice")
    assert isinstance(event, events.Chosen)
    assert (event.value, event.offer, event.spoken) == ("v1.2", 17, True)


def test_the_end_is_told_in_our_words() -> None:
    event = read({"event": "dice", "callid": "c", "reason": "CALLERHANGUP", "result": "NOANSWER"})
    assert isinstance(event, events.Ended)
    assert (event.reason, event.result) == ("caller_hangup", "no_answer")
    other = read({"event": "dice", "callid": "c", "reason": "SOLARFLARE", "result": "N/A"})
    assert isinstance(other, events.Ended)
    assert (other.reason, other.result) == ("solarflare", "")


def test_a_duration_beyond_all_numbers_is_none() -> None:
    event = parse(b'{"event": "dice", "callid": "c", "duration": 1e300}', "key")
    assert isinstance(event, events.Ended)
    assert event.duration == 0


def test_machine_detection_is_told_in_our_words() -> None:
    event = read({"event": "ace", "callid": "c", "amd": {"status": "NotSure", "reason": "n/a"}})
    assert event == events.Answered(app="key", call="c", amd="unsure")


def test_an_answer_may_say_where_the_call_lives() -> None:
    url = "https://calling-euc1.api.sinch.com/calling/v1/calls/id/c"
    event = read({"event": "ace", "callid": "c", "callResourceUrl": url})
    assert event == events.Answered(app="key", call="c", region="euc1")
    elsewhere = read({"event": "ace", "callid": "c", "callResourceUrl": "https://evil.example/"})
    assert elsewhere == events.Answered(app="key", call="c")


def test_notices_need_no_timestamp() -> None:
    event = read({"event": "notify", "callid": "c", "type": "callingerror", "errorCode": "40001"})
    assert isinstance(event, events.Notified)
    assert (event.type, event.error_code) == ("calling_error", 40001)


@pytest.mark.parametrize(
    "odd",
    [
        {"duration": "0"},
        {"duration": None},
        {"version": "one"},
        {"version": 10**400},
        {"userRate": []},
        {"cli": 46701234567},
        {"callHeaders": "none"},
        {"event": "ICE"},
        {"cookies": {"a": 1}},
        {"surprise": {"nested": [1]}},
        {"conferenceId": None, "custom": None},
    ],
    ids=repr,
)
def test_odd_fields_never_cost_the_call(odd: dict[str, object]) -> None:
    event = incoming(**odd)
    assert event.called == "+12017777777"


def test_an_event_that_nobody_knows_is_known_as_such() -> None:
    assert read({"event": "news", "callid": "c"}) == events.Unknown(
        app="key", call="c", name="news"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"7",
        b'"ice"',
        b"{}",
        b'{"event": 7, "callid": "c"}',
        b'{"event": "ice"}',
        b'{"event": "ice", "callid": ""}',
        b'{"event": "ice", "callid": {"a": 1}}',
        b'{"event": "ice", "callid": "' + b"x" * 300 + b'"}',
        b'{"event": "ice", "callid": "\\ud800"}',
        b"[" * 5000,
        bytes(range(256)),
    ],
    ids=lambda body: repr(body[:30]),
)
def test_what_is_no_callback_is_refused(body: bytes) -> None:
    with pytest.raises(CallbackError):
        parse(body, "key")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
FIELDS = ["cli", "to", "menuResult", "amd", "type", "timestamp", "domain", "callHeaders", "rdnis"]


@given(
    st.sampled_from(["ice", "ace", "pie", "dice", "notify", "Pie", "else"]),
    st.dictionaries(st.sampled_from(FIELDS), JSON),
)
def test_any_callback_with_a_call_id_is_an_event(name: str, fields: dict[str, object]) -> None:
    event = read({"event": name, "callid": "c", **fields})
    assert event.call == "c"
    kept = msgspec.json.encode(event)
    assert msgspec.json.decode(kept, type=events.Event) == event


@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_refused(body: bytes) -> None:
    with suppress(CallbackError):
        assert parse(body, "key").call
