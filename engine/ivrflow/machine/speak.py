"""Prompts to the parts that a caller hears, in the call's locale."""

import re
from typing import cast

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import Scope
from ivrflow.machine.program import (
    FilledPart,
    Flow,
    GivenPart,
    PlayedPart,
    Prompt,
    SpokenPart,
)
from ivrflow.machine.replies import Audio, Part, Say, Ssml
from ivrflow.model.flow import Listener
from ivrflow.model.locales import best_locale

MAX_PARTS = 100
"""Parts of one prompt, those of the prompts that it plays included."""


def speak(prompt: Prompt, flow: Flow, scope: Scope, locale: str) -> list[Part]:
    """Return what is heard: the parts whose `when` holds, with their templates filled in."""
    heard: list[Part] = []
    _speak(prompt, flow, scope, locale, heard)
    return heard


def _speak(prompt: Prompt, flow: Flow, scope: Scope, locale: str, heard: list[Part]) -> None:
    for part in prompt:
        if part.when is not None and not part.when(scope):
            continue
        if len(heard) >= MAX_PARTS:
            raise EvaluationError(f"a prompt of more than {MAX_PARTS} parts")
        before = len(heard)
        if isinstance(part, PlayedPart):
            _play(part, flow, scope, locale, heard)
        elif isinstance(part, GivenPart):
            heard += _given(part, scope, locale)
        else:
            spoken = _spoken(part, scope, locale)
            if spoken is not None:
                heard.append(spoken)
        if part.to:
            heard[before:] = [_said_to(part.to, each) for each in heard[before:]]


def _said_to(to: Listener, part: Part) -> Part:
    """Return a part that `to` hears, unless it says itself who does."""
    return part if part.to else msgspec.structs.replace(part, to=to)


def _spoken(part: SpokenPart | FilledPart, scope: Scope, locale: str) -> Part | None:
    voice = part.voice or part.locale or locale
    if isinstance(part, SpokenPart):
        text, ssml = cast(str, part.text(scope)), part.ssml
    else:
        text, ssml = part.fill(scope, voice)
    if not text.strip():
        return None
    return Ssml(text=text, voice=voice) if ssml else Say(text=text, voice=voice)


def _given(part: GivenPart, scope: Scope, locale: str) -> list[Part]:
    """Return what a parameter holds; words without a voice are said in the call's."""
    given = cast(dict[str, object], scope["params"]).get(part.name)
    if not isinstance(given, list):
        spoken = _spoken(part.spoken, scope, locale)
        return [] if spoken is None else [spoken]
    try:
        parts = msgspec.convert(given, list[Part])
    except msgspec.ValidationError:
        raise EvaluationError(f'"params.{part.name}" is nothing to be heard') from None
    return [
        each
        if isinstance(each, Audio) or each.voice
        else msgspec.structs.replace(each, voice=locale)
        for each in parts
    ]


def _play(part: PlayedPart, flow: Flow, scope: Scope, locale: str, heard: list[Part]) -> None:
    """Add a sound file, or the parts of a declared prompt. Lint proves that none plays itself."""
    target = cast(str, part.target(scope))
    if "://" in target:
        heard.append(Audio(url=_url(target)))
        return
    declared = flow.prompts.get(target)
    if declared is None:
        raise EvaluationError(f'there is no prompt "{target}"')
    if declared.audio is not None:
        heard.append(Audio(url=_url(cast(str, declared.audio(scope)))))
        return
    spoken = best_locale(part.locale or locale, declared.by_locale, flow.locale)
    _speak(declared.by_locale[spoken], flow, scope, part.voice or spoken, heard)


def _url(target: str) -> str:
    if re.fullmatch(r"https?://[^\s<>\"]+", target) is None:
        raise EvaluationError(f'"{target}" is no URL of a sound file')
    return target
