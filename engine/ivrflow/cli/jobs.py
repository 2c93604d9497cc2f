"""`ivrflow jobs`: what is still to be done, and what was given up, also while the server runs."""

from collections.abc import Callable
from typing import TypeVar

import click
import msgspec

from ivrflow.cli.store_file import store_option, store_path
from ivrflow.cli.tables import listed, table
from ivrflow.clock import as_milliseconds, as_text, from_milliseconds, now
from ivrflow.errors import ConflictError, NothingToReadError, UsageError
from ivrflow.jobs import Job, State, revived
from ivrflow.store.base import JobFilter
from ivrflow.store.jobs_file import JobsFile

F = TypeVar("F", bound=Callable[..., object])

HEADINGS = ("ID", "STATE", "KIND", "TO", "NAME", "CALL", "TRIES", "DUE", "FAULT")
EVERYTHING = 1_000_000


def _json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="for programs")(command)


@click.group("jobs")
def command() -> None:
    """Look at jobs, such as events on their way to webhooks and commands to rooms (`@sinch`), and
    try again what was given up.

    Works beside a running server, which sees a change within seconds.

    A job is waiting, running, done or dead: given up. What a job is done with may be personal
    data; once it is done only its line is left. Done and dead ones are kept for a week.
    """


@command.command("list")
@click.option("--state", type=click.Choice([each.value for each in State]))
@click.option("--to", default="", metavar="WHOM", help="only those for this webhook, or @sinch")
@click.option("--call", default="", help="only those that this call wanted")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True)
@_json_option
@store_option
def list_(
    state: str | None, to: str, call: str, limit: int, as_json: bool, store: str | None
) -> None:
    """Show jobs, the latest first."""
    with JobsFile.open(store_path(store)) as jobs:
        rows = jobs.listed(JobFilter(state=state or "", to=to, call=call), limit)
    if as_json:
        click.echo(_json([_shown(job) for job in rows]))
        return
    for line in table(HEADINGS, map(_cells, rows)):
        click.echo(line)


@command.command("show")
@click.argument("id")
@_json_option
@store_option
def show(id: str, as_json: bool, store: str | None) -> None:
    """Show a job, and what it is done with. Exits with 3 where there is none."""
    with JobsFile.open(store_path(store)) as jobs:
        job = _found(jobs, id)
    if as_json:
        click.echo(_json({**_shown(job), "body": _body(job)}))
        return
    shown = {**_shown(job), "body": _text(_body(job))}
    for line in listed((name, str(value)) for name, value in shown.items()):
        click.echo(line)


@command.command("retry")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "every", is_flag=True, help="all that are dead")
@click.option("--to", default="", metavar="WHOM", help="with --all: only those for this webhook")
@store_option
def retry(ids: tuple[str, ...], every: bool, to: str, store: str | None) -> None:
    """Try dead jobs again, from the beginning; each keeps its id."""
    if bool(ids) is every or (to and not every):
        raise UsageError("name jobs, or write --all, which --to narrows")
    with JobsFile.open(store_path(store)) as jobs:
        dead = jobs.listed(JobFilter(state=State.DEAD, to=to), EVERYTHING) if every else []
        for job in [*dead, *(_dead(jobs, id) for id in ids)]:
            _change(jobs, revived(job, as_milliseconds(now())))
    click.echo(f"{len(dead) + len(ids)} to be tried again", err=True)


@command.command("drop")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@store_option
def drop(ids: tuple[str, ...], store: str | None) -> None:
    """Forget jobs, whatever their state. Exits with 3 where there is none of that id."""
    with JobsFile.open(store_path(store)) as jobs:
        for id in ids:
            if not jobs.drop(id):
                raise NothingToReadError(f'there is no job "{id}"')


def _found(jobs: JobsFile, id: str) -> Job:
    job = jobs.get(id)
    if job is None:
        raise NothingToReadError(f'there is no job "{id}"')
    return job


def _dead(jobs: JobsFile, id: str) -> Job:
    job = _found(jobs, id)
    if job.state is not State.DEAD:
        raise UsageError(f'the job "{id}" is {job.state}, not dead: there is nothing to retry')
    return job


def _change(jobs: JobsFile, job: Job) -> None:
    try:
        jobs.change(job)
    except ConflictError:
        raise UsageError(f'somebody else changed the job "{job.id}" just now: look again') from None


def _shown(job: Job) -> dict[str, object]:
    """Return what can be told of a job besides its body."""
    return {
        "id": job.id,
        "state": job.state.value,
        "kind": job.kind,
        "to": job.to,
        "name": job.name,
        "call": job.call,
        "made": _time(job.made),
        "due": _time(job.due),
        "tries": job.attempt,
        "fault": job.fault,
    }


def _body(job: Job) -> object:
    """Return what a job is done with; None where it is sealed, or nothing is left."""
    try:
        return msgspec.json.decode(job.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _text(body: object) -> str:
    return "(sealed, or done)" if body is None else msgspec.json.encode(body).decode()


def _cells(job: Job) -> tuple[str, ...]:
    tries, due = str(job.attempt), _time(job.due)
    return job.id, job.state.value, job.kind, job.to, job.name, job.call, tries, due, job.fault


def _time(milliseconds: int) -> str:
    return as_text(from_milliseconds(milliseconds))


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()
