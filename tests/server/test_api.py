"""The management API: what it shows of a running engine, what it changes, what it refuses."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import msgspec
import pytest
from canary import CANARY
from server.conftest import KEY, Serve
from server.managed import BEARER, Managed, managed

from ivrflow.server.api.routes import TABLE, described

DOCUMENT: dict[str, Any] = json.loads(msgspec.json.encode(described()))

CALLER = "+46701234501"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Managed]:
    with managed(tmp_path_factory.mktemp("house")) as running:
        yield running


def pages(house: Managed, path: str, name: str, **query: str) -> list[Any]:
    """Return all of a list, page by page."""
    found: list[Any] = []
    page = house.get(path, **query)
    while page["next"] is not None:
        found += page[name]
        page = house.get(path, **query, cursor=page["next"])
    return [*found, *page[name]]


def problem(answer: httpx2.Response, status: int) -> str:
    """Return what a problem says, which must be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    shown = answer.json()
    assert shown["status"] == status
    detail: str = shown["detail"]
    return detail


# -- flows ----------------------------------------------------------------------------------------


def test_flows_are_listed_with_what_they_need_and_what_they_run(house: Managed) -> None:
    flows = {each["name"]: each for each in pages(house, "flows", "flows", limit="1")}
    assert list(flows) == ["call-back", "check-pin", "desk"]
    desk = house.get("flows/desk")
    assert desk == flows["desk"]
    assert (desk["title"], desk["runs"]) == ("The desk", ["check-pin"])
    greeting = {"type": {"type": "string"}, "required": False, "default": "Hello"}
    assert desk["params"] == {"greeting": greeting}
    callout = desk["callouts"]["call_back"]
    assert (callout["flow"], callout["params"]["to"]["required"]) == ("call-back", True)
    ready = httpx2.get(f"{house.served.url}/readyz").json()
    assert desk["program"] == ready["programs"]["desk"]
    assert flows["check-pin"]["program"] == ""


def test_a_flow_is_drawn_as_its_author_wrote_it(house: Managed) -> None:
    answer = house.client.get("/v1/flows/desk/diagram")
    assert answer.headers["content-type"].startswith("text/vnd.mermaid")
    assert answer.text.startswith('flowchart TD\n  start(["The desk"])\n  s0{{"offer<br/>menu"}}')
    assert 'no flow "nobody"' in problem(house.client.get("/v1/flows/nobody/diagram"), 404)


# -- calls ----------------------------------------------------------------------------------------


def test_a_call_is_shown_where_it_is_and_hung_up(house: Managed) -> None:
    call = house.call()
    shown = house.get(f"calls/{call}")
    assert (shown["state"], shown["flow"], shown["caller"]) == ("live", "desk", CALLER)
    assert shown["running"] == [{"flow": "desk", "state": "offer"}]
    assert (shown["wait"], shown["application"], shown["over"]) == ("menu", KEY, None)
    assert house.get("calls", limit="1")["calls"] == [shown]
    asked = house.client.post(f"/v1/calls/{call}/hangup")
    assert (asked.status_code, asked.json()["id"]) == (202, call)
    assert house.ended(call)["over"] is not None
    assert problem(house.client.post(f"/v1/calls/{call}/hangup"), 409) == "it is over"
    assert problem(house.client.post("/v1/calls/nobody/hangup"), 404)


def test_a_signal_comes_to_a_call_that_waits_for_it(house: Managed) -> None:
    call = house.call()
    where = f"/v1/calls/{call}/signals"
    refused = house.client.post(f"{where}/ready", json={})
    assert problem(refused, 409) == 'it does not wait for "ready" in "offer"'
    house.phone.act(call, "press", keys="4")
    house.phone.until(type="heard", call=call, text="One moment.")
    assert "it does not wait" in problem(house.client.post(f"{where}/other", json={}), 409)
    too_much = house.client.post(f"{where}/ready", json={"data": "a" * 9000})
    assert "8192 bytes" in problem(too_much, 422)
    told = {"id": "1", "data": "done"}
    assert house.client.post(f"{where}/ready", json=told).status_code == 202
    assert house.client.post(f"{where}/ready", json=told).status_code == 202, "the same again"
    house.phone.until(type="heard", call=call, text="It is done.")
    house.phone.until(type="ended", call=call)
    house.ended(call)
    assert problem(house.client.post(f"{where}/ready"), 409) == "it is over"
    assert house.client.post(f"{where}/ready", json=told).status_code == 202, "it has had it"
    other = problem(house.client.post(f"{where}/other", json={"id": "1", "data": "done"}), 409)
    assert other == 'another signal, or other data, came with the id "1" before'
    assert problem(house.client.post("/v1/calls/nobody/signals/ready", json={}), 404)


