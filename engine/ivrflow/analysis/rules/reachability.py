"""E2xx: states that no call comes to, calls that come to no end."""

from collections.abc import Iterator

from ivrflow.analysis.circles import circles
from ivrflow.analysis.graph import Way
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Span, nearest
from ivrflow.model.flow import (
    Conference,
    Connect,
    Hangup,
    Move,
    PromptStep,
    State,
    targets,
)
from ivrflow.model.outcomes import ANSWERED


@FLOW.add(
    "E201",
    "unreachable-state",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
  forgotten: {say: Nobody hears this., hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., next: remembered}
  remembered: {say: Everybody hears this., hangup: }
""",
)
def unreachable_state(subject: Subject) -> Iterator[Finding]:
    """A state that nothing leads to: nobody ever hears it."""
    if subject.flow.start.name not in subject.states:
        return
    found = [state for name, state in subject.states.items() if name not in subject.reachable]
    if found and not _is_open(subject):
        for state in found:
            yield Finding(state.at, f'nothing leads to "{state.name}"', "lead to it, or remove it")


def _is_open(subject: Subject) -> bool:
    """Whether a way is missing that may lead to any state; that it is missing is told."""
    states = (subject.states[name] for name in subject.reachable)
    return (
        any(_missing_outcomes(subject, state) for state in states)
        or any(True for _ in no_last_resort(subject))
        or any(True for _ in passing_cycle(subject))
    )


@FLOW.add(
    "E202",
    "passing-cycle",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., next: again}
  again: {say: Hello again., next: greet}
""",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., next: again}
  again: {say: Hello again., hangup: }
""",
)
def passing_cycle(subject: Subject) -> Iterator[Finding]:
    """States that wait for nothing lead round in a circle: the caller would never get an answer."""
    places = [(subject.flow.name, name) for name in subject.states]
    for found in circles(places, subject.application.passing.passed_to):
        circle = [name for _, name in found]
        way = " -> ".join([*circle, circle[0]])
        help = "let one of them wait: a menu, a collect, a connect"
        state = subject.states[circle[0]]
        yield Finding(state.at, f"these states pass the call round: {way}", help)


@FLOW.add(
    "E203",
    "unreachable-move",
    bad="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Press 1.
      choices: {1: [{next: bye}, {when: tries > 1, next: ask}]}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu:
      prompt: Press 1.
      choices: {1: [{when: tries > 1, next: bye}, {next: ask}]}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def unreachable_move(subject: Subject) -> Iterator[Finding]:
    """A move stands behind one without `when`: it is never taken."""
    for _, transition in subject.transitions():
        sure = next((i for i, move in enumerate(transition) if move.when is None), None)
        if sure is not None and sure + 1 < len(transition):
            line = transition[sure].at.line
            message = f"the move in line {line} is always taken, so this one never is"
            yield Finding(transition[sure + 1].at, message, "put it first, or remove it")


@FLOW.add(
    "E204",
    "no-last-resort",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: [{when: call.from == none, next: bye}]}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: [{when: call.from == none, next: bye}, {next: ask}]}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def no_last_resort(subject: Subject) -> Iterator[Finding]:
    """No move may hold: the last of a transition needs no `when`, or callers get no answer."""
    for transition in (way.transition for way in _answered(subject)):
        if transition and all(move.when is not None for move in transition):
            help = "add a last move without `when:`"
            yield Finding(transition[-1].at, "perhaps none of these moves holds", help)


@FLOW.add(
    "E205",
    "leads-nowhere",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: {say: One moment.}}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: {say: One moment., next: bye}}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def leads_nowhere(subject: Subject) -> Iterator[Finding]:
    """A move names no state, or stays, where the caller waits for an answer."""
    for way in _answered(subject):
        for move in way.transition:
            if move.next is None:
                told = "the call can't stay here" if move.stay else "no next state is named"
                help = "name a state: next: some_state" if move.stay else "add `next:`"
                if way.outcome == ANSWERED:
                    help = f"{help}; or leave `{ANSWERED}` out, and the two talk"
                yield Finding(move.at, f"{told}: the caller waits for an answer", help)


def _answered(subject: Subject) -> Iterator[Way]:
    """Yield the ways that must lead to a reply, each transition once."""
    seen: set[int] = set()
    for each in subject.ways_by_state.values():
        for way in each:
            if way.answered and id(way.transition) not in seen:
                seen.add(id(way.transition))
                yield way


@FLOW.add(
    "E206",
    "unhandled-outcome",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def unhandled_outcome(subject: Subject) -> Iterator[Finding]:
    """An outcome that can happen has no answer: such a caller would hear an apology."""
    for state in subject.states.values():
        missing = _missing_outcomes(subject, state)
        if missing:
            names = ", ".join(f'"{each}"' for each in missing)
            help = f"add under `on:` of the state: {missing[0]}: some_state"
            yield Finding(_action_place(state), f"nothing is said for {names}", help)


def _missing_outcomes(subject: Subject, state: State) -> list[str]:
    """Return the outcomes that need an answer and have none; a misspelled one is told elsewhere."""
    handled = {way.outcome for way in subject.ways_by_state[state.name]}
    possible = subject.graph.outcomes_of(state)
    unknown = state.on.by_outcome.keys() - set(possible)
    meant = {nearest(name, possible) for name in unknown}
    required = subject.graph.required_outcomes(state)
    return [each for each in required if each not in handled | meant]


def _action_place(state: State) -> Span:
    return state.at if state.action is None else state.action.at


@FLOW.add(
    "E207",
    "error-state-waits",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
  trouble:
    menu: {prompt: Press 1., choices: {1: greet}}
    on: {no_input: greet, no_match: greet}
on: {error: trouble}
""",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
  trouble: {say: We are sorry., hangup: }
