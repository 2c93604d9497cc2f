"""The Voice API v1 as the compiler and the analysis see it."""

from ivrflow.compiler.platform import Limits, Platform, Speech
from ivrflow.sinch import escape, limits, speech, ssml, voices
from ivrflow.sinch.matrix import ACTIONS, INSTRUCTIONS

PLATFORM = Platform(
    actions=ACTIONS,
    instructions=INSTRUCTIONS,
    limits=Limits(
        call=limits.MAX_CALL * 1000,
        park=limits.MAX_PARK * 1000,
        room=limits.MAX_ROOM,
        menu_timeout=(limits.MIN_MENU_TIMEOUT, limits.MAX_MENU_TIMEOUT),
        max_digits=limits.MAX_DIGITS,
        dtmf=limits.DTMF,
        tones=limits.TONES,
        reply_parts=limits.MAX_REPLY_PARTS,
        reply_text=limits.MAX_REPLY_TEXT,
        headers=limits.MAX_HEADERS,
    ),
    speech=Speech(
        locales=voices.LOCALES,
        voices=voices.VOICES,
        transcribed=voices.TRANSCRIBED,
        sounds=limits.SOUNDS,
        tags=ssml.TAGS,
        knows_voice=voices.is_voice,
        splits_well=ssml.splits_well,
        say_as=speech.say_as,
    ),
    insert_text=escape.in_text,
    insert_ssml=escape.in_ssml,
    insert_words=escape.words_in_ssml,
    insert_url=escape.in_url,
    insert_name=escape.in_name,
)
