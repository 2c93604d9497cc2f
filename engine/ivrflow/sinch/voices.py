"""Locales and voices of the platform, as Sinch's SDK for Node names them.

The lists are open: Sinch adds voices without notice, so what is missing here is only doubtful.
Names are Amazon Polly's; those of the locales in `AZURE` are Microsoft's and are listed nowhere.
"""

from functools import lru_cache

NAMES_BY_LOCALE: dict[str, tuple[str, ...]] = {
    "arb": ("Zeina",),
    "cmn-CN": ("Zhiyu",),
    "cy-GB": ("Gwyneth",),
    "da-DK": ("Mads", "Naja"),
    "de-AT": ("Hannah",),
    "de-DE": ("Daniel", "Hans", "Marlene", "Vicki"),
    "en-AU": ("Nicole", "Olivia", "Russell"),
    "en-GB": ("Amy", "Arthur", "Brian", "Emma"),
    "en-GB-WLS": ("Geraint",),
    "en-IN": ("Aditi", "Kajal", "Raveena"),
    "en-NZ": ("Aria",),
    "en-US": (
        "Ivy",
        "Joanna",
        "Joey",
        "Justin",
        "Kendra",
        "Kevin",
        "Kimberly",
        "Matthew",
        "Ruth",
        "Salli",
        "Stephen",
    ),
    "en-ZA": ("Ayanda",),
    "es-ES": ("Conchita", "Enrique", "Lucia", "Sergio"),
    "es-MX": ("Andres", "Mia"),
    "es-US": ("Lupe", "Miguel", "Pedro", "Penelope"),
    "fi-FI": ("Suvi",),
    "fr-CA": ("Chantal", "Gabrielle", "Liam"),
    "fr-FR": ("Celine", "Lea", "Mathieu", "Remi"),
    "hi-IN": ("Aditi", "Kajal"),
    "is-IS": ("Dora", "Karl"),
    "it-IT": ("Adriano", "Bianca", "Carla", "Giorgio"),
    "ja-JP": ("Kazuha", "Mizuki", "Takumi", "Tomoko"),
    "ko-KR": ("Seoyeon",),
    "nb-NO": ("Ida", "Liv"),
    "nl-NL": ("Laura", "Lotte", "Ruben"),
    "pl-PL": ("Ewa", "Jacek", "Jan", "Maja", "Ola"),
    "pt-BR": ("Camila", "Ricardo", "Thiago", "Vitoria"),
    "pt-PT": ("Cristiano", "Ines"),
    "ro-RO": ("Carmen",),
    "ru-RU": ("Maxim", "Tatyana"),
    "sv-SE": ("Astrid", "Elin"),
    "tr-TR": ("Burcu", "Filiz"),
}

AZURE = frozenset([
    "az-AZ", "ca-ES", "cs-CZ", "el-GR", "et-EE", "fil-PH", "hr-HR", "hu-HU", "id-ID", "ka-GE",
    "lt-LT", "lv-LV", "ms-MY", "mt-MT", "sk-SK", "sl-SI", "th-TH", "uk-UA", "uz-UZ", "vi-VN",
    "zh-HK",
])  # fmt: skip

LOCALES = AZURE | NAMES_BY_LOCALE.keys()

TRANSCRIBED = frozenset([
    "af-ZA", "ar-AE", "ar-SA", "da-DK", "de-CH", "de-DE", "en-AB", "en-AU", "en-GB", "en-IE",
    "en-IN", "en-NZ", "en-US", "en-WL", "en-ZA", "es-ES", "es-US", "fa-IR", "fr-CA", "fr-FR",
    "ga-IE", "gd_GB", "he-IL", "hi-IN", "id-ID", "it-IT", "ja-JP", "ko-KR", "ms-MY", "nl-NL",
    "pt-BR", "pt-PT", "ru-RU", "sv-SE", "ta-IN", "te-IN", "th-TH", "tr-TR", "vi-VN", "zh-CN",
    "zh-TW",
])  # fmt: skip
"""Locales in which recordings can be written down; `gd_GB` is spelled so by the platform."""

TELEPHONE = frozenset([
    "de-DE", "en-AU", "en-GB", "en-GB-WLS", "en-IN", "en-US", "es-ES", "es-MX", "es-US",
    "fr-CA", "fr-FR", "it-IT", "ja-JP", "pt-BR", "pt-PT", "ru-RU",
])  # fmt: skip
"""Locales whose voices know `say-as` telephone (Polly's developer guide, "say-as")."""

_LOCALE_BY_NAME = {
    name.lower(): locale for locale, names in NAMES_BY_LOCALE.items() for name in names
}

VOICES = frozenset(name for names in NAMES_BY_LOCALE.values() for name in names)


@lru_cache(maxsize=256)
def locale_of(voice: str) -> str:
    """Return the locale in which a voice speaks: one of `sv-SE`, `sv-SE/female` or `Astrid`."""
    return _LOCALE_BY_NAME.get(voice.lower()) or voice.partition("/")[0]


def is_voice(name: str) -> bool:
    """Whether the platform has this voice, as far as is known.

    A name that begins with a locale of `AZURE` is believed: `cs-CZ-VlastaNeural`.
    """
    if name in VOICES or name in LOCALES:
        return True
    locale, slash, gender = name.partition("/")
    if slash:
        return locale in LOCALES and gender in ("female", "male")
    return "-".join(name.split("-")[:2]) in AZURE
