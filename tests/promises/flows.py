"""Applications that nobody wrote, with all that the language has; most of them lint clean.

Nobody who does nothing of use is kept: such callers are led onward, from state to state, to the
last one. Those who choose may be led anywhere. What comes after somebody else has answered stands
in states of its own.
"""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

State = dict[str, Any]
Flow = dict[str, Any]
T = TypeVar("T")

WORDS = [
    "Hello.",
    "One; or 2] now.",
    "Fish & chips <today>.",
    "A long story. " * 50,
    "Today is {{ now | date }}, it is {{ now | time }}.",
    "We are open {{ hours(office) }}, and then from {{ next_opening(office) | time }}.",
    "You call from {{ call.from | default('a hidden number') | spell }}.",
    "You are {{ call.custom }}, {{ call.headers.x | default('unknown') }}.",
    "Once more: {{ tries }}, {{ visits.s0 }}, {{ count }}.",
    "{{ heard | default('0') | spoken_digits }}.",
    "{{ note | default('No note') }}, {{ taken | default('none') | upper }}.",
    "That is {{ count | amount('SEK') }}.",
    "{{ 'Many' if count > 2 else 'Few' }}.",
]
PARTS: list[Any] = [
    {"say": "Hej.", "locale": "sv-SE"},
    {"ssml": "<speak>One <break time='1s'/> two</speak>"},
    {"ssml": "<p>{{ call.custom }}</p>"},
    {"play": "https://example.com/a.mp3"},
    {"play": "welcome"},
    {"play": "welcome", "locale": "sv-SE"},
    {"play": "jingle"},
    {"say": "Again.", "when": "tries > 1"},
]
CONDITIONS = [
    "tries > 1",
    "visits.s0 > 1",
    "count < 3",
    "open(office)",
    "call.from is starting('+46')",
    "call.user == none",
    "call.from != none and call.from == '+46701234567'",
    "locale == 'sv-SE'",
    "recorded(attempts, call.from)",
    "call.domain == 'pstn'",
    "(heard | default('')) is matching('1X')",
    "pin == '4711'",
    "(call.custom | bucket(10)) < 5",
    "not open(office) or count > 1",
    "now | time == '10:00'",
]
STEPS: list[Any] = [
    {"log": "{{ call.id }} {{ locale }}"},
    {"set": {"count": "{{ count + 1 }}"}},
    {"set": {"note": "{{ call.from }}"}},
    {"set": {"note": "{{ none }}"}},
    {"set": {"pin": "0000"}},
    {"locale": "sv-SE"},
    {"locale": "en-US"},
    {"record": {"to": "s3://calls/{{ call.id }}.mp3", "transcribe": True}},
    "stop_recording",
    {"count": {"record": "attempts", "key": "{{ call.from }}", "into": "attempt"}},
    {"read": {"record": "notes", "key": "{{ locale }}", "into": "note"}},
    {"put": {"record": "notes", "key": "{{ locale }}", "value": "{{ call.custom }}"}},
    {"claim": {"record": "notes", "any": ["a", "b"], "value": "x", "into": "taken"}},
    {"enqueue": {"record": "line", "value": {"at": "{{ visits.s0 }}"}}},
    {"dequeue": {"record": "line", "into": "next_one"}},
    {"place": {"record": "line", "into": "position"}},
    {"delete": {"record": "attempts", "key": "{{ call.from }}"}},
]
ENDS: list[State] = [
    {"hangup": None},
    {"say": "Goodbye.", "hangup": None},
    {"conference": {"id": "room-{{ call.id }}", "hold_music": "music1"}},
    {"conference": {"id": "room-{{ call.custom }}", "dtmf": "forward"}},
    {
        "conference": {"id": "meeting", "dtmf": {"length": 1, "timeout": "2s"}},
        "on": {
            "digits": [{"when": "input == '5'", "set": {"count": 0}, "next": "stay"}, {}],
            "ended": {"do": [{"log": "{{ result }} {{ reason }}"}]},
        },
    },
    {"connect": {"number": "+46850000001", "timeout": "20s", "callbacks": False}},
]
TARGETS: list[State] = [
    {"number": "+46850000001", "timeout": "20s"},
    {"number": "+46850000001", "cli": "private", "dtmf": "ww12#"},
    {"number": "{{ call.from | default('+46850000009') }}"},
    {"sip": "a@b.example", "headers": {"X-A": "{{ call.custom }}"}},
]
REQUESTS: Flow = {
    "find": {
        "params": {"id": {"type": "string"}},
        "get": "https://crm.example.com/a?id={{ id }}",
        "headers": {"X-Key": "{{ env.KEY }}"},
        "timeout": "300ms",
        "status": {"409": "taken"},
        "returns": {
            "name": {"type": "string"},
            "balance": {"type": "number"},
            "plan": {"type": "string", "enum": ["basic", "gold"]},
            "due": {"type": "date?"},
            "agent": {"type": "phone?"},
            "tags": {"type": "list", "of": "string"},
        },
    },
    "check": {
        "params": {"pin": {"type": "digits", "secret": True}, "count": {"type": "integer"}},
        "post": "https://crm.example.com/check",
        "json": {"pin": "{{ pin }}", "counts": [1, "{{ count }}"]},
        "timeout": "200ms",
        "retries": 1,
    },
}
FOUND = [
    "{{ found.name }}, {{ found.balance | amount('SEK') }}.",
    "{{ found.plan }}, {{ found.tags | length }}.",
    "Due {{ found.due | default('never') }}.",
    "{{ found.agent | default('Nobody') | upper }}.",
]
FOUND_CONDITIONS = [
    "found.balance > 100",
    "found.plan == 'gold'",
    "found.due != none",
    "'vip' in found.tags",
    "found.agent == none",
]


