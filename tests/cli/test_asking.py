"""The commands of Sinch's REST API, against an emulated platform."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Cli
from emulator.stage import HANGUP, KEY, NUMBER, SECRET, menu, say
from emulator.test_http import App, Emulated, emulated

TO = "+46850000001"


@pytest.fixture(scope="module")
def platform() -> Iterator[Emulated]:
    """A platform whose time stands still."""
    said = say("Hello.", menu("1=return(a)"))
    app = App({"ice": said, "ace": said, "pie": HANGUP})
    with (
        app.serve() as url,
        emulated(url + "/cb", "--speed", "0", "--number", NUMBER) as running,
    ):
        yield running


@pytest.fixture
def sinch(platform: Emulated, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Emulated:
    """The platform that commands ask, in an empty directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SINCH_APPLICATION_KEY", KEY)
    monkeypatch.setenv("SINCH_APPLICATION_SECRET", SECRET)
    monkeypatch.setenv("IVRFLOW_VOICE_URL", str(platform.client.base_url))
    return platform


def rang(platform: Emulated, call: str) -> dict[str, object]:
    return next(each for each in platform.entries(call=call) if each["type"] == "rang")


# -- callouts -------------------------------------------------------------------------------------


def test_a_callout_prints_the_id_of_its_call(sinch: Emulated, cli: Cli) -> None:
    code, shown, told = cli("callouts", "tts", TO, "--cli", NUMBER, "--text", "Hello.")
    assert (code, told) == (0, "")
    assert rang(sinch, shown.strip())["to"] == TO
    code, shown, _ = cli("callouts", "tts", TO, "--cli", NUMBER, "--text", "Hello.", "--json")
    assert rang(sinch, json.loads(shown)["callId"])["cli"] == NUMBER


def test_a_custom_callout_rings_as_the_options_say(sinch: Emulated, cli: Cli) -> None:
    ringing = ["--cli", NUMBER, "--dtmf", "1w2", "--dial-timeout", "20", "--max-duration", "60"]
    code, shown, _ = cli("callouts", "custom", TO, *ringing, "--amd", "--custom", "t")
    assert code == 0
    call = shown.strip()
    assert rang(sinch, call)["to"] == TO
    info = json.loads(cli("calls", "get", call, "--json")[1])
    assert (info["custom"], info["to"]["endpoint"], info["status"]) == ("t", TO, "ONGOING")
    _, shown, _ = cli("callouts", "custom", "ada@example.com", "--cli", NUMBER)
    assert rang(sinch, shown.strip())["to"] == "ada@example.com"


def test_svaml_may_stand_in_a_file(sinch: Emulated, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ice.json").write_text(
        '{"action": {"name": "connectPstn", "number": "+46850000009"}}'
    )
    code, shown, _ = cli("callouts", "custom", "--ice", "@ice.json", "--ace", json.dumps(HANGUP))
    assert code == 0
    assert rang(sinch, shown.strip())["to"] == "+46850000009"
    code, _, told = cli("callouts", "custom", "--ice", "@nowhere.json")
    assert code == 2
    assert '"@nowhere.json" names a file' in told


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["tts", "0701234567", "--text", "x", "--cli", NUMBER], "write +46850000001"),
        (["tts", TO, "--text", "x"], "Missing option '--cli'"),
        (["tts", TO, "--text", "x", "--cli", "0850"], 'the cli "0850"'),
        (["tts", TO, "--cli", NUMBER], "says text or prompts"),
        (["tts", TO, "--text", "x" * 601, "--cli", NUMBER], "ttsCallout.text"),
        (["tts", TO, "--text", "x", "--cli", NUMBER, "--header", "A"], "write X-CB-NAME=VALUE"),
        (["conference", TO, "--room", "r" * 65], "conferenceId"),
        (["custom", TO, "--ice", "https://x"], "leave TO out"),
        (["custom", "ada@example.com", "--amd"], "are for numbers"),
        (["custom", "--ice", "https://x", "--cli", NUMBER], "put --cli"),
        (["custom", "--ice", "park"], "neither a URL nor SVAML"),
        (["custom", "ada@"], "no SIP address"),
    ],
)
def test_a_wrong_callout_is_told_and_not_sent(
    sinch: Emulated, cli: Cli, arguments: list[str], message: str
) -> None:
    before = len(sinch.entries())
    code, shown, told = cli("callouts", *arguments)
    assert (code, shown) == (2, "")
    assert message in told
    assert len(sinch.entries()) == before


