"""Flows and events that nobody wrote, for property tests: valid, and as odd as they come."""

import json
from typing import Any

from hypothesis import strategies as st

from ivrflow.machine.events import (
    Answered,
    Chosen,
    Digits,
    Ended,
    Event,
    Incoming,
    LegBridged,
    LegEnded,
    MenuFailed,
    MenuHangup,
    Moved,
    NoInput,
    NoMatch,
    Notified,
    Signal,
    Unknown,
    Woken,
)
from ivrflow.machine.lookups import LookedUp, Waiting

NAMES = [f"s{number}" for number in range(6)]
REFUSED = frozenset({"E206", "E212", "E231", "E233", "E301", "E303"})
"""What lint may find in these flows: contexts, callers who are kept for ever, and holds that say
nothing of legs that were placed elsewhere."""

CALL: dict[str, Any] = {"app": "key", "call": "call-1"}

words = st.sampled_from(
    [
        "Hello.",
        "One; or 2] now.",
        "You called {{ visits.s0 }} times, {{ tries }}, {{ call.from | default('you') }}.",
        "{{ call.headers.x }}{{ call.custom }}",
        "A long story. " * 80,
        "{{ heard | default('nothing') | spoken_digits }}",
        "{{ note | default('none') }} {{ taken | default('none') }} {{ attempt | default(0) }}",
        "Blank: {{ heard | default('') }}",
        "{{ hours(office) }} {{ next_opening(office) | date }}",
        "Call {{ call.from | phone }} & [{{ call.custom | spell }}] at {{ now | time }}; today.",
        "{{ tries | amount('SEK') }}",
    ]
)
part = st.one_of(
    words,
    st.builds(lambda text: {"say": text, "locale": "sv-SE"}, words),
    st.just({"ssml": "<speak>One</speak>"}),
    st.just({"ssml": "<p>{{ call.custom }} <sub alias='{{ call.custom }}'>x</sub></p>"}),
    st.just({"ssml": "Today is {{ now | date }}."}),
    st.just({"play": "https://example.com/a.mp3"}),
    st.just({"play": "welcome", "when": "tries < 2"}),
)
prompt = st.one_of(words, st.lists(part, min_size=1, max_size=3))
state_name = st.sampled_from(NAMES)
condition = st.sampled_from(
    [
        "tries > 1",
        "visits.s1 > 2",
        "count < 3",
        "call.from is starting('+46')",
        "open(office)",
        "recorded(attempts, call.from) and (attempt | default(0)) > 1",
        "locale == 'sv-SE'",
    ]
)
steps = st.lists(
    st.sampled_from(
        [
            {"log": "{{ call.id }}"},
            {"set": {"count": "{{ count + 1 }}"}},
            {"locale": "sv-SE"},
            "stop_recording",
            {"count": {"record": "attempts", "key": "{{ call.from }}", "into": "attempt"}},
            {"put": {"record": "notes", "key": "{{ locale }}", "value": "{{ call.custom }}"}},
            {"read": {"record": "notes", "key": "{{ locale }}", "into": "note"}},
            {"claim": {"record": "notes", "any": ["a", "b"], "value": "x", "into": "taken"}},
            {"enqueue": {"record": "line", "value": {"at": "{{ visits.s0 }}"}}},
            {"dequeue": {"record": "line", "into": "next_one"}},
            {"delete": {"record": "line"}},
            {"control": {"command": "mute", "conference": "{{ call.custom }}room"}},
            {"control": {"command": "hold", "conference": "r", "who": "{{ call.custom }}"}},
            {"control": {"command": "kick_all", "conference": "room"}},
        ]
    ),
    max_size=2,
)
move = st.builds(lambda to, do: {"next": to, "do": do}, state_name, steps)
transition = st.one_of(
    state_name,
    move,
    st.builds(lambda when, one, two: [{**one, "when": when}, two], condition, move, move),
)


@st.composite
def patient(draw: st.DrawFn, own: str, onward: str) -> Any:
    """Where a caller is led who is of no use: onward, perhaps after more tries; seldom anywhere."""
    if draw(st.integers(0, 49)) == 37:  # hypothesis likes to draw 0
        return draw(transition)
    last = {"next": onward, "do": draw(steps)}
    counted = [*draw(steps), {"set": {"count": "{{ count + 1 }}"}}]
    again = [
        {"when": "tries < 3", "next": own, "do": draw(steps)},
        {"when": f"visits.{own} < 3", "next": draw(state_name), "say": draw(words)},
        {"when": "not (count >= 3 or tries > 5)", "next": draw(state_name), "do": counted},
    ]
    return draw(st.sampled_from([onward, last, *([each, last] for each in again)]))