class Maker:
    """Makes one flow of an application."""

    def __init__(self, dice: Random, name: str, states: int, runs: Sequence[str] = ()) -> None:
        self.dice = dice
        self.name = name
        self.is_inner = name != "outer"
        self.names = [f"s{number}" for number in range(states)]
        self.bridged = [f"b{number}" for number in range(3)]
        self.inner = list(runs)
        self.states: dict[str, State] = {}

    def make(self) -> Flow:
        for number, name in enumerate(self.names):
            self.own = name
            self.later = [*self.names[number + 1 :], "last"]
            self.onward = self.later[0]
            self.anywhere = [*self.names, "last"]
            state = self._waiting() if self._luck(3, 4) else self._passing()
            self.states[name] = self._spoken(state)
        for number, name in enumerate(self.bridged):
            self.own = name
            self.later = [*self.bridged[number + 1 :], "talk"]
            self.onward = self.later[0]
            self.anywhere = [*self.bridged, "talk"]
            self.states[name] = self._spoken(self._whisper())
        self.states["talk"] = {"continue": None}
        self.states["last"] = {"return": {"name": "gave_up"}} if self.is_inner else self._end()
        if self.is_inner:
            given = {"name": "done", "values": {"code": "{{ heard | default('0') }}"}}
            self.states["finished"] = {"return": given}
        return self._declared()

    # -- states

    def _waiting(self) -> State:
        kinds: list[Callable[[], State]] = [self._menu] * 4
        kinds += [self._collect] * 2 + [self._look_up] * 5
        kinds += [self._connect] * 4
        kinds += [self._run] if self.inner else []
        kinds += [self._library, self._end] if not self.is_inner else [self._finish]
        return self._pick(kinds)()

    def _passing(self) -> State:
        steps = self._steps()
        moves = [self._move(self.later, when=True) for _ in range(self.dice.randrange(3))]
        return {**steps, "next": [*moves, self._move(self.later)]}

    def _end(self) -> State:
        if self.own == "s0" and self._luck(1, 2):
            return self._pick(
                [
                    {"park": {"intro": "Wait.", "prompt": "Please hold.", "max_duration": "2m"}},
                    {"connect": {"stream": "wss://bot.example.com/call", "max_duration": "10m"}},
                    {"connect": {"user": "ada", "headers": {"X-Call": "{{ call.id }}"}}},
                ]
            )
        return dict(self._pick(ENDS))

    def _finish(self) -> State:
        return {"next": "finished"}

    def _menu(self) -> State:
        keys = self.dice.sample("0123456789*#", self.dice.randrange(1, 5))
        menu: State = {
            "prompt": self._prompt(),
            "retries": self._pick([0, 1, 2, {"no_input": 1, "no_match": 2}]),
            "timeout": self._pick(["3s", "5s"]),
            "choices": {key: self._transition() for key in keys},
        }
        on = {"no_input": self._patient(), "no_match": self._patient()}
        if self._luck(1, 4):
            menu["barge"] = False
        if self._luck(1, 4):
            menu["speech"] = True
            key = keys[0]
            menu["choices"][key] = {"words": ["sales"], "next": self._pick(self.anywhere)}
        if self._luck(1, 4) and "speech" not in menu:
            menu["extension"] = {"length": 3, "pattern": "1XX", "into": "heard"}
            on["collected"] = self._patient()
        return {"menu": menu, "on": self._ended(on)}

    def _collect(self) -> State:
        secret = self._luck(1, 4)
        lengths: list[State] = [{"length": 4}, {"min": 2, "max": 4}, {"length": "{{ 2 + 2 }}"}]
        digits = self._pick(lengths)
        if self._luck(1, 3) and "length" in digits and not secret:
            digits |= {"check": self._pick(["input | luhn", "input != '0000'"])}
            digits |= {"wrong": self._prompt()} if self._luck(1, 2) else {}
        collect = {
            "prompt": self._prompt(),
            **digits,
            "into": "pin" if secret else "heard",
            "retries": self._pick([0, 1, 2]),
        }
        if self._luck(1, 3):
            collect["keys"] = {"*": self._transition()}
        outcomes = {name: self._patient() for name in ("collected", "no_input", "invalid")}
        return {"collect": collect, "on": self._ended(outcomes)}

    def _look_up(self) -> State:
        if self._luck(1, 3):
            given = {"pin": "{{ pin }}", "count": "{{ count }}"}
            request: State = {"name": "check", "with": given}
            outcomes = ["ok", "error"]
        else:
            request = {"name": "find", "with": {"id": "{{ call.custom }}"}, "into": "found"}
            outcomes = ["ok", "error", "taken"]
        if self._luck(1, 3):
            outcomes.append("not_found")
        behind = self._luck(1, 2)
        if behind:
            request["meanwhile"] = self._prompt()
        ways = {each: self._patient() if behind else self._straight() for each in outcomes}
        if "into" in request and self._luck(1, 2):
            when = self._pick(FOUND_CONDITIONS)
            told = {"say": self._pick(FOUND), "next": self._pick(self.later)}
            ways["ok"] = [{"when": when, **told}, {"next": self._pick(self.later)}]
        return {"request": request, "on": ways}

    def _connect(self) -> State:
        target = self._pick(TARGETS)
        if self._luck(1, 2) and "number" in target:
            on = {each: self._pick(self.bridged) for each in ("human", "machine", "unsure")}
            return {"connect": {**target, "amd": True}, "on": self._ended(on)}
        ways = {"answered": self._pick(self.bridged)} if self._luck(2, 3) else {}
        return {"connect": target, "on": self._ended(ways)}

    def _run(self) -> State:
        flow = self._pick(self.inner)
        run: State = {"flow": flow, "with": {"prompt": self._prompt(), "most": 3}}
        if self._luck(1, 2):
            run["into"] = "ran"
        on = {"done": self._patient(), "gave_up": self._straight()}
        return {"run": run, "on": on}

    def _library(self) -> State:
        if self._luck(1, 2):
            given = {"prompt": self._prompt(), "min": 2, "max": "{{ count + 4 }}", "confirm": True}
            on = {"collected": self._patient(), "gave_up": self._straight()}
            run: State = {"flow": "std/ask-number", "with": given, "into": "asked"}
            return {"run": run, "on": on}
        given = {"expected": "4711", "key": "{{ call.custom }}"}
        on = {each: self._straight() for each in ("verified", "locked", "gave_up")}
        return {"run": {"flow": "std/pin", "with": given}, "on": on}

    def _whisper(self) -> State:
        kinds: list[Callable[[], State]] = [*[self._menu] * 3, self._collect, self._collect]
        kinds += [lambda: {"next": "talk"}, lambda: {"hangup": None}]
        return self._pick(kinds)()

    # -- what they are made of

    def _spoken(self, state: State) -> State:
        if self._luck(1, 2) and "say" not in state and "next" not in state:
            state = {"say": self._prompt(), **state}
        return {**self._steps(), **state}

    def _steps(self) -> State:
        known = [each for each in STEPS if self._is_told(each)]
        steps = self.dice.sample(known, self.dice.choice([0, 0, 1, 2]))
        return {"do": steps} if steps else {}

    def _is_told(self, step: Any) -> bool:
        recording = "record" in step or step == "stop_recording"
        return not (recording and self.own in self.bridged)

    def _ended(self, on: State) -> State:
        if self._luck(1, 6):
            on["ended"] = {"do": [{"log": "{{ result }} {{ reason }}"}, *self._effects()]}
        return on

    def _effects(self) -> list[Any]:
        return self._pick([[], [{"set": {"count": "{{ count + 1 }}"}}]])

    def _move(self, to: Sequence[str], *, when: bool = False) -> State:
        move: State = {"next": self._pick(to), **self._steps()}
        if when:
            move["when"] = self._pick(CONDITIONS)
        if self._luck(1, 4):
            move["say"] = self._prompt()
        return move

    def _transition(self) -> Any:
        """Where somebody is led who chooses: anywhere."""
        return self._led(self.anywhere)

    def _straight(self) -> Any:
        return self._led(self.later)

    def _led(self, to: Sequence[str]) -> Any:
        if self._luck(1, 2):
            return self._pick(to)
        moves = [self._move(to, when=True) for _ in range(self.dice.randrange(3))]
        return [*moves, self._move(to)]

    def _patient(self) -> Any:
        """Where somebody is led who may never do better: onward, perhaps after another try."""
        if self._luck(2, 3):
            return self._straight()
        again = self._pick(
            [
                {"when": "tries < 3", "next": self.own},
                {"when": f"visits.{self.own} < 3", "next": self.own, "say": self._prompt()},
            ]
        )
        return [again, self._move(self.later)]

    def _prompt(self) -> Any:
        if self._luck(1, 2):
            return self._words()
        parts = [self._part() for _ in range(self.dice.randrange(1, 4))]
        return [*parts, self._words()]

    def _part(self) -> Any:
        return self._pick(PARTS) if self._luck(1, 2) else self._words()

    def _words(self) -> Any:
        if self.is_inner and self._luck(1, 6):
            return "{{ params.prompt }}"
        return self._pick(WORDS)

    def _pick(self, of: Sequence[T]) -> T:
        return self.dice.choice(of)

    def _luck(self, times: int, of: int) -> bool:
        return self.dice.randrange(of) < times

    # -- declarations

    def _declared(self) -> Flow:
        handlers: Flow = {}
        written = json.dumps(self.states)
        if self._luck(1, 2) and '"menu"' in written:
            handlers["keys"] = {self._pick("*0"): self._pick(self.names)}
        if self._luck(1, 2):
            handlers["ended"] = {"do": [{"log": "{{ result }}"}, *self._effects()]}
        if self._luck(1, 2) and "s3://" in written:
            handlers["recording"] = {"do": [{"log": "recorded"}]}
        flow: Flow = {
            "flow": self.name,
            "start": "s0",
            "vars": {
                "count": 0,
                "heard": {"type": "digits"},
                "pin": {"type": "digits", "secret": True, "default": "1111"},
                "note": {"type": "string?", "default": None},
                "taken": {"type": "string?"},
                "attempt": {"type": "integer"},
            },
            "prompts": {
                "welcome": {
                    "en-US": ["Welcome.", {"play": "jingle"}],
                    "sv-SE": ["Välkommen {{ call.custom }}.", {"play": "jingle"}],
                },
                "jingle": {"audio": "https://example.com/jingle.mp3"},
            },
        }
        if self.is_inner:
            flow["params"] = {"prompt": {"type": "prompt"}, "most": 2}
            flow["returns"] = {"done": {"code": {"type": "digits"}}, "gave_up": {}}
        else:
            self.states["trouble"] = {"say": "Our fault.", "hangup": None}
            handlers["error"] = "trouble"
            flow["locale"] = self._pick(["en-US", "sv-SE"])
        if handlers:
            flow["on"] = handlers
        flow["states"] = self._reachable(_named(handlers))
        return flow

    def _reachable(self, others: list[str]) -> dict[str, State]:
        """Leave out what nothing leads to: that is an error of its own."""
        kept: dict[str, State] = {}
        todo = ["s0", *others]
        while todo:
            name = todo.pop()
            if name in self.states and name not in kept:
                kept[name] = self.states[name]
                todo += _named(self.states[name])
        return kept


