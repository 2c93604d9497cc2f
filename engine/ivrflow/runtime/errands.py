"""Errands inside the engine: bringing calls what was raised for them, and ending their legs.

Each may be done twice, as all jobs may: an event that a call has had changes nothing.
"""

import hashlib
from collections.abc import Mapping
from typing import Literal

import msgspec
import structlog

from ivrflow import commands
from ivrflow.callouts import Callout, Seen, State
from ivrflow.clock import as_milliseconds
from ivrflow.commands import PATCH, Became, Done, Gone, Patch, Refused, Unsure, command
from ivrflow.errands import (
    CANCEL_LEGS,
    LEG_ENDED,
    SIGNAL,
    WAKE,
    EndedLeg,
    SentSignal,
    UnwantedLegs,
)
from ivrflow.errors import StoreError
from ivrflow.jobs import Job, Outcome
from ivrflow.machine.events import Ended, LegEnded, Moved, Own, Signal, Woken
from ivrflow.machine.outcome import Verdict
from ivrflow.machine.replies import Hangup, Reply
from ivrflow.machine.session import Wait
from ivrflow.runtime import tries
from ivrflow.runtime.deadline import LateError
from ivrflow.runtime.dialler import Placer
from ivrflow.runtime.turn import Turns
from ivrflow.runtime.worker import Do
from ivrflow.sinch.render import render
from ivrflow.sinch.svaml import Hangup as HangupAction
from ivrflow.sinch.svaml import Svaml
from ivrflow.store.base import Records

MOVED_BY_BECAME: Mapping[type[Became], Literal["done", "gone", "refused"]] = {
    Done: "done",
    Unsure: "done",
    Gone: "gone",
    Refused: "refused",
}
"""What a call is told of the reply that was to move it. One of which nobody knows whether it was
taken counts as taken: what comes next will show it."""

BARE_HANGUP = render(Reply(number=0, action=Hangup()))

log = structlog.get_logger()

_ended = msgspec.json.Decoder(EndedLeg)
_signal = msgspec.json.Decoder(SentSignal)
_unwanted = msgspec.json.Decoder(UnwantedLegs)
_patch = msgspec.json.Decoder(Patch)
_svaml = msgspec.json.Decoder(Svaml)


