"""What callers do in scenarios, and what is told where it isn't so."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from msgspec.structs import replace
from scenarios.conftest import Project

from ivrflow.emulator.runner import Handler, Headers
from ivrflow.emulator.switches import Switches
from ivrflow.rehearsal.engine import Engine, setup
from ivrflow.scenarios.disk import Disk
from ivrflow.scenarios.run import Result, run_on
from ivrflow.scenarios.stage import Stage, Wires
from ivrflow.scenarios.suite import Applications
from ivrflow.sinch.platform import PLATFORM
from ivrflow.store.base import Store
from ivrflow.store.memory import MemoryStore
from ivrflow.store.sqlite import SqliteStore


async def _memory() -> Store:
    return MemoryStore()


def told(result: Result) -> str:
    return "; ".join(failure.message for failure in result.failures)


PASSES = {
    "the scenario of the language's page": """
        call: {from: "+46701234567", to: "+46850000000"}
        at: 2026-11-23T10:00:00+01:00
        steps:
          - hear: Welcome to Acme
          - press: 1
          - dials: "+46850000001"
          - answer: human
          - hang_up: caller
        expect: {ended: sales, visited: [greet, main_menu, sales]}
        """,
    "casing and patterns": """
        steps:
          - hear: welcome TO acme
          - hear: /sales press \\d\\. for support/
        """,
    "a party by its name": """
        steps:
          - press: 1
          - {dials: +46850000001, as: anna}
          - {answer: machine, who: anna}
          - hang_up: anna
        expect: {ended: sales}
        """,
    "a phone that is busy": """
        steps: [press: 1, dials: "+46850000001", reject: busy]
        expect: {ended: sales}
        """,
    "a phone that rings until it is given up": """
        steps: [press: 1, dials: "+46850000001", wait: 21s]
        expect: {ended: sales}
        """,
    "silence, asked by the platform": """
        steps: [hear: For sales, silence, hear: For sales, silence, silence, hear: Goodbye]
        expect: {ended: goodbye, visits: {main_menu: 1, sales: 0}}
        """,
    "the end is waited for": """
        steps: [press: 9, press: 9, press: 9]
        expect: {ended: goodbye, svaml: {action: {name: hangup}}}
        """,
    "a room": """
        steps: [press: 2, wait: 1h, hang_up]
        expect: {ended: support}
        """,
    "a callback twice and a server killed": """
        steps: [press: "*", repeat, restart, hear: For sales, restart, repeat, press: 1]
        expect: {visited: [greet, main_menu, main_menu, sales]}
        """,
    "blanks": """
        steps: ["hear": "For  sales press 1.\\nFor support"]
        """,
    "keys of which the next menu takes what the first leaves": """
        steps: [press: "*1", dials: "+46850000001", hang_up]
        expect: {visited: [greet, main_menu, main_menu, sales], visits: {main_menu: 2}}
        """,
    "a list of lines": """
        steps: [press: 2]
        expect:
          visited:
            - greet
            - main_menu
            - support
        """,
}


@pytest.mark.parametrize("name", PASSES)
def test_what_happens_on_the_phone_can_be_told(project: Project, name: str) -> None:
    assert told(project.play(PASSES[name])) == ""


FAILS = [
    ("steps: [hear: Wellcome]", 'nobody heard "Wellcome": caller heard "Welcome to Acme.", then'),
    ("steps: [press: 1, hear: Welcome]", 'nobody heard "Welcome": caller heard "One moment'),
    ("steps: [hear: Goodbye]", "the menu waits for keys"),
    ("steps: [hear: For sales, hear: For sales]", "nothing more was heard, then the menu waits"),
    ("steps: [{hear: For sales, who: callee}]", 'callee did not hear "For sales"'),
    ("steps: [dials: '+4611']", 'nobody dials "+4611": the menu waits for keys'),
    ("steps: [press: 1, dials: '+4611']", '"+46850000001" is dialled, not "+4611"'),
    ("steps: [press: 1, press: 1]", "nobody listens for keys: a phone rings"),
    ("steps: [press: 1999]", 'nobody listens for "999" of "1999": a phone rings'),
    ("steps: [press: 1, dials: '+46850000001', answer: human, beep]", "callee is a human"),
    (
        "steps: [press: 1, {dials: '+46850000001', as: anna}, answer: human, {beep: , who: anna}]",
        "anna is a human, who does not beep",
    ),
    ("steps: [speak: sales]", "nobody listens for words: the menu waits for keys"),
    ("steps: [press: 1, silence]", "nobody is asked for anything: a phone rings"),
    ("steps: [answer: human]", "nobody is ringing"),
    ("steps: [press: 1, {answer: human, who: callee2}]", "callee2 is not ringing"),
    ("steps: [hang_up, press: 1]", "nobody listens for keys: the call is over"),
    ("steps: [hang_up: callee]", 'the call has no "callee"'),
    ("steps: [hang_up, recorded]", "nothing was recorded, and the call is over"),
    ("{steps: [], expect: {ended: sales}}", 'not over: in "main_menu" the menu waits'),
    ("{steps: [hang_up], expect: {ended: sales}}", 'ended in "main_menu", not "sales"'),
    ("{steps: [], expect: {visited: [greet]}}", "visited greet, main_menu"),
    ("{steps: [], expect: {visits: {greet: 2}}}", '"greet" is 1, not 2'),
    (
        "{steps: [], expect: {svaml: {action: {name: hangup}}}}",
        '"action.name" of the last reply is "runMenu", not hangup',
    ),
]


@pytest.mark.parametrize(("text", "message"), FAILS)
def test_what_is_not_so_is_told(project: Project, text: str, message: str) -> None:
    assert message in told(project.play(text))


def test_a_failure_names_the_line_of_the_scenario_and_of_the_flow(project: Project) -> None:
    (failure,) = project.play("steps:\n  - hear: Welcome\n  - hear: Godbye\n").failures
    assert (failure.at.line, failure.at.column) == (6, 15)
    assert failure.place.endswith("first.flow.yaml:11")


def test_a_failure_tells_the_whole_call(project: Project) -> None:
    result = project.play("steps: [press: 1, dials: '+46850000001', hear: Hello]")
    lines = [line.text.strip() for line in result.story]
    assert lines[0] == "+46701234567 calls +46850000000"
    assert "incoming call to +46850000000: greet, main_menu" in lines
    assert "caller presses 1" in lines
    assert lines[-1] == "callee rings: number +46850000001"


def test_a_dialled_number_goes_by_the_routes(project: Project, first_flow: str) -> None:
    project.write("app.yaml", "app: a\nroutes: [{to: '+4611', flow: front-desk}, {flow: other}]")
    project.write("b.flow.yaml", "flow: other\nstart: a\nstates: {a: {say: Other., hangup: }}\n")
    assert told(project.play("{call: {to: '+4611'}, steps: [hear: Acme]}")) == ""
    assert told(project.play("steps: [hear: Acme]")) == ""
    wrong = told(project.play("{call: {to: '+4612'}, steps: [hear: Acme]}"))
    assert wrong == '"+4612" is answered by other, not by front-desk'


def test_a_flow_is_called_as_its_first_route_would_have_it(project: Project) -> None:
    project.write(
        "app.yaml", "app: a\nroutes: [{to: '+4611', flow: who, with: {name: Ada}, locale: sv-SE}]"
    )
    project.write(
        "who.flow.yaml",
        "flow: who\nstart: a\nparams: {name: string}\n"
        "states: {a: {say: '{{ params.name }} {{ locale }}', hangup: }}\n",
    )
    assert told(project.play("steps: [hear: Ada sv-SE]", "who")) == ""


def test_the_clock_is_the_scenario_s(project: Project) -> None:
    project.write(
        "hours.flow.yaml",
        """\
        flow: hours
        start: a
        schedules: {day: {timezone: Europe/Stockholm, open: {mon-fri: 09:00-17:00}}}
        states:
          a: {next: [{when: open(day), next: day}, {next: night}]}
          day: {say: Open., hangup: }
          night: {say: Closed., hangup: }
        """,
    )
    for at, word in [
        ("2026-11-23T08:59:59+01:00", "Closed"),
        ("2026-11-23T09:00:00+01:00", "Open"),
        ("2031-11-24 17:00Z", "Closed"),
    ]:
        assert told(project.play(f"{{at: {at}, steps: [hear: {word}]}}", "hours")) == ""


def test_words_are_spoken_to_a_menu_that_listens(project: Project) -> None:
    project.write(
        "talk.flow.yaml",
        """\
        flow: talk
        start: ask
        states:
          ask:
            menu:
              prompt: Sales or support?
              speech: true
              choices: {1: {words: [sales], next: sales}, 2: support}
            on: {no_input: support, no_match: support}
          sales: {say: Sales., hangup: }
          support: {say: Support., hangup: }
        """,
    )
    assert told(project.play("{steps: [speak: Sales], expect: {ended: sales}}", "talk")) == ""


def test_a_recording_is_there_after_the_call(project: Project) -> None:
    project.write(
        "tape.flow.yaml",
        """\
        flow: tape
        start: a
        states:
          a: {do: [{record: {to: "s3://calls/one.mp3"}}], say: Leave a word., park: {prompt: Hm.}}
        on: {recording: {do: [log: "{{ result }}"]}}
        """,
    )
    right = "steps: [wait: 10s, hang_up, recorded: s3://calls/one.mp3]"
    assert told(project.play(right, "tape")) == ""
    wrong = project.play("steps: [hang_up, recorded: two.mp3]", "tape")
    assert told(wrong) == (
        "there is no such recording: the recording is s3://calls/one.mp3, and the call is over"
    )


def test_a_menu_that_fails_is_heard_by_the_caller(project: Project, first_flow: str) -> None:
    result = project.play("steps: [hear: For sales, menu_fails, hear: /error|sorry/]")
    assert told(result) == ""


def test_a_withheld_number_is_none(project: Project) -> None:
    project.write(
        "who.flow.yaml",
        "flow: who\nstart: a\nstates:\n"
        "  a: {next: [{when: call.from, next: b}, {next: c}]}\n"
        "  b: {say: 'Hello {{ call.from }}', hangup: }\n  c: {say: Who?, hangup: }\n",
    )
    assert told(project.play("{call: {from: null}, steps: [hear: Who?]}", "who")) == ""
    assert told(project.play("{call: {from: +46701}, steps: [hear: Hello]}", "who")) == ""


RECORDS = """\
flow: tries
start: a
records: {tries: {key: phone, value: integer, expires: 15m}, closed: {value: boolean}}
states:
  a:
    do: [count: {record: tries, key: "+46701234567", into: n}]
    next: [{when: recorded(closed), next: c}, {next: b}]
  b: {say: "{{ n }}", hangup: }
  c: {say: Closed, hangup: }
