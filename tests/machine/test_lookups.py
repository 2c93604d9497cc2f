"""Look-ups as values: what leaves for another server, and what its answer may bring."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec
import pytest
from conftest import compile_text
from hypothesis import given
from hypothesis import strategies as st

from ivrflow.expr.types import T, Type
from ivrflow.machine.events import Digits, Ended, Incoming, NoInput
from ivrflow.machine.journal import masked_facts
from ivrflow.machine.lookups import Form, Json, LookedUp, Lookup, Pending, Waiting, read_answer
from ivrflow.machine.outcome import Facts, Need, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.model.literals import fits, read_duration

Compile = Callable[[str], Program]

FLOW = """\
flow: example
start: find
requests:
  find:
    params: {id: string, page: 1, tags: list?}
    METHOD
    timeout: 1s
states:
  find:
    request: {name: find, with: {id: "{{ call.custom }}", tags: ["{{ call.custom }}", b]}}
    on: {ok: bye, error: sorry}
  bye: {say: Found., hangup: }
  sorry: {say: Sorry., hangup: }
"""

POST = """\
post: "https://crm.example.com/a/{{ id }}/b?q={{ id }}&env={{ env.KEY }}"
    headers: {X-Id: "{{ id }}", Authorization: "Bearer {{ env.TOKEN }}"}
    json: {id: "{{ id }}", page: "{{ page }}", tags: "{{ tags }}", said: "id {{ id }}", on: true}
"""


def asked(program: Program, custom: str, told: tuple[LookedUp, ...] = ()) -> Step | Need:
    event = Incoming(app="key", call="c", custom=custom)
    session: Session = begin(program, event, params={}, locale="")
    return step(program, session, event, Facts(now="2026-11-23T10:00:00Z", answers=told))


@pytest.fixture(scope="module")
def posting() -> Program:
    return compile_text(FLOW.replace("METHOD", POST))


def lookup_of(program: Program, custom: str) -> Lookup | None:
    """The look-up that is asked for, None where it can't be made."""
    needed = asked(program, custom)
    if isinstance(needed, Step):
        assert needed.trace.visited == ("find", "sorry")
        return None
    assert isinstance(needed.fact, Lookup)
    return needed.fact


@given(st.text(max_size=30))
def test_what_a_caller_brings_moves_nothing_but_its_own_place(posting: Program, text: str) -> None:
    lookup = lookup_of(posting, text)
    clean = text.replace("\x01", "")
    if lookup is None:
        assert clean in ("", ".", "..")
        return
    assert lookup.url.count("\x01") == 2
    parts = urlsplit(lookup.url)
    assert (parts.scheme, parts.netloc) == ("https", "crm.example.com")
    assert [unquote(each) for each in parts.path.split("/")] == ["", "a", clean, "b"]
    assert not {".", ".."} & set(parts.path.split("/"))
    assert parts.query.count("&") == 1
    assert not any(each < " " or each == "\x7f" for each in lookup.headers["X-Id"])
    assert lookup.headers["Authorization"] == "Bearer \x01TOKEN\x01"
    wanted = {"id": clean, "page": 1, "tags": [clean, "b"], "said": f"id {clean}", "on": True}
    assert lookup.body == Json(value=wanted)


def test_a_form_holds_texts(compiled: Compile) -> None:
    method = """\
put: "{{ env.CRM }}/x"
    form: {id: "{{ id }}", page: "p{{ page }}"}"""
    lookup = lookup_of(compiled(FLOW.replace("METHOD", method)), "a&b")
    assert lookup is not None
    assert lookup.url == "\x01CRM\x01/x"
    assert lookup.body == Form(fields={"id": "a&b", "page": "p1"})


def test_a_look_up_that_can_t_be_made_is_an_error_for_the_author(posting: Program) -> None:
    step = asked(posting, "..")
    assert isinstance(step, Step)
    assert step.verdict is Verdict.MOVED
    assert step.trace.visited == ("find", "sorry")


