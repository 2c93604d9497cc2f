"""Scenarios of outgoing calls and of webhooks: dialled, tried again and told as time passes."""

from __future__ import annotations

import asyncio
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios.conftest import Command, Project
from scenarios.test_play import told

from ivrflow.emulator.inprocess import InProcess
from ivrflow.errors import UnknownOutcomeError
from ivrflow.outbound.http import Incoming, Outgoing
from ivrflow.rehearsal.requesting import Requesting
from ivrflow.scenarios.disk import Disk
from ivrflow.scenarios.model import Reception
from ivrflow.scenarios.run import Result, run_on
from ivrflow.scenarios.stage import Stage, Wires
from ivrflow.scenarios.suite import Applications
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.rest import Request

R = TypeVar("R")

APP = """\
app: clinic
dial: {allow: ["+46"]}
records: {stopped: {key: phone}}
webhooks:
  crm: {url: "{{ env.CRM }}", secret: "{{ env.CRM_SECRET }}"}
  log: {url: "https://log.example.com"}
routes: [{flow: office}]
"""

OFFICE = """\
flow: office
start: greet
locale: en-US
schedules: {daytime: {timezone: Europe/Stockholm, open: {mon-fri: "08:00-17:00"}}}
callouts:
  remind:
    flow: reminder
    to: "{{ patient }}"
    cli: "+46850000000"
    timeout: 20s
    key: "{{ patient }}"
    unless: recorded(stopped, patient)
    retry: {results: [busy, no_answer], times: 2, every: 30m}
  by_day: {flow: reminder, to: "{{ patient }}", hours: daytime}
  checked: {flow: reminder, to: "{{ patient }}", amd: true}
states:
  greet:
    menu:
      prompt: To be called back press 1.
      choices: {1: [{when: call.from == none, next: bye}, {next: promise}], 2: everybody}
    on: {no_input: bye, no_match: bye}
  promise:
    do:
      - callout: {name: remind, with: {patient: "{{ call.from }}"}, keep: true}
      - emit: {event: promised, to: crm, data: {patient: "{{ call.from }}"}}
    menu: {prompt: We call you. Press 1 to hang up., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  everybody:
    do:
      - callout: {name: remind, with: {patient: "+46701111111"}, keep: true}
      - callout: {name: remind, with: {patient: "+46702222222"}, keep: true}
    say: Both are called.
    park: {prompt: Please wait., max_duration: 10m}
  bye: {say: Goodbye., hangup: }
"""

REMINDER = """\
flow: reminder
start: greet
locale: en-US
params: {patient: phone}
vars: {confirmed: false}
on:
  unreached: {do: [emit: {event: unreached, to: crm, data: {why: "{{ result }}"}}]}
states:
  greet:
    next: [{when: amd == "machine", next: message}, {next: ask}]
  ask:
    menu:
      prompt: This is the clinic. Press 1 to confirm, 9 for no more calls.
      choices: {1: thanks, 9: never}
    on: {no_input: bye, no_match: bye}
  thanks: {do: [set: {confirmed: true}], say: Thank you., hangup: }
  never:
    do: [put: {record: stopped, key: "{{ params.patient }}"}]
    say: We call no more.
    hangup:
  message: {say: Please call us., hangup: }
  bye: {say: Goodbye., hangup: }
"""


def written(project: Project) -> Project:
    project.write("app.yaml", APP)
    project.write("office.flow.yaml", OFFICE)
    project.write("reminder.flow.yaml", REMINDER)
    return project


@pytest.fixture
def clinic(project: Project) -> Project:
    (project.directory / "first.flow.yaml").unlink()
    return written(project)


