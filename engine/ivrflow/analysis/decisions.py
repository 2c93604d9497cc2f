"""Conditions that are decided before any call, and why."""

from collections.abc import Iterator, Sequence
from math import inf

import msgspec
from jinja2 import nodes

from ivrflow.analysis.assignment import Known, facts_of, parsed
from ivrflow.analysis.subject import Sight
from ivrflow.diagnostics import Span
from ivrflow.expr.narrowing import path_of
from ivrflow.expr.possible import ANYTHING, MISSING, Possible, of_type
from ivrflow.expr.truth import truth
from ivrflow.model.flow import Expr, Move

MAX_TOLD = 5
"""How many values are named one by one."""


class Decision(msgspec.Struct, frozen=True):
    """A condition always `holds`, or never does: `why`, and the moves before it that decide it."""

    holds: bool
    condition: str
    why: str = ""
    moves: tuple[Span, ...] = ()


class Before(msgspec.Struct, frozen=True):
    """What stands before a condition: the `moves` of its list, and what was `known` before them.
    `last`: it is the last of a list that must lead on, so its author is asked to leave it out."""

    known: Known
    moves: Sequence[Move] = ()
    last: bool = False


def decision(sight: Sight, condition: Expr, known: Known, before: Before | None) -> Decision | None:
    """Return how a condition is decided by what is `known`, None where it depends on the call."""
    tree = parsed(condition.source)
    holds = None if tree is None else truth(tree, facts_of(sight, known))
    before = before or Before(known)
    if tree is None or holds is None or (holds and before.last):
        return None
    if truth(tree, facts_of(sight, before.known)) is holds:
        why = "; ".join(_told(tree, sight, before.known))
        return Decision(holds, condition.source, why)
    return Decision(holds, condition.source, moves=tuple(each.at for each in before.moves))


def _told(tree: nodes.Node, sight: Sight, known: Known) -> Iterator[str]:
    """Say in words what is known of the values that a condition reads."""
    facts = facts_of(sight, known)
    found: dict[str, Possible] = {}
    for node in (tree, *tree.find_all((nodes.Name, nodes.Getattr, nodes.Getitem))):
        path = path_of(node)
        if path:
            found.setdefault(path, facts.values.get(path) or of_type(facts.type_of(node)))
    for path, value in found.items():
        words = _in_words(value)
        if words and not any(each.startswith((f"{path}.", f"{path}[")) for each in found):
            yield f"{path} {words} here"


def _in_words(value: Possible) -> str:
    if value.values is not None:
        return _listed(sorted(map(_quoted, value.values)))
    if value.least == value.most:
        return f"is {_number(value.least)}"
    if value.least > -inf and value.most < inf:
        return f"is from {_number(value.least)} to {_number(value.most)}"
    if value.least > -inf:
        return f"is at least {_number(value.least)}"
    if value.most < inf:
        return f"is at most {_number(value.most)}"
    return "is never null" if value != ANYTHING and value.without >= MISSING else ""


def _listed(values: list[str]) -> str:
    if not values or len(values) > MAX_TOLD:
        return ""
    *first, last = values
    return f"is {', '.join(first)} or {last}" if first else f"is {last}"


def _quoted(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "null"
    return f'"{value}"' if isinstance(value, str) else _number(value)


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)
