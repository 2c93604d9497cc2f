"""What a step asks of records, and what it makes of the answer."""

from pathlib import Path

import msgspec
import pytest

from ivrflow.checking import check
from ivrflow.compiler.closure import close
from ivrflow.compiler.compile import compile_flow, load_program
from ivrflow.machine.events import Incoming
from ivrflow.machine.outcome import Facts, Need, Recorded, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.recorded import MAX_KEY
from ivrflow.machine.step import begin, step
from ivrflow.records import Claim, Count, Enqueue, Operation, Put, Read
from ivrflow.sinch.platform import PLATFORM

APP = """
app: acme
records:
  seen: {key: phone?, value: {name: string, since: date?}, expires: 1h}
  flags: {key: boolean, value: boolean}
  unused: {value: string}
"""

FLOW = """
flow: desk
start: a
params: {any: {type: object, default: {}}}
vars: {free: [7, 8], who: string}
records:
  byhead: {key: string, value: string}
  agents: {key: integer, value: string, expires: 90s}
  line: {kind: queue, value: {from: phone?}}
  hits: {value: integer}
states:
  a:
    do: [STEP]
    say: "SAY"
    next: [{when: "MORE", next: more}, {next: bye}]
  more: {say: More., hangup: }
  bye: {hangup: }
"""

CALL = Incoming(app="key", call="call-1", caller="+46701234567")

UNTYPED = {"any": {"x": "y" * 300}}
"""What lint knows nothing of."""


def compiled(tmp_path: Path, step: str, more: str = "tries > 9") -> Program:
    (tmp_path / "app.yaml").write_text(APP + "routes: [{flow: desk}]\n")
    say = "Got {{ got | default('nothing') }}." if "into: got" in step else "Hello."
    flow = FLOW.replace("STEP", step).replace("MORE", more).replace("SAY", say)
    (tmp_path / "a.flow.yaml").write_text(flow)
    (checked,) = check([tmp_path], PLATFORM)
    assert checked.is_good, checked.diagnostics
    return compile_flow(checked.flows["desk"], checked.app, PLATFORM, checked.all_flows)


def taken(program: Program, *answers: object, call: Incoming = CALL) -> Step | Need:
    facts = Facts(answers=tuple(Recorded(each) for each in answers))
    return step(program, begin(program, call, params=UNTYPED, locale=""), call, facts)


def said(taken: Step | Need) -> str:
    assert isinstance(taken, Step)
    assert taken.reply is not None
    return " ".join(getattr(each, "text", "") for each in taken.reply.instructions).strip()


@pytest.mark.parametrize(
    ("step", "asked", "answer", "heard"),
    [
        (
            'read: {record: seen, key: "{{ call.from }}", into: got}',
            Read(record="seen", key="+46701234567"),
            None,
            "Got nothing.",
        ),
        (
            'put: {record: seen, key: "{{ call.from }}", value: {name: "{{ call.id }}"}}',
            Put(record="seen", key="+46701234567", value={"name": "call-1"}, lasts=3_600_000),
            None,
            "Hello.",
        ),
        (
            'put: {record: flags, key: true, value: "{{ tries > 9 }}"}',
            Put(record="flags", key="true", value=False),
            None,
            "Hello.",
        ),
        (
            "put: {record: byhead, key: 0123, value: 0456}",
            Put(record="desk.byhead", key="0123", value="0456"),
            None,
            "Hello.",
        ),
        (
            'claim: {record: agents, any: "{{ free }}", value: busy, into: got}',
            Claim(record="desk.agents", keys=("7", "8"), value="busy", lasts=90_000),
            "8",
            "Got 8.",
        ),
        (
            "claim: {record: agents, key: 7, value: busy, into: got}",
            Claim(record="desk.agents", keys=("7",), value="busy", lasts=90_000),
            None,
            "Got nothing.",
        ),
        (
            'enqueue: {record: line, value: {from: "{{ call.from }}"}, into: got}',
            Enqueue(record="desk.line", value={"from": "+46701234567"}),
            3,
            "Got 3.",
        ),
        ("count: {record: hits, into: got}", Count(record="desk.hits"), 2, "Got 2."),
    ],
)
def test_a_step_asks_by_types_and_uses_the_answer(
    tmp_path: Path, step: str, asked: Operation, answer: object, heard: str
) -> None:
    program = compiled(tmp_path, step)
    assert taken(program) == Need(asked)
    assert said(taken(program, answer)) == heard
    again = load_program(program.closure, PLATFORM)
    assert taken(again) == Need(asked)


