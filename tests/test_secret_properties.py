"""Whatever is done with a secret in a flow that lint lets pass, nothing of it comes out."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
from canary import CANARY, FORMS
from generated import CALL, flows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_properties import event_of, facts_of

from ivrflow.checking import check_text
from ivrflow.compiler.compile import compile_flow
from ivrflow.machine.events import Digits, Event, Incoming, NoInput, NoMatch
from ivrflow.machine.journal import journalled
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Program
from ivrflow.machine.session import Session
from ivrflow.machine.step import begin, step
from ivrflow.sinch.platform import PLATFORM
from ivrflow.sinch.render import render
from ivrflow.store.memory_records import MemoryRecords

SECRET = {"type": "digits", "secret": True}

using = st.sampled_from(
    [
        "{{ pin }}",
        "{{ pin | default('') }}",
        "{{ pin | default('') | length }} digits",
        "{{ input | default('none') }}",
        "{{ 'long' if pin | default('') | length > 4 else 'short' }}",
        "{{ heard | default(pin) }}",
        "{{ pin | default('') | spell }}",
        "{{ kept | default('') }}",
        "{{ card.pin }}{{ card.name }}",
        "{{ card.name }}",
        "{{ ['a', pin | default('')][1] }}",
        "{{ pin | default('') in ['12', '34'] }}",
        "{{ (pin | default('')) == (kept | default('')) and input | default('') }}",
    ]
)
STEPS: dict[str, Callable[[str], dict[str, Any]]] = {
    "log": lambda text: {"log": text},
    "locale": lambda text: {"locale": text},
    "variable": lambda text: {"set": {"kept": text}},
    "object": lambda text: {"set": {"card": {"pin": text, "name": "Ada"}}},
    "value": lambda text: {"put": {"record": "notes", "key": "a", "value": text}},
    "key": lambda text: {"put": {"record": "notes", "key": text, "value": "a"}},
}
places = st.sampled_from(["say", "prompt", "room", "dtmf", *STEPS])


def put(state: dict[str, Any], place: str, text: str) -> None:
    """Use `text` at a place of a state, if it has such a place."""
    asking = state.get("menu") or state.get("collect")
    if place in STEPS:
        state["do"] = [STEPS[place](text)]
    elif place == "say":
        state["say"] = text
    elif place == "prompt" and asking:
        asking["prompt"] = text
    elif place == "room" and "conference" in state:
        state["conference"] = {"id": text}
    elif place == "dtmf" and "connect" in state:
        state["connect"] = {"number": "+46850000001", "dtmf": text}


@st.composite
def secret_flows(draw: st.DrawFn) -> str:
    """A flow whose digits go into a secret, here and there, and that uses it in one or two ways."""
    flow = json.loads(draw(flows()))
    kept = SECRET if draw(st.booleans()) else {"type": "string"}
    card = {"type": "object", "properties": {"pin": SECRET, "name": "string"}}
    card["default"] = {"pin": "", "name": "Ada"}
    flow["vars"] = {**flow["vars"], "pin": SECRET, "kept": kept, "card": card}
    start = flow["states"]["s0"]
    start["menu"]["extension"] = {"length": len(CANARY), "into": "pin"}
    start["on"].setdefault("collected", draw(st.sampled_from(list(flow["states"]))))
    for state in flow["states"].values():
        for asking in (state.get("collect"), state.get("menu", {}).get("extension")):
            if asking is not None and draw(st.booleans()):
                asking["into"] = "pin"
                asking.pop("pattern", None)
                asking.update(max=20) if "max" in asking else asking.update(length=len(CANARY))
    for _ in range(draw(st.integers(1, 2))):
        name = draw(st.sampled_from(list(flow["states"])))
        put(flow["states"][name], draw(places), draw(using))
    return json.dumps(flow)


typed: Event | int = Digits(**CALL, digits=CANARY, menu="main")
events: st.SearchStrategy[Event | int] = st.one_of(
    st.integers(0, 11),
    st.just(typed),
    st.just(NoMatch(**CALL, value=CANARY, menu="main")),
    st.just(Digits(**CALL, digits="12", menu="main")),
    st.just(NoInput(**CALL, menu="main")),
)


def compiled(text: str) -> Program | None:
    checked = check_text("generated.flow.yaml", text, PLATFORM)
    if not checked.is_good:
        return None
    return compile_flow(checked.flows["generated"], checked.app, PLATFORM, checked.all_flows)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(secret_flows(), st.lists(events, max_size=6).map(lambda story: [typed, *story]))
def test_a_flow_that_lints_lets_no_secret_out(text: str, story: list[Event | int]) -> None:
    program = compiled(text)
    if program is None:
        return
    first = Incoming(**CALL)
    records = MemoryRecords()
    last = take(program, begin(program, first, params={}, locale=""), first, records)
    asked = False
    for happening in story:
        event = event_of(happening, last)
        if event is None:
            continue
        taken = take(program, last.session, event, records)
        kept = journalled(event, program, last.session, taken.verdict)
        asked = asked or (kept == event and isinstance(event, Digits | NoMatch))
        if not asked:
            assert let_out(taken) == ""
            assert not any(form.decode() in str(vars(records)) for form in FORMS)
        last = taken if taken.reply else msgspec.structs.replace(taken, reply=last.reply)


def take(program: Program, session: Session, event: Event, records: MemoryRecords) -> Step:
    taken = step(program, session, event, facts_of(program, session, event, records))
    assert isinstance(taken, Step)
    return taken


def let_out(taken: Step) -> str:
    """Return what a turn says, sends and logs, if the secret is in it."""
    seen = msgspec.json.encode((taken.effects, taken.trace))
    seen += render(taken.reply) if taken.reply else b""
    return seen.decode() if any(form in seen for form in FORMS) else ""
