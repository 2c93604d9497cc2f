"""What is known of names on every way to a state: which have a value, and what it can be.

A forward data flow over the graph of states. `input` is assigned by a menu or collect that hears,
and gone with the next event; after one that asks for a secret it is not known to be plain. A
condition on the way tells which nullable values are there, and what others can be.
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

import msgspec
from jinja2 import nodes

from ivrflow.analysis.graph import Way, is_silent
from ivrflow.analysis.subject import Sight, Subject
from ivrflow.errors import ExpressionError
from ivrflow.expr.check import infer
from ivrflow.expr.narrowing import names_in, sure_if
from ivrflow.expr.parse import parse_expression, whole_expression
from ivrflow.expr.possible import ANYTHING, MISSING, Possible, either, grown, number_from, only
from ivrflow.expr.truth import Facts, Settled, Values, assume, possible
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import (
    CalloutStep,
    Connect,
    Constant,
    Expr,
    LocaleStep,
    Menu,
    Move,
    RecordOperation,
    Run,
    Set,
    State,
    Step,
    TextValue,
)
from ivrflow.model.given import is_computed
from ivrflow.model.outcomes import AMD, signal_of
from ivrflow.model.waiting import places_leg

INPUT = "input"
TRIES = "tries"
LEGS = "legs"
SIGNALLED = "signal"

SOMETIMES = frozenset({INPUT, SIGNALLED})
"""Names of the language that have a value after some events only."""

OF_THE_EVENT = ("amd", "beeped", "input", "legs", "reason", "result", "signal")
"""Names whose values come with an event."""

NEWS = ("recording", "transcript")
"""Outcomes of a flow that come at any time."""

SECRET_INPUT = Type(name=T.STRING, secret=True)
MOST_WORK = 150_000
"""How much work it may be to follow values: their square, times the states. Beyond it conditions on
them are taken for ones that may hold or not, so a large flow is linted as fast as a plain one."""

NO_VALUES: Values = {}
NOTHING_SETTLED: Settled = {}
LITERAL = frozenset({T.STRING, T.DIGITS, T.INTEGER, T.NUMBER, T.BOOLEAN})
"""Types of variables that are followed from constant to constant."""


class Known(msgspec.Struct, frozen=True):
    """What is known where something is evaluated.

    `assigned` are the names that have a value on every way here, `present` the paths that are null
    on none; `plain`: on none is `input` what a secret collect heard. `values` is what else is known
    of a path's value. `settled` are conditions that moves before this one have decided. `waits` is
    the state that the call waits in, None where that depends on the way.
    """

    assigned: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()
    plain: bool = True
    values: Values = NO_VALUES
    settled: Settled = NOTHING_SETTLED
    waits: str | None = None

    def joined(self, other: "Known") -> "Known":
        """Return what is known where two ways meet."""
        both = {
            path: either(each, other.values[path])
            for path, each in self.values.items()
            if path in other.values
        }
        return Known(
            assigned=self.assigned & other.assigned,
            present=self.present & other.present,
            plain=self.plain and other.plain,
            values={path: each for path, each in both.items() if each != ANYTHING},
            waits=self.waits if self.waits == other.waits else None,
        )

    def given(self, name: str, value: Possible = ANYTHING) -> "Known":
        """Return what is known when a name has another value: what was known of the old one is not
        known of it."""
        after = self.without(name)
        values = after.values if value == ANYTHING else {**after.values, name: value}
        return change(after, assigned=after.assigned | {name}, values=values)

    def without(self, *names: str) -> "Known":
        """Return what is known besides the values of `names`."""
        gone = frozenset(names)
        present = frozenset(each for each in self.present if gone.isdisjoint(names_in(each)))
        kept = (each for each in self.values.items() if gone.isdisjoint(names_in(each[0])))
        values = dict(kept)
        return change(self, present=present, values=values)

    def seen_as(self, values: Values) -> "Known":
        """Return what is known where more is known of some values."""
        return change(self, values={**self.values, **values}) if values else self

    @property
    def shape(self) -> tuple[object, ...]:
        """What tells it from others where values don't count."""
        return self.assigned, self.present, self.plain


change = msgspec.structs.replace


def anytime(subject: Subject) -> Known:
    """Return what is known of a flow at any time."""
    given = (name for name, decl in subject.flow.vars.items() if decl.has_default)
    domains = subject.application.domains.get(subject.flow.name, frozenset())
    values = {"call.domain": only(*domains)} if domains else {}
    if TRIES in watched(subject).names:
        values[TRIES] = number_from(0)
    return Known(assigned=frozenset(given), values=values | _open_legs(subject))


def _open_legs(subject: Subject) -> dict[str, Possible]:
    """What is known of the number of open legs whatever happens."""
    if LEGS not in watched(subject).names:
        return {}
    return {LEGS: number_from(0) if subject.graph.places_legs else only(0)}


def begun(subject: Subject) -> Known:
    """Return what is known where a flow begins."""
    return change(anytime(subject).seen_as(_first_values(subject)), waits="")


