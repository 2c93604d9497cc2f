"""Nodes to the steps of a scenario."""

import re
from collections.abc import Callable
from typing import cast

from ivrflow.diagnostics import Span, did_you_mean
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.model.literals import read_duration
from ivrflow.model.reader import WRONG_LITERAL, Reader, child, entries, items, place, word
from ivrflow.scenarios.model import (
    Answer,
    Beep,
    Dials,
    Emits,
    HangUp,
    Hear,
    MenuFails,
    Press,
    Record,
    Recorded,
    Reject,
    Remember,
    Repeat,
    Restart,
    Silence,
    Speak,
    Step,
    Wait,
)
from ivrflow.source.kinds import WRONG_VALUE
from ivrflow.source.node import Entry, Node, Scalar

PARTY = re.compile(r"caller|callee[0-9]*")
"""What the platform calls parties."""

LONGEST_SHOWN = "400d"
LONGEST = 400 * 86_400_000
"""Milliseconds of one wait, so that no clock overflows."""

LATER = ("signal",)
BESIDE = ("who", "as")
"""Keys that say more of a step."""

Build = Callable[[str, Span, str], Step]
"""Makes a step of its text, its place and whose it is."""

STEP_BY_WORD: dict[str, Build] = {
    "hear": lambda text, at, who: Hear(text=text, at=at, who=who),
    "press": lambda text, at, who: Press(keys=text, at=at, who=who),
    "speak": lambda text, at, who: Speak(text=text, at=at, who=who),
    "silence": lambda _, at, who: Silence(at=at, who=who),
    "wait": lambda text, at, who: Wait(ms=read_duration(text) or 0, at=at, who=who),
    "hang_up": lambda text, at, who: HangUp(at=at, who=text or who or "caller"),
    "answer": lambda text, at, who: Answer(voice=cast(Voice, text), at=at, who=who),
    "beep": lambda _, at, who: Beep(at=at, who=who),
    "reject": lambda text, at, who: Reject(why=cast(Refusal, text), at=at, who=who),
    "recorded": lambda text, at, who: Recorded(to=text, at=at, who=who),
    "repeat": lambda _, at, who: Repeat(at=at, who=who),
    "restart": lambda _, at, who: Restart(at=at, who=who),
    "menu_fails": lambda _, at, who: MenuFails(at=at, who=who),
}


class StepBuilder:
    """Reads the steps of one scenario; `recorded` reads what a record holds."""

    def __init__(self, reader: Reader, recorded: Callable[[Node], tuple[Record, ...]]) -> None:
        self.reader = reader
        self.recorded = recorded
        self.named: list[str] = []

    def steps(self, node: Node | None) -> tuple[Step, ...]:
        found = (self.step(each) for each in items(node))
        return tuple(each for each in found if each is not None)

    def step(self, node: Node) -> Step | None:
        if isinstance(node, Scalar):
            return STEP_BY_WORD[node.text]("", node.span, "")
        self.who(child(node, "who") or child(node, "hang_up"))
        self.named += [name] if (name := word(child(node, "as"))) else []
        beside = {each.key.text: word(each.value) for each in entries(node)}
        for entry in entries(node):
            if entry.key.text in LATER:
                self.reader.not_yet(entry.key.span, entry.key.text)
            elif entry.key.text == "records":
                return Remember(records=self.recorded(entry.value), at=entry.key.span)
            elif entry.key.text == "emits":
                return _emits(entry)
            elif entry.key.text not in BESIDE:
                return self.checked(_step(entry, beside))
        return None

    def who(self, node: Node | None) -> None:
        """Note a party that nobody has named."""
        name = word(node)
        if name and not PARTY.fullmatch(name) and name not in self.named:
            help = did_you_mean(name, ["caller", "callee", *self.named])
            message = f'nobody is called "{name}" yet'
            self.reader.note(WRONG_VALUE, place(node), message, help)

    def checked(self, step: Step) -> Step:
        """Note a wait that is longer than any, and a pattern that is none."""
        if isinstance(step, Wait) and step.ms > LONGEST:
            self.reader.note(WRONG_LITERAL, step.at, f"a scenario waits at most {LONGEST_SHOWN}")
        if isinstance(step, Hear):
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


def _step(entry: Entry, beside: dict[str, str]) -> Step:
    name, text, who = entry.key.text, word(entry.value), beside.get("who", "")
    at = entry.value.span if text else entry.key.span
    if name == "dials":
        return Dials(to=text, name=beside.get("as", ""), at=at, who=who)
    return STEP_BY_WORD[name](text, at, who)
