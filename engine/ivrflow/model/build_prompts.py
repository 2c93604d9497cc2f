"""Prompts from nodes: words, SSML and sounds, by locale where they are declared."""

from typing import cast

from ivrflow.diagnostics import Kind
from ivrflow.model.flow import (
    DeclaredPrompt,
    Listener,
    Part,
    PlayPart,
    Prompt,
    SayPart,
    SsmlPart,
    Text,
)
from ivrflow.model.reader import Reader, child, entries, expression, several, text, word
from ivrflow.source.node import Mapping, Node, Scalar

KINDS = ("say", "ssml", "play")

TWO_PROMPTS = Kind(
    "E581",
    "two-prompts",
    "A state or move says several things beside each other: only one of them would be heard.",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., play: "https://example.com/jingle.mp3", hangup: }
""",
    good="""
flow: example
start: greet
states:
  greet: {say: [Hello., {play: "https://example.com/jingle.mp3"}], hangup: }
""",
)


def build_prompt(reader: Reader, node: Node | None) -> Prompt:
    """Build `text | part | (text|part)+`; what is none of it is left out."""
    parts = [_part(each) for each in several(node)]
    return tuple(part for part in parts if part is not None)


def build_own_prompt(reader: Reader, node: Node | None) -> Prompt:
    """Build what a state, a move or a step says by its own key `say`, `ssml` or `play`."""
    for kind in KINDS:
        value = child(node, kind)
        if isinstance(value, Scalar) and kind != "say":
            part = _of_kind(kind, text(value), value, None)
            return () if part is None else (part,)
        if value is not None:
            return build_prompt(reader, value)
    return ()


def refuse_two_prompts(reader: Reader, node: Node) -> None:
    """Note what a state or move says beside its first words: it would not be heard."""
    own = [each.key for each in entries(node) if each.key.text in KINDS]
    for key in own[1:]:
        message = f'"{key.text}" would not be heard beside "{own[0].text}"'
        help = f"write one list: say: [..., {{{key.text}: ...}}]"
        reader.note(TWO_PROMPTS, key.span, message, help)


def build_declared(reader: Reader, node: Node | None) -> dict[str, DeclaredPrompt]:
    """Build `prompts:`, by name."""
    return {
        each.key.text: DeclaredPrompt(
            by_locale={
                locale.key.text: build_prompt(reader, locale.value)
                for locale in entries(each.value)
                if locale.key.text != "audio"
            },
            audio=text(child(each.value, "audio")),
            at=each.key.span,
        )
        for each in entries(node)
    }


def _part(node: Node) -> Part | None:
    if isinstance(node, Scalar):
        return _of_kind("say", text(node), node, None)
    if not isinstance(node, Mapping):
        return None
    for kind in KINDS:
        if kind in node.entries:
            return _of_kind(kind, text(node.get(kind)), node, node)
    return None


def _of_kind(kind: str, source: Text | None, at: Node, options: Node | None) -> Part | None:
    if source is None:
        return None
    voice, locale = word(child(options, "voice")), word(child(options, "locale"))
    when = expression(child(options, "when"))
    to = cast(Listener, word(child(options, "to")))
    match kind:
        case "say":
            return SayPart(text=source, voice=voice, locale=locale, when=when, to=to, at=at.span)
        case "ssml":
            return SsmlPart(text=source, voice=voice, locale=locale, when=when, to=to, at=at.span)
        case _:
            return PlayPart(target=source, voice=voice, locale=locale, when=when, to=to, at=at.span)
