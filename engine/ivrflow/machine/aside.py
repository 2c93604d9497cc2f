"""Events beside the conversation: nobody hears a reply to them, they only have effects."""

from collections.abc import Iterator, Mapping

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.machine.effects import Effect
from ivrflow.machine.events import Digits, Ended, Notified, Unreached
from ivrflow.machine.go import go
from ivrflow.machine.legs import cancelled
from ivrflow.machine.outcome import Step, Trace, Verdict
from ivrflow.machine.program import Flow, Transition
from ivrflow.machine.replies import Hangup, Reply
from ivrflow.machine.rooms import closing
from ivrflow.machine.session import Wait
from ivrflow.machine.walk import Turn, Walk
from ivrflow.model.context import Context

HANDLER_BY_NOTICE = {
    "recording_available": "recording",
    "transcription_available": "transcript",
}

UNREACHED = "unreached"


def hung_up(turn: Turn) -> Step:
    """The menu's caller is gone: the handlers of the end run; the reply only closes the menu."""
    session = turn.session
    number = session.offer + 1
    called = bool(session.callout) or session.context is Context.BRIDGED
    who = "callee" if called else "caller"
    gone = turn.after(wait=Wait.END, offer=number, result="answered", reason=f"{who}_hangup")
    step = _end(gone)
    return msgspec.structs.replace(step, reply=Reply(number=number, action=Hangup()))


def call_over(turn: Turn, event: Ended) -> Step:
    """The platform reports the end; once a call."""
    if turn.session.over:
        return Step(session=turn.session, verdict=Verdict.IGNORED)
    return _end(turn.after(over=True, result=event.result, reason=event.reason))


def notified(turn: Turn, event: Notified) -> Step:
    """A recording or transcript is there: its handler sees the place of the file as `result`."""
    handler = HANDLER_BY_NOTICE.get(event.type, "")
    found = [(depth, flow.on[handler]) for depth, flow in _running(turn) if handler in flow.on]
    if not found:
        fault = f"{event.error_code} {event.error_message}" if event.error_code else ""
        trace = Trace(outcome=event.type, fault=fault)
        return Step(session=turn.session, verdict=Verdict.IGNORED, trace=trace)
    return _effects(turn, handler, found[:1], {"result": event.destination})


def unreached(turn: Turn, event: Unreached) -> Step:
    """A callout came to nothing; it is over before it began."""
    if turn.session.over:
        return Step(session=turn.session, verdict=Verdict.IGNORED)
    turn = turn.after(over=True, ended=True, result=event.result, reason=event.reason)
    handler = turn.program.flow.on.get(UNREACHED)
    return _effects(turn, UNREACHED, [] if handler is None else [(0, handler)], {})


def room_digits(turn: Turn, event: Digits) -> Step:
    """A participant pressed keys; the room goes on."""
    frame = turn.session.frame
    state = turn.program.state(frame.flow, frame.state)
    transition = state.on.get("digits") if state else None
    depth = len(turn.session.frames) - 1
    handlers = [] if transition is None else [(depth, transition)]
    return _effects(turn, "digits", handlers, {"input": event.digits})


def _running(turn: Turn) -> Iterator[tuple[int, Flow]]:
    """Yield the running flows with the places of their frames, the innermost first."""
    for depth, frame in reversed(list(enumerate(turn.session.frames))):
        yield depth, turn.program.flows[frame.flow]


def _end(turn: Turn) -> Step:
    """Run the handlers of the call's end once a call: of each flow, the innermost first, the
    state's and then its own."""
    if turn.session.ended:
        return Step(session=turn.session, verdict=Verdict.MOVED)
    handlers = []
    for depth, flow in _running(turn):
        state = flow.states.get(turn.session.frames[depth].state)
        both = (state.on if state else {}, flow.on)
        handlers += [(depth, on["ended"]) for on in both if "ended" in on]
    frame = turn.session.frame
    left = closing(turn.session, turn.program.state(frame.flow, frame.state))
    step = _closed(_effects(turn.after(ended=True), "ended", handlers, {}))
    return msgspec.structs.replace(step, effects=(*step.effects, *left))


def _closed(step: Step) -> Step:
    """Wait for nothing, and want the legs of a call that is over no more."""
    before = step.session
    moving = () if before.moving is None else before.moving.frames
    unwanted = cancelled((*before.frames, *moving))
    session = msgspec.structs.replace(before, pending=None, inbox=(), due=(), moving=None)
    if unwanted:
        frames = tuple(msgspec.structs.replace(frame, legs=()) for frame in session.frames)
        session = msgspec.structs.replace(session, frames=frames)
    return msgspec.structs.replace(step, session=session, effects=(*step.effects, *unwanted))


def _effects(
    turn: Turn,
    outcome: str,
    handlers: list[tuple[int, Transition]],
    names: Mapping[str, object],
) -> Step:
    """Walk each handler in its frame; one that fails loses its own effects only, and is traced."""
    effects: list[Effect] = []
    fault = ""
    for depth, transition in handlers:
        frames = turn.session.frames
        walk = Walk(turn, Context.NONE, frames[: depth + 1])
        walk.names.update(names)
        try:
            go(walk, transition)
        except EvaluationError as raised:
            fault = str(raised)
            continue
        turn = turn.after(
            frames=(*walk.frames(), *frames[depth + 1 :]),
            locale=walk.locale,
            placed=walk.placed,
            sent=walk.sent,
        )
        effects += walk.effects
    return Step(
        session=turn.session,
        verdict=Verdict.FAILED if fault else Verdict.MOVED,
        effects=tuple(effects),
        trace=Trace(outcome=outcome, fault=fault),
    )
