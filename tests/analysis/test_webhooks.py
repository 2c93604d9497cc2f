"""What lint tells of events that could go nowhere, or carry what must not leave."""

from pathlib import Path

import pytest

from ivrflow.checking import check
from ivrflow.sinch.platform import PLATFORM

APP = "app: x\nwebhooks: {{{}}}\nroutes: [{{flow: x}}]\n"
CRM = 'crm: {url: "https://crm.example.com/calls"}'
WALL = 'wall: {url: "{{ env.WALL }}"}'
FLOW = """
flow: x
start: ask
params: {hours: {type: schedule?}}
vars: {pin: {type: digits, secret: true}, name: string}
states:
  ask:
    collect: {prompt: "Your PIN?", length: 4, into: pin}
    on: {collected: tell, no_input: tell}
  tell: {emit: EMIT, say: Hello., hangup: }
"""


def found(directory: Path, webhooks: str, emit: str) -> list[tuple[str, str, str]]:
    (directory / "app.yaml").write_text(APP.format(webhooks), "utf-8")
    (directory / "x.flow.yaml").write_text(FLOW.replace("EMIT", emit), "utf-8")
    (checked,) = check([directory], PLATFORM)
    return [(each.code, each.message, each.help) for each in checked.diagnostics]


def test_a_misspelled_webhook_is_told_with_the_one_that_is_meant(tmp_path: Path) -> None:
    told = found(tmp_path, f"{CRM}, {WALL}", "{event: called, to: wal}")
    assert told == [("E191", 'no webhook is called "wal"', 'did you mean "wall"?')]


def test_an_event_that_could_go_to_several_is_told_how_to_name_one(tmp_path: Path) -> None:
    ((code, message, help),) = found(tmp_path, f"{CRM}, {WALL}", "called")
    assert code == "E192"
    assert "crm, wall" in message
    assert help == "name one: emit: {event: called, to: crm}"


@pytest.mark.parametrize(
    ("emit", "told"),
    [
        ("{event: called, too: crm}", "too"),
        ("{event: called, data: 3}", "names and their values"),
        ("{data: {a: 1}}", "event"),
        ("Called", "Called"),
        ("[called]", "an event"),
    ],
)
def test_an_event_of_another_shape_is_one_finding(tmp_path: Path, emit: str, told: str) -> None:
    ((code, message, _),) = found(tmp_path, CRM, emit)
    assert code.startswith("E0")
    assert told in message


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('"{{ nobody }}"', "E107"),
        ('"{{ name }}"', "E103"),
        ('"{{ env.CRM_TOKEN }}"', "E801"),
        ('"{{ hours }}"', "E107"),
        ('["{{ name"]', "E601"),
    ],
)
def test_what_goes_along_is_read_like_any_other_value(tmp_path: Path, data: str, code: str) -> None:
    told = found(tmp_path, CRM, f"{{event: called, data: {{a: {{b: {data}}}}}}}")
    assert len(told) == 1, told


@pytest.mark.parametrize(
    "value", ["\"{{ pin | default('') }}\"", "\"PIN {{ pin | default('') }}\""]
)
def test_a_secret_goes_along_over_https_alone(tmp_path: Path, value: str) -> None:
    data = f"data: {{a: [{value}]}}"
    assert found(tmp_path, CRM, f"{{event: called, {data}}}") == []
    ((code, message, _),) = found(tmp_path, WALL, f"{{event: called, {data}}}")
    assert (code, message) == (
        "E803",
        "a secret can't be sent but to an address that begins with https://",
    )


@pytest.mark.parametrize(
    ("webhook", "code"),
    [
        ('crm: {url: "http://crm.example.com/"}', "E874"),
        ('crm: {url: "http://localhost:8080/"}', ""),
        ('crm: {url: "ftp://crm.example.com/"}', "E193"),
        ('crm: {url: "https://user:x@crm.example.com/"}', "E193"),
        ('crm: {url: "https://169.254.169.254/"}', "E193"),
        ('crm: {url: "https://{{ env.HOST }}/"}', "E193"),
        ('crm: {url: "https://crm.example.com/a b"}', "E193"),
        ('crm: {url: "https://crm.example.com/", secret: hunter2}', "E875"),
        ('crm: {url: "https://crm.example.com/", secrt: hunter2}', "E0"),
        ('Crm: {url: "https://crm.example.com/"}', "E0"),
        ("crm: {}", "E0"),
    ],
)
def test_a_webhook_that_could_get_nothing_is_told_once(
    tmp_path: Path, webhook: str, code: str
) -> None:
    told = [each for each, _, _ in found(tmp_path, webhook, "called")]
    if not code:
        assert told == []
    else:
        assert len(told) == 1, told
        assert told[0].startswith(code)
