"""SVAML, what Sinch executes: one class an object of the wire, fields in the vendor's order.

Source: Sinch's OpenAPI models (Node, Java and .NET SDKs), digested in the public reference of the
Voice API v1. `Svaml` is a closed union: what is no field of it is refused on decoding, so decoding
what was encoded checks it against names and limits alike.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from ivrflow.sinch import limits

Text = Annotated[str, Meta(max_length=limits.MAX_TEXT)]
_PART = (
    rf"(#tts\[[^\[\];]{{1,{limits.MAX_TEXT}}}\]"
    rf"|#ssml\[(?=.{{15,{limits.MAX_TEXT}}}\])<speak[^\[\];]*</speak>\]"
    r"|#href\[[^\[\];]+\]"
    r"|[^#\[\];]+)"
)
Prompt = Annotated[str, Meta(pattern=rf"^{_PART}(;{_PART})*$")]
"""Parts separated by `;`: `#tts[text]`, `#ssml[<speak>..</speak>]`, `#href[url]`."""

CallSeconds = Annotated[int, Meta(ge=1, le=limits.MAX_CALL)]
ParkSeconds = Annotated[int, Meta(ge=1, le=limits.MAX_PARK)]
Tones = Annotated[str, Meta(pattern="^[0-9#w]+$")]
Music = Literal["ring", "music1", "music2", "music3"]
Transport = Literal["UDP", "TCP", "TLS"]
MenuKey = Annotated[str, Meta(pattern="^[0-9*#]$")]
MenuAction = Annotated[str, Meta(pattern=r"^(return|menu)\([^()]*\)$")]


class _Object(
    Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename="camel",
    forbid_unknown_fields=True,
):
    pass


class _Named(_Object, frozen=True, kw_only=True, tag_field="name"):
    pass


class Header(_Object, frozen=True, kw_only=True):
    key: str
    value: str


# -- instructions ---------------------------------------------------------------------------------


class PlayFiles(_Named, frozen=True, kw_only=True, tag="playFiles"):
    """Play in order, heard by the caller. `locale` is needed if an id is TTS or SSML."""

    ids: tuple[Prompt, ...]
    locale: str | UnsetType = UNSET


class Say(_Named, frozen=True, kw_only=True, tag="say"):
    text: Text
    locale: str | UnsetType = UNSET


class SendDtmf(_Named, frozen=True, kw_only=True, tag="sendDtmf"):
    value: Tones


class SetCookie(_Named, frozen=True, kw_only=True, tag="setCookie"):
    """Keep a value with the call; it comes back in all later events."""

    key: Annotated[str, Meta(max_length=50)]
    value: Annotated[str, Meta(max_length=1024)]


class Answer(_Named, frozen=True, kw_only=True, tag="answer"):
    """Answer the incoming leg now."""


class TranscriptionOptions(_Object, frozen=True, kw_only=True):
    enabled: bool
    locale: str | UnsetType = UNSET


class RecordingOptions(_Object, frozen=True, kw_only=True):
    destination_url: str
    credentials: str | UnsetType = UNSET
    format: str | UnsetType = UNSET
    notification_events: bool | UnsetType = UNSET
    transcription_options: TranscriptionOptions | UnsetType = UNSET


class StartRecording(_Named, frozen=True, kw_only=True, tag="startRecording"):
    """Record the call from here on. Must precede the connecting action."""

    options: RecordingOptions


class StopRecording(_Named, frozen=True, kw_only=True, tag="stopRecording"):
    pass


Instruction = PlayFiles | Say | SendDtmf | SetCookie | Answer | StartRecording | StopRecording


# -- actions --------------------------------------------------------------------------------------


class Hangup(_Named, frozen=True, kw_only=True, tag="hangup"):
    pass


class Continue(_Named, frozen=True, kw_only=True, tag="continue"):
    pass


class Amd(_Object, frozen=True, kw_only=True):
    """Answering machine detection; `async` lets the call proceed before the verdict."""

    enabled: bool
    is_async: bool | UnsetType = field(default=UNSET, name="async")


class ConnectPstn(_Named, frozen=True, kw_only=True, tag="connectPstn"):
    number: Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{2,14}$")] | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    max_duration: CallSeconds | UnsetType = UNSET
    dial_timeout: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    cli: str | UnsetType = UNSET
    suppress_callbacks: bool | UnsetType = UNSET
    dtmf: Tones | UnsetType = UNSET
    indications: str | UnsetType = UNSET
    amd: Amd | UnsetType = UNSET


class User(_Object, frozen=True, kw_only=True):
    type: Literal["username"]
    endpoint: str


class ConnectMxp(_Named, frozen=True, kw_only=True, tag="connectMxp"):
    """Connect to an app's user; the dialled one if no destination is given."""

    destination: User | UnsetType = UNSET
    call_headers: tuple[Header, ...] | UnsetType = UNSET