"""


def test_records_are_there_before_and_expected_after(project: Project) -> None:
    project.write("tries.flow.yaml", RECORDS)
    scenario = """
        records: {tries: {"+46701234567": 2}}
        steps: [hear: 3]
        expect: {ended: b, records: {tries: {"+46701234567": 3}, closed: null}}
        """
    assert told(project.play(scenario, "tries")) == ""
    assert told(project.play("{records: {closed: true}, steps: [hear: Closed]}", "tries")) == ""
    wrong = "{steps: [hear: 1], expect: {records: {tries: {'+46701234567': 7}}}}"
    assert told(project.play(wrong, "tries")) == '"+46701234567" of "tries.tries" is 1, not 7'


QUEUE = """\
flow: queue
start: join
vars: {place: integer, next_one: {type: "phone?"}}
records: {waiting: {kind: queue, value: phone, expires: 1h}}
states:
  join:
    do: [enqueue: {record: waiting, value: +46701, into: place}]
    next: wait
  wait:
    menu: {prompt: "You are number {{ place }}.", choices: {1: serve}}
    on: {no_input: bye, no_match: bye}
  serve:
    do: [dequeue: {record: waiting, into: next_one}]
    next: wait
  bye: {say: Goodbye., hangup: }
"""


def test_calls_wait_in_a_queue_before_meanwhile_and_after(project: Project) -> None:
    project.write("queue.flow.yaml", QUEUE)
    scenario = """
        records: {waiting: ["+46711", "+46712"]}
        steps: [hear: You are number 3, records: {waiting: ["+46713"]}]
        expect: {records: {waiting: ["+46711", "+46712", "+46701", "+46713"]}}
        """
    assert told(project.play(scenario, "queue")) == ""


def test_a_call_that_is_over_waits_no_more_and_a_queue_may_be_empty(project: Project) -> None:
    project.write("queue.flow.yaml", QUEUE)
    left = """
        records: {waiting: ["+46711"]}
        steps: [hang_up]
        expect: {records: {waiting: ["+46711"]}}
        """
    assert told(project.play(left, "queue")) == ""
    served = """
        records: {waiting: ["+46711"]}
        steps: [hear: number 2, press: 1, restart, hear: number 2, hang_up]
        expect: {records: {waiting: []}}
        """
    assert told(project.play(served, "queue")) == ""


def test_who_waits_in_another_order_is_told(project: Project) -> None:
    project.write("queue.flow.yaml", QUEUE)
    scenario = """
        records: {waiting: ["+46711", "+46712"]}
        steps: [hang_up]
        expect: {records: {waiting: ["+46712", "+46711"]}}
        """
    failure = project.play(scenario, "queue").failures[0]
    assert failure.message == ('"queue.waiting" is ["+46711","+46712"], not ["+46712","+46711"]')
    assert failure.instead == '["+46711","+46712"]'


def test_who_waits_too_long_in_a_queue_is_forgotten(project: Project) -> None:
    project.write("queue.flow.yaml", QUEUE)
    scenario = """
        records: {waiting: ["+46711"]}
        steps: [hang_up, wait: 1h]
        expect: {records: {waiting: []}}
        """
    assert told(project.play(scenario, "queue")) == ""


def test_records_outlive_a_restart(project: Project) -> None:
    project.write("tries.flow.yaml", RECORDS)
    scenario = """
        records: {tries: {"+46701234567": 2}}
        steps: [restart, hear: 3]
        expect: {records: {tries: {"+46701234567": 3}}}
        """
    assert told(project.play(scenario, "tries")) == ""


WHISPER = """\
flow: whisper
start: ring
states:
  ring:
    connect: {number: "+46850000001"}
    on: {answered: accept}
  accept:
    menu: {prompt: Press 1 to take the call., choices: {1: talk}}
    on: {no_input: no, no_match: no}
  talk: {continue: }
  no: {hangup: }
