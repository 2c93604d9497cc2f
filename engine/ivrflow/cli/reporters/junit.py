"""`junit`: XML for servers that show test results; a file is a suite, an error a failed test.

A file without findings is a test that passed, and a warning is one with something to say.
"""

from collections.abc import Iterator
from html import escape

from ivrflow.cli.reporters import Shown
from ivrflow.cli.reporters.concise import place, printable
from ivrflow.diagnostics import Diagnostic


def report(shown: Shown) -> str:
    return "\n".join(_document(shown))


def _document(shown: Shown) -> Iterator[str]:
    by_path: dict[str, list[Diagnostic]] = {path: [] for path in shown.texts}
    for each in shown.findings:
        by_path.setdefault(each.path, []).append(each)
    tests = sum(max(1, len(found)) for found in by_path.values())
    failures = sum(each.is_error for each in shown.findings)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="ivrflow lint" tests="{tests}" failures="{failures}">'
    for path, found in by_path.items():
        yield from _suite(path, found)
    yield "</testsuites>"


def _suite(path: str, found: list[Diagnostic]) -> Iterator[str]:
    failures = sum(each.is_error for each in found)
    counts = f'tests="{max(1, len(found))}" failures="{failures}" errors="0" skipped="0"'
    yield f'  <testsuite name="{_text(path)}" {counts}>'
    if not found:
        yield f'    <testcase name="lint" classname="{_text(path)}" file="{_text(path)}"/>'
    for each in found:
        yield from _case(each)
    yield "  </testsuite>"


def _case(finding: Diagnostic) -> Iterator[str]:
    path, line = _text(finding.path), finding.span.line
    name = f"{finding.code} {finding.name} ({line}:{finding.span.column})"
    yield f'    <testcase name="{name}" classname="{path}" file="{path}" line="{line}">'
    help = f"\nhelp: {_text(finding.help)}" if finding.help else ""
    body = f"{_text(place(finding))}: {_text(finding.message)}{help}"
    if finding.is_error:
        message = _text(finding.message)
        yield f'      <failure type="{finding.code}" message="{message}">{body}</failure>'
    else:
        yield f"      <system-out>{body}</system-out>"
    yield "    </testcase>"


def _text(text: str) -> str:
    # XML 1.0 has no control characters, not even escaped, and no half of a surrogate pair.
    return escape(printable(text).encode("utf-8", "replace").decode())