class ConferenceDtmfOptions(_Object, frozen=True, kw_only=True):
    """What becomes of keys in the room; `timeoutMills` as the models spell it."""

    mode: Literal["ignore", "forward", "detect"]
    max_digits: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    timeout_mills: Annotated[int, Meta(ge=1)] | UnsetType = UNSET


class ConnectConf(_Named, frozen=True, kw_only=True, tag="connectConf"):
    conference_id: Annotated[str, Meta(min_length=1, max_length=limits.MAX_ROOM)]
    conference_dtmf_options: ConferenceDtmfOptions | UnsetType = UNSET
    moh: Music | UnsetType = UNSET


class SipAddress(_Object, frozen=True, kw_only=True):
    type: Literal["sip"]
    endpoint: str


class ConnectSip(_Named, frozen=True, kw_only=True, tag="connectSip"):
    destination: SipAddress
    max_duration: CallSeconds | UnsetType = UNSET
    cli: str | UnsetType = UNSET
    transport: Transport | UnsetType = UNSET
    suppress_callbacks: bool | UnsetType = UNSET
    call_headers: tuple[Header, ...] | UnsetType = UNSET
    moh: Music | UnsetType = UNSET


class WebSocket(_Object, frozen=True, kw_only=True):
    type: Literal["Websocket"]
    endpoint: str


class StreamingOptions(_Object, frozen=True, kw_only=True):
    version: int | UnsetType = UNSET
    sample_rate: int | UnsetType = UNSET


class ConnectStream(_Named, frozen=True, kw_only=True, tag="connectStream"):
    """Connect to a WebSocket (closed beta)."""

    destination: WebSocket
    streaming_options: StreamingOptions | UnsetType = UNSET
    max_duration: CallSeconds | UnsetType = UNSET
    call_headers: tuple[Header, ...] | UnsetType = UNSET


class Option(_Object, frozen=True, kw_only=True):
    """What a key does: `return(VALUE)` ends the menu, `menu(ID)` goes to another of this reply.

    `input` is a spoken word that means the same; only the legacy SDK models it.
    """

    dtmf: MenuKey
    action: MenuAction
    input: str | UnsetType = UNSET


class Menu(_Object, frozen=True, kw_only=True):
    id: Annotated[str, Meta(min_length=1, max_length=64)]
    main_prompt: Prompt | UnsetType = UNSET
    repeat_prompt: Prompt | UnsetType = UNSET
    repeats: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    max_digits: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    timeout_mills: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    max_timeout_mills: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    options: tuple[Option, ...] | UnsetType = UNSET


class RunMenu(_Named, frozen=True, kw_only=True, tag="runMenu"):
    barge: bool | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    main_menu: str | UnsetType = UNSET
    enable_voice: bool | UnsetType = UNSET
    menus: tuple[Menu, ...]


class Park(_Named, frozen=True, kw_only=True, tag="park"):
    locale: str | UnsetType = UNSET
    intro_prompt: Prompt | UnsetType = UNSET
    hold_prompt: Prompt | UnsetType = UNSET
    max_duration: ParkSeconds | UnsetType = UNSET


Action = (
    Hangup
    | Continue
    | ConnectPstn
    | ConnectMxp
    | ConnectConf
    | ConnectSip
    | ConnectStream
    | RunMenu
    | Park
)


class Svaml(_Object, frozen=True, kw_only=True):
    """A reply to ICE, ACE or PIE: instructions in order, then exactly one action."""

    instructions: tuple[Instruction, ...] | UnsetType = UNSET
    action: Action
