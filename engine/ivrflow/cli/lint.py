"""`ivrflow lint`: findings on stdout, a summary on stderr, exit code 1 if there are errors."""

import sys
from pathlib import Path

import click

from ivrflow.checking import check, check_text
from ivrflow.cli import FINDINGS
from ivrflow.cli.reporters import REPORTER_BY_FORMAT, summary
from ivrflow.errors import UsageError
from ivrflow.sinch.platform import PLATFORM

STDIN = Path("-")


@click.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option(
    "--output-format",
    type=click.Choice(list(REPORTER_BY_FORMAT)),
    default="full",
    show_default=True,
    help="full shows the author's lines, concise one line a finding, json is for programs",
)
@click.option(
    "--stdin-filename",
    default="stdin.flow.yaml",
    show_default=True,
    help="the name shown for a flow that is read from standard input (PATH -)",
)
def command(paths: tuple[Path, ...], output_format: str, stdin_filename: str) -> int:
    """Check every flow under PATHS (default: the working directory)."""
    paths = paths or (Path(),)
    if STDIN in paths and len(paths) > 1:
        raise UsageError("standard input (-) is checked alone")
    if paths == (STDIN,):
        applications = [check_text(stdin_filename, sys.stdin.read(), PLATFORM)]
    else:
        applications = check(paths, PLATFORM)
    findings = [each for application in applications for each in application.diagnostics]
    texts = {path: text for each in applications for path, text in each.texts.items()}
    report = REPORTER_BY_FORMAT[output_format](findings, texts)
    if report:
        click.echo(report)
    flows = sum(len(each.wanted) for each in applications)
    click.echo(summary(findings, flows), err=True)
    return FINDINGS if any(each.is_error for each in findings) else 0
