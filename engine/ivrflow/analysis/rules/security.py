"""E8xx: who may reach what."""

from collections.abc import Iterable, Iterator

from ivrflow.analysis.faults import Fault, Sort, exposure, span_of
from ivrflow.analysis.reading import faults, of_sort, shared_faults
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import APPLICATION, FLOW
from ivrflow.analysis.silences import untold
from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import Severity, Span
from ivrflow.expr.relations import accepts
from ivrflow.expr.secrecy import keeps
from ivrflow.expr.types import T
from ivrflow.model.flow import Connect, ListValue, Text, TextValue, rings_sip, runs
from ivrflow.model.given import is_computed
from ivrflow.numbers import normalise


@FLOW.add(
    "E801",
    "environment-out-of-place",
    fatal=True,
    bad="""
flow: example
start: greet
states:
  greet: {say: "{{ env.SECRET }}", hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet:
    say: This call is recorded.
    do: [record: {to: "s3://calls", credentials: "{{ env.S3_KEY }}"}]
    hangup:
""",
)
def environment_out_of_place(subject: Subject) -> Iterator[Finding]:
    """The environment is read where its values would be spoken, logged or stored."""
    yield from _environment(faults(subject))


@APPLICATION.also("E801")
def shared_environment_out_of_place(application: Application) -> Iterator[Finding]:
    yield from _environment(shared_faults(application))


def _environment(found: Iterable[Fault]) -> Iterator[Finding]:
    for fault in found:
        if fault.sort is Sort.ENVIRONMENT:
            message = "`env` can be read in requests, webhooks and credentials of `record` alone"
            yield Finding(fault.span, message, "there, write it as {{ env.NAME }}")


@FLOW.add(
    "E802",
    "unfenced-number",
    bad="""
flow: example
start: ask
states:
  ask:
    collect: {prompt: "Which number?", min: 5, max: 15, into: number}
    on: {collected: ring, no_input: bye, invalid: bye}
  ring: {connect: {number: "+{{ number }}"}}
  bye: {hangup: }
""",
    good="""
flow: example
start: ring
states:
  ring: {connect: {number: "+46850000001"}}
""",
)
def unfenced_number(subject: Subject) -> Iterator[Finding]:
    """A number put together from what callers press is dialled, and nothing bounds its price."""
    if subject.app.dial_allow is not None:
        return
    for state in subject.states.values():
        action = state.action
        if isinstance(action, Connect) and action.to == "number" and "{{" in action.target.source:
            yield _unfenced(action.target, action.at)
    for callout in subject.flow.callouts.values():
        if "{{" in callout.to.source and not rings_sip(callout):
            yield _unfenced(callout.to, callout.at)


def _unfenced(target: Text, at: Span) -> Finding:
    help = 'write in app.yaml which numbers may be dialled: dial: {allow: ["+46"]}'
    span = target.scalar.span if target.scalar else at
    return Finding(span, "the dialled number is computed and nothing fences it", help)


@FLOW.add(
    "E803",
    "secret-in-the-open",
    fatal=True,
    bad="""
flow: example
start: ask
vars: {pin: {type: digits, secret: true}}
states:
  ask:
    collect: {prompt: "Your PIN?", length: 4, into: pin}
    on: {collected: bye, no_input: bye}
  bye: {say: "You dialled {{ pin | default('nothing') }}.", hangup: }
""",
    good="""
flow: example
start: ask
vars: {pin: {type: digits, secret: true}}
states:
  ask:
    collect: {prompt: "Your PIN?", length: 4, into: pin}
    on: {collected: bye, no_input: bye}
  bye: {say: "You dialled {{ pin | default('') | length }} digits.", hangup: }
""",
)
def secret_in_the_open(subject: Subject) -> Iterator[Finding]:
    """A secret is spoken, logged, dialled or sent where others can read it.

    `input` is a secret too after a menu or collect whose `into` is a secret variable.
    """
    yield from of_sort(faults(subject), Sort.LEAK)


@APPLICATION.also("E803")
def shared_secret_in_the_open(application: Application) -> Iterator[Finding]:
    yield from of_sort(shared_faults(application), Sort.LEAK)


