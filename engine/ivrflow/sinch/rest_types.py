"""What the REST API takes and gives: one class an object of the wire, in the vendor's order.

Source: section 4 of the public reference. What is sent is a closed union with its limits, which
msgspec checks when it is decoded; what comes back is open: a field may be missing, an enumeration
have words that nobody knows yet.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from ivrflow.sinch import limits
from ivrflow.sinch.callbacks import Identity, Money
from ivrflow.sinch.svaml import CallSeconds, ConferenceDtmfOptions, Music, Prompt, Text, Tones

Room = Annotated[str, Meta(min_length=1, max_length=limits.MAX_ROOM)]
Custom = Annotated[str, Meta(max_length=limits.MAX_CUSTOM)]
Capability = Literal["voice", "sms"]
Command = Literal["mute", "unmute", "onhold", "resume"]
CallLeg = Literal["caller", "callee", "both"]


class _Sent(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename="camel",
    forbid_unknown_fields=True,
):
    pass


# -- callouts -------------------------------------------------------------------------------------


class Destination(_Sent, frozen=True, kw_only=True):
    """Whom to call: `number` takes E.164 with `+`, `sip` `user@host`, `username` an app's user."""

    type: Literal["number", "username", "sip"]
    endpoint: Annotated[str, Meta(min_length=1)]


class TtsCallout(_Sent, frozen=True, kw_only=True):
    """Call and say `text` or `prompts`.

    Without `cli` the API accepts it, and no phone rings. Nothing is called back for unless it is
    enabled.
    """

    destination: Destination
    cli: str | UnsetType = UNSET
    dtmf: Tones | UnsetType = UNSET
    domain: Literal["pstn", "mxp"] | UnsetType = UNSET
    custom: Custom | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    text: Text | UnsetType = UNSET
    prompts: Prompt | UnsetType = UNSET
    enable_ace: bool | UnsetType = UNSET
    enable_dice: bool | UnsetType = UNSET
    enable_pie: bool | UnsetType = UNSET


class ConferenceCallout(_Sent, frozen=True, kw_only=True):
    """Call, and put who answers into a room. With `enable_ace` the answer must be `connectConf`."""

    destination: Destination
    cli: str | UnsetType = UNSET
    dtmf: Tones | UnsetType = UNSET
    domain: Literal["pstn", "mxp"] | UnsetType = UNSET
    custom: Custom | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    conference_id: Room
    greeting: Text | UnsetType = UNSET
    moh_class: Music | UnsetType = UNSET
    conference_dtmf_options: ConferenceDtmfOptions | UnsetType = UNSET
    max_duration: CallSeconds | UnsetType = UNSET
    enable_ace: bool | UnsetType = UNSET
    enable_dice: bool | UnsetType = UNSET
    enable_pie: bool | UnsetType = UNSET


class CustomCallout(_Sent, frozen=True, kw_only=True):
    """Call as SVAML says: `ice`, `ace` and `pie` are each a URL or SVAML as a string.

    What is left out is asked of the application's callback URL. With an inline `ice` the API wants
    neither `destination` nor `cli`: see `ivrflow.sinch.ringing`.
    """

    destination: Destination | UnsetType = UNSET
    cli: str | UnsetType = UNSET
    dtmf: Tones | UnsetType = UNSET
    custom: Custom | UnsetType = UNSET
    max_duration: CallSeconds | UnsetType = UNSET
    ice: str | UnsetType = UNSET
    ace: str | UnsetType = UNSET
    pie: str | UnsetType = UNSET


AnyCallout = TtsCallout | ConferenceCallout | CustomCallout


class Callout(_Sent, frozen=True, kw_only=True):
    """The body of `POST /calling/v1/callouts`: `method` is the key of the only other member."""

    method: Literal["ttsCallout", "conferenceCallout", "customCallout"]
    tts_callout: TtsCallout | UnsetType = UNSET
    conference_callout: ConferenceCallout | UnsetType = UNSET
    custom_callout: CustomCallout | UnsetType = UNSET


# -- rooms, numbers, callback URLs ----------------------------------------------------------------


class ParticipantCommand(_Sent, frozen=True, kw_only=True):
    """`moh` is what somebody on hold hears."""

    command: Command
    moh: Music | UnsetType = UNSET


