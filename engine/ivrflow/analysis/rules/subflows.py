"""E1xx and E2xx of flows that run each other."""

from collections.abc import Iterator

from ivrflow.analysis.circles import circles
from ivrflow.analysis.graph import Graph
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import APPLICATION, FLOW
from ivrflow.analysis.subject import Application, Subject
from ivrflow.analysis.values import missing_values, wrong_values
from ivrflow.diagnostics import did_you_mean
from ivrflow.model.flow import Flow, Return, Run, runs


@FLOW.add(
    "E111",
    "unknown-sub-flow",
    fatal=True,
    bad="""
flow: example
start: ask
states:
  ask:
    run: {flow: std/ask-numbr, with: {prompt: "Your number?", length: 4}}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: "Your number?", length: 4}}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
""",
)
def unknown_sub_flow(subject: Subject) -> Iterator[Finding]:
    """A flow is run that does not exist: callers would hear an apology."""
    for run in runs(subject.flow):
        if run.flow.name not in subject.others:
            known = [name for name in subject.others if name != subject.flow.name]
            help = did_you_mean(run.flow.name, [*known, *subject.application.library])
            yield Finding(run.flow.at, f'no flow is called "{run.flow.name}"', help)


@FLOW.add(
    "E112",
    "wrong-argument",
    fatal=True,
    bad="""
flow: example
start: ask
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: "Your number?", lenght: 4}}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: "Your number?", length: 4}}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
""",
)
def wrong_argument(subject: Subject) -> Iterator[Finding]:
    """A flow gets a parameter that it has not, or of another type, or lacks one that it needs."""
    for run in runs(subject.flow):
        flow = subject.others.get(run.flow.name)
        if flow is not None:
            told = f'"{flow.name}" has no parameter'
            yield from wrong_values(run.params, flow.params, told, run.at)
            yield from missing_values(run.params, flow.params, f'"{flow.name}" needs', run.at)


@FLOW.add(
    "E113",
    "wrong-return",
    bad="""
flow: example
start: ask
returns: {answered: {number: digits}}
states:
  ask:
    collect: {prompt: "Your number?", length: 4, into: number}
    on: {collected: done, no_input: done}
  done: {return: {name: answerd, values: {number: "{{ number | default('0000') }}"}}}
""",
    good="""
flow: example
start: ask
returns: {answered: {number: digits}, silent: {}}
states:
  ask:
    collect: {prompt: "Your number?", length: 4, into: number}
    on: {collected: done, no_input: silence}
  done: {return: {name: answered, values: {number: "{{ number }}"}}}
  silence: {return: {name: silent}}
""",
)
def wrong_return(subject: Subject) -> Iterator[Finding]:
    """A flow returns by an outcome that it doesn't declare, or without a value that it promises."""
    declared = subject.flow.returns
    for back in _returns(subject.flow):
        name = back.name.name
        if name not in declared:
            help = did_you_mean(name, declared) or f"declare it: returns: {{{name}: {{}}}}"
            yield Finding(back.name.at, f'"{name}" is none of the flow\'s `returns`', help)
            continue
        yield from wrong_values(back.values, declared[name], f'"{name}" gives no', back.at)
        for each in declared[name].keys() - back.values.keys():
            help = f"add it under `values:`: {each}: ..."
            yield Finding(back.at, f'"{name}" promises "{each}", which is not given', help)


def _returns(flow: Flow) -> Iterator[Return]:
    for state in flow.states.values():
        if isinstance(state.action, Return):
            yield state.action


@FLOW.add(
    "E210",
    "recursion",
    fatal=True,
    bad="""
flow: example
start: again
returns: {done: {}}
states:
  again: {run: {flow: example}, on: {done: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: "Your number?", length: 4}}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
""",
)
def recursion(subject: Subject) -> Iterator[Finding]:
    """A flow runs itself, directly or through others: it might never come to an end."""

    def after(name: str) -> list[str]:
        flow = subject.others.get(name)
        return [] if flow is None else [each.flow.name for each in runs(flow)]

    for circle in circles([subject.flow.name], after):
        if subject.flow.name in circle:
            way = " -> ".join([*circle, circle[0]])
            place = _run_into(subject.flow, circle)
            help = "let the inner flow return, and lead round here"
            yield Finding(place.at, f"these flows run each other: {way}", help)


def _run_into(flow: Flow, circle: list[str]) -> Run:
    return next(each for each in runs(flow) if each.flow.name in circle)


@APPLICATION.add(
    "E211",
    "return-to-nobody",
    bad="""
app: example
routes: [{flow: inner}]
""",
    good="""
app: example
routes: [{flow: example}]
""",
)
def return_to_nobody(application: Application) -> Iterator[Finding]:
    """A route leads to a flow that returns: there is no flow to go back to."""
    for route in application.app.routes:
        flow = application.all_flows.get(route.flow.name)
        if flow is None:
            continue
        returning = [
            name
            for name in _graph(application, flow).reachable()
            if isinstance(flow.states[name].action, Return)
        ]
        if returning:
            message = f'"{flow.name}" returns in "{min(returning)}", but no flow has run it'
            help = "route to a flow that runs it, or end the call there"
            yield Finding(route.flow.at, message, help)


def _graph(application: Application, flow: Flow) -> Graph:
    return Graph(flow, application.all_flows, application.visible[flow.name].requests)
