"""What is wrong with a file of scenarios is told with its place and a remedy."""

from __future__ import annotations

import jsonschema
import pytest
from scenarios.conftest import Project

from ivrflow import schemas

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
    ("steps: [signal: ready]", "E090", '"signal" is not supported yet'),
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
