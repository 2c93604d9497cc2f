"""Outgoing calls, all the way: ordered over the API, dialled by the client, heard by people."""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from emulator.test_http import Emulated, emulated
from server.conftest import PATH, Serve, Served, free_port

TOKEN = "a token of the operators"
BEARER = {"Authorization": f"Bearer {TOKEN}"}

FAR = "9999-12-31T23:59:59-12:00"
PAST = "1900-01-01T00:00:00Z"

APP = """
app: clinic
dial: {allow: ["+46"]}
routes: [{flow: desk}]
"""
DESK = """
flow: desk
start: offer
callouts:
  call_back: {flow: call-back, to: "{{ to }}", cli: "+46850000000", key: "{{ to }}", timeout: 5s}
states:
  offer:
    menu: {prompt: "To be called back, press 1.", choices: {1: promise}}
    on: {no_input: bye, no_match: bye}
  promise:
    do:
      - callout:
          name: call_back
          with: {to: "{{ call.from | default('+46700000000') }}", tries: 3}
          keep: true
    say: We will call you.
    hangup:
  bye: {hangup: }
"""
CALL_BACK = """
flow: call-back
start: greet
params: {to: phone, tries: {type: integer, default: 1}}
on: {unreached: {do: [{log: "unreached: {{ result }}"}]}}
states:
  greet:
    menu: {prompt: "You wanted a call. Press 1 to confirm.", choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {say: Thank you., hangup: }
"""


@pytest.fixture
def clinic(serve: Serve, tmp_path: Path) -> Iterator[tuple[Served, Emulated]]:
    """A server that dials over an emulated platform: numbers that end in 1 answer, 2 are busy."""
    (tmp_path / "app.yaml").write_text(APP, "utf-8")
    (tmp_path / "call-back.flow.yaml").write_text(CALL_BACK, "utf-8")
    (tmp_path / "test.flow.yaml").write_text(DESK, "utf-8")
    served = Served(tmp_path, ["--callouts-per-second", "500"], {}, free_port())
    people = [f"+4670123450{end}={does}" for end, does in ((1, "human"), (2, "busy"), (3, "human"))]
    options = [option for person in people for option in ("--person", f"{person}:0.1")]
    with emulated(served.url + PATH, "--speed", "20", *options) as phone:
        served.environment = {
            "IVRFLOW_VOICE_URL": str(phone.client.base_url),
            "IVRFLOW_API_TOKEN": TOKEN,
        }
        served.start()
        yield served, phone
        served.kill()


