"""`ivrflow lint`: findings on stdout, a summary on stderr, exit code 1 if there are errors."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import click
import msgspec

from ivrflow.cli import FINDINGS
from ivrflow.cli.cache import DIRECTORY
from ivrflow.cli.linting import Linted, lint, lint_scenarios, lint_text, linted
from ivrflow.cli.reporters import FORMATS, Shown, report
from ivrflow.cli.selection import selection
from ivrflow.cli.summary import count, statistics, summary
from ivrflow.diagnostics import Diagnostic
from ivrflow.errors import NothingToReadError, UsageError
from ivrflow.scenarios.files import is_scenarios, scenarios_under

STDIN = Path("-")

FailOn = Literal["error", "warning", "never"]


@click.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option(
    "--output-format",
    type=click.Choice(FORMATS),
    default="full",
    show_default=True,
    help="full shows the author's lines, concise one line a finding; the others are for programs",
)
@click.option("--select", multiple=True, metavar="KINDS", help="tell only these: E3,unknown-state")
@click.option("--ignore", multiple=True, metavar="KINDS", help="leave these out: W9,E210")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "never"]),
    default="error",
    show_default=True,
    help="what makes the exit code 1",
)
@click.option("--statistics", "counted", is_flag=True, help="count the findings of each kind")
@click.option(
    "--baseline",
    "known",
    type=click.Path(path_type=Path),
    help="leave out the findings that this file knows",
)
@click.option("--write-baseline", is_flag=True, help="write all findings to the --baseline file")
@click.option(
    "--stdin-filename",
    help="the file that standard input (PATH -) stands for, in its application",
)
@click.option("--fix", is_flag=True, help="repair what is certain, and tell the rest")
@click.option("--diff", "shows_diff", is_flag=True, help="with --fix: show it, write nothing")
@click.option("--no-cache", is_flag=True, help="check also what has not changed")
@click.option(
    "--cache-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=DIRECTORY,
    show_default=True,
    help="where it is kept what was found",
)
def command(
    *,
    paths: tuple[Path, ...],
    output_format: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: FailOn,
    counted: bool,
    known: Path | None,
    write_baseline: bool,
    stdin_filename: str | None,
    fix: bool,
    shows_diff: bool,
    no_cache: bool,
    cache_dir: Path,
) -> int:
    """Check every flow under PATHS (default: the working directory).

    KINDS are codes, beginnings of codes or names. What E0xx tells is always told: of a file that
    can't be read as it is meant, nothing else is proven.
    """
    if write_baseline and known is None:
        raise UsageError("--write-baseline needs --baseline FILE")
    is_wanted = selection(select, ignore)
    if fix or shows_diff:
        applications, changes = _fix(paths or (Path(),), is_wanted, writes=not shows_diff)
        if shows_diff:
            left = [each for each in _found(applications) if is_wanted(each)]
            _tell(summary(left, sum(each.flows for each in applications), 0))
            return FINDINGS if changes or any(each.is_error for each in left) else 0
    else:
        cache = None if no_cache else cache_dir
        applications = _lint(paths or (Path(),), stdin_filename, cache)
    shown = _shown(applications, [each for each in _found(applications) if is_wanted(each)])
    flows = sum(each.flows for each in applications)
    if known is not None and write_baseline:
        return _write_baseline(known, shown, flows)
    if known is not None:
        shown = _without_known(shown, known)
    text = report(output_format, shown)
    if text:
        click.echo(text, color=shown.colour)
    if counted and shown.findings:
        _tell(statistics(shown.findings))
    scenarios = sum(is_scenarios(Path(path)) for path in shown.texts)
    _tell(summary(shown.findings, flows, scenarios))
    return FINDINGS if any(_fails(each, fail_on) for each in shown.findings) else 0


def _lint(paths: tuple[Path, ...], stdin_filename: str | None, cache: Path | None) -> list[Linted]:
    if STDIN in paths:
        if len(paths) > 1:
            raise UsageError("standard input (-) is checked alone")
        return [lint_text(sys.stdin.buffer.read(), stdin_filename)]
    scenarios = lint_scenarios(_scenarios(paths), cache)
    try:
        return [*lint(_without_scenarios(paths), cache), *scenarios]
    except NothingToReadError:
        if not scenarios:
            raise
        return scenarios


def _scenarios(paths: tuple[Path, ...]) -> list[Path]:
    return sorted({file for path in paths for file in scenarios_under(path) if is_scenarios(file)})


def _without_scenarios(paths: tuple[Path, ...]) -> list[Path]:
    return [each for each in paths if each.is_dir() or not is_scenarios(each)]


def _fix(
    paths: tuple[Path, ...], is_wanted: Callable[[Diagnostic], bool], *, writes: bool
) -> tuple[list[Linted], bool]:
    """Repair files, or show how; return how they then are, and whether anything changes."""
    if STDIN in paths:
        raise UsageError("standard input (-) can't be fixed")
    # Imported where they are wanted, as baselines are: most lints need neither.
    from ivrflow.cli import fixing
    from ivrflow.cli.reporters.concise import printable
    from ivrflow.cli.rewrite import diff, rewrite

    scenarios = lint_scenarios(_scenarios(paths), None)
    try:
        fixed = fixing.fix(_without_scenarios(paths), is_wanted)
    except NothingToReadError:
        if not scenarios:
            raise
        return scenarios, False
    for path, (old, new) in sorted(fixed.texts.items()):
        if writes:
            rewrite(Path(path), new)
        else:
            click.echo(diff(_relative(path), old, new))
    for finding, what in fixed.fixes:
        place = f"{_relative(finding.path)}:{finding.span.line}:{finding.span.column}"
        done = "fixed" if writes else "to be fixed"
        _tell(printable(f"{place}: {done} {finding.code} [{finding.name}] {what}"))
    return [*map(linted, fixed.applications), *scenarios], bool(fixed.fixes)


def _found(applications: Sequence[Linted]) -> Iterator[Diagnostic]:
    for application in applications:
        yield from application.findings


def _shown(applications: Sequence[Linted], findings: Sequence[Diagnostic]) -> Shown:
    texts = {path: text for each in applications for path, text in each.texts.items()}
    return Shown(
        findings=sorted(map(_from_here, findings), key=lambda each: each.place),
        texts={_relative(path): text for path, text in texts.items()},
        colour=_is_colourful(),
    )


def _from_here(finding: Diagnostic) -> Diagnostic:
    """Return `finding` with paths as they are written from the working directory."""
    related = tuple(
        msgspec.structs.replace(each, path=_relative(each.path)) for each in finding.related
    )
    return msgspec.structs.replace(finding, path=_relative(finding.path), related=related)


def _relative(path: str) -> str:
    here, whole = Path.cwd(), Path(path).resolve()
    return whole.relative_to(here).as_posix() if whole.is_relative_to(here) else path


def _is_colourful() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def _write_baseline(file: Path, shown: Shown, flows: int) -> int:
    from ivrflow.cli import baseline

    baseline.write(file, shown)
    _tell(f"{count(len(shown.findings), 'finding')} of {count(flows, 'flow')} in {file}")
    return 0


def _without_known(shown: Shown, file: Path) -> Shown:
    from ivrflow.cli import baseline

    known = baseline.read(file)
    new = list(baseline.unknown(shown, known))
    if gone := known.total():
        _tell(f"{file} knows findings that are gone: {gone}; write it anew with --write-baseline")
    return msgspec.structs.replace(shown, findings=new)


def _fails(finding: Diagnostic, fail_on: FailOn) -> bool:
    return fail_on == "warning" or (fail_on == "error" and finding.is_error)


def _tell(text: str) -> None:
    click.echo(text, err=True)
