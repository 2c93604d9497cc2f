"""`concise`: one line a finding, for people and for editors that look for `path:line:column`."""

import re

from ivrflow.cli.reporters import Shown
from ivrflow.diagnostics import Diagnostic

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def report(shown: Shown) -> str:
    return "\n".join(headline(finding) for finding in shown.findings)


def headline(finding: Diagnostic) -> str:
    """`path:line:col: error E101 [unknown-state] message`."""
    what = f"{finding.severity} {finding.code} [{finding.name}]"
    return printable(f"{place(finding)}: {what} {finding.message}")


def place(finding: Diagnostic) -> str:
    return f"{finding.path}:{finding.span.line}:{finding.span.column}"


def printable(text: str) -> str:
    r"""Return `text` on one line, with `\x1b` for control characters: no flow steers a terminal."""
    return _CONTROL.sub(lambda found: repr(found.group())[1:-1], text)
