"""Replies that the platform has not asked for: it is told of what follows while a call waits."""

from collections.abc import Iterator
from itertools import groupby

import msgspec

from ivrflow.machine.act import act
from ivrflow.machine.effects import Tell
from ivrflow.machine.fail import fail
from ivrflow.machine.legs import without_legs
from ivrflow.machine.outcome import Step, Trace, Verdict
from ivrflow.machine.replies import Audio, Continue, Instruction, Reply, Say, Ssml
from ivrflow.machine.session import Session
from ivrflow.machine.take import let_go
from ivrflow.machine.walk import Turn, Walk
from ivrflow.model.context import Context
from ivrflow.model.flow import Listener


def stay(walk: Walk, outcome: str) -> Step:
    """Return the turn of a call that stays where it is, and may be told something there."""
    if not walk.instructions:
        return walk.quietly(outcome)
    if walk.context is Context.PARKED:
        act(walk, walk.current)
    else:
        walk.action, walk.room = Continue(), walk.session.room
    return tell(walk, outcome)


def tell(walk: Walk, outcome: str) -> Step:
    """Return a turn whose reply the platform is told. A parked call stays as it is until then."""
    return _as_told(walk.session, walk.step(outcome), parked=walk.context is Context.PARKED)


def _as_told(before: Session, step: Step, *, parked: bool) -> Step:
    """Return a turn that tells its reply; `parked`: the call becomes what it does when that has
    been taken."""
    assert step.reply is not None  # noqa: S101  what is told has an action
    session = step.session
    if parked:
        over = set(before.legs).difference(session.legs)
        session = msgspec.structs.replace(
            before,
            frames=tuple(without_legs(frame, over) for frame in before.frames),
            inbox=session.inbox,
            placed=session.placed,
            sent=session.sent,
            signals=session.signals,
            moving=msgspec.structs.replace(session, moving=None),
        )
    live = step.session.context is Context.LIVE
    tells = _by_listener(step.reply) if live else (Tell(reply=step.reply, moves=parked),)
    return msgspec.structs.replace(
        step, session=session, reply=None, effects=(*step.effects, *tells)
    )


def _by_listener(reply: Reply) -> Iterator[Tell]:
    """Yield what two who talk to each other are told, in order: words to one side are a request of
    their own, which does nothing else."""
    groups = [(to, tuple(each)) for to, each in groupby(reply.instructions, _listener)]
    last = groups.pop()[1] if groups and not groups[-1][0] else ()
    for to, words in groups:
        said = msgspec.structs.replace(reply, instructions=words, action=Continue())
        yield Tell(reply=said, to=to)
    if last or not isinstance(reply.action, Continue):
        yield Tell(reply=msgspec.structs.replace(reply, instructions=last))


def _listener(instruction: Instruction) -> Listener:
    return instruction.to if isinstance(instruction, Say | Ssml | Audio) else ""


def give_up(turn: Turn, context: Context, fault: str) -> Step:
    """What was raised came to nothing. A parked caller hears of it; those who talk go on talking.

    It is not taken again: it would fail again.
    """
    turn, cancelled = let_go(turn)
    if context is Context.PARKED:
        step = _as_told(turn.session, fail(turn, context, fault), parked=True)
    else:
        session = turn.after(due=()).session
        step = Step(session=session, verdict=Verdict.FAILED, trace=Trace(fault=fault))
    return msgspec.structs.replace(step, effects=(*cancelled, *step.effects))
