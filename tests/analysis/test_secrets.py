"""Wherever a flow would let a secret out, lint says so, at the place."""

import pytest

from ivrflow.checking import check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM


def findings(flow: str) -> list[Diagnostic]:
    return list(check_text("example.flow.yaml", flow.lstrip(), PLATFORM).diagnostics)


def flow(*, end: str = "{hangup: }", collect: str = "", on: str = "use", more: str = "") -> str:
    return f"""
flow: example
start: ask
records: {{r: {{key: string, value: string}}, q: {{kind: queue, value: {{a: digits}}}}}}
vars: {{pin: {{type: digits, secret: true}}, open: string?, held: object, items: list}}
states:
  ask:
    collect: {{prompt: "Your PIN?", length: 4, into: pin{collect}}}
    on:
      collected: {on}
      no_input: bye
      invalid: bye
  use: {end}
  bye: {{hangup: }}
{more}"""


ENDS = {
    "spoken": "{say: 'It is {{ pin }}.', hangup: }",
    "spoken in SSML": "{ssml: '<speak>{{ pin }}</speak>', hangup: }",
    "spoken, chosen among others": '{say: "{{ open | default(pin) }}", hangup: }',
    "part of an address": "{play: 'https://a.example/{{ pin }}.mp3', hangup: }",
    "logged": "{do: [log: '{{ pin }}'], hangup: }",
    "used as a locale": "{do: [locale: '{{ pin }}'], hangup: }",
    "sent as tones": "{do: [send_dtmf: '{{ pin }}'], hangup: }",
    "a recording": "{do: [record: {to: 's3://a/{{ pin }}'}], say: Recorded., hangup: }",
    "a header": "{connect: {sip: a@b.example, headers: {X-Pin: '{{ pin }}'}}}",
    "a SIP address": "{connect: {sip: '{{ pin }}@b.example'}}",
    "an address": "{connect: {sip: '{{ pin }}'}}",
    "a user": "{connect: {user: '{{ pin }}'}}",
    "a stream": "{connect: {stream: 'wss://a.example/{{ pin }}'}}",
    "cli": "{connect: {number: '+46850000001', cli: '{{ pin }}'}}",
    "tones after the answer": "{connect: {number: '+46850000001', dtmf: '{{ pin }}'}}",
    "a value of a record": "{do: [put: {record: r, key: a, value: '{{ pin }}'}], hangup: }",
    "a part of one": "{do: [enqueue: {record: q, value: {a: '{{ pin }}'}}], hangup: }",
    "a key of a record": "{do: [put: {record: r, key: '{{ pin }}', value: a}], hangup: }",
    "one of several keys": "{do: [claim: {record: r, any: [a, '{{ pin }}'], value: a}], hangup: }",
    "a room": "{conference: {id: 'room-{{ pin }}'}}",
    "asked": "{collect: {prompt: '{{ pin }}?', length: 1}, on: {collected: bye, no_input: bye}}",
    "how many digits": (
        "{collect: {prompt: 'And?', max: '{{ pin | default(4) }}', min: 1}, "
        "on: {collected: bye, no_input: bye, invalid: bye}}"
    ),
}


CONTEXTS = "E3"
"""Users and streams can't be connected to from a menu; the rule is sure to speak all the same."""


@pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))
def test_a_secret_stays_where_nobody_hears_or_reads_it(end: str) -> None:
    (found,) = [each for each in findings(flow(end=end)) if not each.code.startswith(CONTEXTS)]
    assert found.code == "E803"
    assert found.span.line == 12
    assert "secret" in found.message
    assert found.help


def test_the_finding_stands_at_the_name() -> None:
    end = ENDS["spoken"]
    (found,) = findings(flow(end=end))
    assert found.span.column == len("  use: ") + end.index("pin") + 1
    assert found.message == "a secret can't be spoken"


INPUTS = {
    "what is said when it is wrong": flow(collect=", check: input | luhn, wrong: 'No {{ input }}'"),
    "what is asked again": flow(collect=", reprompt: \"{{ input | default('') }}?\""),
    "the question itself": flow(collect="").replace('"Your PIN?"', "\"{{ input | default('') }}\""),
    "the way on": flow(on="{say: 'So {{ input }}.', next: use}"),
    "the next state": flow(end="{say: 'So {{ input }}.', hangup: }"),
    "a later state of the same reply": flow(
        end="{next: later}", more="  later: {say: 'So {{ input }}.', hangup: }"
    ),
}


@pytest.mark.parametrize("text", INPUTS.values(), ids=list(INPUTS))
def test_the_input_of_a_secret_collect_is_a_secret(text: str) -> None:
    assert {found.code for found in findings(text)} == {"E803"}


