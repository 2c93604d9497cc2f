"""`ivrflow call`: a script or a person at the keyboard on a call to real flows."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers import in_thread, says

ROOT = Path(__file__).parents[2]
FLOWS = str(ROOT / "flows")
CALL = [sys.executable, "-m", "ivrflow", "call"]


def call(*arguments: str, script: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Call with lines of stdin as acts."""
    return subprocess.run(
        [*CALL, *arguments],
        input=script,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": os.environ["PATH"], **environment},
    )


BALANCE = """\
flow: balance
start: look
requests:
  find:
    get: "{{ env.BANK }}/balance"
    headers: {Authorization: "Bearer {{ env.TOKEN }}"}
    timeout: 2s
    returns: {amount: integer}
states:
  look: {request: {name: find, into: found}, on: {ok: tell, error: sorry}}
  tell: {say: "You have {{ found.amount }} crowns.", hangup: }
  sorry: {say: Our bank is asleep., hangup: }
"""


def test_what_flows_read_of_the_environment_may_stand_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "balance.flow.yaml").write_text(BALANCE)
    assert "the flows read env.BANK, env.TOKEN" in call(".").stderr
    with in_thread(says(b'{"amount": 7}')) as bank:
        settings = f"IVRFLOW_ENV_ALLOW=BANK,TOKEN\nBANK={bank.url}\nTOKEN='s3cr3t'\n"
        (tmp_path / ".env").write_text(settings)
        assert "You have 7 crowns." in call(".").stdout
        assert b"Bearer s3cr3t\r\n" in bank.requests[0]
        done = call(".", BANK="http://127.0.0.1:1")
        assert "Our bank is asleep." in done.stdout, "the environment wins"
        assert "s3cr3t" not in done.stdout + done.stderr


def test_a_file_of_variables_that_is_none_is_refused_by_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("BANK=https://bank.example.com\nTOKEN s3cr3t\n")
    done = call(FLOWS)
    assert done.returncode == 2
    assert done.stderr.startswith("ivrflow: .env:2: this sets no variable; write NAME=value")
    assert "s3cr3t" not in done.stderr


def test_somebody_who_just_listens_hears_the_menu_and_hangs_up() -> None:
    done = call(FLOWS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "    0.0  +46701234567 calls +46850000000"
    assert "Welcome to Acme." in done.stdout
    assert "caller hangs up" in done.stdout
    assert done.stdout.splitlines()[-1].endswith("over: CALLERHANGUP, ANSWERED, 12 s")


def test_a_script_leads_a_call_to_a_busy_department() -> None:
    done = call(FLOWS, script="hear for sales\npress 1\n# Nobody is in.\nbusy\n")
    assert done.returncode == 0, done.stderr
    assert "caller presses 1" in done.stdout
    assert "phone rings: number +46850000001" in done.stdout
    assert "phone does not answer: busy" in done.stdout


def test_a_program_can_answer_what_it_hears_line_by_line() -> None:
    with subprocess.Popen(
        [*CALL, FLOWS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for act, answer in (("press 1", "presses 1"), ("busy", "does not answer"), ("buzy", "")):
            process.stdin.write(act + "\n")
            process.stdin.flush()
            assert not answer or any(answer in line for line in process.stdout)
        assert process.wait(20) == 2


def test_without_stdin_somebody_just_listens() -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{sys.executable}' -m ivrflow call '{FLOWS}' <&-"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0
    assert b"caller hangs up" in done.stdout


def test_what_is_not_heard_fails_the_call_and_says_what_was() -> None:
    done = call(FLOWS, script="press 1\nhear the queen\n")
    assert done.returncode == 1
    assert 'stdin:2: "the queen" was not heard; instead: ' in done.stderr
    assert "Connecting you to sales." in done.stderr


def test_what_nobody_can_do_fails_the_call() -> None:
    done = call(FLOWS, script="hang up\npress 1\n")
    assert done.returncode == 1
    assert "stdin:2: press 1: nobody listens for keys: the call is over" in done.stderr


def test_a_wrong_act_is_refused_with_its_place_before_the_call(tmp_path: Path) -> None:
    script = tmp_path / "busy.txt"
    script.write_text("press 1\nbuzy\n")
    done = call(FLOWS, "--script", str(script))
    assert done.returncode == 2
    assert f'{script}:2: "buzy" is no act; did you mean "busy"?' in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "+4x"], '--to "+4x" is no number'),
        (["--from", "+0"], '--from "+0" is no number'),
        (["--locale", "english"], '"english" is no locale'),
        (["--show", "svml"], '"svml" is none of svaml, state, vars, events'),
        (["--url", "http://127.0.0.1:9"], "FLOW is for calls within this process"),
        (["--store", "tape:"], '"tape:" is no store'),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], message: str) -> None:
    done = call(FLOWS, *arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_where_nobody_answers_one_is_told_what_to_start() -> None:
    done = call("--url", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert "start it: ivrflow dev" in done.stderr


def test_one_flow_of_an_application_can_be_called_alone() -> None:
    done = call(f"{FLOWS}/pbx.flow.yaml", script="press 1015\n")
    assert "Acme switchboard." in done.stdout
    assert "rings: number +46850001015" in done.stdout


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        ("withheld", "a withheld number calls"),
        ("+46709999999", "+46709999999 calls"),
        ("bob@example.com", "bob@example.com calls"),
        ("alice", "alice calls"),
    ],
)
def test_callers_are_of_many_kinds(caller: str, shown: str) -> None:
    done = call(FLOWS, "--from", caller)
    assert shown in done.stdout
    assert "Welcome to Acme." in done.stdout


