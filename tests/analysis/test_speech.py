"""Findings in prompts: the right place, the right words, and none where all is well."""

import time

import pytest

from ivrflow.checking import Checked, check, check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM


def found(flow: str) -> list[Diagnostic]:
    return list(check_text("example.flow.yaml", flow, PLATFORM).diagnostics)


def ssml(text: str) -> list[tuple[int, str]]:
    """Where in the SSML each finding stands, and what it says."""
    before = "  greet: {ssml: '"
    flow = f"flow: example\nstart: greet\nvars: {{x: a}}\nstates:\n{before}{text}', hangup: }}\n"
    return [(each.span.column - 1 - len(before), each.message) for each in found(flow)]


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("<speak>We <em>are</em> open.</speak>", "<em>", 'no SSML tag "em"'),
        ('Hi. <break strnegth="weak"/>', "strnegth", 'no attribute "strnegth"'),
        ('<say-as interpret-as="digit">1</say-as>', "digit", '"digit" is no value'),
        ("<p>One <s>two</p>", "</p>", '"s" is still open'),
        ("<speak>One <s>two", None, '"s" is still open here'),
        ("One</p> two", "</p>", "nothing is open"),
        ("One & two", "&", '"&" begins markup'),
        ("One &nbsp; two", "&nbsp;", '"&nbsp;" is no character'),
        ("One &amp; two", "&amp;", "can\\'t be sent"),
        ("1 < 2", "<", '"<" begins markup'),
        ("<{{ x }}>One</p>", None, "a value can stand in words"),
        ("<p {{ x }}>One</p>", None, "a value can stand in words"),
        ("One <!-- two -->", "<!--", "only elements and words"),
        ("<?xml version='1'?>One".replace("'", '"'), "<?", "only elements and words"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>&a;', "<!", "only elements and words"),
    ],
)
def test_wrong_ssml_is_found_where_it_is_wrong(text: str, at: str | None, words: str) -> None:
    (finding,) = ssml(text)
    assert words.replace("\\", "") in finding[1]
    if at is not None:
        assert finding[0] == text.index(at)


@pytest.mark.parametrize(
    "text",
    [
        "Plain words.",
        '<speak>{{ x }} <prosody rate="{{ x }}">slow</prosody></speak>',
        '<amazon:effect name="whispered">psst</amazon:effect>',
        '<say-as interpret-as="{{ x }}">1</say-as> caf&#233;',
        'A {{ x | default("}}>") }} b',
    ],
)
def test_right_ssml_is_left_alone(text: str) -> None:
    assert ssml(text) == []


TOLD = """
flow: example
start: ask
locale: en-US
prompts:
  hello: {en-US: [Hello., {play: name}], sv-SE: [Hej., {play: name}]}
  name: {en-GB: Acme.}
  bye: {sv-SE: Hej då.}
states:
  ask:
    play: hello
    menu: {prompt: Press 1 or 2., choices: {1: swedish, 2: {play: bye, next: end}}}
    on: {no_input: end, no_match: end}
  swedish: {do: [locale: sv-SE], play: hello, next: end}
  end: {do: [play: bye], hangup: }
"""


def test_a_missing_translation_names_prompt_locale_and_origin() -> None:
    messages = [each.message for each in found(TOLD)]
    assert messages == [
        '"name" has no words in sv-SE, in which it can be heard: the step `locale` in line 14'
        " says so",
        '"bye" has no words in en-US, in which it can be heard: `locale` of the flow says so',
    ]


def test_a_prompt_in_a_language_of_its_own_needs_no_other() -> None:
    flow = TOLD.replace("play: bye, next", "say: {play: bye, locale: sv-SE}, next")
    flow = flow.replace("{do: [play: bye], hangup: }", "{hangup: }")
    assert [each.message[:6] for each in found(flow)] == ['"name"']


def application(tmp_path_factory: pytest.TempPathFactory, app: str, flow: str) -> Checked:
    directory = tmp_path_factory.mktemp("app")
    (directory / "app.yaml").write_text(app)
    (directory / "one.flow.yaml").write_text(flow)
    (checked,) = check([directory], PLATFORM)
    return checked


