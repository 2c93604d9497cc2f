"""A call's story as lines: for eyes, in a terminal or a log file, or for programs."""

import os
import textwrap
import time
from collections.abc import Collection, Mapping
from typing import Literal, TextIO, get_args

import msgspec

from ivrflow.emulator.transcript import (
    Answered,
    Connected,
    Cut,
    Dialled,
    Ended,
    Heard,
    HungUp,
    Pressed,
    Rang,
    Received,
    Refused,
    Requested,
    Sent,
    Spoke,
    Warned,
)
from ivrflow.emulator.transcript import in_words as entry_in_words
from ivrflow.rehearsal.line import Told
from ivrflow.rehearsal.notes import Holds, Logged, Moved
from ivrflow.rehearsal.notes import in_words as note_in_words

Aspect = Literal["svaml", "state", "vars", "events"]
"""What is shown on request, besides what people hear and do."""

ASPECTS = get_args(Aspect)
WIDTH, MOST = 80, 100
FAILED = 400
FIRM = "\u00a0"
"""A space at which no line ends."""

STYLE_BY_KIND: dict[type[Told], str] = {
    Heard: "1",  # bold
    Pressed: "36",  # cyan
    Spoke: "36",
    Rang: "33",  # yellow
    Answered: "33",
    Refused: "33",
    Connected: "32",  # green
    HungUp: "35",  # magenta
    Ended: "35",
    Warned: "31",  # red
    Received: "2",  # dim
    Requested: "2",
    Sent: "2",
    Moved: "34",  # blue
    Holds: "34",
    Logged: "2",
}


class Screen:
    """Writes each entry of a call's story as it comes."""

    def __init__(
        self,
        out: TextIO,
        aspects: Collection[Aspect] = (),
        *,
        as_json: bool = False,
        names: bool = False,
    ) -> None:
        """`names`: many calls are shown, so each line says which it is of, and what time it is
        here; else a line tells the time since the first call began, and lines of others have their
        number."""
        self.out = out
        self.aspects = aspects
        self.as_json = as_json
        self.names = names
        self.is_coloured = has_colours(out, os.environ)
        self.width = _width(out)
        self._began: int | None = None
        self._calls: list[str] = []

    def show(self, told: Told) -> None:
        if self._began is None:
            self._began = told.at
        if not self._is_wanted(told):
            return
        lines = [msgspec.json.encode(told).decode()] if self.as_json else self._lines(told)
        self.out.write("\n".join(lines) + "\n")
        self.out.flush()

    def _is_wanted(self, told: Told) -> bool:
        match told:
            case Received() if told.failure or told.status >= FAILED:
                return True
            case Received():
                return "svaml" in self.aspects or "events" in self.aspects
            case Sent() | Requested() | Cut():
                return "events" in self.aspects
            case Moved():
                return "state" in self.aspects
            case Holds():
                return "vars" in self.aspects
            case _:
                return True

    def _lines(self, told: Told) -> list[str]:
        margin = self._margin(told)
        style = STYLE_BY_KIND.get(type(told), "")
        lines = [self._styled(line, style) for line in _wrapped(told, self.width - len(margin))]
        if isinstance(told, Received) and "svaml" in self.aspects:
            lines += [self._styled(line, "2") for line in _pretty(told.body)]
        return [
            (self._styled(margin, "2") if not place else " " * len(margin)) + line
            for place, line in enumerate(lines)
        ]

    def _margin(self, told: Told) -> str:
        if not self.names:
            return f"{(told.at - (self._began or 0)) / 1000:7.1f}  {self._number(told)}"
        moment = time.strftime("%H:%M:%S", time.localtime(told.at / 1000))
        return f"{moment}  {told.call[:8]:8}  "

    def _number(self, told: Told) -> str:
        """Return the mark of another call than the first; "" for what is no call of a platform."""
        if isinstance(told, Dialled | Rang) and told.call not in self._calls:
            self._calls.append(told.call)
        number = self._calls.index(told.call) + 1 if told.call in self._calls else 1
        return f"[{number}] " if number > 1 else ""

    def _styled(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self.is_coloured and style else text


def _wrapped(told: Told, width: int) -> list[str]:
    lines = textwrap.wrap(
        _harmless(in_words(told)), max(20, width), break_long_words=False, break_on_hyphens=False
    )
    return [line.replace(FIRM, " ") for line in lines]


def _harmless(text: str) -> str:
    """Return text without what would move a terminal: callers and servers may have sent it."""
    return "".join(each if each.isprintable() or each == FIRM else " " for each in text)


def in_words(told: Told) -> str:
    """Return an entry or a note as a line for people; what is heard with its estimated length."""
    match told:
        case Moved() | Holds() | Logged():
            return note_in_words(told)
        case Heard(duration=duration) if duration:
            return f"{entry_in_words(told)} {duration / 1000:.0f}{FIRM}s"
        case _:
            return entry_in_words(told)


def has_colours(out: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether `out` is a terminal whose owner wants colours (https://no-color.org)."""
    wanted = not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
    return wanted and out.isatty()


def _width(out: TextIO) -> int:
    if not out.isatty():
        return WIDTH
    try:
        return min(MOST, os.get_terminal_size(out.fileno()).columns or WIDTH)
    except (OSError, ValueError):
        return WIDTH


def _pretty(body: str) -> list[str]:
    """Return a reply's JSON, indented; as it is if it can't be read."""
    try:
        return msgspec.json.format(body.encode()).decode().splitlines()
    except msgspec.DecodeError:
        return [_harmless(line) for line in body.splitlines()]