def test_the_dialled_number_decides_which_flow_answers() -> None:
    assert "Acme switchboard." in call(FLOWS, "--to", "+46850000100").stdout


def test_a_broken_flow_is_told_instead_of_called(tmp_path: Path) -> None:
    (tmp_path / "a.flow.yaml").write_text("flow: a\nstart: b\nstates: {c: {say: Hi., hangup: }}\n")
    done = call(str(tmp_path))
    assert done.returncode == 1
    assert "[unknown-state]" in done.stderr
    assert done.stdout == ""


def test_reply_state_and_values_are_shown_on_request(tmp_path: Path) -> None:
    (tmp_path / "a.flow.yaml").write_text(
        "flow: a\nstart: b\nlocale: en-US\nvars: {count: 0}\nstates:\n"
        '  b: {set: {count: "{{ count + 1 }}"}, say: Hi., hangup: }\n'
    )
    told = call(str(tmp_path), "--show", "svaml,state,vars,events").stdout
    assert "a: b" in told
    assert "count = 1" in told
    assert '"name": "hangup"' in told
    assert "ice to " in told
    assert "ice to" not in call(str(tmp_path)).stdout


def test_programs_get_an_entry_a_line() -> None:
    told = [
        json.loads(line) for line in call(FLOWS, "--json", script="press 2").stdout.splitlines()
    ]
    assert [each["type"] for each in told[:2]] == ["dialled", "answered"]
    assert "ended" in [each["type"] for each in told]


def test_a_log_file_gets_80_columns_and_no_colours() -> None:
    told = call(FLOWS, script="silence\nsilence\nno answer").stdout
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) <= 80


def test_kept_calls_are_calls_of_their_own(tmp_path: Path) -> None:
    store = f"sqlite:{tmp_path}/calls.db"
    for _ in range(2):
        done = call(FLOWS, "--store", store, script="press 1\nhear connecting you\nbusy\n")
        assert done.returncode == 0, done.stderr


