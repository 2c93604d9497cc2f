"""Worlds that try callers' patience, and what can happen in each state there."""

from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum

import msgspec

from ivrflow import pace
from ivrflow.analysis.graph import is_silent
from ivrflow.compiler.platform import Platform
from ivrflow.machine.act import TICK
from ivrflow.model.flow import (
    Bridge,
    Collect,
    Conference,
    Connect,
    Duration,
    Fixed,
    Flow,
    Hold,
    Menu,
    Park,
    Prompt,
    Request,
    RequestAction,
    State,
    Transition,
)
from ivrflow.model.inherit import NOT_FOUND, handlers_of, keys_of
from ivrflow.model.outcomes import AMD, FULL, LEG_BRIDGED, LEGS, LOOKED_UP, TOO_LATE, signal_of
from ivrflow.model.waiting import outcome_of


class World(StrEnum):
    """How callers, look-ups and those who are called behave."""

    SILENT = "silent"
    CLUMSY = "clumsy"
    WORST = "worst"
    FAILING = "failing"
    UNANSWERED = "unanswered"


TO_PERSON = "to_person"
"""The bound for whoever comes to a person, in any of the worlds."""

UNHEARD = frozenset({World.SILENT, World.CLUMSY})
"""Worlds in which no caller chooses."""

WHO = {
    World.SILENT: "who stays silent",
    World.CLUMSY: "who presses only wrong keys",
    World.WORST: "who always takes the longest way",
    World.FAILING: "for whom every look-up fails",
    World.UNANSWERED: "whom nobody answers",
}
"""The caller of each world, in words."""


def who(bound: str) -> str:
    """Return the caller for whom a bound is, in words."""
    return "who comes to a person" if bound == TO_PERSON else WHO[World(bound)]


class Leave(msgspec.Struct, frozen=True):
    """A way out of a state: `chosen` by the caller, who could as well do something else, or by a
    look-up (`asked`)."""

    outcome: str
    transition: Transition
    chosen: bool = False
    asked: bool = False


def leaves(flow: Flow, state: State, world: World, request: Request | None) -> Iterator[Leave]:
    """Yield the ways out of a state; those of a run are those of the flow that is run."""
    match state.action:
        case None:
            yield Leave("next", state.next)
        case Menu() | Collect():
            yield from _inputs(flow, state, world)
        case Hold():
            yield from _keys(flow, state, world)
            yield from _raised(state, world)
        case Park():
            yield from _raised(state, world)
        case Bridge():
            yield Leave(TOO_LATE, state.on.by_outcome.get(TOO_LATE, ()))
        case RequestAction():
            named = request.named_outcomes if request else ()
            for outcome in (*LOOKED_UP, *named, NOT_FOUND):
                transition = state.on.by_outcome.get(outcome)
                if transition and (outcome != "ok" or world is not World.FAILING):
                    yield Leave(outcome, transition, asked=True)
        case Conference(max=most) if most is not None:
            yield Leave(FULL, state.on.by_outcome.get(FULL, ()), asked=True)
        case _:
            pass


def _keys(flow: Flow, state: State, world: World) -> Iterator[Leave]:
    if world not in UNHEARD:
        for key in keys_of(flow, state):
            yield Leave(key.key, key.transition, chosen=True)


def _raised(state: State, world: World) -> Iterator[Leave]:
    """Yield what legs, signals and timers lead to. Whoever sends a signal could as well not."""
    for outcome, transition in state.on.by_outcome.items():
        if signal_of(outcome):
            yield Leave(outcome, transition, chosen=True)
        elif outcome in LEGS and not (outcome == LEG_BRIDGED and world is World.UNANSWERED):
            yield Leave(outcome, transition)
    for timer in state.timers:
        yield Leave(outcome_of(timer), (timer.move,))