def test_a_signal_that_was_refused_is_no_other_under_its_id(house: Managed) -> None:
    call = house.call()
    where = f"/v1/calls/{call}/signals/ready"
    assert "does not wait" in problem(house.client.post(where, json={"id": "a"}), 409)
    assert "choose another id" in problem(house.client.post(where, json={"id": "a"}), 409)
    house.phone.act(call, "press", keys="4")
    house.phone.until(type="heard", call=call, text="One moment.")
    assert "choose another id" in problem(house.client.post(where, json={"id": "a"}), 409)
    assert house.client.post(where).status_code == 202, "without a body it has no data"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"data": nope}', "the body is no JSON (byte 13)"),
        (b'{"data": "\\ud800"}', "the body is no JSON"),
        (b'{"data": "\xff"}', "the body is no JSON"),
        (b'{"data": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "too deep"),
    ],
    ids=["word", "surrogate", "bytes", "deep"],
)
def test_a_body_that_is_no_json_is_told_so(house: Managed, body: bytes, said: str) -> None:
    where = f"/v1/calls/{house.call()}/signals/ready"
    headers = {"content-type": "application/json"}
    assert said in problem(house.client.post(where, content=body, headers=headers), 400)


def test_calls_are_told_apart_by_flow_and_state(house: Managed) -> None:
    ended, live = house.call(), house.call()
    house.phone.act(ended, "hang-up")
    house.ended(ended)

    def ids(**query: str) -> list[str]:
        return [each["id"] for each in pages(house, "calls", "calls", **query)]

    assert live in ids(state="live", limit="1")
    assert ended in ids(state="over", flow="desk")
    assert ended not in ids(state="live")
    assert ids(flow="call-back") == []
    assert ids(limit="2") == ids()


def test_a_journal_tells_events_verdicts_and_replies(house: Managed) -> None:
    call = house.call()
    house.phone.act(call, "press", keys="1")
    house.phone.until(type="heard", call=call, text="Noted.")
    turns = pages(house, f"calls/{call}/journal", "turns", limit="1")
    chosen, incoming = turns
    assert (incoming["event"]["event"], incoming["verdict"]) == ("incoming", "moved")
    assert incoming["facts"]["engine"]
    assert (chosen["event"]["value"], chosen["verdict"]) == ("tell", "moved")
    assert chosen["reply"]["action"]["name"] == "runMenu"
    assert problem(house.client.get("/v1/calls/nobody/journal"), 404)


def test_no_secret_is_shown(house: Managed) -> None:
    call = house.call()
    house.phone.act(call, "press", keys="2")
    house.phone.until(type="heard", call=call, text="Your PIN.")
    assert house.get(f"calls/{call}")["running"][-1] == {"flow": "check-pin", "state": "ask"}
    house.phone.act(call, "press", keys=CANARY)
    house.ended(call)
    journal = house.get(f"calls/{call}/journal")
    masked = [turn["event"] for turn in journal["turns"] if turn["event"].get("masked")]
    assert [event["digits"] for event in masked] == ["*" * 16]
    assert CANARY not in json.dumps([journal, house.get(f"calls/{call}")])


# -- conferences ----------------------------------------------------------------------------------


def test_who_is_in_a_room_is_muted_held_and_put_out(house: Managed) -> None:
    call = house.call()
    house.phone.act(call, "press", keys="3")
    house.phone.until(type="joined", call=call)
    room = "conferences/the%20room/participants"

    def member() -> dict[str, Any]:
        (found,) = [each for each in house.get(room)["participants"] if each["call"] == call]
        return dict(found)

    assert (member()["number"], member()["muted"], member()["on_hold"]) == (CALLER, False, False)
    for act, name, holds in (
        ("mute", "muted", True),
        ("unmute", "muted", False),
        ("hold?music=music2", "on_hold", True),
        ("resume", "on_hold", False),
    ):
        assert house.client.post(f"/v1/{room}/{call}/{act}").status_code == 204
        assert member()[name] is holds
    assert house.client.delete(f"/v1/{room}/{call}").status_code == 204
    house.phone.until(type="ended", call=call)
    assert "the Voice API" in problem(house.client.delete(f"/v1/{room}/{call}"), 404)


def test_a_room_is_emptied(house: Managed) -> None:
    calls = [house.call(), house.call()]
    for call in calls:
        house.phone.act(call, "press", keys="3")
        house.phone.until(type="joined", call=call)
    assert house.client.delete("/v1/conferences/the%20room/participants").status_code == 204
    for call in calls:
        house.phone.until(type="ended", call=call)
    assert problem(house.client.delete("/v1/conferences/the%20room/participants"), 404)


# -- jobs -----------------------------------------------------------------------------------------