class Terminal:
    """A terminal of 80 columns with `ivrflow call` in it."""

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (24, 80))
        self.before = termios.tcgetattr(self.slave)
        self.text = ""
        self.process = subprocess.Popen(
            [*CALL, *arguments],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment},
        )

    def sees(self, text: str) -> None:
        """Wait until it shows `text`, which may be cut into lines and have colours."""
        deadline = time.monotonic() + 20
        while text not in self.words and text not in self.text:
            assert time.monotonic() < deadline, f"no {text!r} in {self.words}"
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 4096).decode()

    @property
    def words(self) -> str:
        plain = "".join(part.partition("m")[2] for part in ("m" + self.text).split("\x1b["))
        return " ".join(plain.split())

    def types(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def leaves(self) -> int:
        """Return the exit code; the terminal must be as it was."""
        code = self.process.wait(20)
        assert termios.tcgetattr(self.slave) == self.before
        return code


@contextmanager
def terminal(*arguments: str, **environment: str) -> Iterator[Terminal]:
    opened = Terminal(*arguments, **environment)
    yield opened
    if opened.process.poll() is None:
        opened.process.kill()
        opened.process.wait(10)
    os.close(opened.master)
    os.close(opened.slave)


def test_keys_are_pressed_as_they_are_typed_and_who_rings_is_asked_for() -> None:
    with terminal(FLOWS, "--fast") as phone:
        phone.sees("keys: 0-9 * # press")
        phone.sees("For sales, press 1.")
        phone.types("1")
        phone.sees("caller presses 1")
        phone.sees("phone rings at +46850000001: a answer")
        phone.types("b")
        phone.sees("phone does not answer: busy")
        phone.sees("phone2 rings at +46850000009: a answer")
        phone.types("h")
        phone.sees("caller hangs up")
        phone.types("n")
        assert phone.leaves() == 0


def test_time_passes_as_it_does_for_a_person() -> None:
    with terminal(FLOWS) as phone:
        phone.sees("Welcome to Acme.")
        phone.types("h")
        phone.sees("over: CALLERHANGUP, ANSWERED")
        assert phone.leaves() == 0
        assert "For sales" not in phone.words


def test_words_are_spoken_and_a_wrong_key_brings_help() -> None:
    with terminal(FLOWS, "--fast") as phone:
        phone.sees("press 0.")
        phone.types("x")
        phone.types(" salez\x7fs\n")
        phone.sees('caller says "sales"')
        phone.types("\n")
        phone.sees("Please press 1 for sales")
        phone.types("h")
        phone.sees("caller hangs up")
        phone.types("n")
        assert phone.leaves() == 0


@pytest.mark.parametrize("key", ["Ctrl-C", "Ctrl-D"])
def test_who_breaks_off_while_typing_words_hangs_up(key: str) -> None:
    with terminal(FLOWS) as phone:
        phone.sees("Welcome to Acme.")
        phone.types(" abc")
        phone.sees("say: abc")
        if key == "Ctrl-C":
            phone.process.send_signal(signal.SIGINT)
        else:
            phone.types("\x04")
        phone.sees("caller hangs up")
        assert phone.leaves() == 0
        assert "abch" not in phone.text


def test_ctrl_c_hangs_up_and_leaves_the_terminal_as_it_was() -> None:
    with terminal(FLOWS) as phone:
        phone.sees("Welcome to Acme.")
        phone.process.send_signal(signal.SIGINT)
        phone.sees("caller hangs up")
        assert phone.leaves() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_stop_leaves_the_terminal_as_it_was(number: int) -> None:
    with terminal(FLOWS) as phone:
        phone.sees("Welcome to Acme.")
        phone.process.send_signal(number)
        assert phone.leaves() == 130


def test_colours_are_left_out_where_they_are_not_wanted() -> None:
    for environment, coloured in (({}, True), ({"NO_COLOR": "1"}, False)):
        with terminal(FLOWS, "--fast", **environment) as phone:
            phone.sees("press 0.")
            phone.types("h")
            phone.leaves()
            assert ("\x1b[1m" in phone.text) is coloured


LOOKS_UP = """\
flow: balance
start: ask
locale: en-US
requests:
  account:
    get: "https://bank.invalid/{{ number }}"
    timeout: 300ms
    params: {number: digits}
    returns: {name: string}
vars: {pin: {type: digits, secret: true}}
states:
  ask:
    collect: {prompt: Number please., length: 4, into: number}
    on: {collected: prove, no_input: sorry}
  prove:
    collect: {prompt: Pin please., length: 4, into: pin}
    on: {collected: look, no_input: sorry}
  look:
    request: {name: account, with: {number: "{{ number }}"}, into: account, meanwhile: Wait.}
    on: {ok: hello, error: sorry}
  hello: {say: "Hello {{ account.name }}.", hangup: }
  sorry: {say: Sorry., hangup: }
"""
PROVED = "press 1234\npress 9876\n"


def test_look_ups_are_made_or_answered_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "balance.flow.yaml").write_text(LOOKS_UP)
    (tmp_path / "ada.json").write_text('{"name": "Ada"}')
    answered = call(
        str(tmp_path), "--lookup", f"account={tmp_path}/ada.json", script=PROVED + "hear hello ada"
    )
    assert answered.returncode == 0, answered.stderr
    assert 'caller hears "Wait."' in answered.stdout
    nobody = call(str(tmp_path), script=PROVED + "hear sorry")
    assert nobody.returncode == 0, nobody.stderr


