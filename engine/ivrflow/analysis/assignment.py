"""Which names have a value, on every way to a state.

Definite assignment is a forward data flow over the graph of states. `input` is assigned by a menu
or collect that hears, and gone with the next event; after one that asks for a secret it is not
known to be plain. A condition on the way tells which nullable values are there: `sure`.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from ivrflow.analysis.graph import Way
from ivrflow.analysis.subject import Subject
from ivrflow.errors import ExpressionError
from ivrflow.expr.narrowing import root_of, sure_if
from ivrflow.expr.parse import parse_expression
from ivrflow.model.flow import Expr, Move, RecordOperation, Set, Step

Names = frozenset[str]

INPUT = "input"
PLAIN_INPUT = "input, which is no secret"
"""Among the names that are assigned: on no way here `input` is what a secret collect heard."""

SURE = "!"
"""How a path ends among the names that are assigned if it is not null on any way here."""


def begun(subject: Subject) -> Names:
    """Return what is assigned where a flow begins."""
    given = (name for name, decl in subject.flow.vars.items() if decl.has_default)
    return frozenset(given) | {PLAIN_INPUT}


def everything(subject: Subject) -> Names:
    """Return what is taken to be assigned where no call comes."""
    return frozenset(subject.variables) | {INPUT, PLAIN_INPUT}


def entered(subject: Subject) -> dict[str, Names]:
    """Return what is assigned on every way to each state that can be reached."""
    found: dict[str, Names] = {}
    todo: deque[str] = deque()
    waiting: set[str] = set()

    def arrive(name: str, assigned: Names) -> None:
        before = found.get(name)
        after = assigned if before is None else before & assigned
        if name in subject.states and after != before:
            found[name] = after
            if name not in waiting:
                waiting.add(name)
                todo.append(name)

    arrive(subject.flow.start.name, begun(subject))
    if subject.flow.on.error is not None:
        arrive(subject.flow.on.error.name, begun(subject))
    while todo:
        name = todo.popleft()
        waiting.remove(name)
        left = after_steps(subject.states[name].steps, found[name])
        for way in subject.ways_by_state[name]:
            for following, here in _arrivals(way, left):
                arrive(following, here)
    return found


def _arrivals(way: Way, assigned: Names) -> Iterator[tuple[str, Names]]:
    for move, here in moves(way.transition, on_way(way, assigned)):
        if move.next is not None:
            yield move.next.name, after_steps(move.steps, here)


def moves(transition: Sequence[Move], assigned: Names) -> Iterator[tuple[Move, Names]]:
    """Yield each move with what is known where it is taken: those before it don't hold."""
    for move in transition:
        yield move, assigned | sure(move.when, True)
        assigned |= sure(move.when, False)


def sure(condition: Expr | None, holds: bool) -> Names:
    """Return what is known, among the names, where a condition holds or doesn't."""
    if condition is None:
        return frozenset()
    try:
        tree = parse_expression(condition.source)
    except ExpressionError:  # told where it is read
        return frozenset()
    return frozenset(path + SURE for path in sure_if(tree, holds))


def present(assigned: Names) -> frozenset[str]:
    """Return the paths that are known not to be null."""
    return frozenset(name[: -len(SURE)] for name in assigned if name.endswith(SURE))


def on_way(way: Way, assigned: Names) -> Names:
    """Return what is assigned where a way begins."""
    if way.into:
        assigned = _given(assigned, way.into)
    if not way.event:
        return assigned
    heard = {INPUT} if way.hears else set()
    plain = set() if way.secret else {PLAIN_INPUT}
    return _forgotten(assigned - {INPUT, PLAIN_INPUT}, OF_THE_EVENT) | heard | plain


OF_THE_EVENT = ("amd", "reason", "result")
"""Names whose values come with an event."""


def after_steps(steps: Iterable[Step], assigned: Names) -> Names:
    """Return what is assigned after some steps."""
    for step in steps:
        name = _set_in(step)
        if name:
            assigned = _given(assigned, name)
    return assigned


def _given(assigned: Names, name: str) -> Names:
    """A variable has another value now: what was known of the old one is not known of it."""
    return _forgotten(assigned, (name,)) | {name}


def _forgotten(assigned: Names, names: Iterable[str]) -> Names:
    gone = tuple(names)
    return frozenset(
        each
        for each in assigned
        if not (each.endswith(SURE) and root_of(each.rstrip(SURE)) in gone)
    )


def _set_in(step: Step) -> str:
    """The variable that a step gives a value, "" for none."""
    match step:
        case Set(name=name):
            return name
        case RecordOperation(into=into) if into is not None:
            return into.name
        case _:
            return ""
