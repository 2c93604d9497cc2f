"""Values that aren't the author's, made safe for the place where they land."""

import re
from urllib.parse import quote

_MARKUP = str.maketrans({"[": " ", "]": " ", ";": ",", "<": " ", ">": " ", "&": " "})
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNSPEAKABLE = re.compile(rf"{_CONTROL.pattern}|[\[\];<>&#]")
_NOT_IN_NAME = re.compile(r"[^A-Za-z0-9_.+~-]")


def in_text(value: str) -> str:
    """In spoken text: nothing that could end `#tts[...]` or begin another part."""
    return _UNSPEAKABLE.sub(" ", value)


def in_ssml(value: str) -> str:
    """In SSML: no markup, and no entities, whose `;` would end the part."""
    return in_text(value).replace('"', " ").replace("'", " ")


def words_in_ssml(text: str) -> str:
    """An author's text, which knows no markup, in SSML."""
    return without_control(text).translate(_MARKUP)


def in_url(value: str) -> str:
    """In path or query of a URL: one encoded piece."""
    return quote(value, safe="")


def in_name(value: str) -> str:
    """In a room, user or SIP name: letters, digits and `_ . + ~ -`; all else becomes `-`."""
    return _NOT_IN_NAME.sub("-", value)


def in_brackets(text: str) -> str:
    """An author's text inside `#tts[...]`, for which the platform has no escape."""
    return without_control(text).replace("]", " ").replace("[", " ").replace(";", ",")


def without_control(text: str) -> str:
    """Line breaks and other control characters as spaces."""
    return text if text.isprintable() else _CONTROL.sub(" ", text)
