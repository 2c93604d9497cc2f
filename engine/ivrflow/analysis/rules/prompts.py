"""E5xx: prompts that can't be heard as they are meant."""

from collections.abc import Iterator, Mapping

from ivrflow.analysis.circles import circles
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.model.flow import DeclaredPrompt, LocaleStep, PlayPart, SayPart
from ivrflow.model.locales import is_locale

MAX_DEPTH = 10
"""How deep declared prompts may play each other."""


@FLOW.add(
    "E501",
    "name-spoken-as-text",
    bad="""
flow: example
start: greet
prompts: {welcome: {en-US: Welcome to Acme.}}
states:
  greet: {say: welcome, hangup: }
""",
    good="""
flow: example
start: greet
prompts: {welcome: {en-US: Welcome to Acme.}}
states:
  greet: {play: welcome, hangup: }
""",
)
def name_spoken(subject: Subject) -> Iterator[Finding]:
    """The name of a declared prompt would be spoken instead of its words."""
    for part in subject.parts():
        if isinstance(part, SayPart) and part.text.source in subject.prompts:
            name = part.text.source
            message = f'"{name}" is the name of a prompt and would be spoken as a word'
            yield Finding(part.at, message, f"write `play: {name}`")


@FLOW.add(
    "E502",
    "prompt-circle",
    bad="""
flow: example
start: greet
prompts:
  first: {en-US: [Hello., {play: second}]}
  second: {en-US: [Again., {play: first}]}
states:
  greet: {play: first, hangup: }
""",
    good="""
flow: example
start: greet
prompts:
  first: {en-US: [Hello., {play: second}]}
  second: {en-US: Again.}
states:
  greet: {play: first, hangup: }
""",
)
def prompt_circle(subject: Subject) -> Iterator[Finding]:
    """Declared prompts play each other in a circle, or by a computed name that might make one."""
    yield from faulty_playing(subject.flow.prompts, subject.prompts)


def faulty_playing(
    prompts: Mapping[str, DeclaredPrompt], known: Mapping[str, DeclaredPrompt]
) -> Iterator[Finding]:
    """Find what is wrong with the way in which `prompts` play each other and those `known`."""
    for name, declared in prompts.items():
        if any("{{" in target and "://" not in target for target in _played(declared)):
            message = f'"{name}" plays a prompt by a computed name'
            yield Finding(declared.at, message, "name it literally inside a declared prompt")

    def after(name: str) -> list[str]:
        return list(_played(known[name])) if name in known else []

    found = list(circles(prompts, after))
    for circle in found:
        way = " -> ".join([*circle, circle[0]])
        yield Finding(known[circle[0]].at, f"these prompts play each other: {way}")
    for name, declared in prompts.items():
        if not found and _depth(name, known, set(), MAX_DEPTH) > MAX_DEPTH:
            message = f'"{name}" plays prompts that play others, more than {MAX_DEPTH} deep'
            yield Finding(declared.at, message, "write it flatter")


def _depth(
    name: str, known: Mapping[str, DeclaredPrompt], seen: set[tuple[str, int]], left: int
) -> int:
    """Return how deep prompts play each other from `name` on, one more than `left` at most."""
    if left < 0 or name not in known or (name, left) in seen:
        return 0
    seen.add((name, left))
    return 1 + max(
        (_depth(each, known, seen, left - 1) for each in _played(known[name])), default=0
    )


def _played(declared: DeclaredPrompt) -> Iterator[str]:
    for prompt in declared.by_locale.values():
        for part in prompt:
            if isinstance(part, PlayPart):
                yield part.target.source


@FLOW.add(
    "E503",
    "empty-prompt",
    bad="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: "", choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
states:
  ask:
    menu: {prompt: Press 1., choices: {1: bye}}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
)
def empty_prompt(subject: Subject) -> Iterator[Finding]:
    """A prompt holds no words: the caller would hear silence."""
    for part in subject.parts():
        if not isinstance(part, PlayPart) and not part.text.source.strip():
            yield Finding(part.at, "these words are empty", "write what the caller should hear")


@FLOW.add(
    "E504",
    "wrong-locale",
    bad="""
flow: example
start: greet
states:
  greet: {do: [locale: sv-Se], say: Hej., hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {do: [locale: sv-SE], say: Hej., hangup: }
""",
)
def wrong_locale(subject: Subject) -> Iterator[Finding]:
    """The call would go on in a locale that is none: the platform could not speak."""
    for step in subject.steps():
        if not isinstance(step, LocaleStep) or "{{" in step.locale.source:
            continue
        if not is_locale(step.locale.source) and step.locale.scalar is not None:
            message = f'"{step.locale.source}" is no locale'
            yield Finding(step.locale.scalar.span, message, "write it as in en-US")
