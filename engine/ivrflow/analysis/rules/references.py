"""E1xx: names that nothing declares."""

import re
from collections.abc import Container, Iterable, Iterator, Mapping

from ivrflow.analysis.faults import Sort
from ivrflow.analysis.graph import ASIDE
from ivrflow.analysis.reading import faults, of_sort, shared_faults
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import APPLICATION, FLOW
from ivrflow.analysis.rules.waiting import why_untold
from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import Span, did_you_mean
from ivrflow.expr.types import T
from ivrflow.model.flow import DeclaredPrompt, Part, PlayPart, Ref
from ivrflow.model.inherit import INHERITED
from ivrflow.model.outcomes import is_wrong_signal

ID = re.compile("[a-z][a-z0-9_]*")
"""How states are called."""


@FLOW.add(
    "E101",
    "unknown-state",
    whole=False,
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., next: godbye}
  goodbye: {hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., next: goodbye}
  goodbye: {hangup: }
""",
)
def unknown_state(subject: Subject) -> Iterator[Finding]:
    """A state that does not exist is where the call should go: callers would hear an apology."""
    if not subject.states:
        return
    if subject.flow.start.name and subject.flow.start.name not in subject.states:
        yield _unknown(subject, subject.flow.start)
    if subject.flow.on.error is not None and subject.flow.on.error.name not in subject.states:
        yield _unknown(subject, subject.flow.on.error)
    for move in subject.moves():
        name = "" if move.next is None else move.next.name
        # That others are no names at all is told by the schema.
        if move.next is not None and ID.fullmatch(name) and name not in subject.states:
            yield _unknown(subject, move.next)


def _unknown(subject: Subject, ref: Ref) -> Finding:
    help = did_you_mean(ref.name, subject.states)
    return Finding(ref.at, f'no state is called "{ref.name}"', help)


@FLOW.add(
    "E102",
    "unknown-prompt",
    whole=False,
    bad="""
flow: example
start: greet
prompts: {welcome: {en-US: Welcome.}}
states:
  greet: {play: welcom, hangup: }
""",
    good="""
flow: example
start: greet
prompts: {welcome: {en-US: Welcome.}}
states:
  greet: {play: welcome, hangup: }
""",
)
def unknown_prompt(subject: Subject) -> Iterator[Finding]:
    """A prompt is played that nobody declared: callers would hear an apology instead."""
    yield from unknown_prompts(subject.parts(), subject.prompts)


def unknown_prompts(
    parts: Iterable[Part], known: Mapping[str, DeclaredPrompt]
) -> Iterator[Finding]:
    """Find the parts that play a prompt by a name that is not `known`."""
    for part in parts:
        if not isinstance(part, PlayPart):
            continue
        name = part.target.source
        if name not in known and "{{" not in name and "://" not in name:
            help = did_you_mean(name, known) or "declare it, or write a URL"
            yield Finding(part.at, f'no prompt is called "{name}"', help)


@FLOW.add(
    "E103",
    "unknown-outcome",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye, no_imput: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def unknown_outcome(subject: Subject) -> Iterator[Finding]:
    """An outcome is handled that this action never has: what stands there would never happen."""
    for state in subject.states.values():
        known = subject.graph.outcomes_of(state)
        for name, transition in state.on.by_outcome.items():
            if is_wrong_signal(name):
                help = "write signal.NAME: lower case letters, digits and _, a letter first"
                yield Finding(state.on.places[name], f'"{name}" names no signal', help)
                continue
            if name in known or not transition or why_untold(state.action, name):
                continue
            help = did_you_mean(name, known)
            yield Finding(state.on.places[name], f'"{state.name}" has no outcome "{name}"', help)
    for name, transition in subject.flow.on.by_outcome.items():
        if name not in (*INHERITED, *ASIDE) and transition:
            yield Finding(subject.flow.on.places[name], f'no flow has an outcome "{name}"')


@FLOW.add(
    "E104",
    "unknown-name",
    bad="""
flow: example
start: greet
vars: {name: Ada}
states:
  greet: {say: "Hello, {{ nmae }}.", hangup: }
""",
    good="""
flow: example
start: greet
vars: {name: Ada}
states:
  greet: {say: "Hello, {{ name }}.", hangup: }
""",
)
def unknown_name(subject: Subject) -> Iterator[Finding]:
    """An expression reads a name, or sets a variable, that nothing declares."""
    yield from of_sort(faults(subject), Sort.UNKNOWN)


@APPLICATION.also("E104")
def shared_unknown_name(application: Application) -> Iterator[Finding]:
    yield from of_sort(shared_faults(application), Sort.UNKNOWN)


RESERVED = frozenset({"and", "else", "env", "false", "if", "in", "is", "none", "not", "or", "true"})
"""Words of expressions."""


@FLOW.add(
    "E109",
    "reserved-name",
    bad="""
flow: example
start: greet
vars: {result: none yet}
states:
  greet: {say: "{{ result }}", hangup: }
""",
    good="""
flow: example
start: greet
vars: {outcome: none yet}
states:
  greet: {say: "{{ outcome }}", hangup: }
""",
)
def reserved_name(subject: Subject) -> Iterator[Finding]:
    """A variable or schedule is called like something that expressions know already: one of the
    two would be hidden."""
    words = RESERVED | subject.words.keys()
    declared = [(name, decl.at) for name, decl in subject.flow.vars.items()]
    declared += [(into.name, into.at) for into, _ in subject.intos]
    yield from reserved(declared, words, subject.schedules)
    schedules = [(name, each.at) for name, each in subject.flow.schedules.items()]
    yield from reserved(schedules, words, {})


def reserved(
    declared: Iterable[tuple[str, Span]], words: Container[str], schedules: Container[str]
) -> Iterator[Finding]:
    """Find the names that are taken already."""
    for name, at in declared:
        if name in words:
            yield Finding(at, f'"{name}" is a word of expressions', "choose another name")
        elif name in schedules:
            yield Finding(at, f'"{name}" is a schedule', "choose another name")


@FLOW.add(
    "E163",
    "unknown-schedule",
    fatal=True,
    bad="""
flow: example
start: greet
schedules: {office: {timezone: Europe/Stockholm, open: {mon-fri: "08:00-17:00"}}}
params: {when: {type: schedule, default: ofice}}
states:
  greet: {say: "{{ hours(params.when) }}", hangup: }
""",
    good="""
flow: example
start: greet
schedules: {office: {timezone: Europe/Stockholm, open: {mon-fri: "08:00-17:00"}}}
params: {when: {type: schedule, default: office}}
states:
  greet: {say: "{{ hours(params.when) }}", hangup: }
""",
)
def unknown_schedule(subject: Subject) -> Iterator[Finding]:
    """A parameter, a variable or the hours of a callout are a schedule that nobody declared: asking
    it would fail."""
    for decl in (*subject.flow.params.values(), *subject.flow.vars.values()):
        if decl.type.name is T.SCHEDULE and isinstance(decl.default, str):
            yield from unknown_schedules(decl.default, decl.at, subject.schedules)
    for callout in subject.flow.callouts.values():
        if callout.hours is not None:
            yield from unknown_schedules(callout.hours.name, callout.hours.at, subject.schedules)


def unknown_schedules(name: str, at: Span, known: Iterable[str]) -> Iterator[Finding]:
    if name not in known:
        help = did_you_mean(name, known) or "declare it under `schedules:`"
        yield Finding(at, f'no schedule is called "{name}"', help)
