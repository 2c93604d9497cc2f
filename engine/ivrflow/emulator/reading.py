"""Replies as the platform reads them: any casing, loose types; what is doubtful is noted.

Reference: "Emit canonical; when simulating, match case-insensitively", and "execute anything, log a
warning". This reader shares nothing with what `ivrflow.sinch` writes, so neither hides the other's
mistakes.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from ivrflow.emulator.fields import Fields, IllegalError, decode
from ivrflow.emulator.prompts import Part, part, split
from ivrflow.emulator.svaml import (
    MAX_CALL,
    MAX_PARK,
    MAX_ROOM,
    MAX_TEXT,
    TONES,
    Action,
    Answer,
    Confer,
    Connect,
    Continue,
    Cookie,
    Hangup,
    Instruction,
    Menu,
    Option,
    Park,
    Play,
    Record,
    RunMenu,
    StopRecording,
    Svaml,
    Tones,
)
from ivrflow.emulator.switches import Switches

LEAST_SILENCE, MOST_SILENCE = 1_000, 30_000
"""Milliseconds that a menu waits for input; the legacy builder's bounds."""

_OPTION = re.compile(r"\s*(return|menu)\s*\((.*)\)\s*", re.IGNORECASE | re.DOTALL)
_TAGGED = re.compile(r"\s*#(tts|ssml)\[", re.IGNORECASE)


def read(body: bytes | str, switches: Switches, *, patch: bool = False) -> Svaml:
    """Return the reply in `body`; raises `IllegalError`, which says why it can't be executed."""
    notes: list[str] = []
    reply = Fields(decode(body), "the reply", notes)
    reader = _Reader(switches, notes)
    instructions, names = [], []
    for each in reply.children("instructions"):
        name, instruction = reader.instruction(each)
        names.append(name)
        instructions.append(instruction)
    given = reply.child("action")
    if given is None and not patch:
        raise IllegalError("the reply has no action")
    name, action = reader.action(given) if given is not None else ("", None)
    reply.done()
    return Svaml(
        instructions=tuple(instructions),
        action=action,
        name=name,
        names=tuple(names),
        notes=tuple(notes),
    )


