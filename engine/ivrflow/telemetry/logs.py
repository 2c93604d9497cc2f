"""The server's log: one line an event, JSON unless a person watches; numbers masked."""

import logging
import sys
from collections.abc import MutableMapping
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
    renderer: Processor = structlog.dev.ConsoleRenderer() if console else to_json
    structlog.configure(
        processors=[stamped, structlog.processors.format_exc_info, masked, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Straight to the stream: the standard library's loggers cost more than a step does.
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    _adopt_standard_loggers(renderer)


def stamped(logger: object, method: str, entry: Entry) -> Entry:
    """Put time (UTC) and level in front; a processor of structlog."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"timestamp": now, "level": method, **entry}


def masked(logger: object, method: str, entry: Entry) -> Entry:
    """Mask the numbers in every field but identifiers; a processor of structlog."""
    for name in entry.keys() - EXEMPT:
        value = entry[name]
        if isinstance(value, str):
            entry[name] = mask_numbers(value)
    return entry


def to_json(logger: object, method: str, entry: Entry) -> str:
    """Return the line; a processor of structlog."""
    return _encoder.encode(entry).decode()


def _adopt_standard_loggers(renderer: Processor) -> None:
    """Give the loggers of libraries the same form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.processors.TimeStamper(fmt="iso", utc=True),
                structlog.processors.format_exc_info,
                masked,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
