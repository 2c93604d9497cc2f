"""What parties and applications do to a call that waits for it."""

from typing import Literal

from ivrflow.emulator.clock import Signal

Voice = Literal["human", "machine", "unsure"]
Refusal = Literal["busy", "no_answer", "failed", "not_found", "congested"]


class Act(Signal, frozen=True, kw_only=True):
    """What the party `who` does."""

    who: str


class Key(Act, frozen=True, kw_only=True):
    """A key of the phone: a digit, `*` or `#`."""

    key: str


class Speech(Act, frozen=True, kw_only=True):
    """Somebody begins to speak, for `lasting` milliseconds."""

    text: str
    lasting: int = 0


class PickedUp(Act, frozen=True, kw_only=True):
    voice: Voice = "human"


class Refused(Act, frozen=True, kw_only=True):
    why: Refusal


class Beeped(Act, frozen=True, kw_only=True):
    """The beep of an answering machine."""


class Replied(Signal, frozen=True, kw_only=True):
    """What an application answered; `failure` says why there is no answer."""

    status: int = 0
    body: bytes = b""
    failure: str = ""
