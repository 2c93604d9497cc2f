"""E5xx and E7xx: SSML, sounds, and how much is spoken."""

from collections.abc import Iterable, Iterator, Mapping

from ivrflow.analysis.locales import Locales, hearing
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.ssml import PLACEHOLDER, flaws
from ivrflow.analysis.subject import Subject
from ivrflow.compiler.platform import Speech
from ivrflow.diagnostics import Severity, did_you_mean
from ivrflow.model.flow import (
    Collect,
    DeclaredPrompt,
    Hold,
    Menu,
    Park,
    Part,
    PlayPart,
    Prompt,
    RequestAction,
    SsmlPart,
    Text,
)


@FLOW.add(
    "E508",
    "wrong-ssml",
    bad="""
flow: example
start: greet
states:
  greet: {ssml: "<speak>We are <b>open</b>.</speak>", hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {ssml: "<speak>We are <emphasis>open</emphasis>.</speak>", hangup: }
""",
)
def wrong_ssml(subject: Subject) -> Iterator[Finding]:
    """SSML is not well-formed, or has a tag that the platform has not: nothing is spoken."""
    yield from wrong_parts(subject.parts(), subject.platform.speech)


def wrong_parts(parts: Iterable[Part], voices: Speech) -> Iterator[Finding]:
    """Find the flaws in SSML, each at its place in the text."""
    for part in parts:
        if isinstance(part, SsmlPart):
            for flaw in flaws(part.text.source, voices.tags):
                scalar = part.text.scalar
                span = part.at if scalar is None else scalar.part(flaw.offset, flaw.length)
                yield Finding(span, flaw.message, flaw.help)


_STORY = "one thing and then another thing and " * 20


@FLOW.add(
    "E509",
    "unsplittable-ssml",
    bad=f"""
flow: example
start: greet
states:
  greet: {{ssml: "<speak>{_STORY}</speak>", hangup: }}
""",
    good=f"""
flow: example
start: greet
states:
  greet: {{ssml: "<speak>{_STORY.replace("and", "and.")}</speak>", hangup: }}
""",
)
def unsplittable_ssml(subject: Subject) -> Iterator[Finding]:
    """SSML is longer than the platform speaks at once, and could only be cut amid a sentence."""
    yield from unsplittable_parts(subject.parts(), subject.platform.speech)


def unsplittable_parts(parts: Iterable[Part], voices: Speech) -> Iterator[Finding]:
    """Find the SSML that can't be cut at the end of a sentence or an element."""
    for part in parts:
        if isinstance(part, SsmlPart) and not voices.splits_well(
            PLACEHOLDER.sub("", part.text.source)
        ):
            message = "this SSML is too long for the platform, and has no place to be cut"
            yield Finding(
                part.at, message, "end a sentence, or close an element, before it is long"
            )


@FLOW.add(
    "E510",
    "two-voices",
    bad="""
flow: example
start: ask
locale: en-US
states:
  ask:
    menu:
      prompt: [Press 1., {say: Tryck 1., locale: sv-SE}]
      choices: {1: bye}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    good="""
flow: example
start: ask
locale: en-US
states:
  ask:
    menu:
      prompt: [{say: Tryck 1., locale: sv-SE}, Press 1.]
      reprompt: Press 1.
      choices: {1: bye}
    on: {no_input: bye, no_match: bye}
  bye: {hangup: }
""",
    severity=Severity.WARNING,
)
def two_voices(subject: Subject) -> Iterator[Finding]:
    """Words in a second voice, where the platform has only one: they are said once, or wrongly.

    A menu has the voice of its last words. What stands before in another is said before the menu:
    once, and keys are not heard meanwhile. A reprompt is spoken in the menu's voice, and all that
    a parked caller hears in the call's, whatever they ask for.
    """
    if not any(part.voice or part.locale for part in subject.parts()):
        return
    for name, locales in hearing(subject).by_state.items():
        match subject.states[name].action:
            case Menu(prompt=prompt, reprompt=reprompt):
                yield from _two_voices(prompt, reprompt, locales)
            case Collect(prompt=prompt, reprompt=reprompt):
                yield from _two_voices(prompt, reprompt, locales)
            case RequestAction(meanwhile=prompt) | Hold(prompt=prompt):
                yield from _two_voices(prompt, (), locales)
            case Park(intro=intro, prompt=prompt):
                yield from _parked(intro + prompt, locales)
            case _:
                pass


def _two_voices(prompt: Prompt, reprompt: Prompt, locales: Locales) -> Iterator[Finding]:
    voices = [_voice(part, locales) for part in prompt if _is_spoken(part)]
    spoken = [part for part in prompt if _is_spoken(part)]
    for before, part, voice in zip(voices, spoken[1:], voices[1:], strict=False):
        if before == "" and voice:
            message = f"a menu has one voice: all before these words ({voice}) is said only once"
            help = "put the words in another voice first, or ask for the language in its own state"
            yield Finding(part.at, message, help)
            return
    menu = voices[-1] if voices else ""
    for part in reprompt:
        if _is_spoken(part) and _voice(part, locales) != menu:
            message = "the reprompt is spoken in the menu's voice, and these words ask for another"
            yield Finding(part.at, message, "give prompt and reprompt one voice")
            return


def _parked(prompt: Prompt, locales: Locales) -> Iterator[Finding]:
    for part in prompt:
        if _is_spoken(part) and _voice(part, locales):
            message = "a parked caller hears the call's voice, and these words ask for another"
            yield Finding(part.at, message, "say them in the state before")
            return


def _is_spoken(part: Part) -> bool:
    return not isinstance(part, PlayPart) or "://" not in part.target.source


def _voice(part: Part, locales: Locales) -> str:
    """The voice that a part asks for; "" for the call's own, as it may be here."""
    voice = part.voice or part.locale
    return "" if voice in locales else voice


@FLOW.add(
    "E511",
    "odd-sound-file",
    bad="""
flow: example
start: greet
states:
  greet: {play: "https://example.com/jingle.flac", hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {play: "https://example.com/jingle-2.mp3", hangup: }
""",
    severity=Severity.WARNING,
)
def odd_sound_file(subject: Subject) -> Iterator[Finding]:
    """A sound file ends in what the platform may not play: it plays wav, mp3, aac, aiff, gsm, ogg.

    It keeps a file for a day at least, whatever its headers say: a new recording needs a new name.
    Files over 1 MB, or without a Content-Type, are not played.
    """
    yield from odd_sounds(sounds(subject.parts(), subject.flow.prompts), subject.platform.speech)


def sounds(parts: Iterable[Part], prompts: Mapping[str, DeclaredPrompt]) -> Iterator[Text]:
    """Yield the addresses of sound files."""
    for part in parts:
        if isinstance(part, PlayPart) and "://" in part.target.source:
            yield part.target
    for declared in prompts.values():
        if declared.audio is not None:
            yield declared.audio


def odd_sounds(targets: Iterable[Text], voices: Speech) -> Iterator[Finding]:
    """Find the sound files of an unknown kind; without an ending nothing can be said."""
    for target in targets:
        path = target.source.partition("?")[0].partition("#")[0].partition("://")[2]
        _, slash, file = path.rpartition("/")
        _, dot, ending = file.rpartition(".")
        known = not slash or not dot or "}" in ending or ending.lower() in voices.sounds
        if not known and target.scalar is not None:
            message = f'the platform is not known to play ".{ending}"'
            yield Finding(target.scalar.span, message, did_you_mean(ending, voices.sounds))
