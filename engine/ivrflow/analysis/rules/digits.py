"""E7xx: digits that a flow asks for as it is told by the flow that runs it."""

from collections.abc import Iterator, Mapping
from contextlib import suppress

from jinja2 import nodes

from ivrflow.analysis.graph import wanted_digits
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.compiler.values import bounds, given_literal
from ivrflow.errors import EvaluationError, ExpressionError
from ivrflow.expr.parse import parse_text
from ivrflow.expr.types import T
from ivrflow.model.flow import Digits, Flow, Run, Text, runs
from ivrflow.model.given import is_computed


@FLOW.add(
    "E709",
    "no-input-fits",
    bad="""
flow: example
start: ask
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: "Your number?", min: 10, max: 5}}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    run: {flow: std/ask-number, with: {prompt: "Your number?", min: 5, max: 10}}
    on: {collected: bye, gave_up: bye}
  bye: {hangup: }
""",
)
def no_input_fits(subject: Subject) -> Iterator[Finding]:
    """Another flow is told to ask for so many digits that no input fits: each call would fail."""
    most = subject.platform.limits.max_digits
    for run in runs(subject.flow):
        flow = subject.others.get(run.flow.name)
        if flow is None:
            continue
        params = _literal_params(run, flow)
        for state in flow.states.values():
            digits = wanted_digits(state)
            fault = "" if digits is None else _misfit(digits, params, most)
            if fault:
                yield Finding(run.at, f'"{flow.name}" would ask for {fault}')
                break


def _literal_params(run: Run, flow: Flow) -> dict[str, object]:
    """Return the parameters that no call is needed to know."""
    known: dict[str, object] = {}
    for name, decl in flow.params.items():
        given = run.params.get(name)
        if given is None:
            known[name] = decl.default
        elif not is_computed(given) and decl.type.name is T.INTEGER:
            with suppress(ValueError):  # told by a rule of its own
                known[name] = given_literal(given, decl.type)
    return known


def _misfit(digits: Digits, params: Mapping[str, object], most: int) -> str:
    """Tell what is wrong with the number of digits, "" for nothing or where a call decides it."""
    computed = [each for each in (digits.computed_min, digits.computed_max) if each is not None]
    try:
        wanted = {name for each in computed for name in _params_in(each)}
        if not computed or not wanted <= params.keys():
            return ""
        _, high = bounds(digits)({"params": params})
    except ExpressionError:  # told over there
        return ""
    except EvaluationError as error:
        return str(error)
    return f"{high} digits, more than the {most} that a caller can key" if high > most else ""


def _params_in(text: Text) -> Iterator[str]:
    """Yield the parameters that a text reads, and any other name that it reads."""
    for segment in parse_text(text.source):
        if isinstance(segment, str):
            continue
        for name in (segment, *segment.find_all(nodes.Name)):
            if isinstance(name, nodes.Name) and name.name != "params":
                yield f"{name.name}, no parameter"
        for part in (segment, *segment.find_all(nodes.Getattr)):
            if isinstance(part, nodes.Getattr):
                yield part.attr
