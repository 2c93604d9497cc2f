"""In which locales each part of a flow can be heard, and where they come from.

A forward data flow over the graph of states: a call begins in the locale of its route or flow, and
a step `locale:` changes it from there on. After a computed one nothing is known.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import START
from ivrflow.machine.walk import MAX_FRAMES
from ivrflow.model.app import App
from ivrflow.model.flow import (
    Flow,
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
    listener = _Listener(subject, {})
    entered = listener.entered(_firsts(subject.application).get(subject.flow.name, {}))
    listener.parts, listener.records = [], []
    acting = {name: listener.state(name, locales) for name, locales in entered.items()}
    return Hearing(parts=tuple(listener.parts), by_state=acting, records=tuple(listener.records))


@lru_cache(maxsize=1)
def _firsts(application: Application) -> dict[str, dict[str, str]]:
    """Return the locales in which each flow can begin: those of calls, and of flows that run it.

    A flow is looked at after those that run it; circles are told by a rule of their own.
    """
    flows = application.all_flows
    found = {flow.name: _of_calls(flow, application.app) for flow, _ in application.beginnings}
    targets = {name: {run.flow.name for run in runs(flow)} for name, flow in flows.items()}
    runners = Counter(target for each in targets.values() for target in each)
    todo = [name for name in flows if not runners[name]]
    while todo:
        name = todo.pop()
        if targets[name]:
            _hand_on(Subject(flows[name], application), found)
        for target in targets[name] & flows.keys():
            runners[target] -= 1
            todo += [] if runners[target] else [target]
    return found


def _hand_on(subject: Subject, found: dict[str, dict[str, str]]) -> None:
    """Add to `found` the locales in which `subject` runs other flows."""
    listener = _Listener(subject, {})
    origin = f'the flow "{subject.flow.name}", which runs this one,'
    for name, entered in listener.entered(found.get(subject.flow.name, {})).items():
        action = subject.states[name].action
        if isinstance(action, Run):
            acting = dict.fromkeys(listener.state(name, entered), origin)
            found[action.flow.name] = acting | found.get(action.flow.name, {})


def _of_calls(flow: Flow, app: App) -> dict[str, str]:
    """Return the locales in which a call can begin in `flow`."""
    written = app.origin.locale != START
    shared = f"`locale` in {_file(app.path)}" if written else "the default"
    own = {flow.locale: "`locale` of the flow"} if flow.locale else {app.locale: shared}
    routes = [each for each in app.routes if each.flow.name == flow.name]
    if not routes:
        return own
    found = {
        each.locale: f"the route in line {each.at.line} of {_file(app.path)}"
        for each in routes
        if each.locale
    }
    return found if all(each.locale for each in routes) else own | found


def _file(path: str) -> str:
    return path.rpartition("/")[2]


Returned = dict[tuple[str, frozenset[str]], Locales]
"""The locales in which a flow returns, by its name and those in which it begins."""


class _Listener:
    """Walks one flow, and those that it runs; `where` tells whose lines are meant, "" its own, and
    `depth` in how many others it runs."""

    def __init__(
        self, subject: Subject, returned: Returned, where: str = "", depth: int = 0
    ) -> None:
        self.subject = subject
        self.returned = returned
        self.where = where
        self.depth = depth
        self.parts: list[Heard] = []
        self.records: list[tuple[RecordStep, Locales]] = []

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
        if flow is None or self.depth >= MAX_FRAMES:
            return locales
        key = (flow.name, frozenset(locales))
        if key not in self.returned:
            self.returned[key] = locales  # for one that runs itself, of which a rule tells
            inner = Subject(flow, self.subject.application)
            where = f" of {_file(flow.path)}"
            listener = _Listener(inner, self.returned, where, self.depth + 1)
            self.returned[key] = listener.returns(locales)
        return self.returned[key]

    def steps(self, steps: Iterable[Step], locales: Locales) -> Locales:
        for step in steps:
            if isinstance(step, PromptStep):
                self.prompt(step.prompt, locales)
            elif isinstance(step, RecordStep):
                self.records.append((step, locales))
            elif isinstance(step, LocaleStep):
                locales = self.chosen(step)
        return locales

    def chosen(self, step: LocaleStep) -> Locales:
        if "{{" in step.locale.source:
            return {}
        line = step.locale.scalar.line if step.locale.scalar else 0
        return {step.locale.source: f"the step `locale` in line {line}{self.where}"}

    def prompt(self, prompt: Prompt, locales: Locales) -> None:
        self.parts += [Heard(part, locales) for part in prompt]
