"""Lint takes about as long as there is to read, however often things lead to each other."""

import json
from typing import Any

from ivrflow.checking import check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM

LOCALES = ("en-US", "sv-SE")


def found(flow: dict[str, Any]) -> tuple[Diagnostic, ...]:
    return check_text("wide.flow.yaml", json.dumps(flow), PLATFORM).diagnostics


def playing(levels: int, *played: dict[str, str]) -> dict[str, Any]:
    """A flow whose prompts play the next one as often as `played` says, in two locales."""
    prompts: dict[str, Any] = {
        f"p{level}": {
            locale: [{"play": f"p{level + 1}", **each} for each in played] for locale in LOCALES
        }
        for level in range(levels)
    }
    prompts[f"p{levels}"] = dict.fromkeys(LOCALES, "Hello.")
    states = {"greet": {"play": "p0", "hangup": None}}
    return {"flow": "wide", "start": "greet", "prompts": prompts, "states": states}


def test_prompts_may_play_each_other_many_times_on_many_levels() -> None:
    told = found(playing(9, *[{}] * 12))
    assert {each.code for each in told} == {"E516"}
    assert told[0].message == "this prompt has more than 100 parts"


def test_prompts_may_be_nested_deeper_than_numbers_can_be_written() -> None:
    assert {each.code for each in found(playing(2_000, *[{}] * 12))} >= {"E502"}


def test_long_rows_of_passing_states_are_counted_to_their_end() -> None:
    states: dict[str, Any] = {
        f"s{number}": {"say": "This is a story. " * 2, "next": f"s{number + 1}"}
        for number in range(60)
    }
    states["s60"] = {"hangup": None}
    (told,) = found({"flow": "long", "start": "s0", "states": states})
    assert told.code == "E708"


def test_conditions_on_the_way_to_a_prompt_are_as_many_as_there_are() -> None:
    """Each play knows other values: 3 plays on 10 levels would be 59,049 ways."""
    flow = playing(9, {"when": "a != none"}, {"when": "b != none"}, {"when": "c != none"})
    for level in range(9):
        for version in flow["prompts"][f"p{level}"].values():
            for part, name in zip(version, "abc", strict=True):
                part["when"] = f"{name}{level} != none"
    flow["vars"] = {f"{name}{level}": {"type": "string?"} for name in "abc" for level in range(9)}
    assert {each.code for each in found(flow)} == {"E516"}


def test_conditions_choose_among_a_thousand_parts_and_no_more() -> None:
    parts = [
        {"say": f"Hello {number}.", "when": f"call.custom == '{number}'"} for number in range(1_001)
    ]
    states = {"greet": {"say": [*parts, "Hello."], "hangup": None}}
    (told,) = found({"flow": "choosy", "start": "greet", "states": states})
    assert told.message == "this prompt has more than 1,000 parts to choose from"
    states["greet"]["say"] = ["Hello.", *parts[:999]]
    assert not found({"flow": "choosy", "start": "greet", "states": states})
