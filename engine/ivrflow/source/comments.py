"""The comments of a file: what `#` begins where it stands in no text.

The tree of a file has none, but it knows where quoted and block texts are: a `#` inside one is a
character, any other that begins a line or follows a blank begins a comment.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from ivrflow.source.node import Mapping, Node, Scalar, Sequence

_HASH = re.compile(r"(?:^|(?<=\s))#")


class Comment(msgspec.Struct, frozen=True):
    """A comment: its place (from 1), its text from the `#` on, and whether it is alone."""

    line: int
    column: int
    text: str
    alone: bool


class Texts:
    """Where the quoted and block texts of a tree stand."""

    def __init__(self, root: Node) -> None:
        self._by_line: dict[int, list[Scalar]] = {}
        self._blocks: set[int] = set()
        for scalar in scalars(root):
            if scalar.style in ("|", ">"):
                self._blocks.update(range(scalar.line + 1, scalar.end_line))
            elif scalar.style:
                for line in range(scalar.line, scalar.end_line + 1):
                    self._by_line.setdefault(line, []).append(scalar)

    def hold(self, line: int, column: int) -> bool:
        """Whether the character at `line` and `column` is part of a text."""
        here = (line, column)
        return line in self._blocks or any(
            (each.line, each.column) <= here < (each.end_line, each.end_column)
            for each in self._by_line.get(line, ())
        )


def scalars(node: Node) -> Iterator[Scalar]:
    """Yield every scalar below `node`, keys too; of an alias those that it repeats."""
    match node:
        case Scalar():
            yield node
        case Mapping():
            for entry in node:
                yield entry.key
                yield from scalars(entry.value)
        case Sequence():
            for item in node:
                yield from scalars(item)


def comments(lines: Iterable[str], root: Node, word: str = "") -> Iterator[Comment]:
    """Yield the comments of a file with these `lines`; only those of lines that hold `word`."""
    texts = Texts(root)
    for number, line in enumerate(lines, 1):
        if word not in line:
            continue
        for found in _HASH.finditer(line):
            column = found.start() + 1
            if not texts.hold(number, column):
                yield Comment(number, column, line[found.start() :], not line[: column - 1].strip())
                break
