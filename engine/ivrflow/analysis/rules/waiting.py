"""E2xx, E3xx and E7xx of states that wait for something that happens elsewhere: signals, timers,
callers who would be held for ever."""

from collections.abc import Iterator

from ivrflow.analysis.graph import TOLD, Interruptible
from ivrflow.analysis.patience.lengths import perhaps
from ivrflow.analysis.patience.ways import in_seconds
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Severity, did_you_mean
from ivrflow.model.flow import (
    Action,
    Bridge,
    Collect,
    Conference,
    Connect,
    Fixed,
    Hold,
    Menu,
    RequestAction,
    Run,
    SignalStep,
    State,
    Timer,
)
from ivrflow.model.outcomes import LEG_BRIDGED, signal_of
from ivrflow.model.waiting import is_parked, outcome_of, surely_leaving

MIN_EVERY = 5_000
"""Milliseconds between two turns of a timer: each of them is a turn of the call."""


@FLOW.add(
    "E305",
    "uninterruptible",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye, signal.closing: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: "To stop waiting, press 1.", keys: {1: bye}}
    on: {signal.closing: bye}
    timers: [{after: 5m, next: bye}]
  bye: {hangup: }
""",
)
def uninterruptible(subject: Subject) -> Iterator[Finding]:
    """A signal, a leg or a timer is waited for where the platform can't be told of what follows: it
    would come to nothing.

    A hold, a park, a bridge and a conference are told of legs, signals and timers, a connect of
    timers only.
    """
    for state in subject.states.values():
        for name, transition in state.on.by_outcome.items():
            why = why_untold(state.action, name)
            if transition and why:
                message = f'"{state.name}" is never told of "{name}": {why}'
                yield Finding(state.on.places[name], message, "handle it in a `hold`")
        if state.timers and not isinstance(state.action, Interruptible):
            message = f'"{state.name}" has timers, but {_why(state.action)}'
            help = "timers work in a hold, park, bridge, conference or connect"
            yield Finding(state.timers[0].at, message, help)


def why_untold(action: Action | None, outcome: str) -> str:
    """Why an outcome that is raised elsewhere can't come to `action`, "" where it can."""
    if outcome == LEG_BRIDGED and isinstance(action, Conference | Bridge):
        return "who is in a room can't be led into another"
    if not _sounds_raised(outcome) or isinstance(action, TOLD):
        return ""
    return "two parties talk" if isinstance(action, Connect) else _why(action)


def _sounds_raised(outcome: str) -> bool:
    """Whether an outcome is called like one of legs or signals."""
    return bool(signal_of(outcome)) or outcome.startswith("leg.")


def _why(action: Action | None) -> str:
    match action:
        case Menu() | Collect():
            return "who is asked something can't be interrupted"
        case RequestAction():
            return "a look-up can't be interrupted"
        case Run():
            return "it is the flow which is run that waits"
        case _:
            return "it waits for nothing"


@FLOW.add(
    "E212",
    "endless-hold",
    bad="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: Please hold.}
    on: {signal.free: talk}
  talk: {connect: {number: "+46850000001"}}
""",
    good="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: Please hold.}
    on: {signal.free: talk}
    timers: [{after: 5m, next: sorry}]
  talk: {connect: {number: "+46850000001"}}
  sorry: {say: Nobody is free. Please call again., hangup: }
""",
)
def endless_hold(subject: Subject) -> Iterator[Finding]:
    """No timer surely leads out of a hold: if nothing else happens its caller hears music that
    never ends.

    What counts is a timer without `when`, whose `next` leads to another state, and not straight
    back. Timers run on where a call comes back to the hold that it is in.
    """
    for state in subject.states.values():
        hold = state.action
        if isinstance(hold, Hold) and not any(True for _ in surely_leaving(subject.flow, state)):
            message = f'"{state.name}" may hold a caller for ever: no timer surely leads out of it'
            help = "add under the state: timers: [{after: 5m, next: some_state}]"
            yield Finding(hold.at, message, help)