def test_look_ups_of_the_application_are_answered_from_a_file(tmp_path: Path) -> None:
    before, requests, after = LOOKS_UP.partition("requests:")
    declared, variables, states = after.partition("vars:")
    application = f"app: bank\nroutes: [{{flow: balance}}]\n{requests}{declared}"
    flow = f"{before}{variables}{states}"
    (tmp_path / "app.yaml").write_text(application)
    (tmp_path / "balance.flow.yaml").write_text(flow)
    (tmp_path / "ada.json").write_text('{"name": "Ada"}')
    answered = call(
        str(tmp_path), "--lookup", f"account={tmp_path}/ada.json", script=PROVED + "hear hello ada"
    )
    assert answered.returncode == 0, answered.stderr


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ("speak sales", "nobody listens for words: the menu waits for keys"),
        ("press 19", "nobody listened when caller presses 9"),
        ("hang up\nhang up", "nobody is on the line: the call is over"),
        ("hear Goodbye", "the menu waits for keys"),
        ("beep", "nobody has answered"),
    ],
)
def test_what_fails_a_scenario_fails_a_script(script: str, told: str) -> None:
    done = call(FLOWS, script=script)
    assert (done.returncode, told in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--url", "http://[::1"], "is no http or https URL"),
        (["--url", "http://127.0.0.1:99999"], "is no http or https URL"),
        ([FLOWS, "--lookup", "get_balanc=x.json"], 'did you mean "get_balance"?'),
        ([FLOWS, "--lookup", "x"], "write NAME=FILE.json"),
        ([FLOWS, "--lookup", "get_balance=nowhere.json"], "can't be read: No such file"),
    ],
)
def test_what_can_not_be_is_told_before_the_call(arguments: list[str], told: str) -> None:
    done = call(*arguments)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_a_server_that_emulates_nothing_is_told_so() -> None:
    with in_thread(says(b'{"hello": "world"}')) as other:
        done = call("--url", other.url)
    assert (done.returncode, "no platform is emulated there" in done.stderr) == (2, True)


def test_a_stdout_that_is_closed_full_or_cut_off_is_no_bug() -> None:
    for told, code in ((">&-", 0), ("> /dev/full", 2), ("| head -c 0", 0)):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", f"{' '.join(CALL)} {FLOWS} {told}"],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, "Traceback" in done.stderr) == (code, False), (told, done.stderr)


