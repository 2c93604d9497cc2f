"""`json`: a list of objects, for programs; `url` leads to the finding's section in the docs."""

import msgspec

from ivrflow.cli.reporters import Shown
from ivrflow.diagnostics import Diagnostic, Kind, Related, Span


def report(shown: Shown) -> str:
    rows = [
        {
            "path": each.path,
            **_place(each.span),
            "code": each.code,
            "name": each.name,
            "severity": each.severity,
            "message": each.message,
            "help": each.help,
            "url": address(each),
            "related": [_related(other) for other in each.related],
        }
        for each in shown.findings
    ]
    return msgspec.json.format(msgspec.json.encode(rows)).decode()


def address(kind: Kind | Diagnostic) -> str:
    """Return where the docs tell of a kind, or of that of a finding, from the project's root."""
    return f"docs/rules.md#{kind.code}-{kind.name}-{kind.severity}".lower()


def _place(span: Span) -> dict[str, int]:
    return {
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


def _related(other: Related) -> dict[str, str | int]:
    return {"path": other.path, **_place(other.span), "message": other.message}
