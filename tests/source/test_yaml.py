"""YAML to nodes: places, source text, and the traps that lose an author's words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.diagnostics import Span
from ivrflow.source import yaml
from ivrflow.source.node import Mapping, Scalar, Sequence
from ivrflow.source.yaml import MAX_BYTES, MAX_SECOND_TRY, parse


def root(text: str) -> Mapping:
    parsed = parse("f.yaml", text)
    assert parsed.diagnostics == ()
    assert isinstance(parsed.root, Mapping)
    return parsed.root


def found(text: str | bytes) -> list[tuple[str, int, int]]:
    return [(each.code, each.span.line, each.span.column) for each in parse("f", text).diagnostics]


@pytest.mark.parametrize(
    "written", ["no", "on", "0123", "+46850000001", "08:30", "1e3", "0x10", "true", "~"]
)
def test_nothing_is_read_into_what_was_written(written: str) -> None:
    value = root(f"key: {written}\n").get("key")
    assert isinstance(value, Scalar)
    assert value.text == written


def test_every_scalar_and_key_knows_its_place() -> None:
    tree = root("flow: a\nstates:\n  ask:\n    say: 'Grüße, Ada.'\n")
    assert tree.entries["states"].key.span == Span(2, 1, 2, 7)
    states = tree.get("states")
    assert isinstance(states, Mapping)
    ask = states.get("ask")
    assert isinstance(ask, Mapping)
    words = ask.get("say")
    assert isinstance(words, Scalar)
    assert words.span == Span(4, 10, 4, 23)
    assert words.part(0, 5) == Span(4, 11, 4, 16)


def test_a_key_is_the_same_quoted_or_not() -> None:
    assert found("1: a\n'1': b\n") == [("E004", 2, 1)]


def test_on_is_a_key() -> None:
    assert list(root("on: {no_input: bye}\n").entries) == ["on"]


def test_anchors_repeat_what_they_name() -> None:
    tree = root("a: &x [1, 2]\nb: *x\n")
    assert isinstance(tree.get("b"), Sequence)
    assert tree.get("b") is tree.get("a")


TRAPS = {
    "say: Press # for more.": ("E014", 1, 6),
    "prompt: For sales # press 1": ("E014", 1, 9),
    "choices:\n  1: a\n  #: again": ("E015", 3, 3),
    "a: {when: f(a, b), next: x}": ("E016", 1, 16),
    "a: {say: Sorry, wrong., next: x}": ("E016", 1, 17),
    "say: {{ name }}": ("E017", 1, 6),
    "say: {{ name }} and more": ("E017", 1, 6),
    "say: Hours: nine": ("E018", 1, 11),
    "a:\n\tb: 1": ("E005", 2, 1),
    "<<: {a: 1}": ("E010", 1, 1),
    "a: !!int 3": ("E011", 1, 4),
    "a: 1\n--- \nb: 1": ("E012", 2, 1),
    "a: *nowhere": ("E008", 1, 4),
    "- {when: a in [1, 2], next: x}": ("E021", 1, 15),
    "- {when: a in ['b', 'c'], next: x}": ("E021", 1, 15),
    "choices: {1: a, *: b}": ("E020", 1, 17),
    "choices:\n  1: a\n  *: b": ("E020", 3, 3),
    "keys:\n  *: b": ("E020", 2, 3),
    "a: &x [*x]": ("E009", 1, 8),
    "[a]: 1": ("E019", 1, 1),
    "": ("E013", 1, 1),
    "# only a comment": ("E013", 1, 1),
}


@pytest.mark.parametrize("text", TRAPS, ids=repr)
def test_what_yaml_does_to_words_in_silence_is_one_finding_with_a_remedy(text: str) -> None:
    diagnostics = parse("f", text + "\n").diagnostics
    assert [(each.code, each.span.line, each.span.column) for each in diagnostics] == [TRAPS[text]]
    assert diagnostics[0].help


@pytest.mark.parametrize(
    "text",
    [
        "a: {audio: https://example.com/a.mp3}",
        "a: {say: Who is it?, next: b}",
        "next: goodbye # they know the rest",
        "# say: nothing\nsay: x",
        "say: |\n  Press\n  #: nothing\nnext: x",
        "say: 'Press # for more.'",
        "a: [b, c]",
        "number: '+46850000001'   # ours",
    ],
)
def test_ordinary_comments_are_no_trap(text: str) -> None:
    assert found(text + "\n") == []


def test_it_goes_on_after_the_first_error() -> None:
    text = "a: Hours: nine\nb: fine\nc: Hours: ten\nd: {{ x }} y\n"
    assert found(text) == [("E018", 1, 9), ("E018", 3, 9), ("E017", 4, 4)]


def test_an_open_bracket_is_told_once() -> None:
    assert len(found("a: [1\nb: 2\nc: 3\n")) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe", "E002"),
        (b"a: \x00", "E002"),
        (b"a: \x07", "E002"),
        (b"a: " + b"x" * MAX_BYTES, "E001"),
        (b"[" * 100 + b"]" * 100, "E006"),
    ],
)
def test_what_is_no_text_of_a_flow_is_refused(content: bytes, code: str) -> None:
    assert [each.code for each in parse("f", content).diagnostics] == [code]


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for number in range(1, 9):
        items = ", ".join([f"*a{number - 1}"] * 9)
        lines.append(f"a{number}: &a{number} [{items}]")
    began = time.monotonic()
    assert [each.code for each in parse("f", "\n".join(lines)).diagnostics] == ["E007"]
    assert time.monotonic() - began < 5


def test_the_pure_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch, first_flow: str) -> None:
    fast = parse("f", first_flow)
    monkeypatch.setattr(yaml, "CParser", None)
    assert parse("f", first_flow) == fast


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_any_input_gives_a_tree_or_a_finding(content: bytes | str) -> None:
    parsed = parse("f", content)
    assert parsed.root is not None or parsed.diagnostics


MARKS = st.text(alphabet="ab:#{}[],&*!|>'\"%@`- \n\t?<", max_size=80)


@given(MARKS)
def test_any_punctuation_gives_a_tree_or_a_finding(text: str) -> None:
    parsed = parse("f", text)
    assert parsed.root is not None or parsed.diagnostics
    lines = text.count("\n") + 2
    assert all(1 <= each.span.line <= lines for each in parsed.diagnostics)


@given(st.dictionaries(st.from_regex(r"\A[a-z][a-z_]{0,8}\Z"), st.integers(0, 99), min_size=1))
def test_what_is_written_is_read(values: dict[str, int]) -> None:
    tree = root("".join(f"{key}: {value}\n" for key, value in values.items()))
    read = {
        key: entry.value.text
        for key, entry in tree.entries.items()
        if isinstance(entry.value, Scalar)
    }
    assert read == {key: str(value) for key, value in values.items()}


def test_a_parameter_may_be_called_like_a_key_of_words() -> None:
    text = "params:\n  prompt: prompt? # else our own\nsay: Press # for more.\n"
    assert [(each.code, each.span.line) for each in parse("f", text).diagnostics] == [("E014", 3)]


def test_a_character_escaped_in_halves_is_one_and_half_of_one_is_no_text() -> None:
    whole = parse("f", 'a: "\\ud83d\\ude00 \\u00e5"')
    assert isinstance(whole.root, Mapping)
    node = whole.root.get("a")
    assert isinstance(node, Scalar)
    assert (node.text, whole.diagnostics) == ("\U0001f600 å", ())
    (found,) = parse("f", 'a: "x \\ud83d y"').diagnostics
    assert (found.code, found.span.line, found.span.column) == ("E002", 1, 4)


def test_what_only_a_short_file_may_hold_is_told_with_its_remedy_in_a_long_one() -> None:
    text = "returns: {due: date?, n: integer}\n"
    long = "# " + "x" * MAX_SECOND_TRY + "\n" + text
    assert parse("a.yaml", text).diagnostics == ()
    (finding,) = parse("a.yaml", long).diagnostics
    assert "quote text with `?`" in finding.help
    assert parse("a.yaml", long.replace("date?", '"date?"')).diagnostics == ()


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("states:\n  a: {b: [", "E003", (2, 11)),
        ("flow: a\rb\x08", "E002", (2, 2)),
        (b"flow: a\rb\xff", "E002", (2, 1)),
        ("a: 1\n{{ x }}: y", "E017", (2, 1)),
        ("  {{ x }}: y", "E017", (1, 3)),
        ("a: 1\nst\x85mp: {a: b}", "E003", (3, 1)),
    ],
)
def test_a_finding_points_into_the_text(
    text: str | bytes, code: str, place: tuple[int, int]
) -> None:
    found = parse("f", text).diagnostics[0]
    assert (found.code, (found.span.line, found.span.column)) == (code, place)


def test_an_unquoted_template_as_a_key_is_told_once() -> None:
    assert [each.code for each in parse("f", "a: 1\nb:\n  {{ x }}: y").diagnostics] == ["E017"]


def test_what_ends_with_the_file_ends_in_its_last_line() -> None:
    for text in ("a:\n  b: x", "a:\n  b: [x,\n    y]", "a:\n  - b"):
        tree = root(text)
        assert isinstance(tree, Mapping)
        assert (tree.end_line, tree.end_column) == (
            text.count("\n") + 1,
            len(text.split("\n")[-1]) + 1,
        )