PASSES = {
    "a callout is answered": """
        callout: {name: remind, with: {patient: +46701234567}}
        steps:
          - {dials: +46701234567, as: ada}
          - answer: human
          - {hear: This is the clinic, who: ada}
          - press: 1
          - hear: Thank you
        expect:
          ended: thanks
          visited: [greet, ask, thanks]
          variables: {confirmed: true}
          callouts: [{name: remind, result: answered, attempts: 1, with: {patient: +46701234567}}]
        """,
    "who is busy is tried again in half an hour, and then given up": """
        callout: {name: remind, with: {patient: +46701234567}}
        steps:
          - dials: +46701234567
          - reject: busy
          - wait: 30m
          - dials: +46701234567
          - reject: no_answer
          - wait: 29m
          - wait: 1m
          - dials: +46701234567
          - reject: busy
          - receives: {event: unreached, to: crm, data: {why: busy}}
        expect:
          visited: []
          callouts: [{name: remind, state: over, result: busy, attempts: 3}]
        """,
    "a phone rings out": """
        callout: {name: by_day, flow: office, with: {patient: +46701234567}}
        steps: [dials: +46701234567, wait: 5m]
        expect: {callouts: [{result: no_answer, attempts: 1}]}
        """,
    "a time out by the callout's own timeout": """
        callout: {name: remind, with: {patient: +46701234567}}
        steps: [dials: +46701234567, wait: 21s]
        expect: {callouts: [{result: no_answer, attempts: 1, state: waiting}]}
        """,
    "nobody is called by night": """
        at: 2026-11-23T20:00:00+01:00
        callout: {name: by_day, with: {patient: +46701234567}}
        steps: [wait: 11h, wait: 1h, dials: +46701234567, answer: human, hang_up]
        expect: {ended: ask}
        """,
    "at a time": """
        callout: {name: remind, with: {patient: +46701234567}, at: 2026-11-23T10:00:00Z}
        steps: [wait: 1h, dials: +46701234567, answer: human, hear: clinic]
        """,
    "unless": """
        callout: {name: remind, with: {patient: +46701234567}}
        records: {stopped: {+46701234567: true}}
        steps: [emits: unreached]
        expect: {callouts: [{result: cancelled, reason: its `unless` holds, attempts: 0}]}
        """,
    "a machine is told something else": """
        callout: {name: checked, with: {patient: +46701234567}}
        steps: [dials: +46701234567, answer: machine, hear: Please call us]
        expect: {ended: message}
        """,
    "what is recorded in a callout counts for the next": """
        callout: {name: remind, with: {patient: +46701234567}}
        steps: [dials: +46701234567, answer: human, press: 9, hear: no more]
        expect: {ended: never, records: {stopped: {+46701234567: true}}}
        """,
    "no number is dialled outside of the fence": """
        callout: {name: remind, with: {patient: +46701234567}}
        steps: [wait: 1s, reject: failed]
        expect: {callouts: [{result: failed, to: +46701234567, key: +46701234567}]}
        """,
    "the engine is killed while it rings": """
        callout: {name: remind, with: {patient: +46701234567}}
        steps:
          - {dials: +46701234567, as: ada}
          - restart
          - answer: human
          - hear: This is the clinic
          - restart
          - press: 1
        expect: {ended: thanks, callouts: [{result: answered, attempts: 1, state: over}]}
        """,
    "the engine is killed before a try and an event is sent again": """
        callout: {name: remind, with: {patient: +46701234567}}
        webhooks: {crm: {status: 503, times: 1}}
        steps:
          - reject: busy
          - restart
          - wait: 30m
          - reject: busy
          - wait: 30m
          - dials: +46701234567
          - reject: busy
          - restart
          - receives: {event: unreached, try: 2}
        expect: {callouts: [{result: busy, attempts: 3}]}
        """,
}

CALLS = {
    "a caller is called while they wait": """
        call: {from: "+46701234567"}
        steps:
          - press: 1
          - {dials: +46701234567, as: ada}
          - answer: human
          - {hear: This is the clinic, who: ada}
          - {hear: We call you, who: caller}
          - {press: 1, who: ada}
          - {hear: Thank you, who: ada}
          - {press: 1, who: caller}
        expect:
          ended: bye
          visited: [greet, promise, bye]
          callouts: [{name: remind, result: answered}]
        """,
    "two phones ring, in whichever order they are told": """
        steps:
          - press: 2
          - {dials: +46702222222, as: bob}
          - {dials: +46701111111, as: ada}
          - {answer: human, who: ada}
          - {reject: busy, who: bob}
          - {press: 9, who: ada}
          - {hear: no more, who: ada}
          - {hang_up: caller}
          - wait: 30m
          - {dials: +46702222222, as: bob}
          - {answer: human, who: bob}
          - {hang_up: bob}
        expect:
          ended: everybody
          callouts:
            - {to: +46701111111, result: answered, attempts: 1}
            - {to: +46702222222, result: answered, attempts: 2}
        """,
    "who is called twice at a time is called once": """
        steps: [press: 2, hang_up: caller]
        expect: {callouts: [{attempts: 1}, {attempts: 1}]}
        """,
    "an event is sent until it is taken": """
        webhooks: {crm: {status: 503, times: 2}}
        steps:
          - press: 1
          - emits: promised
          - reject: busy
          - hang_up: caller
          - receives: {event: promised, to: crm, data: {patient: +46701234567}, try: 3}
        """,
    "ways to fail, one after the other": """
        webhooks: {crm: [{fails: no connection, times: 1}, {status: 429, times: 1}, {status: 204}]}
        steps: [press: 1, reject: busy, hang_up: caller, receives: {event: promised, try: 3}]
        """,
    "a webhook that takes nothing": """
        webhooks: {crm: {status: 410}}
        steps: [press: 1, emits: {event: promised, to: crm}, hang_up: caller]
        """,
}


