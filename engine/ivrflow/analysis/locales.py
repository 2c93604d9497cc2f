"""In which locales each part of a flow can be heard, and where they come from.

A forward data flow over the graph of states: a call begins in the locale of its route or flow, and
a step `locale:` changes it from there on. After a computed one nothing is known.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from ivrflow.analysis.subject import Subject, action_prompts
from ivrflow.diagnostics import START
from ivrflow.model.flow import LocaleStep, Move, Part, Prompt, PromptStep, RecordStep, Step

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
    listener = _Listener(subject)
    entered = listener.entered()
    listener.parts, listener.records = [], []
    acting: dict[str, Locales] = {}
    for name, locales in entered.items():
        acting[name] = listener.state(name, locales)
    return Hearing(parts=tuple(listener.parts), by_state=acting, records=tuple(listener.records))


def first_locales(subject: Subject) -> dict[str, str]:
    """Return the locales in which a call can begin."""
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
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.parts: list[Heard] = []
        self.records: list[tuple[RecordStep, Locales]] = []

    def entered(self) -> dict[str, dict[str, str]]:
        """Return the locales in which each state that can be reached is entered."""
        flow = self.subject.flow
        found: dict[str, dict[str, str]] = {}
        todo: list[tuple[str, Locales]] = [(flow.start.name, first_locales(self.subject))]
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

    def state(self, name: str, locales: Locales) -> Locales:
        """Walk a state and what its moves say; return the locales in which it acts."""
        state = self.subject.states[name]
        locales = self.steps(state.steps, locales)
        self.prompt(state.prompt, locales)
        for prompt in action_prompts(state):
            self.prompt(prompt, locales)
        for move, here in self.moves(name, locales):
            self.prompt(move.prompt, here)
        return locales

    def moves(self, name: str, locales: Locales) -> Iterable[tuple[Move, Locales]]:
        for way in self.subject.ways_by_state[name]:
            for move in way.transition:
                yield move, self.steps(move.steps, locales)

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
