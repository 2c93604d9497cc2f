"""E18x: outgoing calls."""

from collections.abc import Iterator

from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.analysis.values import missing_values, wrong_values
from ivrflow.diagnostics import did_you_mean
from ivrflow.expr.types import T
from ivrflow.model.flow import Callout, CalloutStep, Flow, Return, callee, rings_sip

GIVABLE = "callouts outlive the call that places them, and a prompt would not"


@FLOW.add(
    "E181",
    "unknown-callout",
    fatal=True,
    bad="""
# app.yaml
app: example
dial: {allow: ["+46"]}
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: ring_back
params: {to: {type: phone, default: "+46850000001"}}
callouts: {leg: {to: "{{ to }}"}}
states:
  ring_back:
    do: [{callout: {name: lag, with: {to: "+46850000001"}, keep: true}}]
    hangup:
""",
    good="""
# app.yaml
app: example
dial: {allow: ["+46"]}
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: ring_back
params: {to: {type: phone, default: "+46850000001"}}
callouts: {leg: {to: "{{ to }}"}}
states:
  ring_back:
    do: [{callout: {name: leg, with: {to: "+46850000001"}, keep: true}}]
    hangup:
""",
)
def unknown_callout(subject: Subject) -> Iterator[Finding]:
    """A callout is placed that the flow doesn't declare: callers would hear an apology."""
    known = subject.flow.callouts
    for step in _steps(subject):
        name = step.callout.name
        if name not in known:
            help = did_you_mean(name, known) or "declare it under `callouts:`"
            yield Finding(step.callout.at, f'no callout is called "{name}"', help)


@FLOW.add(
    "E182",
    "unknown-callee",
    fatal=True,
    bad="""
flow: example
start: greet
callouts: {remind: {flow: remindr, to: "+46850000001"}}
states:
  greet: {say: This is a reminder., hangup: }
""",
    good="""
flow: example
start: greet
callouts: {remind: {to: "+46850000001"}}
states:
  greet: {say: This is a reminder., hangup: }
""",
)
def unknown_callee(subject: Subject) -> Iterator[Finding]:
    """A callout runs a flow that does not exist: whoever answers would hear an apology."""
    for callout in subject.flow.callouts.values():
        if callout.flow is not None and callout.flow.name not in subject.others:
            name = callout.flow.name
            help = did_you_mean(name, [*subject.others, *subject.application.library])
            yield Finding(callout.flow.at, f'no flow is called "{name}"', help)


@FLOW.add(
    "E183",
    "wrong-callout-argument",
    fatal=True,
    bad="""
# app.yaml
app: example
dial: {allow: ["+46"]}
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: ring_back
params: {to: {type: phone, default: "+46850000001"}}
callouts: {leg: {to: "{{ to }}"}}
states:
  ring_back:
    do: [{callout: {name: leg, with: {too: "+46850000001"}, keep: true}}]
    hangup:
""",
    good="""
# app.yaml
app: example
dial: {allow: ["+46"]}
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: ring_back
params: {to: {type: phone, default: "+46850000001"}}
callouts: {leg: {to: "{{ to }}"}}
states:
  ring_back:
    do: [{callout: {name: leg, with: {to: "+46850000001"}, keep: true}}]
    hangup:
""",
)
def wrong_callout_argument(subject: Subject) -> Iterator[Finding]:
    """A callout gets a parameter that the flow it runs has not, or of another type, or lacks one
    that it needs."""
    for step in _steps(subject):
        callout = subject.flow.callouts.get(step.callout.name)
        flow = None if callout is None else _callee(subject, callout)
        if flow is not None:
            told = f'"{flow.name}" has no parameter'
            yield from wrong_values(step.params, flow.params, told, step.at)
            yield from missing_values(step.params, flow.params, f'"{flow.name}" needs', step.at)


@FLOW.add(
    "E184",
    "callee-for-runs-only",
    bad="""
# app.yaml
app: example
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: greet
callouts: {remind: {flow: inner, to: "+46850000001"}}
states:
  greet: {say: Hello., hangup: }
# inner.flow.yaml
flow: inner
start: done
returns: {done: {}}
states:
  done: {return: {name: done}}
""",
    good="""
# app.yaml
app: example
routes: [{flow: example}]
# example.flow.yaml
flow: example
start: greet
callouts: {remind: {flow: inner, to: "+46850000001"}}
states:
  greet: {say: Hello., hangup: }
# inner.flow.yaml
flow: inner
start: remind
states:
  remind: {say: This is a reminder., hangup: }
""",
)
def callee_for_runs_only(subject: Subject) -> Iterator[Finding]:
    """A callout runs a flow that only another flow can run: it returns, or has to be given what
    ends with a call."""
    for callout in subject.flow.callouts.values():
        flow = _callee(subject, callout)
        if flow is None:
            continue
        at = callout.at if callout.flow is None else callout.flow.at
        if any(isinstance(state.action, Return) for state in flow.states.values()):
            help = "end the call there, or write a flow around it that does"
            yield Finding(at, f'"{flow.name}" returns, but no flow has run it', help)
        for name, decl in flow.params.items():
            if decl.type.name is T.PROMPT:
                yield Finding(at, f'"{flow.name}" takes "{name}", a prompt', GIVABLE)


@FLOW.add(
    "E185",
    "unreached-by-nobody",
    bad="""
flow: example
start: greet
on: {unreached: {do: [{log: nobody there}]}}
states:
  greet: {say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
callouts: {remind: {to: "+46850000001"}}
on: {unreached: {do: [{log: nobody there}]}}
states:
  greet: {say: Hello., hangup: }
""",
)
def unreached_by_nobody(subject: Subject) -> Iterator[Finding]:
    """A flow handles `unreached`, and no callout runs it: what stands there would never happen."""
    handler = subject.flow.on.by_outcome.get("unreached")
    if handler and subject.flow.name not in subject.application.called:
        help = "it belongs into the flow that the callout runs"
        yield Finding(handler[0].at, f'no callout runs "{subject.flow.name}"', help)


@FLOW.add(
    "E186",
    "no-key-of-sip-callout",
    bad="""
flow: example
start: greet
callouts: {remind: {to: "ada@example.com", timeout: 20s}}
states:
  greet: {say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
callouts: {remind: {to: "ada@example.com", max_duration: 5m}}
states:
  greet: {say: Hello., hangup: }
""",
)
def no_key_of_sip_callout(subject: Subject) -> Iterator[Finding]:
    """A callout of a SIP address says how long to ring, waits for a machine or sends digits: the
    platform does none of it there, so nobody would notice that it is written."""
    for name, callout in subject.flow.callouts.items():
        named = {"timeout": callout.timeout, "amd": callout.amd, "dtmf": callout.dtmf}
        written = [key for key, value in named.items() if value]
        if rings_sip(callout) and written:
            message = f'"{name}" calls a SIP address, which takes no `{written[0]}`'
            yield Finding(callout.at, message, "leave it out, or call a number")


def _steps(subject: Subject) -> Iterator[CalloutStep]:
    for step in subject.steps():
        if isinstance(step, CalloutStep):
            yield step


def _callee(subject: Subject, callout: Callout) -> Flow | None:
    return subject.others.get(callee(callout, subject.flow))
