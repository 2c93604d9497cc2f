"""What a glance at a text tells of keys, and the text as words: for `ivrflow.analysis.mentions`."""

import re
from collections.abc import Mapping, Set
from functools import lru_cache

import msgspec

from ivrflow.analysis.keywords import WORDS_BY_LANGUAGE, Phrase

KEYS = frozenset("0123456789*#")
DASHES = frozenset("-\u2013")
INSERT = "_"
"""Stands for each character of an insert: no word of any language, and no end of one."""

TOKEN = re.compile(r"\w+|[^\w\s\"'“”„«»\u2018\u2019()\[\]]")
"""A word, or a sign that parts words; quotes and brackets are neither."""

_TAG = re.compile(r"<[^<>]*>")
_PAUSES = re.compile(r"</?(?:break|p|s|speak)\b")


class Spotted(msgspec.Struct, frozen=True, kw_only=True):
    """What is seen of keys at a glance: those written as digit or sign, and all of which the text
    can speak at most. `inserts`: a part of it is only known in a call; `wordless`: there is nothing
    but such a part."""

    written: frozenset[str]
    possible: frozenset[str]
    inserts: bool
    wordless: bool


@lru_cache(maxsize=8192)
def spot(text: str, languages: frozenset[str], *, ssml: bool = False) -> Spotted:
    """Return what a glance at `text`, in one of `languages`, tells: enough for most prompts."""
    tokens = TOKEN.findall(plain_text(text, ssml=ssml))
    seen = set(tokens)
    names = _names(languages)
    written = KEYS & seen
    possible = written.union(names.key_by_word[each] for each in names.key_by_word.keys() & seen)
    possible = possible.union(key for name, key in names.long if seen.issuperset(name))
    dashes = names.dashes & seen
    if dashes and len(possible) > 1 and names.has_range(tokens, dashes):
        possible = KEYS
    return Spotted(
        written=written,
        possible=possible,
        inserts="{{" in text,
        wordless=not any(is_word(each) and each.strip(INSERT) for each in tokens),
    )


class _Names(msgspec.Struct, frozen=True, kw_only=True):
    """What keys and ranges of them are called in some languages, all together."""

    key_by_word: Mapping[str, str]
    long: tuple[tuple[Phrase, str], ...]
    dashes: frozenset[str]
    last: frozenset[str]

    def has_range(self, tokens: list[str], dashes: Set[str]) -> bool:
        """Whether one of `dashes` stands behind a key."""
        return any(
            each in dashes and index and tokens[index - 1] in self.last
            for index, each in enumerate(tokens)
        )


@lru_cache(maxsize=64)
def _names(languages: frozenset[str]) -> _Names:
    words = [WORDS_BY_LANGUAGE[each] for each in languages & WORDS_BY_LANGUAGE.keys()]
    several = [(name, key) for each in words for name, key in each.names.items()]
    short = [(name[0], key) for name, key in several if len(name) == 1]
    keys = dict(short)
    other = tuple(((name,), key) for name, key in short if keys[name] != key)
    return _Names(
        key_by_word=keys,
        long=(*other, *((name, key) for name, key in several if len(name) > 1)),
        dashes=DASHES.union(*(each.ranges for each in words)),
        last=KEYS.union(name[-1] for name, _ in several),
    )


def plain_text(text: str, *, ssml: bool) -> str:
    """Return `text` in lower case, without inserts and tags, each character at its place."""
    plain = _without_inserts(text) if "{{" in text else text
    if ssml:
        plain = _TAG.sub(_blank, plain)
    lowered = plain.lower()
    return lowered if len(lowered) == len(plain) else plain


def is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] == INSERT


def _without_inserts(text: str) -> str:
    """Return `text` with a stand-in for each insert, as long as itself."""
    pieces: list[str] = []
    at = 0
    while (begin := text.find("{{", at)) >= 0 and (end := text.find("}}", begin)) >= 0:
        pieces += [text[at:begin], INSERT * (end + 2 - begin)]
        at = end + 2
    return "".join([*pieces, text[at:]])


def _blank(found: re.Match[str]) -> str:
    """What stands for a tag, as long as itself: an end of the sentence, or nothing."""
    pause = "." if _PAUSES.match(found.group()) else " "
    return pause + " " * (len(found.group()) - 1)
