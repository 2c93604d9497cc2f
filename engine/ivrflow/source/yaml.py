"""YAML 1.2 text to nodes, for everything that reads what an author wrote.

A builder over the events of ruamel.yaml's C parser, or of its pure one where that is missing:
scalars keep their source text and place, so nothing is read into `no`, `0123` or `+46850000001`.
What YAML does silently to an author's words (cut them at `#`, split them at a comma) is a finding,
and after a syntax error the offending line is set aside and the rest is read for more.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from ivrflow.diagnostics import START, Diagnostic, Kind, Related, Span
from ivrflow.source.kinds import (
    CIRCULAR_ALIAS,
    CUT_AT_COMMENT,
    DUPLICATE_KEY,
    EMPTY_FILE,
    KEY_IN_COMMENT,
    MERGE_KEY,
    NOT_TEXT,
    SEVERAL_DOCUMENTS,
    SPLIT_AT_COMMA,
    STRANGE_KEY,
    SYNTAX,
    TAB,
    TAG,
    TOO_DEEP,
    TOO_LARGE,
    TOO_MANY_NODES,
    UNKNOWN_ALIAS,
    UNQUOTED_BRACKET,
    UNQUOTED_COLON,
    UNQUOTED_STAR,
    UNQUOTED_TEMPLATE,
)
from ivrflow.source.lines import ODD_BREAKS, lines_of
from ivrflow.source.node import Entry, Mapping, Node, Scalar, Sequence

try:
    from _ruamel_yaml import CParser
except ImportError:  # no wheel for this interpreter: the pure parser reads the same, slower
    CParser = None

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 200_000
"""Nodes of a file with its aliases written out; a flow of 1,000 states has some 12,000."""
MAX_SYNTAX_ERRORS = 10
MAX_SECOND_TRY = 256 * 1024
"""Characters up to which the pure parser, thirty times slower, has a say after the C parser."""

WORDS = frozenset({"say", "ssml", "prompt", "reprompt", "wrong", "intro", "log", "title"})
"""Keys whose value is words: a comment right behind one has cut them."""

DECLARATIONS = frozenset({"params", "properties", "vars"})
"""Keys below which an author's names stand, which may be called like keys of ours."""

COMMENT_IN_BRACKETS = 'a comment began at "#" inside { } or [ ]: quote the "#"'
SPECIAL_CHARACTERS = "quote text that holds special characters"
LONG_FILE = "in a file as long as this, quote text with `?` or `:` inside { } or [ ], or split it"
_COMMENT_IN_BRACKETS = re.compile(r"[^{\[]*[{\[].*\s#")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LOCALE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*-[A-Z]{2}")
_FOR_LINT = re.compile(r"#\s*ivrflow:")
_HASH_KEY = re.compile(r"\s*#\s*:(\s|$)")
_OPEN_TEMPLATE = re.compile(r"(:|-)\s+\{\{")
_OPEN_COLON = re.compile(r"^\s*(?:- )?(\S+):\s+[^\"'\[{|>#].*:(\s|$)")
_OPEN_BRACKET = re.compile(r"[{,]\s*[\w-]+:\s+[^\s\"'\[{,}][^,}\"'\[{]*([\[{])")
_STAR_KEY = re.compile(r"(^|[{,])\s*\*\s*:(\s|$)")
_OPEN_QUOTE = re.compile(r"""[^"'#]*[:\-\[{,]\s+(?P<quote>["'])((?!(?P=quote)).)*$""")
MAX_QUOTED = 20
"""How many lines a text in quotes may have, for the search for one that is not closed."""

_ONLY_1_2 = re.compile(r"(?<=\w)(\?(?=\s*[,}\]])|:(?=[^\s,}\]]))")
"""Marks in words that the C parser takes for those of YAML."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

Events = Iterator[Any]


class Parsed(msgspec.Struct, frozen=True):
    """A file's tree, None if it has none, and what was found on the way."""

    root: Node | None
    diagnostics: tuple[Diagnostic, ...]


