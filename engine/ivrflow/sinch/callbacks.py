"""What Sinch posts, with every field that its documents and SDKs name: one class an event.

Everything but the call id may be missing, and enumerations are open: compare them in lower case.
Fields that nobody lists are ignored. Both `callid` (wire) and `callId` (documents) are read.
"""

from msgspec import Struct, field


class _Object(Struct, frozen=True, kw_only=True, rename="camel", gc=False):
    pass


class Money(_Object, frozen=True, kw_only=True):
    currency_id: str = ""
    amount: float = 0.0


class Identity(_Object, frozen=True, kw_only=True):
    """`type` is `number`, `did`, `username`, `sip` or `conference`, in any casing."""

    type: str = ""
    endpoint: str = ""


class Pair(_Object, frozen=True, kw_only=True):
    """A call header or a cookie."""

    key: str = ""
    value: str = ""


class Amd(_Object, frozen=True, kw_only=True):
    """`status`: machine, human, notsure, hangup, inprogress. `duration` in seconds, disputed."""

    status: str = ""
    reason: str = ""
    duration: float = 0.0


class MenuResult(_Object, frozen=True, kw_only=True):
    """`type`: return, sequence, timeout, invalidinput, hangup, error."""

    menu_id: str | None = None
    type: str = ""
    value: str | None = None
    input_method: str | None = None


class _Callback(_Object, frozen=True, kw_only=True, tag_field="event"):
    callid: str = ""
    call_id: str = field(default="", name="callId")
    timestamp: str | None = None
    version: int | None = None
    custom: str | None = None
    application_key: str | None = None
    user: str | None = None
    conference_id: str | None = None
    cookies: tuple[Pair, ...] | None = None
    call_resource_url: str | None = None


class Ice(_Callback, frozen=True, kw_only=True, tag="ice"):
    """A call reached the platform: where should it go?"""

    user_rate: Money | None = None
    cli: str | None = None
    to: Identity | None = None
    domain: str | None = None
    origination_type: str | None = None
    duration: float | None = None
    rdnis: str | None = None
    call_headers: tuple[Pair, ...] | None = None


class Ace(_Callback, frozen=True, kw_only=True, tag="ace"):
    """The called party picked up."""

    amd: Amd | None = None


class Pie(_Callback, frozen=True, kw_only=True, tag="pie"):
    """Input to a menu, or keys pressed in a conference."""

    menu_result: MenuResult | None = None


class Dice(_Callback, frozen=True, kw_only=True, tag="dice"):
    """The call ended. `duration` in seconds."""

    reason: str | None = None
    result: str | None = None
    debit: Money | None = None
    user_rate: Money | None = None
    to: Identity | None = None
    duration: float | None = None
    # `from` is the initiator: a number, `private`, a user.
    initiator: str | None = field(default=None, name="from")
    call_headers: tuple[Pair, ...] | None = None


class Notify(_Callback, frozen=True, kw_only=True, tag="notify"):
    """News beside the call. `type`: recording_finished, recording_available,
    transcription_available, amd, amd_beep, callingerror."""

    type: str = ""
    destination: str | None = None
    amd: Amd | None = None
    error_code: int | None = None
    error_msg: str | None = None


Callback = Ice | Ace | Pie | Dice | Notify
