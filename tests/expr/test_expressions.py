"""Expressions: what they may hold, what they yield, what is refused before the call."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import nodes

from ivrflow.errors import EvaluationError, ExpressionError
from ivrflow.expr.check import infer
from ivrflow.expr.compile import compile_segments, compile_tree
from ivrflow.expr.functions import Keyed
from ivrflow.expr.parse import parse_expression, parse_text, whole_expression
from ivrflow.expr.pattern import begins, fits
from ivrflow.expr.types import T, Type

NAMES: dict[str, Type | None] = {
    "digits": Type(name=T.DIGITS),
    "count": Type(name=T.INTEGER),
    "ratio": Type(name=T.NUMBER),
    "flag": Type(name=T.BOOLEAN),
    "who": Type(name=T.STRING, enum=("human", "machine")),
    "names": Type(name=T.LIST, of=Type(name=T.STRING)),
    "now": Type(name=T.INSTANT),
    "office": Type(name=T.SCHEDULE),
    "night": Type(name=T.SCHEDULE),
    "call": Type(name=T.OBJECT, properties={"from": Type(name=T.PHONE, nullable=True)}),
}
VALUES: dict[str, object] = {
    "digits": "400002",
    "count": 3,
    "ratio": 0.5,
    "flag": True,
    "who": "human",
    "names": ["Ada", "Grace"],
    "now": "2026-11-23T10:05:00Z",
    "office": "office",
    "night": "front-door.night",
    "open()": lambda schedule: schedule == "office",
    "hours()": lambda schedule: f"hours of {schedule}",
    "next_opening()": lambda schedule: "2026-11-24T08:00:00+01:00",
    "recorded()": lambda record, key=None: (record, key) in (("seen", "400002"), ("count", None)),
    "call": {"from": None},
}
RECORDS = {
    "seen": Keyed(key=Type(name=T.DIGITS), is_queue=False),
    "count": Keyed(key=None, is_queue=False),
    "closed": Keyed(key=None, is_queue=False),
    "line": Keyed(key=None, is_queue=True),
}


def evaluate(source: str) -> object:
    tree = parse_expression(source)
    infer(tree, NAMES, source, RECORDS)
    return compile_tree(tree)(VALUES)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("count + 1", 4),
        ("recorded(seen, digits)", True),
        ("not recorded(closed)", True),
        ("recorded(count) and count == 3", True),
        ("count * 2 - 1 // 2", 6),
        ("7 / 2", 3.5),
        ("-count % 2", 1),
        ("count > 2 and not flag", False),
        ("1 < count < 5", True),
        ("digits == '400002'", True),
        ("digits | int + 1", 400003),
        ("digits | luhn", True),
        ("'400003' | luhn", False),
        ("digits | length", 6),
        ("names | length", 2),
        ("names[0] ~ '!'", "Ada!"),
        ("names[9]", None),
        ("'Ada' in names", True),
        ("who not in ['machine']", True),
        ("call.from is starting('+46')", False),
        ("call.from | default('nobody')", "nobody"),
        ("digits is matching('4XXXX[0-2]')", True),
        ("digits is not matching('4X')", True),
        ("'a' if flag else 'b'", "a"),
        ("'b' if not flag", None),
        ("digits | spoken_digits", "4 0 0 0 0 2"),
        ("'abc' | upper", "ABC"),
        ("'a b&c' | urlencode", "a%20b%26c"),
        ("now | date", "2026-11-23"),
        ("now | time", "10:05"),
        ("digits | bucket(10) < 10", True),
        ("call['from'] == none", True),
        ("open(office) and not open(night)", True),
        ("open(night if flag else office)", False),
        ("hours(night) ~ '.'", "hours of front-door.night."),
        ("next_opening(office) | date", "2026-11-24"),
        ("night == office", False),
    ],
)
def test_an_expression_yields_its_value(source: str, value: object) -> None:
    assert evaluate(source) == value


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("digits == 1234", "never equal"),
        ("digits + 1", "needs a number"),
        ("who == 'humam'", "can never be it"),
        ("who in 'human'", "needs a list"),
        ("call.fron", 'no "fron"'),
        ("cuont + 1", 'no "cuont"'),
        ("digits | uper", 'no filter "uper"'),
        ("digits is mathcing('X')", 'no test "mathcing"'),
        ("digits is matching('Y')", "pattern"),
        ("flag | luhn", "can't be asked of boolean"),
        ("flag < flag", "can't be put in order"),
        ("names ~ 'x'", "has no text"),
        ("digits.upper()", "call"),
        ("range(9)", "call"),
        ("recorded(office)", 'no record is called "office"'),
        ("recorded()", "needs the name of a record"),
        ("recorded('seen', digits)", "needs the name of a record"),
        ("recorded(sen, digits)", 'no record is called "sen"'),
        ("recorded(seen)", "a value for each digits"),
        ("recorded(seen, digits, 1)", "a value for each digits"),
        ("recorded(seen, count)", "is digits, not integer"),
        ("recorded(seen, call.from)", "is digits, not phone"),
        ("recorded(closed, digits)", "has no keys"),
        ("recorded(line)", "is a queue"),
        ("open(office)(night)", "call"),
        ("call.open(office)", "call"),
        ("open(schedule=office)", "by their place"),
        ("open(*[office])", "by their place"),
        ("open()", "too few"),
        ("open(office, night)", "too many"),
        ("open(offce)", 'no schedule "offce"'),
        ("open('office')", 'not "office"'),
        ("open(digits)", "not digits"),
        ("open(call)", "needs a schedule"),
        ("open", 'no "open"'),
        ("open | upper", 'no "open"'),
        ("office | upper", "can't be asked of schedule"),
        ("office ~ '.'", "has no text"),
        ("office < night", "can't be put in order"),
        ("office == 'office'", "never equal"),
        ("next_opening(office) < now", "zones may differ"),
        ("2 ** 9", "pow"),
        ("{'a': 1}", "dict"),
        ("(1, 2)", "tuple"),
        ("digits[1:2]", "slice"),
        ("count +", "unexpected"),
        ("count count", "left over"),
        ("count | bucket", "one argument"),
        ("recorded", 'no "recorded"'),
        ("'x' ~ (" * 60 + "'y'" + ")" * 60, "too deeply"),
    ],
)
def test_what_can_never_be_right_is_refused_before_the_call(source: str, word: str) -> None:
    with pytest.raises(ExpressionError, match=word):
        evaluate(source)


@pytest.mark.parametrize(
    ("source", "remedy"),
    [
        ("call.from is none", "== none"),
        ("call.from is defined", "!= none"),
        ("count = 1", '"=="'),
        ("flag && count > 1", "`and`"),
        ("!flag", "`not`"),
        ("digits > 4", "| int"),
    ],
)
def test_what_other_languages_write_gets_a_remedy(source: str, remedy: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(source)
    assert remedy in caught.value.help


ONE_OR_OTHER = {
    "name": Type(name=T.OBJECT, properties={"id": Type(name=T.STRING)}),
    "due": Type(name=T.OBJECT, properties={"id": Type(name=T.STRING), "on": Type(name=T.DATE)}),
    "code": Type(name=T.OBJECT, properties={"id": Type(name=T.INTEGER)}),
    "any": Type(name=T.OBJECT),
    "flag": Type(name=T.BOOLEAN),
}


@pytest.mark.parametrize(
    ("source", "type_"),
    [
        ("([1] if flag else ['a'])[0]", None),
        ("([1] if flag else [2.5])[0]", Type(name=T.NUMBER, nullable=True)),
        ("(name if flag else due).id", Type(name=T.STRING)),
        ("(name if flag else due).on", Type(name=T.DATE, nullable=True)),
        ("(name if flag else code).id", None),
        ("(name if flag else any).other", None),
    ],
)
def test_of_one_list_or_object_or_another_only_what_both_have_is_known(
    source: str, type_: Type | None
) -> None:
    assert infer(parse_expression(source), ONE_OR_OTHER, source) == type_


def test_a_property_that_neither_object_has_is_refused() -> None:
    source = "(name if flag else due).oops"
    with pytest.raises(ExpressionError, match="oops"):
        infer(parse_expression(source), ONE_OR_OTHER, source)


def test_the_error_says_where() -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate("count > 1 and cuont < 2")
    assert caught.value.offset == len("count > 1 and ")
    assert caught.value.help == 'did you mean "count"?'


@pytest.mark.parametrize("text", ["{% if a %}x{% endif %}", "{# gone #}", "{{ }}", "{{ a", "{%"])
def test_statements_and_comments_are_no_text(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_text(text)


@pytest.mark.parametrize("text", ["plain", "a } b", "50 % off", "a {b} c", "", "}} x"])
def test_text_without_an_expression_stays_as_it_is(text: str) -> None:
    assert compile_segments(parse_text(text), str)(VALUES) == text


def test_a_text_is_filled_and_what_is_inserted_is_made_safe() -> None:
    fill = compile_segments(parse_text("[{{ names[0] }}] {{ call.from }}{{ flag }}"), str.upper)
    assert fill(VALUES) == "[ADA] TRUE"


def test_one_whole_expression_keeps_its_type() -> None:
    assert isinstance(whole_expression("{{ count + 1 }}"), nodes.Expr)
    assert whole_expression("{{ count }} more") is None


@pytest.mark.parametrize(
    "source",
    ["9007199254740992 * 2", "count // 0", "digits | int | bucket(0)", "'x' | int", "[names] ~ 1"],
)
def test_a_value_that_fails_on_this_call_fails_as_such(source: str) -> None:
    with pytest.raises(EvaluationError):
        compile_tree(parse_expression(source))(VALUES)


def test_no_expression_works_long() -> None:
    bomb = "[" + ",".join(["names"] * 400) + "]"
    source = "[" + ",".join([bomb] * 10) + "]"
    began = time.monotonic()
    with pytest.raises((ExpressionError, EvaluationError)):
        compile_tree(parse_expression(source))({"names": ["x"] * 900})
    assert time.monotonic() - began < 1


@given(st.text(max_size=60))
def test_any_text_parses_or_says_why_not(text: str) -> None:
    try:
        segments = parse_text(text)
    except ExpressionError:
        return
    assert all(isinstance(each, str | nodes.Expr) for each in segments)


WORDS = [
    "open(office)",
    "hours(night)",
    "office",
    "count",
    "digits",
    "names",
    "call.from",
    "1",
    "'a'",
    "none",
    "not",
    "and",
    "or",
    "in",
]
MARKS = ["+", "-", "*", "/", "%", "~", "==", "<", "(", ")", "[", "]", "|", "int", "luhn", "if"]


@given(st.lists(st.sampled_from([*WORDS, *MARKS, "else", "is", "matching('X')"]), max_size=9))
def test_what_types_well_evaluates_or_fails_as_a_value(words: list[str]) -> None:
    source = " ".join(words)
    try:
        tree = parse_expression(source)
        infer(tree, NAMES, source, RECORDS)
    except ExpressionError:
        return
    with suppress(EvaluationError):
        compile_tree(tree)(VALUES)


@given(st.text(alphabet="0123456789", max_size=6))
def test_what_fits_a_pattern_begins_like_it(digits: str) -> None:
    pattern = "10[01]X"
    assert not fits(pattern, digits) or all(
        begins(pattern, digits[:length]) for length in range(len(digits) + 1)
    )
