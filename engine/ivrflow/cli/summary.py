"""The last lines of a lint, for people: what was checked and what was found."""

from collections import Counter
from collections.abc import Sequence

from ivrflow.diagnostics import Diagnostic


def summary(findings: Sequence[Diagnostic], flows: int, scenarios: int) -> str:
    """`2 flows checked: 1 error, 0 warnings`; files of `scenarios` are counted if there are any."""
    errors = sum(each.is_error for each in findings)
    beside = f"{count(scenarios, 'file')} of scenarios" if scenarios else ""
    checked = " and ".join(filter(None, [count(flows, "flow"), beside]))
    if not findings:
        return f"{checked} checked, nothing to complain about"
    warnings = count(len(findings) - errors, "warning")
    return f"{checked} checked: {count(errors, 'error')}, {warnings}"


def statistics(findings: Sequence[Diagnostic]) -> str:
    """How many findings there are of each kind, the most frequent first."""
    counted = Counter((each.code, each.name) for each in findings)
    rows = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    return "\n".join(f"{number:6}  {code} {name}" for (code, name), number in rows)


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
