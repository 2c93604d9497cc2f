"""`ivrflow dev`: flows on an emulated phone, taken anew as you save."""

import os
import shutil
import sys
import time
from collections.abc import Collection
from pathlib import Path

import click

from ivrflow.cli.aspects import aspects
from ivrflow.cli.reporters import Shown, report
from ivrflow.diagnostics import Diagnostic
from ivrflow.dotenv import with_dotenv
from ivrflow.errors import NothingToReadError, UsageError
from ivrflow.library import Library
from ivrflow.rehearsal.flows import ANY_NUMBER, number_of, usual_path
from ivrflow.rehearsal.screen import Aspect
from ivrflow.settings import read_settings
from ivrflow.sinch.platform import PLATFORM

READY = """\
The flows of {directory}/ are on the phone at {url}; calls are kept in {store}.
Call it from another terminal:

  {ivrflow} call --url {url}{to}
  curl -d '{{"to": "{number}"}}' {url}/emulator/calls

Edits are taken as you save; Ctrl-C stops it."""


@click.command("dev")
@click.argument(
    "directory", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False
)
@click.option("--port", type=click.IntRange(0, 65535), help="port to listen on  [default: 3000]")
@click.option("--store", help="sqlite:PATH or memory:  [default: sqlite:.ivrflow/state.db]")
@click.option("--show", default="", callback=aspects, help="besides: svaml,state,vars,events")
def command(
    directory: Path | None, port: int | None, store: str | None, show: tuple[Aspect, ...]
) -> int:
    """Serve the flows in DIRECTORY to an emulated Voice API, all in one process.

    There is nothing to configure: credentials are made up, callbacks are signed with them. Calls
    are shown as they go. Broken flows are told and waited for; an edit that breaks them later
    leaves the last good ones in place.
    """
    directory = directory or usual_path()
    given = {"port": port, "store": store, "host": "127.0.0.1", "insecure": True}
    environment = with_dotenv(os.environ, Path.cwd())
    settings = read_settings({**given, "fallback": False}, environment, Path.cwd())
    library = _wait_for_flows(directory)
    # Starlette and uvicorn cost as much to import as a whole lint takes.
    from ivrflow.server.dev import Console, run

    number = number_of(library.current)

    def ready(url: str) -> None:
        told = READY.format(
            directory=directory,
            url=url,
            store=settings.store,
            ivrflow=_name(),
            number=number,
            to="" if number == ANY_NUMBER else f" --to {number}",
        )
        _tell(told)

    console = Console(ready=ready, report=_report, tell=_tell, aspects=show)
    return run(library, settings, environment, console)


def _tell(text: str) -> None:
    click.echo(text, err=True)


def _wait_for_flows(directory: Path) -> Library:
    """Return the library of a directory, when its flows are free of errors."""
    from ivrflow.server.watch import POLL_SECONDS, stamps

    while True:
        seen = stamps(directory)
        try:
            library, checked = Library.open(directory, PLATFORM)
        except (NothingToReadError, UsageError) as error:
            _tell(str(error))
        else:
            if library is not None:
                return library
            _report([each for each in checked.diagnostics if each.is_error])
        _tell("waiting for the flows to be mended; Ctrl-C stops it")
        while stamps(directory) == seen:
            time.sleep(POLL_SECONDS)


def _report(findings: Collection[Diagnostic]) -> None:
    texts = {}
    for path in {each.path for each in findings}:
        file = Path(path)
        texts[path] = file.read_text("utf-8", "replace") if file.is_file() else ""
    _tell(report("full", Shown(findings=tuple(findings), texts=texts)))


def _name() -> str:
    """Return how this command is called: by its path where the shell doesn't know it."""
    if shutil.which("ivrflow"):
        return "ivrflow"
    path = sys.argv[0]
    return path if os.access(path, os.X_OK) else f"{sys.executable} -m ivrflow"