def test_jobs_are_shown_and_only_dead_ones_tried_again(house: Managed) -> None:
    call = house.call()
    house.phone.act(call, "press", keys="1")
    house.phone.until(type="heard", call=call, text="Noted.")
    (job,) = house.get("jobs", call=call)["jobs"]
    shown = house.get(f"jobs/{job['id']}")
    assert (shown["to"], shown["name"], shown["kind"]) == ("crm", "told", "webhook")
    assert job["id"] in [each["id"] for each in pages(house, "jobs", "jobs", limit="1", to="crm")]
    assert house.get("jobs", state="dead")["jobs"] == []
    assert "not dead" in problem(house.client.post(f"/v1/jobs/{job['id']}/retry"), 409)
    assert problem(house.client.post("/v1/jobs/nothing/retry"), 404)
    assert "forgotten" in problem(house.client.get("/v1/jobs?cursor=nothing"), 404)


# -- records --------------------------------------------------------------------------------------


def value(house: Managed, record: str, key: str, **body: object) -> httpx2.Response:
    return house.client.put(f"/v1/records/{record}/value", params={"key": key}, json=body)


def test_what_is_put_is_seen_by_calls_and_what_calls_keep_is_seen(house: Managed) -> None:
    caller = "+46701234577"
    put = value(house, "attempts", caller, value=7, expires="2h")
    assert put.json()["value"] == 7
    house.call(caller)
    assert house.get("records/attempts/value", key=caller)["value"] == 8
    assert house.get("records/desk.seen/value", key=caller)["value"]["at"]
    listed = pages(house, "records/attempts/entries", "entries", limit="1")
    assert {"key": caller, "value": 8} in [
        {k: each[k] for k in ("key", "value")} for each in listed
    ]
    gone = house.client.delete("/v1/records/attempts/value", params={"key": caller})
    assert gone.json() == {"gone": 1}
    assert problem(house.client.get(f"/v1/records/attempts/value?key={caller}"), 404)
    assert problem(house.client.delete("/v1/records/attempts/value", params={"key": caller}), 404)


def test_who_waits_in_a_queue_is_listed_and_sent_away(house: Managed) -> None:
    call = house.call()
    mine = [
        each
        for each in pages(house, "records/line/entries", "entries", limit="2")
        if each["call"] == call
    ]
    assert [(each["key"], each["value"], each["place"] > 0) for each in mine] == [
        ("main", call, True)
    ]
    query = {"key": "main", "call": call}
    assert house.client.delete("/v1/records/line/value", params=query).json() == {"gone": 1}
    assert "a queue" in problem(value(house, "line", "main", value="x"), 422)


@pytest.mark.parametrize(
    ("record", "key", "body", "reason"),
    [
        ("attempts", CALLER, {"value": "seven"}, "`value` is no integer"),
        ("attempts", "12", {"value": 1}, "`key`"),
        ("attempts", CALLER, {"value": 1, "expires": "0s"}, "`expires`"),
        ("attempts", CALLER, {"value": 1, "expires": "999999d"}, "100 years"),
        ("notice", "some", {"value": "x"}, "no keys"),
        ("desk.seen", CALLER, {"value": {"at": 1}}, "`value` is no object"),
    ],
)
def test_only_what_a_record_declares_is_kept(
    house: Managed, record: str, key: str, body: dict[str, object], reason: str
) -> None:
    assert reason in problem(value(house, record, key, **body), 422)


def test_a_value_is_put_under_a_key_where_the_record_has_keys(house: Managed) -> None:
    put = house.client.put("/v1/records/attempts/value", json={"value": 1})
    assert "say which, by `key`" in problem(put, 422)
    assert value(house, "attempts", "", value=1).json()["key"] == "", "that of withheld numbers"
    assert house.client.put("/v1/records/notice/value", json={"value": "x"}).status_code == 200
    for name in ("attempts", "notice"):
        assert house.client.delete(f"/v1/records/{name}/value").json() == {"gone": 1}


def test_records_are_listed_as_they_are_declared(house: Managed) -> None:
    records = {each["name"]: each for each in pages(house, "records", "records", limit="3")}
    assert list(records) == ["attempts", "desk.seen", "line", "notice"]
    assert records["attempts"]["key"] == {"type": "phone", "nullable": True}
    assert (records["line"]["kind"], records["attempts"]["expires"]) == ("queue", 3_600_000)
    assert "key" not in records["notice"]
    assert problem(house.client.get("/v1/records/nothing/entries"), 404)
    assert problem(value(house, "nothing", "", value=1), 404)


