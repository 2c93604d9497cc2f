"""Menus in which callers get lost."""

from pathlib import Path

import pytest

from ivrflow.checking import check, check_text
from ivrflow.sinch.platform import PLATFORM

PERSON = '  person: {connect: {number: "+46850000009"}}\n  bye: {hangup: }\n'


def told(states: str, head: str = "") -> list[tuple[str, str]]:
    """Return what lint finds in a flow that begins in the state `a`."""
    text = f"flow: example\nstart: a\n{head}states:\n{states}{PERSON}"
    found = check_text("f.flow.yaml", text, PLATFORM).diagnostics
    return [(each.code, each.message) for each in found if each.code != "E201"]


def menu(name: str, choices: dict[str, str], failed: str = "person") -> str:
    prompt = ", ".join(choices)
    written = ", ".join(f'"{key}": {state}' for key, state in choices.items())
    return (
        f'  {name}: {{menu: {{prompt: "{prompt}?", choices: {{{written}}}}}, '
        f"on: {{no_input: {failed}, no_match: {failed}}}}}\n"
    )


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ({"1": "b", "*": "a"}, {"1": "person", "*": "a"}, 'leads back here, and repeats in "a"'),
        ({"1": "b", "0": "person"}, {"1": "person", "0": "c"}, 'leads to "c" here, and connects'),
        ({"1": "b", "9": "bye"}, {"1": "person", "9": "a"}, "leads back here, and ends the call"),
        ({"1": "b", "#": "a"}, {"1": "person", "#": "bye"}, "ends the call here, and repeats"),
    ],
)
def test_a_key_that_changes_its_meaning_is_told(
    first: dict[str, str], second: dict[str, str], message: str
) -> None:
    states = menu("a", first) + menu("b", second) + menu("c", {"1": "person", "2": "bye"})
    (fault,) = told(states)
    assert fault[0] == "W902"
    assert message in fault[1]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"1": "b", "2": "person"}, {"1": "person", "2": "bye"}),
        ({"1": "b", "0": "person"}, {"1": "bye", "0": "operator"}),
        ({"1": "b", "*": "a"}, {"1": "person", "*": "b"}),
        ({"1": "b", "2": "person"}, {"1": "person", "*": "a"}),
    ],
)
def test_ordinary_digits_and_keys_of_one_meaning_are_not_told(
    first: dict[str, str], second: dict[str, str]
) -> None:
    operator = '  operator: {connect: {number: "+46850000008"}}\n'
    assert told(menu("a", first) + menu("b", second) + operator) == []


def test_one_state_is_one_meaning_whether_it_comes_before_or_after() -> None:
    states = menu("a", {"1": "b", "2": "c", "9": "b"}) + menu("b", {"1": "person", "2": "bye"})
    assert told(states + menu("c", {"1": "person", "9": "b"})) == []


def test_a_menu_is_repeated_also_by_way_of_its_greeting() -> None:
    states = "  a: {say: Welcome., next: b}\n" + menu("b", {"1": "c", "*": "a"})
    assert [code for code, _ in told(states + menu("c", {"1": "person", "*": "c"}))] == []


def test_going_back_is_one_meaning_wherever_it_leads() -> None:
    states = menu("a", {"1": "b", "2": "bye"}) + menu("b", {"1": "c", "*": "a"})
    assert told(states + menu("c", {"1": "person", "*": "b"})) == []


def test_the_last_digits_of_a_long_list_are_choices() -> None:
    first = {**{str(key): "person" for key in range(1, 9)}, "9": "b"}
    second = {**{str(key): "person" for key in range(1, 9)}, "9": "bye"}
    assert [code for code, _ in told(menu("a", first) + menu("b", second))] == ["W903", "W903"]


@pytest.mark.parametrize(("keys", "expected"), [("12345*#0", []), ("123456", ["W903"])])
def test_more_than_five_choices_are_told(keys: str, expected: list[str]) -> None:
    assert [code for code, _ in told(menu("a", dict.fromkeys(keys, "person")))] == expected


