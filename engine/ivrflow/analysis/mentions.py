"""Which keys a text speaks of, and which it tells callers to press.

The two are judged apart. A key is *mentioned* where its digit or name stands at all: enough to say
nothing about it. A caller is *told* to press it only where the words leave no doubt: behind
"press", and not where it counts something ("press 3 times"). One pass over the words, each looked
at with a few before it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from ivrflow.analysis.keywords import WORDS_BY_LANGUAGE, Words
from ivrflow.analysis.spotting import DASHES, KEYS, TOKEN, is_word, plain_text

WIDEST = 5
"""How many fillers may stand between "press" and its key."""

LONGEST_NAME = 3
"""Words that the longest name of a key has."""

ENDS = frozenset(".!?")
_SIGNS = frozenset("$€£+@*#")
_INSIDE = DASHES | frozenset(".,:/'")
_UNITS = frozenset("%°€$£*#")


class Told(msgspec.Struct, frozen=True):
    """A key that callers are told to press, and where in the text."""

    key: str
    offset: int
    length: int


class Mentions(msgspec.Struct, frozen=True, kw_only=True):
    """What a text says of keys: those that it speaks of, and those that it tells to press."""

    keys: frozenset[str]
    told: tuple[Told, ...]


@lru_cache(maxsize=8192)
def mentions(text: str, languages: frozenset[str], *, ssml: bool = False) -> Mentions:
    """Return what `text`, in one of `languages`, says of keys."""
    plain = plain_text(text, ssml=ssml)
    found = tuple(TOKEN.finditer(plain))
    tokens = [each.group() for each in found]
    readers = [
        _Reader(plain, found, tokens, WORDS_BY_LANGUAGE[each])
        for each in sorted(languages & WORDS_BY_LANGUAGE.keys())
    ]
    return Mentions(
        keys=KEYS.intersection(tokens).union(*(each.mentioned for each in readers)),
        told=tuple(dict.fromkeys(told for each in readers for told in each.told)),
    )


class _Key(msgspec.Struct, frozen=True, gc=False):
    """A key in the text: the tokens from `first` up to `last`, which is the first behind it."""

    key: str
    first: int
    last: int


class _Reader:
    """Reads the tokens of a text in one language; `told` are the keys to press, in their order."""

    def __init__(
        self, plain: str, places: tuple[re.Match[str], ...], tokens: list[str], words: Words
    ) -> None:
        self.plain = plain
        self.places = places
        self.tokens = tokens
        self.words = words
        self.told: list[Told] = []
        self.mentioned: set[str] = set()
        self.closed: dict[int, bool] = {}
        self.read()

    def text(self, index: int) -> str:
        return self.tokens[index] if 0 <= index < len(self.tokens) else "."

    def closes(self, index: int) -> bool:
        """Whether a key before this token stands for itself and counts nothing: behind a join that
        goes for the next number too."""
        passed: list[int] = []
        while index not in self.closed and self.is_joined(index):
            passed.append(index)
            index += 2
        if index not in self.closed:
            self.closed[index] = self.is_end(index)
        self.closed.update(dict.fromkeys(passed, self.closed[index]))
        return self.closed[index]

    def is_joined(self, index: int) -> bool:
        join, number = self.text(index), self.text(index + 1)
        is_join = join in self.words.joins or join in self.words.ranges
        return is_join and (number.isdecimal() or (number,) in self.words.names)

    def is_end(self, index: int) -> bool:
        word = self.text(index)
        if word in self.words.joins or word in self.words.ranges:
            return self.text(index + 1) not in self.words.more
        return not is_word(word) or word in self.words.after or word in self.words.key

    def read(self) -> None:
        """Take the keys in their order. `told` is the last that the sentence told."""
        before: _Key | None = None
        told: _Key | None = None
        for key in self.keys():
            if before is not None and self.is_over(before.last, key.first):
                told = None
            self.mention(key, before)
            chained = told is not None and self.is_chained(told, key)
            listed = told is not None and self.is_listed(key)
            if self.stands(key) and (chained or listed or self.is_pressed(key)):
                self.tell(key, told if chained else None)
                told = key
            before = key
        if any(phrase[0] in self.tokens for phrase in self.words.any):
            words = " ".join(self.tokens)
            if any(" ".join(phrase) in words for phrase in self.words.any):
                self.mentioned |= KEYS

    def is_over(self, first: int, last: int) -> bool:
        """Whether a sentence ends from token `first` up to `last`."""
        return not ENDS.isdisjoint(self.tokens[first:last])

    def stands(self, key: _Key) -> bool:
        """Whether a key stands for itself: "one key" may be any."""
        article = key.key == "1" and self.text(key.first) != "1"
        return self.closes(key.last) and not (article and self.text(key.last) in self.words.key)

    def keys(self) -> Iterator[_Key]:
        """Yield the keys that stand for themselves, not inside a number or as one of a price."""
        behind = 0
        for index, token in enumerate(self.tokens):
            if index < behind:
                continue
            if token in KEYS:
                if not self.is_glued(index):
                    yield _Key(token, index, index + 1)
            elif token in self.words.first_words:
                found = self.named(index)
                if found is not None:
                    behind = found.last
                    yield found

    def named(self, index: int) -> _Key | None:
        """Return the key whose name begins here, the longest of several."""
        for length in range(LONGEST_NAME, 0, -1):
            key = self.words.names.get(tuple(self.tokens[index : index + length]))
            if key is not None and index + length <= len(self.tokens):
                return _Key(key, index, index + length)
        return None

    def is_glued(self, index: int) -> bool:
        """Whether a digit is a part of a number, a price, a time."""
        begin, end = self.places[index].span()
        before, after = self.plain[max(0, begin - 2) : begin], self.plain[end : end + 2]
        if before[-1:] in _SIGNS and before:
            return True
        if before[-1:] in _INSIDE and before[:1].isdecimal() and len(before) == 2:
            return not self.is_range(index - 2)
        if after[:1] in _UNITS and after:
            return True
        glued = after[:1] in _INSIDE and after[1:].isalnum()
        return glued and not self.is_range(index)

    def is_range(self, index: int) -> bool:
        """Whether two digits and a dash are all: 1-4."""
        first, dash, last = self.text(index), self.text(index + 1), self.text(index + 2)
        if not (first in KEYS and last in KEYS and dash in DASHES):
            return False
        begin, end = self.places[index].start(), self.places[index + 2].end()
        around, behind = self.plain[max(0, begin - 1) : begin], self.plain[end : end + 2]
        inside = behind[:1] in _INSIDE and behind[1:].isalnum()
        return not (around and around in _INSIDE) and not inside

    def is_pressed(self, key: _Key) -> bool:
        """Whether it is the key of a "press", of a "key" or of a verb behind it."""
        if self.text(key.last) in self.words.press_last:
            return not self.is_negated(key.first)
        if self.text(key.first - 1) in self.words.key:
            return not self.is_negated(key.first - 1)
        for index in range(key.first - 1, key.first - 2 - WIDEST, -1):
            if self.text(index) in self.words.press:
                return not self.is_negated(index)
            if self.text(index) not in self.words.fillers:
                return False
        return False

    def is_negated(self, index: int) -> bool:
        for before in range(index - 1, index - 4, -1):
            if not is_word(self.text(before)):
                return False
            if self.text(before) in self.words.negations:
                return True
        return False

    def is_chained(self, previous: _Key, key: _Key) -> bool:
        """Whether only a join stands between a key that is told and this: "1, 2 or 3"."""
        if not 0 < key.first - previous.last <= WIDEST:
            return False
        between = [self.text(each) for each in range(previous.last, key.first)]
        rest = [each for each in between if each not in self.words.fillers - self.words.joins]
        return bool(rest) and all(self.is_join(each) for each in rest)

    def is_join(self, word: str) -> bool:
        return (
            word == "," or word in DASHES or word in self.words.joins or word in self.words.ranges
        )

    def is_listed(self, key: _Key) -> bool:
        """Whether the sentence goes on like this: "press 1 for sales, 2 for support"; German says
        "für Support die 2"."""
        before, behind = self.text(key.first - 1), self.text(key.last)
        if before in self.words.articles and not is_word(behind):
            named = self.text(key.first - 2) not in self.words.purposes
            return named and not self.is_ordinal(key)
        return self.is_join(before) and behind in self.words.purposes

    def is_ordinal(self, key: _Key) -> bool:
        """Whether a dot makes it a first or second of something, as in German: "die 1. Mahnung"."""
        following = self.text(key.last + 1)
        goes_on = following in self.words.purposes or following in self.words.press
        return self.text(key.last) == "." and is_word(following) and not goes_on

    def mention(self, key: _Key, previous: _Key | None) -> None:
        """A word for 1 is often an article: it counts where it stands for itself."""
        if key.key != "1" or self.text(key.first) == "1" or self.stands(key):
            self.mentioned.add(key.key)
        if previous is not None and self.is_through(previous, key):
            self.mentioned.update(_through(previous.key, key.key))

    def is_through(self, first: _Key, last: _Key) -> bool:
        """Whether two keys are the ends of a range: "1 to 4"."""
        between = self.text(first.last)
        return first.last + 1 == last.first and (between in DASHES | self.words.ranges)

    def tell(self, key: _Key, previous: _Key | None) -> None:
        offset = self.places[key.first].start()
        length = self.places[key.last - 1].end() - offset
        several = [key.key]
        if previous is not None and self.is_through(previous, key):
            several = [each for each in _through(previous.key, key.key) if each != previous.key]
        self.told += [Told(each, offset, length) for each in several]


def _through(first: str, last: str) -> Iterable[str]:
    """Return the keys of a range; star and hash begin and end none."""
    if not (first.isdecimal() and last.isdecimal()):
        return (last,)
    return tuple(map(str, range(int(first), int(last) + 1))) or (last,)
