"""The command line: one module a command, imported only when it runs."""

import errno
import gc
import importlib
import io
import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from ivrflow import __version__
from ivrflow.errors import EngineError, NothingToReadError, StoreError, UsageError, VoiceError

COMMANDS = {
    "bounds": "tell how long callers are kept at most, and on which way",
    "call": "call a flow, and be the people on the phone",
    "callbacks": "see and set where Sinch posts an application's events",
    "callout": "have a running engine call somebody, or everybody in a file",
    "callouts": "let Sinch call somebody",
    "calls": "look at calls of an engine, or at Sinch; speak to them, end them",
    "compile": "show the program of a flow, or the SVAML of one of its states",
    "conferences": "see who is in a room at Sinch; mute, hold, put out",
    "dev": "serve flows to an emulated Voice API, and take edits as you save",
    "emulate": "be the Voice API for an application, and the people who call it",
    "explain": "tell what a finding means",
    "fmt": "lay out flows, and change nothing that they say",
    "graph": "draw a flow as Mermaid or DOT",
    "jobs": "see events on their way to webhooks, and try again what was given up",
    "lint": "check flows before the phone rings",
    "new": "write a project that lints clean",
    "numbers": "see and assign the phone numbers of a Sinch account",
    "records": "look at what calls remember for others, and change it",
    "schema": "print the JSON schemas of flows, applications and the wire",
    "serve": "answer the Sinch Voice API's callbacks",
    "test": "play scenarios on a simulated clock",
}

FINDINGS, USAGE, NOTHING_TO_READ, SINCH, BUG, INTERRUPTED = 1, 2, 3, 4, 70, 130

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a disk says on which there is no room."""


class _Commands(click.Group):
    """Loads `ivrflow.cli.NAME` when NAME is called: a lint needs no server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"ivrflow.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="ivrflow", message="ivrflow %(version)s")
def cli() -> None:
    """Phone menus as YAML: author, check, and answer the Sinch Voice API with them."""


SHORT = frozenset({"fmt", "lint"})
"""Commands that editors and CI run cold, again and again."""


def main() -> None:
    """Run the command line.

    Exit codes: 0 ok, 1 findings, 2 usage, 3 nothing to read, 4 Sinch or the network, 70 bug.
    """
    arguments = sys.argv[1:]
    _prepare_stdout()
    if SHORT.isdisjoint(arguments[:1]):
        sys.exit(run(arguments))
    gc.disable()
    _leave(run(arguments))


def _prepare_stdout() -> None:
    """Let what is told go nowhere if nobody listens, and be spelled by its number where the
    encoding of stdout has no other way."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _unwritten(error: OSError) -> int:
    """Return the exit code where stdout takes no more; another failure is a bug of ours."""
    if isinstance(error, BrokenPipeError):
        _let_go()
        return 0
    if error.errno not in FULL:
        sys.excepthook(*sys.exc_info())
        return BUG
    _let_go()
    click.echo(f"ivrflow: can't write: {error.strerror}", err=True)
    return USAGE


def _let_go() -> None:
    """Drop what is left to write: at the end of the process it would fail once more."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _leave(code: int) -> None:
    """End at once: to collect garbage and to take the interpreter apart would take a small lint a
    quarter of its time."""
    with suppress(OSError):  # nobody reads any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run `ivrflow ARGUMENTS...` and return its exit code; people's text goes to stderr."""
    try:
        # `cli.main` would make 1 of a pipe that nobody reads any more.
        with cli.make_context("ivrflow", arguments) as context:
            code: int | None = cli.invoke(context)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except (UsageError, StoreError) as error:
        click.echo(f"ivrflow: {error}", err=True)
        return USAGE
    except NothingToReadError as error:
        click.echo(f"ivrflow: {error}", err=True)
        return NOTHING_TO_READ
    except (VoiceError, EngineError) as error:
        _tell(error)
        return SINCH
    except OSError as error:
        return _unwritten(error)
    except Exception:  # a bug of ours, told as such and with all that helps to mend it
        sys.excepthook(*sys.exc_info())
        return BUG
    return code or 0


def _tell(error: VoiceError | EngineError) -> None:
    """Say what Sinch or another engine said, with nothing in it that a terminal would obey."""
    from ivrflow.sinch.escape import without_control

    click.echo(f"ivrflow: {without_control(str(error))}", err=True)
    if isinstance(error, VoiceError) and error.help:
        click.echo(f"  help: {error.help}", err=True)