def test_an_answer_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ada.json").write_text("Ada")
    done = call(FLOWS, "--lookup", f"get_balance={tmp_path}/ada.json")
    assert done.returncode == 2
    assert "ada.json is no JSON" in done.stderr
    assert "write NAME=FILE.json" in call(FLOWS, "--lookup", "account").stderr


def test_secret_values_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "balance.flow.yaml").write_text(LOOKS_UP)
    told = call(str(tmp_path), "--show", "vars", script=PROVED).stdout
    assert 'number = "1234"' in told
    assert "9876" not in told
    assert 'pin = "***"' in told


def test_the_same_digits_count_twice(tmp_path: Path) -> None:
    (tmp_path / "balance.flow.yaml").write_text(LOOKS_UP)
    done = call(str(tmp_path), script="press 1234\npress 1234\nhear sorry")
    assert done.returncode == 0, done.stderr


# -- callouts --------------------------------------------------------------------------------------

CALLED = """\
flow: office
start: greet
locale: en-US
params: {patient: {type: phone, default: "+46701234567"}}
callouts:
  remind: {flow: reminder, to: "{{ patient }}", retry: {results: [busy], times: 1, every: 30m}}
states:
  greet:
    menu: {prompt: Press 1 to be called., choices: {1: promise}}
    on: {no_input: bye, no_match: bye}
  promise:
    do: [{callout: {name: remind, with: {patient: "{{ params.patient }}"}, keep: true}}]
    menu: {prompt: Your phone rings., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {say: Goodbye., hangup: }
"""
REMINDER = """\
flow: reminder
start: ask
locale: en-US
params: {patient: phone}
on: {unreached: {do: [emit: {event: unreached}]}}
states:
  ask:
    menu: {prompt: Press 1 to confirm., choices: {1: thanks}}
    on: {no_input: bye, no_match: bye}
  thanks: {do: [emit: {event: confirmed}], say: Thank you., hangup: }
  bye: {hangup: }
"""
APP = """\
app: clinic
dial: {allow: ["+46"]}
routes: [{flow: office}]
webhooks: {crm: {url: "{{ env.CRM }}", secret: "{{ env.CRM_SECRET }}"}}
"""
REMIND = ("--callout", "remind", "--with", "patient=+46701234567")


@pytest.fixture
def clinic(tmp_path: Path) -> str:
    for name, text in (("office.flow", CALLED), ("reminder.flow", REMINDER), ("app", APP)):
        (tmp_path / f"{name}.yaml").write_text(text)
    return str(tmp_path)


def test_a_script_is_two_people_on_two_phones(clinic: str) -> None:
    acts = ["press 1", "answer", "phone hear press 1", "caller hear your phone rings"]
    done = call(clinic, script="\n".join([*acts, "phone press 1", "hear thank you"]))
    assert done.returncode == 0, done.stderr
    assert "[2] phone rings: number +46701234567" in done.stdout
    assert "[2] phone presses 1" in done.stdout
    assert "emit: confirmed to crm" in done.stdout
    assert done.stdout.count("over: ") == 2


def test_who_hung_up_is_called_all_the_same(clinic: str) -> None:
    done = call(clinic, script="press 1\nhang up\nphone answer\npress 1\nhear thank you\n")
    assert done.returncode == 0, done.stderr


def test_a_callout_may_be_what_begins(clinic: str) -> None:
    done = call(clinic, *REMIND, script="busy\nwait 30m\nanswer\npress 1\nhear thank you\n")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("    0.0  phone rings: number +46701234567\n")
    assert " 1800.0  [2] phone2 answers human" in done.stdout


def test_a_callout_rings_in_real_time_too(clinic: str) -> None:
    done = call(clinic, "--real-time", *REMIND, script="answer\npress 1\nhear thank you\n")
    assert done.returncode == 0, done.stderr
    assert "phone presses 1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--callout", "remnd"], 'no callout is called "remnd"'),
        (["--callout", "remind"], 'needs the parameter "patient"'),
        (["--callout", "remind", "--with", "patient"], "write PARAMETER=VALUE"),
        (["--callout", "remind", "--with", "patient=+12025550100"], "outside dial.allow"),
        (["--with", "patient=+4670"], "name one by --callout"),
    ],
)
def test_a_callout_that_can_t_be_is_refused(clinic: str, arguments: list[str], told: str) -> None:
    done = call(clinic, *arguments)
    assert (done.returncode, told in done.stderr) == (2, True), done.stderr


