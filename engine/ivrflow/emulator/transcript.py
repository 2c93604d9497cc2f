"""What happened, in order: what each party heard and did, and what went over the wire.

`at` is in milliseconds since 1970 (UTC). `who` is `caller` or `callee` (`callee2`, if a call rang
another after that) of the call.
"""

from msgspec import Struct

MOST_KEPT = 4_000
"""Characters of an answer that the transcript keeps."""

Json = dict[str, object]
"""An object of the wire."""


class _Entry(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type", gc=False):
    at: int
    call: str


class Heard(_Entry, frozen=True, kw_only=True, tag="heard"):
    """Something begins to sound. `kind` is tts, ssml, file, music, ring, dtmf or error.

    `duration` is estimated, in milliseconds; 0 for what sounds until something else happens.
    """

    who: str
    kind: str
    text: str
    locale: str = ""
    duration: int = 0
    early: bool = False


class Cut(_Entry, frozen=True, kw_only=True, tag="cut"):
    """What `who` hears breaks off; at the end of a call, the line itself."""

    who: str


class Pressed(_Entry, frozen=True, kw_only=True, tag="pressed", omit_defaults=True):
    """`lost`: nobody listened to keys."""

    who: str
    key: str
    lost: bool = False


class Spoke(_Entry, frozen=True, kw_only=True, tag="spoke", omit_defaults=True):
    """`lost`: nobody listened to words."""

    who: str
    text: str
    lost: bool = False


class Dialled(_Entry, frozen=True, kw_only=True, tag="dialled"):
    """A call came in."""

    who: str
    caller: str
    to: str


class Rang(_Entry, frozen=True, kw_only=True, tag="rang"):
    """A phone (app, SIP server, stream) begins to ring; `headers` are those of the invitation."""

    who: str
    kind: str
    to: str
    cli: str = ""
    headers: dict[str, str] = {}


class Answered(_Entry, frozen=True, kw_only=True, tag="answered"):
    """A leg is up; `voice` is human, machine or unsure."""

    who: str
    voice: str = ""


class Refused(_Entry, frozen=True, kw_only=True, tag="refused"):
    who: str
    why: str


class Beeped(_Entry, frozen=True, kw_only=True, tag="beeped"):
    who: str


class HungUp(_Entry, frozen=True, kw_only=True, tag="hungUp"):
    who: str


class Connected(_Entry, frozen=True, kw_only=True, tag="connected"):
    """Two parties hear each other."""

    who: str
    other: str


class Joined(_Entry, frozen=True, kw_only=True, tag="joined"):
    who: str
    room: str


class Left(_Entry, frozen=True, kw_only=True, tag="left"):
    who: str
    room: str


class Changed(_Entry, frozen=True, kw_only=True, tag="changed"):
    """A participant was muted, unmuted, put on hold, or resumed: `to` is the command."""

    who: str
    room: str
    to: str


class Parked(_Entry, frozen=True, kw_only=True, tag="parked"):
    who: str


class Recording(_Entry, frozen=True, kw_only=True, tag="recording"):
    """`state` is started, finished or available."""

    state: str
    destination: str


class Sent(_Entry, frozen=True, kw_only=True, tag="sent"):
    """A callback leaves. `attempt` is primary, fallback, own (the callout's URL), again, forged."""

    event: str
    url: str
    attempt: str
    body: Json


class Received(_Entry, frozen=True, kw_only=True, tag="received"):
    """An answer to a callback, or `failure`: why there is none. `used`: it moves the call."""

    event: str
    status: int = 0
    body: str = ""
    failure: str = ""
    used: bool = True


class Requested(_Entry, frozen=True, kw_only=True, tag="requested"):
    """A REST request; `call` is empty where it concerns none, `status` 0 where the connection broke
    in the place of an answer."""

    method: str
    path: str
    status: int


class Warned(_Entry, frozen=True, kw_only=True, tag="warned"):
    """Done, but doubtful: the vendor's documents don't agree that it works, or say nothing."""

    text: str


class Ended(_Entry, frozen=True, kw_only=True, tag="ended"):
    """`duration` in seconds since the call was answered."""

    reason: str
    result: str
    duration: int


Entry = (
    Heard
    | Cut
    | Pressed
    | Spoke
    | Dialled
    | Rang
    | Answered
    | Refused
    | Beeped
    | HungUp
    | Connected
    | Joined
    | Left
    | Changed
    | Parked
    | Recording
    | Sent
    | Received
    | Requested
    | Warned
    | Ended
)


def clipped(body: bytes) -> str:
    """Return a body as text, as much of it as the transcript keeps."""
    return body[:MOST_KEPT].decode("utf-8", "replace")


WORDS: dict[type[Entry], str] = {
    Cut: "{0.who}: the sound breaks off",
    Pressed: "{0.who} presses {0.key}",
    Spoke: '{0.who} says "{0.text}"',
    Dialled: "{0.caller} calls {0.to}",
    Rang: "{0.who} rings: {0.kind} {0.to}",
    Answered: "{0.who} answers {0.voice}",
    Refused: "{0.who} does not answer: {0.why}",
    Beeped: "{0.who} beeps",
    HungUp: "{0.who} hangs up",
    Connected: "{0.who} and {0.other} are connected",
    Joined: "{0.who} joins room {0.room}",
    Left: "{0.who} leaves room {0.room}",
    Changed: "{0.who} in room {0.room}: {0.to}",
    Parked: "{0.who} is parked",
    Recording: "recording {0.state}: {0.destination}",
    Sent: "{0.event} to {0.url} ({0.attempt})",
    Received: "{0.event} answered: {0.status} {0.failure}",
    Requested: "{0.method} {0.path}: {0.status}",
    Warned: "warning: {0.text}",
    Ended: "over: {0.reason}, {0.result}, {0.duration} s",
}


def in_words(entry: Entry) -> str:
    """Return an entry as a line for people, without its time and call."""
    match entry:
        case Heard(who=who, kind="tts" | "ssml" | "error", text=text, locale=locale):
            return f'{who} hears "{text}"' + (f" ({locale})" if locale else "")
        case Heard(who=who, kind=kind, text=text):
            return f"{who} hears {kind} {text}".rstrip()
        case Dialled(caller="", to=to):
            return f"a withheld number calls {to}"
        case _:
            return WORDS[type(entry)].format(entry).strip()
