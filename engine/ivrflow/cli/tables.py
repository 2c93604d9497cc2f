"""Rows and columns for a terminal."""

from collections.abc import Iterable, Iterator, Sequence


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table, as wide as its cells; none where there are no rows."""
    cells = [headings, *rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(headings))]
    for line in cells if len(cells) > 1 else ():
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        yield "  ".join(padded).rstrip()


def listed(values: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield a line a value, its name before it; what is empty is left out."""
    shown = [(name, value) for name, value in values if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        yield f"{name.ljust(width)}  {value}"
