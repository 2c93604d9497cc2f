"""E6xx: expressions that can't be evaluated, or not as they are meant."""

from collections.abc import Iterator

from ivrflow.analysis.faults import Sort
from ivrflow.analysis.reading import faults, of_sort, shared_faults
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import APPLICATION, FLOW
from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import Severity
from ivrflow.expr.relations import accepts, describe


@FLOW.add(
    "E601",
    "wrong-expression",
    fatal=True,
    bad="""
flow: example
start: greet
states:
  greet: {say: "You are number {{ visits.greet + }}.", hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {say: "You are number {{ visits.greet + 1 }}.", hangup: }
""",
)
def wrong_expression(subject: Subject) -> Iterator[Finding]:
    """An expression that is none, or holds what the language does not have."""
    yield from of_sort(faults(subject), Sort.SYNTAX)


@APPLICATION.also("E601")
def shared_wrong_expression(application: Application) -> Iterator[Finding]:
    yield from of_sort(shared_faults(application), Sort.SYNTAX)


@FLOW.add(
    "E602",
    "wrong-type",
    fatal=True,
    bad="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: "Your number?", length: 4, into: number}
    on: {collected: check, no_input: bye}
  check: {next: [{when: number == 1234, next: bye}, {next: ask}]}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: "Your number?", length: 4, into: number}
    on: {collected: check, no_input: bye}
  check: {next: [{when: number == "1234", next: bye}, {next: ask}]}
  bye: {hangup: }
""",
)
def wrong_type(subject: Subject) -> Iterator[Finding]:
    """Values of types that don't go together: digits are no number, a wrong literal never equal."""
    yield from of_sort(faults(subject), Sort.TYPE)


@APPLICATION.also("E602")
def shared_wrong_type(application: Application) -> Iterator[Finding]:
    yield from of_sort(shared_faults(application), Sort.TYPE)


@FLOW.add(
    "E603",
    "unassigned-variable",
    bad="""
flow: example
start: greet
vars: {name: string}
states:
  greet: {say: "Hello, {{ name }}.", hangup: }
""",
    good="""
flow: example
start: greet
vars: {name: string}
states:
  greet: {set: {name: Ada}, say: "Hello, {{ name }}.", hangup: }
""",
)
def unassigned_variable(subject: Subject) -> Iterator[Finding]:
    """A variable is read that has no value on some way here: the flow would fail on such calls."""
    yield from of_sort(faults(subject), Sort.UNASSIGNED)


@FLOW.add(
    "E604",
    "wrong-assignment",
    fatal=True,
    bad="""
flow: example
start: greet
vars: {count: integer}
states:
  greet: {set: {count: "{{ call.id }}"}, say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
vars: {count: integer}
states:
  greet: {set: {count: "{{ call.id | length }}"}, say: Hello., hangup: }
""",
)
def wrong_assignment(subject: Subject) -> Iterator[Finding]:
    """A variable is given a value of another type than its own."""
    yield from of_sort(faults(subject), Sort.ASSIGNMENT)
    for into, given in subject.intos:
        wanted = subject.variables[into.name]
        if not accepts(wanted, given):
            message = f'"{into.name}" is {describe(wanted)}, not {describe(given)}'
            help = f"declare it as {describe(given)}, or not at all"
            yield Finding(into.at, message, help)


@FLOW.add(
    "E631",
    "never-holds",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on:
      no_input: [{when: tries > 2, next: sorry}, {next: bye}]
      no_match: bye
  sorry: {say: We could not hear you., next: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on:
      no_input: [{when: tries > 2, next: sorry}, {next: ask}]
      no_match: bye
  sorry: {say: We could not hear you., next: bye}
  bye: {hangup: }
""",
)
def never_holds(subject: Subject) -> Iterator[Finding]:
    """A condition that no call can meet, whatever happens: what it is for never happens.

    It contradicts what the way here tells, what moves before it have taken, or itself. A variable
    that is never set is a switch that its author turns, and tells nothing.
    """
    yield from of_sort(faults(subject), Sort.NEVER)


@FLOW.add(
    "E632",
    "always-holds",
    severity=Severity.WARNING,
    bad="""
flow: example
start: greet
states:
  greet: {say: [{say: Welcome., when: visits.greet == 1}, Good to hear you.], hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {say: [Welcome., Good to hear you.], hangup: }
""",
)
def always_holds(subject: Subject) -> Iterator[Finding]:
    """A condition that every call meets: it decides nothing, and what stands behind it may never be
    come to."""
    yield from of_sort(faults(subject), Sort.ALWAYS)
