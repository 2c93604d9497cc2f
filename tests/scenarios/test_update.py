"""`ivrflow test --update` changes what it says and nothing else, or leaves a file as it is."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios.conftest import Command, Project

from ivrflow.diagnostics import Span
from ivrflow.scenarios.edits import Edit, kept
from ivrflow.scenarios.values import quoted, value_of
from ivrflow.source.node import Mapping, Node, Scalar, Sequence
from ivrflow.source.yaml import parse

HEAD = "test: front-desk\nscenarios:\n"

CHANGES = {
    "a folded block": (
        "  one:\n    steps:\n      - hear: >-\n          Wrong\n          words\n"
        "      - press: 1\n",
        '  one:\n    steps:\n      - hear: "Welcome to Acme."\n      - press: 1\n',
    ),
    "a block with a comment and an empty line behind it": (
        "  one:\n    steps:\n      - hear: |\n          Wrong\n\n          words\n\n"
        "      # keep\n      - press: 1\n",
        '  one:\n    steps:\n      - hear: "Welcome to Acme."\n\n      # keep\n      - press: 1\n',
    ),
    "a block at the end": (
        "  one:\n    steps:\n      - hear: >\n          Wrong\n",
        '  one:\n    steps:\n      - hear: "Welcome to Acme."\n',
    ),
    "a number dialled, as a block": (
        "  one:\n    steps:\n      - press: 1\n      - dials: >-\n          +46851\n"
        "      - hang_up\n",
        '  one:\n    steps:\n      - press: 1\n      - dials: "+46850000001"\n      - hang_up\n',
    ),
    "nothing written as value": (
        "  one:\n    steps: []\n    expect:\n      visits:\n        greet: 2\n"
        "      svaml:\n        action:\n          name:\n",
        "  one:\n    steps: []\n    expect:\n      visits:\n        greet: 1\n"
        '      svaml:\n        action:\n          name: "runMenu"\n',
    ),
    "nothing written in braces": (
        "  one: {steps: [], expect: {svaml: {action: {name : , barge: }}}}\n",
        '  one: {steps: [], expect: {svaml: {action: {name : "runMenu" , barge: true }}}}\n',
    ),
    "an anchor that scenarios share": (
        "  one: {steps: &s [hear: Wrong words, press: 1]}\n  two: {steps: *s}\n",
        '  one: {steps: &s [hear: "Welcome to Acme.", press: 1]}\n  two: {steps: *s}\n',
    ),
    "a list with an anchor": (
        "  one: {steps: [press: 2], expect: {visited: &v [greet]}}\n"
        "  two: {steps: [press: 2], expect: {visited: *v}}\n",
        "  one: {steps: [press: 2], expect: {visited: &v [greet, main_menu, support]}}\n"
        "  two: {steps: [press: 2], expect: {visited: *v}}\n",
    ),
    "a quoted text with an anchor": (
        '  one: {steps: [hear: &w "Wrong", press: 1]}\n  two: {steps: [hear: *w]}\n',
        '  one: {steps: [hear: &w "Welcome to Acme.", press: 1]}\n  two: {steps: [hear: *w]}\n',
    ),
    "a mapping of lines": (
        "  one:\n    steps: []\n    expect:\n      variables:\n        customer:\n"
        "          name: Bob\n      # keep\n      visits: {greet: 1}\n",
        "  one:\n    steps: []\n    expect:\n      variables:\n        customer:\n"
        '          {"name":"Ada"}\n      # keep\n      visits: {greet: 1}\n',
    ),
    "a list of lines with an anchor": (
        "  one:\n    steps: [press: 2]\n    expect:\n      visited: &v\n        - greet\n",
        "  one:\n    steps: [press: 2]\n    expect:\n      visited: &v\n"
        "        [greet, main_menu, support]\n",
    ),
}

LEFT = {
    "a list with a comment in it": (
        "  one:\n    steps: [press: 2]\n    expect:\n"
        "      visited: [ greet, # first\n        sales ]\n"
    ),
    "a list of lines with a comment in it": (
        "  one:\n    steps: [press: 2]\n    expect:\n      visited:\n        - greet # first\n"
        "        - sales\n"
    ),
    "scenarios that share a place and differ": (
        "  one: {steps: [press: 1, hang_up], expect: {ended: &e goodbye}}\n"
        "  two: {steps: [press: 2, hang_up], expect: {ended: *e}}\n"
    ),
    "scenarios that share a place, of which one passes": (
        "  one: {steps: [press: 1, hang_up], expect: {ended: &e sales}}\n"
        "  two: {steps: [press: 2, hang_up], expect: {ended: *e}}\n"
    ),
}


@pytest.fixture
def project(project: Project) -> Project:
    """A project whose flow has a variable, an object."""
    flow = project.directory / "first.flow.yaml"
    vars = "vars: {customer: {type: object, properties: {name: string}}}"
    steps = "    do: [set: {customer: {name: Ada}}]\n"
    text = flow.read_text().replace("states:", f"{vars}\n\nstates:")
    flow.write_text(text.replace("  greet:\n", f"  greet:\n{steps}"))
    return project


@pytest.mark.parametrize("breaks", ["\n", "\r\n"])
@pytest.mark.parametrize("name", CHANGES)
def test_what_is_meant_is_changed(
    project: Project, command: Command, name: str, breaks: str
) -> None:
    before, after = ((HEAD + each).replace("\n", breaks) for each in CHANGES[name])
    file = project.directory / "a.calltest.yaml"
    file.write_bytes(before.encode())
    code, shown, _ = command("test", "--update", file)
    assert file.read_bytes().decode() == after
    assert code == 0, shown


@pytest.mark.parametrize("name", LEFT)
def test_what_would_change_more_is_left_and_told(
    project: Project, command: Command, name: str
) -> None:
    file = project.write("a.calltest.yaml", HEAD + LEFT[name])
    code, _, told = command("test", "--update", file)
    assert file.read_text() == HEAD + LEFT[name]
    assert code == 1
    assert f"{file}: 0 places changed" in told
    assert f"{file}:3:" in told or f"{file}:6:" in told or f"{file}:7:" in told
    assert "left as it is" in told


def test_a_pattern_is_left_to_its_author(project: Project, command: Command) -> None:
    text = f"{HEAD}  one: {{steps: [hear: /wrong/]}}\n"
    file = project.write("a.calltest.yaml", text)
    code, _, told = command("test", "--update", file)
    assert (code, file.read_text()) == (1, text)
    assert "0 places changed" in told


def test_a_mark_of_byte_order_moves_nothing(project: Project, command: Command) -> None:
    file = project.directory / "a.calltest.yaml"
    text = "{test: front-desk, scenarios: {one: {steps: [{hear: wrong}, {press: 1}]}}}\n"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert command("test", "--update", file)[0] == 0
    right = text.replace("wrong", '"Welcome to Acme."')
    assert file.read_bytes() == b"\xef\xbb\xbf" + right.encode()


def test_a_full_disk_leaves_the_file_as_it_was(project: Project) -> None:
    text = f"{HEAD}  one: {{steps: [hear: wrong]}}\n"
    file = project.write("a.calltest.yaml", text)
    told = subprocess.run(
        [sys.executable, "-B", "-m", "ivrflow", "test", "--update", file],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, file.read_text()) == (2, text), told.stderr
    assert told.stderr == f"ivrflow: can't write {file}: File too large\n"
    names = {each.name for each in project.directory.iterdir()}
    assert names == {file.name, "first.flow.yaml"}


def test_a_file_that_is_no_text_is_left(project: Project, command: Command) -> None:
    file = project.directory / "a.calltest.yaml"
    content = HEAD.encode() + b"  one: {steps: [hear: wr\xffng]}\n"
    file.write_bytes(content)
    assert command("test", "--update", file)[0] == 1
    assert file.read_bytes() == content


# -- edits ----------------------------------------------------------------------------------------

TEXT = """\
a: &x [one, two] # keep
b:
  - plain
  - "quoted # text"
  - >-
    folded
    text

  # keep, too
  - {c: , d: *x, "e" : 1}
  - |
    block
