"""Recordings (section 3.5): what is told of them, when the file is there."""

from ivrflow.clock import from_milliseconds
from ivrflow.emulator import callbacks
from ivrflow.emulator.asking import post
from ivrflow.emulator.svaml import Record
from ivrflow.emulator.transcript import Recording
from ivrflow.emulator.world import Call

DEPTH_BY_SCHEME = {"s3": 1, "azure": 2, "sdrive": 0}
"""What must come before a file: a bucket; an account and a container; nothing."""


def start(call: Call, record: Record) -> None:
    """Record from here on; what was recorded before is finished."""
    finish(call)
    call.record = record
    call.log(_entry(call, "started", file_of(call, record)))


def finish(call: Call) -> None:
    """End the recording, if there is one. Its file, and its transcript, are there later."""
    record, call.record = call.record, None
    if record is None:
        return
    file = file_of(call, record)
    switches = call.world.switches
    call.log(_entry(call, "finished", file))
    _tell(call, record, "recording_finished")
    call.world.later(switches.recording_delay, lambda: _available(call, record, file))
    if record.transcribe:
        words = file.rpartition(".")[0] + "-transcript.json"
        call.world.later(
            switches.transcription_delay,
            lambda: _tell(call, record, "transcription_available", destination=words),
        )


def file_of(call: Call, record: Record) -> str:
    """Return the URL of the file: the given one, or Sinch's name in the given directory."""
    scheme, _, path = record.destination.partition("://")
    *place, name = path.split("/")
    if "." in name and len(place) >= DEPTH_BY_SCHEME.get(scheme.lower(), 1):
        return record.destination
    at = from_milliseconds(call.started).strftime("%Y%m%d%H%M%S")
    return f"{record.destination.rstrip('/')}/{at}_{call.app.key}_{call.id}.{record.format}"


def _available(call: Call, record: Record, file: str) -> None:
    call.log(_entry(call, "available", file))
    _tell(call, record, "recording_available", destination=file)


def _tell(call: Call, record: Record, kind: str, **extra: object) -> None:
    if record.notify:
        post(call, "notify", callbacks.notify(call, kind, **extra))


def _entry(call: Call, state: str, file: str) -> Recording:
    return Recording(at=call.now, call=call.id, state=state, destination=file)