def parse(path: str, text: bytes | str) -> Parsed:
    """Parse the YAML file `path` with the content `text` (UTF-8).

    A text with a syntax error has no root, but the findings of all its lines. Never raises.
    """
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(content) > MAX_BYTES:
        message = f"the file has {len(content):,} bytes, more than {MAX_BYTES:,}"
        return Parsed(None, (TOO_LARGE.at(path, START, message, help="split it into flows"),))
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(lines_of(content[: error.start].decode("utf-8-sig")))
        message = f"byte {error.start} is no UTF-8 text"
        span = Span(line, 1, line, 1)
        return Parsed(None, (NOT_TEXT.at(path, span, message, help="save the file as UTF-8"),))
    control = _CONTROL.search(decoded)
    if control is not None:
        return Parsed(None, (_control_character(path, decoded, control.start()),))
    return _parse_text(path, decoded)


def _control_character(path: str, text: str, index: int) -> Diagnostic:
    before = lines_of(text[:index])
    line, column = len(before), len(before[-1]) + 1
    message = f"the character U+{ord(text[index]):04X} can't stand in a text file"
    return NOT_TEXT.at(path, Span(line, column, line, column + 1), message, help="remove it")


def _parse_text(path: str, text: str) -> Parsed:
    builder = _Builder(path, text)
    try:
        return builder.parsed(_events(text))
    except YAMLError as error:
        # The C parser is of YAML 1.1: `{audio: https://..}` and `{say: Who?, ..}` are 1.2.
        if _may_try_again(text):
            with suppress(YAMLError):
                return _Builder(path, text).parsed(_pure_events(text))
        first = _first_error(text) or error
        findings = [*builder.findings, *_syntax_errors(path, builder.lines, first)]
        if len(text) > MAX_SECOND_TRY:
            findings = [_of_long_file(each) for each in findings]
        return Parsed(None, tuple(_one_a_line(findings)))


def events_of(text: str) -> list[Any]:
    """Return the events of a text, of the parser that can read it; raises `YAMLError`."""
    try:
        return list(_events(text))
    except YAMLError:
        if not _may_try_again(text):
            raise
        return list(_pure_events(text))


def _may_try_again(text: str) -> bool:
    """Whether the pure parser may read what the C parser could not."""
    same_lines = not any(each in text for each in ODD_BREAKS)
    return CParser is not None and len(text) <= MAX_SECOND_TRY and same_lines


def _events(text: str) -> Events:
    if CParser is None:
        yield from _pure_events(text)
        return
    parser = CParser(text)
    get_event = parser.get_event
    while (event := get_event()) is not None:
        yield event


def _pure_events(text: str) -> Events:
    yield from YAML(typ="safe", pure=True).parse(text)


# -- syntax errors --------------------------------------------------------------------------------


def _syntax_errors(path: str, lines: list[str], first: YAMLError) -> Iterator[Diagnostic]:
    """Yield the error, then set the offending line aside, again and again, for those behind it."""
    rest = list(lines)
    error: YAMLError | None = first
    for _ in range(MAX_SYNTAX_ERRORS):
        if error is None:
            return
        line = _line_of(error)
        quote = _open_quote(rest, line)
        if quote is not None:
            yield SYNTAX.at(path, quote, "a quote that is not closed", help="close it in its line")
            return
        yield _syntax_error(path, rest, error)
        if _is_unclosed(error) or not (0 <= line < len(rest)) or not rest[line].strip():
            return
        key, colon, _ = rest[line].partition(":")
        bare = key + ":" if colon and not set(key) & set("[]{}\"'") else ""
        rest[line] = "" if bare == rest[line] else bare
        error = _first_error("\n".join(rest))


