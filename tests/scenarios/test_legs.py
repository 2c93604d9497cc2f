"""Scenarios of calls that wait: legs that ring, a room for two, signals, servers killed between."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenarios.conftest import Project
from scenarios.test_outgoing import played
from scenarios.test_play import told

APP = 'app: desk\ndial: {allow: ["+46"]}\nroutes: [{flow: desk}]\n'
DESK = """\
flow: desk
start: ring
locale: en-US
states:
  ring:
    run: {flow: std/ring, with: {to: ["+46850000001", "+46850000002"], each: 15s}}
    on: {talked: bye, nobody: order}
  order:
    hold: {prompt: Please wait for your order.}
    on: {signal.ready: {say: "At counter {{ signal.data.counter }}.", next: bye}}
    timers: [{after: 10m, next: bye}]
  bye: {say: Goodbye., hangup: }
"""

PASSES = {
    "the first takes the call": """
        steps:
          - hear: One moment
          - {dials: "+46850000001", as: anna}
          - {answer: human, who: anna}
          - {hear: press 1, who: anna}
          - {press: 1, who: anna}
          - wait: 1m
          - {hang_up: anna}
          - {hear: Goodbye, who: caller}
        expect: {ended: bye, callouts: [{result: answered, attempts: 1}]}
        """,
    "the second takes it when the first is busy": """
        steps:
          - {dials: "+46850000001", as: anna}
          - {reject: busy, who: anna}
          - wait: 5s
          - {dials: "+46850000002", as: bert}
          - {answer: human, who: bert}
          - {press: 1, who: bert}
          - wait: 20s
          - {hang_up: bert}
        expect: {ended: bye}
        """,
    "both ring out, and a signal comes": """
        steps:
          - {dials: "+46850000001", as: anna}
          - wait: 20s
          - {dials: "+46850000002", as: bert}
          - wait: 20s
          - {hear: Please wait for your order, who: caller}
          - {signal: {name: ready, data: {counter: 4}}, who: caller}
          - wait: 15s
          - hear: At counter 4
        expect: {ended: bye, callouts: [{result: no_answer}, {result: no_answer}]}
        """,
    "who waits in the end still waits": """
        steps: [{dials: "+46850000001", as: anna}]
        expect: {callouts: [{state: placed}], visits: {ring: 1, order: 0}}
        """,
    "a phone that rings is answered, whoever was dealt with last": """
        steps: [hear: One moment, answer: human, hear: press 1, press: 1, hang_up]
        expect: {callouts: [{result: answered, state: over}]}
        """,
    "the caller hangs up, and so does who was asked": """
        steps:
          - {dials: "+46850000001", as: anna}
          - restart
          - {answer: human, who: anna}
          - {hear: press 1, who: anna}
          - hang_up: caller
        expect: {callouts: [{result: answered, state: over}]}
        """,
    "the server is killed while they talk": """
        steps:
          - {dials: "+46850000001", as: anna}
          - {answer: human, who: anna}
          - {press: 1, who: anna}
          - restart
          - wait: 5s
          - restart
          - {hang_up: anna}
          - {hear: Goodbye, who: caller}
        expect: {ended: bye}
        """,
}


@pytest.fixture
def desk(project: Project) -> Project:
    (project.directory / "first.flow.yaml").unlink()
    project.write("app.yaml", APP)
    project.write("desk.flow.yaml", DESK)
    return project


@pytest.mark.parametrize("name", PASSES)
def test_calls_that_wait_can_be_told(desk: Project, name: str) -> None:
    assert told(desk.play(PASSES[name], "desk")) == ""


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("[signal: ready]", 'nobody waits for the signal "ready": '),
        ("[hang_up: caller, {signal: ready, who: caller}]", "nobody waits for the signal"),
    ],
)
def test_a_signal_that_nobody_waits_for_is_told(desk: Project, steps: str, message: str) -> None:
    assert message in told(desk.play(f"steps: {steps}", "desk"))


STEPS = [
    "answer: human",
    "answer: machine",
    "reject: busy",
    "press: 1",
    "hang_up",
    "hang_up: callee",
    "silence",
    "wait: 5s",
    "wait: 20s",
    "restart",
    "repeat",
    "{signal: {name: ready, data: {counter: 4}}, who: caller}",
    "dials: '+46850000001'",
    "dials: '+46850000002'",
]


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(st.sampled_from(STEPS), max_size=9), at_once=st.booleans())
def test_calls_with_legs_always_go_the_same_way(steps: list[str], at_once: bool) -> None:
    with tempfile.TemporaryDirectory() as directory:
        desk = Project(Path(directory))
        desk.write("app.yaml", APP)
        desk.write("desk.flow.yaml", DESK.replace("15s", f"15s, at_once: {str(at_once).lower()}"))
        stage, result = played(desk, f"steps: [{', '.join(steps)}]", "desk")
        again, result_again = played(desk, f"steps: [{', '.join(steps)}]", "desk")
    assert again.platform.transcript == stage.platform.transcript
    assert again.seen == stage.seen
    assert told(result_again) == told(result)
    assert not [each for each in result.failures if "the engine failed" in each.message]
    tokens = [each.custom for each in stage.platform.world.calls.values() if each.custom]
    assert len(set(tokens)) == len(tokens)
