"""`ivrflow records`: what calls remember for others, also while the server runs."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import click
import msgspec

from ivrflow.cli.store_file import store_option, store_path
from ivrflow.cli.tables import table
from ivrflow.clock import as_milliseconds, as_text, from_milliseconds, now
from ivrflow.errors import NothingToReadError, UsageError
from ivrflow.model.literals import read_duration
from ivrflow.records import Kept, Put
from ivrflow.store.records_file import RecordsFile

F = TypeVar("F", bound=Callable[..., object])

HEADINGS = ("RECORD", "KEY", "VALUE", "EXPIRES", "CALL")


def _json_option(command: F) -> F:
    return click.option("--json", "as_json", is_flag=True, help="for programs: a list of objects")(
        command
    )


@click.group("records")
def command() -> None:
    """Look at records, and change them.

    Works beside a running server, whose calls see a change from their next turn on.

    A record that a flow declares is called FLOW.RECORD here, one of the application RECORD alone.
    Those of rooms begin with @: @participants, @starters, @regions. Keys and values are shown as
    they are: they may be personal data, such as telephone numbers.
    """


@command.command("list")
@click.argument("record", required=False)
@_json_option
@store_option
def list_(record: str | None, as_json: bool, store: str | None) -> None:
    """Show what RECORD holds, or every record: values, claims and who waits in queues."""
    with RecordsFile.open(store_path(store)) as records:
        rows = records.rows(record, None, _now())
    _show(rows, as_json=as_json)


@command.command("get")
@click.argument("record")
@click.argument("key")
@_json_option
@store_option
def get(record: str, key: str, as_json: bool, store: str | None) -> None:
    """Show the value of RECORD under KEY, as JSON; of a queue, the values of those who wait.

    Exits with 3 where there is none.
    """
    with RecordsFile.open(store_path(store)) as records:
        rows = records.rows(record, key, _now())
    if not rows:
        raise NothingToReadError(f'"{record}" holds nothing under "{key}"')
    if as_json:
        _show(rows, as_json=True)
    for row in () if as_json else rows:
        click.echo(_json(row.value))


@command.command("put", context_settings={"ignore_unknown_options": True})
@click.argument("record")
@click.argument("key")
@click.argument("value")
@click.option("--text", "is_text", is_flag=True, help="VALUE is text as it stands, not JSON")
@click.option("--expires", help="forget it after this long, such as 15m  [default: never]")
@store_option
def put(
    record: str, key: str, value: str, is_text: bool, expires: str | None, store: str | None
) -> None:
    """Write VALUE, which is JSON, under KEY of RECORD.

    Nobody checks that it is of the type that flows expect.
    """
    lasts = _duration(expires) if expires else 0
    kept = Put(record=record, key=key, value=value if is_text else _from_json(value), lasts=lasts)
    with RecordsFile.open(store_path(store)) as records:
        records.put(kept, _now())


@command.command("delete")
@click.argument("record")
@click.argument("key")
@click.option("--call", help="only if this call has claimed it, or only its place in a queue")
@store_option
def delete(record: str, key: str, call: str | None, store: str | None) -> None:
    """Forget what RECORD holds under KEY: a value with its claim, or all who wait in a queue.

    Exits with 3 where there is nothing.
    """
    with RecordsFile.open(store_path(store)) as records:
        gone = records.delete(record, key, call, _now())
    if not gone:
        of_call = f" of the call {call}" if call else ""
        raise NothingToReadError(f'"{record}" holds nothing under "{key}"{of_call}')


def _now() -> int:
    return as_milliseconds(now())


def _duration(text: str) -> int:
    lasts = read_duration(text)
    if not lasts:
        raise UsageError(f'--expires: "{text}" is not a duration such as 15m or 1d')
    return lasts


def _from_json(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise UsageError(f'"{text}" is not JSON: give text with --text') from None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _show(rows: Iterable[Kept], *, as_json: bool) -> None:
    if as_json:
        shown = [{**msgspec.structs.asdict(row), "expires": _time(row.expires)} for row in rows]
        click.echo(msgspec.json.format(msgspec.json.encode(shown)).decode())
        return
    for line in table(HEADINGS, map(_cells, rows)):
        click.echo(line)


def _cells(row: Kept) -> tuple[str, ...]:
    who = f"{row.place}. {row.call}" if row.place else row.call
    return row.record, row.key, _json(row.value), _time(row.expires) or "-", who


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return as_text(from_milliseconds(milliseconds))
