"""Replies as values: what the platform carries out (sections 3.2 to 3.5)."""

from typing import Literal

from msgspec import Struct

from ivrflow.emulator.prompts import Part

MAX_TEXT = 600
MAX_CALL = 14_400
MAX_PARK = 600
MAX_ROOM = 64
MAX_CUSTOM = 1_024
"""Bytes of `custom`."""

TONES = "0123456789#w"


class _Value(Struct, frozen=True, kw_only=True):
    pass


# -- instructions ---------------------------------------------------------------------------------


class Play(_Value, frozen=True, kw_only=True):
    """`playFiles` and `say`."""

    parts: tuple[Part, ...]
    locale: str = ""


class Tones(_Value, frozen=True, kw_only=True):
    value: str


class Cookie(_Value, frozen=True, kw_only=True):
    key: str
    value: str


class Answer(_Value, frozen=True, kw_only=True):
    pass


class Record(_Value, frozen=True, kw_only=True):
    destination: str
    format: str = "mp3"
    notify: bool = True
    transcribe: bool = False


class StopRecording(_Value, frozen=True, kw_only=True):
    pass


Instruction = Play | Tones | Cookie | Answer | Record | StopRecording


# -- actions --------------------------------------------------------------------------------------


class Hangup(_Value, frozen=True, kw_only=True):
    pass


class Continue(_Value, frozen=True, kw_only=True):
    pass


class Connect(_Value, frozen=True, kw_only=True):
    """`kind` is number, username, sip or stream; `to` is "" for whom the caller dialled. Times in
    seconds, 0: not given. `amd` is "", sync or async."""

    kind: Literal["number", "username", "sip", "stream"]
    to: str = ""
    cli: str = ""
    headers: dict[str, str] = {}
    max_duration: int = 0
    dial_timeout: int = 0
    callbacks: bool = True
    dtmf: str = ""
    ring: str = ""
    amd: Literal["", "sync", "async"] = ""


class Confer(_Value, frozen=True, kw_only=True):
    room: str
    moh: str = ""
    mode: Literal["ignore", "forward", "detect"] = "ignore"
    max_digits: int = 1
    timeout: int = 3_000


class Option(_Value, frozen=True, kw_only=True):
    """`does` is return, menu, or "" for what can't be read; `value` is what it is given."""

    key: str
    does: Literal["return", "menu", ""]
    value: str
    word: str = ""
    add: tuple[tuple[str, str], ...] = ()


class Menu(_Value, frozen=True, kw_only=True):
    """`repeats` is None where the reply leaves it to the platform. Times in milliseconds."""

    id: str
    prompt: tuple[Part, ...] = ()
    repeat: tuple[Part, ...] = ()
    repeats: int | None = None
    max_digits: int = 0
    timeout: int = 5_000
    max_timeout: int = 20_000
    options: tuple[Option, ...] = ()


class RunMenu(_Value, frozen=True, kw_only=True):
    menus: tuple[Menu, ...]
    main: str = ""
    barge: bool = True
    voice: bool = False
    locale: str = ""


class Park(_Value, frozen=True, kw_only=True):
    intro: tuple[Part, ...] = ()
    hold: tuple[Part, ...] = ()
    locale: str = ""
    max_duration: int = MAX_PARK


Action = Hangup | Continue | Connect | Confer | RunMenu | Park


class Svaml(_Value, frozen=True, kw_only=True):
    """`action` is None only in a PATCH, which need not have one. `name` is the action's."""

    instructions: tuple[Instruction, ...] = ()
    action: Action | None = None
    name: str = ""
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
