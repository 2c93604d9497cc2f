"""What the vendor leaves open, as switches. Each default has its reason in `docs/emulator.md`."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from ivrflow import pace

LONGEST = 86_400_000
"""Milliseconds of a day: nothing takes longer."""

Ms = Annotated[int, Meta(ge=0, le=LONGEST)]


class Switches(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Times in milliseconds unless the name says otherwise."""

    # -- callbacks and their answers
    reply_timeout: Annotated[int, Meta(ge=1, le=LONGEST)] = 5_000
    fallback_on_refusal: bool = True
    bad_reply: Literal["callingerror", "fallback"] = "callingerror"
    string_reply: Literal["take", "illegal"] = "take"
    illegal_svaml: Literal["end", "silent"] = "end"
    silent_pie: Literal["hangup", "continue"] = "hangup"
    dice_per_leg: bool = False
    dice_waits: bool = True
    sign_query: bool = False
    signed_path: Literal["sent", "decoded"] = "sent"
    content_type: Literal["application/json; charset=utf-8", "application/json"] = (
        "application/json; charset=utf-8"
    )
    scheme: Literal["application", "Application"] = "application"
    timestamps: Literal["seconds", "milliseconds", "ticks"] = "seconds"
    odd: bool = False

    # -- menus
    first_menu: Literal["main", "mainMenu"] = "main"
    repeats: Annotated[int, Meta(ge=0, le=100)] = 3
    options_with_digits: Literal["option", "digits"] = "option"
    lone_pound: Literal["sequence", "invalid"] = "sequence"
    type_ahead: bool = False

    # -- what is heard
    unanswered_prompts: Literal["early", "answer", "unheard"] = "early"
    long_text: Literal["play", "illegal"] = "play"
    naive_split: bool = False
    star_tones: bool = False
    ace_audience: Literal["caller", "callee"] = "caller"
    bridged_menu: Literal["caller", "callee"] = "callee"
    audio: Ms = pace.SOUND_FILE
    error_prompt: str = "An error has occurred. The call will be disconnected."

    # -- calls and their ends
    dial_timeout: Ms = pace.RINGING
    callout_duration: Ms = 14_400_000
    busy_reason: Literal["N/A", "BUSY"] = "N/A"
    no_answer_reason: Literal["N/A", "NOANSWER"] = "N/A"
    cancel_result: Literal["NOANSWER", "N/A", "CANCEL"] = "NOANSWER"
    amd_delay: Ms = 2_500
    async_ace: Literal["inprogress", "absent"] = "inprogress"
    recording_delay: Ms = 5_000
    transcription_delay: Ms = 60_000
    rate: Annotated[float, Meta(ge=0, le=1_000)] = 0.0095

    # -- cookies and rooms
    cookie_overflow: Literal["drop", "illegal"] = "drop"
    cookies_on_notify: bool = False
    cookies_on_detect: bool = True
    detect_needs_enable_pie: bool = True
    ace_on_conference: bool = False

    # -- REST
    patch_in_menu: Literal["play", "refuse"] = "play"
    tts_without_cli: Literal["silent", "ring"] = "silent"
    ice_with_destination: bool = False
    callout_answer_after: Ms = 0
    fallback_cleared: bool = True
    empty_status: Literal[200, 204] = 200
    skew_seconds: Annotated[int, Meta(ge=0, le=86_400)] = 300
    request_signatures: Literal["lenient", "strict"] = "lenient"
    query_key: Literal["number", "numberItem"] = "number"
    basic: bool = True
