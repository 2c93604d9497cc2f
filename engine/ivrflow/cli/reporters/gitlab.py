"""`gitlab`: a Code Quality report, which GitLab shows in merge requests.

Source: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
"""

import msgspec

from ivrflow.cli.fingerprints import fingerprints
from ivrflow.cli.reporters import Shown

GRAVITY_BY_SEVERITY = {"error": "major", "warning": "minor"}


def report(shown: Shown) -> str:
    rows = [
        {
            "description": f"{each.message}; {each.help}" if each.help else each.message,
            "check_name": f"{each.code} {each.name}",
            "fingerprint": fingerprint,
            "severity": GRAVITY_BY_SEVERITY[each.severity],
            "location": {
                "path": each.path,
                "lines": {"begin": each.span.line, "end": each.span.end_line},
            },
        }
        for each, fingerprint in zip(shown.findings, fingerprints(shown), strict=True)
    ]
    return msgspec.json.format(msgspec.json.encode(rows)).decode()