def _first_values(subject: Subject) -> dict[str, Possible]:
    found: dict[str, Possible] = {}
    for name in followed(subject):
        decl = subject.flow.vars[name]
        if decl.has_default and isinstance(decl.default, str | int | float | None):
            found[name] = only(decl.default)
    for state in watched(subject).visits & subject.states.keys():
        found[f"visits.{state}"] = only(0)
    return found


def everything(subject: Subject) -> Known:
    """Return what is taken to be known where no call comes."""
    return Known(assigned=frozenset(subject.variables) | SOMETIMES)


# -- what is followed -----------------------------------------------------------------------------


class Watched(msgspec.Struct, frozen=True):
    """What conditions read: `names`, and the states whose `visits` they ask."""

    names: frozenset[str]
    visits: frozenset[str]


@lru_cache(maxsize=1)
def watched(subject: Subject) -> Watched:
    """Return what the conditions of a flow read: nothing else need be followed."""
    trees = [tree for each in _conditions(subject) if (tree := parsed(each)) is not None]
    found = [each for tree in trees for each in (tree, *tree.find_all(nodes.Expr))]
    names = {each.name for each in found if isinstance(each, nodes.Name)}
    visits = {each.attr for each in found if isinstance(each, nodes.Getattr)}
    if "visits" not in names or _is_much(visits, subject):
        visits = set()
    return Watched(frozenset(names), frozenset(visits))


def _conditions(subject: Subject) -> Iterator[str]:
    for move in subject.moves():
        if move.when is not None:
            yield move.when.source
    for part in subject.parts():
        if part.when is not None:
            yield part.when.source


@lru_cache(maxsize=1)
def followed(subject: Subject) -> frozenset[str]:
    """Return the variables whose constants are followed.

    One that is never set is a switch: its author turns it by hand, and means it.
    """
    changed = {step.name for step in subject.steps() if isinstance(step, Set)}
    variables = subject.flow.vars.items()
    literal = {name for name, decl in variables if decl.type.name in LITERAL}
    secret = {name for name, decl in variables if decl.type.secret}
    found = (literal & changed & watched(subject).names) - secret - beside(subject)
    return frozenset(() if _is_much(found, subject) else found)


def _is_much(values: Collection[str], subject: Subject) -> bool:
    return len(values) ** 2 * len(subject.states) > MOST_WORK


@lru_cache(maxsize=1)
def beside(subject: Subject) -> frozenset[str]:
    """Return the variables that news beside the call can change at any time."""
    handlers = subject.flow.on.by_outcome
    news = (move for name in NEWS for move in handlers.get(name, ()))
    return frozenset(filter(None, (_set_in(step) for move in news for step in move.steps)))


# -- the data flow --------------------------------------------------------------------------------


def entered(subject: Subject) -> dict[str, Known]:
    """Return what is known on every way to each state that can be reached."""
    found: dict[str, Known] = {}
    todo: deque[str] = deque()
    waiting: set[str] = set()

    def arrive(name: str, known: Known) -> None:
        state = subject.states.get(name)
        if state is None:
            return
        before, here = found.get(name), _entering(subject, state, known)
        after = here if before is None else before.joined(here)
        if after != before:
            found[name] = after
            if name not in waiting:
                waiting.add(name)
                todo.append(name)

    arrive(subject.flow.start.name, begun(subject))
    if subject.flow.on.error is not None:
        arrive(subject.flow.on.error.name, anytime(subject))
    while todo:
        name = todo.popleft()
        waiting.remove(name)
        state = subject.states[name]
        left = after_steps(subject, state.steps, found[name])
        for way in ways(subject, state):
            for following, here in _arrivals(subject, way, on_way(subject, state, way, left)):
                arrive(following, here)
    return found


def _entering(subject: Subject, state: State, known: Known) -> Known:
    """Count the visit, and the try if the call waits here already."""
    values: dict[str, Possible] = {}
    visits = f"visits.{state.name}"
    if state.name in watched(subject).visits:
        values[visits] = grown(known.values.get(visits, ANYTHING))
    waits = state.action is not None and not is_silent(state)
    if waits and TRIES in watched(subject).names:
        values[TRIES] = _tries(known, state.name)
    settled = NOTHING_SETTLED
    return change(
        known.seen_as(values), settled=settled, waits=state.name if waits else known.waits
    )


def _tries(known: Known, state: str) -> Possible:
    again = grown(known.values.get(TRIES, ANYTHING))
    if known.waits is None:
        return either(only(1), again)
    return again if known.waits == state else only(1)


def ways(subject: Subject, state: State) -> Iterator[Way]:
    """Yield the ways out of a state, those by a key of its flow in a flow that it runs included."""
    yield from subject.ways_by_state[state.name]
    if isinstance(state.action, Run):
        for choice in subject.flow.on.keys:
            yield Way(outcome=choice.key, transition=choice.transition, hears=True)


def _arrivals(subject: Subject, way: Way, known: Known) -> Iterator[tuple[str, Known]]:
    for move, _, here in moves(subject, way.transition, known):
        if move.next is not None:
            yield move.next.name, after_steps(subject, move.steps, here)


