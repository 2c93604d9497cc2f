"""`ivrflow numbers`: the phone numbers of the account."""

from collections.abc import Iterator
from typing import get_args

import click

from ivrflow.cli.asking import asks, nothing, printable
from ivrflow.cli.calls import money
from ivrflow.cli.tables import listed, table
from ivrflow.sinch import rest
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import Capability, NumberInfo, RentedNumber

HEADINGS = ("NUMBER", "FOR", "APPLICATION")

_application = click.option("--application", default="", help="its key  [default: the one asking]")
_capability = click.option(
    "--for", "capability", type=click.Choice(get_args(Capability)), help="voice or sms"
)


@click.group("numbers")
def command() -> None:
    """Look at the account's numbers, and say whose they are. NUMBER is +46850000000."""


def _shown(numbers: tuple[RentedNumber, ...]) -> str:
    return "\n".join(table(HEADINGS, map(_cells, numbers)))


def _cells(one: RentedNumber) -> tuple[str, ...]:
    return (
        printable(one.number),
        printable(one.capability) or "-",
        printable(one.applicationkey) or "-",
    )


@command.command("list")
@asks(_shown)
def list_() -> Request[tuple[RentedNumber, ...]]:
    """Show the numbers of the account."""
    return rest.list_numbers()


@command.command("assign")
@click.argument("numbers", metavar="NUMBER...", nargs=-1, required=True)
@_application
@_capability
@asks(nothing)
def assign(
    numbers: tuple[str, ...], application: str, capability: Capability | None
) -> Request[None]:
    """Give NUMBERs to an application."""
    return rest.assign_numbers(numbers, application, capability)


@command.command("unassign")
@click.argument("number")
@_application
@_capability
@asks(nothing)
def unassign(number: str, application: str, capability: Capability | None) -> Request[None]:
    """Take NUMBER from its application."""
    return rest.unassign_number(number, application, capability)


def _info(info: NumberInfo) -> str:
    return "\n".join(listed(_values(info)))


@command.command("query")
@click.argument("number")
@asks(_info)
def query(number: str) -> Request[NumberInfo]:
    """Show what NUMBER is, and what a call to it costs."""
    return rest.query_number(number)


def _values(info: NumberInfo) -> Iterator[tuple[str, str]]:
    yield "number", printable(info.normalized_number)
    yield "country", printable(info.country_id)
    yield "kind", printable(info.number_type)
    yield "restricted", "yes" if info.restricted else "no"
    yield "rate", f"{money(info.rate)} a minute"
