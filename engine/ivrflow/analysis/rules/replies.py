"""E7xx: how much one reply says."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

import msgspec

from ivrflow.analysis.circles import last_first
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.ssml import PLACEHOLDER
from ivrflow.analysis.subject import Subject
from ivrflow.compiler.platform import Limits
from ivrflow.diagnostics import Severity, Span
from ivrflow.machine.speak import MAX_PARTS
from ivrflow.model.flow import (
    Collect,
    DeclaredPrompt,
    Move,
    Part,
    PlayPart,
    Prompt,
    State,
    Step,
    prompts_of,
)

MAX_CHOSEN = 1_000
"""Parts of one prompt among which conditions choose: they are looked at while a caller waits."""

_TALE = "This is a long story. " * 30
_PAUSES = ", ".join(["{ssml: '<break time=\"1s\"/>'}"] * 11)
_LONG = ", ".join(["{play: pause}"] * 10)


class Said(msgspec.Struct, frozen=True):
    """How much is said for certain: parts, and characters of text; `chosen` are all parts, with
    those that hang on a condition."""

    parts: int = 0
    text: int = 0
    chosen: int = 0

    def __add__(self, other: "Said") -> "Said":
        return Said(self.parts + other.parts, self.text + other.text, self.chosen + other.chosen)

    def longer(self, other: "Said") -> "Said":
        longer = max(self, other, key=lambda each: (each.text, each.parts))
        return msgspec.structs.replace(longer, chosen=max(self.chosen, other.chosen))

    @property
    def is_spoken(self) -> bool:
        """Whether the engine speaks a prompt of this size."""
        return self.parts <= MAX_PARTS and self.chosen <= MAX_CHOSEN

    def fits(self, limits: Limits) -> bool:
        return self.parts <= limits.reply_parts and self.text <= limits.reply_text


SILENCE = Said()


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


@FLOW.add(
    "E516",
    "too-many-parts",
    bad=f"""
flow: example
start: greet
prompts:
  pause: {{en-US: [{_PAUSES}]}}
  long: {{en-US: [{_LONG}]}}
states:
  greet: {{play: long, hangup: }}
""",
    good=f"""
flow: example
start: greet
prompts:
  pause: {{en-US: [{_PAUSES}]}}
states:
  greet: {{play: pause, hangup: }}
""",
)
def too_many_parts(subject: Subject) -> Iterator[Finding]:
    """A prompt has more parts than the engine speaks, those of the prompts that it plays included:
    callers would hear the error state instead.

    Parts with a condition count only among the thousand of which a prompt may choose.
    """
    counter = _Counter(subject)
    for prompt in subject.all_prompts():
        said = counter.whole(prompt)
        if not said.is_spoken and not counter.plays_too_much(prompt):
            choice = said.parts <= MAX_PARTS
            most = f"{MAX_CHOSEN:,} parts to choose from" if choice else f"{MAX_PARTS} parts"
            message = f"this prompt has more than {most}"
            yield Finding(prompt[0].at, message, "write it shorter, or play a sound file")


def _finding(at: Span, speech: Said, limits: Limits) -> Finding:
    told = f"{speech.text:,} characters of speech in {speech.parts} parts"
    most = f"{limits.reply_text:,} in {limits.reply_parts}"
    message = f"one reply has {told}, and the platform is only known to take {most}"
    return Finding(at, message, "say less at once, or play a sound file")


class _Counter:
    """Counts what each state and each declared prompt says, once, those first that others need."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def by_prompt(self) -> dict[str, Said]:
        found: dict[str, Said] = {}
        known = self.subject.prompts
        for name in last_first(known, self._played):
            declared = known[name]
            found[name] = _longest(_said(each, found, known) for each in _versions(declared))
        return found

    def _played(self, name: str) -> Iterator[str]:
        for prompt in _versions(self.subject.prompts[name]):
            for part in prompt:
                if isinstance(part, PlayPart) and part.target.source in self.subject.prompts:
                    yield part.target.source

    @cached_property
    def by_state(self) -> dict[str, Said]:
        """What is said from each state on until the next action."""
        found: dict[str, Said] = {}
        for name in last_first(self.subject.states, self._passed):
            state = self.subject.states[name]
            said = self.steps(state.steps) + self.prompt(state.prompt) + self.asked(state)
            onward = [
                self.move(each) + (found.get(each.next.name, SILENCE) if each.next else SILENCE)
                for each in self.passing(state)
            ]
            found[name] = said + _longest(onward)
        return found

    def _passed(self, name: str) -> Iterator[str]:
        for move in self.passing(self.subject.states[name]):
            if move.next is not None and move.next.name in self.subject.states:
                yield move.next.name

    def is_first_too_long(self, state: State, limits: Limits) -> bool:
        """Whether the reply is too long from here on, and not from a later state on already."""
        if self.state(state).fits(limits):
            return False
        return all(self.target(move).fits(limits) for move in self.passing(state))

    def state(self, state: State) -> Said:
        return self.by_state[state.name]

    def passing(self, state: State) -> list[Move]:
        """The moves by which the walk goes on in the same reply."""
        ways = self.subject.ways_by_state[state.name]
        return [move for way in ways if not way.event for move in way.transition]

    def asked(self, state: State) -> Said:
        if not isinstance(state.action, Collect):
            return sum(map(self.prompt, self.subject.asked(state)), SILENCE)
        question, again = self.prompt(state.action.prompt), self.prompt(state.action.reprompt)
        corrected = self.prompt(state.action.wrong) + (again if again.parts else question)
        return question.longer(corrected) + again

    def move(self, move: Move) -> Said:
        return self.steps(move.steps) + self.prompt(move.prompt)

    def target(self, move: Move) -> Said:
        return SILENCE if move.next is None else self.by_state.get(move.next.name, SILENCE)

    def steps(self, steps: Iterable[Step]) -> Said:
        said = SILENCE
        for prompt in prompts_of(steps):
            said += self.prompt(prompt)
        return said

    def prompt(self, prompt: Prompt) -> Said:
        """What a prompt says; nothing of one that is too long to be said, which a rule refuses."""
        said = self.whole(prompt)
        return said if said.is_spoken else SILENCE

    def whole(self, prompt: Prompt) -> Said:
        return _said(prompt, self.by_prompt, self.subject.prompts)

    def plays_too_much(self, prompt: Prompt) -> bool:
        """Whether a prompt plays one of its flow that is too long already."""
        own = self.subject.flow.prompts
        played = {part.target.source for part in prompt if isinstance(part, PlayPart)}
        return any(not self.by_prompt[name].is_spoken for name in played & own.keys())


def _said(prompt: Prompt, counted: Mapping[str, Said], known: Mapping[str, DeclaredPrompt]) -> Said:
    said = SILENCE
    for part in prompt:
        one = _part(part, counted, known)
        said += one if part.when is None else Said(chosen=one.chosen)
    return said


def _part(part: Part, counted: Mapping[str, Said], known: Mapping[str, DeclaredPrompt]) -> Said:
    if not isinstance(part, PlayPart):
        return Said(1, len(PLACEHOLDER.sub("", part.text.source)), 1)
    declared = known.get(part.target.source)
    if declared is None or not declared.by_locale:
        return Said(1, 0, 1)
    return counted.get(part.target.source, SILENCE)


def _versions(declared: DeclaredPrompt) -> Iterable[Prompt]:
    return declared.by_locale.values()


def _longest(said: Iterable[Said]) -> Said:
    found = SILENCE
    for each in said:
        found = found.longer(each)
    return found
