"""What the schema finds wrong: one finding a fault, at its place, with the likely word."""

import json
from typing import Any

import jsonschema
import pytest

from ivrflow import schemas
from ivrflow.source.schema import check
from ivrflow.source.yaml import parse

FLOW = """\
flow: example
start: ask
locale: en-US
states:
  ask:
    say: Hello.
    menu:
      prompt: Press 1.
      retries: 2
      timeout: 5s
      choices:
        1: ring
    on: {no_input: bye, no_match: bye}
  ring:
    connect: {number: "+46850000001", timeout: 20s}
  bye: {hangup: }
"""

FAULTS = [
    ("retries: 2", "retires: 2", "E052", 9, 7, "retries"),
    ("prompt: Press", "prmpt: Press", "E052", 8, 7, "prompt"),
    ("start: ask", "strat: ask", "E052", 2, 1, "start"),
    ("timeout: 5s", "timeout: 5 sec", "E051", 10, 16, "duration"),
    ("timeout: 5s", "timeout: [5s]", "E051", 10, 7, "duration"),
    ("locale: en-US", "locale: english", "E051", 3, 9, "locale"),
    ("retries: 2", "retries: many", "E051", 9, 16, "number"),
    ("retries: 2", "retries: -1", "E051", 9, 16, "from 0 to 99999"),
    ("timeout: 5s", "timeout: 5", "E051", 10, 16, "write 5s for seconds"),
    ("say: Hello.", "do: log", "E051", 6, 9, "a list"),
    ("locale: en-US", "prompts: {p: {en_US: hi}}", "E052", 3, 15, 'did you mean "en-US"?'),
    (
        "locale: en-US",
        "records: {r: {value: {type: digits, secret: true}}}",
        "E051",
        3,
        45,
        "secrets",
    ),
    ("1: ring", "10: ring", "E052", 12, 9, "0-9"),
    ("1: ring", "1: Ring", "E051", 12, 12, "lower case"),
    ("hangup: }", "hangup: , next: ask}", "E054", 16, 19, "remove"),
    ("{hangup: }", "{say: Bye.}", "E054", 16, 3, "needs one of"),
    ("{hangup: }", "{hangup: yes}", "E051", 16, 17, "nothing"),
    ("{hangup: }", "{hangpu: }", "E052", 16, 9, "hangup"),
    ("connect: {number", "connect: {nubmer", "E052", 15, 15, "number"),
    ('connect: {number: "+46850000001", timeout: 20s}', "connect: {}", "E054", 15, 5, "needs one"),
    ("  bye: {", "  Bye: {", "E055", 16, 3, "lower case"),
    ("      prompt: Press 1.\n", "", "E053", 7, 5, "prompt"),
    ("say: Hello.", "say:", "E051", 6, 5, "text"),
    ("say: Hello.", "do: [lgo: Hello.]", "E052", 6, 10, "log"),
    ("say: Hello.", "do: [{log: a, set: {b: 1}}]", "E056", 6, 19, "item"),
    ("states:", "vars: {A: 1}\nstates:", "E055", 4, 8, "lower case"),
]


def findings(text: str, name: str = "flow") -> list[Any]:
    parsed = parse("f", text)
    assert parsed.root is not None
    return check("f", parsed.root, schemas.load(name))


def test_a_good_flow_has_no_findings() -> None:
    assert findings(FLOW) == []


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault[1])
def test_one_fault_is_one_finding_at_its_place(fault: tuple[str, str, str, int, int, str]) -> None:
    good, bad, code, line, column, word = fault
    assert good in FLOW
    (finding,) = findings(FLOW.replace(good, bad, 1))
    assert (finding.code, finding.span.line, finding.span.column) == (code, line, column)
    assert word in finding.message + finding.help


def test_two_faults_are_two_findings() -> None:
    text = FLOW.replace("retries: 2", "retires: 2").replace("timeout: 20s", "timeout: soon")
    assert len(findings(text)) == 2


@pytest.mark.parametrize("text", ["[]", "flow", "42", "- a"])
def test_what_is_no_mapping_is_one_finding(text: str) -> None:
    assert len(findings(text)) == 1


@pytest.mark.parametrize("name", ["flow", "app"])
def test_the_schemas_hold_under_both_drafts(name: str) -> None:
    schema = schemas.load(name)
    jsonschema.Draft7Validator.check_schema(schema)
    modern = {key: value for key, value in schema.items() if key != "$schema"}
    jsonschema.Draft202012Validator.check_schema(modern)


@pytest.mark.parametrize("name", ["flow", "app"])
def test_both_drafts_judge_alike(name: str) -> None:
    schema = schemas.load(name)
    modern = {key: value for key, value in schema.items() if key != "$schema"}
    instances: list[Any] = [{}, {"flow": "a", "start": "b", "states": {"b": {"hangup": None}}}, []]
    for instance in instances:
        old = jsonschema.Draft7Validator(schema).is_valid(instance)
        assert old == jsonschema.Draft202012Validator(modern).is_valid(instance)


@pytest.mark.parametrize("name", ["flow", "app"])
def test_every_key_has_a_description_and_an_example(name: str) -> None:
    bare = [path for path, schema in _properties(schemas.load(name), "") if _is_bare(schema)]
    assert bare == []


def _is_bare(schema: dict[str, Any]) -> bool:
    return not schema.get("description") or not schema.get("examples")


def _properties(schema: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        return [found for each in schema for found in _properties(each, path)]
    if not isinstance(schema, dict):
        return []
    found = [
        (f"{path}.{name}", each)
        for name, each in schema.get("properties", {}).items()
        if isinstance(each, dict)
    ]
    for key, each in schema.items():
        if key in ("properties", "definitions"):
            for name, inner in each.items():
                found += _properties(inner, f"{path}.{name}")
        elif key not in ("examples", "description", "enum", "default"):
            found += _properties(each, f"{path}.{key}")
    return found


@pytest.mark.parametrize("name", ["flow", "app"])
def test_every_example_is_valid(name: str) -> None:
    schema = schemas.load(name)
    for path, each in _properties(schema, ""):
        whole = {**each, "definitions": schema["definitions"]}
        for example in each["examples"]:
            validator = jsonschema.Draft7Validator(whole)
            assert validator.is_valid(example), (path, json.dumps(example))


@pytest.mark.parametrize("name", ["flow", "app"])
def test_the_examples_and_defaults_of_a_key_are_values_that_it_takes(name: str) -> None:
    schema = schemas.load(name)
    for path, key in _properties(schema, ""):
        whole = {**key, "definitions": schema["definitions"]}
        for value in (*key["examples"], *([key["default"]] if "default" in key else ())):
            assert jsonschema.Draft7Validator(whole).is_valid(value), (path, value)


def test_a_word_of_another_language_is_one_finding_and_is_told_what_works() -> None:
    (found,) = findings("flow: x\nstart: a\nstates:\n  a: {say: Hello., goto: b}\n")
    assert (found.code, found.span.line) == ("E052", 4)
    assert "hangup" in found.help