class _Reader:
    def __init__(self, switches: Switches, notes: list[str]) -> None:
        self.switches = switches
        self.notes = notes

    def instruction(self, given: Fields) -> tuple[str, Instruction]:
        name, make = _named(given, INSTRUCTION_BY_NAME, "instruction")
        made = make(self, given)
        given.done()
        return name, made

    def action(self, given: Fields) -> tuple[str, Action]:
        name, make = _named(given, ACTION_BY_NAME, "action")
        made = make(self, given)
        given.done()
        return name, made

    # -- instructions

    def play_files(self, given: Fields) -> Play:
        ids = given.texts("ids")
        if not ids:
            raise IllegalError(f"{given.place} has no ids")
        locale = given.text("locale")
        parts = self.checked(tuple(part(each) for each in ids), given.place)
        if not locale and any(each.kind != "file" for each in parts):
            self.notes.append(f"{given.place} has no locale, which text and SSML need")
        return Play(parts=parts, locale=locale)

    def say(self, given: Fields) -> Play:
        text = given.text("text")
        return Play(
            parts=self.checked((Part("tts", text),), given.place), locale=given.text("locale")
        )

    def send_dtmf(self, given: Fields) -> Tones:
        return Tones(value=self.tones(given.need_text("value"), given.place))

    def set_cookie(self, given: Fields) -> Cookie:
        return Cookie(key=given.need_text("key"), value=given.text("value"))

    def answer(self, given: Fields) -> Answer:
        return Answer()

    def start_recording(self, given: Fields) -> Record:
        options = given.child("options")
        if options is None:
            raise IllegalError(f"{given.place} has no options")
        destination = options.text("destinationUrl")
        if not destination.startswith(("s3://", "azure://", "sdrive://")):
            self.notes.append(f"{options.place}.destinationUrl is neither s3:// nor azure://")
        options.value("credentials")
        transcription = options.child("transcriptionOptions")
        return Record(
            destination=destination,
            format=options.text("format", "mp3"),
            notify=options.flag("notificationEvents", default=True),
            transcribe=transcription is not None and transcription.flag("enabled", default=False),
        )

    def stop_recording(self, given: Fields) -> StopRecording:
        return StopRecording()

    # -- actions

    def hangup(self, given: Fields) -> Hangup:
        return Hangup()

    def go_on(self, given: Fields) -> Continue:
        return Continue()

    def connect_pstn(self, given: Fields) -> Connect:
        amd = given.child("amd")
        enabled = amd is not None and amd.flag("enabled", default=False)
        later = amd is not None and amd.flag("async", default=False)
        given.value("locale")
        return Connect(
            kind="number",
            to=given.text("number"),
            cli=given.text("cli"),
            max_duration=self.seconds(given, MAX_CALL),
            dial_timeout=given.integer("dialTimeout"),
            callbacks=not given.flag("suppressCallbacks", default=False),
            dtmf=self.tones(given.text("dtmf"), given.place),
            ring=given.text("indications"),
            amd=("async" if later else "sync") if enabled else "",
        )

    def connect_mxp(self, given: Fields) -> Connect:
        to = given.child("destination")
        return Connect(
            kind="username",
            to=to.need_text("endpoint") if to is not None else "",
            headers=given.pairs("callHeaders"),
        )

    def connect_sip(self, given: Fields) -> Connect:
        given.value("transport")
        given.value("moh")
        return Connect(
            kind="sip",
            to=self.destination(given),
            cli=given.text("cli"),
            headers=given.pairs("callHeaders"),
            max_duration=self.seconds(given, MAX_CALL),
            callbacks=not given.flag("suppressCallbacks", default=False),
        )

    def connect_stream(self, given: Fields) -> Connect:
        given.value("streamingOptions")
        return Connect(
            kind="stream",
            to=self.destination(given),
            headers=given.pairs("callHeaders"),
            max_duration=self.seconds(given, MAX_CALL),
        )

    def connect_conf(self, given: Fields) -> Confer:
        return confer(given, given.need_text("conferenceId"), given.text("moh"), self.notes)

    def run_menu(self, given: Fields) -> RunMenu:
        menus = tuple(self.menu(each) for each in given.children("menus"))
        voice = given.flag("enableVoice", default=False)
        locale = given.text("locale")
        if voice and not locale:
            self.notes.append(f"{given.place} has enableVoice but no locale")
        return RunMenu(
            menus=menus,
            main=given.text("mainMenu"),
            barge=given.flag("barge", default=True),
            voice=voice,
            locale=locale,
        )

    def menu(self, given: Fields) -> Menu:
        prompt = self.prompt(given, "mainPrompt")
        found = Menu(
            id=given.need_text("id"),
            prompt=prompt,
            repeat=self.prompt(given, "repeatPrompt") or prompt,
            repeats=given.integer("repeats") if "repeats" in given else None,
            max_digits=given.integer("maxDigits"),
            timeout=self.silence(given),
            max_timeout=given.integer("maxTimeoutMills", 20_000),
            options=tuple(self.option(each) for each in given.children("options")),
        )
        given.value("repeats")
        given.done()
        return found

    def silence(self, given: Fields) -> int:
        timeout = given.integer("timeoutMills", 5_000)
        if not LEAST_SILENCE <= timeout <= MOST_SILENCE:
            self.notes.append(f"{given.place}.timeoutMills is not 1000 to 30000")
        return max(timeout, LEAST_SILENCE)

    def option(self, given: Fields) -> Option:
        key, action = given.text("dtmf"), given.text("action")
        add = tuple(given.pairs("add").items())
        match = _OPTION.fullmatch(action)
        if match is None:
            self.notes.append(f'{given.place}.action "{action}" is neither return(..) nor menu(..)')
        does, value = match.groups() if match else ("", action)
        word = given.text("input")
        return Option(
            key=key,
            does="return" if does.lower() == "return" else "menu" if does else "",
            value=value,
            word=word,
            add=add,
        )

    def park(self, given: Fields) -> Park:
        return Park(
            intro=self.prompt(given, "introPrompt"),
            hold=self.prompt(given, "holdPrompt"),
            locale=given.text("locale"),
            max_duration=self.seconds(given, MAX_PARK) or MAX_PARK,
        )

    # -- values

    def destination(self, given: Fields) -> str:
        to = given.child("destination")
        if to is None:
            raise IllegalError(f"{given.place} has no destination")
        return to.need_text("endpoint")

    def seconds(self, given: Fields, most: int) -> int:
        seconds = given.integer("maxDuration")
        if seconds > most:
            self.notes.append(f"{given.place}.maxDuration is more than {most}")
        return min(seconds, most)

    def tones(self, tones: str, place: str) -> str:
        known = TONES + "*" if self.switches.star_tones else TONES
        if any(each not in known for each in tones):
            self.notes.append(f'{place} sends "{tones}": only {known} can be sent')
        return "".join(each for each in tones if each in known)

    def prompt(self, given: Fields, key: str) -> tuple[Part, ...]:
        text = given.text(key)
        parts = split(text, naive=self.switches.naive_split)
        return self.checked(parts, f"{given.place}.{key}")

    def checked(self, parts: tuple[Part, ...], place: str) -> tuple[Part, ...]:
        for each in parts:
            if each.stray:
                self.notes.append(f'{place} has "{each.stray}" behind a bracket: nobody hears it')
            if each.kind != "file" and len(each.text) > MAX_TEXT:
                problem = f"{place} has a text of {len(each.text)} characters, more than {MAX_TEXT}"
                if self.switches.long_text == "illegal":
                    raise IllegalError(problem)
                self.notes.append(problem)
            if _TAGGED.match(each.text):
                self.notes.append(f"{place} has a mark inside a text: it is read aloud")
        return parts


