"""Repairs that are certain: a misspelled word with one likely meaning, and quotes that are missing.

A repair is an edit of one line of the author's text. Whether it makes things better is for those
who try it: they read the text again.
"""

import difflib
import re
from collections.abc import Iterable

import msgspec

from ivrflow.diagnostics import Diagnostic, meant
from ivrflow.source.kinds import (
    CUT_AT_COMMENT,
    KEY_IN_COMMENT,
    SPLIT_AT_COMMA,
    UNQUOTED_COLON,
    UNQUOTED_STAR,
    UNQUOTED_TEMPLATE,
)
from ivrflow.source.lines import LINE_BREAK

ALIKE = 0.75
"""How alike a word and its likely meaning must be for a repair; a hint asks for less."""

_WORD = re.compile(r"(?P<quote>[\"']?)(?P<word>[A-Za-z][\w/.-]*)(?P=quote)")
_VALUE = re.compile(r"(?P<before>\s*(?:-\s+)*(?:[^\s:\"'{\[#]+\s*:\s+)?)(?P<text>\S.*?)\s*")
_SENTENCE_END = (".", "!", "?", ":", ",", ";")
_KEY = re.compile(r'the comma ends the value of "(?P<key>.+)", and')


class Fix(msgspec.Struct, frozen=True, order=True):
    """In line `line` (from 1), characters `start` to `end` (from 0) become `text`."""

    line: int
    start: int
    end: int
    text: str

    def overlaps(self, other: "Fix") -> bool:
        return self.line == other.line and self.start < other.end and other.start < self.end


def fix_of(finding: Diagnostic, lines: list[str], found: Iterable[Diagnostic]) -> Fix | None:
    """Return the repair of `finding` in a file with these `lines`, if there is a certain one.

    `found` is all that was found in the file: one sentence may be split at several commas.
    """
    span = finding.span
    if span.line != span.end_line or span.line > len(lines):
        return None
    line = lines[span.line - 1]
    match finding.code:
        case KEY_IN_COMMENT.code | UNQUOTED_STAR.code:
            key = line[span.column - 1 : span.column]
            return Fix(span.line, span.column - 1, span.column, f'"{key}"')
        case CUT_AT_COMMENT.code:
            return _whole_text(finding, line)
        case SPLIT_AT_COMMA.code:
            return _whole_sentence(finding, line, found)
        case UNQUOTED_COLON.code:
            return _whole_value(span.line, line)
        case UNQUOTED_TEMPLATE.code:
            return _template(finding, line)
        case _:
            return _spelling(finding, line)


def apply(text: str, fixes: Iterable[Fix]) -> str:
    """Return `text` with `fixes` that don't overlap."""
    starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]
    for fix in sorted(fixes, reverse=True):
        start = starts[fix.line - 1]
        text = text[: start + fix.start] + fix.text + text[start + fix.end :]
    return text


def _spelling(finding: Diagnostic, line: str) -> Fix | None:
    """The word that was meant, where nothing else comes near it."""
    likely = meant(finding.help)
    start, end = finding.span.column - 1, finding.span.end_column - 1
    written = _WORD.fullmatch(line, start, end)
    if likely is None or written is None or not _is_sure(written["word"], likely):
        return None
    return Fix(finding.span.line, written.start("word"), written.end("word"), likely)


def _is_sure(word: str, likely: str) -> bool:
    # `line_3` for `line_1` is alike and no slip of the keyboard.
    if re.findall(r"\d", word) != re.findall(r"\d", likely):
        return False
    swapped = sorted(word) == sorted(likely)
    return swapped or difflib.SequenceMatcher(a=word, b=likely).ratio() >= ALIKE


def _whole_text(finding: Diagnostic, line: str) -> Fix | None:
    """Words and the comment that cuts them; a comment behind a whole sentence may be one."""
    start = finding.span.column - 1
    if line[start : finding.span.end_column - 1].endswith(_SENTENCE_END):
        return None
    return _quote(finding.span.line, start, len(line.rstrip()), line)


def _whole_sentence(finding: Diagnostic, line: str, found: Iterable[Diagnostic]) -> Fix | None:
    """A value and all that its commas have split off."""
    key = _KEY.match(finding.message)
    if key is None:
        return None
    before = line[: finding.span.column - 1]
    opened = list(re.finditer(rf"[{{,]\s*{re.escape(key['key'])}\s*:\s+", before))
    split = [each for each in found if each.code == finding.code and _is_of(each, finding)]
    end = max(each.span.end_column for each in split) - 1
    return _quote(finding.span.line, opened[-1].end(), end, line) if opened else None


def _is_of(other: Diagnostic, finding: Diagnostic) -> bool:
    return other.span.line == finding.span.line and other.message == finding.message


def _whole_value(number: int, line: str) -> Fix | None:
    """The value of a line `key: value`."""
    found = _VALUE.fullmatch(line)
    if found is None or not found["before"].rstrip().endswith((":", "-")) or " #" in line:
        return None
    return _quote(number, found.start("text"), found.end("text"), line)


def _template(finding: Diagnostic, line: str) -> Fix | None:
    """A template, or the whole text that begins with one."""
    start, end = finding.span.column - 1, finding.span.end_column - 1
    found = _VALUE.fullmatch(line)
    if found is not None and found.start("text") == start:
        return _whole_value(finding.span.line, line)
    if line[end - 2 : end] == "}}" and line[end:].lstrip()[:1] in (",", "}", "]"):
        return _quote(finding.span.line, start, end, line)
    return None


def _quote(number: int, start: int, end: int, line: str) -> Fix | None:
    text = line[start:end]
    if "\t" in text or not text.isprintable():
        return None
    single = "'" + text.replace("'", "''") + "'"
    return Fix(number, start, end, single if set(text) & {'"', "\\"} else f'"{text}"')
