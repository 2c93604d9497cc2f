"""What the page of the language promises works: each example is checked, compiled and called."""

import json
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from conftest import compile_text
from exploring import CALL, Beginning, explore, explore_callout, takes
from grammar import Grammar
from reference import anchor
from snippets import Snippet, snippets

from ivrflow.checking import Checked, check, check_text
from ivrflow.compiler.closure import close
from ivrflow.expr.filters import FILTERS, TESTS
from ivrflow.expr.types import T
from ivrflow.library import compile_catalog
from ivrflow.machine.events import Chosen, Incoming
from ivrflow.machine.outcome import Step
from ivrflow.machine.replies import MENU, Menu, Say
from ivrflow.machine.step import begin
from ivrflow.model.app import App
from ivrflow.model.build import LATER_TYPES
from ivrflow.sinch.platform import PLATFORM
from ivrflow.source.yaml import parse

PAGE = (Path(__file__).parents[1] / "docs" / "language.md").read_text("utf-8")
TODAY = date(2026, 11, 24)
"""The day on which the dates of examples are still to come."""

SNIPPETS = list(snippets(PAGE))
GOOD = [each for each in SNIPPETS if not each.code]
WRONG = [each for each in SNIPPETS if each.code]


@cache
def applications() -> dict[str, tuple[Snippet, ...]]:
    """The examples by the application that they belong to; most are one of their own."""
    found: dict[str, tuple[Snippet, ...]] = {}
    for each in GOOD:
        name = each.section if each.file else f"line {each.line}"
        found[name] = (*found.get(name, ()), each)
    return found


def written(directory: Path, parts: tuple[Snippet, ...]) -> Checked:
    for each in parts:
        (directory / (each.file or "example.flow.yaml")).write_text(each.whole, "utf-8")
    (checked,) = check([directory], PLATFORM, today=TODAY)
    return checked


@pytest.mark.parametrize("name", applications())
def test_an_example_has_no_findings(name: str, tmp_path: Path) -> None:
    assert written(tmp_path, applications()[name]).diagnostics == ()


@pytest.mark.parametrize("snippet", WRONG, ids=lambda each: f"{each.code} line {each.line}")
def test_a_wrong_example_has_the_finding_that_the_page_says(
    snippet: Snippet, tmp_path: Path
) -> None:
    found = written(tmp_path, (snippet,)).diagnostics
    assert [each.code for each in found] == [snippet.code]


def test_behind_a_wrong_example_stands_its_own_finding() -> None:
    shown = re.findall(r"^```yaml (\w+)\n.*?^```\n\n```text\nerror (\w+) ", PAGE, re.M | re.S)
    assert [(each.code, each.code) for each in WRONG] == shown


@pytest.mark.parametrize("name", applications())
def test_callers_come_to_every_state_of_an_example(name: str, tmp_path: Path) -> None:
    checked = written(tmp_path, applications()[name])
    catalog = compile_catalog(checked, PLATFORM)
    visited: set[str] = set()
    for route in catalog.routes:
        begin = Beginning(route.params, route.locale, patterns(checked))
        found = explore(catalog.programs[route.flow], begin)
        assert found.faults == []
        visited |= found.visited
    for program in catalog.programs.values():
        for callout in program.flow.callouts.values():
            callee = catalog.programs[callout.flow]
            found = explore_callout(program, callee, callout.name, patterns(checked))
            assert found.faults == []
            visited |= found.visited
    assert states(checked) - visited == set()


def patterns(checked: Checked) -> list[str]:
    """The patterns and digits that its menus, collects and conditions name."""
    return [
        pattern.strip("\"'")
        for text in checked.texts.values()
        for pattern in re.findall(r"(?:pattern: |matching\(|== )([\"'][0-9X\[\]-]+[\"'])", text)
    ]


