"""Rules of conferences: who is commanded in which room, and what comes of it."""

from collections.abc import Iterator

from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.diagnostics import Span
from ivrflow.model.flow import ALL, ControlStep


@FLOW.add(
    "E782",
    "control-without-effect",
    bad="""
flow: example
start: meet
states:
  meet:
    do: [control: {command: kick_all, conference: weekly, who: "{{ call.id }}"}]
    conference: {id: weekly}
""",
    good="""
flow: example
start: meet
states:
  meet:
    do: [control: {command: mute, conference: weekly}]
    conference: {id: weekly}
""",
)
def control_without_effect(subject: Subject) -> Iterator[Finding]:
    """A command to a room says what it can't make use of: the wrong participants would be meant, or
    music that nobody hears."""
    for step in subject.steps():
        if isinstance(step, ControlStep):
            yield from _who(step)
            if step.hold_music and step.command != "hold":
                message = f'"hold_music" has no effect with `command: {step.command}`'
                yield Finding(step.at, message, "remove it; it is for: hold")


def _who(step: ControlStep) -> Iterator[Finding]:
    if step.who is None:
        return
    span: Span = step.at if step.who.scalar is None else step.who.scalar.span
    meant = step.who.source.strip()
    if step.command == "kick_all":
        message = '"who" has no effect with `command: kick_all`: everybody is put out'
        yield Finding(span, message, "remove it, or write `command: kick`")
    elif step.command == "kick" and meant == ALL:
        yield Finding(span, "everybody is put out with `command: kick_all`", "write that")
    elif not meant:
        yield Finding(span, "no call has an empty id", "leave `who` out: this call is meant then")
    elif meant != ALL and "{{" not in meant:
        message = f'no call is known to have the id "{meant}" before it comes in'
        yield Finding(span, message, "write an expression such as {{ call.id }}, or all")
