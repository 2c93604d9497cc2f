"""How findings are shown: one function a format, from findings to text."""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from ivrflow.diagnostics import Diagnostic, Severity

Reporter = Callable[[Iterable[Diagnostic], Mapping[str, str]], str]
"""Takes the findings, and the source texts by path; returns what is printed."""

TAB = "    "


def full(findings: Iterable[Diagnostic], texts: Mapping[str, str]) -> str:
    """Each finding with the author's line, the fault underlined, and the remedy."""
    return "\n\n".join(_block(finding, texts.get(finding.path, "")) for finding in findings)


def concise(findings: Iterable[Diagnostic], texts: Mapping[str, str]) -> str:
    """One line a finding."""
    return "\n".join(headline(finding) for finding in findings)


def as_json(findings: Iterable[Diagnostic], texts: Mapping[str, str]) -> str:
    """A list of objects, for programs."""
    rows = [
        {
            "path": each.path,
            "line": each.span.line,
            "column": each.span.column,
            "end_line": each.span.end_line,
            "end_column": each.span.end_column,
            "code": each.code,
            "name": each.name,
            "severity": each.severity,
            "message": each.message,
            "help": each.help,
            "related": [
                {
                    "path": other.path,
                    "line": other.span.line,
                    "column": other.span.column,
                    "message": other.message,
                }
                for other in each.related
            ],
        }
        for each in findings
    ]
    return msgspec.json.format(msgspec.json.encode(rows)).decode()


REPORTER_BY_FORMAT: dict[str, Reporter] = {"full": full, "concise": concise, "json": as_json}


def headline(finding: Diagnostic) -> str:
    """`path:line:col: error E101 [unknown-state] message`."""
    place = f"{finding.path}:{finding.span.line}:{finding.span.column}"
    return f"{place}: {finding.severity} {finding.code} [{finding.name}] {finding.message}"


def summary(findings: Iterable[Diagnostic], flows: int) -> str:
    """The last line, for people: what was checked and what was found."""
    findings = list(findings)
    errors = sum(each.severity is Severity.ERROR for each in findings)
    warnings = len(findings) - errors
    checked = _count(flows, "flow")
    if not findings:
        return f"{checked} checked, nothing to complain about"
    return f"{checked} checked: {_count(errors, 'error')}, {_count(warnings, 'warning')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _block(finding: Diagnostic, text: str) -> str:
    lines = [headline(finding), *_excerpt(finding, text)]
    for other in finding.related:
        lines.append(f"  {other.path}:{other.span.line}:{other.span.column}: {other.message}")
    if finding.help:
        lines.append(f"  help: {finding.help}")
    return "\n".join(lines)


def _excerpt(finding: Diagnostic, text: str) -> list[str]:
    span = finding.span
    lines = text.splitlines()
    if span.line > len(lines):
        return []
    source = lines[span.line - 1]
    before = source[: span.column - 1].replace("\t", TAB)
    last = span.end_column - 1 if span.end_line == span.line else len(source)
    marked = source[span.column - 1 : last].replace("\t", TAB)
    gutter = f"{span.line:5} | "
    shown = source.replace("\t", TAB)
    return [gutter + shown, " " * len(gutter) + " " * len(before) + "^" * max(1, len(marked))]
