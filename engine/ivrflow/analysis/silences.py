"""Recordings of callers who have heard nothing: no words that told them so, on some way there.

Calls are followed from where they come in, over all flows, as long as nothing is said or played.
Words with a condition count as said; those of the same reply count wherever they stand in it.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from ivrflow.analysis.graph import Graph, is_silent
from ivrflow.analysis.subject import Application, Subject, action_prompts
from ivrflow.diagnostics import Span
from ivrflow.model.flow import (
    Flow,
    Hangup,
    PromptStep,
    RecordStep,
    Return,
    Run,
    State,
    Step,
    Transition,
)


class Recording(msgspec.Struct, frozen=True):
    """A step `record` of a flow, and the silent way to it."""

    flow: str
    step: RecordStep
    way: str


class _Silence(msgspec.Struct, frozen=True):
    """A call comes to a state and has heard nothing; `begun` is what its reply records."""

    flow: str
    state: str
    begun: Recording | None = None
    way: str = ""

    def then(self, state: str, begun: Recording | None, flow: str = "") -> "_Silence":
        """Return what comes next, in another `flow` perhaps."""
        name = f"{flow}:{state}" if flow else state
        return _Silence(flow or self.flow, state, begun, f"{self.way} -> {name}")

    @property
    def key(self) -> tuple[str, str, bool]:
        return self.flow, self.state, self.begun is not None


@dataclass
class _Listener:
    application: Application
    found: dict[tuple[str, Span], Recording] = field(default_factory=dict)
    todo: deque[_Silence] = field(default_factory=deque)
    seen: set[tuple[str, str, bool]] = field(default_factory=set)
    runs: dict[str, list[_Silence]] = field(default_factory=dict)
    returns: dict[str, list[tuple[str, Recording | None]]] = field(default_factory=dict)

    def listen(self) -> None:
        for entry in self.application.entries:
            self.todo.append(_Silence(entry.name, entry.start.name, None, entry.start.name))
        while self.todo:
            silence = self.todo.popleft()
            flow = self.application.all_flows.get(silence.flow)
            state = None if flow is None else flow.states.get(silence.state)
            if flow is None or state is None or silence.key in self.seen:
                continue
            self.seen.add(silence.key)
            if not (_speaks(state.steps) or state.prompt or any(action_prompts(state))):
                self.pass_on(flow, state, silence)

    def pass_on(self, flow: Flow, state: State, silence: _Silence) -> None:
        begun = _begun(state.steps, silence)
        here = msgspec.structs.replace(silence, begun=begun)
        match state.action:
            case Return(name=name):
                self.returns.setdefault(flow.name, []).append((name.name, begun))
                for runner in self.runs.get(flow.name, ()):
                    self.back(runner, name.name, begun)
            case Run(flow=inner):
                self.run(inner.name, here)
            case Hangup():
                pass
            case _:
                self.act(flow, state, here)

    def run(self, name: str, runner: _Silence) -> None:
        flow = self.application.all_flows.get(name)
        if flow is not None:
            self.todo.append(runner.then(flow.start.name, runner.begun, name))
            self.runs.setdefault(name, []).append(runner)
            for outcome, begun in self.returns.get(name, ()):
                self.back(runner, outcome, begun)

    def back(self, runner: _Silence, outcome: str, begun: Recording | None) -> None:
        state = self.application.all_flows[runner.flow].states[runner.state]
        self.go(state.on.by_outcome.get(outcome, ()), msgspec.structs.replace(runner, begun=begun))

    def act(self, flow: Flow, state: State, silence: _Silence) -> None:
        waits = state.action is not None and not is_silent(state)
        if waits and silence.begun is not None:
            begun = silence.begun
            self.found.setdefault((begun.flow, begun.step.at), begun)
        after = msgspec.structs.replace(silence, begun=None) if waits else silence
        requests = self.application.visible[flow.name].requests
        for way in Graph(flow, self.application.all_flows, requests).ways(state):
            if way.leads:
                self.go(way.transition, after)

    def go(self, transition: Transition, silence: _Silence) -> None:
        for move in transition:
            if move.next is not None and not (_speaks(move.steps) or move.prompt):
                begun = _begun(move.steps, silence)
                self.todo.append(silence.then(move.next.name, begun))


def _speaks(steps: Iterable[Step]) -> bool:
    return any(isinstance(step, PromptStep) for step in steps)


def _begun(steps: Iterable[Step], silence: _Silence) -> Recording | None:
    """Return the first recording that the reply begins."""
    found = (step for step in steps if isinstance(step, RecordStep))
    own = (Recording(silence.flow, step, silence.way) for step in found)
    return silence.begun or next(own, None)


@lru_cache(maxsize=1)
def untold(application: Application) -> tuple[Recording, ...]:
    """Return the recordings of callers who were told nothing. Several flows ask in turn."""
    if not any(_records(flow, application) for flow in application.all_flows.values()):
        return ()
    listener = _Listener(application)
    listener.listen()
    return tuple(listener.found.values())


def _records(flow: Flow, application: Application) -> bool:
    return any(isinstance(step, RecordStep) for step in Subject(flow, application).steps())
