"""What the engine answers, in telephony's words: instructions in order, then one action.

A dialect (`ivrflow.sinch`) renders a `Reply` to its wire form. Durations are milliseconds;
everything is final: prompts are texts, names are resolved, numbers are E.164 with `+`.
"""

import msgspec

from ivrflow.model.flow import Amd, Listener

MENU = "main"
"""The name under which every menu of ours reports its input; no room may be called so."""


class _Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False, tag=True):
    pass


class Say(_Value, frozen=True, kw_only=True):
    """Text spoken by the platform. `voice` is a locale (`en-US`), or the platform's voice name."""

    text: str
    voice: str
    to: Listener = ""


class Ssml(_Value, frozen=True, kw_only=True):
    """SSML spoken by the platform, with or without its `<speak>` element."""

    text: str
    voice: str
    to: Listener = ""


class Audio(_Value, frozen=True, kw_only=True):
    """A sound file that the platform fetches."""

    url: str
    to: Listener = ""


Part = Say | Ssml | Audio
"""Something to be heard; `to` says by whom, where two talk to each other."""


class Answer(_Value, frozen=True, kw_only=True):
    """Answer the incoming call now."""


class StartRecording(_Value, frozen=True, kw_only=True):
    """Record from here on. `transcribe` is the locale of the transcript, "" for none.

    In `credentials` marks stand for environment variables, see `environment`. No other text of a
    reply holds control characters.
    """

    to: str
    credentials: str = ""
    format: str = ""
    transcribe: str = ""


class StopRecording(_Value, frozen=True, kw_only=True):
    """Stop the recording."""


class SendDtmf(_Value, frozen=True, kw_only=True):
    """Send tones: `0-9 * #`, and `w` for half a second of silence."""

    tones: str


Instruction = Part | Answer | StartRecording | StopRecording | SendDtmf


class Key(_Value, frozen=True, kw_only=True):
    """One option of a menu: the key, what it returns, the words that mean the same."""

    key: str
    value: str
    words: tuple[str, ...] = ()


class Menu(_Value, frozen=True, kw_only=True):
    """Ask for one of `keys`, or for up to `max_digits` digits (0: no digits), or both.

    The prompt is heard once, then `reprompt` (if empty: the prompt) `repeats` times more.
    """

    prompt: tuple[Part, ...]
    voice: str
    reprompt: tuple[Part, ...] = ()
    repeats: int = 0
    timeout: int = 5000
    barge: bool = True
    speech: bool = False
    keys: tuple[Key, ...] = ()
    max_digits: int = 0


class ConnectNumber(_Value, frozen=True, kw_only=True):
    """Connect the caller to a telephone number."""

    number: str
    cli: str = ""
    timeout: int = 0
    max_duration: int = 0
    tones: str = ""
    dtmf: str = ""
    amd: Amd = False
    callbacks: bool = True
    voice: str = ""


class ConnectSip(_Value, frozen=True, kw_only=True):
    """Connect the caller to a SIP address, `user@host[:port]`."""

    address: str
    cli: str = ""
    max_duration: int = 0
    transport: str = ""
    hold_music: str = ""
    headers: dict[str, str] = {}
    callbacks: bool = True


class ConnectUser(_Value, frozen=True, kw_only=True):
    """Connect the caller to a user of an app."""

    user: str
    headers: dict[str, str] = {}


class ConnectStream(_Value, frozen=True, kw_only=True):
    """Connect the caller to a WebSocket."""

    url: str
    max_duration: int = 0
    headers: dict[str, str] = {}


Connect = ConnectNumber | ConnectSip | ConnectUser | ConnectStream


class Conference(_Value, frozen=True, kw_only=True):
    """Join a room. `dtmf` is `ignore`, `forward` or `detect`."""

    room: str
    hold_music: str = ""
    dtmf: str = "ignore"
    max_digits: int = 1
    timeout: int = 3000


class Park(_Value, frozen=True, kw_only=True):
    """Hold the caller with prompts: `intro` once, then `prompt` in a loop, with `pause`
    milliseconds of silence between."""

    intro: tuple[Part, ...] = ()
    prompt: tuple[Part, ...] = ()
    pause: int = 0
    max_duration: int = 0
    voice: str = ""


class Continue(_Value, frozen=True, kw_only=True):
    """Go on with what the platform was doing."""


class Hangup(_Value, frozen=True, kw_only=True):
    """End the call."""


Action = Menu | Connect | Conference | Park | Continue | Hangup


class Reply(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One answer. `number` counts the replies of a call from 1: the offer that inputs refer to."""

    number: int
    action: Action
    instructions: tuple[Instruction, ...] = ()
