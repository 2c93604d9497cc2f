"""In which locales each part of a flow can be heard, and where they come from.

A forward data flow over the graph of states: a call begins in the locale of its route or flow, and
a step `locale:` changes it from there on. After a computed one nothing is known.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import START
from ivrflow.model.flow import (
    LocaleStep,
    Move,
    Part,
    Prompt,
    PromptStep,
    RecordStep,
    Return,
    Run,
    State,
    Step,
    runs,
)

MAX_DEPTH = 10
"""Flows in flows that are followed; a rule of its own refuses recursion."""

Locales = Mapping[str, str]
"""Where a locale comes from, in words, by its name."""


class Heard(msgspec.Struct, frozen=True):
    """A part, and the locales of the calls in which it can be heard."""

    part: Part
    locales: Locales


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """What is heard, the locales in which each state acts, and those of recordings."""

    parts: tuple[Heard, ...]
    by_state: Mapping[str, Locales]
    records: tuple[tuple[RecordStep, Locales], ...]


@lru_cache(maxsize=1)
def hearing(subject: Subject) -> Hearing:
    """Return what can be heard in which locales. Several rules ask in turn; the last is kept."""
    return _listen(subject, frozenset())


def _listen(subject: Subject, seen: frozenset[str]) -> Hearing:
    listener = _Listener(subject)
    entered = listener.entered(_first(subject, seen))
    listener.parts, listener.records = [], []
    acting: dict[str, Locales] = {}
    for name, locales in entered.items():
        acting[name] = listener.state(name, locales)
    return Hearing(parts=tuple(listener.parts), by_state=acting, records=tuple(listener.records))


def _first(subject: Subject, seen: frozenset[str]) -> dict[str, str]:
    """Return the locales in which a flow can begin: those of calls, and of the flows that run it.

    `seen` are the flows that are being asked already: recursion is told elsewhere.
    """
    name = subject.flow.name
    application = subject.application
    found = _of_calls(subject) if name in {each.name for each in application.entries} else {}
    for runner in application.all_flows.values():
        if runner.name in seen or not any(run.flow.name == name for run in runs(runner)):
            continue
        outer = Subject(runner, application, subject.platform)
        for state, locales in _listen(outer, seen | {name}).by_state.items():
            action = runner.states[state].action
            if isinstance(action, Run) and action.flow.name == name:
                found |= dict.fromkeys(locales, f'the flow "{runner.name}", which runs this one,')
    return found


def _of_calls(subject: Subject) -> dict[str, str]:
    """Return the locales in which a call can begin here."""
    flow, app = subject.flow, subject.app
    written = app.origin.locale != START
    shared = "`locale` of the application" if written else "the default"
    own = {flow.locale: "`locale` of the flow"} if flow.locale else {app.locale: shared}
    routes = [each for each in app.routes if each.flow.name == flow.name]
    if not routes:
        return own
    found = {each.locale: f"the route in line {each.at.line}" for each in routes if each.locale}
    return found if all(each.locale for each in routes) else own | found


class _Listener:
    """Walks one flow; `depth` tells how many run it."""

    def __init__(self, subject: Subject, depth: int = 0) -> None:
        self.subject = subject
        self.depth = depth
        self.parts: list[Heard] = []
        self.records: list[tuple[RecordStep, Locales]] = []
        self.returned: dict[tuple[str, frozenset[str]], Locales] = {}

    def entered(self, first: Locales) -> dict[str, dict[str, str]]:
        """Return the locales in which each state is entered if the flow begins in `first`."""
        flow = self.subject.flow
        found: dict[str, dict[str, str]] = {}
        todo: list[tuple[str, Locales]] = [(flow.start.name, first)]
        while todo:
            name, locales = todo.pop()
            before = found.get(name)
            if name not in flow.states or (before is not None and locales.keys() <= before.keys()):
                continue
            found[name] = {**locales, **(before or {})}
            left = self.state(name, found[name])
            if flow.on.error is not None:
                todo.append((flow.on.error.name, left))
            for move, here in self.moves(name, left):
                if move.next is not None:
                    todo.append((move.next.name, here))
        return found

    def returns(self, first: Locales) -> Locales:
        """Return the locales in which the flow returns if it begins in `first`."""
        found: dict[str, str] = {}
        for name, locales in self.entered(first).items():
            state = self.subject.states[name]
            if isinstance(state.action, Return):
                found |= self.steps(state.steps, locales)
        return found

    def state(self, name: str, locales: Locales) -> Locales:
        """Walk a state and what its moves say; return the locales in which it acts."""
        state = self.subject.states[name]
        locales = self.steps(state.steps, locales)
        self.prompt(state.prompt, locales)
        for prompt in self.subject.asked(state):
            self.prompt(prompt, locales)
        for move, here in self.moves(name, locales):
            self.prompt(move.prompt, here)
        return locales

    def moves(self, name: str, locales: Locales) -> Iterable[tuple[Move, Locales]]:
        locales = self.after(self.subject.states[name], locales)
        for way in self.subject.ways_by_state[name]:
            for move in way.transition:
                yield move, self.steps(move.steps, locales)

    def after(self, state: State, locales: Locales) -> Locales:
        """What a state leaves: a flow that it runs may have chosen another locale."""
        run = state.action
        flow = self.subject.others.get(run.flow.name) if isinstance(run, Run) else None
        if flow is None or self.depth > MAX_DEPTH:
            return locales
        key = (flow.name, frozenset(locales))
        if key not in self.returned:
            inner = Subject(flow, self.subject.application, self.subject.platform)
            self.returned[key] = _Listener(inner, self.depth + 1).returns(locales)
        return self.returned[key]

    def steps(self, steps: Iterable[Step], locales: Locales) -> Locales:
        for step in steps:
            if isinstance(step, PromptStep):
                self.prompt(step.prompt, locales)
            elif isinstance(step, RecordStep):
                self.records.append((step, locales))
            elif isinstance(step, LocaleStep):
                locales = _chosen(step)
        return locales

    def prompt(self, prompt: Prompt, locales: Locales) -> None:
        self.parts += [Heard(part, locales) for part in prompt]


def _chosen(step: LocaleStep) -> Locales:
    if "{{" in step.locale.source:
        return {}
    line = step.locale.scalar.line if step.locale.scalar else 0
    return {step.locale.source: f"the step `locale` in line {line}"}
