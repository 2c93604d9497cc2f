"""`ivrflow calls list`, `show` and `journal`: the calls of a running engine, over its API."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar
from urllib.parse import quote, urlencode

import click
import msgspec
from msgspec import Raw, Struct

from ivrflow.cli.asking import printable
from ivrflow.cli.engine import Engine, asks_engine
from ivrflow.cli.tables import listed, table

T = TypeVar("T")

HEADINGS = ("CALL", "FLOW", "STATE", "FROM", "TO", "BEGAN", "OVER")
TURNS = ("AT", "EVENT", "VERDICT", "WITH", "REPLY")

COMMON = ("event", "app", "call", "at")
"""What every event carries, besides what is its own."""


class Running(Struct, frozen=True, kw_only=True):
    flow: str
    state: str


class Call(Struct, frozen=True, kw_only=True):
    """A call, as the API shows it."""

    id: str
    application: str
    state: str
    flow: str
    running: list[Running]
    context: str
    wait: str
    locale: str
    caller: str | None
    called: str
    region: str
    callout: str
    began: str
    changed: str
    over: str | None
    result: str
    reason: str


class Action(Struct, frozen=True, kw_only=True):
    name: str = ""


class Reply(Struct, frozen=True, kw_only=True):
    action: Action = Action()


class Turn(Struct, frozen=True, kw_only=True):
    """A turn of a call, as the API shows it."""

    at: str
    event: dict[str, object]
    verdict: str
    reply: Reply | None


_json_option = click.option("--json", "as_json", is_flag=True, help="for programs")
_limit_option = click.option(
    "--limit", type=click.IntRange(1), default=100, show_default=True, help="how many"
)
_application_option = click.option(
    "--application", default="", help="the application key, if several have a call of that id"
)


@click.command("list")
@click.option("--flow", default="", help="only calls that began in this flow")
@click.option("--state", type=click.Choice(["live", "over"]), help="only live calls, or others")
@_limit_option
@_json_option
@asks_engine
def list_(engine: Engine, flow: str, state: str | None, limit: int, as_json: bool) -> None:
    """Show calls of a running engine, the latest first."""
    query = {name: each for name, each in (("flow", flow), ("state", state)) if each}
    rows = list(islice(_all(engine, "/v1/calls", "calls", query), limit))
    if as_json:
        click.echo(_json(rows))
        return
    for line in table(HEADINGS, (_cells(_as(Call, row)) for row in rows)):
        click.echo(line)


@click.command("show")
@click.argument("call")
@_application_option
@_json_option
@asks_engine
def show(engine: Engine, call: str, application: str, as_json: bool) -> None:
    """Show where CALL is in a running engine. Exits with 3 where there is none."""
    found = engine.get(_path(call, "", application), Raw)
    if as_json:
        click.echo(_json(found))
        return
    for line in listed(_values(_as(Call, found))):
        click.echo(line)


@click.command("journal")
@click.argument("call")
@_application_option
@_limit_option
@_json_option
@asks_engine
def journal(engine: Engine, call: str, application: str, limit: int, as_json: bool) -> None:
    """Show the last turns of CALL, from the earliest of them on: what came, what became of it,
    what was replied. What may be a secret stands as asterisks.

    Exits with 3 where there is no such call.
    """
    query = {"application": application} if application else {}
    path = _path(call, "/journal", "")
    rows = list(islice(_all(engine, path, "turns", query), limit))[::-1]
    if as_json:
        click.echo(_json(rows))
        return
    for line in table(TURNS, (_told(_as(Turn, row)) for row in rows)):
        click.echo(line)


def _path(call: str, rest: str, application: str) -> str:
    query = f"?{urlencode({'application': application})}" if application else ""
    return f"/v1/calls/{quote(call, safe='')}{rest}{query}"


def _all(engine: Engine, path: str, name: str, query: dict[str, str]) -> Iterator[Raw]:
    """Yield what a list of the API holds, page by page."""
    cursor: str | None = None
    while True:
        asked = query if cursor is None else {**query, "cursor": cursor}
        page = engine.get(f"{path}?{urlencode(asked)}", dict[str, Raw])
        yield from _as(list[Raw], page[name])
        cursor = _as_cursor(page["next"])
        if cursor is None:
            return


def _as(kind: type[T], raw: Raw) -> T:
    return msgspec.json.decode(raw, type=kind)


def _as_cursor(raw: Raw) -> str | None:
    cursor: str | None = msgspec.json.decode(raw, type=str | None)
    return cursor


def _cells(call: Call) -> tuple[str, ...]:
    who = printable(call.caller or "-"), printable(call.called)
    return printable(call.id), call.flow, _where(call), *who, call.began, call.over or "-"


def _where(call: Call) -> str:
    """Return the state that a call is in, behind those of the flows that run the innermost."""
    return printable(" > ".join(each.state for each in call.running)) or "-"


def _values(call: Call) -> Iterable[tuple[str, str]]:
    waits = f"{call.wait}, in the context {call.context}" if call.wait else ""
    shown = {
        "call": call.id,
        "application": call.application,
        "from": call.caller or "",
        "to": call.called,
        "flow": " > ".join(each.flow for each in call.running) or call.flow,
        "state": " > ".join(each.state for each in call.running),
        "waits for": "" if call.over else waits,
        "locale": call.locale,
        "region": call.region,
        "callout": call.callout,
        "began": call.began,
        "changed": call.changed,
        "over": ", ".join(filter(None, (call.over, call.result, call.reason))),
    }
    return ((name, printable(value)) for name, value in shown.items())


def _told(turn: Turn) -> tuple[str, ...]:
    own = {name: each for name, each in turn.event.items() if name not in COMMON}
    given = msgspec.json.encode(own).decode() if own else "-"
    reply = "-" if turn.reply is None else turn.reply.action.name or "-"
    event = str(turn.event.get("event", ""))
    return turn.at, printable(event), turn.verdict, printable(given), printable(reply)


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value)).decode()