@st.composite
def menus(draw: st.DrawFn, own: str, onward: str) -> dict[str, Any]:
    keys = draw(st.sets(st.sampled_from("0123456789*#"), min_size=1, max_size=4))
    menu: dict[str, Any] = {
        "prompt": draw(prompt),
        "retries": draw(st.sampled_from([0, 2, {"no_input": 1, "no_match": 2}])),
        "choices": {key: draw(transition) for key in sorted(keys)},
    }
    on = {name: draw(patient(own, onward)) for name in ("no_input", "no_match")}
    if draw(st.booleans()):
        menu["extension"] = {"length": 3, "pattern": "1XX", "into": "heard"}
        on["collected"] = draw(transition)
    return {"menu": menu, "on": on}


@st.composite
def collects(draw: st.DrawFn, own: str, onward: str) -> dict[str, Any]:
    collect = {
        "prompt": draw(prompt),
        "min": 2,
        "max": 4,
        "into": "heard",
        "check": "input | length > 2",
        "wrong": draw(words),
        "retries": 1,
        "keys": {"*": draw(transition)},
    }
    outcomes = ("collected", "no_input", "invalid")
    return {"collect": collect, "on": {name: draw(patient(own, onward)) for name in outcomes}}


@st.composite
def runs(draw: st.DrawFn, own: str, onward: str) -> dict[str, Any]:
    run = {
        "flow": "std/ask-number",
        "with": {"prompt": draw(prompt), "min": 2, "max": "{{ visits.s0 + 3 }}", "confirm": True},
        "into": "asked",
    }
    on = {"collected": draw(patient(own, onward)), "gave_up": onward}
    return {"run": run, "on": on}


@st.composite
def look_ups(draw: st.DrawFn, own: str, onward: str) -> dict[str, Any]:
    """One that says something meanwhile may lead anywhere, a silent one onward."""
    request = {"name": "find", "with": {"id": "{{ call.custom }}"}, "into": "found"}
    names = ("ok", "error", "taken")
    if draw(st.booleans()):
        request["meanwhile"] = draw(words)
        return {"request": request, "on": {name: draw(patient(own, onward)) for name in names}}
    return {"request": request, "on": dict.fromkeys(names, onward)}


@st.composite
def holds(draw: st.DrawFn, own: str, onward: str) -> dict[str, Any]:
    """One that surely ends; on the way to that it may lead anywhere, back to itself too."""
    hold: dict[str, Any] = {"prompt": draw(prompt), "every": draw(st.sampled_from(["1s", "4s"]))}
    if draw(st.booleans()):
        hold["keys"] = {"1": draw(transition)}
    often = {"every": draw(st.sampled_from(["5s", "20s"])), "when": draw(condition)}
    stays = {**often, "say": draw(words), "do": draw(steps)}
    leads = {**often, "next": draw(state_name), "do": draw(steps)}
    last = {"after": draw(st.sampled_from(["10s", "45s"])), "next": onward}
    state = {"hold": hold, "timers": [draw(st.sampled_from([stays, leads])), last]}
    return draw(with_legs(state, onward)) if draw(st.booleans()) else state


@st.composite
def with_legs(draw: st.DrawFn, state: dict[str, Any], onward: str) -> dict[str, Any]:
    """Wait for somebody, and for a signal, too."""
    ended = {"say": draw(words), "do": draw(steps), "next": draw(st.sampled_from(["stay", onward]))}
    told = {"when": "count < 3", "set": {"count": "{{ count + 1 }}"}, "next": "stay"}
    on = {
        "leg.bridged": "talk",
        "leg.ended": [{"when": "legs == 0", "next": onward}, ended],
        "signal.s1": [told, {"next": onward}],
    }
    given = {"to": "+46850000001", "cli": "{{ none }}", "whisper": draw(words)}
    placed = [{"callout": {"name": "agent", "with": given}}] * draw(st.integers(1, 2))
    return {"do": placed, **state, "on": on}


final = st.sampled_from(
    [
        {"hangup": None},
        {"connect": {"number": "+46850000001", "timeout": "20s"}},
        {"connect": {"sip": "a@b.example", "headers": {"X-A": "{{ call.custom }}"}}},
        {"conference": {"id": "room-{{ call.id }}", "hold_music": "music1"}},
    ]
)