@pytest.mark.parametrize("name", PASSES)
@pytest.mark.parametrize("flow", ["office", "reminder"])
def test_a_callout_can_be_told(clinic: Project, name: str, flow: str) -> None:
    assert told(clinic.play(PASSES[name], flow)) == ""


@pytest.mark.parametrize("name", CALLS)
def test_what_follows_from_a_call_can_be_told(clinic: Project, name: str) -> None:
    assert told(clinic.play(CALLS[name], "office")) == ""


BEGINS = "callout: {name: remind, with: {patient: +46701234567}}"
FAILS = [
    ("steps: [dials: '+4611']", '"+46701234567" is dialled, not "+4611"'),
    ("steps: [reject: busy, dials: '+46701234567']", 'nobody dials "+46701234567": the call is'),
    ("{steps: [], expect: {ended: ask}}", "no call began: a phone rings"),
    ("{steps: [answer: human], expect: {ended: ask}}", 'not over: in "ask" the menu waits'),
    (
        "{steps: [reject: busy], expect: {callouts: []}}",
        "the callouts are [{name: remind, result: busy, attempts: 1}]",
    ),
    (
        "{steps: [reject: busy], expect: {callouts: [{attempts: 7}]}}",
        "the callouts are [{attempts: 1}]",
    ),
    ("steps: [answer: human, {press: 1, who: caller}]", "caller is not asked: callee is"),
    ("steps: [answer: human, receives: promised]", 'no webhook takes "promised": webhooks get'),
    (
        "{webhooks: {crm: {status: 503}}, steps: [answer: human]}",
        'nothing is sent to the webhook "crm"',
    ),
    ("{at: 2026-11-23T09:00:00Z, steps: [press: 1]}", "nobody listens for keys: a phone rings"),
]


@pytest.mark.parametrize(("text", "message"), FAILS)
def test_what_is_not_so_of_a_callout_is_told(clinic: Project, text: str, message: str) -> None:
    scenario = text[:1] + BEGINS + ", " + text[1:] if text[0] == "{" else f"{BEGINS}\n{text}"
    assert message in told(clinic.play(scenario, "office"))


def test_who_waits_for_a_phone_too_early_is_told_when_it_rings(clinic: Project) -> None:
    scenario = f"{BEGINS}\nsteps: [reject: busy, wait: 10m, dials: '+46701234567']"
    (failure,) = clinic.play(scenario, "office").failures
    assert failure.help == 'the callout "remind" is due in 20m: `wait` for it'


def test_an_event_that_is_not_taken_is_told(clinic: Project) -> None:
    result = clinic.play(
        """
        webhooks: {crm: {status: 410}}
        steps: [press: 1, hang_up: caller, receives: promised]
        """,
        "office",
    )
    assert "webhook crm gets promised: status 410" in told(result)
    assert "  webhook crm gets promised: status 410" in [line.text for line in result.story]


FOUND = [
    ("{callout: {name: remnd}, steps: []}", 'there is no callout "remnd"', "remind"),
    ("{callout: {name: remind, flow: ofice}, steps: []}", 'there is no flow "ofice"', "office"),
    ("{callout: {name: remind, flow: reminder}, steps: []}", 'there is no callout "remind"', ""),
    ("{callout: {name: remind}, steps: []}", 'needs the parameter "patient"', "with"),
    (
        "{callout: {name: remind, with: {patient: x}}, steps: []}",
        '"x" is not a number',
        "",
    ),
    (
        "{callout: {name: remind, with: {patient: +46701, who: x}}, steps: []}",
        'there is no parameter "who"',
        "",
    ),
    ("{callout: {name: remind}, call: {from: '+4611'}, steps: []}", "not with both", "leave"),
    (
        "{callout: {name: remind, with: {patient: +46701}, at: 2020-01-01T00:00Z}, steps: []}",
        "dialled before the scenario begins",
        "",
    ),
    ("{webhooks: {crmm: {status: 503}}, steps: []}", 'there is no webhook "crmm"', "crm"),
    (
        "{webhooks: {crm: [{status: 503}, {status: 200}]}, steps: []}",
        "nothing after it is ever used",
        "times",
    ),
    ("{steps: [], expect: {callouts: [{name: remnd}]}}", 'there is no callout "remnd"', "remind"),
    ("{callout: {flow: office}, steps: []}", "name", ""),
]


