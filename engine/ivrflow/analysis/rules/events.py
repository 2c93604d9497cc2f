"""E2xx: events that are waited for and never come."""

from collections.abc import Iterator, Mapping

from ivrflow.analysis.circles import last_first
from ivrflow.analysis.graph import hears_answer
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.rules.waiting import why_untold
from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import Related, Severity
from ivrflow.model.flow import (
    Collect,
    Conference,
    Connect,
    Fixed,
    Flow,
    Hold,
    Menu,
    Park,
    RecordStep,
    State,
)
from ivrflow.model.outcomes import AMD, LEGS
from ivrflow.model.waiting import outcome_of

ANSWERS = ("answered", *AMD)
WHO_BY_TARGET = {"user": "of in-app users", "stream": "of streams"}


@FLOW.add(
    "E221",
    "event-never-comes",
    bad="""
flow: example
start: ring
states:
  ring:
    connect: {user: ada}
    on: {answered: talk}
  talk: {continue: }
""",
    good="""
flow: example
start: ring
states:
  ring:
    connect: {number: "+46850000001"}
    on: {answered: talk}
  talk: {continue: }
""",
)
def event_never_comes(subject: Subject) -> Iterator[Finding]:
    """An outcome is handled that never happens there: what stands under it is never done.

    The platform tells of an answer, and of the end, only what it is asked to, and nothing of the
    answers of in-app users and streams. A recording or transcript is there only where one is made.
    """
    for state in subject.states.values():
        if isinstance(state.action, Connect):
            yield from _of_connect(state, state.action)
        elif not subject.graph.places_legs:
            yield from _of_legs(state)
        if isinstance(state.action, Park):
            longest = state.action.max_duration
            parked = (
                longest.milliseconds if isinstance(longest, Fixed) else subject.platform.limits.park
            )
            yield from _of_timers(state, parked)
    yield from _news(subject)
    yield from _invalid(subject.flow)


def _of_connect(state: State, connect: Connect) -> Iterator[Finding]:
    handled = state.on.by_outcome
    silenced = "`callbacks: false` asks it not to"
    wanted = [name for name in ANSWERS if handled.get(name)]
    told = connect.amd and (connect.to != "number" or not connect.callbacks)  # E781 says so
    if wanted and not told and not hears_answer(connect):
        why = silenced if not connect.callbacks else f"nobody is told {WHO_BY_TARGET[connect.to]}"
        message = f'"{wanted[0]}" never comes: the platform does not tell of an answer'
        yield Finding(handled[wanted[0]][0].at, message, f"remove it: {why}")
    if not connect.callbacks and handled.get("ended"):
        message = '"ended" never comes: the platform does not tell of the end'
        yield Finding(handled["ended"][0].at, message, f"remove it: {silenced}")


def _of_legs(state: State) -> Iterator[Finding]:
    """What is told of legs where none is placed. That nobody can be talked to is told by E213."""
    if isinstance(state.action, Hold | Park | Conference):
        for name in (each for each in LEGS if not why_untold(state.action, each)):
            for move in state.on.by_outcome.get(name, ())[:1]:
                help = "place one: do: [{callout: {name: ...}}] without `keep: true`"
                yield Finding(move.at, f'"{name}" never comes: the flow places no leg', help)


def _of_timers(state: State, parked: int) -> Iterator[Finding]:
    """Timers that are due when the park is over, and with it the call."""
    for timer in state.timers:
        if isinstance(timer.time, Fixed) and timer.time.milliseconds >= parked:
            message = f'"{outcome_of(timer)}" never comes: the park is over by then'
            yield Finding(timer.at, message, "make it shorter, or `max_duration` longer")


def _news(subject: Subject) -> Iterator[Finding]:
    """What is told of recordings that nobody makes. A recording goes on where one flow runs
    another, or returns."""
    handled = subject.flow.on.by_outcome
    if not (handled.get("recording") or handled.get("transcript")):
        return
    made = [
        step
        for name in _beside(subject.application, subject.flow.name)
        for step in Subject(subject.others[name], subject.application).steps()
        if isinstance(step, RecordStep)
    ]
    if handled.get("recording") and not made:
        message = '"recording" never comes: nothing is recorded'
        yield Finding(handled["recording"][0].at, message, "remove it, or add a step `record`")
    if handled.get("transcript") and all(step.transcribe is None for step in made):
        message = '"transcript" never comes: nothing is written down'
        help = "remove it, or let a recording be written down: record: {transcribe: true, ...}"
        yield Finding(handled["transcript"][0].at, message, help)


def _beside(application: Application, name: str) -> Iterator[str]:
    """Yield the flows that may be running with one: those that it runs, and those that run it."""
    found = {*last_first([name], application.run_by), *_around(application, name)}
    yield from (each for each in found if each in application.all_flows)


def _around(application: Application, name: str) -> Iterator[str]:
    """Yield the flow itself, and those that run it, directly or not."""
    runners = application.passing.runners
    return last_first([name], lambda inner: {flow for flow, _ in runners.get(inner, ())})


def _invalid(flow: Flow) -> Iterator[Finding]:
    """What menus and collects inherit, where there is none of them."""
    asking = [type(state.action) for state in flow.states.values()]
    wanted: Mapping[str, tuple[type, ...]] = {
        "no_input": (Menu, Collect),
        "no_match": (Menu,),
        "invalid": (Collect,),
    }
    for name, kinds in wanted.items():
        transition = flow.on.by_outcome.get(name, ())
        if transition and not any(kind in kinds for kind in asking):
            words = " or ".join(kind.__name__.lower() for kind in kinds)
            message = f'"{name}" never comes: the flow has no {words}'
            yield Finding(transition[0].at, message, "remove it")


@FLOW.add(
    "E224",
    "end-untold",
    severity=Severity.WARNING,
    bad="""
flow: example
start: ring
states:
  ring: {connect: {number: "+46850000001", callbacks: false}}
on: {ended: {do: [log: "{{ result }}"]}}
""",
    good="""
flow: example
start: ring
states:
  ring: {connect: {number: "+46850000001"}}
on: {ended: {do: [log: "{{ result }}"]}}
""",
)
def end_untold(subject: Subject) -> Iterator[Finding]:
    """Calls are connected with `callbacks: false`, and what the flow does at the end is never done
    for them: the platform does not tell of it."""
    for state in subject.states.values():
        if isinstance(state.action, Connect) and not state.action.callbacks:
            for name in sorted(_around(subject.application, subject.flow.name)):
                yield from _untold(state.action, subject.others[name])


def _untold(connect: Connect, flow: Flow) -> Iterator[Finding]:
    for move in flow.on.by_outcome.get("ended", ())[:1]:
        other = Related(flow.path, move.at, "this is not done")
        message = f'the platform does not tell "{flow.name}" of the end of these calls'
        yield Finding(connect.at, message, "remove `callbacks: false`, or `ended`", (other,))
