"""SSML of the platform's voices: what may stand in it, and how it fits into prompts.

The platform knows no escape for `;` and `]` inside `#ssml[...]`, so none leaves: entities become
the characters that they stand for, or spaces.
"""

import re
from collections.abc import Iterator

from ivrflow.sinch import limits
from ivrflow.sinch.escape import without_control

ANY = frozenset[str]()
"""An attribute that takes any value."""

TAGS: dict[str, dict[str, frozenset[str]]] = {
    "speak": {"version": ANY, "xmlns": ANY, "xml:lang": ANY},
    "break": {
        "strength": frozenset({"none", "x-weak", "weak", "medium", "strong", "x-strong"}),
        "time": ANY,
    },
    "emphasis": {"level": frozenset({"strong", "moderate", "reduced"})},
    "lang": {"xml:lang": ANY},
    "mark": {"name": ANY},
    "p": {},
    "phoneme": {"alphabet": frozenset({"ipa", "x-sampa", "x-amazon-pinyin"}), "ph": ANY},
    "prosody": {"volume": ANY, "rate": ANY, "pitch": ANY, "amazon:max-duration": ANY},
    "s": {},
    "say-as": {
        "interpret-as": frozenset(
            {
                "address",
                "cardinal",
                "characters",
                "date",
                "digits",
                "expletive",
                "fraction",
                "number",
                "ordinal",
                "spell-out",
                "telephone",
                "time",
                "unit",
            }
        ),
        "format": ANY,
    },
    "sub": {"alias": ANY},
    "w": {"role": ANY},
    "amazon:auto-breaths": {"volume": ANY, "frequency": ANY, "duration": ANY},
    "amazon:breath": {"volume": ANY, "duration": ANY},
    "amazon:domain": {"name": ANY},
    "amazon:effect": {"name": ANY, "phonation": ANY, "vocal-tract-length": ANY},
}
"""Tags with their attributes, and the values that these take.

Source: Amazon Polly's developer guide, "Supported SSML tags". Polly speaks nothing of a text with
a tag that it doesn't know.
"""

READ_AS_ONE = frozenset({"say-as", "sub", "phoneme", "w"})
"""Elements that mean something else if they are cut."""

MAX_PIECE = limits.MAX_TEXT - len("#ssml[]")
MIN_ROOM = 100
"""Characters for words that elements must leave in a piece; one that leaves less is left out."""

_TOKEN = re.compile(r"</?[A-Za-z][^<>]*>|[^<>]+")
_TAG = re.compile(r"<(/?)([^\s/<>]+)[^<>]*?(/?)>")
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s|$)|[\u3002\uff01\uff1f]|$)\s*|\s+")
_WORDS = re.compile(r"/>|(?:^|>)[^<>]*[^<>\s]")
_ENTITY = re.compile(r"&(#[xX][0-9a-fA-F]{1,6}|#[0-9]{1,7}|[A-Za-z]+);")
_UNSAFE = str.maketrans({"[": " ", "]": " ", ";": ",", "&": " "})


def split_ssml(text: str, limit: int = MAX_PIECE) -> list[str]:
    """Return SSML in well-formed pieces of at most `limit` characters.

    It is cut between sentences and elements, open elements being closed before a cut and opened
    again after it. A stretch that is longer is cut between words, a word anywhere, no tag ever.
    """
    safe = _safe(text)
    if not safe.startswith("<speak"):
        safe = f"<speak>{safe}</speak>"
    if len(safe) <= limit and safe.endswith("</speak>"):
        return [safe] if _WORDS.search(safe) else []
    return _split(safe, limit).pieces


def splits_well(text: str, limit: int = MAX_PIECE) -> bool:
    """Whether SSML is cut only where nobody hears it."""
    return not _split(_safe(text), limit).torn


def _safe(text: str) -> str:
    """Without what would end the part."""
    text = without_control(text)
    if "&" in text:
        text = _ENTITY.sub(_character, text)
    return text.translate(_UNSAFE).strip()