def _inputs(flow: Flow, state: State, world: World) -> Iterator[Leave]:
    on = handlers_of(flow, state)
    if world in UNHEARD:
        wanted = _failure(state, world, on)
        yield Leave(wanted, on.get(wanted, ()))
        return
    yield from _keys(flow, state, world)
    if "collected" in on:
        complies = isinstance(state.action, Collect) and world is World.FAILING
        yield Leave("collected", on["collected"], chosen=not complies)


def _failure(state: State, world: World, on: dict[str, Transition]) -> str:
    """The outcome of silence, or of wrong input; digits of a fixed length may have one for both."""
    if world is World.SILENT:
        return "no_input"
    if isinstance(state.action, Menu):
        return "no_match"
    return "invalid" if "invalid" in on else "no_input"


def answers(state: State) -> Iterator[Transition]:
    """Yield what follows where a call that is made is answered."""
    if isinstance(state.action, Connect):
        for outcome in ("answered", *AMD):
            yield state.on.by_outcome.get(outcome, ())


class Stay(msgspec.Struct, frozen=True):
    """How long a call stays in a state, in milliseconds, and how many menus it hears."""

    ms: int = 0
    menus: int = 0


Length = Callable[[Prompt], int]
"""The milliseconds of a prompt."""


def stay(
    state: State, world: World, request: Request | None, platform: Platform, length: Length
) -> Stay:
    """Return how long the action of a state lasts at most, until it is left."""
    match state.action:
        case Menu() as menu:
            return _menu(menu, world, length)
        case Collect() as collect:
            return _collect(collect, world, length)
        case RequestAction(meanwhile=meanwhile) if request is not None:
            again = 0 if is_silent(state) else length(meanwhile) + TICK
            return Stay(request.patience + again)
        case Connect(timeout=timeout) if world is World.UNANSWERED:
            return Stay(_written(timeout, pace.RINGING))
        case Park() as park:
            held = _written(park.max_duration, platform.limits.park)
            return Stay(length(park.intro) + held + length(park.prompt))
        case _:
            return Stay()


def held(times: Iterable[int], hold: Hold, length: Length) -> Stay:
    """Return how long a hold lasts at most: until the first of the timers that surely lead away,
    after `times`, and the hold looks up for the next time. Whatever leads back to it lets timers
    run on. One without any is for ever."""
    tick = length(hold.prompt) + hold.every.milliseconds
    return Stay(min(times, default=0) + tick)


def _menu(menu: Menu, world: World, length: Length) -> Stay:
    """Each time it is heard to its end, and left at the end of its timeout; digits of an extension
    take another timeout, as they may be going on."""
    heard = 1
    if world in UNHEARD:
        heard += _repeats(menu, world)
    again = length(menu.reprompt) or length(menu.prompt)
    digits = 1 if menu.extension and world is not World.SILENT else 0
    waits = heard * (1 + digits) * menu.timeout.milliseconds
    return Stay(length(menu.prompt) + (heard - 1) * again + waits, heard)


def _repeats(menu: Menu, world: World) -> int:
    """How often a menu is heard again.

    Where an extension is dialled wrong the engine asks anew, and the platform repeats that anew.
    """
    retries = menu.retries
    if retries.together is None:
        return retries.no_input if world is World.SILENT else retries.no_match
    if menu.extension is None or world is World.SILENT:
        return retries.together
    return (retries.together + 1) * (retries.together + 2) // 2 - 1


def _collect(collect: Collect, world: World, length: Length) -> Stay:
    """Digits are keyed at once, but for the first, and end by a timeout."""
    timeout = collect.timeout.milliseconds
    heard = 1 + collect.retries if world in UNHEARD else 1
    again = length(collect.reprompt) or length(collect.prompt)
    if world is not World.SILENT:
        timeout, again = 2 * timeout, again + length(collect.wrong)
    return Stay(length(collect.prompt) + (heard - 1) * again + heard * timeout, heard)


def _written(duration: Duration | None, otherwise: int) -> int:
    return duration.milliseconds if isinstance(duration, Fixed) else otherwise
