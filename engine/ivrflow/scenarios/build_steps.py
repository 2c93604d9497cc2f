"""Nodes to the steps of a scenario."""

from collections.abc import Callable
from typing import cast

from ivrflow.diagnostics import Span
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.model.literals import read_duration
from ivrflow.model.reader import Reader, entries, items, word
from ivrflow.scenarios.model import (
    Answer,
    Beep,
    Dials,
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
from ivrflow.source.node import Entry, Node, Scalar

LATER = ("signal", "emits")
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
    """Reads the steps of one file; `recorded` reads what a record holds."""

    def __init__(self, reader: Reader, recorded: Callable[[Node], tuple[Record, ...]]) -> None:
        self.reader = reader
        self.recorded = recorded

    def steps(self, node: Node | None) -> tuple[Step, ...]:
        found = (self.step(each) for each in items(node))
        return tuple(each for each in found if each is not None)

    def step(self, node: Node) -> Step | None:
        if isinstance(node, Scalar):
            return STEP_BY_WORD[node.text]("", node.span, "")
        beside = {each.key.text: word(each.value) for each in entries(node)}
        for entry in entries(node):
            if entry.key.text in LATER:
                self.reader.not_yet(entry.key.span, entry.key.text)
            elif entry.key.text == "records":
                return Remember(records=self.recorded(entry.value), at=entry.key.span)
            elif entry.key.text not in BESIDE:
                return _step(entry, beside)
        return None


def _step(entry: Entry, beside: dict[str, str]) -> Step:
    name, text, who = entry.key.text, word(entry.value), beside.get("who", "")
    at = entry.value.span if text else entry.key.span
    if name == "dials":
        return Dials(to=text, name=beside.get("as", ""), at=at, who=who)
    return STEP_BY_WORD[name](text, at, who)


def duration(node: Node | None) -> int:
    """Read a duration that is written out, in milliseconds; 0 for none."""
    return read_duration(word(node)) or 0
