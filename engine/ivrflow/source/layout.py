"""Where each line of a file should begin: its events laid out with an indentation of two.

Lines and columns count from 0 here, as the parsers' marks do. Only the space between tokens is
judged: what is said inside them is never looked at.
"""

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from ruamel.yaml.events import (
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

STEP = 2

_COLON = re.compile(r"[ \t]*(?P<colon>:)[ \t]*")
_HEADER = re.compile(r"[|>](?P<marks>[0-9+-]*)")


class Edit(msgspec.Struct, frozen=True):
    """Characters `start` to `end` of a line become `text`."""

    start: int
    end: int
    text: str


class Move(msgspec.Struct, frozen=True):
    """A line's first character goes from the column `old` to `new`."""

    old: int
    new: int


class Follow(msgspec.Struct, frozen=True):
    """A line inside a text or list of several lines moves with its first, at least to `floor`."""

    shift: int
    floor: int


class Layout(msgspec.Struct, frozen=True):
    """What becomes of each line, by its number; comments and blank lines are in none of these.

    `moves` are the lines in which an entry or its value begins, `follows` those behind them,
    `blocks` the lines of a block text, whose blanks count. `open` are lines at whose end a text
    goes on. `kept` are blocks whose last blank lines count too. `states` has the line in which each
    state begins, and whether it goes on behind that line.
    """

    moves: dict[int, Move] = msgspec.field(default_factory=dict)
    follows: dict[int, Follow] = msgspec.field(default_factory=dict)
    blocks: dict[int, Move] = msgspec.field(default_factory=dict)
    open: set[int] = msgspec.field(default_factory=set)
    kept: set[int] = msgspec.field(default_factory=set)
    edits: dict[int, list[Edit]] = msgspec.field(default_factory=dict)
    states: list[tuple[int, bool]] = msgspec.field(default_factory=list)


def lay_out(lines: list[str], events: Iterable[Any]) -> Layout:
    """Return the layout of a file with these `lines` and parser events."""
    planner = _Planner(lines, events)
    for event in planner.events:
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            planner.collection(event, _Place(0, 0, 0), is_root=True)
    return planner.layout


class _Place(msgspec.Struct, frozen=True):
    """Where a node belongs: entries of a block collection at `column`, what stands for itself at
    `floor`; `shift` is how far the line moves in which it begins."""

    column: int
    floor: int
    shift: int


class _Planner:
    def __init__(self, lines: list[str], events: Iterable[Any]) -> None:
        self.lines = lines
        self.events = iter(events)
        self.layout = Layout()

    def node(self, event: Any, place: _Place) -> int:
        """Lay out what begins with `event`; return the line in which it ends."""
        start = event.start_mark
        if self.is_first(start):
            self.layout.moves.setdefault(start.line, Move(start.column, place.column))
            place = _Place(place.column, place.floor, place.column - start.column)
        if type(event) in (MappingStartEvent, SequenceStartEvent):
            return self.collection(event, place)
        if type(event) is ScalarEvent:
            self.scalar(event, place)
        return int(event.end_mark.line)

    def is_first(self, mark: Any) -> bool:
        return not self.lines[mark.line][: mark.column].strip(" \t")

    def collection(self, event: Any, place: _Place, *, is_root: bool = False) -> int:
        if event.flow_style:
            last = self.skip(event)
            self.follow(event.start_mark.line + 1, last, place.shift, place.floor)
            return last
        if type(event) is SequenceStartEvent:
            return self.sequence(place.column)
        return self.mapping(event, place.column, is_root=is_root)

    def skip(self, event: Any) -> int:
        """Read to the end of a collection; return its line."""
        depth = 1
        while depth:
            event = next(self.events)
            depth += isinstance(event, MappingStartEvent | SequenceStartEvent)
            depth -= isinstance(event, MappingEndEvent | SequenceEndEvent)
        return int(event.end_mark.line)

    def follow(self, first: int, last: int, shift: int, floor: int) -> None:
        for line in range(first, last + 1):
            self.layout.follows[line] = Follow(shift, floor)

    def mapping(self, event: Any, column: int, *, is_root: bool, states: bool = False) -> int:
        last = event.start_mark.line
        first = True
        for key in self.events:
            if type(key) is MappingEndEvent:
                break
            mark = key.start_mark
            if first and mark.line == event.start_mark.line:
                column += mark.column - event.start_mark.column  # behind an anchor
            first = False
            if self.is_first(mark):
                self.layout.moves[mark.line] = Move(mark.column, column)
            self.key(key)
            value = next(self.events)
            has_states = is_root and getattr(key, "value", "") == "states"
            last = self.value(key, value, column, states=has_states)
            if states:
                self.layout.states.append((mark.line, last > mark.line))
        return int(last)

    def key(self, event: Any) -> None:
        """Quote a key with double quotes, if it is quoted."""
        if isinstance(event, MappingStartEvent | SequenceStartEvent):
            self.skip(event)
        elif type(event) is ScalarEvent and event.style == "'" and event.anchor is None:
            start, end = event.start_mark, event.end_mark
            simple = event.value.isprintable() and not set(event.value) & set("\"\\'")
            if simple and event.tag is None and start.line == end.line:
                self.edit(start.line, start.column, end.column, f'"{event.value}"')

    def edit(self, line: int, start: int, end: int, text: str) -> None:
        if self.lines[line][start:end] != text:
            self.layout.edits.setdefault(line, []).append(Edit(start, end, text))

    def value(self, key: Any, value: Any, column: int, *, states: bool) -> int:
        self.colon(key.end_mark, value.start_mark)
        if type(value) is ScalarEvent and not value.value and not value.style:
            return int(key.end_mark.line)
        place = _Place(column + STEP, column, column - key.start_mark.column)
        if type(value) is MappingStartEvent and not value.flow_style:
            return self.mapping(value, column + STEP, is_root=False, states=states)
        return self.node(value, place)

    def colon(self, behind: Any, start: Any) -> None:
        """Put the colon right behind a key, and what follows in its line one blank behind it."""
        line = self.lines[behind.line]
        found = _COLON.match(line, behind.column)
        if found is not None:
            follows = behind.line == start.line and found.end() == start.column
            self.edit(behind.line, behind.column, found.end("colon"), ":")
            if follows and start.column < len(line):
                self.edit(behind.line, found.end("colon"), start.column, " ")

    def sequence(self, column: int) -> int:
        last = 0
        for item in self.events:
            if type(item) is SequenceEndEvent:
                break
            start = item.start_mark
            last = max(last, start.line)
            self.dash(start.line, start.column, column)
            shift = column + STEP - start.column
            last = self.node(item, _Place(column + STEP, column, shift))
        return last

    def dash(self, line: int, column: int, new: int) -> None:
        """Place the dash before an item that begins at `line` and `column`."""
        before = self.lines[line][:column].rstrip(" \t")
        if before.endswith("-"):
            at = len(before) - 1
            self.edit(line, at, column, "- ")
        else:
            line = next((each for each in range(line - 1, -1, -1) if self.is_dash(each)), line)
            at = len(self.lines[line]) - len(self.lines[line].lstrip(" "))
        if not self.lines[line][:at].strip(" \t"):
            self.layout.moves[line] = Move(at, new)

    def is_dash(self, line: int) -> bool:
        return self.lines[line].partition("#")[0].strip(" \t") == "-"

    def scalar(self, event: Any, place: _Place) -> None:
        first, last = event.start_mark.line, event.end_mark.line
        if event.style in ("|", ">"):
            self.block(event, place)
        elif last > first:
            self.follow(first + 1, last, place.shift, place.floor + STEP)
            self.layout.open.update(range(first, last))

    def block(self, event: Any, place: _Place) -> None:
        """Place the lines of a block text at its first one's new column."""
        header = _HEADER.search(self.lines[event.start_mark.line], event.start_mark.column)
        marks = header["marks"] if header else ""
        end = event.end_mark
        numbers = list(range(event.start_mark.line + 1, end.line + (end.column > 0)))
        while numbers and "+" not in marks and not self.lines[numbers[-1]].strip(" "):
            numbers.pop()
        if "+" in marks:
            self.layout.kept.update(numbers)
        spoken = (each for each in numbers if self.lines[each].strip(" "))
        first = next(spoken, None)
        old = 0 if first is None else _indentation(self.lines[first])
        new = place.floor + STEP
        if any(mark.isdigit() for mark in marks):
            old, new = 0, place.shift
        for each in numbers:
            self.layout.blocks[each] = Move(old, new)


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
