"""What is wrong with a file of scenarios is told with its place and a remedy."""

from __future__ import annotations

import jsonschema
import pytest
from scenarios.conftest import Project

from ivrflow import schemas
from ivrflow.scenarios.suite import Applications
from ivrflow.sinch.platform import PLATFORM

FAULTS = [
    ("steps: [hear: [a]]", "E051", "text that is heard"),
    ("steps: [press: x]", "E051", "keys: 0-9 * #"),
    ("steps: [wait: 10]", "E051", "a duration"),
    ("steps: [jump: 1]", "E052", "no key of a step"),
    ("steps: [hera: Welcome]", "E052", "no key of a step"),
    ("steps: [silent]", "E051", "silence"),
    ("steps: [{hear: a, press: 1}]", "E054", 'either "hear" or "press"'),
    ("steps: [{who: caller}]", "E054", "needs one of hear"),
    ("expect: {ended: sales}", "E053", 'needs "steps"'),
    ("{steps: [], at: 2026-11-23}", "E051", "a time with its zone"),
    ("{steps: [], at: 2026-11-23T10:00}", "E051", "a time with its zone"),
    ("{steps: [], at: 9999-12-31T23:59Z}", "E606", "no time of the calendar"),
    ("steps: [hear: '/[/']", "E606", '"/[/" is no pattern'),
    ("steps: [wait: 999999999d]", "E606", "a scenario waits at most 400d"),
    ("steps: [{press: 1, who: anna}]", "E051", 'nobody is called "anna" yet'),
    ("steps: [{dials: '1', as: ann}, {answer: human, who: anna}]", "E051", "nobody is called"),
    ("{steps: [], at: 2026-13-23T10:00Z}", "E606", "no time of the calendar"),
    ("{steps: [], expect: {ended: sails}}", "E051", 'no state "sails" in "front-desk"'),
    ("{steps: [], expect: {visited: [greet, meny]}}", "E051", 'no state "meny"'),
    ("{steps: [], expect: {ended: 'other:a'}}", "E051", 'no flow "other"'),
    ("{steps: [], expect: {visits: {sails: 1}}}", "E052", 'no state "sails"'),
    ("{steps: [], expect: {variables: {who: 1}}}", "E052", 'no variable "who"'),
    ("{steps: [], expect: {records: {tries: 1}}}", "E052", 'no record "tries"'),
    ("{steps: [], records: {tries: {a: 1}}}", "E052", 'no record "tries"'),
    ("steps: [{press: 1, as: bob}]", "E053", '"as" needs one of dials, calls beside it'),
    ("steps: [{wait: 3s, who: callee}]", "E053", '"who" needs one of hear, press'),
    ("steps: [{dials: '1', who: callee}]", "E053", '"who" needs one of hear, press'),
    ("steps: [{silence: null, who: caller}]", "E053", '"who" needs one of hear, press'),
    ("steps: [{hang_up: caller, who: callee}]", "E053", '"who" needs one of hear, press'),
    ("steps: [{haer: a, who: caller}]", "E052", '"haer" is no key of a step'),
    ("steps: [{dials: '1', as: caller}]", "E051", '"caller" is what the platform calls'),
    ("steps: [hear: '']", "E051", 'expected text that is heard, not ""'),
    ("steps: [hear: ' ']", "E051", "expected text that is heard"),
    ("steps: [speak: '']", "E051", "expected words"),
    ("steps: [recorded: '']", "E051", "expected part of the recording's address"),
    ("steps: [wait: 9999999999d]", "E606", "a scenario waits at most 400d"),
    ("{steps: [], call: {from: abc}}", "E606", '"abc" is no number'),
    ("{steps: [calls: {from: '0701'}]}", "E606", '"0701" is no number'),
    ("{steps: [], call: {from: ''}}", "E606", '"" is no number'),
    ("{steps: [], call: {to: '+46'}}", "E606", '"+46" is no number'),
    ("steps: [emits: Answered]", "E051", "Answered"),
    ("steps: [emits: {data: {a: 1}}]", "E053", "event"),
]


@pytest.mark.parametrize(("text", "code", "message"), FAULTS)
def test_a_fault_is_told(project: Project, text: str, code: str, message: str) -> None:
    found = project.findings(text)
    assert [each.code for each in found] == [code], found
    assert message in found[0].message


def test_the_likely_name_is_offered(project: Project) -> None:
    (found,) = project.findings("{steps: [], expect: {ended: sails}}")
    assert found.help == 'did you mean "sales"?'
    assert (found.span.line, found.span.column) == (4, 33)


def test_a_flow_that_is_not_there_is_told(project: Project) -> None:
    (found,) = project.findings("steps: []", flow="front-dask")
    assert (found.code, found.help) == ("E051", 'did you mean "front-desk"?')


