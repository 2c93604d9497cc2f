"""What people on a rehearsed call do, and how it is written: one act a line."""

import re
from collections.abc import Callable

from msgspec import Struct

from ivrflow.diagnostics import nearest
from ivrflow.emulator.platform import KEYS
from ivrflow.emulator.signals import Refusal, Voice
from ivrflow.errors import ScriptError
from ivrflow.model.literals import read_duration

LONGEST_WAIT = 86_400_000
"""Milliseconds that one `wait` may last: a day."""

LONGEST_LINE = 500
"""Characters of an act; nobody says more at once."""

WAYS = (
    "press KEYS, speak WORDS, silence, wait 5s, hear WORDS, answer [human|machine|unsure], "
    "reject busy|no_answer|failed, beep, hang up; of another party: callee press 1, phone press 1"
)

_PARTY = re.compile(r"(caller|callee[0-9]*|phone[0-9]*(?:\.callee[0-9]*)?)\s+(.*)", re.DOTALL)


class Press(Struct, frozen=True, kw_only=True):
    keys: str
    who: str = ""


class Speak(Struct, frozen=True, kw_only=True):
    text: str
    who: str = ""


class PickUp(Struct, frozen=True, kw_only=True):
    voice: Voice = "human"
    who: str = ""


class Reject(Struct, frozen=True, kw_only=True):
    why: Refusal = "busy"
    who: str = ""


class Beep(Struct, frozen=True, kw_only=True):
    who: str = ""


class HangUp(Struct, frozen=True, kw_only=True):
    who: str = ""


class Wait(Struct, frozen=True, kw_only=True):
    """Let `ms` milliseconds pass."""

    ms: int


class Silence(Struct, frozen=True):
    """Do nothing until what is asked is asked again, or something else happens."""


class Hear(Struct, frozen=True, kw_only=True):
    """Wait until `text` is heard, in any casing; else the call didn't go as it should."""

    text: str
    who: str = ""


Deed = Press | Speak | PickUp | Reject | Beep | HangUp
"""What takes no time."""

Act = Deed | Wait | Silence | Hear


def parse_act(text: str) -> Act | None:
    """Return the act of a line, None for an empty one or a comment (`# ...`).

    Raises `ScriptError`, which says how acts are written.
    """
    line = "".join(each if each.isprintable() else " " for each in text).strip()
    if not line or line.startswith("#"):
        return None
    if len(line) > LONGEST_LINE:
        raise ScriptError(f'"{line[:20]}..." has more than {LONGEST_LINE} characters')
    party = _PARTY.fullmatch(line)
    who, line = party.groups() if party else ("", line)
    verb, _, rest = line.partition(" ")
    reading = READING_BY_VERB.get(verb.lower())
    if reading is None:
        likely = nearest(verb.lower(), READING_BY_VERB)
        remedy = f'did you mean "{likely}"?' if likely else f"write one of: {WAYS}"
        raise ScriptError(f'"{line}" is no act; {remedy}')
    return reading(" ".join(rest.split()), who)


def _press(rest: str, who: str) -> Act:
    keys = rest.replace(" ", "")
    if not keys or not KEYS.issuperset(keys):
        raise ScriptError(f'"press {rest}" names no keys; a phone has 0-9, * and #: press 1')
    return Press(keys=keys, who=who)


def _speak(rest: str, who: str) -> Act:
    return Speak(text=_words("speak", rest), who=who)


def _hear(rest: str, who: str) -> Act:
    return Hear(text=_words("hear", rest), who=who)


def _words(verb: str, rest: str) -> str:
    quoted = len(rest) > 1 and rest[0] == rest[-1] == '"'
    text = rest[1:-1] if quoted else rest
    if not text:
        raise ScriptError(f'"{verb}" needs words: {verb} yes please')
    return text


def _answer(rest: str, who: str) -> Act:
    match rest:
        case "" | "human":
            return PickUp(who=who)
        case "machine" | "unsure":
            return PickUp(voice=rest, who=who)
        case _:
            raise ScriptError(f'"answer {rest}": who answers is human, machine or unsure')


def _reject(rest: str, who: str) -> Act:
    match rest.replace(" ", "_"):
        case "busy" | "no_answer" | "failed" as why:
            return Reject(why=why, who=who)
        case _:
            raise ScriptError(f'"reject {rest}": how is busy, no_answer or failed: reject busy')


def _wait(rest: str, who: str) -> Act:
    if who:
        raise ScriptError(f'"{who} wait": time passes for everybody; leave "{who}" out')
    ms = read_duration(rest.replace(" ", ""))
    if ms is not None and ms <= LONGEST_WAIT:
        return Wait(ms=ms)
    raise ScriptError(f'"wait {rest}" is no time up to a day: wait 5s, wait 1m30s, wait 500ms')


def _plain(verb: str, act: Callable[[str], Act], words: str = "") -> Callable[[str, str], Act]:
    """Return the reading of an act that takes no more words than `words`."""

    def reading(rest: str, who: str) -> Act:
        if rest.lower() != words:
            given, meant = f"{verb} {rest}".strip(), f"{verb} {words}".strip()
            raise ScriptError(f'"{given}" is no act; did you mean "{meant}"?')
        return act(who)

    return reading


READING_BY_VERB: dict[str, Callable[[str, str], Act]] = {
    "press": _press,
    "speak": _speak,
    "hear": _hear,
    "answer": _answer,
    "wait": _wait,
    "silence": _plain("silence", lambda who: Silence()),
    "busy": _plain("busy", lambda who: Reject(who=who)),
    "no": _plain("no", lambda who: Reject(why="no_answer", who=who), "answer"),
    "reject": _reject,
    "beep": _plain("beep", lambda who: Beep(who=who)),
    "hang": _plain("hang", lambda who: HangUp(who=who), "up"),
}
