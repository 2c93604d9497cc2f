"""The lines of a turn in the operator's log."""

import structlog

from ivrflow.machine.effects import (
    CancelLegs,
    Control,
    Divided,
    Effect,
    Emit,
    Log,
    OrderCallout,
    Send,
    Tell,
    Wake,
)
from ivrflow.machine.events import Event
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Program
from ivrflow.model.flow import ALL
from ivrflow.telemetry.logs import TurnLine, log_turn

log = structlog.get_logger()


def write_line(event: Event, program: Program, taken: Step) -> None:
    """Write the turn to the log, and what the author asked to be written."""
    trace = taken.trace
    log_turn(
        TurnLine(
            call=event.call,
            flow=program.flow.name,
            callback=name_of(event),
            verdict=taken.verdict.value,
            outcome=trace.outcome,
            state=taken.session.frame.state,
            fault=trace.fault,
        )
    )
    if trace.silent:
        flow = taken.session.frame.flow
        log.warning("silent prompt", call=event.call, flow=flow, state=trace.silent)
    for effect in taken.effects:
        _effect(event, effect)


def _effect(event: Event, effect: Effect) -> None:
    match effect:
        case Log(flow=flow, state=state, text=text):
            log.info("log", call=event.call, flow=flow, state=state, text=text)
        case OrderCallout(order=order, state=state):
            log.info("callout", call=event.call, flow=order.flow, state=state, callout=order.name)
        case Emit(event=name, to=to, state=state):
            log.info("emit", call=event.call, state=state, event_name=name, to=to)
        case Send(name=name, to=to):
            log.info("signal", call=event.call, signal=name, to=to)
        case CancelLegs(legs=legs):
            log.info("legs cancelled", call=event.call, legs=list(legs))
        case Tell() | Wake():
            pass  # jobs, which have lines of their own
        case Control(command=command, room=room, state=state, who=who):
            log.info(
                "control",
                call=event.call,
                state=state,
                command=command,
                conference=room,
                who=who or ALL,
            )
        case Divided(room=room, state=state, region=region, other=other):
            log.error(
                "room divided",
                call=event.call,
                state=state,
                conference=room,
                region=region,
                other=other,
            )


def name_of(event: Event) -> str:
    """Return what logs call an event."""
    return type(event).__name__.lower()
