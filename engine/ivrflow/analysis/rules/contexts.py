"""E3xx: what may stand in a reply at that point of a call."""

from collections.abc import Iterable, Iterator, Mapping

from ivrflow.analysis.contexts import Visit
from ivrflow.analysis.graph import ASIDE, is_silent
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.compiler.platform import Level, Ruling
from ivrflow.diagnostics import Severity, Span
from ivrflow.model.context import Context
from ivrflow.model.flow import (
    Action,
    AnswerStep,
    Connect,
    PromptStep,
    RecordStep,
    RequestAction,
    Return,
    Run,
    SendDtmfStep,
    Step,
    StopRecordingStep,
)

PLACE_BY_CONTEXT = {
    Context.ICE: "when a call comes in",
    Context.MENU: "after a menu",
    Context.ANSWERED: "when a callout is answered",
    Context.BRIDGED: "when the called party has answered",
    Context.HELD: "when a held call is let go on",
    Context.PARKED: "when a parked call is let go on",
    Context.ROOM: "while the call is in a room",
    Context.LIVE: "while two parties talk",
    Context.NONE: "when nobody is on the line",
}
UNRULED = Ruling(level=Level.REJECT)


@FLOW.add(
    "E301",
    "action-not-allowed-here",
    bad="""
flow: example
start: ring
states:
  ring:
    connect: {number: "+46850000001"}
    on: {answered: second}
  second:
    connect: {number: "+46850000002"}
""",
    good="""
flow: example
start: ring
states:
  ring:
    connect: {number: "+46850000001"}
    on: {answered: talk}
  talk: {continue: }
""",
)
def action_not_allowed(subject: Subject) -> Iterator[Finding]:
    """The platform takes no such action at that point of a call: it would end the call."""
    yield from _actions(subject, Level.REJECT)


@FLOW.add(
    "E302",
    "action-doubtful-here",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: wait}}
    on: {no_input: wait, no_match: wait}
  wait: {park: {prompt: Please hold.}}
""",
    good="""
flow: example
start: wait
states:
  wait: {park: {prompt: Please hold.}}
""",
)
def action_doubtful(subject: Subject) -> Iterator[Finding]:
    """Only some of the platform's documents allow this action there: try it first."""
    yield from _actions(subject, Level.WARN)


def _actions(subject: Subject, level: Level) -> Iterator[Finding]:
    seen: set[str] = set()
    for (name, context), visit in subject.visits.items():
        action = subject.states[name].action
        passes = isinstance(action, Run | Return) or is_silent(subject.states[name])
        if action is None or name in seen or passes:
            continue
        word = word_of(action)
        sent = "menu" if isinstance(action, RequestAction) else word
        ruling = subject.platform.actions.get(context, {}).get(sent, UNRULED)
        if ruling.level is level:
            seen.add(name)
            message = f'"{word}" {_told(level)} {PLACE_BY_CONTEXT[context]}'
            yield Finding(action.at, message, _why(ruling, visit))


def word_of(action: Action) -> str:
    """Return the word of the language for an action, `connect number` for example."""
    if isinstance(action, RequestAction):
        return "request"
    word = type(action).__name__.lower()
    return f"{word} {action.to}" if isinstance(action, Connect) else word


def _told(level: Level) -> str:
    return "is not possible" if level is Level.REJECT else "is not sure to work"


def _why(ruling: Ruling, visit: Visit) -> str:
    way = f"a call comes here by {visit.path}" if visit.before else "a call begins here"
    return f"{ruling.note}; {way}" if ruling.note else way


@FLOW.add(
    "E303",
    "step-not-allowed-here",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {do: [answer], hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    do: [answer]
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def step_not_allowed(subject: Subject) -> Iterator[Finding]:
    """The platform takes no such instruction at that point of a call."""
    yield from _steps(subject, Level.REJECT)


@FLOW.add(
    "E304",
    "step-doubtful-here",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ring
states:
  ring:
    connect: {number: "+46850000001"}
    on: {answered: talk}
  talk: {do: [stop_recording], continue: }
""",
    good="""
flow: example
start: ring
states:
  ring:
    do: [stop_recording]
    connect: {number: "+46850000001"}
""",
)
def step_doubtful(subject: Subject) -> Iterator[Finding]:
    """Only some of the platform's documents allow this instruction there."""
    yield from _steps(subject, Level.WARN)


def _steps(subject: Subject, level: Level) -> Iterator[Finding]:
    seen: set[Span] = set()
    for context, visit, steps in _performed(subject):
        rulings: Mapping[str, Ruling] = subject.platform.instructions.get(context, {})
        for word, span in _instructions(steps):
            ruling = rulings.get(word, UNRULED)
            if ruling.level is level and span not in seen:
                seen.add(span)
                message = f'"{word}" {_told(level)} {PLACE_BY_CONTEXT[context]}'
                yield Finding(span, message, _why(ruling, visit))


def _performed(subject: Subject) -> Iterator[tuple[Context, Visit, tuple[Step, ...]]]:
    """Yield the steps of states and moves with the context in which they are performed."""
    for (name, context), visit in subject.visits.items():
        state = subject.states[name]
        yield context, visit, state.steps
        for way in subject.ways_by_state[name]:
            for after in subject.application.contexts.after(subject.flow, state, way, context):
                for move in way.transition:
                    yield after, visit, move.steps
    nobody = Visit(subject.flow.start.name, Context.NONE)
    for name in ASIDE:
        for move in subject.flow.on.by_outcome.get(name, ()):
            yield Context.NONE, nobody, move.steps


def _instructions(steps: Iterable[Step]) -> Iterator[tuple[str, Span]]:
    for step in steps:
        match step:
            case AnswerStep(at=at):
                yield "answer", at
            case RecordStep(at=at):
                yield "record", at
            case StopRecordingStep(at=at):
                yield "stop_recording", at
            case SendDtmfStep(at=at):
                yield "send_dtmf", at
            case PromptStep(prompt=prompt) if prompt:
                yield "prompt", prompt[0].at
            case _:
                pass
