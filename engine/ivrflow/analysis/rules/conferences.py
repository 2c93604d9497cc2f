"""Rules of conferences: who is commanded in which room, and what comes of it."""

from collections.abc import Iterator

from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import Severity, Span
from ivrflow.model.flow import ALL, Conference, ControlStep, Text


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


@FLOW.add(
    "E783",
    "room-never-starts",
    bad="""
flow: example
start: listen
states:
  listen: {conference: {id: weekly, start_on_enter: false}}
""",
    good="""
flow: example
start: who
states:
  who:
    menu: {prompt: "Press 1 to listen, 2 to speak.", choices: {1: listen, 2: speak}}
    on: {no_input: listen, no_match: listen}
  listen: {conference: {id: weekly, start_on_enter: false}}
  speak: {conference: {id: weekly, start_on_enter: true}}
""",
)
def room_never_starts(subject: Subject) -> Iterator[Finding]:
    """Callers wait in a room until somebody starts it, and no flow of the application does: they
    would hear music for ever."""
    starting = [each.id for each in _conferences(subject.application) if each.start_on_enter]
    for conference in _own(subject):
        waits = conference.start_on_enter is False
        if waits and not any(_may_be_one(conference.id, each) for each in starting):
            message = f'nobody starts the room "{conference.id.source}"'
            help = "write `start_on_enter: true` where those enter for whom the others wait"
            yield Finding(conference.at, message, help)


@FLOW.add(
    "W906",
    "uncounted-participants",
    severity=Severity.WARNING,
    bad="""
flow: example
start: who
states:
  who:
    menu: {prompt: "Press 1 to listen, 2 to speak.", choices: {1: listen, 2: speak}}
    on: {no_input: listen, no_match: listen}
  listen: {conference: {id: weekly, max: 10}, on: {full: sorry}}
  speak: {conference: {id: weekly}}
  sorry: {say: The room is full., hangup: }
""",
    good="""
flow: example
start: who
states:
  who:
    menu: {prompt: "Press 1 to listen, 2 to speak.", choices: {1: listen, 2: speak}}
    on: {no_input: listen, no_match: listen}
  listen: {conference: {id: weekly, max: 10}, on: {full: sorry}}
  speak: {conference: {id: weekly, max: 12}, on: {full: sorry}}
  sorry: {say: The room is full., hangup: }
""",
)
def uncounted_participants(subject: Subject) -> Iterator[Finding]:
    """One state bounds how many may be in a room, and another lets callers in who are not counted:
    more get in than are meant to."""
    bounded = [each.id for each in _conferences(subject.application) if each.max is not None]
    for conference in _own(subject):
        counts = conference.max is not None or conference.start_on_enter is not None
        if not counts and any(_is_one(conference.id, each) for each in bounded):
            message = f'who enters "{conference.id.source}" here is not counted'
            yield Finding(conference.at, message, "write `max` here too; it may be another number")


def _own(subject: Subject) -> Iterator[Conference]:
    for state in subject.states.values():
        if isinstance(state.action, Conference):
            yield state.action


def _conferences(application: Application) -> Iterator[Conference]:
    for flow in application.flows:
        for state in flow.states.values():
            if isinstance(state.action, Conference):
                yield state.action


def _may_be_one(one: Text, other: Text) -> bool:
    """Whether two names of rooms can be the same."""
    return _is_one(one, other) or "{{" in one.source or "{{" in other.source


def _is_one(one: Text, other: Text) -> bool:
    return one.source.strip() == other.source.strip()
