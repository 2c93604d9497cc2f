"""What is known of counters and variables while a call goes round through some states of a flow.

Only what conditions there read is kept, and numbers beyond all that they are compared with are one:
so a call that goes round comes to what was known before, or out.
"""

import math
from collections.abc import Iterable, Iterator, Mapping

from jinja2 import nodes

from ivrflow.analysis.graph import is_silent, wanted_digits
from ivrflow.analysis.patience.guards import (
    Known,
    NameOf,
    Range,
    Value,
    constant,
    holds,
    judge,
    numbers_of,
    parsed,
    paths_in,
    paths_of,
)
from ivrflow.errors import ExpressionError
from ivrflow.expr.parse import whole_expression
from ivrflow.model.flow import (
    CalloutStep,
    Constant,
    Expr,
    Flow,
    Hold,
    Park,
    RecordOperation,
    RequestAction,
    Run,
    Set,
    State,
    Step,
    Template,
    TextValue,
    Transition,
)

Values = Mapping[str, Value]
"""What is known by path: `tries`, `visits.ask`, `count`; by `AT`; by `COUNTED` and a record."""

AT = "the waiting state that the call is in"
COUNTED = "how often it was counted: "
VISITS = "visits."

MOST_KEPT = 40
"""Values that are kept in one region: beyond, what they come to is more than can be walked."""

FORGETS = frozenset({"put", "delete"})
"""Steps after which a record counts anew."""


class Assignments:
    """Where the variables of a flow get their values."""

    def __init__(self, flow: Flow, steps: Iterable[Step]) -> None:
        self.vars = flow.vars
        self.sets: dict[str, list[Set]] = {}
        self.others: set[str] = set()
        for step in steps:
            match step:
                case Set(name=name):
                    self.sets.setdefault(name, []).append(step)
                case RecordOperation(into=into) | CalloutStep(into=into) if into is not None:
                    self.others.add(into.name)
                case _:
                    pass
        for state in flow.states.values():
            digits = wanted_digits(state)
            into = digits.into if digits else None
            if isinstance(state.action, Run | RequestAction):
                into = state.action.into
            self.others |= {into.name} if into else set()

    def default(self, name: str) -> Value:
        decl = self.vars.get(name)
        return constant(decl.default) if decl is not None and decl.has_default else None

    def unchanged(self, name: str) -> Value:
        """Return the value of a variable that nothing assigns."""
        changes = name in self.sets or name in self.others
        return None if changes else self.default(name)

    def before(self, name: str, inside: list[Step]) -> Value:
        """Return what a variable can be where no step of `inside` has assigned it yet."""
        if name in self.others:
            return None
        here = {id(each) for each in inside}
        decl = self.vars.get(name)
        found = [self.default(name)] if decl is not None and decl.has_default else []
        elsewhere = [each for each in self.sets.get(name, ()) if id(each) not in here]
        fresh = [each for each in elsewhere if name not in _read_by(each.value)]
        known = _either([*found, *(given(each.value, nothing) for each in fresh)])
        for each in elsewhere:
            if name in _read_by(each.value):
                known = _widened(known, given(each.value, {name: known}.get))
        return known


