"""What the engine thought of a call, between what was heard and done."""

from collections.abc import Callable, MutableMapping
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from ivrflow.emulator.transcript import Entry
from ivrflow.machine.events import Event
from ivrflow.machine.outcome import Step
from ivrflow.machine.program import Program
from ivrflow.runtime.line import write_line

HIDDEN = "***"
"""What stands for a secret."""

TOLD = ("warning", "error", "critical")


class _Note(Struct, frozen=True, kw_only=True, rename="camel", tag_field="type"):
    at: int
    call: str


class Moved(_Note, frozen=True, kw_only=True, tag="moved"):
    """A call is in `state` of `flow` now."""

    flow: str
    state: str


class Holds(_Note, frozen=True, kw_only=True, tag="holds"):
    """The values of the running flow's variables that are new or others than before."""

    vars: dict[str, object]


class Logged(_Note, frozen=True, kw_only=True, tag="logged"):
    """A line of the log: the author's (`level` info), or what went wrong."""

    level: str
    text: str


Note = Moved | Holds | Logged


class Notes:
    """A platform's transcript with notes at their places."""

    def __init__(self, transcript: Callable[[], list[Entry]], now: Callable[[], int]) -> None:
        self.told: list[Entry | Note] = []
        self._transcript = transcript
        self._now = now
        self._read = 0
        self._places: dict[str, tuple[str, str]] = {}
        self._vars: dict[tuple[str, str], dict[str, object]] = {}

    def catch_up(self) -> None:
        """Take what the transcript has got since."""
        transcript = self._transcript()
        self.told += transcript[self._read :]
        self._read = len(transcript)

    def tell(self, event: Event, program: Program, step: Step) -> None:
        """Note what a turn did; meets `ivrflow.runtime.turn.Tell`. Secrets are not told."""
        write_line(event, program, step)
        call, frame = step.session.call.id, step.session.frame
        if self._places.get(call) != (frame.flow, frame.state):
            self._places[call] = frame.flow, frame.state
            self._add(Moved(at=self._now(), call=call, flow=frame.flow, state=frame.state))
        known = self._vars.get((call, frame.flow), {})
        news = {name: value for name, value in frame.vars.items() if known.get(name) != value}
        self._vars[call, frame.flow] = dict(frame.vars)
        if news:
            secrets = program.flows[frame.flow].secrets
            shown = {name: HIDDEN if name in secrets else value for name, value in news.items()}
            self._add(Holds(at=self._now(), call=call, vars=shown))

    def overhear(self) -> None:
        """Take what this process logs from now on, and let nobody else have it."""
        structlog.configure(processors=[self._hear], cache_logger_on_first_use=False)

    def _hear(self, logger: object, method: str, entry: MutableMapping[str, Any]) -> str:
        entry = structlog.processors.format_exc_info(logger, method, entry)
        event, call = str(entry.pop("event")), str(entry.pop("call", ""))
        if event == "log":
            self._add(Logged(at=self._now(), call=call, level="info", text=entry["text"]))
        elif event == "emit":
            text = f"{entry['event_name']} to {entry['to']}"
            self._add(Logged(at=self._now(), call=call, level="emit", text=text))
        elif method in TOLD:
            told = "; ".join(f"{name} {value}" for name, value in entry.items() if value)
            text = f"{event}: {told}" if told else event
            self._add(Logged(at=self._now(), call=call, level=method, text=text))
        raise structlog.DropEvent

    def _add(self, note: Note) -> None:
        self.catch_up()
        self.told.append(note)


def in_words(note: Note) -> str:
    """Return a note as a line for people, without its time and call."""
    match note:
        case Moved(flow=flow, state=state):
            return f"{flow}: {state}"
        case Holds(vars=values):
            return ", ".join(
                f"{name} = {msgspec.json.encode(value).decode()}" for name, value in values.items()
            )
        case Logged(level="info", text=text):
            return f"log: {text}"
        case Logged(level=level, text=text):
            return f"{level}: {text}"
