"""The layout changes, what is said does not, and a second time changes nothing."""

import json
from pathlib import Path
from random import Random

import pytest
from generated import flows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layouts import Writer

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.sinch.platform import PLATFORM
from ivrflow.source import yaml
from ivrflow.source.comments import comments
from ivrflow.source.format import format_text
from ivrflow.source.lines import lines_of
from ivrflow.source.schema import to_json

ROOT = Path(__file__).parents[2]

MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))

SHIPPED = sorted(
    file
    for directory in ("flows", "examples", "engine/ivrflow/std")
    for file in (ROOT / directory).rglob("*.yaml")
)


def said(text: str) -> tuple[object, list[str]]:
    """Return the values of a file and the words of its comments, in their order."""
    root = yaml.parse("x.flow.yaml", text).root
    assert root is not None
    return to_json(root), [each.text.rstrip() for each in comments(lines_of(text), root)]


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.name)
def test_what_is_shipped_is_formatted(file: Path) -> None:
    assert format_text(file.read_text()) == file.read_text()


@MANY
@given(flows(), st.integers())
def test_any_layout_is_formatted_once_and_says_the_same(flow: str, seed: int) -> None:
    text = Writer(Random(seed)).file(json.loads(flow))
    formatted = format_text(text)
    assert said(formatted) == said(text)
    assert format_text(formatted) == formatted


@MANY
@given(flows(), st.integers())
def test_the_program_is_the_same(flow: str, seed: int) -> None:
    text = Writer(Random(seed)).file(json.loads(flow))

    def program(text: str) -> str | None:
        checked = check_text("generated.flow.yaml", text, PLATFORM)
        if not checked.is_good:
            return None
        (flow,) = checked.flows.values()
        return compile_flow(flow, checked.app, PLATFORM, checked.all_flows).id

    assert program(format_text(text)) == program(text)


@MANY
@given(st.text("ab:#-?|> \n\t{}[]\"'&*,1", max_size=40))
def test_whatever_the_text_formatting_settles(text: str) -> None:
    formatted = format_text(text)
    assert format_text(formatted) == formatted
    before, after = (yaml.parse("x", each).root for each in (text, formatted))
    assert (before is None) == (after is None)
    if before is not None and after is not None:
        assert to_json(before) == to_json(after)


UNEVEN = """\


# About the flow.
flow:   example
start: a\x20\x20

states:
    # about a
    a:
        say: |
              Hello.
                And welcome.

              Bye.
        # of a


        next: b
    # about b
    b: {say: "x",
        next: c}
    c: {hangup: }
    d: {hangup: }
    'e':
      do:
      # first
      -   log: x
          # of the step
      - set: {n: 1}
      hangup:
vars:
    n: 0
"""

EVEN = """\
# About the flow.
flow: example
start: a

states:
  # about a
  a:
    say: |
      Hello.
        And welcome.

      Bye.
    # of a

    next: b

  # about b
  b: {say: "x",
      next: c}

  c: {hangup: }
  d: {hangup: }

  "e":
    do:
      # first
      - log: x
        # of the step
      - set: {n: 1}
    hangup:
vars:
  n: 0
"""


def test_indentation_blank_lines_and_quotes_are_even() -> None:
    assert format_text(UNEVEN) == EVEN


def test_line_breaks_stay_those_of_the_file() -> None:
    windows = UNEVEN.replace("\n", "\r\n")
    assert format_text(windows) == EVEN.replace("\n", "\r\n")
    assert format_text("\ufeffflow: x") == "flow: x\n"


@pytest.mark.parametrize(
    "text",
    ["flow: [", "", "a: \u2028b\n", "? a\n:    b\n", "a: {{ b }}: c\n"],
)
def test_what_cannot_be_laid_out_stays(text: str) -> None:
    assert format_text(text) == text


def test_blank_lines_that_are_said_stay() -> None:
    text = "states:\n  a:\n    say: |+\n      x\n\n\n  b:\n    hangup:\n"
    assert format_text(text) == text


@pytest.mark.parametrize("text", ["a: >", "a: |", "a: >-", "a:\n  b: |"])
def test_an_empty_block_text_at_the_end_of_a_file_stays_where_it_is(text: str) -> None:
    assert format_text(text) == text + "\n"


def test_many_comments_take_no_time() -> None:
    text = "flow: x\nvars:\n" + "      # x\n" * 40_000 + "  a: 1\n" + "    # y\n" * 40_000
    assert format_text(text).count("#") == 80_000