def test_a_look_up_is_invisible_to_tries(compiled: Compile) -> None:
    """A caller who is sent back to the same question by a look-up has tried it twice."""
    program = compiled("""\
flow: example
start: ask
requests: {check: {get: "https://crm.example.com/", timeout: 1s, status: {403: wrong}}}
states:
  ask:
    collect: {prompt: "Try {{ tries }}.", length: 4}
    on: {collected: check, no_input: bye}
  check: {request: {name: check}, on: {ok: bye, error: bye, wrong: again}}
  again: {next: [{when: tries < 3, next: ask}, {next: bye}]}
  bye: {hangup: }
""")
    event = Incoming(app="key", call="c")
    first = step(program, begin(program, event, params={}, locale=""), event, Facts())
    assert isinstance(first, Step)
    keyed = Digits(app="key", call="c", digits="1234", menu="main")
    told = Facts(answers=(LookedUp(outcome="wrong"),))
    again = step(program, first.session, keyed, told)
    assert isinstance(again, Step)
    assert again.session.tries == 2


def test_who_comes_too_late_for_a_look_up_moves_nothing(compiled: Compile) -> None:
    """The end of a call may overtake the end of its prompt: nobody is left to tell the answer."""
    program = compiled("""\
flow: example
start: find
requests: {find: {get: "https://crm.example.com/", timeout: 1s}}
on: {error: bye}
states:
  find: {request: {name: find, meanwhile: One moment.}, on: {ok: bye, error: bye}}
  bye: {say: Goodbye., hangup: }
""")
    event = Incoming(app="key", call="c")
    first = step(program, begin(program, event, params={}, locale=""), event, Facts())
    assert isinstance(first, Step)
    over = step(program, first.session, Ended(app="key", call="c"), Facts())
    assert isinstance(over, Step)
    late = step(program, over.session, NoInput(app="key", call="c", menu="main"), Facts())
    assert late == Step(session=over.session, verdict=Verdict.STALE)


RETURNS = Type(
    name=T.OBJECT,
    properties={
        "name": Type(name=T.STRING, nullable=True),
        "count": Type(name=T.INTEGER),
        "share": Type(name=T.NUMBER, nullable=True),
        "vip": Type(name=T.BOOLEAN, nullable=True),
        "pin": Type(name=T.DIGITS, nullable=True),
        "number": Type(name=T.PHONE, nullable=True),
        "day": Type(name=T.DATE, nullable=True),
        "tier": Type(name=T.STRING, nullable=True, enum=("gold", "silver")),
        "tags": Type(name=T.LIST, nullable=True, of=Type(name=T.STRING)),
        "address": Type(name=T.OBJECT, nullable=True, properties={"city": Type(name=T.STRING)}),
        "ttl": Type(name=T.DURATION, nullable=True),
    },
)
NOTHING = {
    "address": None,
    "count": 1,
    "day": None,
    "name": None,
    "number": None,
    "pin": None,
    "share": None,
    "tags": None,
    "tier": None,
    "ttl": None,
    "vip": None,
}


def read(answer: dict[str, Any], returns: Type = RETURNS) -> LookedUp:
    lookup = Lookup(name="find", method="GET", url="https://x/", timeout=1000, returns=returns)
    return read_answer(lookup, 200, msgspec.json.encode(answer))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "Ada"),
        ("count", -3),
        ("share", 2),
        ("share", 0.5),
        ("vip", False),
        ("pin", "0123"),
        ("number", "+46701234567"),
        ("day", "2026-11-23"),
        ("tier", "gold"),
        ("tags", ["a", "b"]),
        ("address", {"city": "Lund"}),
        ("ttl", 20_000),
    ],
)
def test_declared_properties_are_read_by_their_type_and_others_dropped(
    name: str, value: object
) -> None:
    found = read({"count": 1, "other": {"deep": [1]}, name: value})
    assert found == LookedUp(outcome="ok", value={**NOTHING, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", 1),
        ("count", "1"),
        ("count", None),
        ("count", 1.5),
        ("count", 2**60),
        ("count", True),
        ("share", "0.5"),
        ("share", True),
        ("vip", 0),
        ("pin", 123),
        ("pin", "12a"),
        ("number", "08-1234"),
        ("day", "23/11"),
        ("tier", "bronze"),
        ("tags", "a"),
        ("tags", ["a", 1]),
        ("address", []),
        ("address", {}),
        ("ttl", "soon"),
        ("ttl", 2**60),
        ("ttl", 1.5),
        ("name", "x" * 20_000),
        ("tags", ["a"] * 1_001),
    ],
)
def test_a_value_of_another_type_or_beyond_measure_is_an_error(name: str, value: object) -> None:
    found = read({"count": 1, name: value})
    assert found.outcome == "error"
    assert len(found.fault) < 100
    assert "12a" not in found.fault, "what a server says is no text for our log"


