"""E2xx: walks that are longer, and flows that are nested deeper, than the engine follows."""

from collections.abc import Iterator

from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Related
from ivrflow.machine.walk import MAX_FRAMES, MAX_PASSING
from ivrflow.model.flow import runs, targets


@FLOW.add(
    "E222",
    "walk-too-long",
    bad=f"""
# a flow of {MAX_PASSING} states that each lead on to the next without waiting, and one that speaks
""",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., next: bye}
  bye: {say: Goodbye., hangup: }
""",
)
def walk_too_long(subject: Subject) -> Iterator[Finding]:
    """One reply passes more states, one after another, than the engine follows: the caller would
    hear the error state."""
    if any(len(each) >= MAX_FRAMES for each in subject.application.around.values()):
        return  # their way back is long because they are nested
    for name in _first_of_walks(subject):
        way = subject.application.passed.before_reply((subject.flow.name, name))
        if way.longest > MAX_PASSING:
            first = " -> ".join(each.removeprefix(f"{subject.flow.name}:") for each in way.names)
            message = f"from here one reply can pass {way.longest} states, {MAX_PASSING} at most"
            help = f"let one of them wait, or make them fewer: {first} -> ..."
            yield Finding(subject.states[name].at, message, help)


def _first_of_walks(subject: Subject) -> Iterator[str]:
    """Yield the states in which the walk of a reply can begin: where calls come in, and where they
    go when something happens."""
    flow = subject.flow
    found = {flow.start.name} if flow in subject.application.entries else set()
    found |= set() if flow.on.error is None else {flow.on.error.name}
    for each in subject.ways_by_state.values():
        for way in each:
            found |= {ref.name for ref in targets(way.transition)} if way.event else set()
    yield from (name for name in subject.states if name in found)


@FLOW.add(
    "E223",
    "nested-flows",
    bad=f"\n# {MAX_FRAMES + 1} flows, each of which runs the next one\n",
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
def nested_flows(subject: Subject) -> Iterator[Finding]:
    """Flows run each other deeper than the engine follows: the caller would hear the error
    state."""
    around = subject.application.around.get(subject.flow.name, ())
    if len(around) + 1 != MAX_FRAMES:
        return
    outermost = subject.others[around[0]]
    other = Related(outermost.path, outermost.start.at, "the outermost one begins here")
    told: set[str] = set()
    for run in runs(subject.flow):
        if run.flow.name in subject.others and run.flow.name not in told:
            told.add(run.flow.name)
            way = " -> ".join([*around, subject.flow.name, run.flow.name])
            message = f"{MAX_FRAMES + 1} flows run each other here, {MAX_FRAMES} at most"
            yield Finding(run.at, message, f"let one of them return first: {way}", (other,))
