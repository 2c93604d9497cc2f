"""The Voice API v1 as the compiler and the analysis see it."""

from ivrflow.compiler.platform import Limits, Platform
from ivrflow.sinch import escape, limits
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
    ),
    insert_text=escape.in_text,
    insert_ssml=escape.in_ssml,
    insert_url=escape.in_url,
    insert_name=escape.in_name,
)