@FLOW.add(
    "E710",
    "timer-too-short",
    bad="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: Please hold.}
    timers: [{every: 1s, do: [log: waiting]}, {after: 5m, next: bye}]
  bye: {hangup: }
""",
    good="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: Please hold.}
    timers: [{every: 30s, do: [log: waiting]}, {after: 5m, next: bye}]
  bye: {hangup: }
""",
)
def timer_too_short(subject: Subject) -> Iterator[Finding]:
    """A timer has no length, or comes again so soon that the engine would do little else."""
    for _, timer, time in _timers(subject):
        if timer.every and time < MIN_EVERY:
            message = f"a timer comes again after {MIN_EVERY // 1000}s at the soonest"
            yield Finding(timer.at, message, "write every: 30s, for example")
        elif not time:
            yield Finding(timer.at, "a timer without any length", "write the time that it takes")


def _timers(subject: Subject) -> Iterator[tuple[State, Timer, int]]:
    """Yield the timers whose time is written out, in milliseconds."""
    for state in subject.states.values():
        for timer in state.timers:
            if isinstance(timer.time, Fixed):
                yield state, timer, timer.time.milliseconds


@FLOW.add(
    "E712",
    "timer-within-tick",
    severity=Severity.WARNING,
    bad="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: Please hold., keys: {1: bye}, every: 20s}
    timers: [{after: 15s, say: It will not be long. Or press 1.}, {after: 5m, next: bye}]
  bye: {hangup: }
""",
    good="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: Please hold., keys: {1: bye}, every: 5s}
    timers: [{after: 15s, say: It will not be long. Or press 1.}, {after: 5m, next: bye}]
  bye: {hangup: }
""",
)
def timer_within_tick(subject: Subject) -> Iterator[Finding]:
    """A timer is over before a hold looks up for the first time: it comes late.

    A hold sees what has happened when its prompt was heard and the silence of `every` behind it is
    over. How long prompts are is reckoned as for bounds: docs/lint.md.
    """
    if subject.others.get(subject.flow.name) is not subject.flow:
        return
    for state, timer, time in _timers(subject):
        hold = state.action
        if not isinstance(hold, Hold) or _is_parked(subject, state) or _is_refused(timer, time):
            continue
        lengths = subject.application.bounds.lengths[subject.flow.name]
        tick = hold.every.milliseconds + lengths.longest(hold.prompt, perhaps)
        if time < tick:
            message = (
                f'"{outcome_of(timer)}" comes late: this hold looks up every {in_seconds(tick)}'
            )
            yield Finding(
                timer.at, message, "make its prompt or `every` shorter, or the timer longer"
            )


def _is_refused(timer: Timer, time: int) -> bool:
    return not time or (timer.every and time < MIN_EVERY)


def _is_parked(subject: Subject, state: State) -> bool:
    return is_parked(subject.flow, state, subject.platform.limits.park)


@FLOW.add(
    "E225",
    "unheard-signal",
    bad="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: Please hold.}
    on: {signal.accepted: bye}
    timers: [{after: 5m, do: [{signal: {name: acepted, to: "{{ call.id }}"}}], next: bye}]
  bye: {hangup: }
""",
    good="""
flow: example
start: wait
states:
  wait:
    hold: {prompt: Please hold.}
    on: {signal.accepted: bye}
    timers: [{after: 5m, do: [{signal: {name: accepted, to: "{{ call.id }}"}}], next: bye}]
  bye: {hangup: }
""",
)
def unheard_signal(subject: Subject) -> Iterator[Finding]:
    """A signal is sent that no flow waits for, or to what can be the id of no call: nobody would
    take it."""
    known = {
        signal
        for flow in subject.others.values()
        for state in flow.states.values()
        for signal in map(signal_of, state.on.by_outcome)
        if signal
    }
    for step in subject.steps():
        if not isinstance(step, SignalStep):
            continue
        if step.name not in known:
            help = did_you_mean(step.name, known) or f"handle `signal.{step.name}` in a hold"
            yield Finding(step.at, f'no flow waits for a signal "{step.name}"', help)
        if "{{" not in step.to.source and step.to.scalar is not None:
            message = f'"{step.to.source}" is the id of no call: each call has its own'
            yield Finding(
                step.to.scalar.span, message, 'write "{{ ... }}": its own id is `call.id`'
            )