"""


def test_who_picks_up_can_be_asked(project: Project) -> None:
    project.write("whisper.flow.yaml", WHISPER)
    scenario = """
        steps:
          - dials: "+46850000001"
          - answer: human
          - {hear: Press 1, who: callee}
          - press: 1
          - hang_up
        expect: {ended: talk}
        """
    assert told(project.play(scenario, "whisper")) == ""


@pytest.mark.parametrize("step", ["press: 1", "press: 2"])
def test_keys_of_who_is_not_asked_fail(project: Project, step: str) -> None:
    project.write("whisper.flow.yaml", WHISPER)
    scenario = f"steps: [dials: '+46850000001', answer: human, {{{step}, who: caller}}]"
    assert told(project.play(scenario, "whisper")) == "caller is not asked: callee is"


def test_everybody_who_talks_may_press_keys(project: Project) -> None:
    scenario = """
        steps:
          - press: 1
          - {dials: +46850000001, as: anna}
          - {answer: human, who: anna}
          - {press: 1, who: caller}
          - {press: 2, who: anna}
          - hang_up
        """
    assert told(project.play(scenario)) == ""


CODE = """\
flow: code
start: ask
requests:
  find: {params: {code: digits}, get: "https://example.com/{{ code }}", timeout: 1s, returns: {}}
