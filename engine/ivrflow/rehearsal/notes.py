"""What the engine thought of a call, between what was heard and done."""

from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import msgspec
import structlog
from msgspec import Struct

from ivrflow.emulator.platform import Platform
from ivrflow.emulator.transcript import Entry, Received
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

    def __init__(self, platform: Callable[[], Platform]) -> None:
        self._told: list[Entry | Note] = []
        self._platform = platform
        self._read = 0
        self._places: dict[str, tuple[str, str]] = {}
        self._vars: dict[str, dict[str, dict[str, object]]] = {}

    def take(self) -> list[Entry | Note]:
        """Return what has been told since this was asked last; each entry once."""
        self._catch_up()
        told, self._told = self._told, []
        return told

    def tell(self, event: Event, program: Program, step: Step) -> None:
        """Note what a turn did; meets `ivrflow.runtime.turn.Witness`. Secrets are not told."""
        write_line(event, program, step)
        call, frame = step.session.call.id, step.session.frame
        if self._places.get(call) != (frame.flow, frame.state):
            self._places[call] = frame.flow, frame.state
            self._add(Moved(at=self._now(), call=call, flow=frame.flow, state=frame.state))
        of_call = self._vars.setdefault(call, {})
        known = of_call.get(frame.flow, {})
        news = {name: value for name, value in frame.vars.items() if known.get(name) != value}
        of_call[frame.flow] = dict(frame.vars)
        if news:
            secrets = program.flows[frame.flow].secrets
            shown = {name: HIDDEN if name in secrets else value for name, value in news.items()}
            self._add(Holds(at=self._now(), call=call, vars=shown))

    @contextmanager
    def overheard(self) -> Iterator[None]:
        """Take what this process logs meanwhile, and let nobody else have it."""
        before = structlog.get_config()
        structlog.configure(processors=[self._hear], cache_logger_on_first_use=False)
        try:
            yield
        finally:
            structlog.configure(**before)

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

    def _now(self) -> int:
        return self._platform().now

    def _catch_up(self) -> None:
        told, self._read = self._platform().entries(self._read)
        self._told += told
        for entry in told:
            if isinstance(entry, Received) and entry.event == "dice":
                self._forget(entry.call)

    def _forget(self, call: str) -> None:
        """Nothing more is compared with what a call that is over was like."""
        self._places.pop(call, None)
        self._vars.pop(call, None)

    def _add(self, note: Note) -> None:
        self._catch_up()
        self._told.append(note)


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