# -- schedules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "is_open", "opens", "hours"),
    [
        # A Monday at noon, where it opens again an hour later.
        ("2026-11-23T12:30:00+01:00", False, "2026-11-23T13:00:00+01:00", ["08:00", "13:00"]),
        ("2026-11-23T10:00:00Z", True, "2026-11-23T11:00:00+01:00", ["08:00", "13:00"]),
        # The small hours of a Sunday belong to the Saturday before.
        ("2026-11-29T02:00:00+01:00", True, "2026-11-29T02:00:00+01:00", []),
        ("2026-11-28T12:00:00+01:00", False, "2026-11-28T22:00:00+01:00", ["22:00"]),
    ],
)
def test_a_schedule_says_whether_it_is_open_and_when_it_opens(
    house: Managed, at: str, is_open: bool, opens: str, hours: list[str]
) -> None:
    shown = house.get("schedules/office/open", at=at)
    assert (shown["open"], shown["next_opening"]) == (is_open, opens)
    assert [each["from"] for each in shown["hours"]] == hours


def test_schedules_are_listed_and_asked_about_now(house: Managed) -> None:
    office = {"name": "office", "timezone": "Europe/Stockholm"}
    assert house.get("schedules")["schedules"] == [office]
    assert house.get("schedules/office/open")["at"][:4] >= "2025"
    assert problem(house.client.get("/v1/schedules/nothing/open"), 404)
    for wrong in ("2026-11-23", "2026-11-23T12:00:00", "9999-01-01T00:00:00Z", "1"):
        assert "`at`" in problem(house.client.get(f"/v1/schedules/office/open?at={wrong}"), 422)


# -- HTTP -----------------------------------------------------------------------------------------


def test_whatever_is_refused_is_a_problem(house: Managed) -> None:
    client = house.client
    assert problem(client.get("/v1/nothing"), 404)
    assert problem(client.get("/v1/calls/"), 404)
    not_allowed = client.patch("/v1/calls")
    assert problem(not_allowed, 405)
    assert not_allowed.headers["allow"] == "GET, HEAD"
    assert '"flo"' in problem(client.get("/v1/calls?flo=desk"), 400)
    assert '"call"' in problem(client.get("/v1/calls/c?call=d"), 400)
    assert "2 times" in problem(client.get("/v1/calls?limit=1&limit=2"), 400)
    for wrong in ("0", "101", "x", "1.0", ""):
        assert problem(client.get(f"/v1/calls?limit={wrong}"), 400)
    assert problem(client.get("/v1/calls?cursor=x"), 400)
    assert problem(client.get("/v1/calls?flow=%FF"), 400)
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert problem(client.post("/v1/callouts", content=b"a=b", headers=form), 415)
    assert problem(client.post("/v1/callouts", content=b" " * (1024 * 1024 + 1)), 413)


def test_nothing_but_the_document_is_told_without_the_token(house: Managed) -> None:
    with httpx2.Client(base_url=house.served.url, trust_env=False) as stranger:
        for each in TABLE:
            answer = stranger.request(each.method, each.path.replace("{", "").replace("}", ""))
            if each.is_public:
                assert answer.status_code == 200
                continue
            assert problem(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
        assert stranger.get("/v1/openapi.json").json() == DOCUMENT


def test_names_may_hold_what_a_path_is_made_of(house: Managed) -> None:
    assert '"a/b?c"' in problem(house.client.get("/v1/flows/a%2Fb%3Fc"), 404)
    assert '".."' in problem(house.client.get("/v1/conferences/%2E%2E/participants"), 422)


def test_heads_are_answered_without_a_body(house: Managed) -> None:
    answer = house.client.head("/v1/flows")
    assert (answer.status_code, answer.content) == (200, b"")


def test_a_server_that_has_no_store_has_no_api(serve: Serve, first_flow: str) -> None:
    served = serve(first_flow, "--fallback")
    assert httpx2.get(f"{served.url}/v1/flows", headers=BEARER).status_code == 404


# -- the document ---------------------------------------------------------------------------------


def test_every_operation_is_documented_under_a_name_of_its_own() -> None:
    shown = [
        (path, method.upper(), told["operationId"], told["summary"])
        for path, methods in DOCUMENT["paths"].items()
        for method, told in methods.items()
    ]
    assert [(path, method) for path, method, *_ in shown] == sorted(
        ((each.path, each.method) for each in TABLE),
        key=lambda place: [each.path for each in TABLE].index(place[0]),
    )
    assert len({each.id for each in TABLE}) == len(TABLE)
    assert all(summary for *_, summary in shown)


def test_every_name_in_the_document_means_something() -> None:
    text = json.dumps(DOCUMENT)
    for place in ("schemas", "responses"):
        for name in DOCUMENT["components"][place]:
            assert f'"#/components/{place}/{name}"' in text
            assert "." not in name