def _split(safe: str, limit: int) -> "_Pieces":
    root, tokens = _tokens(safe)
    pieces = _Pieces(root, limit)
    for stretch in _stretches(tokens):
        pieces.take(stretch)
    pieces.cut()
    return pieces


def _tokens(safe: str) -> tuple[str, list[str]]:
    """Return the root's tag, and all tags and texts in it."""
    tokens = _TOKEN.findall(safe)
    root = tokens.pop(0) if tokens and tokens[0].startswith("<speak") else "<speak>"
    if tokens and tokens[-1].startswith("</speak"):
        tokens.pop()
    return root if len(root) < MIN_ROOM else "<speak>", tokens


def _character(entity: re.Match[str]) -> str:
    """What a reference stands for; the five named ones are all signs of markup."""
    name = entity[1]
    if not name.startswith("#"):
        return " "
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    character = chr(code) if code < 0x110000 else " "
    return " " if character in "<>&\"'" or not character.isprintable() else character


def _stretches(tokens: list[str]) -> Iterator[str]:
    """Yield tags, sentences, and elements that are read as one, in order."""
    held: list[str] = []
    name, depth = "", 0
    for token in tokens:
        tag = _TAG.fullmatch(token)
        if tag and not tag[3] and (tag[2] == name or (not held and tag[2] in READ_AS_ONE)):
            name, depth = tag[2], depth + (-1 if tag[1] else 1)
            held.append(token)
            if depth <= 0:
                yield "".join(held)
                held, name, depth = [], "", 0
        elif held:
            held.append(token)
        elif tag:
            yield token
        else:
            yield from _SENTENCE.findall(token)
    yield from held


class _Pieces:
    """What is split already, the piece being filled, and the elements that are open in it."""

    def __init__(self, root: str, limit: int) -> None:
        self.limit = limit
        self.pieces: list[str] = []
        self.open = [root]
        self.closing = len(_end(root))
        self.text = root
        self.blank = True
        self.torn = False

    @property
    def room(self) -> int:
        return self.limit - len(self.text) - self.closing

    def take(self, stretch: str) -> None:
        tag = _TAG.fullmatch(stretch)
        if tag and tag[1]:
            self.close()
        elif tag and not tag[3]:
            self.begin(stretch)
        elif not stretch.startswith("<") or self.fits(stretch):
            self.add(stretch)
        else:  # a long element that is read as one, or a long tag, which is left out
            self.torn = True
            for token in _TOKEN.findall(stretch) if not tag else ():
                self.take(token)

    def fits(self, stretch: str) -> bool:
        if len(stretch) > self.room:
            self.cut()
        return len(stretch) <= self.room

    def begin(self, tag: str) -> None:
        needed = len(tag) + len(_end(tag)) + MIN_ROOM
        if needed > self.room:
            self.cut()
        if needed > self.room:
            tag, self.torn = "", True
        self.open.append(tag)
        self.closing += len(_end(tag))
        self.text += tag

    def close(self) -> None:
        if len(self.open) > 1:
            end = _end(self.open.pop())
            self.closing -= len(end)
            self.text += end

    def add(self, words: str) -> None:
        while not self.fits(words):
            self.torn = True
            space = words.rfind(" ", 1, self.room + 1)
            end = space if space > 0 else self.room
            self.text += words[:end]
            self.blank = self.blank and not words[:end].strip()
            self.cut()
            words = words[end:].lstrip()
        self.text += words
        self.blank = self.blank and not words.strip()

    def cut(self) -> None:
        """End the piece, and begin one with the same elements open."""
        if not self.blank:
            ends = "".join(_end(each) for each in reversed(self.open))
            self.pieces.append(self.text.rstrip() + ends)
        self.text = "".join(self.open)
        self.blank = True


def _end(tag: str) -> str:
    found = _TAG.fullmatch(tag)
    return f"</{found[2]}>" if found else ""
