"""Comments by which an author lets a finding pass, and what is wrong with them.

    # ivrflow: allow unreachable-state because marketing links to it next week

Behind the line of the finding, alone above it, or before the first key for the whole file. Names or
codes, several apart by commas; the reason is for those who read the flow later.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from ivrflow.diagnostics import (
    KIND_BY_CODE,
    KIND_BY_NAME,
    Diagnostic,
    Kind,
    Severity,
    Span,
    did_you_mean,
)
from ivrflow.source.comments import Comment, comments
from ivrflow.source.node import Node

WORD = "ivrflow:"
EXAMPLE = "write `# ivrflow: allow NAME because REASON`"

_FORM = re.compile(r"#\s*ivrflow:\s*(?P<verb>\S*)(?P<names>.*?)(?:\sbecause\b\s*(?P<reason>.*))?$")
_NAME = re.compile(r"[^\s,]+")

WRONG_SUPPRESSION = Kind(
    "E031",
    "wrong-suppression",
    """A comment for lint says something that lint does not know, or allows what can't be allowed:
what leaves no program to run, and what would give a secret away.""",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
  # ivrflow: allow unreachable-stat because it is announced next week
  other: {say: Hello., hangup: } # ivrflow: allow unreachable-state because see above
""",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
  # ivrflow: allow unreachable-state because it is announced next week
  other: {say: Hello., hangup: }
""",
)
NO_REASON = Kind(
    "E032",
    "suppression-without-reason",
    "A comment lets a finding pass and does not say why: nobody will know when it may go.",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
  other: {say: Hello., hangup: } # ivrflow: allow unreachable-state
""",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
  other: {say: Hello., hangup: } # ivrflow: allow unreachable-state because it is announced soon
""",
)
UNUSED = Kind(
    "W991",
    "unused-suppression",
    "A comment lets a finding pass that is not there: the next one would go unseen.",
    bad="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: } # ivrflow: allow unreachable-state because it was once
""",
    good="""
flow: example
start: greet
states:
  greet: {say: Hello., hangup: }
""",
    severity=Severity.WARNING,
)


class Allowance(msgspec.Struct, frozen=True):
    """One name of a comment: the kind that may be found in `line` (None: anywhere)."""

    kind: Kind
    line: int | None
    span: Span


def suppress(
    path: str, lines: list[str], root: Node, found: Iterable[Diagnostic], *, sure: bool
) -> Iterator[Diagnostic]:
    """Yield what is `found` in the file `path` and not allowed, and what is wrong with comments.

    Unless `sure` that all was looked for, nothing is told of comments that allow what isn't there.
    """
    allowances: dict[tuple[str, int | None], list[Allowance]] = {}
    below = _lines_below(lines)
    for comment in comments(lines, root, WORD):
        allowed, faults = _read(path, comment, _line(comment, below, root))
        yield from faults
        for each in allowed:
            allowances.setdefault((each.kind.code, each.line), []).append(each)
    unused = set(allowances)
    for finding in found:
        covering = {(finding.code, finding.span.line), (finding.code, None)} & allowances.keys()
        unused -= covering
        if not covering:
            yield finding
    for key in sorted(unused, key=str) if sure else ():
        for each in allowances[key]:
            message = f'"{each.kind.name}" is allowed here, and not found'
            yield UNUSED.at(path, each.span, message, help="remove it from the comment")


def _line(comment: Comment, below: list[int], root: Node) -> int | None:
    """Return the line that `comment` is about; None for the whole file."""
    if not comment.alone:
        return comment.line
    return None if comment.line < root.line else below[comment.line - 1]


def _lines_below(lines: list[str]) -> list[int]:
    """Return for each line the number of the next one that says something, 0 if there is none."""
    below, last = [], 0
    for number in range(len(lines), 0, -1):
        below.append(last)
        if lines[number - 1].strip()[:1] not in ("", "#"):
            last = number
    return below[::-1]


def _read(
    path: str, comment: Comment, line: int | None
) -> tuple[list[Allowance], list[Diagnostic]]:
    """Read a comment that is about `line`: what it allows, and what is wrong with it."""
    form = _FORM.match(comment.text)
    if form is None:
        return [], []
    if form["verb"] != "allow":
        span, message = _part(comment, form, "verb"), f'"{form["verb"]}" tells lint nothing'
        return [], [WRONG_SUPPRESSION.at(path, span, message, help=EXAMPLE)]
    if not form["names"].strip():
        span = _part(comment, form, "verb")
        return [], [WRONG_SUPPRESSION.at(path, span, "what is allowed?", help=EXAMPLE)]
    allowances, faults = [], []
    for word in _NAME.finditer(form["names"]):
        span = _span(comment, form.start("names") + word.start(), word.group())
        kind = KIND_BY_CODE.get(word.group().upper()) or KIND_BY_NAME.get(word.group())
        if kind is not None and kind.may_be_allowed:
            allowances.append(Allowance(kind, line, span))
        elif form["reason"]:
            faults.append(_fault(path, span, word.group(), kind))
    if not form["reason"]:
        span = _span(comment, 0, comment.text)
        message = "nothing is allowed without a reason"
        faults.append(NO_REASON.at(path, span, message, help=EXAMPLE))
    return allowances, faults


def _fault(path: str, span: Span, word: str, kind: Kind | None) -> Diagnostic:
    if kind is None:
        help = did_you_mean(word, KIND_BY_NAME)
        return WRONG_SUPPRESSION.at(path, span, f'no finding is called "{word}"', help=help)
    message = f'"{word}" can\'t be allowed'
    return WRONG_SUPPRESSION.at(path, span, message, help="mend what is found, or remove this")


def _part(comment: Comment, form: re.Match[str], group: str) -> Span:
    return _span(comment, form.start(group), form[group])


def _span(comment: Comment, offset: int, text: str) -> Span:
    column = comment.column + offset
    return Span(comment.line, column, comment.line, column + max(1, len(text)))
