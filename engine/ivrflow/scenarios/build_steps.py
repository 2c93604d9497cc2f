"""Nodes to the steps of a scenario."""

import re
from collections.abc import Callable

from ivrflow.diagnostics import Span, did_you_mean
from ivrflow.emulator.setup import Inbound
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.model.literals import read_duration
from ivrflow.model.reader import WRONG_LITERAL, Reader, child, entries, integer, items, place, word
from ivrflow.scenarios.model import (
    Answer,
    Beep,
    Calls,
    Dials,
    Emits,
    HangUp,
    Hear,
    MenuFails,
    Press,
    Receives,
    Record,
    Recorded,
    Reject,
    Remember,
    Repeat,
    Restart,
    Signals,
    Silence,
    Speak,
    Step,
    Wait,
)
from ivrflow.scenarios.values import value_of
from ivrflow.source.kinds import WRONG_VALUE
from ivrflow.source.node import Entry, Node, Scalar

PARTY = re.compile(r"caller|callee[0-9]*")
"""What the platform calls parties."""

BESIDE = ("who", "as")
"""Keys that say more of a step."""

LONGEST_SHOWN = "400d"
LONGEST = 400 * 86_400_000
"""Milliseconds of one wait, so that no clock overflows."""


class StepBuilder:
    """Reads the steps of one scenario; `records` reads what records hold, `call` who calls in, and
    `first` is the call that the scenario begins with."""

    def __init__(
        self,
        reader: Reader,
        records: Callable[[Node], tuple[Record, ...]],
        call: Callable[[Node | None, Inbound], Inbound],
        first: Inbound,
    ) -> None:
        self.reader = reader
        self.records = records
        self.call = call
        self.first = first
        self.named: list[str] = []

    def steps(self, node: Node | None) -> tuple[Step, ...]:
        found = (self.step(each) for each in items(node))
        return tuple(each for each in found if each is not None)

    def step(self, node: Node) -> Step | None:
        if isinstance(node, Scalar):
            return self.of_word(Entry(node, Scalar("", "", *_ends(node))), node)
        self.who(child(node, "who") or child(node, "hang_up"))
        self.name(child(node, "as"))
        for entry in entries(node):
            if entry.key.text not in BESIDE:
                return self.of_word(entry, node)
        return None

    def who(self, node: Node | None) -> None:
        """Note a party that nobody has named."""
        name = word(node)
        if name and not PARTY.fullmatch(name) and name not in self.named:
            help = did_you_mean(name, ["caller", "callee", *self.named])
            message = f'nobody is called "{name}" yet'
            self.reader.note(WRONG_VALUE, place(node), message, help)

    def name(self, node: Node | None) -> None:
        """Take the name of a party; note one that the platform gives to others."""
        name = word(node)
        if PARTY.fullmatch(name):
            message = f'"{name}" is what the platform calls a party'
            self.reader.note(WRONG_VALUE, place(node), message, "choose another name")
        elif name:
            self.named.append(name)

    def of_word(self, entry: Entry, node: Node) -> Step | None:
        """Build the step that its word says; `node` is all of it."""
        text, who = word(entry.value), word(child(node, "who"))
        at = entry.value.span if text else entry.key.span
        match entry.key.text:
            case "hear":
                return self.checked(Hear(text=text, at=at, who=who))
            case "press":
                return Press(keys=text, at=at, who=who)
            case "speak":
                return Speak(text=text, at=at, who=who)
            case "answer":
                return Answer(voice=_voice(text), at=at, who=who)
            case "beep":
                return Beep(at=at, who=who)
            case "reject":
                return Reject(why=_refusal(text), at=at, who=who)
            case "hang_up":
                return HangUp(at=at, who=text)
            case "signal":
                return _signal(entry, who)
            case "calls" | "dials":
                return self.of_new(entry, word(child(node, "as")), at)
            case _:
                return self.of_nobody(entry, text, at)

    def of_new(self, entry: Entry, name: str, at: Span) -> Step:
        """Build a step of somebody who is on the phone from then on."""
        if entry.key.text == "calls":
            return Calls(call=self.call(entry.value, self.first), name=name, at=at)
        return Dials(to=word(entry.value), name=name, at=at)

    def of_nobody(self, entry: Entry, text: str, at: Span) -> Step | None:
        """Build a step that no party does."""
        match entry.key.text:
            case "silence":
                return Silence(at=at)
            case "wait":
                return Wait(ms=duration(self.reader, entry.value, "a scenario waits"), at=at)
            case "recorded":
                return Recorded(to=text, at=at)
            case "repeat":
                return Repeat(at=at)
            case "restart":
                return Restart(at=at)
            case "menu_fails":
                return MenuFails(at=at)
            case "emits":
                return _emits(entry)
            case "receives":
                return _receives(entry)
            case "records":
                return Remember(records=self.records(entry.value), at=at)
            case _:
                return None

    def checked(self, step: Hear) -> Hear:
        """Note a pattern that is none."""
        try:
            step.pattern()
        except re.error as error:
            message = f'"{step.text}" is no pattern: {error}'
            self.reader.note(WRONG_LITERAL, step.at, message)
        return step


def _emits(entry: Entry) -> Emits:
    node = entry.value
    if isinstance(node, Scalar):
        return Emits(event=node.text, at=node.span)
    return Emits(
        event=word(child(node, "event")),
        data=child(node, "data"),
        to=word(child(node, "to")),
        at=entry.key.span,
    )


def _receives(entry: Entry) -> Receives:
    node = entry.value
    if isinstance(node, Scalar):
        return Receives(event=node.text, at=node.span)
    return Receives(
        event=word(child(node, "event")),
        data=child(node, "data"),
        to=word(child(node, "to")),
        attempt=integer(child(node, "try"), 0),
        at=entry.key.span,
    )


def _signal(entry: Entry, who: str) -> Signals:
    node = entry.value
    if isinstance(node, Scalar):
        return Signals(name=node.text, at=node.span, who=who)
    data = child(node, "data")
    return Signals(
        name=word(child(node, "name")),
        data=None if data is None else value_of(data),
        at=entry.key.span,
        who=who,
    )


def duration(reader: Reader, node: Node | None, who_waits: str) -> int:
    """Return the milliseconds of a duration, 0 of none; notes one that is longer than any."""
    text = word(node)
    ms = read_duration(text) if text else 0
    if ms is None or ms > LONGEST:
        reader.note(WRONG_LITERAL, place(node), f"{who_waits} at most {LONGEST_SHOWN}")
        return 0
    return ms


def _voice(text: str) -> Voice:
    return "machine" if text == "machine" else "unsure" if text == "unsure" else "human"


def _refusal(text: str) -> Refusal:
    return "no_answer" if text == "no_answer" else "failed" if text == "failed" else "busy"


def _ends(node: Scalar) -> tuple[int, int, int, int]:
    return node.end_line, node.end_column, node.end_line, node.end_column
