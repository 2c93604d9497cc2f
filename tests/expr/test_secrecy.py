"""Secrets stay secrets through every expression; what is none tells yes, no or a length of one."""

import json

import pytest
from canary import CANARY, holds_canary
from hypothesis import given, settings
from hypothesis import strategies as st

from ivrflow.errors import EvaluationError, ExpressionError
from ivrflow.expr.check import SecretError, infer
from ivrflow.expr.compile import Value, compile_tree
from ivrflow.expr.filters import FILTERS
from ivrflow.expr.parse import parse_expression
from ivrflow.expr.secrecy import is_secret, keeps, mask
from ivrflow.expr.types import T, Type

PIN = Type(name=T.DIGITS, secret=True)
WORD = Type(name=T.STRING)
CARD = Type(name=T.OBJECT, properties={"pin": PIN, "name": WORD})

NAMES: dict[str, Type | None] = {
    "pin": PIN,
    "number": Type(name=T.INTEGER),
    "word": WORD,
    "words": Type(name=T.LIST, of=WORD),
    "pins": Type(name=T.LIST, of=PIN),
    "card": CARD,
    "open": Type(name=T.OBJECT),
    "unknown": None,
    "maybe": Type(name=T.STRING, nullable=True),
}
VALUES: dict[str, object] = {
    "pin": CANARY,
    "number": 7,
    "word": "Ada",
    "words": ["Ada", "Bo"],
    "pins": [CANARY, CANARY],
    "card": {"pin": CANARY, "name": "Ada"},
    "open": {"pin": "public"},
    "unknown": 1,
    "maybe": None,
}


def type_of(source: str) -> Type | None:
    return infer(parse_expression(source), NAMES, source)


STILL_SECRET = [
    "pin",
    "card",
    "card.pin",
    "card['pin']",
    "pins[0]",
    "maybe | default(pin)",
    "unknown | default(pin)",
    "pin | default('0')",
    "unknown or pin",
    "pin and word",
    "word and pin",
    "pin if number else word",
    "7 if number else pin",
    "pin if number",
    "[word, pin][0]",
    "[number, pin][0]",
    "([word] if number else pins)[0]",
    "(words | default(pins))[0]",
    "(open if number else card).pin",
    "(card if number else open).pin",
    "(card | default(open)).pin",
    "[[pin]][0][0]",
    "[card][0].pin",
]


@pytest.mark.parametrize("source", STILL_SECRET)
def test_what_may_be_a_secret_is_one(source: str) -> None:
    assert is_secret(type_of(source))


TELLING = [
    "pin == '1234'",
    "pin != word",
    "pin < '5'",
    "pin in words",
    "word in pins",
    "not pin",
    "pin | length",
    "pins | length",
    "pin | luhn",
    "pin is matching('XXXX')",
    "word is matching(pin)",
    "pin is starting('0')",
    "word is starting(pins)",
    "card.name",
    "card.name ~ number",
    "pin == word and pin | length > 3",
]


@pytest.mark.parametrize("source", TELLING)
def test_comparing_testing_and_measuring_is_open_to_all(source: str) -> None:
    assert not is_secret(type_of(source))


REFUSED = [
    "pin ~ '!'",
    "'!' ~ card.pin",
    "pin | int",
    "pin | spell",
    "word | bucket(pin | length) ~ pin",
    "-number + (pin | int)",
    "number | bucket(pin)",
    "words[pin]",
    "pins | default(words) | bucket(3)",
    *(
        f"pin | {name}"
        for name, known in FILTERS.items()
        if not known.for_secrets and not known.arguments
    ),
]


@pytest.mark.parametrize("source", REFUSED)
def test_nothing_is_computed_from_a_secret(source: str) -> None:
    with pytest.raises(SecretError, match="on a secret") as raised:
        type_of(source)
    assert "compared" in raised.value.help


def test_a_secret_is_kept_where_a_type_says_so() -> None:
    assert keeps(PIN, PIN)
    assert keeps(CARD, CARD)
    assert keeps(Type(name=T.LIST, of=PIN), Type(name=T.LIST, of=PIN))
    assert keeps(CARD, Type(name=T.OBJECT, properties={"name": WORD}))
    assert keeps(PIN, WORD)
    for open_ in (WORD, Type(name=T.OBJECT), Type(name=T.LIST), Type(name=T.LIST, of=WORD)):
        for secret in (PIN, CARD, Type(name=T.LIST, of=PIN)):
            assert not keeps(open_, secret)
    assert not keeps(CARD, Type(name=T.OBJECT, properties={"name": PIN}))
    assert not keeps(CARD, PIN)


def test_of_a_masked_value_the_length_stays() -> None:
    given = {"pin": "1234", "name": "Ada"}
    assert mask(given, CARD) == {"pin": "****", "name": "Ada"}
    assert mask(["12", "3"], Type(name=T.LIST, of=PIN)) == ["**", "*"]
    assert mask({"pin": None}, CARD) == {"pin": None}
    whole = Type(name=T.OBJECT, properties=CARD.properties, secret=True)
    assert mask({**given, "other": [1, True]}, whole) == {
        "pin": "****",
        "name": "***",
        "other": ["*", "****"],
    }
    assert mask(given, Type(name=T.OBJECT)) == given


names = st.sampled_from([*NAMES, "card.pin", "card.name", "open.pin", "pins[0]"])
literals = st.sampled_from(["'1'", "'Ada'", "3", "none", "true", "[]"])


def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["==", "<", "in", "and", "or", "~", "+", "-", "*", "%", "!="])
    filters = st.sampled_from(
        [f"| {name}{'' if not known.arguments else '({})'}" for name, known in FILTERS.items()]
        + ["is matching({})", "is starting({})", ".pin", ".name", "[0]", "[{}]"]
    )
    return st.one_of(
        st.builds("({} {} {})".format, inner, operators, inner),
        st.builds(lambda a, b, f: f"({a}) {f.format(b)}", inner, inner, filters),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("({} if {})".format, inner, inner),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
    )


@settings(max_examples=1500, deadline=None)
@given(st.recursive(st.one_of(names, literals), larger, max_leaves=6))
def test_what_is_typed_as_none_holds_no_secret_and_no_fault_quotes_one(source: str) -> None:
    try:
        tree = parse_expression(source)
        type_ = infer(tree, NAMES, source)
    except ExpressionError:
        return
    outcome = outcome_of(compile_tree(tree))
    if isinstance(outcome, EvaluationError) or not is_secret(type_):
        assert not holds_canary(json.dumps(outcome, default=str).encode())


def outcome_of(compute: Value) -> object:
    """Return what an expression yields, or what its fault says."""
    try:
        return compute(VALUES)
    except EvaluationError as fault:
        return fault
