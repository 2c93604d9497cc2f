"""What a prompt sounds like: its parts, and how long a voice takes to say them."""

import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

SHORTEST = 300
"""Milliseconds that anything heard takes at least."""

LETTERS_BY_LANGUAGE = {"ja": 8, "zh": 5, "cmn": 5, "ko": 7, "th": 12, "vi": 12, "es": 17, "it": 16}
"""Characters a second that a synthetic voice speaks."""
LETTERS = 15

_PART = re.compile(r"\s*#(tts|ssml|href)\[([^\]]*)\]?([^;]*)", re.IGNORECASE)
_BREAK = re.compile(r"<break[^>]*time\s*=\s*[\"']?([0-9]{1,6})(ms|s)", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


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
        return max(SHORTEST, media.get(heard.text, audio))
    breaks = _BREAK.findall(heard.text) if heard.kind == "ssml" else []
    silence = sum(int(time) * (1000 if unit.lower() == "s" else 1) for time, unit in breaks)
    text = spoken(heard)
    letters = LETTERS_BY_LANGUAGE.get(locale.partition("-")[0].lower(), LETTERS)
    return max(SHORTEST, silence + len(text) * 1000 // letters)


def spoken(heard: Part) -> str:
    """Return the words of a part, without the marks of SSML."""
    if heard.kind != "ssml":
        return heard.text
    return " ".join(_TAG.sub(" ", heard.text).split())