@FLOW.add(
    "E804",
    "computed-secret",
    fatal=True,
    bad="""
flow: example
start: ask
vars: {pin: {type: digits, secret: true}}
states:
  ask:
    collect: {prompt: "Your PIN?", length: 4, into: pin, check: "input | int > 999"}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
vars: {pin: {type: digits, secret: true}}
states:
  ask:
    collect: {prompt: "Your PIN?", length: 4, into: pin, check: "not input is starting('0')"}
    on: {collected: bye, no_input: bye, invalid: bye}
  bye: {hangup: }
""",
)
def computed_secret(subject: Subject) -> Iterator[Finding]:
    """Something is computed from a secret: nobody could tell any more which values are secret."""
    yield from of_sort(faults(subject), Sort.COMPUTED)


@APPLICATION.also("E804")
def shared_computed_secret(application: Application) -> Iterator[Finding]:
    yield from of_sort(shared_faults(application), Sort.COMPUTED)


@FLOW.add(
    "E805",
    "exposed-secret",
    fatal=True,
    bad="""
flow: example
start: ask
vars: {pin: {type: digits, secret: true}, kept: digits}
states:
  ask:
    collect: {prompt: "Your PIN?", length: 4, into: pin}
    on: {collected: {set: {kept: "{{ pin }}"}, next: bye}, no_input: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
vars: {pin: {type: digits, secret: true}, kept: {type: digits, secret: true}}
states:
  ask:
    collect: {prompt: "Your PIN?", length: 4, into: pin}
    on: {collected: {set: {kept: "{{ pin }}"}, next: bye}, no_input: bye}
  bye: {hangup: }
""",
)
def exposed_secret(subject: Subject) -> Iterator[Finding]:
    """A secret is kept in a variable, parameter or value that is declared as none.

    It would be stored in clear and could be spoken.
    """
    yield from of_sort(faults(subject), Sort.EXPOSED)
    for into, given in subject.intos:
        wanted = subject.variables[into.name]
        if accepts(wanted, given) and not keeps(wanted, given):
            yield Finding(into.at, *exposure(into.name, wanted))


@FLOW.add(
    "E811",
    "recorded-unawares",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ring
states:
  ring:
    do: [record: {to: "s3://calls"}]
    connect: {number: "+46850000001"}
""",
    good="""
flow: example
start: ring
states:
  ring:
    say: This call is recorded.
    do: [record: {to: "s3://calls"}]
    connect: {number: "+46850000001"}
""",
)
def recorded_unawares(subject: Subject) -> Iterator[Finding]:
    """A call is recorded on a way on which the caller has heard nothing: nobody told them.

    In many countries they must be told before. Any words count, of the same reply too: that they
    say it is for their author to see to.
    """
    for recording in untold(subject.application):
        if recording.flow == subject.flow.name:
            message = "the caller is recorded and was told nothing"
            help = f"say so first; a call comes here in silence by {recording.way}"
            yield Finding(recording.step.at, message, help)


_RUNG = """
# app.yaml
app: example
routes: [{flow: example}]
dial: {allow: ["+46"]}
# example.flow.yaml
flow: example
start: ring
states:
  ring:
    run: {flow: std/ring, with: {to: ["+46850000001"]}}
    on: {talked: bye, nobody: bye}
  bye: {hangup: }
"""


@FLOW.add(
    "E807",
    "number-never-dialled",
    bad=_RUNG.replace("+46850000001", "+15550001111"),
    good=_RUNG,
)
def number_never_dialled(subject: Subject) -> Iterator[Finding]:
    """A flow of the library is given a number that `dial.allow` excludes: it would never be rung.

    What such a flow dials is computed, so it is fenced even where the number is written out.
    """
    fence = subject.app.dial_allow
    for run in runs(subject.flow) if fence is not None else ():
        shipped = subject.application.shipped.get(run.flow.name)
        declared = {} if shipped is None else shipped.params
        for name, given in run.params.items():
            wanted = declared[name].type.of if name in declared else None
            if wanted is None or wanted.name is not T.PHONE or not isinstance(given, ListValue):
                continue
            for each in given.items:
                if isinstance(each, TextValue) and _is_beyond(each, fence):
                    message = f'"{each.text.source}" lies outside `dial.allow`: it is never rung'
                    help = (
                        "write in app.yaml that it may be dialled, under `dial:`, or leave it out"
                    )
                    yield Finding(span_of(each), message, help)


def _is_beyond(given: TextValue, fence: tuple[str, ...] | None) -> bool:
    number = None if is_computed(given) else normalise(given.text.source)
    return number is not None and fence is not None and not number.startswith(fence)
