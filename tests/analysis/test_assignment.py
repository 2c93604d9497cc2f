"""Which variables have a value where, in flows that lead everywhere and back."""

import json
from time import process_time
from typing import Any

from ivrflow.checking import check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM


def tangled(count: int) -> dict[str, Any]:
    """Menus that lead to ten others each, and that each give another variable a value."""
    states: dict[str, Any] = {}
    for number in range(count):
        following = [f"s{(number * 10 + key) % count}" for key in range(1, 10)]
        states[f"s{number}"] = {
            "do": [{"set": {f"v{number}": "{{ call.id }}"}}],
            "menu": {
                "prompt": "Press a key.",
                "choices": {str(key): name for key, name in enumerate(following, 1)},
                "extension": {"length": 5, "into": f"d{number}"},
            },
            "on": {"no_input": "bye", "no_match": "bye", "collected": f"s{(number + 1) % count}"},
        }
    states["bye"] = {"hangup": {}}
    variables = {f"v{number}": {"type": "string"} for number in range(count)}
    return {"flow": "tangled", "start": "s0", "vars": variables, "states": states}


def errors(flow: dict[str, Any]) -> list[Diagnostic]:
    """What lint refuses; it also warns of so many menus."""
    found = check_text("f.flow.yaml", json.dumps(flow), PLATFORM).diagnostics
    return [each for each in found if each.is_error]


def test_menus_that_lead_everywhere_are_read_quickly() -> None:
    begun = process_time()
    assert errors(tangled(200)) == []
    assert process_time() - begun < 5


def test_a_variable_has_a_value_only_where_every_way_gives_it_one() -> None:
    flow = tangled(20)
    flow["states"]["s7"]["menu"]["prompt"] = "You are {{ v0 }} and {{ v7 }}."
    assert errors(flow) == []
    flow["states"]["s7"]["menu"]["prompt"] = "You are {{ v3 }}."
    (fault,) = errors(flow)
    assert (fault.code, fault.message) == ("E603", '"v3" may have no value here')
