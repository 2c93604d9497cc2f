"""Commands to live calls and rooms: each is asked of the platform once, and what it says is told.

What may have been done is done again only where that changes nothing: words are never said twice.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import msgspec
import structlog

from ivrflow.clock import as_milliseconds, now
from ivrflow.commands import (
    Became,
    Busy,
    Control,
    Done,
    Gone,
    NotYet,
    Patch,
    Refused,
    Unsure,
)
from ivrflow.errors import (
    NotFoundError,
    NotSentError,
    RequestError,
    ServerError,
    TooManyRequestsError,
    UnknownOutcomeError,
    VoiceError,
)
from ivrflow.jobs import LOST, Job, is_lost
from ivrflow.outbound.placing import DOWN, Sender
from ivrflow.sinch import rest
from ivrflow.sinch.rest import Request
from ivrflow.sinch.rest_types import Command, Participant
from ivrflow.sinch.svaml import Svaml

COMING = 10_000
"""Milliseconds after a commit in which a call or a room may still be coming into being."""

JOINING = 60_000
"""Milliseconds in which the call that wants a command may still be on its way into the room: it
hears what is said before."""

LOOKS = 3
"""Looks after which such a call is asked for: it may be over."""

GRACE = 60_000
"""Milliseconds after its time in which a command to a room is still carried out."""

FIRST_LOOK, LONGEST_LOOK = 200, 1_600
"""Milliseconds before looking for it again; each pause is twice the last, up to the longest."""

SECONDS = 45.0
"""How long everybody in a room may take together: less than a job's lease."""

WORD_BY_COMMAND: dict[str, Command] = {
    "mute": "mute",
    "unmute": "unmute",
    "hold": "onhold",
    "resume": "resume",
}

log = structlog.get_logger()

_patch = msgspec.json.Decoder(Patch)
_control = msgspec.json.Decoder(Control)
_svaml = msgspec.json.Decoder(Svaml)


class Commanding:
    """Asks the platform by `sender`."""

    def __init__(self, sender: Sender, now: Callable[[], datetime] = now) -> None:
        self._sender = sender
        self._now = now

    async def patch(self, job: Job, body: bytes) -> Became:
        """Give the job's call something else to do; `body` is a `Patch`."""
        wanted = _patch.decode(body)
        svaml = _svaml.decode(wanted.svaml)
        return await self._told(
            job,
            lambda: rest.update_call(job.call, svaml, wanted.leg or None),
            wanted.region,
            COMING,
        )

    async def control(self, job: Job, body: bytes) -> Became:
        """Change a room; `body` is a `Control`."""
        wanted = _control.decode(body)
        if self._at() > job.until + GRACE:
            return Refused("it is too late: who is in the room now is not who was meant")
        became = await self._controlled(job, wanted)
        is_own = wanted.call == job.call
        if isinstance(became, NotYet) and is_own and job.attempt > LOOKS:
            over = await self._is_over(job, wanted.region)
            return self._gone(job, became.reason) if over else became
        return became

    async def _controlled(self, job: Job, wanted: Control) -> Became:
        if wanted.call:
            within = JOINING if wanted.call == job.call else COMING
            return await self._told(job, lambda: _request(wanted), wanted.region, within)
        # Who comes into an empty room later is not who was to be put out.
        within = 0 if wanted.command == "kick" else COMING
        return await self._became(
            job, lambda: self._everybody(job, wanted), harmless=True, within=within
        )

    async def _is_over(self, job: Job, region: str) -> bool:
        try:
            info = await self._sender.send(job.app, rest.get_call(job.call), region)
        except NotFoundError:
            return True
        except (RequestError, VoiceError):
            return False  # for all we know
        return info.is_over

    async def _told(
        self, job: Job, request: Callable[[], Request[None]], region: str, within: int
    ) -> Became:
        try:
            made = request()
        except RequestError as error:
            return Refused(str(error))
        if is_lost(job) and not made.is_repeatable:
            return Unsure(LOST)
        return await self._became(
            job,
            lambda: self._sender.send(job.app, made, region),
            harmless=made.is_repeatable,
            within=within,
        )

    async def _everybody(self, job: Job, wanted: Control) -> None:
        """Do to each in a room what is wanted; who leaves meanwhile is no fault. Only those are put
        out who were there when that was wanted."""
        looked = self._at()
        async with asyncio.timeout(SECONDS):
            room = await self._sender.send(job.app, rest.get_conference(wanted.room), wanted.region)
            meant = [
                each for each in room if wanted.command != "kick" or _came(each, looked) <= job.made
            ]
            asked = (self._each(job, wanted, participant.id) for participant in meant)
            faults = await asyncio.gather(*asked, return_exceptions=True)
        for fault in faults:
            if fault is not None and not isinstance(fault, NotFoundError):
                raise fault

    async def _each(self, job: Job, wanted: Control, call: str) -> None:
        request = _request(msgspec.structs.replace(wanted, call=call))
        await self._sender.send(job.app, request, wanted.region)

    async def _became(
        self, job: Job, ask: Callable[[], Awaitable[None]], *, harmless: bool, within: int
    ) -> Became:
        try:
            await ask()
        except RequestError as error:
            return Refused(str(error))
        except TimeoutError:
            return Busy("no answer for everybody in time")
        except NotFoundError as error:
            if self._at() - job.made >= within:
                return self._gone(job, str(error))
            return NotYet(str(error), min(FIRST_LOOK << (job.attempt - 1), LONGEST_LOOK))
        except VoiceError as error:
            return _became(error, harmless=harmless)
        return Done()

    def _gone(self, job: Job, reason: str) -> Gone:
        log.info("nobody there", id=job.id, name=job.name, call=job.call, reason=reason)
        return Gone(reason)

    def _at(self) -> int:
        return as_milliseconds(self._now())


def _became(error: VoiceError, *, harmless: bool) -> Became:
    """Return what a failure says of what was asked."""
    pause = int((error.retry_after or 0) * 1000)
    match error:
        case NotSentError() | TooManyRequestsError():
            return Busy(str(error), pause)
        case ServerError(status=status) if status == DOWN:
            return Busy(str(error), pause)
        case ServerError() | UnknownOutcomeError():
            return Busy(str(error), pause) if harmless else Unsure(str(error))
        case _:
            return Refused(str(error))


def _came(participant: Participant, looked: int) -> int:
    """Return when a participant came at the earliest, as seen at `looked`: seconds are whole."""
    return looked - (participant.duration + 1) * 1000


def _request(wanted: Control) -> Request[None]:
    """Return a command to one participant; raises `RequestError`."""
    if wanted.command == "kick":
        return rest.kick(wanted.room, wanted.call)
    word = WORD_BY_COMMAND[wanted.command]
    return rest.command(wanted.room, wanted.call, word, wanted.music)
