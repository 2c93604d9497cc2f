"""Whatever is done with a secret in a flow that lint lets pass, nothing of it comes out."""

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from canary import CANARY, FORMS, holds_canary
from generated import CALL, REFUSED, flows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_properties import event_of, facts_of

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.events import Digits, Event, Incoming, NoInput, NoMatch
from ivrflow.machine.journal import journalled
from ivrflow.machine.outcome import Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.store.memory_records import MemoryRecords

SECRET = {"type": "digits", "secret": True}
SECRET_TEXT = {"type": "string", "secret": True}

HARMLESS = (
    "{{ pin | default('') | length }} digits",
    "{{ 'long' if pin | default('') | length > 4 else 'short' }}",
    "{{ card.name }}",
    "{{ 'known' if pin | default('') in ['12', '34'] else 'unknown' }}",
    "{{ 'short' if (pin | default('')) is matching('XXXX') else 'long' }}",
)
"""What tells yes, no or a length: it may be used anywhere."""

SECRETS = (
    "{{ pin | default('') }}",
    "{{ 'none' if card.name == '' else card.pin }}",
    "{{ ['a', pin | default('')][1] | default('') }}",
    "{{ open_one | default(pin | default('')) }}",
    "{{ (pin | default('')) == '' and card.pin }}",
)
"""What is the secret, or may be: it may go where a type says so."""

COMPUTED = (
    "{{ pin | default('') | spell }}",
    "{{ card.pin }}{{ card.name }}",
    "{{ pin | default('') | upper }}",
    "{{ card.pin ~ card.name }}",
)
"""What is computed from a secret: it may be used nowhere."""

STEPS: dict[str, Callable[[str], dict[str, Any]]] = {
    "log": lambda text: {"log": text},
    "locale": lambda text: {"locale": text},
    "variable": lambda text: {"set": {"open_one": text}},
    "hidden": lambda text: {"set": {"kept": text}},
    "object": lambda text: {"set": {"card": {"pin": text, "name": "Ada"}}},
    "value": lambda text: {"put": {"record": "notes", "key": "a", "value": text}},
    "key": lambda text: {"put": {"record": "notes", "key": text, "value": "a"}},
}
KEEPING = ("hidden", "object")
"""Where a type says that a secret is kept."""

LETTING_OUT = ("say", *(name for name in STEPS if name not in KEEPING))
"""Where it would come out, in any state."""

IN_SOME_STATES = ("prompt", "room", "dtmf")
"""Where it would come out of states that have such a place."""

allowed = st.one_of(
    st.tuples(
        st.sampled_from((*LETTING_OUT, *IN_SOME_STATES, *KEEPING)), st.sampled_from(HARMLESS)
    ),
    st.tuples(st.sampled_from(KEEPING), st.sampled_from(SECRETS)),
)
refused = st.one_of(
    st.tuples(st.sampled_from(LETTING_OUT), st.sampled_from((*SECRETS, *COMPUTED))),
    st.tuples(st.sampled_from(KEEPING), st.sampled_from(COMPUTED)),
)


def put(state: dict[str, Any], place: str, text: str) -> None:
    """Use `text` at a place of a state, if it has such a place."""
    asking = state.get("menu") or state.get("collect")
    if place in STEPS:
        state["do"] = [*state.get("do", []), STEPS[place](text)]
    elif place == "say":
        state["say"] = text
    elif place == "prompt" and asking:
        asking["prompt"] = text
    elif place == "room" and "conference" in state:
        state["conference"] = {"id": text}
    elif place == "dtmf" and "connect" in state:
        state["connect"] = {"number": "+46850000001", "dtmf": text}


@st.composite
def secret_flows(draw: st.DrawFn, uses: st.SearchStrategy[tuple[str, str]]) -> str:
    """A flow whose digits go into a secret, here and there, and that uses it in one or two ways."""
    flow = json.loads(draw(flows()))
    card = {"type": "object", "properties": {"pin": SECRET_TEXT, "name": "string"}}
    card["default"] = {"pin": "", "name": "Ada"}
    flow["vars"] |= {
        "pin": SECRET,
        "kept": SECRET_TEXT,
        "open_one": {"type": "string?"},
        "card": card,
    }
    start = flow["states"]["s0"]
    start["menu"]["extension"] = {"length": len(CANARY), "into": "pin"}
    start["on"].setdefault("collected", draw(st.sampled_from(list(flow["states"]))))
    for state in flow["states"].values():
        for asking in (state.get("collect"), state.get("menu", {}).get("extension")):
            if asking is not None and draw(st.booleans()):
                asking["into"] = "pin"
                asking.pop("pattern", None)
                asking.update(max=20) if "max" in asking else asking.update(length=len(CANARY))
    names = st.lists(st.sampled_from(list(flow["states"])), min_size=1, max_size=2, unique=True)
    for name in draw(names):
        put(flow["states"][name], *draw(uses))
    return json.dumps(flow)