class AssignNumbers(_Sent, frozen=True, kw_only=True):
    """`applicationkey`, in lower case; left out, it is the application that asks."""

    numbers: Annotated[tuple[str, ...], Meta(min_length=1)]
    applicationkey: str | UnsetType = UNSET
    capability: Capability | UnsetType = UNSET


class UnassignNumber(_Sent, frozen=True, kw_only=True):
    number: str
    applicationkey: str | UnsetType = UNSET
    capability: Capability | UnsetType = UNSET


class NewUrls(_Sent, frozen=True, kw_only=True):
    primary: str
    fallback: str | UnsetType = UNSET


class SetCallbacks(_Sent, frozen=True, kw_only=True):
    url: NewUrls


# -- what comes back ------------------------------------------------------------------------------


class _Given(Struct, frozen=True, kw_only=True, rename="camel"):
    pass


class CallInfo(_Given, frozen=True, kw_only=True):
    """What is known of a call. `duration` is in seconds; `timestamp` as Sinch writes it, in UTC.

    A callout has no `from`.

    `status`: ONGOING, FINAL. `result`: N/A, ANSWERED, BUSY, NOANSWER, FAILED. `reason`: N/A,
    TIMEOUT, CALLERHANGUP, CALLEEHANGUP, MANAGERHANGUP, NOCREDITPARTNER, CANCEL, ... There may be
    others, in any casing.
    """

    from_: str | Identity = field(default="", name="from")
    to: Identity = Identity()
    domain: str = ""
    call_id: str = ""
    duration: int = 0
    status: str = ""
    result: str = ""
    reason: str = ""
    timestamp: str = ""
    custom: str = ""
    user_rate: Money = Money()
    debit: Money = Money()

    @property
    def caller(self) -> str:
        """The number or name in `from`, of whichever form it is."""
        return self.from_ if isinstance(self.from_, str) else self.from_.endpoint

    @property
    def is_over(self) -> bool:
        return self.status.upper() == "FINAL"

    @property
    def began(self) -> datetime | None:
        """The moment of `timestamp`, None if it can't be read."""
        try:
            moment = datetime.fromisoformat(self.timestamp)
        except ValueError:
            return None
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class Participant(_Given, frozen=True, kw_only=True):
    """Who is in a room: `id` is the call's, `duration` in seconds."""

    cli: str = ""
    id: str = ""
    duration: int = 0
    muted: bool = False
    onhold: bool = False


class Conference(_Given, frozen=True, kw_only=True):
    participants: tuple[Participant, ...] = ()

    def __iter__(self) -> Iterator[Participant]:
        return iter(self.participants)


class RentedNumber(_Given, frozen=True, kw_only=True):
    """A number of the account; `applicationkey` is "" where no application has it."""

    number: str = ""
    applicationkey: str = ""
    capability: str = ""


class Callbacks(_Given, frozen=True, kw_only=True):
    """Where an application's events go; "" where no URL is set."""

    primary: str = ""
    fallback: str = ""


class NumberInfo(_Given, frozen=True, kw_only=True):
    """What a number is. `number_type`: Unknown, Fixed, Mobile, Other."""

    country_id: str = ""
    number_type: str = ""
    normalized_number: str = ""
    restricted: bool = False
    rate: Money = Money()


class Placed(_Given, frozen=True, kw_only=True):
    """A callout that was accepted. Both spellings are read; SDKs know `callId`."""

    call_id: str = ""
    callid: str = field(default="", name="callid")


class RentedNumbers(_Given, frozen=True, kw_only=True):
    numbers: tuple[RentedNumber, ...] = ()


class CallbacksAnswer(_Given, frozen=True, kw_only=True):
    url: Callbacks = Callbacks()


class NumberAnswer(_Given, frozen=True, kw_only=True):
    """Fixtures say `number`, older documents `numberItem`."""

    number: NumberInfo | None = None
    number_item: NumberInfo | None = None


class Refusal(_Given, frozen=True, kw_only=True):
    """The body of an error. `errorCode` is a number or a string, as SDKs disagree."""

    error_code: int | str = 0
    message: str = ""
    reference: str = ""