@pytest.mark.parametrize(("text", "message", "help"), FOUND)
def test_what_can_t_be_is_found_before_it_is_played(
    clinic: Project, text: str, message: str, help: str
) -> None:
    found = clinic.findings(text, "office")
    assert [each for each in found if message in each.message and help in each.help], found


def test_a_callout_that_is_another_flow_s_is_found(clinic: Project) -> None:
    clinic.write("c.flow.yaml", "flow: other\nstart: a\nstates: {a: {say: Hello., hangup: }}\n")
    (found,) = clinic.findings(f"{BEGINS}\nsteps: []", "other")
    assert found.message == '"remind" of "office" is answered by "reminder", not by "other"'


def test_a_callout_of_which_several_flows_have_one_is_named_by_its_flow(clinic: Project) -> None:
    for name in ("one", "two"):
        clinic.write(
            f"{name}.flow.yaml",
            f"flow: {name}\nstart: a\n"
            "callouts: {ring: {flow: reminder, to: '{{ patient }}'}}\n"
            "states: {a: {say: Hello., hangup: }}\n",
        )
    unnamed = "{callout: {name: ring, with: {patient: +46701}}, steps: []}"
    (found,) = clinic.findings(unnamed, "reminder")
    assert found.message == 'several flows have a callout "ring": one, two'
    named = "{callout: {name: ring, flow: two, with: {patient: +46701}}, steps: [dials: +46701]}"
    assert told(clinic.play(named, "reminder")) == ""


# -- files, build servers and people ---------------------------------------------------------------


def test_expectations_are_rewritten_as_things_are(clinic: Project, command: Command) -> None:
    path = clinic.scenario(
        f"""
        {BEGINS}
        steps: [dials: +46709999999, reject: busy] # the patient
        expect: {{callouts: [{{name: remind, result: no_answer, attempts: 7}}]}}
        """,
        "office",
    )
    code, shown, _ = command("test", "--update", path)
    assert code == 0, shown
    text = path.read_text()
    assert 'dials: "+46701234567", reject: busy] # the patient' in text
    assert "expect: {callouts: [{name: remind, result: busy, attempts: 1}]}" in text


def test_what_is_expected_of_nothing_is_filled_in(clinic: Project, command: Command) -> None:
    path = clinic.scenario(f"{BEGINS}\nsteps: [answer: human, press: 1]\nexpect:", "office")
    code, shown, _ = command("test", "--update", path)
    assert code == 0, shown
    called = "callouts: [{name: remind, result: answered, attempts: 1}]"
    expected = f"{{ended: thanks, visited: [greet, ask, thanks], {called}}}"
    assert expected in path.read_text()


def test_flows_of_callouts_are_met(clinic: Project, command: Command) -> None:
    path = clinic.scenario(
        """
        call: {from: "+46701234567"}
        steps: [press: 1, answer: human, press: 1, hear: Thank you]
        """,
        "office",
    )
    _, shown, _ = command("test", "--coverage", path)
    (line,) = (each for each in shown.splitlines() if "reminder.flow.yaml   " in each)
    assert " 3/6 " in line


@pytest.mark.parametrize("processes", ["1", "3"])
def test_processes_share_callouts_as_well(
    clinic: Project, command: Command, processes: str
) -> None:
    body = "\n".join(
        f"  {name}:{textwrap.indent(textwrap.dedent(text), '    ')}"
        for name, text in PASSES.items()
    )
    path = clinic.write("all.calltest.yaml", f"test: office\nscenarios:\n{body}")
    code, shown, told_ = command("test", "-j", processes, path)
    assert code == 0, shown + told_
    assert shown.splitlines()[-1].startswith(f"{len(PASSES)} passed")


# -- the same each time ---------------------------------------------------------------------------

PHONES = ("+46701234567", "+46701111111", "+46702222222")
STEPS = [
    "press: 1",
    "press: 2",
    "press: 9",
    "silence",
    "hang_up",
    "restart",
    "repeat",
    "answer: human",
    "answer: machine",
    "reject: busy",
    "reject: no_answer",
    "wait: 20s",
    "wait: 30m",
    "receives: promised",
    *(f"dials: '{each}'" for each in PHONES),
]
BEGINNINGS = ["call: {from: '+46701234567'}", BEGINS, BEGINS.replace("remind", "by_day")]