def test_every_key_of_the_schema_has_a_description_and_an_example_that_fits() -> None:
    schema = schemas.load("calltest")
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    for place, key, sub in keys(schema, "#"):
        assert sub.get("description"), f"{place}: {key}"
        examples = sub["examples"]
        assert isinstance(examples, list)
        for example in examples:
            whole = {**sub, "definitions": schema["definitions"]}
            jsonschema.validate(example, whole, cls=jsonschema.Draft7Validator)


def keys(node: object, place: str) -> list[tuple[str, str, dict[str, object]]]:
    found: list[tuple[str, str, dict[str, object]]] = []
    if isinstance(node, dict):
        for key, sub in node.get("properties", {}).items():
            found.append((place, key, sub))
        for key, sub in node.items():
            found += keys(sub, f"{place}/{key}")
    return found


QUEUE = """\
flow: queue
start: a
records: {waiting: {kind: queue, key: string}, tries: {key: string, value: integer}}
states:
  a: {do: [{enqueue: {record: waiting, key: shop}}, {count: {record: tries, key: a}}], next: b}
  b: {say: Hello., hangup: }
"""


@pytest.mark.parametrize("place", ["", "expect: "])
@pytest.mark.parametrize(
    ("records", "message"),
    [
        ("{waiting: {shop: true}}", '"waiting" is a queue: a list is expected'),
        ("{waiting: {shop: null}}", '"waiting" is a queue: a list is expected'),
        ("{waiting: [true]}", '"waiting" has keys: a mapping from keys to values is expected'),
        ("{tries: 3}", '"tries" has keys: a mapping from keys to values is expected'),
    ],
)
def test_records_that_are_written_for_another_kind_are_told(
    project: Project, place: str, records: str, message: str
) -> None:
    project.write("queue.flow.yaml", QUEUE)
    text = f"records: {records}"
    scenario = f"{{steps: [], {place}{{{text}}}}}" if place else f"{{steps: [], {text}}}"
    (found,) = project.findings(scenario, "queue")
    assert (found.code, found.message) == ("E051", message)


TYPED = """\
flow: typed
start: a
records:
  tries: {key: phone?, value: integer}
  days: {key: integer, value: boolean}
  who: {key: string, value: {age: integer}}
requests: {find: {get: "https://example.com", timeout: 1s, returns: {name: string}}}
states:
  a:
    request: {name: find, into: found}
    on: {ok: b, not_found: b, error: b}
  b:
    do:
      - count: {record: tries, key: "{{ call.from }}"}
      - put: {record: days, key: 1, value: true}
      - put: {record: who, key: a, value: {age: 3}}
    say: Hello.
    hangup:
"""


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ("{tries: {46701234567: 3}}", '"46701234567" is not a number such as'),
        ("{tries: {+46701234567: three}}", '"three" is not a whole number'),
        ("{tries: {+46701234567: {a: 1}}}", "this is no integer, which the record holds"),
        ("{who: {a: {age: old}}}", '"old" is not a whole number'),
        ("{who: {a: {years: 3}}}", "this is no object, which the record holds"),
        ("{days: {one: true}}", '"one" is not a whole number'),
    ],
)
def test_records_of_another_type_are_told(project: Project, records: str, message: str) -> None:
    project.write("typed.flow.yaml", TYPED)
    for step in (f"records: {records}, steps: []", f"steps: [records: {records}]"):
        (found,) = project.findings(f"{{{step}}}", "typed")
        assert (found.code, message in found.message) == ("E606", True), found


def test_a_key_of_another_type_can_not_be_expected(project: Project) -> None:
    project.write("typed.flow.yaml", TYPED)
    text = "{steps: [], expect: {records: {tries: {46701234567: null}}}}"
    (found,) = project.findings(text, "typed")
    assert found.message == '"46701234567" is not a number such as "+46850000001"'


def test_records_are_written_by_their_types(project: Project) -> None:
    project.write("typed.flow.yaml", TYPED)
    records = "{tries: {null: 3, +46701: 1}, days: {2: false}, who: {a: {age: 3}}}"
    assert project.findings(f"{{records: {records}, steps: []}}", "typed") == ()


@pytest.mark.parametrize("delay", ["9999999999d", "401d"])
def test_an_answer_does_not_take_for_ever(project: Project, delay: str) -> None:
    project.write("typed.flow.yaml", TYPED)
    text = f"{{steps: [], requests: {{find: {{delay: {delay}}}}}}}"
    (found,) = project.findings(text, "typed")
    assert (found.code, found.message) == ("E606", "an answer takes at most 400d")


def test_callers_of_other_networks_have_names(project: Project) -> None:
    for call in ("{from: ada, origin: app, to: bob}", "{from: ada@example.com, origin: sip}"):
        assert project.findings(f"{{steps: [], call: {call}}}") == ()


def test_an_empty_file_is_told_how_one_of_scenarios_begins(project: Project) -> None:
    path = project.write("it.calltest.yaml", "# nothing\n")
    (found,) = Applications(PLATFORM).read(str(path)).findings
    assert (found.code, found.help) == ("E013", 'a file of scenarios begins with "test: FLOW"')
