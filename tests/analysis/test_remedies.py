"""What lint advises is what helps."""

from pathlib import Path

import pytest

from ivrflow.checking import check, check_text
from ivrflow.sinch.platform import PLATFORM

CALLED = """\
flow: called
start: c
params:
  numbers: {type: list, default: []}
  sure: {type: phone, default: "+46850000001"}
states: {c: {hangup: }}
"""


def helps(code: str, states: str, head: str = "") -> list[str]:
    text = f"flow: example\nstart: a\n{head}states:\n{states}"
    found = check_text("f.flow.yaml", text, PLATFORM).diagnostics
    return [each.help for each in found if each.code == code]


@pytest.mark.parametrize(
    ("answered", "wanted"),
    [
        ("{say: Hello., next: stay}", "name a state: next: some_state; or leave `answered` out"),
        ("{say: Hello.}", "add `next:`; or leave `answered` out"),
    ],
)
def test_who_answered_is_led_to_a_state_or_talks(answered: str, wanted: str) -> None:
    states = f'  a: {{connect: {{number: "+46850000001"}}, on: {{answered: {answered}}}}}\n'
    (help,) = helps("E205", states)
    assert help.startswith(wanted)


@pytest.mark.parametrize(
    ("state", "code", "help"),
    [
        ("hold: ", "E051", "write {prompt: Please hold.}"),
        ("hold: Please hold", "E051", 'write {prompt: "Please hold"}'),
        ("hold: 'One: two'", "E051", 'write {prompt: "One: two"}'),
        (
            "park: 5m",
            "E051",
            "write {prompt: Please hold.}, and how long it lasts under `timers:`",
        ),
        (
            "hold: {prompt: x}, timers: {after: 5m, next: a}",
            "E051",
            "write a list: [{after: 5m, next: some_state}]",
        ),
        (
            "hold: {prompt: x}, timers: []",
            "E056",
            "write a list: [{after: 5m, next: some_state}]",
        ),
        (
            "do: [{signal: {name: x}}], hangup: ",
            "E053",
            'for example `to: "{{ params.call }}"`',
        ),
    ],
)
def test_a_wrong_form_is_told_with_the_right_one(state: str, code: str, help: str) -> None:
    assert helps(code, f"  a: {{{state}}}\n") == [help]


@pytest.mark.parametrize("outcome", ["signal", "signal.", "signal.9x", "signal.a.b"])
def test_a_signal_has_a_name_that_can_be_sent(outcome: str) -> None:
    states = f"""\
  a:
    hold: {{prompt: Please hold.}}
    on: {{{outcome}: b, signal.a9: b}}
    timers: [{{after: 5m, next: b}}]
  b: {{hangup: }}
"""
    advised = "write signal.NAME: lower case letters, digits and _, a letter first"
    assert helps("E103", states) == [advised]


@pytest.mark.parametrize(
    ("given", "help"),
    [
        ("sure: \"{{ call.from | default('+44') }}\"", '"+44" is no phone number'),
        ("sure: \"{{ call.from | default('none') }}\"", '"none" is no phone number'),
        ('sure: "{{ call.from }}"', "give a value for null"),
        ('numbers: "{{ call.from }}"', 'write a list: ["{{ ... }}"]'),
        ("sure: \"{{ call.from | default('+46850000001') }}\"", ""),
    ],
)
def test_a_value_of_another_type_is_told_with_what_would_do(
    given: str, help: str, tmp_path: Path
) -> None:
    text = f"flow: a\nstart: a\nstates: {{a: {{run: {{flow: called, with: {{{given}}}}}}}}}\n"
    (tmp_path / "a.flow.yaml").write_text(text)
    (tmp_path / "called.flow.yaml").write_text(CALLED)
    found = [each for checked in check([tmp_path], PLATFORM) for each in checked.diagnostics]
    (told,) = [each.help for each in found if each.code == "E602"] or [""]
    assert told.startswith(help)
    assert bool(told) == bool(help)


def test_a_default_for_a_part_is_none_for_the_whole() -> None:
    states = '  a: {say: "{{ how.place | default(0) }}", hangup: }\n'
    (help,) = helps("E603", states, "vars: {how: object}\n")
    assert help.startswith("the default is for a part of `how`")


@pytest.mark.parametrize("steps", ["", 'set: {pin: "{{ none }}"}, '])
def test_what_was_collected_is_there_until_it_is_set(steps: str) -> None:
    states = f"""\
  a: {{collect: {{prompt: Pin?, length: 4, into: pin}}, on: {{collected: b, no_input: c}}}}
  b: {{{steps}connect: {{number: "{{{{ pin }}}}"}}}}
  c: {{hangup: }}
"""
    assert bool(helps("E602", states, "vars: {pin: digits?}\n")) == bool(steps)


@pytest.mark.parametrize(
    ("to", "told"),
    [
        ('["+15550001111", "+46850000001"]', ['"+15550001111"']),
        ('["+46850000001"]', []),
        ("[\"{{ call.from | default('+46850000001') }}\"]", []),
        ('["+1 555 000 1111", "+44 20 7946 0000"]', ['"+1 555 000 1111"', '"+44 20 7946 0000"']),
    ],
)
def test_a_number_for_the_library_lies_within_the_fence(
    to: str, told: list[str], tmp_path: Path
) -> None:
    text = f"""\
flow: a
start: a
states:
  a: {{run: {{flow: std/ring, with: {{to: {to}}}}}, on: {{talked: b, nobody: b}}}}
  b: {{hangup: }}
"""
    (tmp_path / "app.yaml").write_text('app: a\nroutes: [{flow: a}]\ndial: {allow: ["+46"]}\n')
    (tmp_path / "a.flow.yaml").write_text(text)
    found = [each for checked in check([tmp_path], PLATFORM) for each in checked.diagnostics]
    assert [each.message.split(" lies")[0] for each in found if each.code == "E807"] == told
