"""E215 to E217: what becomes of legs while they ring, and of those who accept them."""

from collections.abc import Iterator, Sequence

from ivrflow.analysis.graph import Way
from ivrflow.analysis.legs import inner_flows, leg_steps, legs_of
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.rules.legs import RING
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Related, Severity
from ivrflow.model.flow import (
    Bridge,
    CalloutStep,
    Collect,
    Conference,
    Connect,
    Flow,
    Hold,
    Menu,
    Park,
    Run,
    State,
    Step,
    Transition,
    callee,
    targets,
)
from ivrflow.model.outcomes import LEG_BRIDGED, LEG_ENDED


@FLOW.add(
    "E215",
    "accepted-leg-left-alone",
    bad=RING.replace("leg.bridged: talk, ", "leg.bridged: stay, ")
    .replace("  talk: {bridge: leg, on: {leg.ended: bye}}\n", "")
    .replace("say: Nobody answers., hangup: ", "say: Nobody answers., next: bye"),
    good=RING,
)
def accepted_leg_left_alone(subject: Subject) -> Iterator[Finding]:
    """No way from `leg.bridged` leads to `bridge: leg`: who accepts the call sits in a silent room,
    and nobody comes."""
    if not any(
        _may_accept(subject, callee(each, subject.flow)) for _, each in legs_of(subject.flow)
    ):
        return
    for state in subject.states.values():
        transition = state.on.by_outcome.get(LEG_BRIDGED, ())
        if not transition or not isinstance(state.action, Hold | Park):
            continue
        if not any(map(_joins_leg, _onward(subject, state, transition))):
            message = f'"{state.name}" leads who accepts a leg to no `bridge: leg`: they wait alone'
            help = f"write {LEG_BRIDGED}: some_state, with `bridge: leg` in that state"
            yield Finding(state.on.places[LEG_BRIDGED], message, help)


def _may_accept(subject: Subject, name: str) -> bool:
    """Whether a flow of a leg joins its parent; of one that is not there another rule tells."""
    return any(
        flow is not None and _joins_parent(flow) for flow in inner_flows(subject.application, name)
    )


def _joins_parent(flow: Flow) -> bool:
    actions = (state.action for state in flow.states.values())
    return any(isinstance(each, Bridge) and each.to == "parent" for each in actions)


def _joins_leg(state: State) -> bool:
    return isinstance(state.action, Bridge) and state.action.to == "leg"


def _onward(subject: Subject, state: State, transition: Transition) -> Iterator[State]:
    """Yield the states that a call can come to by a transition of `state`."""
    stays = any(move.next is None for move in transition)
    todo = [*([state.name] if stays else []), *(ref.name for ref in targets(transition))]
    seen = set[str]()
    while todo:
        each = subject.states.get(todo.pop())
        if each is not None and each.name not in seen:
            seen.add(each.name)
            yield each
            ways = subject.ways_by_state[each.name]
            todo += [ref.name for way in ways for ref in targets(way.transition)]


@FLOW.add(
    "E216",
    "leg-rings-unawaited",
    severity=Severity.WARNING,
    bad=RING.replace("{name: ring}}], next: wait}", "{name: ring}}], next: ask}").replace(
        "  wait:\n",
        """\
  ask:
    menu: {prompt: "We are ringing them. To wait, press 1.", choices: {1: wait}}
    on: {no_input: wait, no_match: wait}
  wait:
""",
    ),
    good=RING,
)
def leg_rings_unawaited(subject: Subject) -> Iterator[Finding]:
    """A leg rings while its caller is asked something, before the hold that waits for it: who
    accepts meanwhile is told that it is too late, though nobody took the call."""
    for placed, first in _placings(subject):
        asking = _first_asking(subject, first)
        if asking is None:
            continue
        message = f'this leg rings while the caller is in "{asking.name}": who accepts then is told'
        related = Related(subject.flow.path, asking.at, "here no leg is waited for")
        help = "place it when all was asked: in `do` of the state that leads to the hold"
        for step in placed:
            yield Finding(step.at, f"{message} that it is too late", help, (related,))