def order(served: Served, *orders: Mapping[str, object]) -> list[dict[str, Any]]:
    answer = httpx2.post(
        served.url + "/v1/callouts", json={"callouts": list(orders)}, headers=BEARER
    )
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def run(served: Served, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivrflow", "callout", *arguments, "--url", served.url],
        env={"PATH": os.environ["PATH"], "IVRFLOW_API_TOKEN": TOKEN},
        cwd=served.directory,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_caller_is_called_back(clinic: tuple[Served, Emulated]) -> None:
    served, phone = clinic
    call = phone.call(caller="+46701234501")
    phone.until(type="heard", text="To be called back, press 1.")
    phone.act(call, "press", keys="1")
    rang = phone.until(type="rang", to="+46701234501")
    phone.until(type="heard", call=rang["call"], text="You wanted a call. Press 1 to confirm.")
    phone.act(rang["call"], "press", keys="1")
    phone.until(type="heard", call=rang["call"], text="Thank you.")
    phone.until(type="ended", call=rang["call"])
    found = httpx2.get(served.url + "/v1/callouts?name=call_back", headers=BEARER).json()
    assert [each["to"] for each in found["callouts"]] == ["+46701234501"]


def test_an_order_with_a_known_id_orders_nothing_new(clinic: tuple[Served, Emulated]) -> None:
    served, phone = clinic
    wanted = {"name": "call_back", "id": "0" * 32, "with": {"to": "+46701234501", "tries": "2"}}
    assert [each["status"] for each in order(served, wanted, wanted)] == ["ordered", "known"]
    assert [each["status"] for each in order(served, wanted)] == ["known"]
    other = {**wanted, "with": {"to": "+46701234502"}}
    (shown,) = order(served, other)
    assert (shown["status"], shown["callout"]["to"]) == ("other", "+46701234501")
    phone.until(type="rang", to="+46701234501")


def test_one_of_a_key_waits_at_a_time_and_can_be_cancelled(
    clinic: tuple[Served, Emulated],
) -> None:
    served, _ = clinic
    to = {"to": "+46701234503"}
    at = (datetime.now(UTC) + timedelta(days=300)).isoformat()
    later = {"name": "desk.call_back", "with": to, "at": at}
    first, second = order(served, later, later)
    assert (first["status"], second["status"]) == ("ordered", "taken")
    path = f"{served.url}/v1/callouts/{first['callout']['id']}"
    cancelled = httpx2.post(f"{path}/cancel", headers=BEARER)
    assert cancelled.json()["result"] == "cancelled"
    assert httpx2.post(f"{path}/cancel", headers=BEARER).json()["result"] == "cancelled"
    assert httpx2.post(f"{path}0/cancel", headers=BEARER).status_code == 404


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"name": "nobody"}, 'no callout is called "nobody"'),
        ({"name": "call_back"}, '"call-back" needs the parameter "to" (phone)'),
        ({"name": "call_back", "with": {"to": "12"}}, '"to": '),
        ({"name": "call_back", "with": {"to": "+15550000000"}}, "outside dial.allow"),
        ({"name": "call_back", "with": {"to": "+46701234501", "tries": "x"}}, '"tries": '),
        ({"name": "call_back", "with": {"to": "+46701234501"}, "at": "2026-01-01T00:00:00"}, "UTC"),
        ({"name": "call_back", "with": {"to": "+46701234501"}, "at": FAR}, "more than a year"),
        ({"name": "call_back", "with": {"to": "+46701234501"}, "at": PAST}, "more than a day ago"),
    ],
)
def test_what_can_not_be_called_is_refused_with_its_reason(
    clinic: tuple[Served, Emulated], wanted: Mapping[str, object], reason: str
) -> None:
    served, _ = clinic
    (refused,) = order(served, wanted)
    assert refused["status"] == "refused"
    assert reason in refused["reason"]


def test_what_was_wrong_is_not_told_at_length(clinic: tuple[Served, Emulated]) -> None:
    served, _ = clinic
    (refused,) = order(served, {"name": "call_back", "with": {"to": "+46" + "a" * 100_000}})
    assert refused["reason"].startswith('"to": ')
    assert len(refused["reason"]) < 500


def test_one_whose_time_has_just_come_is_called(clinic: tuple[Served, Emulated]) -> None:
    served, _ = clinic
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    (late,) = order(served, {"name": "call_back", "with": {"to": "+46701234501"}, "at": at})
    assert late["status"] == "ordered"


def test_requests_that_are_none_are_problems(clinic: tuple[Served, Emulated]) -> None:
    served, _ = clinic
    url = served.url + "/v1/callouts"
    assert httpx2.get(url).status_code == 401
    assert httpx2.get(url, headers={"Authorization": "Bearer x"}).status_code == 401
    for body in (b"", b"{", b"[]", b'{"callouts": []}', b'{"callouts": [{"nam": 1}]}', b"\xff"):
        answer = httpx2.post(url, content=body, headers=BEARER)
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"]
    assert httpx2.get(url + "?state=sad", headers=BEARER).status_code == 400