def confer(given: Fields, room: str, moh: str, notes: list[str]) -> Confer:
    """Return how to join a room, by the fields that `connectConf` and callouts share."""
    if len(room) > MAX_ROOM:
        raise IllegalError(f"{given.place}.conferenceId has more than {MAX_ROOM} characters")
    options = given.child("conferenceDtmfOptions")
    if options is None:
        return Confer(room=room, moh=moh)
    mode = options.text("mode", "ignore").lower()
    if mode not in ("ignore", "forward", "detect"):
        notes.append(f'{options.place}.mode "{mode}" is unknown: keys are ignored')
    return Confer(
        room=room,
        moh=moh,
        mode="forward" if mode == "forward" else "detect" if mode == "detect" else "ignore",
        max_digits=max(1, options.integer("maxDigits", 1)),
        timeout=options.integer("timeoutMills", 3_000),
    )


M = TypeVar("M")
InstructionMaker = Callable[[_Reader, Fields], Instruction]
ActionMaker = Callable[[_Reader, Fields], Action]

INSTRUCTION_BY_NAME: dict[str, InstructionMaker] = {
    "playFiles": _Reader.play_files,
    "say": _Reader.say,
    "sendDtmf": _Reader.send_dtmf,
    "setCookie": _Reader.set_cookie,
    "answer": _Reader.answer,
    "startRecording": _Reader.start_recording,
    "stopRecording": _Reader.stop_recording,
}
ACTION_BY_NAME: dict[str, ActionMaker] = {
    "hangup": _Reader.hangup,
    "continue": _Reader.go_on,
    "connectPstn": _Reader.connect_pstn,
    "connectMxp": _Reader.connect_mxp,
    "connectSip": _Reader.connect_sip,
    "connectStream": _Reader.connect_stream,
    "connectConf": _Reader.connect_conf,
    "runMenu": _Reader.run_menu,
    "park": _Reader.park,
}


def _named(given: Fields, known: dict[str, M], what: str) -> tuple[str, M]:
    name = given.need_text("name")
    for spelled, make in known.items():
        if spelled.lower() == name.lower():
            if spelled != name:
                given.notes.append(f'"{name}" is spelled "{spelled}"')
            return spelled, make
    raise IllegalError(f'"{name}" is no {what}')