def _named(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [name for each in value.values() for name in _named(each)]
    if isinstance(value, list):
        return [name for each in value for name in _named(each)]
    return [value] if isinstance(value, str) else []


APP: Flow = {
    "app": "made-up",
    "routes": [{"flow": "outer"}],
    "dial": {"allow": ["+46"]},
    "schedules": {
        "office": {
            "timezone": "Europe/Stockholm",
            "open": {"mon-fri": ["08:00-12:00", "13:00-17:00"], "sat": ["20:00-03:00"]},
        }
    },
    "records": {
        "attempts": {"key": "phone?", "value": "integer", "expires": "1m"},
        "notes": {"key": "string", "value": "string"},
        "line": {"kind": "queue", "value": {"at": "integer"}},
    },
    "requests": REQUESTS,
}


def make(seed: int, number: int) -> tuple[dict[str, str], Random]:
    """Return the files of an application, and the dice that go on to play with it."""
    dice = Random(f"{seed}/{number}")
    inner = [Maker(dice, "inner", 3).make()] if dice.randrange(2) else []
    deep = [Maker(dice, "deep", 2).make()] if inner and dice.randrange(2) else []
    if deep:
        inner = [Maker(dice, "inner", 3, ["deep"]).make()]
    outer = Maker(dice, "outer", dice.randrange(2, 7), [each["flow"] for each in inner]).make()
    flows = [outer, *inner, *deep]
    run = {"outer"}
    for flow in flows:
        run |= {name for name in _named(flow["states"]) if name in ("inner", "deep")}
    files = {f"{each['flow']}.flow.yaml": json.dumps(each) for each in flows if each["flow"] in run}
    return {"app.yaml": json.dumps(APP), **files}, dice
