"""Look-ups of scenarios: answered, slow, failing or forgotten, on the simulated clock."""

from __future__ import annotations

import pytest
from scenarios.conftest import Project
from scenarios.test_play import told

FLOW = """\
flow: balance
start: ask
requests:
  find:
    params: {number: phone?}
    get: "https://crm.example.com/customers/{{ number }}"
    timeout: 1500ms
    status: {409: busy}
    returns: {name: string}
states:
  ask:
    menu: {prompt: Press 1., retries: 0, choices: {1: find}}
    on: {no_input: find, no_match: find}
  find:
    request: {name: find, with: {number: "{{ call.from }}"}, into: customer MEANWHILE}
    on: {ok: hello, not_found: nobody, busy: later, error: sorry}
  later: {next: [{when: visits.ask < 9, next: ask}, {next: sorry}]}
  hello: {say: "Hello {{ customer.name }}.", hangup: }
  nobody: {say: Who are you?, hangup: }
  sorry: {say: Sorry., hangup: }
"""

AT_ONCE = FLOW.replace(" MEANWHILE", "")
BEHIND_A_PROMPT = FLOW.replace(" MEANWHILE", ", meanwhile: Please wait.")

ADA = "{json: {name: Ada}}"


@pytest.fixture
def balance(project: Project) -> Project:
    project.write("balance.flow.yaml", AT_ONCE)
    return project


@pytest.mark.parametrize(
    ("answer", "heard"),
    [
        (ADA, "Hello Ada"),
        ("{json: {name: Ada}, delay: 1500ms}", "Hello Ada"),
        ("{json: {name: Ada}, delay: 1501ms}", "Sorry"),
        ("{json: {name: 7}}", "Sorry"),
        ("{status: 404}", "Who are you?"),
        ("{status: 500}", "Sorry"),
        ("{fails: connection refused}", "Sorry"),
    ],
)
def test_a_look_up_is_answered_by_the_scenario(balance: Project, answer: str, heard: str) -> None:
    scenario = f"{{requests: {{find: {answer}}}, steps: [press: 1, hear: '{heard}']}}"
    assert told(balance.play(scenario, "balance")) == ""


def test_answers_come_ask_by_ask_and_the_last_one_again(balance: Project) -> None:
    scenario = """
        requests: {find: [{status: 409}, {json: {name: Bob}}]}
        steps: [press: 1, hear: Press 1, press: 1, hear: Hello Bob]
        """
    assert told(balance.play(scenario, "balance")) == ""
    scenario = """
        requests: {find: [{status: 409}]}
        steps: [press: 1, hear: Press 1, press: 1, hear: Press 1]
        """
    assert told(balance.play(scenario, "balance")) == ""


def test_a_look_up_without_an_answer_fails_the_scenario(balance: Project) -> None:
    failure = balance.play("steps: [press: 1, hear: Sorry]", "balance").failures[0]
    assert failure.message == '"find" is looked up, and the scenario has no answer for it'
    assert "requests: {find:" in failure.help


def test_a_look_up_is_told_in_the_story(balance: Project) -> None:
    scenario = f"{{requests: {{find: {ADA}}}, steps: [press: 1, hear: Bob]}}"
    lines = [line.text.strip() for line in balance.play(scenario, "balance").story]
    assert ["look-up find: ok", "chosen find: find, hello"] in [
        lines[at : at + 2] for at in range(9)
    ]


def test_an_unknown_look_up_is_a_fault(balance: Project) -> None:
    (found,) = balance.findings(f"{{requests: {{fnd: {ADA}}}, steps: []}}", "balance")
    assert (found.code, found.help) == ("E052", 'did you mean "find"?')


@pytest.mark.parametrize(
    ("answer", "heard", "seconds"),
    [
        ("{json: {name: Ada}, delay: 1s}", "Hello Ada", 1),
        ("{json: {name: Ada}, delay: 20s}", "Sorry", 1.5),
        ("{json: {name: Ada}}", "Hello Ada", 0),
    ],
)
def test_behind_a_prompt_time_passes_until_the_answer_is_there(
    project: Project, answer: str, heard: str, seconds: float
) -> None:
    project.write("balance.flow.yaml", BEHIND_A_PROMPT)
    scenario = (
        f"{{requests: {{find: {answer}}}, steps: [press: 1, hear: Please wait, hear: {heard}]}}"
    )
    assert told(project.play(scenario, "balance")) == ""
    early = f"{{requests: {{find: {answer}}}, steps: [press: 1, hear: Please wait, hear: Nothing]}}"
    story = project.play(early, "balance").story
    (pressed,) = [each.at for each in story if "presses" in each.text]
    (answered,) = [each.at for each in story if heard in each.text]
    assert seconds * 1000 <= answered - pressed < seconds * 1000 + 3000


def test_behind_a_prompt_a_restart_asks_again_and_gets_the_same(project: Project) -> None:
    project.write("balance.flow.yaml", BEHIND_A_PROMPT)
    scenario = """
        requests: {find: [{json: {name: Ada}, delay: 1s}, {json: {name: Bob}}]}
        steps: [press: 1, hear: Please wait, restart, hear: Hello Ada]
        """
    assert told(project.play(scenario, "balance")) == 'nobody asks for an answer of "find"'


@pytest.mark.parametrize(
    ("requests", "message"),
    [
        (f"{{find: [{ADA}, {ADA}, {ADA}]}}", 'nobody asks for 2 answers of "find"'),
        (f"{{find: [{ADA}, {ADA}]}}", 'nobody asks for an answer of "find"'),
    ],
)
def test_answers_that_nobody_asks_for_are_told(
    balance: Project, requests: str, message: str
) -> None:
    result = balance.play(f"{{requests: {requests}, steps: [press: 1, hear: Ada]}}", "balance")
    assert told(result) == message
    silent = balance.play(f"{{requests: {{find: {ADA}}}, steps: [hang_up]}}", "balance")
    assert told(silent) == 'nobody asks for an answer of "find"'
