"""Keys that wait, that hide each other, that nobody offers and that nobody speaks of."""

from itertools import pairwise
from pathlib import Path
from time import process_time

import pytest

from ivrflow.analysis.pressing import pressing
from ivrflow.analysis.subject import Application
from ivrflow.checking import check, check_text
from ivrflow.diagnostics import Diagnostic
from ivrflow.model.app import App
from ivrflow.model.build import build_flow
from ivrflow.sinch.platform import PLATFORM
from ivrflow.source.yaml import parse

PEOPLE = """\
  sales: {connect: {number: "+46850000001"}}
  person: {connect: {number: "+46850000009"}}
"""
ON = "on: {no_input: person, no_match: person}"


def found(states: str, head: str = "") -> list[Diagnostic]:
    """Return what lint finds in a flow that begins in the state `ask`."""
    text = f"flow: example\nstart: ask\n{head}states:\n{states}{PEOPLE}"
    return list(check_text("f.flow.yaml", text, PLATFORM).diagnostics)


def told(states: str, head: str = "") -> list[tuple[str, str]]:
    return [(each.code, each.message) for each in found(states, head)]


def codes(states: str, head: str = "") -> list[str]:
    return [each.code for each in found(states, head)]


def menu(prompt: str, choices: str = "{1: sales, 2: person}", more: str = "") -> str:
    words = prompt if prompt[0] in "[{'\"" else f'"{prompt}"'
    return f"  ask: {{menu: {{prompt: {words}, choices: {choices}{more}}}, {ON}}}\n"


# -- what is said and what is there ---------------------------------------------------------------


BY_LANGUAGE = [
    ("en-US", "For sales press 1. For a person press {key}."),
    ("sv-SE", "För försäljning, tryck 1. För en kollega, tryck {key}."),
    ("de-DE", "Für den Vertrieb drücken Sie die 1, für einen Kollegen die {key}."),
    ("fr-FR", "Pour les ventes, tapez 1. Pour un collègue, tapez {key}."),
    ("es-ES", "Para ventas, pulse 1. Para un colega, pulse {key}."),
    ("pt-PT", "Para vendas, prima 1. Para um colega, prima {key}."),
    ("it-IT", "Per le vendite prema 1. Per un collega prema {key}."),
    ("nl-NL", "Voor verkoop, toets 1. Voor een collega, toets {key}."),
    ("da-DK", "For salg, tryk 1. For en kollega, tryk {key}."),
    ("nb-NO", "For salg, trykk 1. For en kollega, trykk {key}."),
    ("fi-FI", "Myyntiin pääset, kun valitset. Paina 1. Muuten paina {key}."),
    ("pl-PL", "Sprzedaż: naciśnij 1. Konsultant: naciśnij {key}."),
]


@pytest.mark.parametrize(("locale", "prompt"), BY_LANGUAGE)
def test_a_key_that_nobody_offers_is_told_in_each_language(locale: str, prompt: str) -> None:
    head = f"locale: {locale}\n"
    assert told(menu(prompt.format(key=2)), head) == []
    assert told(menu(f'"{prompt.format(key=3)}"'), head) == [
        ("E405", 'callers are told to press 3, and "ask" has no such key')
    ]


@pytest.mark.parametrize(("locale", "prompt"), BY_LANGUAGE)
def test_a_key_that_nobody_speaks_of_is_told_in_each_language(locale: str, prompt: str) -> None:
    choices = "{1: sales, 2: person, 4: person}"
    assert told(menu(prompt.format(key=2), choices), f"locale: {locale}\n") == [
        ("W901", '"ask" has a key 4, and no prompt speaks of it')
    ]


def test_the_word_is_pointed_at_and_the_keys_are_named() -> None:
    (fault,) = found(menu("For sales press 1. For a person press 3."))
    assert (fault.span.line, fault.span.column, fault.span.end_column) == (4, 63, 64)
    assert fault.help == "offer the key, or mend the words: 1 and 2 can be pressed"
    assert [each.span.line for each in fault.related] == [4]


def test_a_wrong_key_and_the_right_one_that_it_leaves_unsaid_are_one_fault() -> None:
    assert codes(menu("Sales: press 1. A person: press 3.")) == ["E405"]


def test_a_menu_that_speaks_of_no_key_is_one_fault() -> None:
    assert told(menu("What do you want?")) == [
        ("W901", '"ask" has keys 1 and 2, and no prompt speaks of any')
    ]


