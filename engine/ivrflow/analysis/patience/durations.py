"""Durations that are parameters: the longest that flows are given by those that run them."""

from collections.abc import Iterator, Mapping

from ivrflow.compiler.values import given_literal, parameter
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import Duration, Fixed, Flow, Template, runs
from ivrflow.model.given import is_computed

Durations = Mapping[str, int]
"""Milliseconds by parameter; one of which nothing is known is not among them."""


def written(duration: Duration | None, known: Durations, otherwise: int) -> int:
    """Return how long a duration is at most, `otherwise` where that is computed."""
    match duration:
        case None:
            return otherwise
        case Fixed(milliseconds=milliseconds):
            return milliseconds
        case _:
            return known.get(parameter(duration.text), otherwise)


def durations_of(flows: Mapping[str, Flow]) -> Mapping[str, Durations]:
    """Return what is known by flow: of flows that return, for nobody else gives them anything."""
    return {name: _known(flow, flows) for name, flow in flows.items() if flow.returns}


def _known(flow: Flow, flows: Mapping[str, Flow]) -> Durations:
    found: dict[str, int] = {}
    for name, decl in flow.params.items():
        if decl.type.name is T.DURATION:
            given = [_literal(each) for each in _given(flow.name, name, flows)]
            always = given and len(given) == _times_run(flow.name, flows)
            own = [decl.default] if isinstance(decl.default, int) and not always else []
            values = [*given, *own]
            if values and None not in values:
                found[name] = max(each for each in values if each is not None)
    return found


def _times_run(flow: str, flows: Mapping[str, Flow]) -> int:
    return sum(run.flow.name == flow for other in flows.values() for run in runs(other))


def _given(flow: str, param: str, flows: Mapping[str, Flow]) -> Iterator[Template]:
    for other in flows.values():
        for run in runs(other):
            if run.flow.name == flow and param in run.params:
                yield run.params[param]


def _literal(value: Template) -> int | None:
    """The milliseconds that are written out, None where they are not."""
    if is_computed(value):
        return None
    try:
        given = given_literal(value, Type(name=T.DURATION))
    except ValueError:  # told by a rule of its own
        return None
    return given if isinstance(given, int) else None
