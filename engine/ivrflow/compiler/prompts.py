"""Prompts of the model as parts with closures."""

from collections.abc import Callable, Mapping

from ivrflow.compiler.platform import Platform
from ivrflow.compiler.values import condition, parameter, target, text
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
    match part:
        case model.PlayPart(target=play):
            return program.PlayedPart(
                target=target(play, platform.insert_url),
                voice=part.voice,
                locale=part.locale,
                when=when,
            )
        case model.SayPart() | model.SsmlPart():
            ssml = isinstance(part, model.SsmlPart)
            insert: Callable[[str], str] = platform.insert_ssml if ssml else platform.insert_text
            spoken = program.SpokenPart(
                text=text(part.text, insert),
                ssml=ssml,
                voice=part.voice,
                locale=part.locale,
                when=when,
            )
            given = parameter(part.text)
            if given and not ssml:
                return program.GivenPart(name=given, spoken=spoken, when=when)
            return spoken