on: {error: trouble}
""",
)
def error_state_waits(subject: Subject) -> Iterator[Finding]:
    """The error state waits for the caller, though its words may be the last that can be said.

    It speaks when the engine may be unable to keep the call: it must end it, or hand it over.
    """
    error = subject.flow.on.error
    if error is None or error.name not in subject.states:
        return
    for state in _last_of(subject, error.name, set()):
        final = isinstance(state.action, Hangup | Connect)
        if state.action is not None and not final:
            message = f'the error state leads to "{state.name}", which waits'
            yield Finding(error.at, message, "end it with hangup, or connect")


def _last_of(subject: Subject, name: str, seen: set[str]) -> Iterator[State]:
    """Yield the states with an action to which `name` passes the call on."""
    todo = [name]
    while todo:
        state = subject.states.get(todo.pop())
        if state is None or state.name in seen:
            continue
        seen.add(state.name)
        if state.action is not None:
            yield state
        todo += [ref.name for ref in targets(state.next)]


@FLOW.add(
    "E208",
    "reply-into-room",
    bad="""
flow: example
start: meet
states:
  meet:
    conference: {id: weekly, dtmf: detect}
    on: {digits: leave}
  leave: {hangup: }
on: {error: leave}
""",
    good="""
flow: example
start: meet
states:
  meet:
    conference: {id: weekly, dtmf: detect}
    on: {digits: {do: [log: "{{ input }}"]}}
""",
)
def reply_into_room(subject: Subject) -> Iterator[Finding]:
    """Keys pressed in a room lead to another state, or to words: the platform takes no reply there.

    The call stays in the room; `set` and `do` work. What timers and signals lead to can be said
    there.
    """
    for state in subject.states.values():
        for move in state.on.by_outcome.get("digits", ()):
            if move.next is not None and isinstance(state.action, Conference):
                yield Finding(move.next.at, "the call stays in its room", "write `next: stay`")
            elif isinstance(state.action, Conference) and _speaks(move):
                help = "write effects: `set`, `do`"
                yield Finding(
                    move.at, "nothing can be said where keys were pressed in a room", help
                )


def _speaks(move: Move) -> bool:
    return bool(move.prompt) or any(isinstance(step, PromptStep) for step in move.steps)
