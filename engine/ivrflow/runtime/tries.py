"""What becomes of a callout: from one state to the next, as values.

`NEXT` says all of it. What the state of a callout does not take changes nothing: None.
"""

from collections.abc import Mapping
from enum import Enum, auto

from ivrflow.callouts import Answer, Callout, Placed, Refused, State, Unsure
from ivrflow.machine.program import Retry
from ivrflow.pace import LONGEST_CALL

PATIENCE = 180_000
"""Milliseconds after which a callout that nothing was heard of is looked for, and a call that goes
on: of its end the platform tells once, maybe while no engine was there."""

AFTER_RINGING = 60_000
"""Milliseconds that the news of a call may take after the longest that it may ring."""

MAX_REFUSALS = 12
"""How often the platform may be too busy for one callout."""

FIRST_PAUSE, LONGEST_PAUSE = 2_000, 300_000
"""Milliseconds between two tries at a platform that is too busy; each pause is twice the last."""

MAX_LOOKS = LONGEST_CALL // PATIENCE
"""How often the platform is asked about a call without news, for as long as one can last."""

RESULTS = ("busy", "no_answer", "failed")
"""What can become of a callout that nobody answers. What else a platform says is `failed`."""


class News(Enum):
    """What happens to a callout."""

    DUE_LATER = auto()
    """It is not the time yet."""
    UNWANTED = auto()
    """It is not wanted any more."""
    DIALLED = auto()
    """The platform is about to be asked."""
    NAMED = auto()
    """The platform has placed a call."""
    PUT_OFF = auto()
    """The platform is too busy."""
    REFUSED = auto()
    """The platform won't."""
    UNSURE = auto()
    """Nobody knows what the platform did."""
    LOST = auto()
    """Nothing was heard of what the platform did, or of what became of the call."""
    ONGOING = auto()
    """The platform was asked about the call: it goes on."""
    ANSWERED = auto()
    """Somebody answered."""
    TRIED = auto()
    """Nobody answered; it is tried again."""
    GIVEN_UP = auto()
    """Nobody answered the last try."""
    CANCELLED = auto()
    """Nobody wants it any more, and somebody has answered."""
    DONE = auto()
    """The call is over, or the flow has been told that there was none."""


_ENDS = {
    News.ANSWERED: State.LIVE,
    News.TRIED: State.WAITING,
    News.GIVEN_UP: State.UNREACHED,
}
"""How a try ends that is under way."""

_WAITING = {
    News.DUE_LATER: State.WAITING,
    News.UNWANTED: State.UNREACHED,
    News.DIALLED: State.PLACING,
}

NEXT: Mapping[State, Mapping[News, State]] = {
    State.WAITING: _WAITING,
    State.PLACING: {
        **_ENDS,
        News.NAMED: State.PLACED,
        News.PUT_OFF: State.WAITING,
        News.REFUSED: State.UNREACHED,
        News.UNSURE: State.PLACING,
        News.LOST: State.UNREACHED,
        News.CANCELLED: State.OVER,
    },
    State.PLACED: {
        **_ENDS,
        News.ONGOING: State.PLACED,
        News.LOST: State.UNREACHED,
        News.CANCELLED: State.OVER,
    },
    State.LIVE: {News.ONGOING: State.LIVE, News.LOST: State.OVER, News.DONE: State.OVER},
    State.UNREACHED: {News.DONE: State.OVER},
    State.OVER: {},
}
"""What each state takes, and what follows."""

PUT_OFF = {**_WAITING, **_ENDS}
"""What one takes that waits because the platform was too busy: it may have placed a call."""


def _moved(callout: Callout, news: News, **changes: object) -> Callout | None:
    put_off = callout.state is State.WAITING and callout.refusals > 0
    state = (PUT_OFF if put_off else NEXT[callout.state]).get(news)
    return None if state is None else callout.changed(state=state, **changes)


def due_later(callout: Callout, due: int) -> Callout | None:
    """It is not the time to dial."""
    return _moved(callout, News.DUE_LATER, due=due)


