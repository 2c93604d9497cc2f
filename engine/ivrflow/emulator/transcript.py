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
    """What `who` hears breaks off."""

    who: str


class Pressed(_Entry, frozen=True, kw_only=True, tag="pressed"):
    who: str
    key: str


class Spoke(_Entry, frozen=True, kw_only=True, tag="spoke"):
    who: str
    text: str


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
    """A REST request; `call` is empty where it concerns none."""

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


def shown(body: bytes) -> str:
    """Return a body as text, as much of it as the transcript keeps."""
    return body[:MOST_KEPT].decode("utf-8", "replace")


def in_words(entry: Entry) -> str:
    """Return an entry as a line for people, without its time and call."""
    match entry:
        case Heard(who=who, kind="tts" | "ssml" | "error", text=text, locale=locale):
            return f'{who} hears "{text}"' + (f" ({locale})" if locale else "")
        case Heard(who=who, kind=kind, text=text):
            return f"{who} hears {kind} {text}".rstrip()
        case Pressed(who=who, key=key):
            return f"{who} presses {key}"
        case Spoke(who=who, text=text):
            return f'{who} says "{text}"'
        case Dialled(caller=caller, to=to):
            return f"{caller or 'a withheld number'} calls {to}"
        case Rang(who=who, to=to, kind=kind):
            return f"{who} rings: {kind} {to}"
        case Connected(who=who, other=other):
            return f"{who} and {other} are connected"
        case _:
            return _plain(entry)


def _plain(entry: Entry) -> str:
    match entry:
        case Joined(who=who, room=room):
            return f"{who} joins room {room}"
        case Left(who=who, room=room):
            return f"{who} leaves room {room}"
        case Sent(event=event, url=url, attempt=attempt):
            return f"{event.upper()} to {url or 'nobody'} ({attempt})"
        case Received(event=event, status=status, failure=failure):
            return f"{event.upper()} answered: {failure or status}"
        case Requested(method=method, path=path, status=status):
            return f"{method} {path}: {status}"
        case Warned(text=text):
            return f"warning: {text}"
        case Ended(reason=reason, result=result, duration=duration):
            return f"call over: {reason}, {result}, {duration} s"
        case _:
            return _one_word(entry)


def _one_word(entry: Entry) -> str:
    name = type(entry).__name__.lower().replace("hungup", "hung up")
    fields = {each: getattr(entry, each) for each in entry.__struct_fields__}
    told = [str(value) for key, value in fields.items() if key not in ("at", "call", "who")]
    return " ".join(filter(None, [str(fields.get("who", "")), name, *told]))
