"""Conferences: who is in a room, and who may speak. The platform knows; nothing is kept here."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from ivrflow.server.api.asked import Application, Asked, Name, Region
from ivrflow.server.api.engine import Engine
from ivrflow.sinch import limits, rest
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import Participant as Known
from ivrflow.sinch.svaml import Music


class Room(Asked, frozen=True, kw_only=True):
    """A room. The same id in two regions is two rooms."""

    room: Annotated[
        str, Meta(min_length=1, max_length=limits.MAX_ROOM, description="the conference id")
    ]
    region: Region | UnsetType = UNSET
    application: Application | UnsetType = UNSET


class Member(Room, frozen=True, kw_only=True):
    call: Annotated[Name, Meta(description="the id of the participant's call")]


class OnHold(Member, frozen=True, kw_only=True):
    music: Annotated[Music, Meta(description="what they hear meanwhile")] | UnsetType = UNSET


class Participant(Struct, frozen=True, kw_only=True):
    """Who is in a room, for `seconds` so far. `number` is "" where the platform tells none."""

    call: str
    number: str
    seconds: int
    muted: bool
    on_hold: bool


class Conference(Struct, frozen=True, kw_only=True):
    """A room, with all who are in it."""

    participants: list[Participant]


async def participants(engine: Engine, asked: Room) -> Conference:
    """Return who is in a room."""
    app = engine.application(asked.application or "")
    found = await engine.ask(app, rest.get_conference(asked.room), asked.region or "")
    return Conference(participants=[_shown(each) for each in found])


async def mute(engine: Engine, asked: Member) -> None:
    """Let nobody hear a participant."""
    await _command(engine, asked, rest.command(asked.room, asked.call, "mute"))


async def unmute(engine: Engine, asked: Member) -> None:
    """Let a participant be heard again."""
    await _command(engine, asked, rest.command(asked.room, asked.call, "unmute"))


async def hold(engine: Engine, asked: OnHold) -> None:
    """Put a participant on hold."""
    music = asked.music or None
    await _command(engine, asked, rest.command(asked.room, asked.call, "onhold", music))


async def resume(engine: Engine, asked: Member) -> None:
    """Bring a participant back from hold."""
    await _command(engine, asked, rest.command(asked.room, asked.call, "resume"))


async def kick(engine: Engine, asked: Member) -> None:
    """Put a participant out of a room, which ends their call."""
    await _command(engine, asked, rest.kick(asked.room, asked.call))


async def kick_all(engine: Engine, asked: Room) -> None:
    """Put everybody out of a room, which ends their calls."""
    await _command(engine, asked, rest.kick_all(asked.room))


async def _command(engine: Engine, asked: Room, request: Request[None]) -> None:
    app = engine.application(asked.application or "")
    await engine.ask(app, request, asked.region or "")


def _shown(known: Known) -> Participant:
    return Participant(
        call=known.id,
        number=known.cli,
        seconds=known.duration,
        muted=known.muted,
        on_hold=known.onhold,
    )
