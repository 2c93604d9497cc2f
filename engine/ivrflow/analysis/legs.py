"""Legs of an application: which flows place them, and in which flows they are."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from ivrflow.analysis.circles import last_first
from ivrflow.analysis.graph import steps_of
from ivrflow.analysis.subject import Application
from ivrflow.model.flow import Callout, CalloutStep, Flow, Step, callee
from ivrflow.model.waiting import places_leg


def leg_steps(steps: Iterable[Step]) -> Iterator[CalloutStep]:
    """Yield the steps that place legs."""
    yield from (step for step in steps if isinstance(step, CalloutStep) and places_leg(step))


def legs_of(flow: Flow) -> Iterator[tuple[CalloutStep, Callout]]:
    """Yield the legs that a flow places, with what it declares of each."""
    for step in leg_steps(steps_of(flow)):
        callout = flow.callouts.get(step.callout.name)
        if callout is not None:
            yield step, callout


def placed_by(application: Application, name: str) -> list[str]:
    """Return the flows of the legs that a flow places itself."""
    flow = application.all_flows.get(name)
    return [] if flow is None else [callee(callout, flow) for _, callout in legs_of(flow)]


@lru_cache(maxsize=1)
def in_legs(application: Application) -> frozenset[str]:
    """Return the flows that legs can be in: those that legs run, and those that these run."""
    first = {each for name in application.all_flows for each in placed_by(application, name)}
    return frozenset(last_first(sorted(first), application.run_by))


def inner_flows(application: Application, name: str) -> Iterator[Flow | None]:
    """Yield a flow and all that it runs; None for one that is not there."""
    todo, seen = [name], set[str]()
    while todo:
        each = todo.pop()
        if each not in seen:
            seen.add(each)
            yield application.all_flows.get(each)
            todo += application.run_by(each)
