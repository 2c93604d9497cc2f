"""Replies to the bytes of SVAML.

Every value that a menu returns ends in the number of the reply that offers it
(`return(sales.7)`), so an input says which offer it answers. What a call computed is kept within
the platform's limits here: durations are cut, long texts split, names that are too long shortened.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import cast

import msgspec
from msgspec import UNSET, UnsetType

from ivrflow.machine import replies
from ivrflow.machine.replies import MENU, Part, Reply
from ivrflow.model.flow import Amd
from ivrflow.sinch import limits, svaml
from ivrflow.sinch.escape import in_brackets, without_control
from ivrflow.sinch.ssml import split_ssml

LONGEST_BREAK = 10_000
"""Milliseconds of one `<break>` (Amazon Polly)."""

MAX_MARKED = limits.MAX_TEXT - len("#tts[]")
"""The platform doesn't say whether its limit counts the marks around a text."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。\uff01\uff1f])")
_NOT_IN_HREF = str.maketrans({"[": "%5B", "]": "%5D", ";": "%3B"})
_encoder = msgspec.json.Encoder()


def detecting(amd: Amd) -> svaml.Amd | UnsetType:
    """Return whether the platform is to tell who answered, and when."""
    if not amd:
        return UNSET
    return svaml.Amd(enabled=True, is_async=True if amd == "async" else UNSET)


def render(reply: Reply) -> bytes:
    """Return the SVAML of a reply, as JSON."""
    return _encoder.encode(to_svaml(reply))


def to_svaml(reply: Reply) -> svaml.Svaml:
    """Return the SVAML object of a reply."""
    instructions = tuple(_instructions(reply.instructions))
    return svaml.Svaml(
        instructions=instructions or UNSET, action=_action(reply.action, reply.number)
    )


def _instructions(given: Iterable[replies.Instruction]) -> Iterator[svaml.Instruction]:
    for each in given:
        match each:
            case replies.Say() | replies.Ssml() | replies.Audio():
                yield from _heard(each)
            case replies.Answer():
                yield svaml.Answer()
            case replies.StartRecording():
                yield _start_recording(each)
            case replies.StopRecording():
                yield svaml.StopRecording()
            case replies.SendDtmf(tones=tones):
                sendable = _tones(tones)
                if sendable is not UNSET:
                    yield svaml.SendDtmf(value=sendable)


def _heard(part: Part) -> Iterator[svaml.Instruction]:
    if isinstance(part, replies.Say):
        for piece in split(without_control(part.text)):
            yield svaml.Say(text=piece, locale=part.voice or UNSET)
        return
    voice = part.voice if isinstance(part, replies.Ssml) else ""
    ids = tuple(_marked(part))
    if ids:
        yield svaml.PlayFiles(ids=ids, locale=voice or UNSET)


def _start_recording(record: replies.StartRecording) -> svaml.StartRecording:
    transcription = svaml.TranscriptionOptions(enabled=True, locale=record.transcribe)
    return svaml.StartRecording(
        options=svaml.RecordingOptions(
            destination_url=record.to,
            credentials=record.credentials or UNSET,
            format=record.format or UNSET,
            transcription_options=transcription if record.transcribe else UNSET,
        )
    )


def _action(action: replies.Action, number: int) -> svaml.Action:
    match action:
        case replies.Menu():
            return _menu(action, number)
        case replies.ConnectNumber():
            return _connect_number(action)
        case replies.ConnectSip():
            return _connect_sip(action)
        case replies.ConnectUser(user=user, headers=headers):
            return svaml.ConnectMxp(
                destination=svaml.User(type="username", endpoint=user),
                call_headers=_headers(headers),
            )
        case replies.ConnectStream():
            return _connect_stream(action)
        case replies.Conference():
            return _conference(action)
        case replies.Park():
            return _park(action)
        case replies.Continue():
            return svaml.Continue()
        case replies.Hangup():
            return svaml.Hangup()


def _menu(menu: replies.Menu, number: int) -> svaml.RunMenu:
    prompt = _menu_text(menu.prompt)
    repeat = _menu_text(menu.reprompt) if menu.reprompt else prompt
    return svaml.RunMenu(
        barge=menu.barge,
        locale=menu.voice or UNSET,
        main_menu=MENU,
        enable_voice=menu.speech or UNSET,
        menus=(
            svaml.Menu(
                id=MENU,
                main_prompt=prompt or UNSET,
                repeat_prompt=(repeat or UNSET) if menu.repeats else UNSET,
                repeats=menu.repeats,
                max_digits=min(menu.max_digits, limits.MAX_DIGITS) or UNSET,
                timeout_mills=menu.timeout,
                options=_options(menu.keys, number) or UNSET,
            ),
        ),
    )


@lru_cache(maxsize=1_024)
def _options(keys: tuple[replies.Key, ...], number: int) -> tuple[svaml.Option, ...]:
    return tuple(_each_option(keys, number))


def _each_option(keys: tuple[replies.Key, ...], number: int) -> Iterator[svaml.Option]:
    for key in keys:
        action = f"return({key.value}.{number})"
        if not key.words:
            yield svaml.Option(dtmf=key.key, action=action)
        for word in key.words:
            yield svaml.Option(dtmf=key.key, action=action, input=word)


