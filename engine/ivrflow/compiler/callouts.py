"""Callouts as closures over the parameters of the flow that they run."""

from collections.abc import Mapping

from ivrflow.compiler.platform import Platform
from ivrflow.compiler.values import condition, duration, given, plain, target, text
from ivrflow.expr.compile import Value, compile_tree
from ivrflow.expr.parse import whole_expression
from ivrflow.machine import program
from ivrflow.machine.environment import marked
from ivrflow.machine.opening import qualified
from ivrflow.model import flow as model

Callees = Mapping[str, Mapping[str, model.Decl]]
"""The parameters of flows by their names."""


def compile_callouts(
    flow: model.Flow, callees: Callees, platform: Platform
) -> dict[str, program.Callout]:
    """Compile the callouts that `flow` declares, by name."""
    return {
        name: _callout(name, callout, flow, callees, platform)
        for name, callout in flow.callouts.items()
    }


def compile_step(
    step: model.CalloutStep, flow: model.Flow, callees: Callees
) -> program.CalloutStep:
    """Compile a step that places a callout of `flow`."""
    declared = callees[model.callee(flow.callouts[step.callout.name], flow)]
    return program.CalloutStep(
        name=step.callout.name,
        params={name: given(each, declared[name].type) for name, each in step.params.items()},
        for_each=None if step.for_each is None else _whole(step.for_each),
        when=None if step.when is None else text(step.when, plain),
        keep=step.keep,
        into=None if step.into is None else step.into.name,
    )


def _callout(
    name: str, callout: model.Callout, flow: model.Flow, callees: Callees, platform: Platform
) -> program.Callout:
    runs = model.callee(callout, flow)
    insert = platform.insert_name
    return program.Callout(
        name=name,
        flow=runs,
        to=target(_address(callout), insert),
        is_sip=model.rings_sip(callout),
        fenced="{{" in callout.to.source,
        cli=None if callout.cli is None else text(_marked(callout.cli), insert),
        timeout=duration(callout.timeout),
        max_duration=duration(callout.max_duration),
        amd=callout.amd,
        dtmf=None if callout.dtmf is None else text(callout.dtmf, plain),
        key=None if callout.key is None else text(callout.key, plain),
        unless=None if callout.unless is None else condition(callout.unless),
        hours=_hours(callout, flow),
        retry=_retry(callout.retry),
        params={each: decl.type for each, decl in callees[runs].items()},
        defaults={
            each: decl.default
            for each, decl in callees[runs].items()
            if decl.has_default or decl.type.nullable
        },
    )


def _hours(callout: model.Callout, flow: model.Flow) -> Value | None:
    """Return a closure that yields the name of a schedule, or null."""
    if callout.computed_hours is not None:
        return _whole(callout.computed_hours)
    if callout.hours is None:
        return None
    own = callout.hours.name in flow.schedules
    name = qualified(flow.name, callout.hours.name) if own else callout.hours.name
    return lambda scope: name


def _retry(retry: model.Retry | None) -> program.Retry | None:
    if retry is None:
        return None
    results = frozenset(retry.results)
    return program.Retry(results=results, times=retry.times, every=retry.every.milliseconds)


def _whole(source: model.Text) -> Value:
    """Return a closure that yields what the one `{{ }}` of a text holds."""
    whole = whole_expression(source.source)
    return text(source, plain) if whole is None else compile_tree(whole)


def _address(callout: model.Callout) -> model.Text:
    return _marked(model.Text(source=callout.to.source.strip().removeprefix(model.SIP)))


def _marked(source: model.Text) -> model.Text:
    return model.Text(source=marked(source.source))