FLOW = "flow: one\nstart: a\nstates: {a: {play: hi, hangup: }}\n"


def test_the_locale_of_a_route_counts_for_shared_prompts(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    app = "app: x\nprompts: {hi: {en-US: Hi.}}\nroutes: [{flow: one, locale: nb-NO}]\n"
    (finding,) = application(tmp_path_factory, app, FLOW).diagnostics
    assert (finding.code, finding.path[-13:]) == ("E505", "one.flow.yaml")
    assert "in nb-NO, in which it can be heard: the route in line 3 of app.yaml" in finding.message


CHOOSING = """flow: choosing
start: ask
returns: {chosen: {}, kept: {}}
states:
  ask:
    menu: {prompt: Press 1 or 2., choices: {1: {do: [locale: sv-SE], next: chosen}, 2: kept}}
    on: {no_input: chosen, no_match: chosen}
  chosen: {do: [locale: da-DK], return: {name: chosen}}
  kept: {return: {name: kept}}
"""
RUNNING = """flow: running
start: choose
locale: en-US
prompts: {hi: {en-US: Hi.}, both: {en-US: Hi., da-DK: Hej.}}
states:
  choose: {run: {flow: choosing}, on: {chosen: tell, kept: tell}}
  tell: {do: [play: hi], play: both, hangup: }
"""


def test_a_flow_that_is_run_may_choose_the_language(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory = tmp_path_factory.mktemp("flows")
    (directory / "choosing.flow.yaml").write_text(CHOOSING)
    (directory / "running.flow.yaml").write_text(RUNNING)
    (checked,) = check([directory], PLATFORM)
    told = [each.message.partition(" has")[0::2] for each in checked.diagnostics]
    assert [name for name, _ in told] == ['"hi"']
    assert "no words in da-DK" in told[0][1]
    assert "the step `locale` in line 8 of choosing.flow.yaml" in told[0][1]


def test_many_flows_that_run_each_other_are_judged_soon(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    directory = tmp_path_factory.mktemp("flows")
    for level in range(6):
        for number in range(5):
            states = "".join(
                f"  s{each}: {{run: {{flow: f{level + 1}-{each}}}, on: {{done: s{each + 1}}}}}\n"
                for each in range(5 if level < 5 else 0)
            )
            last = 5 if level < 5 else 0
            (directory / f"f{level}-{number}.flow.yaml").write_text(
                f"flow: f{level}-{number}\nstart: s0\nreturns: {{done: {{}}}}\n"
                "prompts: {hi: {en-US: Hi.}}\n"
                f"states:\n{states}  s{last}: {{play: hi, return: {{name: done}}}}\n"
            )
    began = time.process_time()
    (checked,) = check([directory], PLATFORM)
    assert {each.code for each in checked.diagnostics} == {"E222"}
    assert time.process_time() - began < 10


def test_a_flow_of_the_library_is_judged_in_the_language_of_who_runs_it() -> None:
    flow = """flow: example
start: ask
locale: nb-NO
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: "Nummer?"}, into: given}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
"""
    told = found(flow)
    assert {each.code for each in told} == {"E505"}
    assert all('"std/ask-number"' in each.message for each in told)
    assert found(flow.replace("nb-NO", "sv-SE")) == []


def test_prompts_of_an_application_are_looked_at_in_its_file(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    app = """app: x
locale: en-UK
prompts:
  hi: {en-UK: [{ssml: <b>Hi.</b>}, {say: You., voice: Jonna}, {play: "ftp://x/y.mp3"}]}
  jingle: {audio: "https://x/y.mp33"}
routes: [{flow: one}]
"""
    codes = [each.code for each in application(tmp_path_factory, app, FLOW).diagnostics]
    assert sorted(set(codes)) == ["E512", "E513"]
    assert len(codes) == 6
    nearest = application(tmp_path_factory, app, FLOW).diagnostics[0]
    assert nearest.help == 'did you mean "en-US" or "en-AU"?'


def menu(prompt: str, reprompt: str = "Again.") -> list[str]:
    flow = f"""flow: example
start: ask
locale: en-US
states:
  ask:
    menu: {{prompt: {prompt}, reprompt: {reprompt}, choices: {{1: bye}}}}
    on: {{no_input: bye, no_match: bye}}
  bye: {{hangup: }}
"""
    return [each.code for each in found(flow)]


SWEDISH = "{say: Tryck 1., locale: sv-SE}"


@pytest.mark.parametrize(
    ("prompt", "reprompt", "codes"),
    [
        (f"[{SWEDISH}, Press 1.]", "Again.", []),
        (f"[{SWEDISH}, Press 1., {SWEDISH}]", "Again.", ["E510"]),
        ("[Press 1., {say: Or 2., locale: en-US}]", "Again.", []),
        (f"[{SWEDISH}]", SWEDISH, []),
        (f"[{SWEDISH}]", "Again.", ["E510"]),
        ("Press 1.", f"[Again., {SWEDISH}]", ["E510"]),
        ('[Press 1., {play: "https://x/y.mp3", locale: sv-SE}]', "Again.", []),
    ],
)
def test_a_menu_keeps_one_voice(prompt: str, reprompt: str, codes: list[str]) -> None:
    assert menu(prompt, reprompt) == codes


def test_a_parked_caller_hears_one_voice() -> None:
    flow = f"""flow: example
start: wait
states:
  wait: {{park: {{prompt: [Please wait., {SWEDISH}]}}}}
"""
    assert [each.code for each in found(flow)] == ["E510"]
    assert found(flow.replace("sv-SE", "en-US")) == []


@pytest.mark.parametrize(
    ("url", "codes"),
    [
        ("https://x.example/a", []),
        ("https://x.example/a.MP3?v=2.1", []),
        ("https://x.example/{{ call.id }}.wav", []),
        ("https://x.example/a.{{ call.custom }}", []),
        ("https://x.example", []),
        ("https://x.example/a.txt", ["E511"]),
        ("ftp://x.example/a.mp3", ["E707"]),
        ("https://x.example/a{{ call.id }} b.mp3", ["E707"]),
    ],
)
def test_a_sound_file_has_an_address_that_can_be_played(url: str, codes: list[str]) -> None:
    part = f'flow: example\nstart: a\nstates: {{a: {{play: "{url}", hangup: }}}}\n'
    declared = (
        "flow: example\nstart: a\n"
        f'prompts: {{j: {{audio: "{url}"}}}}\nstates: {{a: {{play: j, hangup: }}}}\n'
    )
    assert [each.code for each in found(part)] == codes
    assert [each.code for each in found(declared)] == codes


@pytest.mark.parametrize("voice", ["Astrid", "sv-SE/female", "sv-SE", "cs-CZ-VlastaNeural"])
def test_voices_that_the_platform_has_are_left_alone(voice: str) -> None:
    flow = "flow: example\nstart: a\nstates: {a: {say: {say: Hi., voice: VOICE}, hangup: }}\n"
    assert found(flow.replace("VOICE", voice)) == []


def test_a_currency_is_three_letters() -> None:
    flow = "flow: example\nstart: a\nstates: {a: {say: \"{{ 5 | amount('kr') }}\", hangup: }}\n"
    (finding,) = found(flow)
    assert finding.message == '"kr" is no currency'
    assert finding.span.column == flow.splitlines()[2].index("kr") + 1


def test_what_a_flow_gives_another_to_say_is_looked_at_too() -> None:
    flow = """flow: example
start: ask
locale: sv-SE
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: {ssml: "<b>Nummer?</b>"}}, into: given}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
"""
    (finding,) = found(flow)
    column = flow.splitlines()[5].index("<b>") + 1
    assert (finding.code, finding.span.line, finding.span.column) == ("E508", 6, column)
