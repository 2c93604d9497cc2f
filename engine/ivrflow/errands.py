"""What is to be done inside the engine after a commit, for its calls, as jobs keep it."""

import hashlib

import msgspec

from ivrflow.callouts import Callout
from ivrflow.jobs import LIFE, Job

CALLS = "@calls"
"""Whom these jobs are for. No webhook is called so."""

WAKE = "wake"
"""The kind of jobs that look what is due for a call: the body is empty."""

LEG_ENDED = "leg_ended"
"""The kind of jobs that tell a call that one of its legs is over: an `EndedLeg`."""

SIGNAL = "signal"
"""The kind of jobs that bring a call a signal: a `SentSignal`."""

CANCEL_LEGS = "cancel_legs"
"""The kind of jobs that end legs of a call: `UnwantedLegs`."""


class EndedLeg(msgspec.Struct, frozen=True, kw_only=True):
    """How the leg number `leg` ended."""

    leg: int
    result: str


class SentSignal(msgspec.Struct, frozen=True, kw_only=True):
    """A signal, and what goes with it."""

    name: str
    data: object = None


class UnwantedLegs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Legs by their numbers; those that are `talking` to their parent are told nothing."""

    legs: tuple[int, ...]
    talking: tuple[int, ...] = ()


def leg_ended(callout: Callout, *, kept: bool) -> Job:
    """Return the job that tells the parent of a leg that it is over; one that was not `kept` never
    began. However often it is made, it is the same."""
    result = callout.result or "cancelled" if kept else "refused"
    return errand(
        LEG_ENDED,
        id=hashlib.blake2b(callout.id.encode(), digest_size=16, person=b"leg ended").hexdigest(),
        call=(callout.app, callout.parent),
        body=msgspec.json.encode(EndedLeg(leg=callout.leg, result=result)),
        at=callout.due if kept else callout.made,
    )


def errand(
    kind: str, *, id: str, call: tuple[str, str], body: bytes, at: int, due: int | None = None
) -> Job:
    """Return a job for a call of an application, made at `at` and due then or at `due`.

    Those of one call are done in their order, but for those that wait for their time.
    """
    app, own = call
    return Job(
        id=id,
        kind=kind,
        to=CALLS,
        name=kind,
        app=app,
        call=own,
        body=body,
        made=at,
        due=at if due is None else due,
        until=max(at, due or 0) + LIFE,
        lane=f"{app}/{own}/errands" if due is None else "",
    )
