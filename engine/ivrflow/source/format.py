"""The layout that a reviewer would ask for, by moving what stands between an author's words.

Indentation of two; one blank line between states and nowhere two; no blanks at the ends of lines;
one blank behind a colon and a dash; keys in double quotes where they are quoted; a last line
break. Order, comments, quotes of values, lists in brackets and line breaks stay as they are.
"""

from bisect import bisect
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from ruamel.yaml.error import YAMLError

from ivrflow.source.layout import STEP, Layout, Move, lay_out
from ivrflow.source.lines import ODD_BREAKS, lines_of
from ivrflow.source.yaml import events_of


def format_text(text: str) -> str:
    """Return the YAML `text` in the layout of this project; it says the same.

    A text that is no YAML, or that can't be laid out without changing what it says (keys behind
    `?`), is returned as it is.
    """
    text = text.removeprefix("\ufeff")
    if any(each in text for each in ODD_BREAKS):
        return text
    try:
        before = events_of(text)
    except YAMLError:
        return text
    lines = lines_of(text)
    layout = lay_out(lines, before)
    line_break = "\r\n" if "\r\n" in text else "\n"
    formatted = line_break.join([*_Printer(lines, layout).lines(), ""])
    try:
        same = _meaning(events_of(formatted)) == _meaning(before)
    except YAMLError:
        same = False
    return formatted if same else text


def _meaning(events: Iterable[Any]) -> list[tuple[object, ...]]:
    """What a text says, without its layout: texts, whether they are quoted, names of anchors."""
    return [
        (
            type(each),
            getattr(each, "value", None),
            bool(getattr(each, "style", None)),
            getattr(each, "anchor", None),
            getattr(each, "tag", None),
        )
        for each in events
    ]


class _Printer:
    """Writes the lines of a file anew."""

    def __init__(self, lines: list[str], layout: Layout) -> None:
        self.old = lines
        self.layout = layout
        self.numbers = sorted(layout.moves)
        self.outer = self.outer_moves()
        self.columns = [self.column(number) for number in range(len(lines))]
        self.spaced = set(self.first_lines_of_states())

    def lines(self) -> Iterator[str]:
        """Yield the new lines: no two blank ones, none at the beginning or the end."""
        blank, last = False, -1
        for number, line in enumerate(self.old):
            if number in self.layout.blocks:
                yield from [""] if blank else []
                blank, last = False, number
                yield self.block_line(number)
                continue
            if not line.strip(" \t") and number not in self.layout.follows:
                blank = last >= 0 and last not in self.layout.kept
                continue
            wanted = number in self.spaced and last not in self.layout.kept
            if blank or wanted:
                yield ""
            blank, last = False, number
            yield self.line(number)

    def line(self, number: int) -> str:
        line = self.old[number]
        for edit in sorted(self.layout.edits.get(number, ()), key=lambda each: -each.start):
            line = line[: edit.start] + edit.text + line[edit.end :]
        text = line.lstrip(" \t")
        if number not in self.layout.open:
            text = text.rstrip(" \t")
        return " " * self.columns[number] + text if text.strip(" \t") else ""

    def block_line(self, number: int) -> str:
        move = self.layout.blocks[number]
        line = self.old[number]
        if not line.strip(" ") and len(line) <= move.old:
            return ""
        return _shifted(line, move)

    def column(self, number: int) -> int:
        """Return the column in which a line's first character belongs."""
        old = self.old_column(number)
        if number in self.layout.moves:
            return self.layout.moves[number].new
        if number in self.layout.follows:
            follow = self.layout.follows[number]
            return max(follow.floor, old + follow.shift)
        return self.comment_column(number, old)

    def old_column(self, number: int) -> int:
        line = self.old[number]
        return len(line) - len(line.lstrip(" \t"))

    def comment_column(self, number: int, old: int) -> int:
        """A comment belongs to what is below it, or to the block above that it is aligned with."""
        index = bisect(self.numbers, number)
        below = self.move(index) if index < len(self.numbers) else Move(0, 0)
        index -= 1
        if index < 0 or old <= below.old or below.new > self.move(index).new:
            return below.new
        while index >= 0 and self.move(index).old > old:
            index = self.outer[index]
        if index < 0:
            return below.new
        around = self.move(index)
        is_item = self.old[self.numbers[index]].startswith("-", around.old)
        inside = around.new + STEP if is_item and old > around.old else around.new
        return max(below.new, inside)

    def outer_moves(self) -> list[int]:
        """Return for each move the index of the one around it, -1 without one."""
        outer: list[int] = []
        for index in range(len(self.numbers)):
            around = index - 1
            while around >= 0 and self.move(around).old >= self.move(index).old:
                around = outer[around]
            outer.append(around)
        return outer

    def move(self, index: int) -> Move:
        return self.layout.moves[self.numbers[index]]

    def first_lines_of_states(self) -> Iterator[int]:
        """Yield where a blank line belongs before a state: above the comments that speak of it."""
        states = self.layout.states
        for (_, before_long), (number, is_long) in pairwise(states):
            if not (before_long or is_long):
                continue
            first = number
            while self.speaks_of(first - 1, self.columns[number]):
                first -= 1
            yield first

    def speaks_of(self, number: int, column: int) -> bool:
        is_comment = self.old[number].lstrip(" \t").startswith("#")
        in_text = number in self.layout.blocks or number in self.layout.follows
        return is_comment and not in_text and self.columns[number] == column


def _shifted(line: str, move: Move) -> str:
    """Return a line of a block text, whose blanks beyond its first column count."""
    by = move.new - move.old
    return " " * by + line if by >= 0 else line[-by:]