def _connect_number(connect: replies.ConnectNumber) -> svaml.ConnectPstn:
    return svaml.ConnectPstn(
        number=connect.number,
        locale=connect.voice or UNSET,
        max_duration=seconds(connect.max_duration, limits.MAX_CALL),
        dial_timeout=seconds(connect.timeout, limits.MAX_CALL),
        cli=connect.cli or UNSET,
        suppress_callbacks=UNSET if connect.callbacks else True,
        dtmf=_tones(connect.dtmf),
        indications=connect.tones or UNSET,
        amd=detecting(connect.amd),
    )


def _connect_sip(connect: replies.ConnectSip) -> svaml.ConnectSip:
    return svaml.ConnectSip(
        destination=svaml.SipAddress(type="sip", endpoint=connect.address),
        max_duration=seconds(connect.max_duration, limits.MAX_CALL),
        cli=connect.cli or UNSET,
        transport=cast(svaml.Transport, connect.transport) if connect.transport else UNSET,
        suppress_callbacks=UNSET if connect.callbacks else True,
        call_headers=_headers(connect.headers),
        moh=_music(connect.hold_music),
    )


def _connect_stream(connect: replies.ConnectStream) -> svaml.ConnectStream:
    return svaml.ConnectStream(
        destination=svaml.WebSocket(type="Websocket", endpoint=connect.url),
        max_duration=seconds(connect.max_duration, limits.MAX_CALL),
        call_headers=_headers(connect.headers),
    )


def _conference(conference: replies.Conference) -> svaml.ConnectConf:
    options: svaml.ConferenceDtmfOptions | UnsetType = UNSET
    if conference.dtmf == "detect":
        options = svaml.ConferenceDtmfOptions(
            mode="detect", max_digits=conference.max_digits, timeout_mills=conference.timeout
        )
    elif conference.dtmf == "forward":
        options = svaml.ConferenceDtmfOptions(mode="forward")
    return svaml.ConnectConf(
        conference_id=_room(conference.room),
        conference_dtmf_options=options,
        moh=_music(conference.hold_music),
    )


def _park(park: replies.Park) -> svaml.Park:
    return svaml.Park(
        locale=park.voice or UNSET,
        intro_prompt=prompt_text(park.intro) or UNSET,
        hold_prompt=";".join(filter(None, (prompt_text(park.prompt), _silence(park.pause))))
        or UNSET,
        max_duration=seconds(park.max_duration, limits.MAX_PARK),
    )


def _silence(pause: int) -> str:
    """Return silence as a part of a prompt string, "" for none; a long one is several breaks."""
    whole, rest = divmod(pause, LONGEST_BREAK)
    times = [LONGEST_BREAK] * whole + ([rest] if rest else [])
    marks = "".join(f'<break time="{each}ms"/>' for each in times)
    return f"#ssml[<speak>{marks}</speak>]" if marks else ""


# -- prompts --------------------------------------------------------------------------------------


def prompt_text(parts: Iterable[Part]) -> str:
    """Return parts as the platform's prompt string: `#tts[..];#href[..]`."""
    return ";".join(marked for part in parts for marked in _marked(part))


@lru_cache(maxsize=256)
def _menu_text(parts: tuple[Part, ...]) -> str:
    """Return `prompt_text`, remembered: most menus say the same to everybody."""
    return prompt_text(parts)


def _marked(part: Part) -> Iterator[str]:
    match part:
        case replies.Say(text=text):
            for piece in split(in_brackets(text), MAX_MARKED):
                yield f"#tts[{piece}]"
        case replies.Ssml(text=text):
            for piece in split_ssml(text):
                yield f"#ssml[{piece}]"
        case replies.Audio(url=url):
            yield f"#href[{url.translate(_NOT_IN_HREF)}]"


def split(text: str, limit: int = limits.MAX_TEXT) -> Iterator[str]:
    """Yield `text` in pieces of at most `limit` characters, cut at the ends of sentences.

    A sentence that is longer is cut between words, a word that is longer anywhere.
    """
    text = text.strip()
    while len(text) > limit:
        found = (match.start() for match in _SENTENCE.finditer(text, 0, limit + 1))
        ends = [end for end in found if end <= limit]
        cut = (ends[-1] if ends else text.rfind(" ", 1, limit + 1)) or limit
        cut = cut if cut > 0 else limit
        yield text[:cut].rstrip()
        text = text[cut:].lstrip()
    if text:
        yield text


# -- values ---------------------------------------------------------------------------------------


def seconds(milliseconds: int, most: int) -> int | UnsetType:
    """Whole seconds, at least one and at most `most`; 0 is left out."""
    return min(max(1, -(-milliseconds // 1000)), most) if milliseconds else UNSET


def _tones(tones: str) -> str | UnsetType:
    return "".join(each for each in tones if each in limits.DTMF) or UNSET


def _headers(headers: dict[str, str]) -> tuple[svaml.Header, ...] | UnsetType:
    found = tuple(
        svaml.Header(key=without_control(key), value=without_control(value))
        for key, value in headers.items()
    )
    return found or UNSET


def _music(name: str) -> svaml.Music | UnsetType:
    return cast(svaml.Music, name) if name in limits.HOLD_MUSIC else UNSET


def _room(name: str) -> str:
    """A room's name within the limit; a longer one ends in a hash that keeps it apart."""
    if len(name) <= limits.MAX_ROOM:
        return name
    apart = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]
    return f"{name[: limits.MAX_ROOM - 17]}-{apart}"