def test_a_callout_of_one_flow_can_be_rehearsed_alone(clinic: str) -> None:
    done = call(f"{clinic}/office.flow.yaml", *REMIND, script="answer\nhear press 1 to confirm\n")
    assert done.returncode == 0, done.stderr


def test_nobody_is_who_does_not_ring(clinic: str) -> None:
    done = call(clinic, script="phone2 press 1\n")
    assert (done.returncode, "nobody is phone2" in done.stderr) == (1, True), done.stderr


def test_a_person_holds_one_phone_and_then_the_other(clinic: str) -> None:
    with terminal(clinic, "--fast") as phone:
        phone.sees("Press 1 to be called.")
        phone.types("1")
        phone.sees("phone rings at +46701234567: a answer")
        phone.types("a")
        phone.sees("Press 1 to confirm.")
        phone.types("1")
        phone.sees("phone presses 1")
        phone.sees("Thank you.")
        phone.types("1")
        phone.sees("caller presses 1")
        assert phone.leaves() == 0


DESK = """\
flow: desk
start: ring
locale: en-US
states:
  ring:
    run: {flow: std/ring, with: {to: ["+46850000001", "+46850000002"], each: 15s}}
    on: {talked: bye, nobody: bye}
  bye: {say: Goodbye., hangup: }
"""


@pytest.fixture
def desk(tmp_path: Path) -> str:
    (tmp_path / "desk.flow.yaml").write_text(DESK)
    (tmp_path / "app.yaml").write_text(
        "app: desk\ndial: {allow: ['+46']}\nroutes: [{flow: desk}]\n"
    )
    return str(tmp_path)


def test_time_stands_still_while_a_phone_rings_for_who_is_held(desk: str) -> None:
    with terminal(desk, "--fast") as phone:
        phone.sees("One moment, please.")
        phone.sees("phone rings at +46850000001: a answer")
        phone.types("b")
        phone.sees("phone does not answer: busy")
        phone.sees("phone2 rings at +46850000002: a answer")
        phone.types("a")
        phone.sees("phone2 hears")
        phone.types("1")
        phone.sees("phone2 joins room")
        phone.types("h")
        assert phone.leaves() == 0


def test_a_script_takes_a_call_that_is_held(desk: str) -> None:
    acts = ["busy", "phone2 answer", "hear press 1", "press 1", "wait 20s", "phone2 hang up"]
    done = call(desk, script="\n".join([*acts, "caller hear goodbye"]))
    assert done.returncode == 0, done.stderr


def test_tab_turns_to_the_next_phone(clinic: str) -> None:
    with terminal(clinic, "--fast") as phone:
        phone.sees("Press 1 to be called.")
        phone.types("1")
        phone.sees("phone rings at +46701234567")
        phone.types("a")
        phone.sees("Press 1 to confirm.")
        phone.types("\t")
        phone.sees("you hold the phone of caller")
        phone.types("1")
        phone.sees("caller presses 1")
        phone.sees("Goodbye.")
        phone.types("h")
        assert phone.leaves() == 0


def test_nobody_needs_the_key_of_a_storage_to_rehearse(tmp_path: Path) -> None:
    (tmp_path / "box.flow.yaml").write_text(
        """
flow: box
start: speak
locale: en-US
states:
  speak:
    say: This call is recorded.
    do: [record: {to: "s3://box/", credentials: "{{ env.STORAGE_KEY }}"}]
    next: bye
  bye: {hangup: }
"""
    )
    assert call(str(tmp_path)).returncode == 0
