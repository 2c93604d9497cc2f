"""Diagrams show each way out of a state."""

from ivrflow.checking import check_text
from ivrflow.compiler.diagram import edges
from ivrflow.sinch.platform import PLATFORM

FLOW = """\
flow: example
start: wait
states:
  wait:
    hold: {prompt: "To leave, press 1.", keys: {1: bye}}
    on: {signal.free: bye}
    timers: [{every: 30s, when: tries > 3, next: bye}, {after: 1m30s, next: bye}]
  bye: {hangup: }
"""


def test_keys_signals_and_timers_lead_out_of_a_hold() -> None:
    flow = check_text("f.flow.yaml", FLOW, PLATFORM).flows["example"]
    assert list(edges(flow)) == [
        ("", "", "wait"),
        ("wait", "1", "bye"),
        ("wait", "signal.free", "bye"),
        ("wait", "every 30s [tries > 3]", "bye"),
        ("wait", "after 1m30s", "bye"),
    ]
