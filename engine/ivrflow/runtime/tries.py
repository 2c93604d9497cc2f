"""What becomes of a callout: from one state to the next, as values."""

from ivrflow.callouts import Answer, Callout, Placed, Refused, State, Unsure
from ivrflow.machine.program import Retry

PATIENCE = 180_000
"""Milliseconds after which a callout that nothing was heard of is looked for."""

LONGEST_CALL = 5 * 3_600_000
"""Milliseconds after which a call that never ended is looked for."""

MAX_REFUSALS = 12
"""How often the platform may be too busy for one callout."""

FIRST_PAUSE, LONGEST_PAUSE = 2_000, 300_000
"""Milliseconds between two tries at a platform that is too busy; each pause is twice the last."""

RESULTS = ("busy", "no_answer", "failed")
"""What can become of a callout that nobody answers. What else a platform says is `failed`."""

OPEN = frozenset({State.WAITING, State.PLACING, State.PLACED})
"""States in which somebody may still answer."""


def placing(callout: Callout, at: int) -> Callout:
    """The platform is about to be asked."""
    return callout.changed(
        state=State.PLACING, attempt=callout.attempt + 1, call="", due=at + PATIENCE
    )


def answered_by_platform(callout: Callout, attempt: int, answer: Answer, at: int) -> Callout | None:
    """The platform's answer to a try; events may have overtaken it."""
    if callout.state is not State.PLACING or callout.attempt != attempt:
        return None
    match answer:
        case Placed(call=call):
            return callout.changed(state=State.PLACED, call=call, due=at + PATIENCE)
        case Refused(reason=reason, again=True, pause=pause) if callout.refusals < MAX_REFUSALS:
            refusals = callout.refusals + 1
            own = min(FIRST_PAUSE << callout.refusals, LONGEST_PAUSE)
            due = at + max(pause, own)
            return callout.changed(state=State.WAITING, refusals=refusals, reason=reason, due=due)
        case Refused(reason=reason):
            return unreached(callout, "refused", reason, at)
        case Unsure(reason=reason):
            return callout.changed(result="unknown", reason=reason)


def unanswered(callout: Callout, retry: Retry | None, result: str, reason: str, at: int) -> Callout:
    """Nobody answered: it is tried again, or that was the last try."""
    known = result if result in RESULTS else "failed"
    if retry is not None and known in retry.results and callout.failures < retry.times:
        return callout.changed(
            state=State.WAITING,
            failures=callout.failures + 1,
            refusals=0,
            result=known,
            reason=reason,
            due=at + retry.every,
        )
    return unreached(callout, known, reason, at)


def unreached(callout: Callout, result: str, reason: str, at: int) -> Callout:
    """Nobody will answer any more; its flow is to be told."""
    return callout.changed(state=State.UNREACHED, result=result, reason=reason, due=at)


def cancelled(callout: Callout, at: int) -> Callout:
    """Somebody doesn't want it any more."""
    return unreached(callout, "cancelled", "somebody cancelled it", at)


def live(callout: Callout, call: str, at: int) -> Callout:
    """Somebody answered."""
    return callout.changed(
        state=State.LIVE, call=call, result="answered", reason="", due=at + LONGEST_CALL
    )


def over(callout: Callout, at: int) -> Callout:
    """Nothing is to be done any more."""
    return callout.changed(state=State.OVER, due=at)
