"""E18x and E21x: legs, the outgoing calls of a call that waits for who answers."""

from collections.abc import Iterator

from ivrflow.analysis.circles import circles
from ivrflow.analysis.graph import ASIDE
from ivrflow.analysis.legs import in_legs, inner_flows, leg_steps, legs_of, placed_by
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Related, Severity, listed
from ivrflow.model.flow import Bridge, CalloutStep, Conference, Flow, Hold, State, callee, targets
from ivrflow.model.outcomes import LEG_BRIDGED, LEGS

_APP = """
# app.yaml
app: example
routes: [{flow: example}]"""

_LEG = """
# leg.flow.yaml
flow: leg
start: ask
states:
  ask:
    menu: {prompt: "A call for you. To take it, press 1.", choices: {1: talk}}
    on: {no_input: bye, no_match: bye}
  talk: {bridge: parent, on: {too_late: bye}}
  bye: {hangup: }
"""

_CALLOUT = 'callouts: {ring: {flow: leg, to: "+46850000001"}}'

RING = f"""{_APP}
# example.flow.yaml
flow: example
start: ring
{_CALLOUT}
states:
  ring: {{do: [{{callout: {{name: ring}}}}], next: wait}}
  wait:
    hold: {{prompt: Please hold.}}
    on: {{leg.bridged: talk, leg.ended: sorry}}
    timers: [{{after: 1m, next: sorry}}]
  talk: {{bridge: leg, on: {{leg.ended: bye}}}}
  sorry: {{say: Nobody answers., hangup: }}
  bye: {{hangup: }}{_LEG}"""
"""A flow that rings somebody, as it should."""


@FLOW.add(
    "E187",
    "unawaited-leg",
    bad=f"""{_APP}
# example.flow.yaml
flow: example
start: ring
{_CALLOUT}
states:
  ring: {{do: [{{callout: {{name: ring}}}}], say: Goodbye., hangup: }}{_LEG}""",
    good=RING,
)
def unawaited_leg(subject: Subject) -> Iterator[Finding]:
    """A leg is placed, and the flow never waits for one, or the call is over already: a telephone
    would ring for nothing.

    A leg ends with the run of the flow that placed it; `keep: true` lets a callout outlive it.
    """
    help = "wait for it in a `hold`, or write `keep: true`: it then outlives this call"
    over = {id(step) for step in _when_over(subject)}
    waits = any(_waits(state) for state in subject.states.values())
    for step, _ in legs_of(subject.flow):
        if id(step) in over:
            yield Finding(step.at, "a leg of a call that is over is never answered", help)
        elif not waits:
            yield Finding(step.at, "a leg is placed, and nothing here waits for one", help)


def _waits(state: State) -> bool:
    """Whether a state waits for legs; of one that should and doesn't E206 tells."""
    waits = isinstance(state.action, Hold) or any(each in LEGS for each in state.on.by_outcome)
    return waits or (isinstance(state.action, Bridge) and state.action.to == "leg")


def _when_over(subject: Subject) -> Iterator[CalloutStep]:
    """Yield the legs that are placed when nobody is on the line."""
    handlers = [subject.flow.on.by_outcome.get(name, ()) for name in ASIDE]
    handlers += [state.on.by_outcome.get("ended", ()) for state in subject.states.values()]
    for transition in handlers:
        for move in transition:
            yield from leg_steps(move.steps)


@FLOW.add(
    "E188",
    "late-leg",
    bad=RING.replace(
        '"+46850000001"}', '"+46850000001", retry: {results: [busy], times: 3, every: 10m}}'
    ),
    good=RING,
)
def late_leg(subject: Subject) -> Iterator[Finding]:
    """A leg is placed for later, by `at`, or by a callout with `hours` or `retry`: its caller waits
    now."""
    for step, callout in legs_of(subject.flow):
        named = {"at": step.when, "hours": callout.hours, "retry": callout.retry}
        keys = [f"`{key}`" for key, value in named.items() if value is not None]
        if keys:
            message = f"a leg can't have {listed(keys)}: the caller who waits for it waits now"
            help = f"leave {listed(keys)} out, or write `keep: true`: it is no leg then"
            related = Related(
                subject.flow.path, callout.at, f'"{step.callout.name}" is declared here'
            )
            yield Finding(step.at, message, help, () if keys == ["`at`"] else (related,))


@FLOW.add(
    "E189",
    "bridge-without-parent",
    bad="""
flow: example
start: greet
states:
  greet: {bridge: parent, on: {too_late: bye}}
  bye: {hangup: }
""",
    good=RING,
)
def bridge_without_parent(subject: Subject) -> Iterator[Finding]:
    """A flow joins its parent, and no leg runs it: it would always be too late."""
    if subject.flow.name in in_legs(subject.application):
        return
    for state in subject.states.values():
        if isinstance(state.action, Bridge) and state.action.to == "parent":
            message = f'no leg runs "{subject.flow.name}": there is nobody to join'
            help = "place a callout that runs it, without `keep: true`"
            yield Finding(state.action.at, message, help)


