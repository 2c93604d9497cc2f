"""Texts that hold values said by their kind: what `compile_segments` is for all others.

Only a part that has a filter of `SPEAKING` is filled here, so no other pays for it.
"""

import re
from collections.abc import Callable, Iterator

from jinja2 import nodes

from ivrflow.expr.compile import Insert, Scope, Value, bounded_text, compile_tree
from ivrflow.expr.filters import SPEAKING, to_text
from ivrflow.expr.parse import Segment
from ivrflow.expr.spoken import SayAs, Spoken

Fill = Callable[[Scope, str], tuple[str, bool]]
"""Fills a text to be said in a voice or locale; tells whether it became SSML."""

_TAG = re.compile(r"<[^>]*$")
_READ_AS_ONE = re.compile(r"<(/?)(?:say-as|sub|phoneme|w)\b[^>]*?(/?)>")


def speaking(segments: tuple[Segment, ...]) -> frozenset[str]:
    """Return the filters of `SPEAKING` that a text uses."""
    return frozenset(
        found.name
        for tree in segments
        if not isinstance(tree, str)
        for found in (tree, *tree.find_all(nodes.Filter))
        if isinstance(found, nodes.Filter) and found.name in SPEAKING
    )


def compile_words(
    segments: tuple[Segment, ...], words: Insert, insert: Insert, say_as: SayAs
) -> Fill:
    """Return what fills a text without markup of its own; it stays one until a value needs markup.

    `words` makes the author's text fit into markup then, `insert` any value.
    """
    parts = [each if isinstance(each, str) else compile_tree(each) for each in segments]
    beside_markup = [words(each) if isinstance(each, str) else "" for each in segments]

    def fill(scope: Scope, voice: str) -> tuple[str, bool]:
        said = [
            part if isinstance(part, str) else _said(part(scope), insert, say_as, voice)
            for part in parts
        ]
        pairs = zip(parts, said, strict=True)
        is_marked = any("<" in text for part, text in pairs if not isinstance(part, str))
        if is_marked:
            said = [word or text for word, text in zip(beside_markup, said, strict=True)]
        return bounded_text("".join(said)), is_marked

    return fill


def compile_ssml(segments: tuple[Segment, ...], insert: Insert, say_as: SayAs) -> Fill:
    """Return what fills an author's SSML; values in tags, and in elements that are read as one,
    stay text."""
    parts = list(_places(segments))

    def fill(scope: Scope, voice: str) -> tuple[str, bool]:
        said = []
        for part, is_text in parts:
            if isinstance(part, str):
                said.append(part)
            elif is_text:
                said.append(_said(part(scope), insert, say_as, voice))
            else:
                said.append(insert(to_text(part(scope))))
        return bounded_text("".join(said)), True

    return fill


def _said(value: object, insert: Insert, say_as: SayAs, voice: str) -> str:
    if isinstance(value, Spoken) and value:
        return say_as(value, voice)
    return insert(to_text(value))


def _places(segments: tuple[Segment, ...]) -> Iterator[tuple[str | Value, bool]]:
    """Yield the segments, each with whether it stands in text that may take an element."""
    before = ""
    for each in segments:
        if isinstance(each, str):
            before += each
            yield each, True
        else:
            yield compile_tree(each), _TAG.search(before) is None and not _read_as_one(before)


def _read_as_one(before: str) -> bool:
    marks = [(end, alone) for end, alone in _READ_AS_ONE.findall(before) if not alone]
    return bool(marks) and not marks[-1][0]
