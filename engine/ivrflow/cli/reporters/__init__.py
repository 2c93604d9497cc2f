"""How findings are shown: one module a format, imported only when it is asked for."""

import importlib
from collections.abc import Mapping, Sequence
from functools import lru_cache

import msgspec

from ivrflow.diagnostics import Diagnostic
from ivrflow.source.lines import lines_of

FOR_PEOPLE = ("full", "concise")
FORMATS = (*FOR_PEOPLE, "json", "sarif", "junit", "github", "gitlab")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown: findings in their order, and the text of each checked file by its path."""

    findings: Sequence[Diagnostic]
    texts: Mapping[str, str]
    colour: bool = False

    def line(self, finding: Diagnostic) -> str | None:
        """Return the author's line in which `finding` begins, if there is one."""
        lines = _lines(self.texts.get(finding.path, ""))
        return lines[finding.span.line - 1] if finding.span.line <= len(lines) else None


@lru_cache(maxsize=4)
def _lines(text: str) -> list[str]:
    return lines_of(text)


def report(format_: str, shown: Shown) -> str:
    """Return `shown` in one of `FORMATS`; "" if there is nothing to print."""
    if format_ in FOR_PEOPLE and not shown.findings:
        return ""
    module = importlib.import_module(f"ivrflow.cli.reporters.{format_}")
    text: str = module.report(shown)
    return text