# -- calls and conferences ------------------------------------------------------------------------


def test_a_call_is_shown_spoken_to_and_ended(sinch: Emulated, cli: Cli) -> None:
    call = sinch.call(caller="+46701234567")
    assert cli("calls", "update", call, "--say", "A note.", "--leg", "caller")[0] == 0
    assert cli("calls", "hangup", call) == (0, "", "done\n")
    sinch.post("/emulator/advance", {"ms": 3_000})
    code, shown, _ = cli("calls", "get", call)
    assert code == 0
    assert "from    +46701234567" in shown
    assert "status  FINAL, ANSWERED, MANAGERHANGUP" in shown


def test_svaml_for_a_call_is_read_from_a_file(sinch: Emulated, cli: Cli, tmp_path: Path) -> None:
    call = sinch.call()
    (tmp_path / "park.json").write_text('{"action": {"name": "park", "maxDuration": 60}}')
    (tmp_path / "wrong.json").write_text('{"action": {"name": "parc"}}')
    assert cli("calls", "update", call, "--svaml", "park.json")[0] == 0
    code, _, told = cli("calls", "update", call, "--svaml", "wrong.json")
    assert code == 2
    assert "wrong.json is no SVAML" in told
    assert "parc" in told
    assert cli("calls", "update", call)[0] == 2
    assert cli("calls", "update", call, "--svaml", "none.json")[0] == 2


def test_a_room_is_looked_at_and_ruled(sinch: Emulated, cli: Cli) -> None:
    calls = []
    for _ in range(2):
        _, shown, _ = cli("callouts", "conference", TO, "--cli", NUMBER, "--room", "room")
        calls.append(shown.strip())
        sinch.act(calls[-1], "pick-up")
    ada, bob = calls
    for command in (["mute"], ["hold", "--music", "music1"]):
        name, *options = command
        assert cli("conferences", name, "room", ada, *options)[0] == 0
    code, shown, _ = cli("conferences", "get", "room")
    assert code == 0
    heading, first, second = shown.splitlines()
    assert heading.split() == ["CALL", "NUMBER", "SINCE", "STATE"]
    assert first.startswith(ada)
    assert first.endswith("muted, on hold")
    assert second.split() == [bob, TO, "0", "s", "-"]
    for name in ("unmute", "resume", "kick"):
        assert cli("conferences", name, "room", ada)[0] == 0
    left = json.loads(cli("conferences", "get", "room", "--json")[1])
    assert [each["id"] for each in left["participants"]] == [bob]
    assert cli("conferences", "kick-all", "room")[0] == 0
    assert cli("conferences", "get", "room")[0] == 4


# -- numbers and callbacks ------------------------------------------------------------------------


def test_numbers_are_listed_moved_and_asked(sinch: Emulated, cli: Cli) -> None:
    assert cli("numbers", "unassign", NUMBER)[0] == 0
    _, shown, _ = cli("numbers", "list")
    assert shown.splitlines()[1].split() == [NUMBER, "voice", "-"]
    assert cli("numbers", "assign", NUMBER, "--application", KEY, "--for", "voice")[0] == 0
    (listed,) = json.loads(cli("numbers", "list", "--json")[1])
    assert listed == {"number": NUMBER, "applicationkey": KEY, "capability": "voice"}
    _, shown, _ = cli("numbers", "query", "+46701234567")
    assert "kind        Mobile" in shown
    assert "rate        0.0095 USD a minute" in shown


def test_callbacks_are_shown_and_set(sinch: Emulated, cli: Cli) -> None:
    before = json.loads(cli("callbacks", "get", "--json")[1])
    urls = ["https://a.example/cb", "--fallback", "https://b.example/cb"]
    assert cli("callbacks", "set", *urls)[0] == 0
    _, shown, _ = cli("callbacks", "get", "--application", KEY)
    assert shown.splitlines() == [
        "primary   https://a.example/cb",
        "fallback  https://b.example/cb",
    ]
    assert cli("callbacks", "set", before["primary"])[0] == 0
    code, _, told = cli("callbacks", "get", "--application", "theirs")
    assert code == 4
    assert "40003" in told


