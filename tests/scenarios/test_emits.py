"""Events that scenarios expect, and what is told where they aren't sent."""

from pathlib import Path

import pytest
from scenarios.conftest import Command

APP = 'app: x\nwebhooks: {crm: {url: "{{ env.CRM }}"}}\nroutes: [{flow: x}]\n'
FLOW = """
flow: x
start: ask
on: {ended: {emit: over}}
states:
  ask:
    emit: asked
    menu:
      prompt: Press 1.
      choices: {1: {emit: {event: booked, data: {persons: 2, code: 0123, by: phone}}, next: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {say: Thank you., hangup: }
"""


def play(directory: Path, command: Command, steps: str) -> tuple[int, str]:
    (directory / "app.yaml").write_text(APP, "utf-8")
    (directory / "x.flow.yaml").write_text(FLOW, "utf-8")
    scenario = f"test: x\nscenarios: {{a call: {{steps: [{steps}]}}}}\n"
    (directory / "x.calltest.yaml").write_text(scenario, "utf-8")
    code, shown, told = command("test", directory)
    return code, shown + told


@pytest.mark.parametrize(
    "steps",
    [
        "press: 1, emits: {event: booked, data: {persons: 2, code: 0123}}, emits: over",
        "hear: Press 1, press: 1, emits: {event: booked, to: crm}, hear: Thank you, emits: over",
        "press: 1, emits: over",
    ],
)
def test_events_are_found_in_their_order(tmp_path: Path, command: Command, steps: str) -> None:
    code, told = play(tmp_path, command, steps)
    assert code == 0, told


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("emits: booked", '"booked" is not sent: sent is asked {} to crm, then the menu waits'),
        ("press: 1, emits: {event: booked, data: {persons: 3}}", '"persons":2'),
        ("press: 1, emits: {event: booked, to: erp}", '"booked" is not sent'),
        ("press: 1, emits: over, emits: over", '"over" is not sent: nothing more is sent'),
    ],
)
def test_an_event_that_is_not_sent_is_told_with_those_that_are(
    tmp_path: Path, command: Command, steps: str, message: str
) -> None:
    code, told = play(tmp_path, command, steps)
    assert code == 1
    assert message in told
    assert "emit asked to crm" in told
