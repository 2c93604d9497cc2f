"""E2xx: callers who are kept for ever, or for longer than their patience lasts."""

from collections.abc import Iterator, Sequence

from ivrflow.analysis.patience.ends import trapped
from ivrflow.analysis.patience.ways import KEPT, Stop, Way, in_seconds
from ivrflow.analysis.patience.worlds import TO_PERSON, WHO, World, who
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Related
from ivrflow.model.flow import Fixed

MOST_TOLD = 12
"""Stops of a way that are shown with a finding: those that take longest."""


@FLOW.add(
    "E231",
    "endless-round",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: ask, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: [{when: tries < 3, next: ask}, {next: bye}], no_match: bye}
  bye: {hangup: }
""",
)
def endless_round(subject: Subject) -> Iterator[Finding]:
    """A caller who stays silent, presses only wrong keys, or for whom every look-up fails, is led
    round and round: such a call never ends, nor does it come to a person.

    What bounds a round is a condition that must fail in the end: `tries`, `visits.STATE`, a
    variable that is counted up or set, the sum of a `count`.
    """
    if subject.others.get(subject.flow.name) is not subject.flow:
        return  # another of its name is walked; that there are two is told by a rule of its own
    rounds = subject.application.rounds.by_flow[subject.flow.name]
    nowhere = {name for each in trapped(subject) for name in each} if rounds else ()
    for states, worlds in rounds.items():
        told = states[0] in nowhere or _is_passed(subject, states)
        if not told and subject.reachable.issuperset(states):
            caller = " or ".join(WHO[each] for each in worlds)
            message = f"a caller {caller} goes round for ever: {_way(states)}"
            help = "let a condition end it: `when: tries < 3`, then a move that leads out"
            others = _related(subject, states[1:])
            yield Finding(subject.states[states[0]].at, message, help, others)


def _is_passed(subject: Subject, states: Sequence[str]) -> bool:
    """Whether states pass calls round without waiting for anybody, of which a rule tells."""
    name, passing = subject.flow.name, subject.application.passing
    steps = zip(states, [*states[1:], states[0]], strict=True)
    return all((name, after) in passing.passed_to((name, state)) for state, after in steps)


def _way(states: Sequence[str]) -> str:
    return " -> ".join([*states, states[0]])


def _related(subject: Subject, names: Sequence[str]) -> tuple[Related, ...]:
    path = subject.flow.path
    return tuple(Related(path, subject.states[name].at, "and here") for name in names)


@FLOW.add(
    "E232",
    "over-budget",
    bad="""
flow: example
start: ask
budget: {silent: 10s}
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
budget: {silent: 10s}
states:
  ask:
    menu: {prompt: Press 1., retries: 0, choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def over_budget(subject: Subject) -> Iterator[Finding]:
    """A caller can be kept for longer than the flow's `budget` allows, or nothing shows for how
    long: perhaps they hang up before.

    The places are those of the longest way, with the seconds that a call stays there. How they are
    reckoned: docs/lint.md.
    """
    if subject.others.get(subject.flow.name) is not subject.flow:
        return
    if subject.application.rounds.by_flow[subject.flow.name]:
        return  # for ever is told already
    bounds = subject.application.bounds
    for name, allowed in subject.flow.budget.items():
        found = bounds.longest(name, subject.flow.name) if name in (*World, TO_PERSON) else None
        if found is not None:
            yield from _over(allowed, f"a caller {who(name)}", *found)


def _over(allowed: Fixed, caller: str, exit: str, way: Way) -> Iterator[Finding]:
    if exit in KEPT:
        message = f"nothing shows that {caller} is kept for a bounded time"
        help = "let a condition end it whose values are known: `when: tries < 3`"
        yield Finding(allowed.at, message, help, _stops(way))
    elif way.ms > allowed.milliseconds:
        told = f"{caller} can be kept for {in_seconds(way.ms)}"
        message = f"{told}, more than {in_seconds(allowed.milliseconds)}"
        help = "shorten prompts, timeouts or retries on the way, or allow more"
        yield Finding(allowed.at, message, help, _stops(way))


def _stops(way: Way) -> tuple[Related, ...]:
    stops = [each for each in way.stops if each.ms]
    told = sorted(stops, key=lambda each: -each.ms)[:MOST_TOLD]
    return tuple(
        Related(each.path, each.at, f"{in_seconds(each.ms)} here{_menus(each)}")
        for each in stops
        if each in told
    )


def _menus(stop: Stop) -> str:
    return f", asked {stop.menus} times" if stop.menus > 1 else ""


@FLOW.add(
    "E233",
    "no-end",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: tell}}
    on: {no_input: ask, no_match: ask}
  tell: {say: It is a fine day., next: ask}
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: tell}}
    on: {no_input: bye, no_match: bye}
  tell: {say: It is a fine day., next: ask}
  bye: {hangup: }
""",
)
def no_end(subject: Subject) -> Iterator[Finding]:
    """From some states no end can be reached, whatever the caller does: neither a hangup nor
    anybody to talk to. All that is left is to hang up."""
    for states in trapped(subject):
        first, *others = states
        message = f'whoever comes to "{first}" can only hang up: no way leads to an end from there'
        help = "lead to a state with hangup, or to a person"
        yield Finding(subject.states[first].at, message, help, _related(subject, others))