def played(project: Project, text: str, flow: str = "office") -> tuple[Stage, Result]:
    """Play a scenario as if it were the first one: on a disk, since a server may be killed."""
    path = project.scenario(text, flow)
    applications = Applications(PLATFORM)
    read = applications.read(str(path))
    assert read.file is not None, read.findings
    (scenario,) = read.file.scenarios
    tested = applications.called_by(scenario)
    with TemporaryDirectory() as directory:
        stage = Stage(scenario, tested.library(scenario), Disk(Path(directory)).open)
        return stage, asyncio.run(run_on(stage, tested))


@settings(max_examples=60, deadline=None)
@given(beginning=st.sampled_from(BEGINNINGS), steps=st.lists(st.sampled_from(STEPS), max_size=9))
def test_the_same_scenario_always_goes_the_same_way(beginning: str, steps: list[str]) -> None:
    text = f"{beginning}\nwebhooks: {{crm: {{status: 503, times: 1}}}}\nsteps: [{', '.join(steps)}]"
    with TemporaryDirectory() as directory:
        clinic = written(Project(Path(directory)))
        stage, result = played(clinic, text)
        again, result_again = played(clinic, text)
    assert again.platform.transcript == stage.platform.transcript
    assert again.seen == stage.seen
    assert again.received.delivered == stage.received.delivered
    assert (again_told := told(result_again)) == told(result), again_told
    assert not [each for each in result.failures if "the engine failed" in each.message]


@settings(max_examples=60, deadline=None)
@given(beginning=st.sampled_from(BEGINNINGS), steps=st.lists(st.sampled_from(STEPS), max_size=9))
def test_nobody_is_dialled_twice_for_one_try(beginning: str, steps: list[str]) -> None:
    """However often the server is killed."""
    with TemporaryDirectory() as directory:
        clinic = written(Project(Path(directory)))
        stage, result = played(clinic, f"{beginning}\nsteps: [{', '.join(steps)}]")
    placed = [call for call in stage.platform.world.calls.values() if call.origin == "server"]
    tokens = [call.custom for call in placed]
    assert len(set(tokens)) == len(tokens), told(result)


# -- what lies in the store when a server is killed ------------------------------------------------


class Forgetful:
    """Sends requests, and loses the answer to the first: nobody knows what became of it."""

    def __init__(self, world: InProcess) -> None:
        self._requesting = Requesting(lambda: world)
        self._lost = False

    async def send(self, app: str, request: Request[R], region: str = "") -> R:
        answer = await self._requesting.send(app, request, region)
        if not self._lost:
            self._lost = True
            raise UnknownOutcomeError("the connection broke")
        return answer


def test_a_try_whose_answer_was_lost_is_not_made_again_after_a_restart(clinic: Project) -> None:
    path = clinic.scenario(
        f"""
        {BEGINS}
        steps: [restart, wait: 10s, restart, answer: human, hear: This is the clinic, press: 1]
        expect: {{ended: thanks, callouts: [{{result: answered, attempts: 1}}]}}
        """,
        "office",
    )
    applications = Applications(PLATFORM)
    file = applications.read(str(path)).file
    assert file is not None
    (scenario,) = file.scenarios
    tested = applications.called_by(scenario)
    with TemporaryDirectory() as directory:
        disk = Disk(Path(directory))
        stage = Stage(scenario, tested.library(scenario), disk.open, Wires(sender=Forgetful))
        assert told(asyncio.run(run_on(stage, tested))) == ""
    assert len(stage.platform.world.calls) == 1


def test_an_event_that_was_being_sent_when_the_server_was_killed_is_sent_again(
    clinic: Project,
) -> None:
    """Once the lease of who sent it is over, under the same id."""
    path = clinic.scenario(
        """
        steps: [press: 1, reject: failed, wait: 1s, restart, wait: 1m, receives: promised]
        """,
        "office",
    )
    applications = Applications(PLATFORM)
    file = applications.read(str(path)).file
    assert file is not None
    (scenario,) = file.scenarios
    tested = applications.called_by(scenario)

    async def killed(outgoing: Outgoing, reception: Reception) -> Incoming:
        if len(stage.received.delivered) == 1:
            raise asyncio.CancelledError
        return Incoming(status=200, body=b"")

    with TemporaryDirectory() as directory:
        disk = Disk(Path(directory))
        stage = Stage(scenario, tested.library(scenario), disk.open, Wires(post=killed))
        assert told(asyncio.run(run_on(stage, tested))) == ""
    first, second = (each for each in stage.received.delivered if each.event == "promised")
    assert first.id == second.id
    assert second.at - first.at == 60_000