class Memory:
    """What calls remember in `states` of `flow`, which they can go round if `looped`.

    `ways` are the transitions that they take there. `first` is known when they come in.
    """

    def __init__(
        self,
        flow: Flow,
        assignments: Assignments,
        states: Iterable[str],
        ways: Iterable[Transition],
        *,
        looped: bool,
    ) -> None:
        self.flow = flow
        self.assignments = assignments
        self.states = frozenset(states)
        self.looped = looped
        self.first: Values = {}
        self.changing: frozenset[str] = frozenset()
        self.most: float = 0
        self.has_forgotten = False
        if looped:
            self._track(list(ways))

    def _track(self, ways: list[Transition]) -> None:
        conditions = [move.when.source for way in ways for move in way if move.when is not None]
        read = set().union(*map(paths_in, conditions)) if conditions else set()
        held = self._holds
        if not read and not held:
            return
        steps = [step for way in ways for move in way for step in move.steps]
        steps += [step for name in self.states for step in self.flow.states[name].steps]
        read |= {path for name in read for path in self._computed_from(name)}
        first: dict[str, Value] = dict(held)
        for path in sorted(read):
            first |= self._first(path, steps)
        self.changing = frozenset(first.keys() - held.keys())
        self.first = first if len(first) <= MOST_KEPT else held
        self.most = 1 + max(self._numbers(conditions, read), default=0)

    @property
    def _holds(self) -> dict[str, Value]:
        """What must be known where calls are held: whether they come back to where they are."""
        actions = (self.flow.states[name].action for name in self.states)
        return {AT: None} if any(isinstance(each, Hold | Park) for each in actions) else {}

    def _computed_from(self, name: str) -> Iterator[str]:
        for each in self.assignments.sets.get(name, ()):
            yield from _read_by(each.value)

    def _first(self, path: str, steps: list[Step]) -> Values:
        """What is known of a path at first, where it changes in these states."""
        if path == "tries":
            return {AT: None, path: Range(0, 0)}
        if path.startswith(VISITS):
            return {path: Range(0, 0)} if path.removeprefix(VISITS) in self.states else {}
        if any(isinstance(each, Set) and each.name == path for each in steps):
            return {path: self.assignments.before(path, steps)}
        counted = [each for each in steps if isinstance(each, RecordOperation)]
        names = [each.record.name for each in counted if _counts_into(each, path)]
        return {path: None, **{COUNTED + each: Range(0, 0) for each in names}} if names else {}

    def _numbers(self, conditions: list[str], read: Iterable[str]) -> Iterator[float]:
        """Yield the numbers that conditions can compare."""
        trees = [parsed(each) for each in conditions]
        for path in read:
            trees += [_tree(each.value) for each in self.assignments.sets.get(path, ())]
            for each in (self.first.get(path), self.assignments.default(path)):
                if isinstance(each, Range):
                    yield from (abs(n) for n in (each.low, each.high) if math.isfinite(n))
        for tree in trees:
            yield from () if tree is None else numbers_of(tree)

    # -- what becomes of it -----------------------------------------------------------------------

    def enter(self, known: Values, state: State) -> Values:
        """Count the visit, as the machine does."""
        changed: dict[str, Value] = {}
        visited = VISITS + state.name
        if visited in known:
            changed[visited] = self._more(known[visited])
        if AT in known and state.action is not None and not is_silent(state):
            again = known[AT] == Known(state.name)
            if "tries" in known:
                changed["tries"] = self._more(known["tries"]) if again else Range(1, 1)
            changed[AT] = Known(state.name)
        return {**known, **changed} if changed else known

    def leave(self, known: Values, state: State) -> Values:
        """Forget what a flow that is run here may have changed."""
        ran = isinstance(state.action, Run) and "tries" in known
        return {**known, "tries": None} if ran else known

    def perform(self, known: Values, steps: Iterable[Step]) -> Values:
        """Assign what steps assign."""
        for step in steps if known else ():
            match step:
                case Set(name=name, value=value) if name in known:
                    found = given(value, self.name_of(known))
                    known = {**known, name: self._bounded(found)}
                case RecordOperation():
                    known = self._recorded(known, step)
                case CalloutStep(into=into) if into is not None and into.name in known:
                    known = {**known, into.name: None}
                case _:
                    pass
        return known

    def _recorded(self, known: Values, step: RecordOperation) -> Values:
        """A counter has at least what this call has counted."""
        counted, into = COUNTED + step.record.name, step.into.name if step.into else ""
        if step.operation in FORGETS and counted in known:
            return {**known, counted: Range(0, 0)}
        if step.operation != "count" or counted not in known:
            return {**known, into: None} if into in known else known
        times = self._more(known[counted])
        least = Range(times.low) if isinstance(times, Range) else None
        known = {**known, counted: times}
        return {**known, into: least} if into in known else known

    def _more(self, value: Value) -> Value:
        if not isinstance(value, Range):
            return None
        return self._bounded(Range(value.low + 1, value.high + 1))

    def _bounded(self, value: Value) -> Value:
        """Numbers beyond all that they are compared with are one."""
        if not isinstance(value, Range):
            return value
        if value.low >= self.most:
            return Range(self.most)
        if value.high <= -self.most:
            return Range(high=-self.most)
        low = value.low if value.low > -self.most else -math.inf
        return Range(low, value.high if value.high < self.most else math.inf)

    # -- what conditions say of it ----------------------------------------------------------------

    def holds(self, known: Values, when: Expr) -> bool | None:
        return holds(when.source, self.name_of(known))

    def may_bound(self, when: Expr) -> bool:
        """Whether a condition reads what changes while calls go round."""
        return not self.changing.isdisjoint(paths_in(when.source))

    def forget(self) -> None:
        """Remember nothing from now on, but that it changes."""
        self.first = {}
        self.has_forgotten = True

    def name_of(self, known: Values) -> NameOf:
        def value(path: str) -> Value:
            if path in known:
                return known[path]
            if path == "tries" or path.startswith(VISITS):
                once = path == "tries" or path.removeprefix(VISITS) in self.states
                return Range(1, 1) if once and not self.looped else None
            return self.assignments.unchanged(path)

        return value


def nothing(path: str) -> Value:
    """Know nothing of any name."""


def given(template: Template, name_of: NameOf) -> Value:
    """Return what is known of a value that is assigned."""
    match template:
        case Constant(value=value):
            return constant(value)
        case TextValue(text=text):
            tree = _tree(template)
            if tree is not None:
                return judge(tree, name_of)
            return None if "{{" in text.source else Known(text.source)
        case _:
            return None


def _tree(value: Template) -> nodes.Expr | None:
    try:
        return whole_expression(value.text.source) if isinstance(value, TextValue) else None
    except ExpressionError:
        return None


def _either(values: list[Value]) -> Value:
    """Return what is known of a value that is one of several."""
    ranges = [each for each in values if isinstance(each, Range)]
    if ranges and len(ranges) == len(values):
        return Range(min(each.low for each in ranges), max(each.high for each in ranges))
    return values[0] if values and all(each == values[0] for each in values) else None


def _widened(known: Value, after: Value) -> Value:
    """Return what is known of a value that may have become another one, again and again."""
    if not isinstance(known, Range) or not isinstance(after, Range):
        return None
    low = known.low if after.low >= known.low else -math.inf
    return Range(low, known.high if after.high <= known.high else math.inf)


def _read_by(value: Template) -> frozenset[str]:
    tree = _tree(value)
    return frozenset() if tree is None else frozenset(paths_of(tree))


def _counts_into(step: RecordOperation, name: str) -> bool:
    return step.operation == "count" and step.into is not None and step.into.name == name
