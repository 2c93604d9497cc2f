"""`sarif`: SARIF 2.1.0, for code scanning at GitHub, Azure DevOps and others.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html.
"""

from pathlib import Path
from urllib.parse import quote

import msgspec

from ivrflow import __version__
from ivrflow.cli.explain import explanation
from ivrflow.cli.fingerprints import fingerprints
from ivrflow.cli.reporters import Shown
from ivrflow.diagnostics import KIND_BY_CODE, Diagnostic, Span

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

Json = dict[str, object]


def report(shown: Shown) -> str:
    codes = sorted({each.code for each in shown.findings})
    marked = zip(shown.findings, fingerprints(shown), strict=True)
    run = {
        "tool": {
            "driver": {
                "name": "ivrflow",
                "semanticVersion": __version__,
                "rules": [_rule(code) for code in codes],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, codes.index(each.code), mark) for each, mark in marked],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return msgspec.json.format(msgspec.json.encode(log)).decode()


def _rule(code: str) -> Json:
    kind = KIND_BY_CODE[code]
    return {
        "id": code,
        "name": kind.name,
        "shortDescription": {"text": f"{kind.name}: {kind.text.splitlines()[0]}"},
        "fullDescription": {"text": kind.text},
        "help": {"text": kind.text, "markdown": explanation(kind)},
        "defaultConfiguration": {"level": kind.severity},
    }


def _result(finding: Diagnostic, rule: int, fingerprint: str) -> Json:
    message = f"{finding.message}\n{finding.help}" if finding.help else finding.message
    result: Json = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": finding.severity,
        "message": {"text": message},
        "locations": [{"physicalLocation": _location(finding.path, finding.span)}],
        "partialFingerprints": {"ivrflow/v1": fingerprint},
    }
    if finding.related:
        result["relatedLocations"] = [
            {
                "physicalLocation": _location(each.path, each.span),
                "message": {"text": each.message},
            }
            for each in finding.related
        ]
    return result


def _location(path: str, span: Span) -> Json:
    return {
        "artifactLocation": {"uri": _uri(path)},
        "region": {
            "startLine": span.line,
            "startColumn": span.column,
            "endLine": span.end_line,
            "endColumn": span.end_column,
        },
    }


def _uri(path: str) -> str:
    file = Path(path)
    return file.as_uri() if file.is_absolute() else quote(file.as_posix())
