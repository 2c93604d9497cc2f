"""Prompts of the model as parts with closures."""

from collections.abc import Mapping

from ivrflow.compiler.platform import Platform
from ivrflow.compiler.values import condition, parameter, target, text
from ivrflow.expr.compile import compile_segments
from ivrflow.expr.parse import Segment, parse_text
from ivrflow.expr.speech import Fill, compile_ssml, compile_words, speaking
from ivrflow.machine import program
from ivrflow.model import flow as model


def compile_prompt(prompt: model.Prompt, platform: Platform) -> program.Prompt:
    return tuple(_part(part, platform) for part in prompt)


def compile_declared(
    prompts: Mapping[str, model.DeclaredPrompt], platform: Platform
) -> dict[str, program.DeclaredPrompt]:
    return {
        name: program.DeclaredPrompt(
            by_locale={
                locale: compile_prompt(prompt, platform)
                for locale, prompt in declared.by_locale.items()
            },
            audio=None if declared.audio is None else text(declared.audio, platform.insert_url),
        )
        for name, declared in prompts.items()
    }


def _part(part: model.Part, platform: Platform) -> program.PromptPart:
    when = None if part.when is None else condition(part.when)
    if isinstance(part, model.PlayPart):
        return program.PlayedPart(
            target=target(part.target, platform.insert_url),
            voice=part.voice,
            locale=part.locale,
            when=when,
            to=part.to,
        )
    segments = parse_text(part.text.source)
    filters = speaking(segments)
    if filters:
        return program.FilledPart(
            fill=_fill(segments, isinstance(part, model.SsmlPart), filters, platform),
            voice=part.voice,
            locale=part.locale,
            when=when,
            to=part.to,
        )
    ssml = isinstance(part, model.SsmlPart)
    spoken = program.SpokenPart(
        text=compile_segments(segments, platform.insert_ssml if ssml else platform.insert_text),
        ssml=ssml,
        voice=part.voice,
        locale=part.locale,
        when=when,
        to=part.to,
    )
    given = parameter(part.text)
    if given and not ssml:
        return program.GivenPart(name=given, spoken=spoken, when=when, to=part.to)
    return spoken


def _fill(
    segments: tuple[Segment, ...], ssml: bool, filters: frozenset[str], platform: Platform
) -> Fill:
    say_as = platform.speech.say_as(filters)
    if ssml:
        return compile_ssml(segments, platform.insert_ssml, say_as)
    return compile_words(segments, platform.insert_words, platform.insert_text, say_as)
