"""Opening hours as callers meet them: whole calls through `step`, at the minute that counts."""

import re
from datetime import date
from pathlib import Path

import pytest
from conftest import Compile

from ivrflow.checking import check, check_text
from ivrflow.compiler.compile import compile_flow, load_program
from ivrflow.library import compile_catalog
from ivrflow.machine.events import Incoming
from ivrflow.machine.outcome import Facts, Need, Now, Step
from ivrflow.machine.program import Program
from ivrflow.machine.replies import ConnectNumber, Say, Ssml
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM

TODAY = date(2026, 11, 24)
CALL = Incoming(app="key", call="call-1", caller="+46701234567", called="+46850000000")

FLOW = """\
flow: front-door
start: welcome
locale: en-US
schedules:
  office:
    timezone: Europe/Stockholm
    open:
      mon-thu: 08:00-17:00
      fri: [08:00-17:00, 20:00-02:00]
      sat: 20:00-02:00
    closed: [2026-12-24]
    special: {2026-12-30: 10:00-12:00}
    holidays: SE
states:
  welcome:
    next:
      - {when: open(office), next: ring}
      - {when: hours(office) == "", next: closed_today}
      - next: closed_now
  ring: {connect: {number: "+46850000001"}}
  closed_today:
    say: "We open on {{ next_opening(office) | date }}."
    hangup:
  closed_now:
    say:
    - "Our hours are {{ hours(office) }};"
    - "we open at {{ next_opening(office) | time }}."
    hangup:
"""


def heard(program: Program, now: str, **params: object) -> str:
    """What a call at `now` gets: the words that it hears, or the number that rings."""
    session = begin(program, CALL, params=params, locale="")
    taken = step(program, session, CALL, Facts(now=now))
    assert isinstance(taken, Step)
    assert taken.trace.fault == ""
    assert taken.reply is not None
    if isinstance(taken.reply.action, ConnectNumber):
        return taken.reply.action.number
    said = [each.text for each in taken.reply.instructions if isinstance(each, Say | Ssml)]
    return re.sub("<.*?>", "", " ".join(said))


@pytest.fixture(scope="module")
def front_door() -> Program:
    checked = check_text("f.flow.yaml", FLOW, PLATFORM, today=TODAY)
    assert checked.diagnostics == ()
    return compile_flow(checked.flows["front-door"], checked.app, PLATFORM, {})


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24T07:00:00Z", "+46850000001"),  # Tuesday, eight o'clock
        ("2026-11-24T06:59:59Z", "Our hours are 08:00 to 17:00; we open at 8:00 AM."),
        ("2026-11-24T16:00:00Z", "Our hours are 08:00 to 17:00; we open at 8:00 AM."),
        ("2026-06-23T06:00:00Z", "+46850000001"),  # in summer an hour earlier
        ("2026-11-28T00:59:00Z", "+46850000001"),  # the night after Friday
        ("2026-11-28T01:00:00Z", "Our hours are 20:00 to 02:00; we open at 8:00 PM."),
        ("2026-11-29T12:00:00Z", "We open on 2026-11-30."),  # Sunday
        ("2026-12-24T12:00:00Z", "We open on 2026-12-28."),  # closed, then holidays
        ("2026-12-25T12:00:00Z", "We open on 2026-12-28."),
        ("2026-12-30T09:00:00Z", "+46850000001"),  # special hours
        ("2026-12-30T08:00:00Z", "Our hours are 10:00 to 12:00; we open at 10:00 AM."),
    ],
)
def test_a_caller_gets_what_the_hour_has(front_door: Program, now: str, expected: str) -> None:
    assert heard(front_door, now) == expected


def test_the_time_is_asked_for_when_a_flow_needs_it(front_door: Program) -> None:
    session = begin(front_door, CALL, params={}, locale="")
    assert step(front_door, session, CALL, Facts()) == Need(Now())


def test_a_stored_program_has_its_schedules(front_door: Program) -> None:
    again = load_program(front_door.closure, PLATFORM)
    assert again.id == front_door.id
    assert heard(again, "2026-12-25T12:00:00Z") == "We open on 2026-12-28."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ hours(office | default(night)) }}", "06:00 to 07:00"),
        ("{{ hours(office if open(office) else night) }}", "20:00 to 22:00"),
        ("{{ now | default('never') | date }}", "2026-11-24"),
    ],
)
def test_schedules_are_values_like_others(compiled: Compile, text: str, expected: str) -> None:
    program = compiled(f"""\
flow: f
start: a
schedules:
  office: {{timezone: UTC, open: {{mon-sun: 06:00-07:00}}}}
  night: {{timezone: UTC, open: {{mon-sun: 20:00-22:00}}}}
states: {{a: {{say: "{text}", hangup: }}}}
""")
    assert heard(program, "2026-11-24T12:00:00Z") == expected