@FLOW.add(
    "E190",
    "leg-never-bridges",
    severity=Severity.WARNING,
    bad=RING.replace("{bridge: parent, on: {too_late: bye}}", "{say: Goodbye., hangup: }"),
    good=RING,
)
def leg_never_bridges(subject: Subject) -> Iterator[Finding]:
    """A leg is placed, and nothing in the flow that it runs joins its parent, or a conference: who
    waits never talks to who answers."""
    told: set[str] = set()
    for step, callout in legs_of(subject.flow):
        name = callee(callout, subject.flow)
        if name not in told and not any(map(_joins, inner_flows(subject.application, name))):
            told.add(name)
            message = f'nothing in "{name}" joins the call that waits'
            help = "lead to a state with `bridge: parent`, or write `keep: true`"
            yield Finding(step.at, message, help)


def _joins(flow: Flow | None) -> bool:
    """Whether a flow joins its parent, or a room where that may be too; that one is not there is
    told by a rule of its own."""
    if flow is None:
        return True
    actions = (state.action for state in flow.states.values())
    return any(
        isinstance(each, Conference) or (isinstance(each, Bridge) and each.to == "parent")
        for each in actions
    )


@FLOW.add(
    "E213",
    "bridge-without-leg",
    bad=RING.replace("leg.ended: sorry", "leg.ended: talk"),
    good=RING,
)
def bridge_without_leg(subject: Subject) -> Iterator[Finding]:
    """A call can come to `bridge: leg` and no leg has accepted: there is nobody to talk to, and the
    caller would hear the error state.

    A leg has accepted after `leg.bridged`, until its call is over.
    """
    bridges = {name for name, state in subject.states.items() if _joins_leg(state)}
    for name, way in _unbridged(subject, bridges).items():
        if name in bridges:
            message = f'"{name}" can be come to before a leg has accepted: {way}'
            action = subject.states[name].action
            at = subject.states[name].at if action is None else action.at
            yield Finding(at, message, "lead here from `leg.bridged`")


def _joins_leg(state: State) -> bool:
    return isinstance(state.action, Bridge) and state.action.to == "leg"


def _unbridged(subject: Subject, bridges: set[str]) -> dict[str, str]:
    """Return the states that a call can come to while no leg has accepted, and a way to each."""
    flow, found = subject.flow, dict[str, str]()
    first = [flow.start.name, *(() if flow.on.error is None else [flow.on.error.name])]
    todo = [(name, name) for name in first]
    reached = subject.reachable & bridges
    todo += [each for name in reached for each in _onward(subject, name, name)]
    while todo:
        name, way = todo.pop(0)
        if name in found or name not in subject.states:
            continue
        found[name] = way
        todo += _onward(subject, name, way)
    return found


def _onward(subject: Subject, name: str, way: str) -> Iterator[tuple[str, str]]:
    for each in subject.ways_by_state[name]:
        arrow = "->" if each.outcome == "next" else f"-[{each.outcome}]->"
        for ref in targets(each.transition) if each.outcome != LEG_BRIDGED else ():
            yield ref.name, f"{way} {arrow} {ref.name}"


@FLOW.add(
    "E214",
    "leg-circle",
    bad="""
flow: example
start: ring
callouts: {again: {to: "+46850000001"}}
states:
  ring: {do: [{callout: {name: again}}], next: wait}
  wait:
    hold: {prompt: Please hold.}
    on: {leg.bridged: talk, leg.ended: join}
    timers: [{after: 1m, next: join}]
  talk: {bridge: leg, on: {leg.ended: bye}}
  join: {bridge: parent, on: {too_late: bye}}
  bye: {hangup: }
""",
    good=RING,
)
def leg_circle(subject: Subject) -> Iterator[Finding]:
    """A leg's flow places legs of the flow that placed it, directly or through others: telephones
    would ring without end."""
    application, own = subject.application, subject.flow.name

    def after(name: str) -> list[str]:
        return [*placed_by(application, name), *application.run_by(name)]

    for circle in circles([own], after):
        steps = legs_of(subject.flow) if own in circle else ()
        step = next(
            (each for each, callout in steps if callee(callout, subject.flow) in circle), None
        )
        if step is not None:
            start = circle.index(own)
            way = " -> ".join([*circle[start:], *circle[:start], own])
            message = f"legs place legs in a circle: {way}"
            yield Finding(step.at, message, "let a leg's flow place none that leads back here")
