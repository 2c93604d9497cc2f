"""Who has answered, a person or a machine: told with the answer, or while the call goes on."""

from ivrflow.errors import EvaluationError
from ivrflow.machine.act import act
from ivrflow.machine.events import Answered, Notified
from ivrflow.machine.go import go
from ivrflow.machine.outcome import Step, Trace, Verdict
from ivrflow.machine.session import CONTEXT_BY_WAIT
from ivrflow.machine.unasked import give_up, stay, tell
from ivrflow.machine.walk import Turn, Walk
from ivrflow.model.context import Context


def detected(turn: Turn, event: Notified) -> Step:
    """Who answered is known only now, while the call goes on, or known better: what beeps is a
    machine, whatever was said of it before."""
    session = turn.session
    beeped = session.beeped or has_beeped(event)
    verdict = "machine" if beeped else verdict_of(event)
    turn = turn.after(amd=verdict, beeped=beeped)
    context = CONTEXT_BY_WAIT.get(session.wait)
    if session.is_closed or verdict == session.amd or context is not Context.LIVE:
        return Step(session=turn.session, verdict=Verdict.MOVED, trace=Trace(outcome=verdict))
    try:
        return _handled(Walk(turn, context), verdict)
    except EvaluationError as fault:
        return give_up(turn, context, str(fault))


def verdict_of(event: Answered | Notified) -> str:
    """Return who answered: `human`, `machine`, or `unsure`."""
    return event.amd if event.amd in ("human", "machine") else "unsure"


def has_beeped(event: Answered | Notified) -> bool:
    """Whether an event tells of the beep of an answering machine."""
    return event.amd_reason == "beep" or (isinstance(event, Notified) and event.type == "amd_beep")


def _handled(walk: Walk, outcome: str) -> Step:
    """Take one outcome of the state in which two parties talk."""
    entered = go(walk, walk.current.on.get(outcome, ()))
    if entered is not None:
        act(walk, entered)
        return tell(walk, outcome)
    return stay(walk, outcome)