def placing(callout: Callout, ringing: int, at: int) -> Callout | None:
    """The platform is about to be asked; it will ring for `ringing` milliseconds at most."""
    due = at + max(PATIENCE, ringing + AFTER_RINGING)
    return _moved(callout, News.DIALLED, attempt=callout.attempt + 1, call="", due=due)


def answered_by_platform(callout: Callout, attempt: int, answer: Answer, at: int) -> Callout | None:
    """The platform's answer to a try; events may have overtaken it."""
    if callout.attempt != attempt:
        return None
    match answer:
        case Placed(call=call):
            return _moved(callout, News.NAMED, call=call, refusals=0)
        case Refused(reason=reason, again=True, pause=pause) if _may_wait(callout):
            refusals = callout.refusals + 1
            due = at + max(pause, min(FIRST_PAUSE << callout.refusals, LONGEST_PAUSE))
            return _moved(callout, News.PUT_OFF, refusals=refusals, reason=reason, due=due)
        case Refused(reason=reason):
            return _moved(callout, News.REFUSED, result="refused", reason=reason, due=at)
        case Unsure(reason=reason):
            return _moved(callout, News.UNSURE, result="unknown", reason=reason)


def _may_wait(callout: Callout) -> bool:
    """Whether a callout that the platform is too busy for is tried again."""
    return callout.refusals < MAX_REFUSALS and not callout.unwanted


def lost(callout: Callout, at: int) -> Callout | None:
    """The platform never said what became of a call, and no event came of it."""
    reason = callout.reason or "the engine stopped while it was placed"
    return _moved(callout, News.LOST, result="unknown", reason=reason, due=at)


def ongoing(callout: Callout, at: int) -> Callout | None:
    """The platform was asked, and did not say that the call is over: it goes on, for all that is
    known. One that goes on for longer than calls can is given up."""
    looks = callout.refusals + 1
    if looks < MAX_LOOKS:
        return _moved(callout, News.ONGOING, refusals=looks, due=at + PATIENCE)
    result = callout.result if callout.state is State.LIVE else "unknown"
    return _moved(callout, News.LOST, result=result, reason="its end was never heard of", due=at)


def unanswered(
    callout: Callout, retry: Retry | None, result: str, reason: str, at: int
) -> Callout | None:
    """Nobody answered: it is tried again, or that was the last try."""
    known = result if result in RESULTS else "failed"
    again = retry is not None and known in retry.results and not callout.unwanted
    if retry is None or not again or callout.failures >= retry.times:
        return _moved(callout, News.GIVEN_UP, result=known, reason=reason, due=at)
    return _moved(
        callout,
        News.TRIED,
        failures=callout.failures + 1,
        refusals=0,
        result=known,
        reason=reason,
        due=at + retry.every,
    )


def cancelled(callout: Callout, reason: str, at: int) -> Callout | None:
    """One that waits is not wanted any more; its flow is to be told."""
    return _moved(callout, News.UNWANTED, result="cancelled", reason=reason, due=at)


def unwanted(callout: Callout, at: int) -> Callout | None:
    """A leg is not wanted any more: one that rings is not spoken to, one that waits is not dialled.
    Of one that speaks nothing changes: its call has to end."""
    match callout.state:
        case State.WAITING:
            return cancelled(callout, "it is not wanted any more", at)
        case State.PLACING | State.PLACED if not callout.unwanted:
            return callout.changed(unwanted=True)
        case _:
            return None


def turned_away(callout: Callout, call: str, at: int) -> Callout | None:
    """Somebody answered a leg that is not wanted any more."""
    return _moved(callout, News.CANCELLED, call=call, result="cancelled", due=at)


def live(callout: Callout, call: str, at: int) -> Callout | None:
    """Somebody answered."""
    changes = {"call": call, "result": "answered", "reason": "", "refusals": 0}
    return _moved(callout, News.ANSWERED, due=at + PATIENCE, **changes)


def over(callout: Callout, at: int) -> Callout | None:
    """Its call is over, or its flow was told: nothing is to be done any more."""
    return _moved(callout, News.DONE, due=at)