def test_where_it_comes_from_a_secret_collect_on_one_way_only_it_is_one() -> None:
    text = """
flow: example
start: first
vars: {pin: {type: digits, secret: true}}
states:
  first:
    menu: {prompt: "Press 1 or 2.", choices: {1: tell, 2: ask}}
    on: {no_input: bye, no_match: bye}
  ask:
    collect: {prompt: "Your PIN?", length: 4, into: pin}
    on: {collected: tell, no_input: bye}
  tell: {say: "{{ input }}", hangup: }
  bye: {hangup: }
"""
    assert [found.code for found in findings(text)] == ["E803"]
    plain = text.replace("collected: tell", "collected: bye")
    assert findings(plain) == []


def test_after_the_next_input_it_is_none_any_more() -> None:
    end = "{collect: {prompt: 'A?', length: 1}, on: {collected: tell, no_input: bye}}"
    assert findings(flow(end=end, more="  tell: {say: '{{ input }}', hangup: }")) == []


def test_a_secret_extension_of_a_menu_is_one_too() -> None:
    text = """
flow: example
start: ask
vars: {pin: {type: digits, secret: true}}
states:
  ask:
    menu: {prompt: "Your PIN, or *?", choices: {"*": bye}, extension: {length: 4, into: pin}}
    on: {collected: {do: [log: "{{ input }}"], next: bye}, no_input: bye, no_match: bye}
  bye: {hangup: }
"""
    assert [found.code for found in findings(text)] == ["E803"]


KEPT_OPENLY = {
    "a variable": flow(on="{set: {open: '{{ pin }}'}, next: use}"),
    "the input": flow(on="{set: {open: '{{ input }}'}, next: use}"),
    "an object": flow(on="{set: {held: {a: '{{ pin }}'}}, next: use}"),
    "a list": flow(on="{set: {items: ['{{ pin }}']}, next: use}"),
    "a list made in an expression": flow(on="{set: {items: '{{ [pin] }}'}, next: use}"),
    "one of two": flow(on='{set: {open: "{{ open | default(pin) }}"}, next: use}'),
}


@pytest.mark.parametrize("text", KEPT_OPENLY.values(), ids=list(KEPT_OPENLY))
def test_a_secret_is_kept_only_where_it_stays_one(text: str) -> None:
    (found,) = findings(text)
    assert found.code == "E805"
    assert "secret: true" in found.help


SAFE = {
    "another secret": "{set: {pin: '{{ pin }}'}, next: use}",
    "its length": "{set: {open: \"{{ '1' if pin | length > 3 else '0' }}\"}, next: use}",
    "a condition": "[{when: pin == '1234' or pin is matching('99XX'), next: use}, {next: bye}]",
    "no more": "{set: {pin: ''}, next: use}",
}


@pytest.mark.parametrize("on", SAFE.values(), ids=list(SAFE))
def test_what_may_be_done_with_a_secret(on: str) -> None:
    assert findings(flow(on=on, end="{say: Right., hangup: }").replace("''", "'0'")) == []


def test_text_with_a_secret_in_it_is_none_that_can_be_kept() -> None:
    (found,) = findings(flow(on="{set: {open: '1{{ pin }}'}, next: use}"))
    assert (found.code, found.message) == ("E803", "a secret can't be joined with other text")


WRONG = {
    "{type: list, secret: true}": "nothing tells what the list holds",
    "{type: object, secret: true}": "nothing tells what the object holds",
    "{type: list, of: object, secret: true}": "nothing tells what the object holds",
    "{type: prompt, secret: true}": "a prompt can't be a secret",
}


@pytest.mark.parametrize("declaration", WRONG)
def test_each_part_of_a_secret_is_known(declaration: str) -> None:
    text = f"""
flow: example
start: bye
returns: {{done: {{it: {declaration}}}}}
states:
  bye: {{hangup: }}
"""
    assert (found := findings(text)[0]).code == "E806"
    assert found.message == WRONG[declaration]


def test_of_an_object_only_what_is_declared_secret_is() -> None:
    text = """
flow: example
start: greet
vars:
  card: {type: object, properties: {pin: {type: digits, secret: true}, name: string}}
states:
  greet:
    set: {card: {pin: "1234", name: "Ada"}}
    say: "Hello {{ card.name }}, {{ 'right' if card.pin == '1234' else 'wrong' }}."
    next: tell
  tell: {say: "USED", hangup: }
"""
    assert findings(text) == []
    assert [each.code for each in findings(text.replace("USED", "{{ card.pin }}"))] == ["E803"]
    kept = text.replace('{say: "USED"', '{set: {card: {name: "{{ card.pin }}"}}')
    assert [each.code for each in findings(kept)] == ["E805"]


def test_no_record_is_asked_for_by_a_secret() -> None:
    on = "[{when: 'recorded(r, pin)', next: use}, {next: bye}]"
    assert [found.code for found in findings(flow(on=on))] == ["E804"]


def test_a_record_keeps_no_secrets() -> None:
    text = """
flow: example
start: bye
records: {r: {value: {pin: {type: digits, secret: true}}}}
states:
  bye: {hangup: }
"""
    assert [found.message for found in findings(text)] == ["a record keeps no secrets"]
