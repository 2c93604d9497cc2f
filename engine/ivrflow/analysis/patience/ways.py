"""Ways that calls take: how long they last at most, and past what."""

import math
from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec

from ivrflow.diagnostics import START, Span


class Exit(StrEnum):
    """How a way ends, beside the outcomes by which a flow returns, which are called as they are."""

    END = "the call ends"
    PERSON = "a person is called"
    KEY = "a key of a flow around this one"
    FOR_EVER = "for ever"
    ON = "another state that leads back"
    UNSEEN = "as often as can't be foreseen"


KEPT = (Exit.FOR_EVER, Exit.UNSEEN)
"""Exits of calls that never end, or perhaps."""


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """A state on a way: how long a call stays, in milliseconds, and how many menus it hears."""

    flow: str
    state: str
    path: str = ""
    at: Span = START
    ms: int = 0
    menus: int = 0


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """The longest way from a state to one exit: a stop, what is walked in a flow that is run there,
    what comes then. Without a stop it is one way after another.

    `ms` is how long it takes in all. `menus` are the most that are heard on any way to that exit,
    which may be another one.
    """

    ms: int
    menus: int
    stop: Stop | None = None
    inside: "Way | None" = None
    then: "Way | None" = None

    @property
    def stops(self) -> Iterator[Stop]:
        todo: list[Way | None] = [self]
        while todo:
            way = todo.pop()
            if way is not None:
                yield from () if way.stop is None else (way.stop,)
                todo += [way.then, way.inside]


Ways = Mapping[str, Way]
"""The longest way to each exit."""


def step(stop: Stop | None, inside: Way | None = None, then: Way | None = None) -> Way:
    """Return the way that begins at `stop`, or with what is `inside`."""
    rest = [each for each in (inside, then) if each is not None]
    own = Stop(flow="", state="") if stop is None else stop
    return Way(
        ms=own.ms + sum(each.ms for each in rest),
        menus=own.menus + sum(each.menus for each in rest),
        stop=stop,
        inside=inside,
        then=then,
    )


def add(ways: dict[str, Way], exit: str, way: Way) -> None:
    """Let `ways` know of another way to an exit."""
    known = ways.get(exit)
    if known is None:
        ways[exit] = way
        return
    longer = way if way.ms > known.ms else known
    menus = max(way.menus, known.menus)
    ways[exit] = longer if longer.menus == menus else msgspec.structs.replace(longer, menus=menus)


def longest(ways: Ways) -> tuple[str, Way] | None:
    """Return the longest of ways and its exit; those that may have no end are longest."""
    kept = {exit: way for exit, way in ways.items() if exit in KEPT}
    return max((kept or ways).items(), key=lambda each: each[1].ms, default=None)


def in_seconds(ms: int) -> str:
    """Write a length of time for people: `41.3 s`, `2 min 5 s`."""
    if ms < 100_000:
        return f"{math.ceil(ms / 100) / 10:g} s"
    minutes, seconds = divmod(math.ceil(ms / 1000), 60)
    return f"{minutes} min {seconds} s" if seconds else f"{minutes} min"


def join(*several: Ways) -> dict[str, Way]:
    """Return the longest of the ways of `several`."""
    joined: dict[str, Way] = {}
    for ways in several:
        for exit, way in ways.items():
            add(joined, exit, way)
    return joined
