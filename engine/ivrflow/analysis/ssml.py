"""What is wrong with SSML: whether it is well-formed, and holds only what the platform knows.

The parser is the standard library's, fed with no document type and so no entities to expand. A
placeholder becomes a character that may stand in text and in an attribute's value, nowhere else.
"""

import re
from collections.abc import Iterator, Mapping
from xml.parsers import expat

import msgspec

from ivrflow.diagnostics import did_you_mean

Tags = Mapping[str, Mapping[str, frozenset[str]]]

PLACEHOLDER = re.compile(r"\{\{(?:'[^']*'|\"[^\"]*\"|[^'\"])*?\}\}")
STAND_IN = "\ue000"
_MARKUP = re.compile("<[!?]")
_MISMATCH = expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]
_LOST = re.compile("&(?:amp|lt|gt|#38|#60|#62);")


class Flaw(msgspec.Struct, frozen=True):
    """One thing wrong: `length` characters from `offset` of the source."""

    offset: int
    length: int
    message: str
    help: str = ""


def flaws(source: str, tags: Tags) -> Iterator[Flaw]:
    """Yield what is wrong with SSML, with or without its `<speak>`; nothing more after a fault
    of form."""
    other = _MARKUP.search(source)
    if other is not None:
        message = "only elements and words may stand in SSML"
        yield Flaw(other.start(), 2, message, "remove comments, instructions and types")
        return
    reader = _Reader(source, tags)
    yield from reader.read()
    for lost in _LOST.finditer(source):
        message = f'"{lost.group()}" can\'t be sent: a space would be spoken'
        yield Flaw(lost.start(), len(lost.group()), message, "write a word for it")


class _Reader:
    def __init__(self, source: str, tags: Tags) -> None:
        self.tags = tags
        self.text = PLACEHOLDER.sub(lambda found: STAND_IN * len(found.group()), source)
        whole = self.text.lstrip().startswith("<speak")
        self.before = "" if whole else "<speak>"
        self.document = (self.before + self.text + ("" if whole else "</speak>")).encode(
            "utf-8", "replace"
        )
        self.open: list[str] = []
        self.found: list[Flaw] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end

    def read(self) -> list[Flaw]:
        try:
            self.parser.Parse(self.document, True)
        except expat.ExpatError as error:
            return [self.malformed(error.code)]
        return self.found

    def offset(self, index: int) -> int:
        """Return where the byte `index` of the document stands in the source."""
        place = len(self.document[: max(0, index)].decode("utf-8", "ignore")) - len(self.before)
        return min(max(0, place), len(self.text))

    def malformed(self, code: int) -> Flaw:
        offset = self.offset(self.parser.ErrorByteIndex)
        rest = self.text[offset:]
        if STAND_IN in rest[:2]:
            message = "a value can stand in words, or in the value of an attribute"
            return Flaw(offset, len(rest) - len(rest.lstrip("<" + STAND_IN)), message)
        mark = re.search(r"(</|[<&])$", self.text[:offset])
        offset = mark.start() if mark else offset
        if code == _MISMATCH or (not rest and len(self.open) > 1 and not mark):
            return self.unbalanced(offset)
        if mark:
            message = f'"{mark.group()}" begins markup, and this is none'
            return Flaw(offset, len(mark.group()), message, "write a word for it")
        if rest.startswith("&"):
            entity = rest.partition(";")[0] + ";"
            message = f'"{entity}" is no character of XML'
            return Flaw(offset, len(entity), message, "write the character itself")
        return Flaw(offset, 1, f"this SSML is not well-formed: {expat.ErrorString(code)}")

    def unbalanced(self, offset: int) -> Flaw:
        tag, length = self.open[-1], len(self.text[offset:].partition(">")[0]) + 1
        if self.before and len(self.open) == 1:
            return Flaw(offset, length, "nothing is open that could be closed here", "remove it")
        message = f'the element "{tag}" is still open here'
        return Flaw(offset, length, message, f"close it: </{tag}>")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.open.append(tag)
        offset = self.offset(self.parser.CurrentByteIndex)
        known = self.tags.get(tag)
        if known is None:
            message = f'the platform has no SSML tag "{tag}"'
            self.found.append(Flaw(offset, len(tag) + 1, message, did_you_mean(tag, self.tags)))
            return
        for name, value in attributes.items():
            self.attribute(tag, name, value, offset)

    def attribute(self, tag: str, name: str, value: str, offset: int) -> None:
        place = max(offset, self.text.find(name, offset))
        known = self.tags[tag]
        if name not in known:
            message = f'the SSML tag "{tag}" has no attribute "{name}"'
            self.found.append(Flaw(place, len(name), message, did_you_mean(name, known)))
        elif known[name] and value not in known[name] and STAND_IN not in value:
            message = f'"{value}" is no value of "{name}"'
            place = max(place, self.text.find(value, place))
            help = did_you_mean(value, known[name])
            self.found.append(Flaw(place, len(value) or 1, message, help))

    def end(self, tag: str) -> None:
        if self.open:
            self.open.pop()
