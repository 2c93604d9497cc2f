"""Which holds can be parks, and which timers surely lead away."""

import pytest

from ivrflow.model.build import build_flow
from ivrflow.model.flow import Flow
from ivrflow.model.waiting import is_parked, surely_leaving
from ivrflow.source.yaml import parse

LONGEST = 600_000

WORDS = "prompt: Please hold."
FIVE_MINUTES = "[{after: 5m, next: bye}]"


def hold(fields: str, timers: str = FIVE_MINUTES, head: str = "") -> Flow:
    text = f"""\
flow: example
start: wait
{head}
states:
  wait: {{hold: {{{fields}}}, timers: {timers}}}
  bye: {{hangup: }}
  back: {{say: One moment., next: wait}}
  around: {{run: {{flow: other}}, on: {{done: back}}}}
"""
    root = parse("f.flow.yaml", text).root
    assert root is not None
    flow, found = build_flow("f.flow.yaml", root)
    assert flow is not None
    assert not found
    return flow


@pytest.mark.parametrize(
    ("fields", "parked"),
    [
        (WORDS, True),
        ("prompt: [Please hold., {ssml: <speak>Soon.</speak>, when: tries > 1}]", True),
        ("prompt: [Please hold., {play: waltz}]", False),
        ("music: waltz", False),
        ("prompt: [Please hold., {say: Ein Moment., locale: de-DE}]", False),
        (f"{WORDS}, keys: {{1: bye}}", False),
    ],
)
def test_a_hold_of_words_without_keys_can_be_a_park(fields: str, parked: bool) -> None:
    flow = hold(fields)
    assert is_parked(flow, flow.states["wait"], LONGEST) is parked


@pytest.mark.parametrize(
    ("timers", "parked"),
    [
        ("[{after: 10m, next: bye}]", True),
        ("[{after: 11m, next: bye}]", False),
        ("[{after: 11m, next: bye}, {every: 5m, next: bye}]", True),
        ('[{after: "{{ params.long }}", next: bye}]', False),
        ("[{after: 5m, when: legs == 0, next: bye}]", False),
        ("[{after: 5m, say: Still here.}]", False),
        ("[{after: 5m, next: wait}]", False),
        ("[{after: 5m, next: back}]", False),
        ("[{after: 5m, next: around}]", False),
    ],
)
def test_a_park_ends_in_time(timers: str, parked: bool) -> None:
    flow = hold(WORDS, timers)
    assert is_parked(flow, flow.states["wait"], LONGEST) is parked


@pytest.mark.parametrize(
    "head",
    ["on: {keys: {0: bye}}", "params: {tune: prompt}"],
)
def test_keys_of_the_flow_and_prompts_that_may_be_sounds_are_no_park(head: str) -> None:
    flow = hold('prompt: "{{ params.tune }}"', head=head)
    assert not is_parked(flow, flow.states["wait"], LONGEST)
    assert [each.word for each in surely_leaving(flow, flow.states["wait"])] == ["after"]
