"""The server's log: one line an event, JSON unless a person watches; numbers masked."""

import asyncio
import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import structlog
from structlog.typing import Processor

from ivrflow.telemetry.masking import mask_numbers

EXEMPT = frozenset(
    {
        "app",
        "call",
        "callback",
        "event",
        "flow",
        "level",
        "outcome",
        "program",
        "state",
        "timestamp",
        "verdict",
    }
)
"""Fields that never hold a number that a person dialled: identifiers and our own words."""

Entry = MutableMapping[str, Any]

_encoder = msgspec.json.Encoder(enc_hook=repr)


def configure(log_format: Literal["auto", "json", "console"]) -> None:
    """Send all logs of this process to stderr in one form, those of uvicorn included."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    renderers: list[Processor] = [as_json]
    if console:
        renderers = [stamped, structlog.processors.format_exc_info, structlog.dev.ConsoleRenderer()]
    logger = StderrLogger()
    _Direct.logger = None if console else logger
    structlog.configure(
        processors=renderers,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Straight to the stream: the standard library's loggers cost more than a step does.
        logger_factory=lambda *_: logger,
        cache_logger_on_first_use=True,
    )
    _adopt_standard_loggers(renderers[-1])


class TurnLine(msgspec.Struct, kw_only=True, omit_defaults=True, gc=False):
    """What the log says of one turn: its call, its flow, and what became of the event."""

    timestamp: str = ""
    level: str = "info"
    event: str = "turn"
    call: str
    flow: str
    callback: str
    verdict: str
    outcome: str
    state: str
    fault: str = ""


def log_turn(line: TurnLine) -> None:
    """Write one turn to the log. Every callback writes such a line, so it goes the short way."""
    if line.fault:
        line.level, line.fault = "warning", mask_numbers(line.fault)
    logger = _Direct.logger
    if logger is None:
        fields = msgspec.structs.asdict(line)
        del fields["timestamp"], fields["event"]
        structlog.get_logger().log(
            logging.getLevelName(fields.pop("level").upper()), "turn", **fields
        )
        return
    line.timestamp = logger.tick()
    logger.msg(_encoder.encode(line).decode())


class _Direct:
    """Where lines go without structlog: None unless they are JSON."""

    logger: "StderrLogger | None" = None


class StderrLogger:
    """Writes lines to stderr, those of one tick of the event loop together.

    A line that can't be written costs no caller an answer.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._tick = ""

    def tick(self) -> str:
        """Return the time (UTC) at which this tick of the event loop first asked for it."""
        if not (self._lines and self._tick):
            self._tick = _now()
        return self._tick

    def msg(self, line: str) -> None:
        self._lines.append(line + "\n")
        if len(self._lines) > 1:
            return
        try:
            asyncio.get_running_loop().call_soon(self._write)
        except RuntimeError:
            self._write()

    def _write(self) -> None:
        lines, self._lines, self._tick = self._lines, [], ""
        with suppress(OSError, ValueError):
            sys.stderr.write("".join(lines))
            sys.stderr.flush()

    debug = info = warning = error = critical = msg


def stamped(logger: object, method: str, entry: Entry) -> Entry:
    """Put time (UTC) and level in front, and mask the numbers in all but identifiers."""
    line = {"timestamp": _now(), "level": method, **entry}
    for name in entry.keys() - EXEMPT:
        value = entry[name]
        if isinstance(value, str):
            line[name] = mask_numbers(value)
    return line


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def as_json(logger: object, method: str, entry: Entry) -> str:
    """Return the line of an entry; alone it does what a chain of processors does, in less time."""
    if "exc_info" in entry:
        entry = structlog.processors.format_exc_info(logger, method, entry)
    return _encoder.encode(stamped(logger, method, entry)).decode()


def _adopt_standard_loggers(renderer: Processor) -> None:
    """Give the loggers of libraries the same form."""
    handler = logging.StreamHandler(sys.stderr)
    only_the_entry = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=[only_the_entry, renderer]))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