def chain(length: int) -> str:
    names = "abcdefgh"[:length]
    after = [*names[1:], "person"]
    pairs = zip(names, after, strict=True)
    return "".join(menu(name, {"1": each, "2": "bye"}) for name, each in pairs)


def test_the_fourth_menu_on_the_shortest_way_is_told() -> None:
    assert told(chain(3)) == []
    assert told(chain(5)) == [("W904", '"d" is the fourth menu on the way: a -> b -> c -> d')]
    shorter = chain(5).replace('"2": bye', '"2": c', 1)
    assert [message for _, message in told(shorter)] == [
        '"e" is the fourth menu on the way: a -> c -> d -> e'
    ]


def test_questions_that_lead_on_whatever_is_pressed_are_not_deep() -> None:
    states = "".join(
        menu(name, {"1": after, "2": after})
        for name, after in zip("abcdef", [*"bcdef", "person"], strict=True)
    )
    assert told(states) == []


def test_menus_of_flows_that_are_run_count(tmp_path: Path) -> None:
    outer = menu("a", {"1": "b", "2": "bye"}) + menu("b", {"1": "go", "2": "bye"})
    outer += "  go: {run: {flow: inner}, on: {done: person}}\n"
    inner = menu("c", {"1": "d", "2": "done"}, "done") + menu("d", {"1": "done", "2": "c"}, "done")
    (tmp_path / "outer.flow.yaml").write_text(f"flow: outer\nstart: a\nstates:\n{outer}{PERSON}")
    (tmp_path / "inner.flow.yaml").write_text(
        "flow: inner\nstart: c\nreturns: {done: {}}\nstates:\n"
        f"{inner}  done: {{return: {{name: done}}}}\n"
    )
    (checked,) = check([tmp_path], PLATFORM)
    (fault,) = checked.diagnostics
    assert (fault.code, fault.path.rpartition("/")[2]) == ("W904", "inner.flow.yaml")
    assert fault.message == '"d" is the fourth menu on the way: a -> b -> c -> d'


QUESTIONS = "".join(
    f"  {name}: {{collect: {{prompt: Your number?, length: 4, into: {name}}}, "
    f"on: {{collected: {after}, no_input: bye}}}}\n"
    for name, after in (("a", "b"), ("b", "c"), ("c", "bye"))
)


def test_three_questions_and_no_person_are_told() -> None:
    assert told(QUESTIONS) == [
        ("W905", "callers are asked 3 questions, and none leads to a person")
    ]
    assert told(QUESTIONS.replace("collected: c", "collected: bye")) == []


@pytest.mark.parametrize(
    "way", ["connect: {sip: a@example.com}", "conference: {id: room}", "park: {prompt: Wait.}"]
)
def test_any_way_to_a_person_will_do(way: str) -> None:
    states = QUESTIONS.replace("collected: bye", "collected: way") + f"  way: {{{way}}}\n"
    assert "W905" not in dict(told(states))


def test_a_person_in_a_flow_that_is_run_counts(tmp_path: Path) -> None:
    run = "  go: {run: {flow: inner}, on: {done: bye}}\n"
    outer = QUESTIONS.replace("collected: bye", "collected: go") + run
    (tmp_path / "outer.flow.yaml").write_text(
        f"flow: outer\nstart: a\nstates:\n{outer}  bye: {{hangup: }}\n"
    )
    inner = "flow: inner\nstart: a\nreturns: {done: {}}\nstates:\n  a: {next: [%s{next: b}]}\n%s  b: {return: {name: done}}\n"  # noqa: E501
    person = ("{when: call.custom, next: p}, ", '  p: {connect: {number: "+46850000009"}}\n')
    for parts, expected in ((person, []), (("", ""), ["W905"])):
        (tmp_path / "inner.flow.yaml").write_text(inner % parts)
        (checked,) = check([tmp_path], PLATFORM)
        assert [each.code for each in checked.diagnostics] == expected