states:
  ask:
    collect: {prompt: Your code?, min: 1, max: 6, into: code}
    on: {collected: find, no_input: bye, invalid: bye}
  find:
    request: {name: find, with: {code: "{{ code }}"}, into: found}
    on: {ok: bye, not_found: bye, error: bye}
  bye: {say: Bye., hangup: }
"""


@pytest.mark.parametrize("keys", ["1234", "1234#"])
def test_what_the_last_step_sets_off_is_played(project: Project, keys: str) -> None:
    project.write("code.flow.yaml", CODE)
    result = project.play(f"steps: [press: '{keys}']", "code")
    assert told(result) == '"find" is looked up, and the scenario has no answer for it'


HELD = """\
flow: held
start: find
requests: {find: {get: "https://example.com", timeout: 4s, returns: {}}}
states:
  find:
    request: {name: find, into: found, meanwhile: Please wait.}
    on: {ok: ask, not_found: ask, error: ask}
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {say: Bye., hangup: }
"""


@pytest.mark.parametrize("delay", ["0ms", "1s", "3500ms"])
def test_a_key_is_pressed_a_second_after_the_menu_begins(project: Project, delay: str) -> None:
    """Not while something is looked up behind a prompt, where no key would be taken."""
    project.write("held.flow.yaml", HELD)
    scenario = f"{{requests: {{find: {{delay: {delay}}}}}, steps: [press: 1, hear: Nothing]}}"
    story = project.play(scenario, "held").story
    (asked,) = [line.at for line in story if 'hears "Press 1."' in line.text]
    (pressed,) = [line.at for line in story if "presses 1" in line.text]
    assert pressed == asked + 1000


def test_who_is_killed_does_not_put_its_store_in_order(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second server must do with what lies there: a store that was closed has no log."""
    logs: list[int] = []
    opened = Disk.open

    async def look_and_open(disk: Disk) -> SqliteStore:
        logs.extend(file.stat().st_size for file in disk.directory.rglob("state.db-wal"))
        return await opened(disk)

    monkeypatch.setattr(Disk, "open", look_and_open)
    assert told(project.play("steps: [press: '*', restart, press: 1]")) == ""
    assert len(logs) == 1
    assert logs[0] > 0


