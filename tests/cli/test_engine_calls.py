"""`ivrflow calls list`, `show` and `journal`, and how commands ask an engine."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from server.managed import TOKEN, Managed, managed
from servers import in_thread, says


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Managed]:
    with managed(tmp_path_factory.mktemp("house")) as running:
        yield running


def ask(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ivrflow", *arguments, "--url", url],
        env={"PATH": os.environ["PATH"], "IVRFLOW_API_TOKEN": TOKEN, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def run(house: Managed, *arguments: str) -> str:
    ran = ask(house.served.url, "calls", *arguments)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_calls_are_listed_and_shown(house: Managed) -> None:
    call = house.call()
    house.phone.act(call, "press", keys="2")
    house.phone.until(type="heard", call=call, text="Your PIN.")
    row = next(line for line in run(house, "list").splitlines() if line.startswith(call))
    assert row.split()[1:] == [
        "desk", "pin", ">", "ask", "+46701234501", "+46850000000", row.split()[-2], row.split()[-1]
    ]  # fmt: skip
    assert "waits for    collect, in the context menu" in run(house, "show", call)
    assert json.loads(run(house, "show", call, "--json"))["id"] == call
    assert run(house, "list", "--flow", "call-back") == ""
    found = json.loads(run(house, "list", "--limit", "1", "--json"))
    assert [each["id"] for each in found] == [call]


def test_a_journal_is_told_from_the_beginning(house: Managed) -> None:
    call = house.call()
    house.phone.act(call, "hang-up")
    house.ended(call)
    lines = run(house, "journal", call).splitlines()
    assert [line.split()[1] for line in lines] == ["EVENT", "incoming", "menu_hangup", "ended"]
    assert lines[1].split()[-1] == "runMenu"
    last = json.loads(run(house, "journal", call, "--limit", "1", "--json"))
    assert [each["event"]["event"] for each in last] == ["ended"]
    assert "answered" in run(house, "show", call)


def test_what_the_engine_does_not_have_and_who_is_none_have_codes_of_their_own(
    house: Managed,
) -> None:
    missing = ask(house.served.url, "calls", "show", "no/body")
    assert (missing.returncode, 'no call "no/body"' in missing.stderr) == (3, True)
    with in_thread(says(b"{}", "404 Not Found")) as other:
        assert ask(other.url, "calls", "list").returncode == 4
    stranger = ask(house.served.url, "calls", "list", IVRFLOW_API_TOKEN="another")
    assert (stranger.returncode, "401" in stranger.stderr) == (4, True)


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_no_proxy_of_the_environment_gets_the_token(variable: str) -> None:
    with in_thread(says(b"{}")) as engine, in_thread(says(b"{}")) as proxy:
        ask(engine.url, "calls", "list", **{variable: proxy.url})
        assert engine.connections == 1
        assert proxy.requests == []