TYPED = "typed"
NO_MATCH = "no match"
stories = st.lists(
    st.one_of(
        st.integers(0, 11),
        st.sampled_from([TYPED, TYPED, NO_MATCH]),
        st.just(Digits(**CALL, digits="12", menu="main")),
        st.just(NoInput(**CALL, menu="main")),
    ),
    max_size=6,
).map(lambda story: [TYPED, *story])


def heard(happening: str, flow: dict[str, Any], session: Session) -> Event:
    """The secret where the call is asked for it, another number where it is asked for one."""
    state = flow["states"].get(session.frame.state, {}) if session.frame.flow == "generated" else {}
    asking = state.get("collect") or state.get("menu", {}).get("extension") or {}
    value = CANARY if asking.get("into") == "pin" else "1" * len(CANARY)
    if happening == TYPED:
        return Digits(**CALL, digits=value, menu="main")
    return NoMatch(**CALL, value=value, menu="main")


def compiled(text: str) -> Program | None:
    """Compile a flow; None for one that lint refuses, see `REFUSED`."""
    checked = check_text("generated.flow.yaml", text, PLATFORM)
    if not checked.is_good:
        assert {each.code for each in checked.diagnostics if each.is_error} <= REFUSED
        return None
    return compile_flow(checked.flows["generated"], checked.app, PLATFORM, checked.all_flows)


MANY = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


def test_a_flow_that_lints_lets_no_secret_out() -> None:
    seen: Counter[str] = Counter()

    @MANY
    @given(secret_flows(allowed), stories)
    def follow(text: str, story: list[Event | int | str]) -> None:
        program = compiled(text)
        seen["flows"] += 1
        if program is None:
            return
        seen["good flows"] += 1
        seen["steps after the secret"] += follow_story(program, json.loads(text), story)

    follow()
    assert seen["good flows"] > seen["flows"] * 0.8
    assert seen["steps after the secret"] > seen["good flows"]


def follow_story(program: Program, flow: dict[str, Any], story: list[Event | int | str]) -> int:
    """Let a story happen, and look through all that it leaves; return how many steps were taken
    when the secret had been typed."""
    first = Incoming(**CALL)
    records = MemoryRecords()
    last = take(program, begin(program, first, params={}, locale=""), first, records)
    steps = 0
    for happening in story:
        if isinstance(happening, str):
            event: Event | None = heard(happening, flow, last.session)
        else:
            event = event_of(happening, last)
        if event is None:
            continue
        taken = take(program, last.session, event, records)
        assert let_out(taken) == ""
        assert not holds_canary(str(vars(records)).encode())
        kept = journalled(event, program, last.session, taken.verdict)
        assert not holds_canary(msgspec.json.encode(kept))
        knows = holds_canary(msgspec.json.encode(taken.session))
        steps += knows and taken.verdict is Verdict.MOVED
        last = taken if taken.reply else msgspec.structs.replace(taken, reply=last.reply)
    return steps


@MANY
@given(secret_flows(refused))
def test_a_flow_that_would_let_a_secret_out_does_not_lint(text: str) -> None:
    checked = check_text("generated.flow.yaml", text, PLATFORM)
    assert {each.code for each in checked.diagnostics} & {"E803", "E804", "E805"}


def take(program: Program, session: Session, event: Event, records: MemoryRecords) -> Step:
    taken = step(program, session, event, facts_of(program, session, event, records))
    assert isinstance(taken, Step)
    return taken


def let_out(taken: Step) -> str:
    """Return what a turn says, sends and logs, if the secret is in it."""
    seen = msgspec.json.encode((taken.effects, taken.trace))
    seen += render(taken.reply) if taken.reply else b""
    return seen.decode() if any(form in seen for form in FORMS) else ""