def _of_long_file(finding: Diagnostic) -> Diagnostic:
    """Add the remedy for what the pure parser would have read in a shorter file."""
    if finding.code != SYNTAX.code or finding.help != SPECIAL_CHARACTERS:
        return finding
    return msgspec.structs.replace(finding, help=LONG_FILE)


def _open_quote(lines: list[str], last: int) -> Span | None:
    """Return where the text in quotes begins that an error in the line `last` comes from: it ends
    at a quote that begins another, or nowhere."""
    for number in range(min(last, len(lines) - 1), max(-1, last - MAX_QUOTED), -1):
        opened = _OPEN_QUOTE.match(lines[number])
        if opened is None:
            continue
        behind = (line.partition(opened["quote"]) for line in lines[number + 1 : last + 1])
        text = next((after for _, closed, after in behind if closed), "?")
        column = opened.start("quote") + 1
        is_open = text.strip() and text.lstrip()[0] not in "#,]}:"
        return Span(number + 1, column, number + 1, column + 1) if is_open else None
    return None


def _is_unclosed(error: YAMLError) -> bool:
    """Whether a bracket or quote was left open: all behind it is in doubt."""
    context = str(getattr(error, "context", "") or "")
    return "flow" in context or "quoted" in context


def _one_a_line(findings: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Of the findings that begin in one line, the first; what it left open is its own doing too."""
    lines: set[int] = set()
    for finding in findings:
        if finding.span.line in lines:
            continue
        if finding.code == SYNTAX.code and lines and finding.help == COMMENT_IN_BRACKETS:
            continue
        lines.add(finding.span.line)
        yield finding


def _first_error(text: str) -> YAMLError | None:
    """Return the first error that YAML 1.2 has, too."""
    try:
        for _ in _events(_ONLY_1_2.sub("_", text)):
            pass
    except YAMLError as error:
        return error
    return None


def _line_of(error: YAMLError) -> int:
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    return mark.line if mark is not None else -1


def _syntax_error(path: str, lines: list[str], error: YAMLError) -> Diagnostic:
    """Say which trap was stepped into, where the line shows it."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if mark is None:
        return SYNTAX.at(path, START, str(error).splitlines()[0])
    line = lines[mark.line] if mark.line < len(lines) else ""
    problem = str(getattr(error, "problem", "") or "this is no YAML")
    span = _span_of(lines, mark)
    if line[mark.column : mark.column + 1] == "\t" or line[: mark.column + 1].strip(" ") == "\t":
        return TAB.at(path, span, "a tab can't indent", help="use spaces")
    if _STAR_KEY.search(line):
        column = line.index("*") + 1
        return _unquoted_star(path, Span(span.line, column, span.line, column + 1))
    template = _OPEN_TEMPLATE.search(line)
    if template is not None:
        return _unquoted_template(path, Span(span.line, template.end() - 1, span.line, len(line)))
    bracket = _OPEN_BRACKET.search(line)
    if bracket is not None:
        at = Span(span.line, bracket.start(1) + 1, span.line, bracket.start(1) + 2)
        message = "a bracket in unquoted text inside { }"
        return UNQUOTED_BRACKET.at(path, at, message, help="quote the text: \"...\" or '...'")
    if "mapping values are not allowed" in problem or _OPEN_COLON.match(line):
        return UNQUOTED_COLON.at(
            path, span, "a colon in unquoted text", help="quote the text: \"...\" or '...'"
        )
    comment = _comment_in_brackets(lines, mark.line, error)
    if comment is not None:
        return SYNTAX.at(path, comment, problem, help=COMMENT_IN_BRACKETS)
    return SYNTAX.at(path, span, problem, help=_hint(mark.line, error))


def _span_of(lines: list[str], mark: Any) -> Span:
    if mark.line < len(lines):
        return Span(mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    # A text without a last line break ends in a line that is not there, says libyaml.
    end = len(lines[-1]) + 1
    return Span(len(lines), end, len(lines), end + 1)


def _comment_in_brackets(lines: list[str], line: int, error: Any) -> Span | None:
    """Return where a comment begins that cuts off the bracket which the error misses."""
    first = line if error.context_mark is None else error.context_mark.line
    for number in range(max(first, line - 20), min(line + 1, len(lines))):
        found = _COMMENT_IN_BRACKETS.match(lines[number][:500])
        if found is not None:
            return Span(number + 1, found.end(), number + 1, found.end() + 1)
    return None


def _hint(line: int, error: Any) -> str:
    context = error.context_mark
    if context is not None and context.line != line:
        return f"what began in line {context.line + 1} is not closed or not indented alike"
    return SPECIAL_CHARACTERS


def _unquoted_template(path: str, span: Span) -> Diagnostic:
    return UNQUOTED_TEMPLATE.at(
        path, span, "an unquoted {{ }} is a YAML mapping", help='quote it: "{{ ... }}"'
    )


def _unquoted_star(path: str, span: Span) -> Diagnostic:
    message = 'an unquoted "*" begins an alias'
    return UNQUOTED_STAR.at(path, span, message, help='quote the key: "*"')


# -- the builder ----------------------------------------------------------------------------------


class _StopError(Exception):
    """The findings so far make the rest of the file meaningless."""


class _Builder:
    """Builds one file's tree from its events, noting what YAML did to the author's text."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.lines = lines_of(text)
        self.comments = "#" in text
        self.findings: list[Diagnostic] = []
        self.anchors: dict[str, tuple[Node, int] | None] = {}
        self.block_lines: list[tuple[int, int]] = []
        self.nodes = 0
        self.depth = 0

    def parsed(self, events: Events) -> Parsed:
        """Return the whole file; raises `YAMLError`."""
        try:
            root = self.build(events)
        except _StopError:
            root = None
        return Parsed(root, tuple(self.findings))

    def build(self, events: Events) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    span = _span(event)
                    message = "a second document begins here"
                    self.note(SEVERAL_DOCUMENTS, span, message, "one file holds one document")
                    raise _StopError
            elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent):
                root = self.node(event, events, "")
            elif isinstance(event, AliasEvent):
                root = self.alias(event)
        if self.comments:
            self.find_lost_keys()
        if root is None or (isinstance(root, Scalar) and root.is_null):
            self.note(EMPTY_FILE, START, "the file is empty", 'a flow begins with "flow: NAME"')
            return None
        return root

    def note(
        self, kind: Kind, span: Span, message: str, help: str, related: Iterable[Related] = ()
    ) -> None:
        self.findings.append(kind.at(self.path, span, message, help=help, related=tuple(related)))

    def node(self, event: Any, events: Events, key: str) -> Node:
        """Build what begins with `event` and is the value of `key`."""
        kind = type(event)
        if kind is AliasEvent:
            return self.alias(event)
        self.nodes += 1
        before = self.nodes
        if self.nodes > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} nodes"
            self.note(TOO_MANY_NODES, _span(event), message, "use fewer aliases, or split it")
            raise _StopError
        if event.tag is not None and event.tag != "!":
            self.note(TAG, _span(event), f'the tag "{event.tag}" means nothing here', "remove it")
        anchor = event.anchor
        if anchor is not None:
            self.anchors[anchor] = None
        node: Node
        if kind is ScalarEvent:
            node = self.scalar(event, key)
        else:
            node = self.collection(event, events, key)
        if anchor is not None:
            self.anchors[anchor] = (node, self.nodes - before + 1)
        return node

    def collection(self, event: Any, events: Events, key: str) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            message = f"nested more than {MAX_DEPTH} levels deep"
            self.note(TOO_DEEP, _span(event), message, "write it flatter")
            raise _StopError
        build = self.mapping if type(event) is MappingStartEvent else self.sequence
        node = build(event, events, key)
        self.depth -= 1
        return node

    def scalar(self, event: Any, key: str) -> Scalar:
        start, end = event.start_mark, event.end_mark
        style = event.style or ""
        column = start.column
        if event.anchor is not None and start.line == end.line and not style:
            column = end.column - len(event.value)
        text = event.value
        if style == '"' and _SURROGATE.search(text):
            text = self.joined(event)
        scalar = Scalar(text, style, start.line + 1, column + 1, end.line + 1, end.column + 1)
        if style in ("|", ">"):
            self.block_lines.append((start.line, end.line))
        elif not style and self.comments and scalar.text:
            self.find_cut(scalar, key)
        return scalar

    def joined(self, event: Any) -> str:
        """Return a text with the halves of characters joined, which JSON writes apart."""
        try:
            halves = event.value.encode("utf-16-le", "surrogatepass")
            return str(halves, "utf-16-le")
        except UnicodeDecodeError:
            message = "half of a character is escaped here, which is no text"
            self.note(NOT_TEXT, _span(event), message, "write the character itself")
            return _SURROGATE.sub("\ufffd", str(event.value))

    def find_cut(self, scalar: Scalar, key: str) -> None:
        """Words followed by a comment on their line have most likely been cut by it."""
        rest = self.lines[scalar.end_line - 1][scalar.end_column - 1 :].lstrip()
        if not rest.startswith("#") or _FOR_LINT.match(rest):
            return
        if key in WORDS or " " in scalar.text or _LOCALE.fullmatch(key):
            self.note(
                CUT_AT_COMMENT,
                scalar.span,
                f'the text ends before "{rest[:20]}": YAML takes it for a comment',
                "quote the text, or put the comment on a line of its own",
            )

    def alias(self, event: Any) -> Node:
        name = event.anchor
        if name == ":":
            line, column = _start(event)
            self.findings.append(_unquoted_star(self.path, Span(line, column, line, column + 1)))
            raise _StopError
        if name not in self.anchors:
            known = ", ".join(f"&{each}" for each in self.anchors) or "none"
            self.note(
                UNKNOWN_ALIAS, _span(event), f'no anchor "&{name}" stands above', f"known: {known}"
            )
            raise _StopError
        found = self.anchors[name]
        if found is None:
            message = f'"*{name}" stands inside what it repeats'
            self.note(CIRCULAR_ALIAS, _span(event), message, "write it out")
            raise _StopError
        node, weight = found
        self.nodes += weight
        return node

    def sequence(self, event: Any, events: Events, key: str) -> Sequence:
        items: list[Node] = []
        for inner in events:
            if type(inner) is SequenceEndEvent:
                return Sequence(items, *_start(event), *self.end(inner))
            items.append(self.node(inner, events, key))
        raise _StopError

    def mapping(self, event: Any, events: Events, key: str) -> Mapping | Scalar:
        entries: dict[str, Entry] = {}
        flow = bool(event.flow_style)
        template = False
        previous: Entry | None = None
        for inner in events:
            if type(inner) is MappingEndEvent:
                if template:
                    return self.as_if_quoted(event, inner)
                return Mapping(entries, *_start(event), *self.end(inner))
            template = template or self.opens_template(inner)
            name = self.key(inner, events)
            named = "" if name is None or key in DECLARATIONS else name.text
            value = self.node(next(events), events, named)
            if name is None:
                continue
            if isinstance(value, Scalar) and value.plain and not value.text:
                value = _behind(name)
            entry = Entry(name, value)
            if flow and self.has_no_colon(name, value):
                self.note_split(name, previous)
                continue
            self.keep(entries, entry)
            previous = entry
        raise _StopError

    def key(self, event: Any, events: Events) -> Scalar | None:
        """Build a key; None, with a finding, where it is no text."""
        if type(event) is ScalarEvent:
            key = self.node(event, events, "")
            if isinstance(key, Scalar) and not (key.plain and not key.text):
                return key
            self.note(STRANGE_KEY, _span(event), "a key is missing before the colon", "write one")
            return None
        start = event.start_mark
        found = len(self.findings)
        node = self.node(event, events, "")
        if self.opens_template(event):
            del self.findings[found:]
            end = node.span
            span = Span(start.line + 1, start.column, end.end_line, end.end_column + 1)
            self.findings.append(_unquoted_template(self.path, span))
        elif type(event) is MappingStartEvent and isinstance(node, Scalar):
            return None  # the key is a whole `{{ }}`, and that is told
        else:
            self.note(STRANGE_KEY, node.span, "a key must be a word", 'write "key: value"')
        return None

    def opens_template(self, event: Any) -> bool:
        """Whether a key is the inner brace of an unquoted `{{ }}`."""
        line, column = event.start_mark.line, event.start_mark.column
        is_inner = type(event) is MappingStartEvent and column > 0
        return is_inner and self.lines[line].startswith("{{", column - 1)

    def end(self, event: Any) -> tuple[int, int]:
        """Return where a collection ends; a text without a last line break ends in its last line,
        not behind it."""
        line, column = _end(event)
        if line <= len(self.lines):
            return line, column
        return len(self.lines), len(self.lines[-1]) + 1

    def as_if_quoted(self, first: Any, last: Any) -> Scalar:
        """The text that its author meant; that it is unquoted has been told."""
        start, end = first.start_mark, last.end_mark
        line = self.lines[start.line]
        text = line[start.column : end.column if end.line == start.line else None]
        return Scalar(text, '"', *_start(first), *_end(last))

    def has_no_colon(self, key: Scalar, value: Node) -> bool:
        if not isinstance(value, Scalar) or value.text or value.style:
            return False
        rest = self.lines[key.end_line - 1][key.end_column - 1 :].lstrip()
        return not rest.startswith(":")

    def note_split(self, key: Scalar, previous: Entry | None) -> None:
        if previous is not None and isinstance(previous.value, Scalar) and previous.value.plain:
            whole = f"{previous.value.text}, {key.text}"
            self.note(
                SPLIT_AT_COMMA,
                key.span,
                f'the comma ends the value of "{previous.key.text}", and this is left over',
                f'quote it: {previous.key.text}: "{whole}"',
            )
            return
        message = f'"{key.text}" has no value'
        self.note(SPLIT_AT_COMMA, key.span, message, f'write "{key.text}: ...", or quote the text')

    def keep(self, entries: dict[str, Entry], entry: Entry) -> None:
        key = entry.key
        if key.plain and key.text == "<<":
            self.note(MERGE_KEY, key.span, '"<<" is no part of YAML 1.2', "write the keys out")
            return
        first = entries.get(key.text)
        if first is None:
            entries[key.text] = entry
            return
        other = Related(self.path, first.key.span, "first given here")
        message = f'"{key.text}" is given twice'
        self.note(DUPLICATE_KEY, key.span, message, "remove one of them", [other])

    def find_lost_keys(self) -> None:
        """`#: value` is a comment, though its author meant the key `#`."""
        inside = {line for first, last in self.block_lines for line in range(first + 1, last)}
        for number, line in enumerate(self.lines):
            if number in inside or not _HASH_KEY.match(line):
                continue
            column = line.index("#") + 1
            span = Span(number + 1, column, number + 1, column + 1)
            message = 'this line is a comment: an unquoted "#" begins one'
            self.note(KEY_IN_COMMENT, span, message, 'quote the key: "#"')


def _behind(key: Scalar) -> Scalar:
    """Nothing, right behind its key: the parsers place it differently."""
    line, column = key.end_line, key.end_column
    return Scalar("", "", line, column, line, column)


def _start(event: Any) -> tuple[int, int]:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1


def _end(event: Any) -> tuple[int, int]:
    mark = event.end_mark
    return mark.line + 1, mark.column + 1


def _span(event: Any) -> Span:
    return Span(*_start(event), *_end(event))
