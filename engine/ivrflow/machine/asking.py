"""Stepping until nothing is needed any more: who answers is the caller's business."""

from collections.abc import Callable
from typing import Generic, TypeVar

import msgspec

from ivrflow.machine.outcome import Answer, Facts, Need, Now, Question

R = TypeVar("R")


class Answered(msgspec.Struct, Generic[R], frozen=True):
    """What was taken, on which facts, and the questions that their answers answer."""

    taken: R
    facts: Facts
    asked: list[Question]


def answered(
    take: Callable[[Facts], R | Need],
    facts: Facts,
    now: Callable[[], str],
    answer: Callable[[int, Question], Answer],
) -> Answered[R]:
    """Take with ever more facts until none is missing.

    `answer` gets the number of a question, from 0, and the question; what it raises ends it all.
    """
    asked: list[Question] = []
    while isinstance(taken := take(facts), Need):
        if isinstance(taken.fact, Now):
            facts = msgspec.structs.replace(facts, now=now())
            continue
        told = answer(len(facts.answers), taken.fact)
        facts = msgspec.structs.replace(facts, answers=(*facts.answers, told))
        asked.append(taken.fact)
    return Answered(taken, facts, asked)
