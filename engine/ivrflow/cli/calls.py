"""`ivrflow calls`: what a call is, and what it is to do."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import msgspec
from msgspec import UNSET

from ivrflow.cli.asking import asks, nothing, printable
from ivrflow.cli.engine_calls import journal, list_, show
from ivrflow.cli.tables import listed
from ivrflow.errors import RequestError, UsageError
from ivrflow.sinch import rest
from ivrflow.sinch.callbacks import Money
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import CallInfo, CallLeg
from ivrflow.sinch.svaml import Continue, Say, Svaml


@click.group("calls")
def command() -> None:
    """Look at calls, and change them. CALL is the id of one.

    `list`, `show` and `journal` ask a running engine (--url, --token) about the calls that it
    answers; `get`, `update` and `hangup` ask Sinch about any call. There a call lives in one
    region: name it (--region), or the platform may not find the call.
    """


for each in (list_, show, journal):
    command.add_command(each)


def _shown(info: CallInfo) -> str:
    return "\n".join(listed(_values(info)))


def _values(info: CallInfo) -> Iterator[tuple[str, str]]:
    yield "call", printable(info.call_id)
    yield "from", printable(info.caller)
    yield "to", printable(f"{info.to.endpoint} ({info.to.type.lower()})")
    yield "status", printable(", ".join(filter(None, (info.status, info.result, info.reason))))
    yield "began", printable(info.timestamp)
    yield "lasted", f"{info.duration} s"
    yield "cost", f"{money(info.debit)} at {money(info.user_rate)} a minute"
    yield "custom", printable(info.custom)


def money(money: Money) -> str:
    return printable(f"{money.amount:g} {money.currency_id}".rstrip())


@command.command("get")
@click.argument("call")
@asks(_shown)
def get(call: str) -> Request[CallInfo]:
    """Show what is known of CALL."""
    return rest.get_call(call)


@command.command("update")
@click.argument("call")
@click.option("--svaml", type=click.Path(path_type=Path), help="a file of SVAML; - is stdin")
@click.option("--say", "words", help="say this, and go on")
@click.option("--locale", help="the voice of --say, en-US for example")
@click.option("--leg", type=click.Choice(get_args(CallLeg)), help="who hears it  [default: caller]")
@asks(nothing)
def update(
    call: str, svaml: Path | None, words: str | None, locale: str | None, leg: CallLeg | None
) -> Request[None]:
    """Give CALL, which is answered or parked, something else to do."""
    if (svaml is None) == (words is None):
        raise RequestError("say what CALL is to do: --svaml FILE, or --say TEXT")
    if words is None:
        return rest.update_call(call, _read(svaml or Path("-")), leg)
    said = Say(text=words, locale=locale or UNSET)
    return rest.update_call(call, Svaml(instructions=(said,), action=Continue()), leg)


@command.command("hangup")
@click.argument("call")
@asks(nothing)
def hangup(call: str) -> Request[None]:
    """End CALL, which is answered."""
    return rest.hang_up(call)


def _read(file: Path) -> Svaml:
    try:
        raw = sys.stdin.buffer.read() if file == Path("-") else file.read_bytes()
        return msgspec.json.decode(raw, type=Svaml)
    except OSError as error:
        raise UsageError(f"--svaml: {file} can't be read: {error}") from error
    except msgspec.DecodeError as error:
        raise RequestError(f"--svaml: {file} is no SVAML: {error}") from None