class Errands:
    """Does errands for the calls of `turns`; `placer` is who asks the platform about a call."""

    def __init__(self, turns: Turns, placer: Placer) -> None:
        self._turns = turns
        self._placer = placer
        self.do_by_kind: Mapping[str, Do] = {
            WAKE: self._wake,
            LEG_ENDED: self._leg_ended,
            SIGNAL: self._send,
            CANCEL_LEGS: self._cancel_legs,
        }

    async def patched(self, job: Job, body: bytes, became: Became) -> None:
        """Tell a call what became of the reply that the platform was told to lead it out of its
        park by, and see to it that who was to be hung up is; raises `StoreError`, `LateError`."""
        patch = _patch.decode(body)
        if _may_stay(patch, became):
            at = as_milliseconds(self._turns.now())
            await self._turns.store.put_jobs([_hangup_after_words(job, patch.region, at)])
        outcome = MOVED_BY_BECAME.get(type(became))
        if not patch.offer or outcome is None:
            return
        if outcome == "gone" or isinstance(became, Unsure):
            seen = await self._placer.look(job.app, job.call, patch.region)
            if seen.state != "ongoing":
                await self._over(job, seen)
                return
        reason = "" if isinstance(became, Done) else became.reason
        moved = Moved(
            app=job.app,
            call=job.call,
            at=job.id,
            offer=patch.offer,
            outcome=outcome,
            reason=reason,
        )
        await self._turns.bring(moved)

    async def _over(self, job: Job, seen: Seen) -> None:
        """The platform knows no such call any more: whatever was to tell us so is lost."""
        log.warning("over, it turns out", call=job.call, result=seen.result)
        await self._turns.bring(
            Ended(app=job.app, call=job.call, at=job.id, result=seen.result, reason="lost")
        )

    async def _wake(self, job: Job, body: bytes) -> Outcome:
        return await self._brought(Woken(app=job.app, call=job.call, at=job.id))

    async def _leg_ended(self, job: Job, body: bytes) -> Outcome:
        told = _ended.decode(body)
        return await self._brought(
            LegEnded(app=job.app, call=job.call, at=job.id, leg=told.leg, result=told.result)
        )

    async def _send(self, job: Job, body: bytes) -> Outcome:
        sent = _signal.decode(body)
        event = Signal(
            app=job.app, call=job.call, at=job.id, name=sent.name, id=job.id, data=sent.data
        )
        return await self._brought(event)

    async def _brought(self, event: Own) -> Outcome:
        try:
            verdict = await self._turns.bring(event)
        except (StoreError, LateError) as error:
            return Outcome(fault=str(error), again=True, pace=commands.BRISK)
        if verdict in (None, Verdict.IGNORED) and isinstance(event, Signal):
            log.warning("signal refused", call=event.call, signal=event.name)
        return Outcome()

    async def _cancel_legs(self, job: Job, body: bytes) -> Outcome:
        unwanted = _unwanted.decode(body)
        try:
            for leg in unwanted.legs:
                id = self._turns.callouts.leg((job.app, job.call), leg)
                await self._cancel(id, is_told=leg not in unwanted.talking)
        except LateError as error:
            return Outcome(fault=str(error), again=True, pace=commands.BRISK)
        self._turns.notice()
        return Outcome()

    async def _cancel(self, id: str, *, is_told: bool) -> None:
        """End a leg: who is on the line is hung up, and told before, unless the leg hangs up by
        itself."""
        store = self._turns.store
        at = as_milliseconds(self._turns.now())

        def decide(known: Callout, records: Records) -> Callout | None:
            return tries.unwanted(known, at)

        known = await store.amend(id, at, decide)
        if known is not None and known.state is State.LIVE and not await self._hangs_up(known):
            callouts = self._turns.callouts
            svaml = callouts.farewell(known) if is_told else BARE_HANGUP
            await store.put_jobs([_hangup(known, svaml, callouts.order(known).region, at)])
            self._turns.outbox.notice()

    async def _hangs_up(self, leg: Callout) -> bool:
        """Whether the last that a leg was told hangs up, so that it may say its last words."""
        session = await self._turns.session(leg.app, leg.call)
        return session is not None and (session.over or session.wait is Wait.END)


WORDS = 10_000
"""Milliseconds that last words may take."""


def _may_stay(patch: Patch, became: Became) -> bool:
    """Whether somebody may still be on the line who was to hear words and be hung up."""
    if not isinstance(became, Unsure) and (patch.offer or not isinstance(became, Refused)):
        return False
    svaml = _svaml.decode(patch.svaml)
    return isinstance(svaml.action, HangupAction) and svaml.instructions is not msgspec.UNSET


def _hangup_after_words(job: Job, region: str, at: int) -> Job:
    """Return the job that hangs up, without words, who may have heard some by now."""
    made = command(
        PATCH,
        id=hashlib.blake2b(job.id.encode(), digest_size=16, person=b"ivrflow anyway").hexdigest(),
        call=(job.app, job.call),
        body=msgspec.json.encode(Patch(svaml=msgspec.Raw(BARE_HANGUP), region=region)),
        at=at,
    )
    return msgspec.structs.replace(made, due=at + WORDS)


def _hangup(callout: Callout, svaml: bytes, region: str, at: int) -> Job:
    """Return the job that hangs a leg up; however often it is made, it is the same."""
    name = callout.id.encode()
    return command(
        PATCH,
        id=hashlib.blake2b(name, digest_size=16, person=b"ivrflow hangup").hexdigest(),
        call=(callout.app, callout.call),
        body=msgspec.json.encode(Patch(svaml=msgspec.Raw(svaml), region=region)),
        at=at,
    )