def states(checked: Checked) -> set[str]:
    """Every state but for the one that speaks when something fails."""
    return {
        f"{flow.name}:{state}"
        for flow in checked.flows.values()
        for state in flow.states
        if flow.on.error is None or state != flow.on.error.name
    }


def test_all_on_the_way_is_heard_in_the_order_that_the_page_tells() -> None:
    told = re.search(r"hears, in one reply: \*(.*?)\*", PAGE)
    assert told is not None
    (order,) = [each for each in GOOD if each.text.startswith("flow: order")]
    program = compile_text(order.text)
    incoming = Incoming(**CALL)
    asked = only(takes(program, begin(program, incoming, params={}, locale=""), incoming, ""))
    pressed = Chosen(**CALL, value="tell", offer=1, menu=MENU)
    reply = only(takes(program, asked.session, pressed, "")).reply
    assert reply is not None
    assert isinstance(reply.action, Menu)
    parts = (*reply.instructions, *reply.action.prompt)
    assert " ".join(each.text for each in parts if isinstance(each, Say)) == told.group(1)


def only(steps: Iterator[Step]) -> Step:
    (step,) = steps
    return step


@pytest.mark.parametrize("name", ["flow", "app"])
def test_every_key_of_the_language_stands_in_an_example(name: str) -> None:
    assert Grammar(name).supported - used_keys() == set()


@cache
def used_keys() -> set[tuple[str, str]]:
    used: set[tuple[str, str]] = set()
    for each in SNIPPETS:
        root = parse("example", each.whole).root
        if root is not None:
            used |= Grammar("app" if each.file == "app.yaml" else "flow").used(root)
    return used


@pytest.mark.parametrize("word", [*FILTERS, *TESTS])
def test_every_filter_and_test_stands_in_an_example(word: str) -> None:
    pattern = re.compile(rf"(\| |is |is not ){word}\b")
    assert any(pattern.search(each.text) for each in GOOD)


@pytest.mark.parametrize(
    "type_", [each for each in T if each not in (T.NULL, T.INSTANT, *LATER_TYPES)]
)
def test_every_type_is_declared_in_an_example(type_: T) -> None:
    assert any(re.search(rf": {type_}\??[,}}\s]", each.text) for each in GOOD)


def test_every_link_of_the_page_leads_somewhere() -> None:
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    anchors = {anchor(title) for title in re.findall(r"^##+ (.*)$", prose, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]*)\)", prose)) <= anchors


DEFAULTS = {
    "menu": "menu: {prompt: a, choices: {1: s}, KEY}",
    "collect": "collect: {prompt: a, length: 4, KEY}",
    "connect": 'connect: {number: "+46850000001", KEY}',
    "conference": "conference: {id: a, KEY}",
    "conference.dtmf": "conference: {id: a, dtmf: {KEY}}",
    "record_step": "do: [record: {to: 's3://a', KEY}]",
    "flow": "hangup:\nKEY",
    "records": "hangup:\nrecords: {a: {key: string, KEY}}",
}


@pytest.mark.parametrize("owner", DEFAULTS)
def test_a_default_is_what_the_engine_does_without_the_key(owner: str) -> None:
    keys = Grammar("flow").keys[owner]
    given = {name: key["default"] for name, key in keys.items() if "default" in key}
    assert given
    for name, default in given.items():
        others = {each: value for each, value in given.items() if each != name}
        without, with_it = (_closure(owner, each) for each in (others, {**others, name: default}))
        assert without == with_it, f"{owner}.{name}"


def _closure(owner: str, keys: dict[str, object]) -> bytes:
    separator = "\n" if owner == "flow" else ", "
    written = separator.join(f"{name}: {json.dumps(value)}" for name, value in keys.items())
    state = DEFAULTS[owner].replace("KEY", written)
    (flow,) = check_text(
        "a.flow.yaml", f"flow: a\nstart: s\nstates:\n  s:\n    {state}\n", PLATFORM
    ).flows.values()
    return close(flow, App(), {})
