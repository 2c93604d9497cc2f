"""`full`: each finding with the author's line, the fault underlined, and the remedy."""

import unicodedata
from collections.abc import Callable, Iterator

import click

from ivrflow.cli.reporters import Shown
from ivrflow.cli.reporters.concise import place, printable
from ivrflow.diagnostics import Diagnostic

TAB = "    "
COLOUR_BY_SEVERITY = {"error": "red", "warning": "yellow"}

Paint = Callable[..., str]


def report(shown: Shown) -> str:
    paint: Paint = click.style if shown.colour else _plain
    return "\n\n".join("\n".join(_block(shown, each, paint)) for each in shown.findings)


def _plain(text: str, **_: object) -> str:
    return text


def _block(shown: Shown, finding: Diagnostic, paint: Paint) -> Iterator[str]:
    colour = COLOUR_BY_SEVERITY[finding.severity]
    what = paint(f"{finding.severity} {finding.code}", fg=colour, bold=True)
    message = printable(finding.message)
    yield f"{paint(printable(place(finding)), bold=True)}: {what} [{finding.name}] {message}"
    line = shown.line(finding)
    if line is not None:
        yield from _excerpt(finding, line, lambda text: paint(text, fg=colour, bold=True))
    for other in finding.related:
        yield printable(f"  {other.path}:{other.span.line}:{other.span.column}: {other.message}")
    if finding.help:
        yield f"  {paint('help', fg='cyan', bold=True)}: {printable(finding.help)}"


def _excerpt(finding: Diagnostic, line: str, paint: Callable[[str], str]) -> Iterator[str]:
    span = finding.span
    last = span.end_column - 1 if span.end_line == span.line else len(line)
    gutter = f"{span.line:5} | "
    yield gutter + _shown(line)
    indent = " " * (len(gutter) + _width(line[: span.column - 1]))
    yield indent + paint("^" * max(1, _width(line[span.column - 1 : last])))


def _shown(line: str) -> str:
    return printable(line.replace("\t", TAB))


def _width(text: str) -> int:
    """Return how many columns of a terminal `text` takes."""
    return sum(_columns(character) for character in _shown(text))


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
