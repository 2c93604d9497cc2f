"""`ivrflow serve`: answer the callbacks of a directory's flows until told to stop."""

import os
from pathlib import Path

import click

from ivrflow.cli import FINDINGS
from ivrflow.cli.reporters import Shown, report
from ivrflow.library import Library
from ivrflow.settings import read_settings
from ivrflow.sinch.platform import PLATFORM


@click.command("serve")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--host", help="address to listen on  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(0, 65535), help="port to listen on  [default: 3000]")
@click.option("--store", help="sqlite:PATH or memory:  [default: sqlite:.ivrflow/state.db]")
@click.option(
    "--role",
    type=click.Choice(["last", "primary"]),
    help="last always answers; primary answers 503 when its store refuses, so that Sinch "
    "calls the fallback URL  [default: last]",
)
@click.option("--fallback", is_flag=True, default=None, help="keep no state, only say last words")
@click.option(
    "--insecure", is_flag=True, default=None, help="believe unsigned callbacks, on loopback"
)
@click.option(
    "--callouts-per-second",
    type=click.FloatRange(0, 1_000, min_open=True),
    help="outgoing calls that an application places a second at most  [default: 5]",
)
@click.option(
    "--max-callouts",
    type=click.IntRange(0),
    help="outgoing calls of an application under way at a time; 0 places none  [default: 100]",
)
@click.option("--reload", is_flag=True, default=None, help="read the flows again when they change")
def command(directory: Path, **flags: object) -> int:
    """Answer the callbacks of the flows in DIRECTORY at POST /callbacks/sinch.

    Credentials come from SINCH_APPLICATION_KEY and SINCH_APPLICATION_SECRET. A flow with errors
    is not served; one that breaks later leaves the last good one in place.
    """
    settings = read_settings(flags, os.environ, Path.cwd())
    library, checked = Library.open(directory, PLATFORM)
    if library is None:
        errors = [each for each in checked.diagnostics if each.is_error]
        click.echo(report("full", Shown(findings=errors, texts=checked.texts)))
        return FINDINGS
    # Starlette and uvicorn cost as much to import as a whole lint takes.
    from ivrflow.server.run import run

    return run(library, settings, os.environ)