f: 'single'
"""
"""A text with every form of value."""


def values(node: Node) -> list[Scalar | Sequence]:
    match node:
        case Mapping():
            return [found for each in node for found in values(each.value)]
        case Sequence():
            return [node, *(found for each in node for found in values(each))]
        case Scalar():
            return [node]


def all_values() -> list[Scalar | Sequence]:
    root = parse("", TEXT).root
    assert root is not None
    return values(root)


def with_value(node: Node, at: Span, value: object) -> object:
    if node.span == at:
        return value
    match node:
        case Mapping():
            return {each.key.text: with_value(each.value, at, value) for each in node}
        case Sequence():
            return [with_value(each, at, value) for each in node]
        case Scalar():
            return value_of(node)


@settings(deadline=None)
@given(st.sampled_from(all_values()), st.text(max_size=8))
def test_an_edit_is_exact_or_not_done(node: Scalar | Sequence, text: str) -> None:
    new, done = kept(TEXT, [Edit(at=node.span, text=quoted(text))])
    root, before = parse("", new).root, parse("", TEXT).root
    assert root is not None
    assert before is not None
    assert new.count("# keep") == 2
    if done:
        assert value_of(root) == with_value(before, node.span, text)
    else:
        assert new == TEXT


@pytest.mark.parametrize("node", all_values(), ids=lambda node: f"{node.line}:{node.column}")
def test_every_form_of_value_can_be_edited(node: Scalar | Sequence) -> None:
    """But for a list of lines with comments between."""
    _, done = kept(TEXT, [Edit(at=node.span, text='"new"')])
    assert bool(done) is (node.line != 3 or node.column != 3)
