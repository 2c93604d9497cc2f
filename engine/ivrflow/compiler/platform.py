"""What the compiler and the analysis must know of a platform; a dialect provides the value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ivrflow.expr.spoken import SayAs
from ivrflow.model.context import Context


class Level(StrEnum):
    """`accept`: sure. `warn`: only some of the vendor's documents allow it. `reject`: none does."""

    ACCEPT = "accept"
    WARN = "warn"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """Whether something may be in a reply; `note` says why not, or who doubts it."""

    level: Level
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the platform. Durations in milliseconds, lengths in characters; `headers` of a call
    in bytes, names and values together."""

    call: int
    park: int
    room: int
    menu_timeout: tuple[int, int]
    max_digits: int
    dtmf: frozenset[str]
    tones: frozenset[str]
    reply_parts: int
    reply_text: int
    headers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What the platform's voices can say.

    `locales` and `voices` are those known by name, `transcribed` the locales of transcripts;
    `knows_voice` also knows names that are made up by a scheme. `tags` are SSML's, with attributes
    and their values (empty: any). `splits_well` tells whether SSML is cut at sentences and elements
    only; `say_as` returns what says the values of some filters. `sounds` are endings of files.
    """

    locales: frozenset[str]
    voices: frozenset[str]
    transcribed: frozenset[str]
    sounds: frozenset[str]
    tags: Mapping[str, Mapping[str, frozenset[str]]]
    knows_voice: Callable[[str], bool]
    splits_well: Callable[[str], bool]
    say_as: Callable[[frozenset[str]], SayAs]


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """One dialect, as far as flows can notice it.

    `actions` and `instructions` rule by context and by the language's words: `menu`, `collect`,
    `connect number`, `connect sip`, `connect user`, `connect stream`, `conference`, `park`,
    `continue`, `hangup`; `prompt`, `answer`, `record`, `stop_recording`, `send_dtmf`. What a
    context doesn't name is rejected. `insert_*` make a value that isn't the author's safe for the
    place it lands in: spoken text, SSML, a URL, a name (room, user, SIP address, header);
    `insert_words` does so for an author's text that becomes part of SSML.
    """

    actions: Mapping[Context, Mapping[str, Ruling]]
    instructions: Mapping[Context, Mapping[str, Ruling]]
    limits: Limits
    speech: Speech
    insert_text: Callable[[str], str]
    insert_ssml: Callable[[str], str]
    insert_words: Callable[[str], str]
    insert_url: Callable[[str], str]
    insert_name: Callable[[str], str]
