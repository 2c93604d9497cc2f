"""The server's log: one line an event, JSON unless a person watches; numbers masked."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Literal

import msgspec
import structlog

from ivrflow.telemetry.masking import mask_numbers

EXEMPT = frozenset({"call", "event", "program", "timestamp", "level", "app"})
"""Fields that never hold a number that a person dialled: identifiers and our own words."""


def configure(log_format: Literal["auto", "json", "console"]) -> None:
    """Send all logs of this process to stderr in one form, those of uvicorn included."""
    console = log_format == "console" or (log_format == "auto" and sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        masked,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer()
        if console
        else structlog.processors.JSONRenderer(serializer=_to_json)
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Straight to the stream: the standard library's loggers cost more than a step does.
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    _adopt_standard_loggers(shared, renderer)


def masked(
    logger: object, method: str, entry: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Mask the numbers in every field but identifiers; a processor of structlog."""
    for name, value in entry.items():
        if name not in EXEMPT and isinstance(value, str):
            entry[name] = mask_numbers(value)
    return entry


def _to_json(entry: object, **options: object) -> str:
    return msgspec.json.encode(entry, enc_hook=repr).decode()


def _adopt_standard_loggers(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> None:
    """Give the loggers of libraries the same form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