def test_a_duration_is_read_as_people_write_it_and_as_it_is_sent() -> None:
    assert read({"count": 1, "ttl": "20s"}) == read({"count": 1, "ttl": 20_000})


def test_the_log_says_what_was_expected_of_an_answer() -> None:
    assert read({"count": 1, "ttl": "x"}).fault == '"ttl" is not a duration such as 20s or 1m30s'
    assert read({"count": "x"}).fault == '"count" is not a whole number such as 3'


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":' * 700 + b"1" + b"}" * 700,
        b'{"a":' + b"[" * 700 + b"]" * 700 + b"}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"a": [' + b"9" * 400 + b"]}",
        b'{"a": {"b": -9007199254740993}}',
        b'{"a": 1e300}',
    ],
)
@pytest.mark.parametrize("returns", [{}, {"properties": {"a": Type(name=T.LIST)}}])
def test_what_an_open_answer_holds_is_bounded_too(body: bytes, returns: dict[str, Any]) -> None:
    lookup = Lookup(
        name="f",
        method="GET",
        url="https://x/",
        timeout=1,
        returns=Type(name=T.OBJECT, **returns),
    )
    found = read_answer(lookup, 200, body)
    assert found.outcome == "error"
    assert len(found.fault) < 100


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**60), 2**60),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=50).filter(lambda text: read_duration(text) is None),
)


@given(
    st.recursive(
        scalars,
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_json_is_an_outcome(value: object) -> None:
    for returns in (RETURNS, Type(name=T.OBJECT), None):
        lookup = Lookup(name="f", method="GET", url="https://x/", timeout=1, returns=returns)
        found = read_answer(lookup, 200, msgspec.json.encode(value))
        assert found.outcome in ("ok", "error")


@given(st.sampled_from(sorted(RETURNS.properties or {})), scalars)
def test_a_look_up_brings_what_a_record_would_keep(name: str, value: object) -> None:
    type_ = (RETURNS.properties or {})[name]
    found = read({"count": 1, name: value})
    assert (found.outcome == "ok") is fits(value, type_)
    assert found.outcome == "error" or fits(found.value, RETURNS)


@given(st.binary(max_size=200), st.integers(100, 599))
def test_any_bytes_are_an_outcome(body: bytes, status: int) -> None:
    lookup = Lookup(
        name="f",
        method="GET",
        url="https://x/",
        timeout=1,
        status={404: "not_found"},
        returns=RETURNS,
    )
    found = read_answer(lookup, status, body)
    assert found.outcome in ("ok", "error", "not_found")
    assert (found.outcome == "not_found") == (status == 404)


def test_a_secret_look_up_that_brought_nothing_yet_is_kept_as_that() -> None:
    secret = Type(name=T.OBJECT, properties={"pin": Type(name=T.DIGITS, secret=True)})
    asked = Lookup(name="find", method="GET", url="https://a/", timeout=1, returns=secret)
    facts = Facts(answers=(Waiting(), LookedUp(outcome="ok", value={"pin": "0123"})))
    pending = Pending(lookup=asked, number=1)
    kept = masked_facts(facts, [pending, pending])
    assert kept.answers == (Waiting(), LookedUp(outcome="ok", value={"pin": "****"}))