@pytest.mark.parametrize("caller", [None, "ada", "ada@sip.example.com"])
def test_who_has_no_number_to_show_has_a_key_of_its_own(tmp_path: Path, caller: str | None) -> None:
    """A user of an app is no phone number, whatever is dialled or kept by one."""
    program = compiled(tmp_path, 'read: {record: seen, key: "{{ call.from }}", into: got}')
    unnumbered = msgspec.structs.replace(CALL, caller=caller)
    assert taken(program, call=unnumbered) == Need(Read(record="seen"))


def test_a_long_key_is_shortened_and_stays_a_key_of_its_own(tmp_path: Path) -> None:
    program = compiled(
        tmp_path,
        "read: {record: byhead, key: \"{{ call.headers.x | default('') }}\", into: got}",
    )
    keys = set()
    for end in ("", "y", "z"):
        call = msgspec.structs.replace(CALL, headers={"x": "y" * 300 + end})
        asked = taken(program, call=call)
        assert isinstance(asked, Need)
        assert isinstance(asked.fact, Read)
        assert len(asked.fact.key) == MAX_KEY
        keys.add(asked.fact.key)
    assert len(keys) == 3


@pytest.mark.parametrize(
    ("step", "answers"),
    [
        ('read: {record: byhead, key: "{{ params.any.none }}", into: got}', ()),
        ('read: {record: agents, key: "{{ params.any.x }}", into: got}', ()),
        ('put: {record: hits, value: "{{ params.any.x }}"}', ()),
        ("count: {record: hits}", ("many",)),
        ("read: {record: byhead, key: a, into: got}", (7,)),
        ('read: {record: seen, key: "{{ call.from }}", into: got}', ({"name": 1},)),
        ('read: {record: seen, key: "{{ call.from }}", into: got}', ({"since": "2026-11-23"},)),
        ("dequeue: {record: line, into: got}", ({"from": "not a number"},)),
    ],
)
def test_what_does_not_fit_fails_in_the_flows_way(
    tmp_path: Path, step: str, answers: tuple[object, ...]
) -> None:
    failed = taken(compiled(tmp_path, step), *answers)
    assert isinstance(failed, Step)
    assert failed.verdict is Verdict.FAILED
    assert "desk." in failed.trace.fault or '"seen"' in failed.trace.fault
    assert "y" * 300 not in failed.trace.fault, "values are not for the log"


def test_a_condition_asks_whether_something_is_recorded(tmp_path: Path) -> None:
    more = "recorded(hits) or recorded(seen, call.from)"
    program = compiled(tmp_path, "log: x", more)
    assert taken(program) == Need(Read(record="desk.hits"))
    assert taken(program, None) == Need(Read(record="seen", key="+46701234567"))
    assert said(taken(program, None, None)) == "Hello."
    assert said(taken(program, 1)) == "Hello. More."
    again = load_program(program.closure, PLATFORM)
    assert taken(again, None) == Need(Read(record="seen", key="+46701234567"))


def test_a_record_and_a_variable_may_share_a_name(tmp_path: Path) -> None:
    program = compiled(tmp_path, "count: {record: hits, into: hits}", "recorded(hits) and hits > 2")
    assert taken(program, 3) == Need(Read(record="desk.hits"))
    assert said(taken(program, 3, 3)) == "Hello. More."


def test_the_applications_records_that_nobody_uses_are_no_part_of_a_program(
    tmp_path: Path,
) -> None:
    step = 'read: {record: seen, key: "{{ call.from }}", into: got}'
    program = compiled(tmp_path, step)
    assert b'"seen"' in program.closure
    assert b"unused" not in program.closure
    assert b"flags" not in program.closure
    (checked,) = check([tmp_path], PLATFORM)
    lasting = {**checked.app.records, "unused": checked.app.records["seen"]}
    app = msgspec.structs.replace(checked.app, records=lasting)
    assert close(checked.flows["desk"], app, checked.all_flows) == program.closure