def test_each_version_of_a_prompt_is_read_in_its_language() -> None:
    head = (
        "locale: en-US\nprompts:\n  choose:\n    en-US: Sales 1, a person 2.\n"
        "    sv-SE: Tryck 1 för försäljning.\n    de-DE: Vertrieb 1, Kollegen 2.\n"
    )
    assert told(menu("{play: choose}"), head) == [
        ("W901", '"ask" has a key 2, and no prompt speaks of it in sv-SE')
    ]
    wrong = head.replace("Tryck 1 för försäljning.", "Tryck 1 för ordrar, 2 för frågor, tryck 7.")
    (fault,) = found(menu("{play: choose}"), wrong)
    assert (fault.code, fault.span.line) == ("E405", 7)


def test_a_prompt_of_the_application_is_told_where_it_is_played(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(
        "app: a\nlocale: en-US\nroutes: [{flow: example}]\n"
        "prompts: {choose: {en-US: Sales 1. For a person press 2 or press 3.}}\n"
    )
    text = f"flow: example\nstart: ask\nstates:\n{menu('{play: choose}')}{PEOPLE}"
    (tmp_path / "f.flow.yaml").write_text(text)
    (checked,) = check([tmp_path], PLATFORM)
    (fault,) = checked.diagnostics
    assert (fault.code, fault.path.rpartition("/")[2], fault.span.line) == (
        "E405",
        "f.flow.yaml",
        4,
    )
    assert [each.path.rpartition("/")[2] for each in fault.related] == ["f.flow.yaml", "app.yaml"]


@pytest.mark.parametrize(
    "prompt",
    [
        '"Press 1. {{ call.custom }}"',
        "[Press 1., {play: 'https://example.com/more.mp3'}]",
        '"{{ call.custom }}"',
        "[{say: Weitere Wünsche?, locale: ja-JP}, Press 1.]",
    ],
)
def test_lint_is_silent_where_it_does_not_know_all_words(prompt: str) -> None:
    assert codes(menu(prompt)) == []


@pytest.mark.parametrize(
    "states",
    [
        "  ask: {say: 'For sales press 1, for a person 2.', next: menu}\n",
        "  ask: {next: [{say: 'For sales press 1.', next: middle}]}\n"
        "  middle: {say: 'For a person press 2.', next: menu}\n",
        "  ask: {next: menu}\n",
    ],
)
def test_what_is_said_on_the_way_speaks_the_choices(states: str) -> None:
    own = "" if "next: menu}" in states and "say" in states else "For sales 1, a person 2."
    states += menu(own or "Choose.").replace("ask:", "menu:")
    assert codes(states) == []


def test_what_is_told_on_the_way_is_pressed_in_the_menu_that_comes() -> None:
    states = "  ask: {say: Press 3 for sales., next: menu}\n"
    states += menu("Sales 1, a person 2.").replace("ask:", "menu:")
    assert told(states) == [
        ("E405", "callers are told to press 3, and what comes next has no such key")
    ]
    states = "  ask: {next: [{say: Press 3 for sales., next: menu}]}\n"
    states += menu("Sales 1, a person 2.").replace("ask:", "menu:")
    assert told(states) == [("E405", 'callers are told to press 3, and "menu" has no such key')]


def test_words_that_nobody_can_answer_tell_nothing_wrong() -> None:
    states = "  ask: {say: The other side will press 5., next: person}\n"
    assert codes(states) == ["E201"]


def test_prompts_that_play_each_other_many_times_are_read_soon() -> None:
    names = [f"p{number}" for number in range(10)]
    prompts = "".join(
        f"  {name}: {{en-US: [{', '.join([f'{{play: {inner}}}'] * 12)}]}}\n"
        for name, inner in pairwise(names)
    )
    text = f"flow: example\nstart: ask\nprompts:\n{prompts}  {names[-1]}: {{en-US: Sales 1.}}\n"
    root = parse("f", f"{text}states:\n{menu('{play: p0}')}{PEOPLE}").root
    flow, _ = build_flow("f", root) if root else (None, [])
    assert flow is not None
    begun = process_time()
    said = pressing(Application(App(), (flow,), PLATFORM)).own(flow, flow.states["ask"])
    assert said.keys == {"1"}
    assert process_time() - begun < 1


def test_callers_may_be_asked_for_their_language_in_it() -> None:
    head = "locale: es-ES\n"
    assert codes(menu("Para español, pulse uno. For English, press two."), head) == []
    assert codes(menu("Para español, pulse uno. Two for English."), head) == ["W901"]


def test_words_under_a_condition_and_in_a_reprompt_count_as_spoken() -> None:
    parts = "[Sales 1., {say: A person 2., when: call.from}]"
    assert codes(menu(parts)) == []
    assert codes(menu("Sales 1.", more=", reprompt: 'Sales 1, a person 2.'")) == []


def test_a_choice_that_is_named_by_words_needs_no_key_in_the_prompt() -> None:
    choices = "{1: {words: [sales], next: sales}, 2: {words: [help], next: person}}"
    assert codes(menu("Say sales or help.", choices, ", speech: true")) == []


def test_star_hash_and_zero_are_spoken_once() -> None:
    states = menu("Sales 1, press 0 for a person.", "{1: two, 0: person}")
    states += menu("Sales 1.", "{1: sales, 0: person}").replace("ask:", "two:")
    assert codes(states) == []
    assert codes(states.replace("press 0 for a person", "for a person wait")) == ["W901", "W901"]


COLLECT = (
    "  ask: {{collect: {{prompt: {}, {}}}, on: {{collected: sales, no_input: person,"
    " invalid: person}}}}\n"
)


@pytest.mark.parametrize(
    ("prompt", "digits", "expected"),
    [
        ("Press 1 for yes or 2 for no.", "length: 1, pattern: '[12]'", []),
        ("Press 1 for yes or 3 for no.", "length: 1, pattern: '[12]'", ["E405"]),
        ("Your number then press hash.", "min: 3, max: 8", []),
        ("Your number or press star.", "min: 3, max: 8", ["E405"]),
        ("Your number or press star.", "min: 3, max: 8, keys: {'*': person}", []),
        ("Your number.", "min: 3, max: 8, keys: {'*': person}", ["W901"]),
    ],
)
def test_where_digits_are_asked_for_they_and_the_hash_can_be_pressed(
    prompt: str, digits: str, expected: list[str]
) -> None:
    assert codes(COLLECT.format(prompt, digits) + "  two: {next: person}\n")[:-1] == expected


def test_the_keys_of_the_flow_and_of_flows_around_it_can_be_pressed(tmp_path: Path) -> None:
    inner = (
        "flow: inner\nstart: ask\nreturns: {done: {}}\nstates:\n"
        "  ask: {menu: {prompt: 'Press 1, or press 0.', choices: {1: done}}, "
        "on: {no_input: done, no_match: done}}\n  done: {return: {name: done}}\n"
    )
    outer = (
        "flow: outer\nstart: go\n%sstates:\n  go: {run: {flow: inner}, on: {done: person}}\n"
        "  person: {connect: {number: '+46850000009'}}\n"
    )
    (tmp_path / "inner.flow.yaml").write_text(inner)
    (tmp_path / "outer.flow.yaml").write_text(outer % "on: {keys: {0: person}}\n")
    (checked,) = check([tmp_path], PLATFORM)
    assert [each.code for each in checked.diagnostics] == []
    (tmp_path / "outer.flow.yaml").write_text(outer % "")
    (checked,) = check([tmp_path], PLATFORM)
    assert [each.code for each in checked.diagnostics] == ["E405"]


def test_a_flow_that_is_broken_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    broken = COLLECT.format("Your number.", "pattern: '1[0'") + PEOPLE
    (tmp_path / "broken.flow.yaml").write_text(f"flow: broken\nstart: ask\nstates:\n{broken}")
    states = menu("Press 1 or 3.") + "  more: {run: {flow: broken}}\n" + PEOPLE
    (tmp_path / "good.flow.yaml").write_text(f"flow: good\nstart: ask\nstates:\n{states}")
    (checked,) = check([tmp_path], PLATFORM)
    assert {"E403", "E405"} <= {each.code for each in checked.diagnostics}


def test_a_key_of_the_flow_is_spoken_somewhere() -> None:
    head = "on: {keys: {0: person}}\n"
    assert codes(menu("Sales 1, press 0 for a person.", "{1: sales}"), head) == []
    assert told(menu("Sales 1.", "{1: sales}"), head) == [
        ("W901", "key 0 works in every menu, and no prompt speaks of it")
    ]


def test_a_hidden_key_may_be_allowed() -> None:
    comment = "# ivrflow: allow unspoken-key because it is for our own technicians"
    states = f"  ask:\n    menu:\n      prompt: Sales 1.\n      choices:\n        1: sales\n        9: person {comment}\n    {ON}\n"  # noqa: E501
    assert codes(states) == []


# -- keys that wait and keys that hide ------------------------------------------------------------


def extension(digits: str, choices: str = "{1: sales, '*': person}", more: str = "") -> str:
    return (
        f"  ask:\n    menu:\n      prompt: Dial, or press 1 for sales, star for a person.\n"
        f"      choices: {choices}\n      extension: {{{digits}, into: ext}}\n{more}"
        "    on: {collected: sales, no_input: person, no_match: person}\n"
    )


def test_lint_says_which_keys_wait_and_how_long() -> None:
    (fault,) = found(extension("pattern: '1XX'", more="      timeout: 2500ms\n"))
    assert (fault.code, fault.span.line) == ("E408", 8)
    assert fault.message == "key 1 waits 2.5 s: an extension can begin like this"
    assert fault.help == "no extension begins with 2 or 3 or 4"
    both = extension("pattern: '[12]XX'", "{1: sales, 2: person, '*': person}")
    assert "keys 1 and 2 wait 5 s: an extension can begin like this" in [m for _, m in told(both)]


@pytest.mark.parametrize("digits", ["pattern: '2XX'", "length: 3, pattern: '[3-9]XX'"])
def test_a_key_that_begins_no_extension_waits_for_nothing(digits: str) -> None:
    assert codes(extension(digits)) == []


def test_without_a_pattern_every_digit_waits() -> None:
    (fault,) = found(extension("min: 3, max: 5"))
    assert (fault.code, fault.help.partition(":")[0]) == ("E408", "give the extension a `pattern`")


def test_a_key_of_the_flow_waits_too() -> None:
    head = "on: {keys: {2: sales}}\n"
    states = extension("pattern: '2XX'").replace("star for", "2 for sales, star for")
    assert told(states, head) == [("E408", "key 2 waits 5 s: an extension can begin like this")]


def test_an_extension_of_one_digit_is_hidden_by_its_key() -> None:
    assert told(extension("min: 1, max: 3")) == [("E409", "key 1 hides the extension 1")]
    assert codes(extension("pattern: 'X'")) == ["E409"]
    assert codes(extension("pattern: '[2-9]'")) == []


def test_a_state_that_takes_a_key_from_its_flow_is_told() -> None:
    head = "on: {keys: {0: person}}\n"
    fax = menu("Sales 1, the fax is 0.", "{1: sales, 0: sales}")
    assert told(fax, head) == [
        ("E406", 'key 0 leads to "sales" here, and to "person" in the rest of the flow')
    ]
    assert codes(menu("Sales 1, a person 0.", "{1: sales, 0: person}"), head) == []


def test_a_collect_hides_the_star_of_its_flow_alone() -> None:
    head = "on: {keys: {'*': person}}\n"
    states = COLLECT.format("Your number or star.", "min: 3, max: 8, keys: {'*': sales}")
    assert codes(states, head) == ["E406"]
    assert codes(states, head.replace("'*'", "'#'"))[:1] == ["E407"]


@pytest.mark.parametrize(
    ("key", "states", "heard"),
    [
        ("0", menu("Press 0 or 1.", "{1: sales}"), True),
        ("0", COLLECT.format("Your number.", "length: 4"), False),
        ("'*'", COLLECT.format("Your number, or star.", "length: 4"), True),
        ("'*'", "  ask: {say: Press star., next: sales}\n", False),
    ],
)
def test_a_key_of_the_flow_needs_somebody_who_hears_it(key: str, states: str, heard: bool) -> None:
    assert ("E407" not in codes(states, f"on: {{keys: {{{key}: person}}}}\n")) is heard


def test_a_state_behind_a_key_that_nobody_hears_is_no_fault_of_its_own() -> None:
    states = "  ask: {say: Press 0., next: sales}\n"
    assert codes(states, "on: {keys: {0: person}}\n") == ["E407"]


@pytest.mark.parametrize(
    ("key", "digits", "expected"),
    [
        ("0", "length: 6", ["E410"]),
        ("0", "pattern: '[1-9]XX'", []),
        ("'#'", "min: 3, max: 6", ["E410"]),
        ("'#'", "length: 6", []),
        ("'*'", "min: 3, max: 6", []),
    ],
)
def test_a_way_out_of_a_number_is_no_part_of_it(key: str, digits: str, expected: list[str]) -> None:
    prompt = "'Your number, or press 0, star or hash.'"
    states = COLLECT.format(prompt, f"{digits}, keys: {{0: person, '*': person, '#': person}}")
    states = states.replace("{0: person, '*': person, '#': person}", f"{{{key}: person}}")
    assert [each for each in codes(states) if each != "E405"] == expected