def on_way(subject: Subject, state: State, way: Way, known: Known) -> Known:
    """Return what is known where a way out of `state` begins."""
    if way.into:
        known = known.given(way.into)
        if way.outcome == "collected":
            known = change(known, present=known.present | {way.into})
    if not way.event:
        return known
    known = later(subject, state, known)
    heard = {INPUT} if way.hears else {SIGNALLED} if signal_of(way.outcome) else set()
    known = change(known, assigned=known.assigned | heard, plain=not way.secret)
    return known.seen_as(_of_event(subject, state, way))


def later(subject: Subject, state: State, known: Known) -> Known:
    """Return what is known in a waiting state when the event is gone that led to it."""
    gone = {*OF_THE_EVENT, *beside(subject), *_changed_meanwhile(subject, state)}
    known = known.without(*gone).seen_as(_open_legs(subject))
    return change(known, assigned=known.assigned - SOMETIMES)


def _changed_meanwhile(subject: Subject, state: State) -> Iterator[str]:
    """Yield what may have another value when a state is left than when it was entered."""
    if isinstance(state.action, Run):
        yield from (TRIES, "locale")
    for way in subject.ways_by_state[state.name]:
        for move in way.transition if way.event else ():
            if move.next is None:
                yield from filter(None, map(_set_in, move.steps))


def _of_event(subject: Subject, state: State, way: Way) -> Values:
    """What an event tells of its names."""
    names = watched(subject).names
    if way.outcome in AMD and isinstance(state.action, Connect) and "amd" in names:
        known = {"human", "machine"}
        surely = way.outcome in known
        return {"amd": only(way.outcome) if surely else Possible(without=MISSING | known)}
    if not way.hears or way.secret or INPUT not in names:
        return NO_VALUES
    if len(way.outcome) == 1:
        return {INPUT: only(way.outcome)}
    silent = way.outcome == "no_input" and isinstance(state.action, Menu)
    return {INPUT: only("")} if silent else NO_VALUES


def after_steps(subject: Subject, steps: Iterable[Step], known: Known) -> Known:
    """Return what is known after some steps."""
    for step in steps:
        name = _set_in(step)
        if name:
            known = known.given(name, _value_of(subject, step, known))
        if isinstance(step, Set | RecordOperation | LocaleStep):
            known = change(known.without("locale"), settled=NOTHING_SETTLED)
        if places_leg(step):
            known = change(known.without(LEGS), settled=NOTHING_SETTLED)
            known = known.seen_as(_open_legs(subject))
    return known


def _set_in(step: Step) -> str:
    """The variable that a step gives a value, "" for none."""
    match step:
        case Set(name=name):
            return name
        case RecordOperation(into=into) | CalloutStep(into=into) if into is not None:
            return into.name
        case _:
            return ""


def _value_of(subject: Subject, step: Step, known: Known) -> Possible:
    if not isinstance(step, Set) or step.name not in followed(subject):
        return ANYTHING
    match step.value:
        case Constant(value=value):
            return only(value)
        case TextValue(text=text) if not is_computed(step.value):
            return only(text.source)
        case TextValue(text=text):
            tree = _whole(text.source)
            return ANYTHING if tree is None else possible(tree, facts_of(subject.sight, known))
        case _:
            return ANYTHING


def _whole(source: str) -> nodes.Expr | None:
    try:
        return whole_expression(source)
    except ExpressionError:  # told where it is read
        return None


# -- conditions -----------------------------------------------------------------------------------


def moves(
    subject: Subject, transition: Sequence[Move], known: Known
) -> Iterator[tuple[Move, Known, Known]]:
    """Yield each move with what is known where its condition is asked, for those before it don't
    hold; and where it holds."""
    for move in transition:
        yield move, known, told(subject.sight, move.when, True, known)
        if move is not transition[-1]:
            known = told(subject.sight, move.when, False, known)


def told(sight: Sight, condition: Expr | None, holds: bool, known: Known) -> Known:
    """Return what is known where a condition holds or doesn't."""
    tree = None if condition is None else parsed(condition.source)
    if tree is None:
        return known
    present = known.present | sure_if(tree, holds)
    after = assume(tree, holds, facts_of(sight, known))
    if after.contradict:  # no call comes here; that the condition is decided is a finding
        return change(known, present=present)
    return change(known, present=present, values=after.values, settled=after.settled)


def facts_of(sight: Sight, known: Known) -> Facts:
    """Return what is known, as conditions ask for it."""
    types = sight.types if known.plain else {**sight.types, INPUT: SECRET_INPUT}

    def type_of(node: nodes.Node) -> Type | None:
        try:
            return infer(node, types, "", sight.records, known.present)
        except ExpressionError:  # told where it is read
            return None

    return Facts(type_of, known.values, known.settled)


def parsed(condition: str) -> nodes.Expr | None:
    """Return the tree of a condition, None where it is none: told where it is read."""
    try:
        return parse_expression(condition)
    except ExpressionError:
        return None