# -- refused, and never sent ----------------------------------------------------------------------


def test_what_sinch_refuses_is_told_with_its_code_and_what_to_do(
    sinch: Emulated, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("calls", "get", "nobody")[:2] == (4, "")
    monkeypatch.setenv("SINCH_APPLICATION_SECRET", "YXBwU2VjcmV0")
    code, _, told = cli("numbers", "list")
    assert code == 4
    assert "40102" in told
    assert "help: check the secret" in told


def test_a_network_that_fails_is_no_bug(cli: Cli, sinch: Emulated) -> None:
    code, shown, told = cli("calls", "hangup", "c", "--url", "http://127.0.0.1:9")
    assert (code, shown) == (4, "")
    assert told == "ivrflow: 127.0.0.1:9: no connection\n"


def test_who_asks_must_be_said(cli: Cli, sinch: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SINCH_APPLICATION_KEY", f"{KEY},other")
    monkeypatch.setenv("SINCH_APPLICATION_SECRET", f"{SECRET},YXBwU2VjcmV0")
    code, _, told = cli("numbers", "list")
    assert code == 2
    assert f"name one of the applications: {KEY}, other" in told
    assert cli("numbers", "list", "--app-key", KEY.lower())[0] == 0
    assert '"none" is none of' in cli("numbers", "list", "--app-key", "none")[2]
    monkeypatch.delenv("SINCH_APPLICATION_KEY")
    monkeypatch.delenv("SINCH_APPLICATION_SECRET")
    assert "no credentials" in cli("numbers", "list")[2]
    lines = f"SINCH_APPLICATION_KEY={KEY}\nSINCH_APPLICATION_SECRET={SECRET}\n"
    Path(".env").write_text(lines)
    assert cli("numbers", "list")[0] == 0


def test_a_dry_run_shows_the_request_and_no_secret(
    sinch: Emulated, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(sinch.entries())
    code, shown, _ = cli("calls", "hangup", "c-1", "--dry-run")
    assert code == 0
    first, *rest = shown.splitlines()
    assert first == f"PATCH {sinch.client.base_url}/calling/v1/calls/id/c-1"
    assert f"Authorization: Application {KEY}:***" in rest
    assert '"name": "hangup"' in shown
    monkeypatch.delenv("IVRFLOW_VOICE_URL")
    monkeypatch.delenv("SINCH_APPLICATION_KEY")
    monkeypatch.delenv("SINCH_APPLICATION_SECRET")
    dry = ["--dry-run", "--json", "--basic", "--region", "use1"]
    _, shown, _ = cli("calls", "hangup", "c-1", *dry)
    told = json.loads(shown)
    assert told["url"] == "https://calling-use1.api.sinch.com/calling/v1/calls/id/c-1"
    assert told["headers"]["Authorization"] == "Basic ***"
    assert told["body"] == HANGUP
    assert len(sinch.entries()) == before


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_command_for_curl_runs_and_holds_no_secret(sinch: Emulated, cli: Cli) -> None:
    text = 'It\'s $HOME; `id` "quoted" åäö'
    arguments = ["tts", TO, "--cli", NUMBER, "--text", text, "--header", "X-CB-A=b c"]
    code, shown, _ = cli("callouts", *arguments, "--curl")
    assert code == 0
    assert SECRET not in shown
    done = subprocess.run(
        ["/bin/sh", "-c", shown], env=dict(os.environ), capture_output=True, check=True
    )
    call = json.loads(done.stdout)["callId"]
    sinch.act(call, "pick-up")
    heard = [each["text"] for each in sinch.entries(call=call) if each["type"] == "heard"]
    assert heard == [text]


def test_what_others_wrote_does_not_reach_the_terminal_as_orders(sinch: Emulated, cli: Cli) -> None:
    _, shown, _ = cli("callouts", "custom", TO, "--custom", "\x1b[31mred")
    _, shown, _ = cli("calls", "get", shown.strip())
    assert "\x1b" not in shown
    assert "[31mred" in shown
