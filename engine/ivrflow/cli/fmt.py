"""`ivrflow fmt`: the layout of flows, so that reviews are about what callers hear."""

import sys
from pathlib import Path

import click
import msgspec

from ivrflow.cli import FINDINGS
from ivrflow.cli.reporters import Shown, report
from ivrflow.cli.rewrite import diff, rewrite
from ivrflow.cli.summary import count
from ivrflow.diagnostics import Diagnostic
from ivrflow.errors import NothingToReadError, UsageError
from ivrflow.gathering import files_under
from ivrflow.source.format import format_text
from ivrflow.source.yaml import parse

STDIN = Path("-")


class Formatted(msgspec.Struct, frozen=True):
    """A file as it was and as it should be, or why it can't be read."""

    path: Path
    old: str
    new: str
    findings: tuple[Diagnostic, ...] = ()

    @property
    def changes(self) -> bool:
        return self.old != self.new


@click.command("fmt")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--check", is_flag=True, help="write nothing; exit 1 if a file is not formatted")
@click.option("--diff", "shows_diff", is_flag=True, help="the same, and show what would change")
def command(paths: tuple[Path, ...], check: bool, shows_diff: bool) -> int:
    """Lay out the files under PATHS (default: the working directory); `-` is a filter.

    Indentation of two, one blank line between states, no blanks at line ends. What is said stays
    the same, and so do comments, order and line breaks.
    """
    if STDIN in paths:
        return _filter(paths)
    formatted = [_formatted(file) for file in _files(paths or (Path(),))]
    changed = [each for each in formatted if each.changes]
    for each in changed:
        if shows_diff:
            click.echo(diff(str(each.path), each.old, each.new))
        elif check:
            click.echo(f"{each.path} would be formatted")
        else:
            rewrite(each.path, each.new)
            click.echo(f"{each.path} formatted", err=True)
    writes = not (check or shows_diff)
    done = "formatted" if writes else "to be formatted"
    click.echo(f"{count(len(formatted), 'file')}, {len(changed)} {done}", err=True)
    unreadable = _tell_unreadable(formatted)
    return FINDINGS if unreadable or (changed and not writes) else 0


def _files(paths: tuple[Path, ...]) -> list[Path]:
    files = sorted({file for path in paths for file in files_under(path)})
    if not files:
        raise NothingToReadError(f"no *.flow.yaml or app.yaml in {', '.join(map(str, paths))}")
    return files


def _formatted(file: Path) -> Formatted:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"can't read {file}: {error.strerror}") from error
    return _format(file, content)


def _format(path: Path, content: bytes) -> Formatted:
    """Format a file; one that is no YAML stays as it is."""
    parsed = parse(str(path), content)
    text = content.decode("utf-8", "replace")
    if parsed.root is None:
        return Formatted(path, text, text, parsed.diagnostics)
    return Formatted(path, text, format_text(text))


def _filter(paths: tuple[Path, ...]) -> int:
    if len(paths) > 1:
        raise UsageError("standard input (-) is formatted alone")
    formatted = _format(Path("stdin"), sys.stdin.buffer.read())
    sys.stdout.buffer.write(formatted.new.encode("utf-8", "replace"))
    return FINDINGS if _tell_unreadable([formatted]) else 0


def _tell_unreadable(formatted: list[Formatted]) -> bool:
    findings = [finding for each in formatted for finding in each.findings]
    if findings:
        texts = {str(each.path): each.old for each in formatted}
        click.echo(report("full", Shown(findings=findings, texts=texts)), err=True)
    return bool(findings)
