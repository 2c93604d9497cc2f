"""Instructions as the platform reads them (sections 3.2 and 3.5)."""

from collections.abc import Callable

from ivrflow.emulator.fields import Fields
from ivrflow.emulator.prompts import Part, part
from ivrflow.emulator.read_values import checked, tones
from ivrflow.emulator.svaml import Answer, Cookie, Instruction, Play, Record, StopRecording, Tones
from ivrflow.emulator.switches import Switches
from ivrflow.errors import IllegalError

Maker = Callable[[Fields, Switches], Instruction]


def _play_files(given: Fields, switches: Switches) -> Play:
    ids = given.texts("ids")
    if not ids:
        raise IllegalError(f"{given.place} has no ids")
    locale = given.text("locale")
    parts = checked(tuple(part(each) for each in ids), given, given.place, switches)
    if not locale and any(each.kind != "file" for each in parts):
        given.notes.append(f"{given.place} has no locale, which text and SSML need")
    return Play(parts=parts, locale=locale)


def _say(given: Fields, switches: Switches) -> Play:
    text = given.text("text")
    return Play(
        parts=checked((Part("tts", text),), given, given.place, switches),
        locale=given.text("locale"),
    )


def _send_dtmf(given: Fields, switches: Switches) -> Tones:
    return Tones(value=tones(given.need_text("value"), given, switches))


def _set_cookie(given: Fields, switches: Switches) -> Cookie:
    return Cookie(key=given.need_text("key"), value=given.text("value"))


def _answer(given: Fields, switches: Switches) -> Answer:
    return Answer()


def _start_recording(given: Fields, switches: Switches) -> Record:
    options = given.child("options")
    if options is None:
        raise IllegalError(f"{given.place} has no options")
    destination = options.text("destinationUrl")
    if not destination.startswith(("s3://", "azure://", "sdrive://")):
        given.notes.append(f"{options.place}.destinationUrl is neither s3:// nor azure://")
    options.value("credentials")
    transcription = options.child("transcriptionOptions")
    return Record(
        destination=destination,
        format=options.text("format", "mp3"),
        notify=options.flag("notificationEvents", default=True),
        transcribe=transcription is not None and transcription.flag("enabled", default=False),
    )


def _stop_recording(given: Fields, switches: Switches) -> StopRecording:
    return StopRecording()


INSTRUCTION_BY_NAME: dict[str, Maker] = {
    "playFiles": _play_files,
    "say": _say,
    "sendDtmf": _send_dtmf,
    "setCookie": _set_cookie,
    "answer": _answer,
    "startRecording": _start_recording,
    "stopRecording": _stop_recording,
}
