"""Reading the one flow that a command is about."""

import sys
from pathlib import Path

import click

from ivrflow.checking import Checked, check
from ivrflow.cli import FINDINGS
from ivrflow.cli.reporters import Shown, report
from ivrflow.diagnostics import did_you_mean
from ivrflow.errors import UsageError
from ivrflow.model.flow import Flow
from ivrflow.sinch.platform import PLATFORM


def read_flow(path: Path, name: str | None) -> tuple[Checked, Flow]:
    """Return the flow called `name` in `path` (its only flow if None) and its application.

    Shows the errors and exits with 1 if there are any; raises `UsageError` for a wrong name.
    """
    applications = check([path], PLATFORM)
    errors = [each for one in applications for each in one.diagnostics if each.is_error]
    if errors:
        texts = {file: text for one in applications for file, text in one.texts.items()}
        click.echo(report("full", Shown(findings=errors, texts=texts)), err=True)
        sys.exit(FINDINGS)
    found = {name: (one, one.flows[name]) for one in applications for name in one.wanted}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name is None:
        raise UsageError(f"{path} holds several flows; say which with --flow: {', '.join(found)}")
    if name not in found:
        raise UsageError(f'{path} holds no flow "{name}"; {did_you_mean(name, found)}')
    return found[name]
