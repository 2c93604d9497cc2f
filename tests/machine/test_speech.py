"""Values that are said by their kind, in the locale of the part in which they stand."""

import sys
from collections.abc import Callable
from subprocess import run

import msgspec
import pytest

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.events import Chosen, Incoming
from ivrflow.machine.outcome import Facts, Step
from ivrflow.machine.program import Program
from ivrflow.machine.replies import Menu, Part, Say, Ssml
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.sinch.svaml import Svaml

Compile = Callable[[str], Program]
FACTS = Facts(now="2026-11-23T14:05:00+00:00")
CALL = Incoming(app="key", call="call-1", caller="+46701234567", called="+46850000000")

SPEAKING = """
flow: speaking
start: tell
locale: {locale}
vars:
  account: "0400"
  balance: "1234.50"
  code: AB12
states:
  tell:
    say: [{part}]
    hangup:
"""


def said(compiled: Compile, part: str, locale: str = "en-US", caller: str | None = None) -> Part:
    """What a caller hears of a prompt with this one part."""
    program = compiled(SPEAKING.format(part=part, locale=locale))
    call = msgspec.structs.replace(CALL, caller=caller or CALL.caller)
    taken = step(program, begin(program, call, params={}, locale=""), call, FACTS)
    assert isinstance(taken, Step)
    assert taken.reply is not None
    msgspec.json.decode(render(taken.reply), type=Svaml)
    heard = taken.reply.instructions[-1]
    assert isinstance(heard, Say | Ssml)
    return heard


def as_(kind: str, value: str) -> str:
    return f'<say-as interpret-as="{kind}">{value}</say-as>'


@pytest.mark.parametrize(
    ("expression", "locale", "spoken"),
    [
        ("account | spoken_digits", "en-US", as_("digits", "0400")),
        ("account | spoken_digits", "cs-CZ", as_("characters", "0400")),
        ("code | spoken_digits", "en-US", as_("characters", "AB12")),
        ("code | spell", "sv-SE", as_("characters", "AB12")),
        ("call.from | phone", "en-US", as_("telephone", "+46701234567")),
        ("call.from | phone", "sv-SE", as_("digits", "46701234567")),
        ("call.from | phone", "hu-HU", as_("characters", "46701234567")),
        ("now | date", "en-US", '<say-as interpret-as="date" format="ymd">2026-11-23</say-as>'),
        ("now | time", "en-US", "2:05 PM"),
        ("now | time", "sv-SE", "14:05"),
        ("now | time", "fi-FI", "14.05"),
        ("balance | amount('SEK')", "en-US", "1234.50 Swedish kronor"),
        ("balance | amount('SEK')", "sv-SE", "1234,50 svenska kronor"),
        ("balance | amount('EUR')", "de-DE", "1234,50 Euro"),
        ("1 | amount('USD')", "en-GB-WLS", "1 US dollar"),
        ("3 | amount('USD')", "pl-PL", "3 dolary amerykańskie"),
        ("1.2345678 | amount('SEK')", "en-US", "1.23 Swedish kronor"),
        ("0.125 | amount('SEK')", "en-US", "0.12 Swedish kronor"),
        ("'2.345' | amount('JPY')", "en-US", "2 Japanese yen"),
        ("(1 / 10000000) | amount('SEK')", "en-US", "0 Swedish kronor"),
        ("(0 - 0.001) | amount('SEK')", "en-US", "0 Swedish kronor"),
        ("9007199254740991.0 | amount('SEK')", "en-US", "9007199254740990 Swedish kronor"),
        ("balance | amount(code | lower)", "en-US", "1234.50 ab12"),
        ("balance | amount('SEK' | lower)", "en-US", "1234.50 Swedish kronor"),
        ("balance | amount('XYZ')", "en-US", "1234.50 XYZ"),
        ("balance | amount('SEK') if account == '0400' else ''", "en-US", "1234.50 Swedish kronor"),
    ],
)
def test_a_value_is_said_as_its_locale_says_it(
    compiled: Compile, expression: str, locale: str, spoken: str
) -> None:
    part = said(compiled, f'"It is {{{{ {expression} }}}}."', locale)
    kind = Ssml if "<" in spoken else Say
    assert part == kind(text=f"It is {spoken}.", voice=locale)


def test_a_value_is_said_in_the_locale_of_its_part(compiled: Compile) -> None:
    text = "{{ balance | amount('SEK') }}"
    assert said(compiled, f'{{say: "{text}", locale: sv-SE}}') == Say(
        text="1234,50 svenska kronor", voice="sv-SE"
    )
    assert said(compiled, f'{{say: "{text}", voice: Astrid}}') == Say(
        text="1234,50 svenska kronor", voice="Astrid"
    )
    assert said(compiled, f'{{ssml: "<p>{text}</p>", locale: de-DE}}') == Ssml(
        text="<p>1234,50 Schwedische Kronen</p>", voice="de-DE"
    )