APP = """\
app: acme
schedules:
  office: {timezone: Europe/Stockholm, open: {mon-fri: 08:00-17:00}}
  shop: {timezone: Europe/Stockholm, open: {sat: 10:00-14:00}}
prompts:
  hours: {en-US: "The shop is open {{ hours(shop) }}."}
routes:
  - {to: "+46850000001", flow: asked, with: {when: office}}
  - {to: "+46850000002", flow: asked, with: {when: shop}}
  - {to: "+46850000003", flow: asked}
  - flow: own
"""
ASKED = """\
flow: asked
start: a
params: {when: {type: schedule, default: office}}
schedules: {office: {timezone: UTC, open: {sun: 06:00-07:00}}}
states: {a: {say: "{{ hours(params.when) }}", hangup: }}
"""
OWN = """\
flow: own
start: a
schedules: {office: {timezone: UTC, open: {sun: 06:00-07:00}}}
states: {a: {say: ["{{ hours(office) }}", {play: hours}], hangup: }}
"""
RUNNER = """\
flow: runner
start: a
schedules: {office: {timezone: UTC, open: {sat-sun: 09:00-10:00}}}
states:
  a:
    run: {flow: told, with: {when: "{{ office }}"}}
    on: {told: {say: "Then {{ hours(office) }}.", next: bye}}
  bye: {hangup: }
"""
TOLD = """\
flow: told
start: a
params: {when: schedule}
returns: {told: {}}
schedules: {office: {timezone: UTC, open: {mon-fri: 11:00-12:00}}}
states:
  a: {say: "First {{ hours(params.when) }}, here {{ hours(office) }}.", next: b}
  b: {return: {name: told}}
"""
SATURDAY, SUNDAY, MONDAY = "2026-11-28T12:00:00Z", "2026-11-29T12:00:00Z", "2026-11-30T12:00:00Z"


def application(directory: Path, app: str = APP) -> tuple[dict[str, Program], list[str]]:
    for name, text in (("app.yaml", app), ("asked.flow.yaml", ASKED), ("own.flow.yaml", OWN)):
        (directory / name).write_text(text)
    (checked,) = check([directory], PLATFORM, today=TODAY)
    found = [f"{each.code} {each.message} {each.help}" for each in checked.diagnostics]
    if not checked.is_good:
        return {}, found
    return dict(compile_catalog(checked, PLATFORM).programs), found


def test_a_route_gives_a_flow_the_schedule_of_its_number(tmp_path: Path) -> None:
    programs, found = application(tmp_path)
    assert found == []
    asked = programs["asked"]
    assert heard(asked, MONDAY, when="office") == "08:00 to 17:00"
    assert heard(asked, SATURDAY, when="shop") == "10:00 to 14:00"
    assert heard(asked, SUNDAY) == "06:00 to 07:00", "the flow's own by default"


def test_a_flow_s_own_schedule_hides_the_application_s(tmp_path: Path) -> None:
    own = application(tmp_path)[0]["own"]
    assert heard(own, MONDAY) == "The shop is open ."
    assert heard(own, SUNDAY) == "06:00 to 07:00 The shop is open ."
    assert heard(own, SATURDAY) == "The shop is open 10:00 to 14:00."


def test_a_program_holds_the_schedules_that_it_can_ask(tmp_path: Path) -> None:
    programs = application(tmp_path)[0]
    assert programs["own"].schedules.keys() == {"shop", "own.office"}
    assert programs["asked"].schedules.keys() == {"office", "shop", "asked.office"}
    before = programs["own"].id
    changed = APP.replace("mon-fri: 08:00-17:00", "mon-fri: 09:00-17:00")
    programs = application(tmp_path, changed)[0]
    assert programs["own"].id == before, "a schedule that it never asks changes nothing"
    changed = APP.replace("sat: 10:00-14:00", "sat: 10:00-15:00")
    assert application(tmp_path, changed)[0]["own"].id != before


def test_flows_that_run_each_other_keep_their_schedules_apart(tmp_path: Path) -> None:
    for name, text in (("runner", RUNNER), ("told", TOLD)):
        (tmp_path / f"{name}.flow.yaml").write_text(text)
    app = APP.replace("flow: own", "flow: runner")
    programs, found = application(tmp_path, app)
    assert found == []
    assert (
        heard(programs["runner"], SATURDAY) == "First 09:00 to 10:00, here . Then 09:00 to 10:00."
    )
    assert heard(programs["runner"], MONDAY) == "First , here 11:00 to 12:00. Then ."
    (tmp_path / "runner.flow.yaml").write_text(RUNNER.replace('"{{ office }}"', "office"))
    assert application(tmp_path, app)[1] == [
        'E112 "when": "office" is text, not a schedule write "{{ office }}"'
    ]


def test_a_route_can_give_schedules_of_the_application_only(tmp_path: Path) -> None:
    found = application(tmp_path, APP.replace("when: office", "when: ofice"))[1]
    assert found == ['E106 no schedule is called "ofice" did you mean "office"?']


def test_a_prompt_of_the_application_asks_its_schedules(tmp_path: Path) -> None:
    found = application(tmp_path, APP.replace("hours(shop)", "hours(shpo)"))[1]
    assert found == ['E107 there is no schedule "shpo" here did you mean "shop"?']
