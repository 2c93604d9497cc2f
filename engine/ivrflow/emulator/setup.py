"""What a platform is told before its first call."""

from typing import Literal

from msgspec import Struct

from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.emulator.switches import Switches


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

    address: str
    does: Voice | Refusal = "human"
    after: int = 3_000


class Setup(Struct, frozen=True, kw_only=True):
    """`seed` makes the ids. `resource` is the host that callbacks name for REST requests. `media`
    has the length of sound files, in milliseconds. Calls to `forbidden` numbers (by their first
    digits) are refused; without `credit`, all are."""

    applications: tuple[Application, ...]
    switches: Switches = Switches()
    seed: str = "ivrflow"
    resource: str = "https://calling-euc1.api.sinch.com"
    people: tuple[Person, ...] = ()
    media: dict[str, int] = {}
    forbidden: tuple[str, ...] = ()
    credit: bool = True


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
    event: str = ""
    call: str = ""
    times: int = 1
    ms: int = 1_000


class RestFault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next `times` requests whose path begins with `path` are answered by the error `code`."""

    code: int = 50_000
    path: str = ""
    times: int = 1
