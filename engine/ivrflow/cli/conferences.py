"""`ivrflow conferences`: who is in a room, and what they may."""

from typing import get_args

import click

from ivrflow.cli.asking import asks, nothing, printable
from ivrflow.cli.tables import table
from ivrflow.sinch import rest
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import Conference, Participant
from ivrflow.sinch.svaml import Music

HEADINGS = ("CALL", "NUMBER", "SINCE", "STATE")


@click.group("conferences")
def command() -> None:
    """Look at rooms, and change who may speak. CALL is the id of a participant's call.

    The same room in two regions is two rooms: name the region (--region).
    """


def _shown(room: Conference) -> str:
    return "\n".join(table(HEADINGS, map(_cells, room)))


def _cells(who: Participant) -> tuple[str, ...]:
    states = {"muted": who.muted, "on hold": who.onhold}
    state = ", ".join(name for name, holds in states.items() if holds) or "-"
    return printable(who.id), printable(who.cli) or "-", f"{who.duration} s", state


@command.command("get")
@click.argument("room")
@asks(_shown)
def get(room: str) -> Request[Conference]:
    """Show who is in ROOM."""
    return rest.get_conference(room)


@command.command("mute")
@click.argument("room")
@click.argument("call")
@asks(nothing)
def mute(room: str, call: str) -> Request[None]:
    """Let nobody hear CALL."""
    return rest.command(room, call, "mute")


@command.command("unmute")
@click.argument("room")
@click.argument("call")
@asks(nothing)
def unmute(room: str, call: str) -> Request[None]:
    """Let CALL be heard again."""
    return rest.command(room, call, "unmute")


@command.command("hold")
@click.argument("room")
@click.argument("call")
@click.option("--music", type=click.Choice(get_args(Music)), help="what CALL hears meanwhile")
@asks(nothing)
def hold(room: str, call: str, music: Music | None) -> Request[None]:
    """Put CALL on hold."""
    return rest.command(room, call, "onhold", music)


@command.command("resume")
@click.argument("room")
@click.argument("call")
@asks(nothing)
def resume(room: str, call: str) -> Request[None]:
    """Bring CALL back from hold."""
    return rest.command(room, call, "resume")


@command.command("kick")
@click.argument("room")
@click.argument("call")
@asks(nothing)
def kick(room: str, call: str) -> Request[None]:
    """Put CALL out of ROOM, which ends it."""
    return rest.kick(room, call)


@command.command("kick-all")
@click.argument("room")
@asks(nothing)
def kick_all(room: str) -> Request[None]:
    """Put everybody out of ROOM, which ends their calls."""
    return rest.kick_all(room)
