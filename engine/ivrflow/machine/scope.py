"""What templates and conditions see while a turn is walked."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from ivrflow.errors import EvaluationError
from ivrflow.expr.functions import name_in_scope
from ivrflow.machine.lookups import LookedUp, Lookup, Pending, Waiting
from ivrflow.machine.opening import Calendars, of_schedules
from ivrflow.machine.outcome import Answer, Facts, Join, Now, Question, Recorded
from ivrflow.machine.program import DeclaredRecord
from ivrflow.machine.recorded import recorded
from ivrflow.machine.session import Frame, Session
from ivrflow.numbers import is_e164
from ivrflow.records import Operation

SECONDS = len("2026-11-23T10:00:00")
"""How much of a moment is whole seconds."""

A = TypeVar("A", Recorded, LookedUp)


class FactMissingError(Exception):
    """The walk read a fact that it wasn't given."""

    def __init__(self, fact: Now | Question) -> None:
        super().__init__(fact)
        self.fact = fact


class Told:
    """What a step is told of the world, in the order in which it asks."""

    __slots__ = ("asked", "facts")

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.asked = 0

    def recorded(self, operation: Operation) -> object:
        """Return what an operation on a record yielded."""
        return _of(Recorded, self._ask(operation)).value

    def joined(self, join: Join) -> str:
        """Return the room where a leg and its parent talk, "" if the parent waits no more."""
        return str(_of(Recorded, self._ask(join)).value)

    def looked_up(self, lookup: Lookup) -> LookedUp:
        """Return what became of a look-up."""
        return _of(LookedUp, self._ask(lookup))

    def awaited(self, pending: Pending) -> LookedUp | None:
        """Return what became of a look-up behind a prompt, None while nothing did."""
        answer = self._ask(pending)
        return None if isinstance(answer, Waiting) else _of(LookedUp, answer)

    def _ask(self, question: Question) -> Answer:
        """Return the answer to the next question; raises `FactMissingError` if there is none."""
        if self.asked >= len(self.facts.answers):
            raise FactMissingError(question)
        self.asked += 1
        return self.facts.answers[self.asked - 1]

    def now(self) -> str:
        if not self.facts.now:
            raise FactMissingError(Now())
        return self.facts.now


def _of(kind: type[A], answer: Answer) -> A:
    if not isinstance(answer, kind):
        raise EvaluationError("a question was told the answer to another")
    return answer


class Visits(dict[str, int]):
    """How often each state was entered; never entered is 0."""

    def __missing__(self, state: str) -> int:
        return 0


class Names(dict[str, object]):
    """The variables of the running flow, and by need all else that it sees.

    Lint proves that each name has a value; reading one without is a fault.
    """

    __slots__ = ("frame", "records", "schedules", "session", "told", "visits")

    def __init__(
        self,
        session: Session,
        frame: Frame,
        visits: Visits,
        told: Told,
        *,
        schedules: Calendars,
        records: Mapping[str, DeclaredRecord],
    ) -> None:
        super().__init__(frame.vars)
        self.schedules = schedules
        self.records = records
        self.session = session
        self.frame = frame
        self.visits = visits
        self.told = told

    def __missing__(self, name: str) -> object:
        find = FIND_BY_NAME.get(name)
        if find is not None:
            found = self[name] = find(self)
            return found
        meant = of_schedules(name, self.schedules, self.frame.flow, self)
        if meant is None:
            raise EvaluationError(f'"{name}" has no value yet')
        return meant

    def get(self, name: str, default: object = None) -> object:
        try:
            return self[name]
        except EvaluationError:
            return default


def _call(names: Names) -> dict[str, object]:
    call = names.session.call
    number = call.caller if is_e164(call.caller or "") else None
    return {
        "id": call.id,
        "from": number,
        "user": None if number else call.caller,
        "to": call.called,
        "domain": call.domain,
        "headers": call.headers,
        "custom": call.custom,
        "region": call.region,
    }


def _now(names: Names) -> str:
    """What time it is, to the second."""
    now = names.told.now()
    return f"{now[:SECONDS]}Z" if "." in now else now


FIND_BY_NAME: dict[str, Callable[[Names], object]] = {
    "call": _call,
    "params": lambda names: names.frame.params,
    "visits": lambda names: names.visits,
    "locale": lambda names: names.session.locale,
    "tries": lambda names: names.session.tries,
    "legs": lambda names: len(names.frame.legs),
    "amd": lambda names: names.session.amd,
    "beeped": lambda names: names.session.beeped,
    "result": lambda names: names.session.result,
    "reason": lambda names: names.session.reason,
    "run": lambda names: {"id": names.session.call.id},
    "now": _now,
    name_in_scope("recorded"): lambda names: recorded(names.records, names.told.recorded),
}