def test_the_words_around_a_value_keep_their_signs_and_make_no_markup(compiled: Compile) -> None:
    part = said(compiled, "\"Don't press #; it's <{{ account | spell }}> & {{ code }}\"")
    spoken = as_("characters", "0400")
    assert part == Ssml(text=f"Don't press #, it's  {spoken}    AB12", voice="en-US")


def test_in_a_tag_or_inside_say_as_a_value_stays_text(compiled: Compile) -> None:
    digits = "{{ account | spoken_digits }}"
    alias = f"'<speak><sub alias=\"{digits}\">x</sub></speak>'"
    assert said(compiled, f"{{ssml: {alias}}}") == Ssml(
        text='<speak><sub alias="0 4 0 0">x</sub></speak>', voice="en-US"
    )
    nested = f"<say-as interpret-as='address'>{digits}</say-as> {digits}"
    assert said(compiled, f'{{ssml: "{nested}"}}') == Ssml(
        text=f"<say-as interpret-as='address'>0 4 0 0</say-as> {as_('digits', '0400')}",
        voice="en-US",
    )


def test_without_a_value_to_mark_a_text_stays_a_text(compiled: Compile) -> None:
    part = said(compiled, "\"Hello {{ '' | phone }}; bye.\"")
    assert part == Say(text="Hello ; bye.", voice="en-US")


def test_a_caller_with_a_name_is_no_number(compiled: Compile) -> None:
    part = said(compiled, '"You are {{ call.user | phone }}."', caller="alice")
    assert part == Say(text="You are a l i c e.", voice="en-US")


KEPT = """
flow: kept
start: ask
vars: {balance: 12.5, kept: "", day: ""}
states:
  ask:
    menu: {prompt: Press 1., choices: {1: {set: {
      kept: "{{ balance | amount('SEK') }}", day: "{{ now | date }}"}, next: tell}}}
    on: {no_input: tell, no_match: tell}
  tell:
    menu: {prompt: "{{ kept }} {{ day }}", choices: {1: again}}
    on: {no_input: again, no_match: again}
  again:
    say: ["{{ kept }}", {say: Right., when: "day == (now | date) and kept == '12.5 SEK'"}]
    hangup:
"""


def test_a_variable_holds_the_plain_text_in_this_turn_and_the_next(compiled: Compile) -> None:
    program = compiled(KEPT)
    first = step(program, begin(program, CALL, params={}, locale=""), CALL, FACTS)
    assert isinstance(first, Step)
    second = press(program, first)
    assert second.reply is not None
    assert isinstance(second.reply.action, Menu)
    assert second.reply.action.prompt == (Say(text="12.5 SEK 2026-11-23", voice="en-US"),)
    session = msgspec.json.decode(msgspec.json.encode(second.session), type=Session)
    assert session == second.session
    third = press(program, second)
    assert third.reply is not None
    texts = [each.text for each in third.reply.instructions if isinstance(each, Say)]
    assert texts == ["12.5 SEK", "Right."]


def press(program: Program, last: Step) -> Step:
    assert last.reply is not None
    assert isinstance(last.reply.action, Menu)
    key = last.reply.action.keys[0]
    chosen = Chosen(app="key", call="call-1", value=key.value, offer=last.reply.number, menu="main")
    taken = step(program, last.session, chosen, FACTS)
    assert isinstance(taken, Step)
    return taken


LONG = """
flow: long
start: ask
locale: sv-SE
states:
  ask:
    menu:
      prompt: {prompt}
      choices: {{1: bye}}
    on: {{no_input: bye, no_match: bye}}
  bye: {{say: {prompt}, hangup: }}
"""
INSERTED = [
    '"{{ call.custom }}"',
    '"Number {{ call.custom | spoken_digits }}."',
    '[{ssml: "<speak><p>Hej {{ call.custom }}</p></speak>"}]',
    "[{ssml: '<speak>Hej <sub alias=\"{{ call.custom }}\">du</sub></speak>'}]",
    '[{ssml: "<speak>Hej {{ call.custom | spell }}</speak>"}]',
]


@pytest.mark.parametrize("prompt", INSERTED)
@pytest.mark.parametrize("filler", ["1", "Ett ord. ", "x];#tts[y<&> ", "\u3002"])
def test_however_long_a_value_is_the_reply_stays_legal(prompt: str, filler: str) -> None:
    checked = check_text("long.flow.yaml", LONG.format(prompt=prompt), PLATFORM)
    program = compile_flow(checked.flows["long"], checked.app, PLATFORM, checked.flows)
    call = msgspec.structs.replace(CALL, custom=filler * (4_900 // len(filler)))
    first = step(program, begin(program, call, params={}, locale=""), call, FACTS)
    assert isinstance(first, Step)
    for taken in (first, press(program, first)):
        assert taken.reply is not None
        msgspec.json.decode(render(taken.reply), type=Svaml)


def test_currency_data_is_loaded_only_where_a_flow_says_an_amount() -> None:
    code = "import sys, ivrflow.library, ivrflow.sinch.platform; print('babel' in sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
