"""Edits of an author's text by place, none of which changes more than it says."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from ivrflow.diagnostics import Span
from ivrflow.scenarios.values import value_of
from ivrflow.source.comments import comments
from ivrflow.source.lines import LINE_BREAK, lines_of
from ivrflow.source.node import Mapping as MappingNode
from ivrflow.source.node import Node, Scalar, Sequence
from ivrflow.source.yaml import parse

Place = tuple[int, int]
"""Line and column where a node begins."""

_ANCHOR = re.compile(r"&\S+\s+")
_COLON = re.compile(r"[ \t]*:")


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """What begins at `at` becomes `text`, which is YAML."""

    at: Span
    text: str

    @property
    def place(self) -> Place:
        return self.at.line, self.at.column


def kept(text: str, edits: Iterable[Edit]) -> tuple[str, list[Edit]]:
    """Return a text with those of the edits that do no harm, all of them or each for itself, and
    which they are."""
    edits = _agreed(edits)
    if _is_harmless(text, edits):
        return edited(text, edits), edits
    good = [each for each in edits if _is_harmless(text, [each])]
    if not _is_harmless(text, good):
        good = good[:1]
    return edited(text, good), good


def _agreed(edits: Iterable[Edit]) -> list[Edit]:
    """Return the edits in their order, without those of one place that want different things."""
    found = sorted(set(edits), key=lambda each: each.place)
    count = Counter(each.place for each in found)
    return [each for each in found if count[each.place] == 1]


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with each edit in its place."""
    starts = [0, *(match.end() for match in LINE_BREAK.finditer(text))]
    for edit in sorted(edits, key=lambda each: each.place, reverse=True):
        start, end = _stretch(text, starts, edit.at)
        space = " " if text[start - 1 : start] == ":" else ""
        text = text[:start] + space + edit.text + text[end:]
    return text


def _stretch(text: str, starts: list[int], at: Span) -> tuple[int, int]:
    """Return where a value begins and ends: without its anchor, and behind the colon if nothing is
    written there."""
    start = starts[at.line - 1] + at.column - 1
    end = starts[at.end_line - 1] + at.end_column - 1
    if start == end:
        colon = _COLON.match(text, start)
        return (colon.end(), colon.end()) if colon else (start, end)
    anchor = _ANCHOR.match(text, start, end)
    start = anchor.end() if anchor else start
    return start, _end_of_block(text, start, end) if text[start] in "|>" else end


def _end_of_block(text: str, start: int, end: int) -> int:
    """Return where a block of text ends: at its last line that is as far in as its first. Parsers
    say that it ends where the next thing begins, behind comments and empty lines."""
    head, *lines = text[start:end].splitlines(keepends=True)
    wanted = next((_indent(line) for line in lines if line.strip()), 0)
    last, at = start + len(head.rstrip()), start + len(head)
    for line in lines:
        if line.strip() and _indent(line) < wanted:
            break
        last = at + len(line.rstrip()) if line.strip() else last
        at += len(line)
    return last


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _is_harmless(text: str, edits: list[Edit]) -> bool:
    """Whether a text reads as before after the edits, but for what they say, comments included."""
    new = edited(text, edits)
    before, after = parse("", text).root, parse("", new).root
    if before is None or after is None:
        return False
    text_by_place = {each.place: each.text for each in edits}
    lost = _comments(text, before) - _comments(new, after)
    return not lost and _as_edited(before, text_by_place) == value_of(after)


def _comments(text: str, root: Node) -> Counter[str]:
    return Counter(each.text for each in comments(lines_of(text), root))


def _as_edited(node: Node, text_by_place: Mapping[Place, str]) -> object:
    """Return the JSON value that a node should have after the edits."""
    text = text_by_place.get((node.line, node.column))
    if text is not None:
        return _read(text)
    match node:
        case MappingNode():
            return {each.key.text: _as_edited(each.value, text_by_place) for each in node}
        case Sequence():
            return [_as_edited(each, text_by_place) for each in node]
        case Scalar():
            return value_of(node)


def _read(text: str) -> object:
    """Return the JSON value that an edit says."""
    root = parse("", f"value: {text}").root
    return value_of(root.get("value") or root) if isinstance(root, MappingNode) else None