def test_without_a_token_the_api_is_off(serve: Serve, first_flow: str) -> None:
    served = serve(first_flow)
    answer = httpx2.get(served.url + "/v1/callouts", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 403
    assert "IVRFLOW_API_TOKEN" in answer.json()["detail"]


def test_a_file_is_called_row_by_row_and_once(clinic: tuple[Served, Emulated]) -> None:
    served, phone = clinic
    rows = ["to", "+46701234501", "+46701234502", "+15550000000", "+46701234503"]
    (served.directory / "people.csv").write_text("\n".join(rows), "utf-8")
    for _ in range(2):
        ran = run(served, "call_back", "--csv", "people.csv")
        assert ran.returncode == 1, ran.stderr
        assert "2 of 4 answered" in ran.stderr
    with (served.directory / "people.csv.results.csv").open(newline="") as file:
        results = [(each["row"], each["status"], each["result"]) for each in csv.DictReader(file)]
    assert results == [
        ("1", "over", "answered"),
        ("2", "over", "busy"),
        ("3", "refused", ""),
        ("4", "over", "answered"),
    ]
    rang = [each["to"] for each in phone.entries() if each["type"] == "rang"]
    assert sorted(rang) == ["+46701234501", "+46701234502", "+46701234503"]


def test_a_file_that_is_edited_between_two_runs_calls_nobody_twice(
    clinic: tuple[Served, Emulated],
) -> None:
    served, phone = clinic
    file = served.directory / "people.csv"
    first, second = "+46701234501", "+46701234502"
    file.write_text("\n".join(["to", first, second, first]), "utf-8")
    run(served, "call_back", "--csv", "people.csv")
    file.write_text("\n".join(["to", "+46701234503", second, first, first]), "utf-8")
    ran = run(served, "call_back", "--csv", "people.csv")
    assert "2 of 4 answered" in ran.stderr
    assert sorted(rang(phone)) == [first, second, "+46701234503"]
    with file.with_name("people.csv.results.csv").open(newline="") as written:
        results = [(each["row"], each["status"]) for each in csv.DictReader(written)]
    assert results == [("1", "over"), ("2", "over"), ("3", "over"), ("4", "taken")]
    file.with_name("people.csv.results.csv").write_text("something else\n1\n", "utf-8")
    ran = run(served, "call_back", "--csv", "people.csv")
    assert (ran.returncode, "holds no results" in ran.stderr) == (2, True)


def test_one_is_ordered_from_the_command_line(clinic: tuple[Served, Emulated]) -> None:
    served, phone = clinic
    ran = run(served, "call_back", "--with", "to=+46701234501", "--json")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["status"] == "ordered"
    phone.until(type="rang", to="+46701234501")
    assert run(served, "call_back", "--with", "to").returncode == 2
    assert run(served, "nobody", "--with", "to=1").returncode == 1


def test_an_engine_that_is_not_there_is_told(tmp_path: Path) -> None:
    nowhere = Served(tmp_path, port=free_port())
    ran = run(nowhere, "call_back", "--with", "to=+46701234501")
    assert ran.returncode == 4
    assert "no engine answers" in ran.stderr


def test_a_server_that_is_killed_while_it_dials_dials_nobody_twice(
    clinic: tuple[Served, Emulated],
) -> None:
    served, phone = clinic
    numbers = [f"+4670999{number:04}" for number in range(60)]
    order(served, *({"name": "call_back", "with": {"to": each}} for each in numbers))
    phone.until(type="rang")
    served.kill()
    served.start()
    while waiting := open_callouts(served, "waiting"):
        phone.until(type="rang", to=waiting[0]["to"])
    dialled = rang(phone)
    assert len(dialled) == len(set(dialled))
    undecided = {each["to"] for each in open_callouts(served, "placing")}
    assert set(numbers) - set(dialled) <= undecided


def open_callouts(served: Served, state: str) -> list[dict[str, Any]]:
    found = httpx2.get(f"{served.url}/v1/callouts?state={state}", headers=BEARER).json()
    callouts: list[dict[str, Any]] = found["callouts"]
    return callouts


def rang(phone: Emulated) -> list[str]:
    return [str(each["to"]) for each in phone.entries() if each["type"] == "rang"]


def test_a_server_that_is_told_to_stop_dials_nobody_that_it_would_not_answer(
    clinic: tuple[Served, Emulated],
) -> None:
    served, phone = clinic
    served.stop()
    served.arguments = ["--callouts-per-second", "5"]
    served.start()
    numbers = [f"+4670888{number:04}" for number in range(60)]
    order(served, *({"name": "call_back", "with": {"to": each}} for each in numbers))
    phone.until(type="rang")
    assert served.stop() == 0
    dialled = set(rang(phone))
    assert len(dialled) < 20
    served.start()
    assert not dialled & {each["to"] for each in open_callouts(served, "placing")}
    assert len(open_callouts(served, "waiting")) > 40
