"""What a caller hears when a flow fails on the values of this call."""

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.machine.hear import follow
from ivrflow.machine.outcome import Step, Verdict
from ivrflow.machine.program import Move
from ivrflow.machine.replies import Answer, Continue, Hangup, Reply, Say
from ivrflow.machine.session import Wait
from ivrflow.machine.sorry import sorry
from ivrflow.machine.take import let_go
from ivrflow.machine.walk import Turn, Walk
from ivrflow.model.context import Context


def fail(turn: Turn, context: Context, fault: str) -> Step:
    """Let the flow's `error` state speak, else apologise; a call that is connected goes on."""
    turn, cancelled = let_go(turn)
    walk = _go_on(turn) if context is Context.BRIDGED else _say_so(turn, context)
    step = walk.step("error")
    trace = msgspec.structs.replace(step.trace, fault=fault)
    effects = (*cancelled, *step.effects)
    return msgspec.structs.replace(step, verdict=Verdict.FAILED, effects=effects, trace=trace)


def walk_error(turn: Turn, context: Context) -> Walk:
    """Walk the `error` state of the innermost flow that has one; what it runs inside is left.

    Raises `EvaluationError` if there is none or it fails too.
    """
    frames = turn.session.frames
    flows = turn.program.flows
    while frames:
        flow = flows.get(frames[-1].flow)
        if flow is not None and flow.error is not None:
            walk = Walk(turn, context, frames)
            walk.cancel_legs(*turn.session.frames[len(frames) :])
            follow(walk, "error", (Move(next=flow.error),))
            return walk
        frames = frames[:-1]
    raise EvaluationError("no flow has an error state")


def apology(words: str, locale: str, *, answer: bool) -> Reply:
    """Return a first and last reply: `words` ("": the engine's own, in `locale`) and a hangup.

    `answer`: the call is not answered yet, so that it is before the words.
    """
    said = Say(text=words or sorry(locale), voice=locale)
    instructions = (Answer(), said) if answer else (said,)
    return Reply(number=1, instructions=instructions, action=Hangup())


def _go_on(turn: Turn) -> Walk:
    walk = Walk(turn, Context.BRIDGED)
    walk.action, walk.wait = Continue(), Wait.TALK
    return walk


def _say_so(turn: Turn, context: Context) -> Walk:
    try:
        return walk_error(turn, context)
    except EvaluationError:
        walk = Walk(turn, context)
        words = turn.program.sorry or sorry(walk.locale)
        walk.instructions.append(Say(text=words, voice=walk.locale))
        walk.action, walk.wait = Hangup(), Wait.END
        return walk
