"""The syntax tree of a YAML file: every scalar and key with its source text and its place."""

from collections.abc import Iterator

import msgspec

from ivrflow.diagnostics import Span

BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
"""How YAML 1.2's core schema writes truth."""


class Scalar(msgspec.Struct, frozen=True, gc=False):
    """A leaf. `text` is what was written (escapes resolved); nothing is read into it.

    `style` is "" for a plain scalar, else its first character: ' " | or >.
    """

    text: str
    style: str
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        return Span(self.line, self.column, self.end_line, self.end_column)

    @property
    def plain(self) -> bool:
        return not self.style

    def part(self, offset: int, length: int) -> Span:
        """Return where `length` characters of the text from `offset` stand.

        The whole scalar where escapes or line folding hide the exact place.
        """
        quotes = 0 if self.plain else 2
        width = self.end_column - self.column
        if self.line != self.end_line or len(self.text) + quotes != width:
            return self.span
        column = self.column + quotes // 2 + min(offset, len(self.text))
        end = min(column + max(1, length), self.end_column)
        return Span(self.line, column, self.line, end)

    @property
    def is_null(self) -> bool:
        return not self.style and self.text in ("", "~", "null", "Null", "NULL")


class Entry(msgspec.Struct, frozen=True):
    """One `key: value` of a mapping."""

    key: Scalar
    value: "Node"


class Mapping(msgspec.Struct, frozen=True):
    """Entries by the text of their key, in the order written; `1` and `"1"` are the same key."""

    entries: dict[str, Entry]
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        return Span(self.line, self.column, self.end_line, self.end_column)

    def get(self, key: str) -> "Node | None":
        entry = self.entries.get(key)
        return None if entry is None else entry.value

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())


class Sequence(msgspec.Struct, frozen=True):
    """Items in the order written."""

    items: list["Node"]
    line: int
    column: int
    end_line: int
    end_column: int

    @property
    def span(self) -> Span:
        return Span(self.line, self.column, self.end_line, self.end_column)

    def __iter__(self) -> Iterator["Node"]:
        return iter(self.items)


Node = Scalar | Mapping | Sequence
