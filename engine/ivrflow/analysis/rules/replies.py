"""E7xx: how much one reply says."""

from collections.abc import Iterable, Iterator

import msgspec

from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.ssml import PLACEHOLDER
from ivrflow.analysis.subject import Subject
from ivrflow.compiler.platform import Limits
from ivrflow.diagnostics import Severity, Span
from ivrflow.model.flow import Collect, Move, Part, PlayPart, Prompt, PromptStep, State, Step

MAX_DEPTH = 20
"""Passing states, and prompts in prompts, that are followed."""

_TALE = "This is a long story. " * 30


class Said(msgspec.Struct, frozen=True):
    """How much is said for certain: parts, and characters of text."""

    parts: int = 0
    text: int = 0

    def __add__(self, other: "Said") -> "Said":
        return Said(self.parts + other.parts, self.text + other.text)

    def fits(self, limits: Limits) -> bool:
        return self.parts <= limits.reply_parts and self.text <= limits.reply_text


@FLOW.add(
    "E708",
    "long-reply",
    bad=f"""
flow: example
start: greet
states:
  greet: {{say: "{_TALE}", next: more}}
  more: {{say: "{_TALE}", hangup: }}
""",
    good=f"""
flow: example
start: greet
states:
  greet: {{say: "{_TALE}", next: more}}
  more: {{play: "https://example.com/more.mp3", hangup: }}
""",
    severity=Severity.WARNING,
)
def long_reply(subject: Subject) -> Iterator[Finding]:
    """One reply says more than the platform's older tools let through.

    Prompts of all states that are passed on the way to the next action are one reply. Inserted
    values and parts with a condition are not counted.
    """
    counter = _Counter(subject)
    limits = subject.platform.limits
    for state in subject.states.values():
        if counter.is_first_too_long(state, limits):
            yield _finding(state.at, counter.state(state), limits)
        for way in subject.ways_by_state[state.name]:
            for move in way.transition if way.event else ():
                after = counter.target(move)
                whole = counter.move(move) + after
                if after.fits(limits) and not whole.fits(limits):
                    yield _finding(move.at, whole, limits)


def _finding(at: Span, speech: Said, limits: Limits) -> Finding:
    told = f"{speech.text:,} characters of speech in {speech.parts} parts"
    most = f"{limits.reply_text:,} in {limits.reply_parts}"
    message = f"one reply has {told}, and the platform is only known to take {most}"
    return Finding(at, message, "say less at once, or play a sound file")


class _Counter:
    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.by_state: dict[str, Said] = {}
        self.by_prompt: dict[str, Said] = {}

    def is_first_too_long(self, state: State, limits: Limits) -> bool:
        """Whether the reply is too long from here on, and not from a later state on already."""
        if self.state(state).fits(limits):
            return False
        return all(self.target(move).fits(limits) for move in self.passing(state))

    def state(self, state: State, depth: int = 0) -> Said:
        """What is said from `state` on until the next action."""
        if state.name in self.by_state or depth > MAX_DEPTH:
            return self.by_state.get(state.name, Said())
        said = self.steps(state.steps) + self.prompt(state.prompt)
        said += self.asked(state)
        onward = [self.move(each) + self.target(each, depth + 1) for each in self.passing(state)]
        said += max(onward, key=lambda each: (each.text, each.parts), default=Said())
        self.by_state[state.name] = said
        return said

    def passing(self, state: State) -> list[Move]:
        """The moves by which the walk goes on in the same reply."""
        ways = self.subject.ways_by_state[state.name]
        return [move for way in ways if not way.event for move in way.transition]

    def asked(self, state: State) -> Said:
        if not isinstance(state.action, Collect):
            return sum(map(self.prompt, self.subject.asked(state)), Said())
        question, again = self.prompt(state.action.prompt), self.prompt(state.action.reprompt)
        corrected = self.prompt(state.action.wrong) + (again if again.parts else question)
        return max(question, corrected, key=lambda each: (each.text, each.parts)) + again

    def move(self, move: Move) -> Said:
        return self.steps(move.steps) + self.prompt(move.prompt)

    def target(self, move: Move, depth: int = 0) -> Said:
        after = self.subject.states.get(move.next.name) if move.next is not None else None
        return Said() if after is None else self.state(after, depth)

    def steps(self, steps: Iterable[Step]) -> Said:
        said = Said()
        for step in steps:
            if isinstance(step, PromptStep):
                said += self.prompt(step.prompt)
        return said

    def prompt(self, prompt: Prompt, depth: int = 0) -> Said:
        said = Said()
        for part in prompt:
            if part.when is None:
                said += self.part(part, depth)
        return said

    def part(self, part: Part, depth: int) -> Said:
        if not isinstance(part, PlayPart):
            return Said(1, len(PLACEHOLDER.sub("", part.text.source)))
        name = part.target.source
        declared = self.subject.prompts.get(name)
        if declared is None or not declared.by_locale or depth > MAX_DEPTH:
            return Said(1, 0)
        if name not in self.by_prompt:
            self.by_prompt[name] = Said()  # what one that plays itself says of itself
            said = (self.prompt(each, depth + 1) for each in declared.by_locale.values())
            self.by_prompt[name] = max(said, key=lambda each: (each.text, each.parts))
        return self.by_prompt[name]
