"""The comments of a file: what `#` begins where it stands in no text.

The tree of a file has none, but it knows where quoted and block texts are: a `#` inside one is a
character, any other that begins a line or follows a blank begins a comment.
"""

import re
from bisect import bisect
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


Place = tuple[int, int]


class Texts:
    """Where the quoted and block texts of a tree stand."""

    def __init__(self, root: Node) -> None:
        quoted: set[tuple[Place, Place]] = set()
        self._blocks: set[int] = set()
        for scalar in scalars(root):
            if scalar.style in ("|", ">"):
                self._blocks.update(range(scalar.line + 1, scalar.end_line))
            elif scalar.style:
                end = (scalar.end_line, scalar.end_column)
                quoted.add(((scalar.line, scalar.column), end))
        self._quoted = sorted(quoted)

    def hold(self, line: int, column: int) -> bool:
        """Whether the character at `line` and `column` is part of a text."""
        if line in self._blocks:
            return True
        here = (line, column)
        before = bisect(self._quoted, here, key=lambda each: each[0])
        return before > 0 and here < self._quoted[before - 1][1]


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
