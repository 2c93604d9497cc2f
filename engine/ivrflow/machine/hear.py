"""What a caller's input means to the menu or collect that asked for it."""

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.machine.act import (
    OUTER,
    act,
    ask_digits,
    ask_menu,
    hold_call,
    say_meanwhile,
)
from ivrflow.machine.ask import receive
from ivrflow.machine.events import Chosen, Digits, NoInput, NoMatch
from ivrflow.machine.go import go
from ivrflow.machine.program import (
    Choice,
    Collect,
    Hold,
    Menu,
    Request,
    State,
    Transition,
    handler_of,
)
from ivrflow.machine.program import Digits as Wanted
from ivrflow.machine.take import take
from ivrflow.machine.walk import Walk

Input = Chosen | Digits | NoInput | NoMatch


def hear(walk: Walk, state: State, event: Input) -> str:
    """Walk on from `state`, which asked, and return the name of the outcome."""
    match state.action:
        case Menu() as menu:
            return _hear_menu(walk, state, menu, event)
        case Collect() as collect:
            return _hear_digits(walk, state, collect, event)
        case Request() as request:
            return _hear_answer(walk, state, request)
        case Hold() as hold:
            return _hear_hold(walk, hold, event)
        case _:
            raise EvaluationError(f'the state "{state.name}" asked for nothing')


def follow(walk: Walk, outcome: str, transition: Transition) -> str:
    """Take the author's transition for `outcome`; the caller must get an answer from it."""
    state = go(walk, transition)
    if state is None:
        raise EvaluationError(f'"{outcome}" leads nowhere from "{walk.state}"')
    act(walk, state)
    return outcome


def _hear_answer(walk: Walk, state: State, request: Request) -> str:
    """The prompt of a look-up is over: take the answer, or say it again until it is there."""
    pending = walk.session.pending
    if pending is None:
        raise EvaluationError(f'nothing is looked up in "{state.name}"')
    found = walk.told.awaited(pending)
    if found is not None:
        return follow(walk, found.outcome, receive(walk, state, request, found))
    walk.pending = pending
    say_meanwhile(walk, request)
    return "meanwhile"


def _hear_hold(walk: Walk, hold: Hold, event: Input) -> str:
    """The prompt of a hold is over, or a key was pressed: what was raised before comes first."""
    raised, entered = take(walk)
    if walk.has_left and entered is not None:
        act(walk, entered)
        return raised
    choice = _held_choice(walk, hold, event)
    if choice is None:
        hold_call(walk, hold)
        return raised or "held"
    walk.names["input"] = choice.key
    entered = go(walk, choice.transition)
    if entered is None:
        hold_call(walk, hold)
    else:
        act(walk, entered)
    return ", ".join(filter(None, (raised, choice.key)))


def _held_choice(walk: Walk, hold: Hold, event: Input) -> Choice | None:
    """What a key means that leads out of a hold; others do nothing."""
    if not isinstance(event, Chosen):
        return None
    return hold.choice_by_value.get(event.value) or _outer(walk, event.value)


def _hear_menu(walk: Walk, state: State, menu: Menu, event: Input) -> str:
    match event:
        case Chosen(value=value):
            choice = menu.choice_by_value.get(value) or _outer(walk, value)
            return _choose(walk, choice) if choice else _no_match(walk, state, menu, value)
        case Digits(digits=digits):
            return _hear_extension(walk, state, menu, digits)
        case NoInput():
            return _no_input(walk, state, menu)
        case NoMatch(value=value):
            walk.names["input"] = value
            return _failed(walk, state, menu, "no_match", menu.no_match or 0)


def _outer(walk: Walk, value: str) -> Choice | None:
    """The choice of a flow that runs this one, which is left then."""
    key = value.removeprefix(OUTER)
    if key == value or key not in walk.outer_keys(()):
        return None
    return walk.leave_for(key)


def _choose(walk: Walk, choice: Choice) -> str:
    walk.names["input"] = choice.key
    return follow(walk, choice.key, choice.transition)


def _hear_extension(walk: Walk, state: State, menu: Menu, digits: str) -> str:
    """A key that can begin an extension comes as digits, and is a choice if it stays alone."""
    choice = menu.choice_by_key.get(digits)
    if choice is not None:
        return _choose(walk, choice)
    if menu.extension is None or not _fit(walk, menu.extension, digits):
        return _no_match(walk, state, menu, digits)
    return _collected(walk, state, menu.extension.into, digits)


def _collected(walk: Walk, state: State, into: str | None, digits: str) -> str:
    walk.names["input"] = digits
    if into is not None:
        walk.assign(into, digits)
    return follow(walk, "collected", handler_of(state, "collected"))


def _no_match(walk: Walk, state: State, menu: Menu, given: str) -> str:
    """The platform took an input that fits nothing: the engine asks again, as often as it would."""
    walk.names["input"] = given
    again = menu.repeats if menu.no_match is None else menu.no_match
    return _failed(walk, state, menu, "no_match", again)


def _no_input(walk: Walk, state: State, menu: Menu) -> str:
    walk.names["input"] = ""
    return _failed(walk, state, menu, "no_input", menu.no_input or 0)


def _failed(walk: Walk, state: State, menu: Menu, outcome: str, again: int) -> str:
    """Count the failure and ask `again` times; then the outcome is the author's."""
    failed = getattr(walk.failures, outcome) + 1
    walk.failures = msgspec.structs.replace(walk.failures, **{outcome: failed})
    if failed > again:
        return follow(walk, outcome, handler_of(state, outcome))
    ask_menu(walk, menu, walk.say(menu.reprompt) or walk.say(menu.prompt))
    return f"{outcome} (asked again)"


def _hear_digits(walk: Walk, state: State, collect: Collect, event: Input) -> str:
    match event:
        case Chosen(value=value):
            choice = collect.choice_by_value.get(value) or _outer(walk, value)
            return _choose(walk, choice) if choice else _invalid(walk, state, collect, value)
        case Digits(digits=digits):
            walk.names["input"] = digits
            if _good(walk, collect, digits):
                return _collected(walk, state, collect.digits.into, digits)
            return _invalid(walk, state, collect, digits)
        case NoInput():
            walk.names["input"] = ""
            return follow(walk, "no_input", handler_of(state, "no_input"))
        case NoMatch(value=value):
            return _invalid(walk, state, collect, value)


def _fit(walk: Walk, wanted: Wanted, digits: str) -> bool:
    return wanted.fits(digits, *wanted.bounds(walk.names))


def _good(walk: Walk, collect: Collect, digits: str) -> bool:
    """Whether the digits are taken. A check that can't be computed of them (`input | int` of a
    `*`) is one that they don't stand: the caller keyed them, not the author."""
    if not _fit(walk, collect.digits, digits):
        return False
    try:
        return collect.check is None or bool(collect.check(walk.names))
    except EvaluationError:
        return False


def _invalid(walk: Walk, state: State, collect: Collect, given: str) -> str:
    """Ask again with the author's `wrong` words before the question; in the end it is `invalid`,
    or `no_input` where digits of a fixed length have no handler of their own for it."""
    walk.names["input"] = given
    failed = walk.failures.invalid + 1
    walk.failures = msgspec.structs.replace(walk.failures, invalid=failed)
    if failed > collect.retries:
        outcome = "invalid" if "invalid" in state.on else "no_input"
        return follow(walk, outcome, handler_of(state, outcome))
    question = walk.say(collect.reprompt) or walk.say(collect.prompt)
    ask_digits(walk, collect, walk.say(collect.wrong) + question)
    return "invalid (asked again)"
