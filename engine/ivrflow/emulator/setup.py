"""What a platform is told before its first call."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.emulator.switches import Ms, Switches

Times = Annotated[int, Meta(ge=1, le=1_000_000)]


KEPT_CALLS = 1_000
"""Calls that are over of which a platform that runs for days still tells."""


class Application(Struct, frozen=True, kw_only=True):
    """Who is called back. Without a `secret` its callbacks are unsigned, its requests believed."""

    key: str
    secret: str = ""
    primary: str = ""
    fallback: str = ""
    numbers: tuple[str, ...] = ()


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who picks up, or not, without being told: `address` is a number, user or SIP address, `*`
    anybody. `after` in milliseconds of ringing. `no_answer` lets it ring."""

    address: Annotated[str, Meta(min_length=1)]
    does: Voice | Refusal = "human"
    after: Ms = 3_000


class Setup(Struct, frozen=True, kw_only=True):
    """`seed` makes the ids. `resource` is the host that callbacks name for REST requests. `media`
    has the length of sound files, in milliseconds. Calls to `forbidden` numbers (by their first
    digits) are refused; without `credit`, all are. The last `keeps` calls that are over are kept,
    all if it is None."""

    applications: tuple[Application, ...]
    switches: Switches = Switches()
    seed: str = "ivrflow"
    resource: str = "https://calling-euc1.api.sinch.com"
    people: tuple[Person, ...] = ()
    media: dict[str, int] = {}
    forbidden: tuple[str, ...] = ()
    credit: bool = True
    keeps: int | None = None


class Inbound(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A call that comes in. `caller` is a number, SIP address or user; `to` whom it dialled, of the
    kind `to_kind` ("": a rented number, or a user where the caller is one)."""

    caller: str = "+46701234567"
    to: str = "+46850000000"
    origin: Literal["pstn", "sip", "app"] = "pstn"
    to_kind: Literal["", "number", "username", "sip", "conference"] = ""
    withheld: bool = False
    redirected_from: str = ""
    headers: dict[str, str] = {}
    custom: str = ""


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong with the next `times` callbacks (of one `event`, of one `call`).

    delay: it arrives `ms` later. drop: it never arrives. lose: it arrives, its answer doesn't.
    duplicate: it arrives twice. reorder: it arrives after the call's next one.
    """

    kind: Literal["delay", "drop", "lose", "duplicate", "reorder"]
    event: Literal["", "ice", "ace", "pie", "dice", "notify"] = ""
    call: str = ""
    times: Times = 1
    ms: Ms = 1_000


class RestFault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong with the next `times` requests whose path begins with `path`.

    refuse: nothing is done, the answer is the error `code`. drop: nothing is done, and the
    connection breaks after `ms`. lose: it is done, and the connection breaks in the place of an
    answer. Of those requests it meets one in `one_in`, by the chance that the seed makes.
    """

    kind: Literal["refuse", "drop", "lose"] = "refuse"
    code: Annotated[int, Meta(ge=40_000, le=59_999)] = 50_000
    path: str = ""
    times: Times = 1
    one_in: Times = 1
    ms: Ms = 0
