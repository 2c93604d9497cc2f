"""How environment variables stand in texts: their values are secrets of the operator.

Authors write `{{ env.NAME }}`; programs, replies and look-ups hold a mark, `\\x01NAME\\x01`, in its
place. The value enters only the bytes that are sent, never a session or a journal, and no value of
a call holds a mark.
"""

import re
from collections.abc import Callable

import msgspec

NAME = "[A-Za-z_][A-Za-z0-9_]*"

WRITTEN = re.compile(r"\{\{\s*env\." + f"({NAME})" + r"\s*\}\}")
"""How a variable stands in a text: only its name may be asked for, nothing else."""

MARK = "\x01"
MARK_IN_JSON = msgspec.json.encode(MARK)[1:-1]

MARKED = re.compile(f"{MARK}({NAME}){MARK}")
_MARKED_IN_JSON = re.compile(
    re.escape(MARK_IN_JSON) + f"({NAME})".encode() + re.escape(MARK_IN_JSON)
)


def marked(text: str) -> str:
    """Return what an author wrote with a mark in the place of each variable."""
    return WRITTEN.sub(rf"{MARK}\1{MARK}", text)


def fill(text: str, value: Callable[[str], str]) -> str:
    """Return a text with the `value` of each variable, by its name, in the place of its mark."""
    return MARKED.sub(lambda found: value(found.group(1)), text)


def fill_json(content: bytes, value: Callable[[str], str]) -> bytes:
    """As `fill`, within texts that are written as JSON."""
    return _MARKED_IN_JSON.sub(
        lambda found: msgspec.json.encode(value(found.group(1).decode()))[1:-1], content
    )


def without_marks(value: object) -> object:
    """Return a value of a call without what would read as a mark."""
    if isinstance(value, str):
        return value.replace(MARK, "")
    if isinstance(value, list):
        return [without_marks(each) for each in value]
    if isinstance(value, dict):
        return {name: without_marks(each) for name, each in value.items()}
    return value
