"""What a prompt sounds like: its parts, and how long a voice takes to say them."""

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from ivrflow import pace

_PART = re.compile(r"\s*#(tts|ssml|href)\[([^\]]*)\]?([^;]*)", re.IGNORECASE)


class Part(Struct, frozen=True):
    """`kind` is tts, ssml or file; `stray` is what stood after the closing bracket."""

    kind: Literal["tts", "ssml", "file"]
    text: str
    stray: str = ""


def split(prompt: str, *, naive: bool = False) -> tuple[Part, ...]:
    """Return the parts of a prompt string, `#tts[..];#href[..]`.

    `naive`: a `;` parts wherever it stands, also inside brackets.
    """
    if naive:
        return tuple(part(each) for each in prompt.split(";") if each.strip())
    found, rest = [], prompt
    while rest.strip():
        match = _PART.match(rest)
        end = match.end() if match else (rest + ";").index(";")
        if rest[:end].strip():
            found.append(part(rest[:end]))
        rest = rest[end + 1 :]
    return tuple(found)


def part(text: str) -> Part:
    """Return one part; what has no mark is a file: a URL, or a name that Sinch knows."""
    match = _PART.match(text)
    if match is None:
        return Part("file", text.strip())
    mark, inside, stray = match.groups()
    match mark.lower():
        case "tts":
            return Part("tts", inside.strip(), stray.strip())
        case "ssml":
            return Part("ssml", inside.strip(), stray.strip())
        case _:
            return Part("file", inside.strip(), stray.strip())


def duration(heard: Part, locale: str, media: Mapping[str, int], audio: int) -> int:
    """Return how long a part sounds, in milliseconds; `media` has the length of known files."""
    if heard.kind == "file":
        return max(pace.SHORTEST, media.get(heard.text, audio))
    silence = pace.breaks(heard.text) if heard.kind == "ssml" else 0
    return max(pace.SHORTEST, silence + pace.spoken(len(spoken(heard)), locale))


def spoken(heard: Part) -> str:
    """Return the words of a part, without the marks of SSML."""
    return pace.words(heard.text) if heard.kind == "ssml" else heard.text
