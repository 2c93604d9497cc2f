"""All rules over a flow or an application."""

from collections.abc import Iterable

from ivrflow.analysis.rules import (
    APPLICATION,
    FLOW,
    applications,
    callouts,
    conferences,
    contexts,
    digits,
    events,
    expressions,
    headers,
    hosts,
    keys,
    legs,
    limits,
    listeners,
    locales,
    patience,
    prompts,
    reachability,
    records,
    references,
    replies,
    requests,
    ringing,
    security,
    silence,
    speech,
    spoken,
    subflows,
    usability,
    waiting,
    walks,
    webhooks,
)
from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import START, Diagnostic, Kind, Related
from ivrflow.model.flow import Flow

FAMILIES = (
    applications,
    callouts,
    conferences,
    contexts,
    digits,
    events,
    expressions,
    headers,
    hosts,
    keys,
    legs,
    limits,
    listeners,
    locales,
    patience,
    prompts,
    reachability,
    records,
    references,
    replies,
    requests,
    ringing,
    security,
    silence,
    speech,
    spoken,
    subflows,
    usability,
    waiting,
    walks,
    webhooks,
)
"""Importing a family registers its rules."""

DUPLICATE_FLOW = Kind(
    "E108",
    "duplicate-flow",
    "Two flows of an application have one name: which of them answers would be chance.",
    bad="""
# app.yaml
app: example
routes: [{flow: front-door}]
# one.flow.yaml
flow: front-door
start: greet
states:
  greet: {say: Hello., hangup: }
# two.flow.yaml
flow: front-door
start: greet
states:
  greet: {say: Welcome., hangup: }
""",
    good="""
# app.yaml
app: example
routes: [{to: "+46850000001", flow: front-door}, {flow: back-door}]
# one.flow.yaml
flow: front-door
start: greet
states:
  greet: {say: Hello., hangup: }
# two.flow.yaml
flow: back-door
start: greet
states:
  greet: {say: Welcome., hangup: }
""",
    fatal=True,
)


def analyse(flow: Flow, application: Application, *, damaged: bool = False) -> list[Diagnostic]:
    """Return what the rules find in `flow`, in no order.

    A `damaged` flow, whose text has errors already, is spared the rules that would only repeat
    them in other words. So is one whose name another has: others run and reach that one.
    """
    subject = Subject(flow, application)
    damaged = damaged or subject.others.get(flow.name) is not flow
    return [
        found
        for rule in FLOW.by_code.values()
        if not (damaged and rule.whole)
        for found in rule.apply(subject, flow.path)
    ]


def analyse_app(application: Application, *, damaged: bool = False) -> list[Diagnostic]:
    """Return what the rules find in an application; see `analyse`."""
    found = _duplicates(application.flows)
    for rule in APPLICATION.by_code.values():
        if not damaged:
            found += rule.apply(application, application.app.path)
    return found


def _duplicates(flows: Iterable[Flow]) -> list[Diagnostic]:
    """Two flows of one name: which of them answered would be chance."""
    first_by_name: dict[str, Flow] = {}
    found = []
    for flow in flows:
        first = first_by_name.setdefault(flow.name, flow)
        if first is not flow:
            other = Related(first.path, START, "the other one")
            message = f'another flow is called "{flow.name}" too'
            found.append(DUPLICATE_FLOW.at(flow.path, START, message, related=(other,)))
    return found