def test_a_slow_machine_makes_no_turn_late(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time of ours is none of the call's."""
    path = project.scenario("steps: [hear: Acme, press: 1]")
    applications = Applications(PLATFORM)
    file = applications.read(str(path)).file
    assert file is not None
    scenario = file.scenarios[0]
    tested = applications.called_by(scenario)
    stalled = asyncio.Event()

    def slow(engine: Engine) -> Handler:
        async def handle(url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stalled.wait(), 0.2)
            return await engine.handle(url, headers, body)

        return handle

    async def story() -> Result:
        switched = replace(setup(), switches=Switches(reply_timeout=100))
        wires = Wires(setup=switched, deliver=slow)
        stage = Stage(scenario, tested.library(scenario), _memory, wires)
        return await run_on(stage, tested)

    assert told(asyncio.run(story())) == ""


ROOMS = """\
flow: seminar
start: ask
states:
  ask:
    menu: {prompt: "To listen, press 1. To teach, press 2.", choices: {1: listen, 2: teach}}
    on: {no_input: listen, no_match: listen}
  listen:
    conference: {id: seminar, max: 2, start_on_enter: false}
    on: {full: sorry}
  teach: {conference: {id: seminar, start_on_enter: true, max: 3}, on: {full: sorry}}
  sorry: {say: The seminar is full., hangup: }
"""


def in_room(project: Project, others: str, key: int, ended: str) -> Result:
    project.write("seminar.flow.yaml", ROOMS)
    text = f"""
        rooms: {{seminar: {{{others}}}}}
        steps: [press: {key}, hang_up: caller]
        expect: {{ended: {ended}}}
    """
    return project.play(text, "seminar")


@pytest.mark.parametrize(
    ("others", "key", "ended"),
    [("participants: 1", 1, "listen"), ("participants: 2", 2, "teach")],
)
def test_rooms_are_as_the_scenario_says(
    project: Project, others: str, key: int, ended: str
) -> None:
    assert in_room(project, others, key, ended).failures == ()


@pytest.mark.parametrize(
    ("others", "is_held"),
    [("participants: 1", True), ("participants: 1, started: true", False)],
)
def test_the_story_tells_what_rooms_are_told(project: Project, others: str, is_held: bool) -> None:
    told = "\n".join(line.text for line in in_room(project, others, 1, "sorry").story)
    assert ("  hold " in told) is is_held


OTHERS = {
    "who listens is put out when the teacher goes": """
        steps:
          - press: 1
          - wait: 1m
          - {calls: {from: "+46702345678"}, as: teacher}
          - {press: 2, who: teacher}
          - wait: 10m
          - hang_up: teacher
        expect: {ended: listen}
        """,
    "the third who listens finds no place": """
        steps:
          - press: 1
          - {calls: {from: "+46702345678"}, as: bob}
          - {press: 1, who: bob}
          - {calls: {from: null}, as: eve}
          - {press: 1, who: eve}
          - {hear: The seminar is full, who: eve}
          - {hang_up: caller}
        expect: {ended: listen}
        """,
    "a step without a name is for who has just called": """
        steps:
          - press: 1
          - calls: {from: "+46702345678"}
          - press: 1
          - calls: {}
          - press: 1
          - hear: The seminar is full
          - hang_up: caller
        expect: {ended: listen}
        """,
}


@pytest.mark.parametrize("scenario", OTHERS.values(), ids=OTHERS)
def test_others_call_in_meanwhile(project: Project, scenario: str) -> None:
    project.write("seminar.flow.yaml", ROOMS.replace("max: 3", "max: 3, end_on_exit: true"))
    assert told(project.play(scenario, "seminar")) == ""
