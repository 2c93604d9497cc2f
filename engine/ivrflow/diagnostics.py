"""Findings about an author's text: a place, a stable code, what is wrong and what to do.

A `Kind` is declared once, next to the code that finds it; `Kind.at` makes the finding:

    DUPLICATE_KEY = Kind("E004", "duplicate-key", "A key is given twice: ...", bad=..., good=...)
    DUPLICATE_KEY.at(path, key.span, f'"{key.text}" is given twice', help="remove one of them")

Rules, tests, `docs/rules.md` and `ivrflow explain` take what there is from `KIND_BY_CODE`.

Messages are lower case, without a full stop; they quote the value, say what was expected and name
the other place. Families: E0xx syntax and schema, E1xx references, E2xx reachability and
termination, E3xx reply contexts, E4xx menus and input, E5xx prompts and locales, E6xx expressions
and types, E7xx platform limits, E8xx security, W9xx usability. A code is never reused.
"""

import difflib
import re
from collections.abc import Iterable
from enum import StrEnum
from itertools import islice

import msgspec


class Span(msgspec.Struct, frozen=True, gc=False):
    """A stretch of a file: lines and columns from 1, in characters; the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


START = Span(1, 1, 1, 1)

MAX_LONGER = 4
MAX_COMPARED = 500
"""Bounds of the search for what a word may have meant: letters more or less, words compared."""

EQUAL = 0.05
"""Two spellings are equally like a word up to this difference."""

_DID_YOU_MEAN = re.compile(r'did you mean "(?P<word>[^"]*)"\?')


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


class Related(msgspec.Struct, frozen=True):
    """The other place that a finding speaks of, such as the first of two equal keys."""

    path: str
    span: Span
    message: str


class Diagnostic(msgspec.Struct, frozen=True, kw_only=True):
    """One finding."""

    code: str
    name: str
    severity: Severity
    path: str
    span: Span
    message: str
    help: str = ""
    related: tuple[Related, ...] = ()

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR

    @property
    def place(self) -> tuple[str, int, int, str]:
        """The order in which findings are shown."""
        return (self.path, self.span.line, self.span.column, self.code)


class Kind(msgspec.Struct, frozen=True):
    """A sort of finding: its code, its name (the offence) and how bad it is.

    `text` names the offence first, then what a caller would notice. `bad` is a file in which
    exactly this is found, `good` the same put right; several files stand each behind a line
    `# NAME`. Where no text can show it, a line `# ...` says in words what is in the file.
    `fatal`: no comment may allow it, for no program can be made where it is found, or what the
    engine promises of secrets would be broken; E0xx all are.
    """

    code: str
    name: str
    text: str
    bad: str
    good: str
    severity: Severity = Severity.ERROR
    fatal: bool = False

    def __post_init__(self) -> None:
        if self.code in KIND_BY_CODE or self.name in KIND_BY_NAME:
            raise ValueError(f"{self.code} {self.name}: a code or a name is used once")
        if not (self.text and self.bad and self.good):
            raise ValueError(f"{self.code}: a kind has a text, a bad and a good example")
        KIND_BY_CODE[self.code] = KIND_BY_NAME[self.name] = self

    @property
    def may_be_allowed(self) -> bool:
        """Whether an author may let it pass by a comment."""
        return not (self.fatal or self.code.startswith("E0"))

    def at(
        self,
        path: str,
        span: Span,
        message: str,
        *,
        help: str = "",
        related: tuple[Related, ...] = (),
    ) -> Diagnostic:
        """Return a finding of this kind at `span` of the file `path`."""
        return Diagnostic(
            code=self.code,
            name=self.name,
            severity=self.severity,
            path=path,
            span=span,
            message=message,
            help=help,
            related=related,
        )


KIND_BY_CODE: dict[str, Kind] = {}
KIND_BY_NAME: dict[str, Kind] = {}
"""Every kind whose module is imported; `ivrflow.checking` imports all."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the spelling of `known` that `word` most likely meant, if there is one."""
    return next(iter(_alike(word, known)), None)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a remedy for the unknown `word`: the likely spelling, else what is known.

    Two spellings are named where one is as likely as the other.
    """
    known = sorted(known)
    likely = _alike(word, known)
    if likely:
        return "did you mean " + " or ".join(f'"{each}"' for each in likely) + "?"
    if not known:
        return ""
    return "known: " + ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")


def meant(help: str) -> str | None:
    """Return the one spelling that the remedy of `did_you_mean` names."""
    found = _DID_YOU_MEAN.fullmatch(help)
    return None if found is None else found["word"]


def listed(words: Iterable[str]) -> str:
    """Return words as a sentence names them: `1, 2 and 3`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _alike(word: str, known: Iterable[str]) -> list[str]:
    """Return what `word` most likely meant: no word, one, or two that are equally like it."""
    alike = (each for each in known if abs(len(each) - len(word)) <= MAX_LONGER)
    found = difflib.get_close_matches(word, list(islice(alike, MAX_COMPARED)), n=2, cutoff=0.6)
    likeness = [difflib.SequenceMatcher(a=each, b=word).ratio() for each in found]
    return found if len(found) == 2 and likeness[0] - likeness[1] < EQUAL else found[:1]