@st.composite
def flows(draw: st.DrawFn) -> str:
    """A flow without circles of passing states: waiting states lead anywhere, others onward."""
    states: dict[str, Any] = {}
    for number, name in enumerate(NAMES):
        onward = NAMES[number + 1] if number < len(NAMES) - 1 else "trouble"
        waiting = [kind(name, onward) for kind in (menus, collects, runs, holds)]
        state = draw(st.one_of(*waiting, final) if number else menus(name, onward))
        if not number:  # so that every state can be reached
            keys = {str(each): name for each, name in enumerate(NAMES) if each}
            state["menu"]["choices"] = {**state["menu"]["choices"], **keys}
        if 0 < number < len(NAMES) - 1 and draw(st.integers(0, 3)) == 0:
            state = {"next": onward}
        elif 0 < number < len(NAMES) - 1 and draw(st.integers(0, 3)) == 0:
            state = draw(look_ups(name, onward))
        if draw(st.booleans()):
            state = {"say": draw(prompt), **state}
        states[name] = state
    states["trouble"] = {"say": "Our fault.", "hangup": None}
    callouts: dict[str, Any] = {}
    if any("leg.bridged" in state.get("on", {}) for state in states.values()):
        states["talk"] = {"bridge": "leg", "on": {"leg.ended": "trouble"}}
        callouts = {"agent": {"flow": "std/ring-leg", "to": "+46850000001"}}
    flow = {
        "flow": "generated",
        "start": "s0",
        "vars": {
            "count": 0,
            "heard": {"type": "digits"},
            "note": {"type": "string?"},
            "taken": {"type": "string?"},
            "attempt": {"type": "integer"},
        },
        "prompts": {"welcome": {"en-US": "Welcome.", "sv-SE": "Välkommen."}},
        "schedules": {
            "office": {"timezone": "Europe/Stockholm", "open": {"fri-mon": ["20:00-03:00"]}}
        },
        "records": {
            "attempts": {"key": "phone?", "value": "integer", "expires": "1m"},
            "notes": {"key": "string", "value": "string"},
            "line": {"kind": "queue", "value": {"at": "integer"}},
        },
        "requests": {
            "find": {
                "params": {"id": {"type": "string"}},
                "post": "https://crm.example.com/{{ id }}",
                "headers": {"X-Id": "{{ id }} {{ env.KEY }}"},
                "json": {"id": "{{ id }}"},
                "timeout": "100ms",
                "status": {"409": "taken"},
            }
        },
        "on": {
            "error": "trouble",
            "keys": {"*": "s0", "9": "s0"},
            "ended": {"do": [{"log": "{{ result }}"}]},
        },
        **({"callouts": callouts} if callouts else {}),
        "states": states,
    }
    return json.dumps(flow)


text = st.text(max_size=12)
digits = st.text(alphabet="0123456789*#", max_size=5)
incoming = st.builds(
    lambda caller, custom, at, header: Incoming(
        **CALL, caller=caller, custom=custom, at=at, headers={"x": header}
    ),
    st.sampled_from([None, "+46701234567", "alice"]),
    text,
    st.sampled_from(["", "1", "2"]),
    text,
)


@st.composite
def _events(draw: st.DrawFn) -> Event:
    at = str(draw(st.integers(0, 3)))
    offer = draw(st.integers(0, 4))
    value = draw(st.one_of(state_name, st.sampled_from("0123456789*#"), text))
    menu = draw(st.sampled_from(["main", "", "room-call-1"]))
    odd: list[Event] = [
        Answered(**CALL, at=at, amd=draw(st.sampled_from(["", "human", "machine", "x"]))),
        Chosen(**CALL, at=at, value=value, offer=offer, menu=menu),
        Digits(**CALL, at=at, digits=draw(digits), menu=menu),
        NoInput(**CALL, at=at, menu=menu),
        NoMatch(**CALL, at=at, menu=menu, value=value),
        MenuHangup(**CALL, at=at, menu=menu),
        MenuFailed(**CALL, at=at, menu=menu),
        Ended(**CALL, at=at, result=value),
        Notified(**CALL, at=at, type="recording_available", destination=value),
        Unknown(**CALL, at=at, name=value),
        Woken(**CALL, at=at),
        Signal(**CALL, at=at, name=value, id=value, data=value),
        LegEnded(**CALL, at=at, leg=offer, result=value),
        LegBridged(**CALL, at=at, leg=offer, room="room-7"),
        Moved(
            **CALL, at=at, offer=offer, outcome=draw(st.sampled_from(["done", "refused", "gone"]))
        ),
    ]
    return draw(st.sampled_from(odd))


looked_up = st.sampled_from(
    [
        LookedUp(outcome="ok", value={"name": "Ada", "tags": [1]}),
        LookedUp(outcome="ok"),
        LookedUp(outcome="taken"),
        LookedUp(outcome="error", fault="no connection"),
        Waiting(),
        LookedUp(outcome="odd"),
    ]
)
answers = st.lists(looked_up, min_size=1, max_size=6)
"""What look-ups bring, one after another."""

events = st.one_of(incoming, _events())
presses = st.integers(0, 5)
"""Which of the keys that are offered is pressed; the rest of the time something odd happens."""
happenings = st.lists(st.one_of(presses, events), max_size=14)
