"""E5xx: languages and voices."""

from collections.abc import Iterable, Iterator, Mapping

from ivrflow.analysis.locales import hearing
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.subject import Subject
from ivrflow.compiler.platform import Speech
from ivrflow.diagnostics import Severity, Span, did_you_mean
from ivrflow.model.flow import DeclaredPrompt, LocaleStep, Part, PlayPart, RecordStep
from ivrflow.model.locales import best_locale, is_locale, language

Place = tuple[str, Span]


@FLOW.add(
    "E505",
    "missing-translation",
    bad="""
flow: example
start: greet
locale: en-US
prompts: {welcome: {en-US: Welcome., sv-SE: Hej.}}
states:
  greet: {do: [locale: de-DE], play: welcome, hangup: }
""",
    good="""
flow: example
start: greet
locale: en-US
prompts: {welcome: {en-US: Welcome., sv-SE: Hej., de-DE: Willkommen.}}
states:
  greet: {do: [locale: de-DE], play: welcome, hangup: }
""",
    severity=Severity.WARNING,
)
def missing_translation(subject: Subject) -> Iterator[Finding]:
    """A prompt has no words in a language in which it is heard: the caller would hear another.

    Words for another country of the same language will do: en-US for a caller who wants en-GB.
    """
    seen: set[tuple[str, str]] = set()
    if not any(isinstance(part, PlayPart) for part in subject.parts()):
        return
    for heard in hearing(subject).parts:
        if not isinstance(heard.part, PlayPart):
            continue
        wanted = {heard.part.locale: "this part"} if heard.part.locale else heard.locales
        played = [(heard.part.target.source, *each) for each in wanted.items()]
        for name, locale, origin in _missing(played, subject, seen):
            if locale in subject.platform.speech.locales:
                yield _untranslated(subject, heard.part, name, locale, origin)


def _untranslated(subject: Subject, part: PlayPart, name: str, locale: str, origin: str) -> Finding:
    """The finding stands at the prompt, where the words are missing, if it is the flow's own."""
    declared = subject.flow.prompts.get(name)
    message = f'"{name}" has no words in {locale}, in which it can be heard: {origin} says so'
    help = f"add {locale}, or choose another where it is played: {{play: {name}, locale: ...}}"
    return Finding(part.at if declared is None else declared.at, message, help)


Played = tuple[str, str, str]
"""A prompt that is played, a locale in which it can be heard, and where that comes from."""


def _missing(
    played: Iterable[Played], subject: Subject, seen: set[tuple[str, str]]
) -> Iterator[Played]:
    """Yield what lacks its locale of what is `played`, and of what that plays, unless it was seen
    before."""
    todo = list(played)
    while todo:
        name, locale, origin = todo.pop()
        declared = subject.prompts.get(name)
        if declared is None or not declared.by_locale or (name, locale) in seen:
            continue
        seen.add((name, locale))
        if language(locale) not in map(language, declared.by_locale):
            yield name, locale, origin
        todo += _inside(declared, locale, origin, subject)


def _inside(
    declared: DeclaredPrompt, locale: str, origin: str, subject: Subject
) -> Iterator[Played]:
    spoken = best_locale(locale, declared.by_locale, subject.flow.locale or subject.app.locale)
    for part in declared.by_locale[spoken]:
        if isinstance(part, PlayPart):
            why = "the part that plays it" if part.locale else origin
            yield part.target.source, part.locale or spoken, why


@FLOW.add(
    "E506",
    "unknown-locale",
    bad="""
flow: example
start: greet
locale: sv-FI
states:
  greet: {say: Hej., hangup: }
""",
    good="""
flow: example
start: greet
locale: sv-SE
states:
  greet: {say: Hej., hangup: }
""",
    severity=Severity.WARNING,
)
def unknown_locale(subject: Subject) -> Iterator[Finding]:
    """The platform has no voice for a locale, as far as is known: nothing might be spoken."""
    flow, voices = subject.flow, subject.platform.speech
    yield from unknown_locales([(flow.locale, flow.origin.locale)], voices)
    yield from unknown_locales(prompt_locales(subject.parts(), flow.prompts), voices)
    for step in subject.steps():
        if isinstance(step, LocaleStep) and step.locale.scalar is not None:
            yield from unknown_locales([(step.locale.source, step.locale.scalar.span)], voices)


def prompt_locales(parts: Iterable[Part], prompts: Mapping[str, DeclaredPrompt]) -> Iterator[Place]:
    """Yield the locales that parts ask for, and those in which prompts are declared."""
    for part in parts:
        yield part.locale, part.at
    for declared in prompts.values():
        for locale in declared.by_locale:
            yield locale, declared.at


def unknown_locales(places: Iterable[Place], voices: Speech) -> Iterator[Finding]:
    """Find the locales for which the platform has no voice; ill-formed ones are told elsewhere."""
    for locale, span in places:
        if is_locale(locale) and locale not in voices.locales:
            message = f'the platform is not known to speak "{locale}"'
            yield Finding(span, message, did_you_mean(locale, voices.locales))


@FLOW.add(
    "E507",
    "unknown-voice",
    bad="""
flow: example
start: greet
states:
  greet: {say: {say: Hello., voice: Joana}, hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {say: {say: Hello., voice: Joanna}, hangup: }
""",
    severity=Severity.WARNING,
)
def unknown_voice(subject: Subject) -> Iterator[Finding]:
    """The platform has no voice of this name, as far as is known: nothing might be spoken."""
    yield from unknown_voices(subject.parts(), subject.platform.speech)


def unknown_voices(parts: Iterable[Part], voices: Speech) -> Iterator[Finding]:
    """Find the voices that the platform has not."""
    for part in parts:
        if part.voice and not voices.knows_voice(part.voice):
            message = f'the platform is not known to have a voice "{part.voice}"'
            yield Finding(part.at, message, did_you_mean(part.voice, voices.voices))


@FLOW.add(
    "E514",
    "no-transcript",
    bad="""
flow: example
start: greet
locale: pl-PL
states:
  greet: {say: Nagrywamy., do: [record: {to: "s3://calls", transcribe: true}], hangup: }
""",
    good="""
flow: example
start: greet
locale: pl-PL
states:
  greet: {say: Nagrywamy., do: [record: {to: "s3://calls"}], hangup: }
""",
    severity=Severity.WARNING,
)
def no_transcript(subject: Subject) -> Iterator[Finding]:
    """A recording is to be written down in a locale in which the platform can't."""
    known = subject.platform.speech.transcribed
    steps = (each for each in subject.steps() if isinstance(each, RecordStep))
    if all(each.transcribe is None for each in steps):
        return
    for step, locales in hearing(subject).records:
        wanted = locales if step.transcribe == "" else {step.transcribe or "": "this step"}
        for locale, origin in wanted.items():
            if step.transcribe is not None and locale not in known:
                message = f'the platform is not known to write down "{locale}": {origin} says so'
                yield Finding(step.at, message, did_you_mean(locale, known))
