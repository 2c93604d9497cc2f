"""What is asked of live calls and rooms after a commit, as jobs keep it, and what became of it."""

from typing import Literal

import msgspec

from ivrflow.jobs import Job, Outcome, Pace

PATCH = "patch"
"""The kind of jobs that give a live call something else to do."""

CONTROL = "control"
"""The kind of jobs that change who is in a room, and what they hear."""

PLATFORM = "@sinch"
"""Whom these jobs are for. No webhook is called so."""

LIFE = 300_000
"""Milliseconds for which a command is tried: what comes later changes another conversation."""

MANY = 1_000
"""Tries of one command: its time is over before."""

EXACT = Pace(first=0, longest=0, tries=MANY)
"""The pause is known."""

BRISK = Pace(first=500, longest=10_000, tries=MANY)
"""Somebody is on the phone."""

Word = Literal["mute", "unmute", "hold", "resume", "kick"]
Music = Literal["ring", "music1", "music2", "music3"]


class Patch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Give the job's call `svaml` to do. `region` is the call's, "" the configured one; `leg` is
    who hears prompts, "" the caller; `offer` is the number of the reply that it is."""

    svaml: msgspec.Raw
    region: str = ""
    leg: Literal["", "caller", "callee", "both"] = ""
    offer: int = 0


class Control(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Do `command` to the participant of `room` whose call is `call`, "" for everybody in it.
    `music` is what one on hold hears, if anything else is wanted than the platform's own."""

    command: Word
    room: str
    region: str = ""
    call: str = ""
    music: Music | None = None


class Done(msgspec.Struct, frozen=True):
    """It was done."""


class Gone(msgspec.Struct, frozen=True):
    """There is no such call, room or participant, or no longer."""

    reason: str


class NotYet(msgspec.Struct, frozen=True):
    """There is none so far: what has just been answered takes a moment to come into being. Look
    again after `pause` milliseconds."""

    reason: str
    pause: int


class Busy(msgspec.Struct, frozen=True):
    """It was not done, or can be done twice: ask again, after `pause` milliseconds at least."""

    reason: str
    pause: int = 0


class Refused(msgspec.Struct, frozen=True):
    """The platform won't."""

    reason: str


class Unsure(msgspec.Struct, frozen=True):
    """Nobody knows whether it was done, and it must not be done twice."""

    reason: str


Became = Done | Gone | NotYet | Busy | Refused | Unsure


def command(kind: str, *, id: str, call: tuple[str, str], body: bytes, at: int) -> Job:
    """Return a job that asks something of the platform, made at `at`. What one call asks is done
    one after the other."""
    app, own = call
    return Job(
        id=id,
        kind=kind,
        to=PLATFORM,
        name=kind,
        app=app,
        call=own,
        body=body,
        made=at,
        due=at,
        until=at + LIFE,
        lane=f"{app}/{own}",
    )


def lane_of_room(app: str, region: str, room: str) -> str:
    """Return the lane of what is queued for a room. No call is called so."""
    return f"{app}/{region}/{room}"


def outcome_of(became: Became) -> Outcome:
    """Return what became of a command as what came of its job. One that found nobody is done."""
    match became:
        case Done() | Gone():
            return Outcome()
        case NotYet(reason=reason, pause=pause):
            return Outcome(fault=reason, again=True, pause=pause, pace=EXACT)
        case Busy(reason=reason, pause=pause):
            return Outcome(fault=reason, again=True, pause=pause, pace=BRISK)
        case Refused(reason=reason) | Unsure(reason=reason):
            return Outcome(fault=reason)
