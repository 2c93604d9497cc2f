"""What became of scenarios, for people: a letter each, what failed as a transcript, a last line."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from ivrflow.diagnostics import Diagnostic
from ivrflow.scenarios.run import Failure, Result
from ivrflow.source.lines import lines_of

PASSED, FAILED = ".", "F"
WIDTH = 60
"""Letters on a line."""


def progress(results: Iterable[Result]) -> str:
    """One line a file, one letter a scenario."""
    lines = []
    for path, group in groupby(results, key=lambda each: each.path):
        letters = "".join(FAILED if each.failures else PASSED for each in group)
        lines.append(f"{path} {letters[:WIDTH]}")
        rest = range(WIDTH, len(letters), WIDTH)
        lines += [f"{' ' * len(path)} {letters[start : start + WIDTH]}" for start in rest]
    return "\n".join(lines)


def names(results: Iterable[Result]) -> str:
    """One line a scenario."""
    return "\n".join(
        f"{'FAILED' if each.failures else 'passed'}  {each.path}:{each.at.line} {each.name}"
        f" ({each.seconds * 1000:.0f} ms)"
        for each in results
    )


def told(result: Result, text: str) -> str:
    """A scenario with what was wrong, in the author's words, and what was heard and done."""
    lines = [f"{result.path}:{result.at.line}: {result.name}"]
    for failure in result.failures:
        lines += ["", *failure_lines(failure, result.path, text)]
    return "\n".join([*lines, "", *_story(result)])


def failure_lines(failure: Failure, path: str, text: str) -> Iterator[str]:
    """What is not so, the line that says it is, and where the call was."""
    at = failure.at
    yield f"  {path}:{at.line}:{at.column}: {failure.message}"
    lines = lines_of(text)
    if 0 < at.line <= len(lines):
        source = lines[at.line - 1]
        end = at.end_column - 1 if at.end_line == at.line else len(source)
        gutter = f"  {at.line:5} | "
        yield gutter + source
        yield " " * (len(gutter) + at.column - 1) + "^" * max(1, end - at.column + 1)
    if failure.place:
        yield f"  the call is at {failure.place}"
    if failure.help:
        yield f"  help: {failure.help}"


def _story(result: Result) -> Iterator[str]:
    for line in result.story:
        begun = f"  {line.at / 1000:7.1f} s  {line.text}"
        yield f"{begun}  [{line.place}]" if line.place else begun


def summary(results: Iterable[Result], seconds: float, faulty: int = 0) -> str:
    """The last line: how many passed and failed, and how many files could not be played."""
    results = list(results)
    failed = sum(bool(each.failures) for each in results)
    told = [f"{failed} failed"] if failed else []
    told.append(f"{len(results) - failed} passed")
    if faulty:
        told.append(f"{faulty} file{'s' if faulty > 1 else ''} not played")
    return f"{', '.join(told)} in {seconds:.2f} s"


def failures(results: Iterable[Result], texts: Mapping[str, str]) -> str:
    """Every scenario that failed, in full."""
    blocks = [told(each, texts.get(each.path, "")) for each in results if each.failures]
    return "\n\n".join(blocks)


def findings(found: Iterable[Diagnostic]) -> str:
    """What is wrong with a file, one line each."""
    return "\n".join(
        f"{each.path}:{each.span.line}:{each.span.column}: {each.message}"
        + (f" ({each.help})" if each.help else "")
        for each in found
    )
