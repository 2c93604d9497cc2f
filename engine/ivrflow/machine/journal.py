"""What the journal keeps of events: all, but of what may be a secret its length only."""

from collections.abc import Sequence

import msgspec

from ivrflow.expr.secrecy import is_secret, mask, masked
from ivrflow.expr.types import Type
from ivrflow.machine.events import Chosen, Digits, Event, MenuFailed, NoMatch, Signal
from ivrflow.machine.lookups import Lookup, Pending, Waiting
from ivrflow.machine.outcome import Answer, Facts, Question, Verdict
from ivrflow.machine.program import Collect, Menu, Program
from ivrflow.machine.session import Session

KEYS = frozenset("0123456789*#")


def journalled(event: Event, program: Program, session: Session, verdict: Verdict) -> Event:
    """Return `event` as it is kept, of a call that was `session` before it came.

    In a program with secrets only an input that a state took which asks for none is kept in clear:
    one that came too late may have been typed for another.
    """
    if not program.secret:
        return event
    if isinstance(event, Signal):  # nobody knows what is in it, and a flow may take it for a secret
        return msgspec.structs.replace(event, data=None, masked=True)
    taken = verdict in (Verdict.MOVED, Verdict.FAILED)
    if taken and not _asks_secret(program, session):
        return event
    match event:
        case Digits(digits=digits):
            return msgspec.structs.replace(event, digits=masked(digits), masked=True)
        case NoMatch(value=value) | MenuFailed(value=value):
            return msgspec.structs.replace(event, value=masked(value), masked=True)
        case Chosen(value=value) if len(value) > 1 and KEYS.issuperset(value):
            # What options return is a word or one key; this is neither.
            return msgspec.structs.replace(event, value=masked(value), masked=True)
        case _:
            return event


def masked_facts(facts: Facts, asked: Sequence[Question]) -> Facts:
    """Return facts as they are kept; `asked` are the questions that their answers answer."""
    types = [_type_of_answer(question) for question in asked]
    if not any(map(is_secret, types)):
        return facts
    answers = tuple(
        _masked(answer, type_) for answer, type_ in zip(facts.answers, types, strict=True)
    )
    return msgspec.structs.replace(facts, answers=answers)


def _masked(answer: Answer, type_: Type | None) -> Answer:
    if isinstance(answer, Waiting):
        return answer
    return msgspec.structs.replace(answer, value=mask(answer.value, type_))


def _type_of_answer(question: Question) -> Type | None:
    """The type of what is looked up; records keep no secrets."""
    match question:
        case Lookup(returns=type_) | Pending(lookup=Lookup(returns=type_)):
            return type_
        case _:
            return None


def _asks_secret(program: Program, session: Session) -> bool:
    """Whether the state that the call is in asks for a secret; so does one that nobody knows."""
    flow = program.flows.get(session.frame.flow)
    state = None if flow is None else flow.states.get(session.frame.state)
    if flow is None or state is None:
        return True
    match state.action:
        case Menu(extension=digits) | Collect(digits=digits):
            return digits is not None and digits.into in flow.secrets
        case _:
            return False
