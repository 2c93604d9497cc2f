"""Whatever somebody writes into a scenario, it is played or told what is wrong with it."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from pathlib import Path

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ivrflow.checking import check
from ivrflow.machine.program import Program
from ivrflow.scenarios.application import UnderTest
from ivrflow.scenarios.build import build
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.run import Result, run
from ivrflow.scenarios.spotter import Spotter
from ivrflow.sinch.platform import PLATFORM

FLOWS = Path(__file__).parents[2] / "flows"

WHO = st.sampled_from(["caller", "callee"])
STEP = st.one_of(
    st.sampled_from(["silence", "hang_up", "beep", "recorded", "repeat", "menu_fails"]),
    st.fixed_dictionaries({"hear": st.sampled_from(["Welcome", "press 1", "/[a-z]+/", "["])}),
    st.fixed_dictionaries({"press": st.text("0123456789*#", min_size=1, max_size=5)}),
    st.fixed_dictionaries({"speak": st.just("sales"), "who": WHO}),
    st.fixed_dictionaries({"wait": st.sampled_from(["1ms", "3s", "1m", "5h"])}),
    st.fixed_dictionaries({"hang_up": WHO}),
    st.fixed_dictionaries({"dials": st.sampled_from(["+46850000001", "1"])}),
    st.fixed_dictionaries({"answer": st.sampled_from(["human", "machine", "unsure"])}),
    st.fixed_dictionaries({"reject": st.sampled_from(["busy", "no_answer", "failed"])}),
)
EXPECT = st.fixed_dictionaries(
    {},
    optional={
        "ended": st.sampled_from(["operator", "top", "trouble"]),
        "visited": st.lists(st.sampled_from(["welcome", "top"]), max_size=3),
        "variables": st.just({"extension": "1003"}),
        "visits": st.just({"top": 2}),
        "svaml": st.just({"action": {"name": "hangup"}}),
    },
)
SCENARIO = st.fixed_dictionaries({"steps": st.lists(STEP, max_size=8)}, optional={"expect": EXPECT})


@cache
def shipped(*, watched: bool) -> UnderTest:
    (checked,) = check([FLOWS], PLATFORM)

    def as_it_is(program: Program) -> Program:
        return program

    return UnderTest(FLOWS, checked, PLATFORM, Spotter() if watched else as_it_is)


def scenario_of(written: object) -> Scenario:
    text = json.dumps({"test": "pbx", "scenarios": {"it": written}})
    file, findings = build("it.calltest.yaml", text.encode(), shipped(watched=True).application)
    assert file is not None, findings
    return file.scenarios[0]


def played(scenario: Scenario, *, watched: bool) -> Result:
    return asyncio.run(run(scenario, shipped(watched=watched), tells=True))


@settings(max_examples=150, deadline=None)
@given(SCENARIO)
def test_any_scenario_ends_and_goes_the_same_way_watched_or_not(
    written: object,
) -> None:
    scenario = scenario_of(written)
    first, second = played(scenario, watched=True), played(scenario, watched=False)
    assert first.failures == second.failures
    assert first.story == second.story
    assert not [each for each in first.failures if "the engine failed" in each.message]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
MEANT = {
    "call": (dict,),
    "at": (str,),
    "requests": (dict,),
    "records": (dict,),
    "steps": (list,),
    "expect": (dict, type(None)),
}
"""What each key of a scenario holds; what is in there is another matter."""


@settings(deadline=None)
@given(st.sampled_from(list(MEANT)), ANYTHING)
def test_anything_else_in_a_scenario_is_a_finding(key: str, value: object) -> None:
    assume(value if isinstance(value, MEANT[key]) else True)
    text = json.dumps({"test": "pbx", "scenarios": {"it": {"steps": [], key: value}}})
    application = shipped(watched=True).application
    file, findings = build("it.calltest.yaml", text.encode(), application)
    assert file is None
    assert findings
    assert all(each.path == "it.calltest.yaml" for each in findings)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read(content: bytes) -> None:
    file, findings = build("it.calltest.yaml", content, shipped(watched=True).application)
    assert file is None
    assert findings
