"""What prompts say of keys, in the languages in which they can be heard."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import msgspec

from ivrflow.analysis.keywords import WORDS_BY_LANGUAGE
from ivrflow.analysis.mentions import Mentions, Told, mentions
from ivrflow.analysis.spotting import Spotted, spot
from ivrflow.analysis.subject import Application, Subject
from ivrflow.diagnostics import Span
from ivrflow.model.flow import (
    DeclaredPrompt,
    Flow,
    LocaleStep,
    Part,
    PlayPart,
    Prompt,
    SayPart,
    SsmlPart,
)
from ivrflow.model.locales import best_locale, language

MAX_DEPTH = 10
"""Beyond it declared prompts are not followed; a rule of its own refuses more."""

Keys = frozenset[str]
ALL: Keys = frozenset(WORDS_BY_LANGUAGE)


class Telling(msgspec.Struct, frozen=True):
    """A key that callers are told to press: the word in `part`. `outer` plays the part where it is
    one of the application, which stands in another file."""

    told: Told
    part: SayPart | SsmlPart
    outer: PlayPart | None = None

    @property
    def key(self) -> str:
        return self.told.key

    @property
    def word(self) -> Span:
        """Where the word stands in the file of its part."""
        scalar = self.part.text.scalar
        if scalar is None:
            return self.part.at
        return scalar.part(self.told.offset, self.told.length)

    @property
    def span(self) -> Span:
        """Where the word is heard, in the file of the flow."""
        return self.word if self.outer is None else self.outer.at


class Spoken(msgspec.Struct, frozen=True):
    """A part that is spoken, and the languages of which it may be; `outer` as in `Telling`."""

    part: SayPart | SsmlPart
    languages: Keys
    outer: PlayPart | None

    @property
    def spotted(self) -> Spotted:
        return spot(self.part.text.source, self.languages, ssml=isinstance(self.part, SsmlPart))

    @property
    def mentions(self) -> Mentions:
        return mentions(self.part.text.source, self.languages, ssml=isinstance(self.part, SsmlPart))


@dataclass(frozen=True, eq=False)
class Said:
    """What a prompt says of keys.

    `written` are those that stand there as digit or sign, `possible` all of which it can speak.
    `unknown`: not all of its words are known; `wordless`: there is a part of which none are. What
    is read closely, `keys` and `told`, is read when it is asked for.
    """

    spoken: tuple[Spoken, ...] = ()
    written: Keys = frozenset()
    possible: Keys = frozenset()
    unknown: bool = False
    wordless: bool = False

    @cached_property
    def keys(self) -> Keys:
        """The keys that it speaks of."""
        return frozenset().union(*(each.mentions.keys for each in self.spoken))

    @cached_property
    def told_in_any(self) -> Keys:
        """The keys that it tells in any language: callers are asked for theirs in it."""
        texts = (
            mentions(each.part.text.source, ALL, ssml=isinstance(each.part, SsmlPart))
            for each in self.spoken
        )
        return frozenset(told.key for each in texts for told in each.told)

    @cached_property
    def told(self) -> tuple[Telling, ...]:
        """The keys that it tells callers to press."""
        return tuple(
            Telling(told, each.part, each.outer)
            for each in self.spoken
            for told in each.mentions.told
        )


SILENCE = Said()


@dataclass(frozen=True, eq=False)
class Tellings:
    """Reads the prompts of an application; a prompt is read once."""

    application: Application

    @cached_property
    def languages(self) -> Keys:
        """The languages in which calls can be; words in no locale of their own are in one."""
        app, flows = self.application.app, self.application.flows
        locales = {flow.locale or app.locale for flow in flows}
        locales |= {route.locale for route in app.routes}
        for flow in flows:
            steps = Subject(flow, self.application).steps()
            locales |= {each.locale.source for each in steps if isinstance(each, LocaleStep)}
        return frozenset(language(each) for each in locales if each and "{{" not in each)

    def said(self, flow: Flow, prompt: Prompt, locale: str = "") -> Said:
        """Return what `prompt` of `flow` says in `locale`, in all of its locales without one."""
        if not prompt:
            return SILENCE
        reader = _Reader(self, flow, locale)
        for part in prompt:
            reader.part(part, self.languages, None, 0)
        return reader.said()


class _Reader:
    """Reads one prompt, and those that it plays."""

    def __init__(self, tellings: Tellings, flow: Flow, locale: str) -> None:
        self.tellings = tellings
        self.flow = flow
        self.locale = locale
        self.app = tellings.application.app
        self.spoken: list[Spoken] = []
        self.wordless = False
        self.played: set[tuple[str, str]] = set()

    def said(self) -> Said:
        seen = [each.spotted for each in self.spoken]
        wordless = self.wordless or any(each.wordless for each in seen)
        unread = any(not each.languages <= WORDS_BY_LANGUAGE.keys() for each in self.spoken)
        return Said(
            spoken=tuple(self.spoken),
            written=frozenset().union(*(each.written for each in seen)),
            possible=frozenset().union(*(each.possible for each in seen)),
            unknown=wordless or unread or any(each.inserts for each in seen),
            wordless=wordless,
        )

    def part(self, part: Part, languages: Keys, outer: PlayPart | None, depth: int) -> None:
        languages = frozenset({language(part.locale)}) if part.locale else languages
        if not isinstance(part, PlayPart):
            # The name of a prompt is told as such; its words are what the author meant.
            self.wordless = self.wordless or self.is_name(part)
            self.spoken.append(Spoken(part, languages, outer))
            return
        if (part.target.source, part.locale) in self.played:
            return
        self.played.add((part.target.source, part.locale))
        declared = self.flow.prompts.get(part.target.source)
        if declared is None and part.target.source in self.app.prompts:
            declared, outer = self.app.prompts[part.target.source], outer or part
        if declared is None or not declared.by_locale or depth > MAX_DEPTH:
            self.wordless = True
            return
        for locale, prompt in self.versions(part, declared):
            for inner in prompt:
                self.part(inner, frozenset({language(locale)}), outer, depth + 1)

    def is_name(self, part: SayPart | SsmlPart) -> bool:
        prompts = (self.flow.prompts, self.app.prompts)
        return isinstance(part, SayPart) and any(part.text.source in each for each in prompts)

    def versions(self, part: PlayPart, declared: DeclaredPrompt) -> Iterator[tuple[str, Prompt]]:
        """Yield the words of a declared prompt that can be heard, with their locale."""
        wanted = part.locale or self.locale
        if not wanted:
            yield from declared.by_locale.items()
            return
        spoken = best_locale(wanted, declared.by_locale, self.flow.locale or self.app.locale)
        yield spoken, declared.by_locale[spoken]