def _placings(subject: Subject) -> Iterator[tuple[Sequence[CalloutStep], list[str]]]:
    """Yield the legs that are placed together, with the state that comes next."""
    for state in subject.states.values():
        if placed := list(leg_steps(state.steps)):
            yield placed, [state.name]
        for way in subject.ways_by_state[state.name]:
            for move in way.transition if way.leads or not way.event else ():
                if move.next is not None and (placed := list(leg_steps(move.steps))):
                    yield placed, [move.next.name]


def _first_asking(subject: Subject, first: list[str]) -> State | None:
    """Return a state with an action that asks, if a call can come to it before any other action,
    and from there to a state that waits for legs."""
    todo, seen = list(first), set[str]()
    while todo:
        state = subject.states.get(todo.pop())
        if state is None or state.name in seen:
            continue
        seen.add(state.name)
        if state.action is None:
            todo += [ref.name for ref in targets(state.next)]
        elif _asks(subject, state) and _comes_to_hold(subject, state):
            return state
    return None


def _asks(subject: Subject, state: State) -> bool:
    """Whether a state keeps its caller from being told of legs, until an answer or a return."""
    if not isinstance(state.action, Run):
        return isinstance(state.action, Menu | Collect)
    inner = inner_flows(subject.application, state.action.flow.name)
    states = (each for flow in inner if flow is not None for each in flow.states.values())
    waiting = Menu | Collect | Hold | Park | Bridge | Conference | Connect
    return any(isinstance(each.action, waiting) for each in states)


def _comes_to_hold(subject: Subject, state: State) -> bool:
    ways = subject.ways_by_state[state.name]
    found = (each for way in ways for each in _onward(subject, state, way.transition))
    return any(isinstance(each.action, Hold | Park) for each in found)


@FLOW.add(
    "E217",
    "rings-without-pause",
    bad=RING.replace("leg.ended: sorry}", "leg.ended: ring}"),
    good=RING.replace(
        "leg.ended: sorry}", "leg.ended: [{when: visits.ring < 3, next: ring}, {next: sorry}]}"
    ),
)
def rings_without_pause(subject: Subject) -> Iterator[Finding]:
    """A leg that is over is placed anew at once, without any condition: a telephone that is busy
    or switched off would be rung again and again without a pause."""
    for state in subject.states.values():
        ended = [way for way in subject.ways_by_state[state.name] if way.outcome == LEG_ENDED]
        for way in ended if isinstance(state.action, Hold | Park) else ():
            step = next(leg_steps(_surely_taken(subject, state, way)), None)
            if step is not None:
                yield _rung_again(subject, state, step)


def _rung_again(subject: Subject, state: State, step: CalloutStep) -> Finding:
    message = f'this leg is placed again whenever one of "{state.name}" is over, without a pause'
    help = "let a condition end it: `when: visits.some_state < 3`, then a move that leads on"
    at = state.on.places.get(LEG_ENDED, state.at)
    return Finding(step.at, message, help, (Related(subject.flow.path, at, "from here"),))


def _surely_taken(subject: Subject, state: State, way: Way) -> list[Step]:
    """Return the steps that are surely taken on `way`, if it surely comes back to `state`."""
    found: list[Step] = []
    seen = set[str]()
    here, transition = state, way.transition
    while transition and transition[0].when is None:
        move = transition[0]
        found += move.steps
        after = here if move.next is None else subject.states.get(move.next.name)
        if after is None or after.name in seen:
            return []
        seen.add(after.name)
        found += () if move.next is None else after.steps
        if after is state:
            return found
        here, transition = after, after.next if after.action is None else _ended(subject, after)
    return []


def _ended(subject: Subject, state: State) -> Transition:
    """Return where a hold leads when its leg is over; nothing for a state that waits otherwise."""
    if not isinstance(state.action, Hold | Park):
        return ()
    ways = subject.ways_by_state[state.name]
    return next((way.transition for way in ways if way.outcome == LEG_ENDED), ())
