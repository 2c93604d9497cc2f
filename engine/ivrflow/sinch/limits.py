"""Bounds of the Voice API v1, as Sinch's documents and SDKs state them."""

MAX_TEXT = 600
"""Characters of one text or TTS prompt."""

MAX_REPLY_PARTS, MAX_REPLY_TEXT = 64, 1_000
"""Parts, and characters of text, of one reply; Sinch's legacy SDK enforces them, nobody else."""

SOUNDS = frozenset([
    "aac", "adp", "adpcm", "aif", "aifc", "aiff", "gsm", "m4a", "mp3", "mp4", "mpeg", "mpga",
    "oga", "ogg", "opus", "wav",
])  # fmt: skip
"""Endings of sound files of the types that the platform plays (wav, mpeg, aac, aiff, gsm, ogg)."""

MAX_CALL = 14_400
"""Seconds that a connected call may last (connectPstn, connectSip, connectStream)."""

MAX_PARK = 600
"""Seconds that a call may be parked."""

MAX_ROOM = 64
"""Characters of a conference id."""

MIN_MENU_TIMEOUT, MAX_MENU_TIMEOUT = 1_000, 30_000
"""Milliseconds of silence that a menu may wait for; Sinch's legacy builder enforces them."""

MAX_DIGITS = 32
"""Digits that a menu is asked to collect. The platform documents no bound; people dial no more."""

MAX_HEADERS = 1_024
"""Bytes of the headers of a call, names and values together (`callHeaders`, 2021)."""

MAX_CALL_ID = 256
"""Characters of a call id. The platform's have some 40."""

MAX_CUSTOM = 1_024
"""Bytes of what a callout hands to all events of its call (`custom`)."""

MAX_FORWARDED, MAX_FORWARDED_NAME, MAX_FORWARDED_VALUE = 5, 32, 128
"""Headers `X-CB-*` of a callout that reach its callbacks, and the characters of each."""

DTMF = frozenset("0123456789#w")
"""Tones that may be sent; `w` is half a second of silence. No document lists `*`."""

HOLD_MUSIC = frozenset({"ring", "music1", "music2", "music3"})

TONES = frozenset(
    [
        "at",
        "au",
        "bg",
        "br",
        "be",
        "ch",
        "cl",
        "cn",
        "cz",
        "de",
        "dk",
        "ee",
        "es",
        "fi",
        "fr",
        "gr",
        "hu",
        "il",
        "in",
        "it",
        "lt",
        "jp",
        "mx",
        "my",
        "nl",
        "no",
        "nz",
        "ph",
        "pl",
        "pt",
        "ru",
        "se",
        "sg",
        "th",
        "uk",
        "us",
        "tw",
        "ve",
        "za",
    ]
)
"""Countries whose ring tone can be asked for (`indications`)."""

REGIONS = frozenset({"use1", "euc1", "sae1", "apse1", "apse2"})
