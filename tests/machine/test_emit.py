"""Events that a walk sends: in which order, with which values, to which webhook."""

import json
from pathlib import Path

import pytest

from ivrflow.checking import check
from ivrflow.compiler.compile import load_program
from ivrflow.library import Catalog, compile_catalog
from ivrflow.machine.effects import Emit, Log
from ivrflow.machine.events import Chosen, Ended, Incoming
from ivrflow.machine.outcome import Facts, Step, Verdict
from ivrflow.machine.replies import MENU
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM

APP = 'app: x\nwebhooks: {crm: {url: "https://crm.example.com/calls"}}\nroutes: [{flow: x}]\n'
FLOW = """
flow: x
start: ask
vars: {n: 1, word: none yet}
on: {ended: {set: {n: 99}, emit: {event: over, data: {n: "{{ n }}"}}}}
states:
  ask:
    menu:
      prompt: Press 1 or 2.
      choices:
        1:
          set: {n: "{{ n + 1 }}"}
          emit: {event: moved, data: {n: "{{ n }}"}}
          do: [set: {n: "{{ n * 10 }}"}, log: "n is {{ n }}"]
          next: told
        2: broken
    on: {no_input: bye, no_match: bye}
  told:
    set: {n: "{{ n + 1 }}"}
    emit: {event: entered, to: crm, data: {n: "{{ n }}", mark: "{{ word }}"}}
    next: bye
  broken: {emit: lost, say: "{{ word | int }}", hangup: }
  bye: {hangup: }
"""
FACTS = Facts(now="2026-11-24T10:00:00Z")


def catalog(directory: Path, app: str = APP, flow: str = FLOW) -> Catalog:
    (directory / "app.yaml").write_text(app, "utf-8")
    (directory / "x.flow.yaml").write_text(flow, "utf-8")
    (checked,) = check([directory], PLATFORM)
    assert not any(each.is_error for each in checked.diagnostics), checked.diagnostics
    return compile_catalog(checked, PLATFORM)


class Caller:
    """One call, event by event."""

    def __init__(self, found: Catalog, **variables: object) -> None:
        self.program = found.programs["x"]
        incoming = Incoming(app="key", call="call-1", caller=None, called="+46850000000")
        self.session: Session = begin(self.program, incoming, params={}, locale="")
        self.session.frame.vars.update(variables)
        self.take(incoming)

    def take(self, event: Incoming | Chosen | Ended) -> Step:
        taken = step(self.program, self.session, event, FACTS)
        assert isinstance(taken, Step)
        self.session = taken.session
        return taken

    def press(self, key: str) -> Step:
        return self.take(Chosen(app="key", call="call-1", value=key, offer=1, menu=MENU))


def test_an_event_has_the_values_that_are_there_when_it_is_walked(tmp_path: Path) -> None:
    effects = Caller(catalog(tmp_path)).press("told").effects
    assert effects == (
        Emit(event="moved", to="crm", state="ask", data={"n": 2}),
        Log(flow="x", state="ask", text="n is 20"),
        Emit(event="entered", to="crm", state="ask", data={"n": 21, "mark": "none yet"}),
    )


def test_the_end_of_a_call_sends_its_event_once(tmp_path: Path) -> None:
    caller = Caller(catalog(tmp_path))
    ended = Ended(app="key", call="call-1", result="answered", reason="CALLERHANGUP")
    assert [each for each in caller.take(ended).effects if isinstance(each, Emit)] == [
        Emit(event="over", to="crm", state="ask", data={"n": 99})
    ]
    assert caller.take(ended).effects == ()


def test_a_turn_that_fails_sends_nothing(tmp_path: Path) -> None:
    flow = FLOW.replace("{{ word | int }}", "{{ word | date }}").replace(
        "word: none yet", "word: {type: date, default: 2026-11-24}"
    )
    caller = Caller(catalog(tmp_path, flow=flow), word="no date")
    failed = caller.press("broken")
    assert failed.verdict is Verdict.FAILED
    assert failed.effects == ()


@pytest.mark.parametrize("value", ["\x01CRM_TOKEN\x01", ["\x01CRM_TOKEN\x01"]])
def test_no_value_of_a_call_stands_for_a_variable_of_the_environment(
    tmp_path: Path, value: object
) -> None:
    entered = Caller(catalog(tmp_path), word=value).press("told").effects[-1]
    assert isinstance(entered, Emit)
    assert "\x01" not in json.dumps(entered.data)
    assert "\\u0001" not in json.dumps(entered.data)


def test_where_a_webhook_is_means_nothing_to_a_program_which_one_is_meant_does(
    tmp_path: Path,
) -> None:
    first = catalog(tmp_path).programs["x"]
    moved = APP.replace("crm.example.com", "erp.example.com")
    assert catalog(tmp_path, moved).programs["x"].id == first.id
    other = FLOW.replace("to: crm", "to: erp")
    renamed = catalog(tmp_path, APP.replace("crm:", "erp:"), other).programs["x"]
    assert renamed.id != first.id


def test_a_program_of_an_earlier_release_still_runs(tmp_path: Path) -> None:
    found = catalog(tmp_path, flow="flow: x\nstart: a\nstates: {a: {say: Hi., hangup: }}\n")
    closure = json.loads(found.programs["x"].closure)
    del closure["webhook"]
    assert load_program(json.dumps(closure).encode(), PLATFORM).flow.start == "a"
