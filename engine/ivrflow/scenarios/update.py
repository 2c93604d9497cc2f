"""Expectations rewritten as things are: edits by place, so comments and layout stay."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from ivrflow.diagnostics import Span
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.run import Result
from ivrflow.scenarios.session import Applications
from ivrflow.source.lines import LINE_BREAK

ROUNDS = 100
"""How often a scenario may stop at another step before we stop."""


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    at: Span
    text: str


def update(path: str, applications: Applications, wanted: Callable[[Scenario], bool]) -> int:
    """Rewrite what the wanted scenarios of a file expect to what is the case.

    Returns how many places were changed. What failed for another reason still does.
    """
    changed = 0
    for _ in range(ROUNDS):
        read = applications.read(path)
        scenarios = [each for each in read.file.scenarios if wanted(each)] if read.file else []
        results = asyncio.run(_run(applications, scenarios))
        edits = [
            edit
            for scenario, result in zip(scenarios, results, strict=True)
            for edit in _edits(scenario, result)
        ]
        if not edits:
            break
        changed += len(edits)
        Path(path).write_bytes(edited(read.text, edits).encode())
    return changed


async def _run(applications: Applications, scenarios: list[Scenario]) -> list[Result]:
    return [await applications.run(each) for each in scenarios]


def _edits(scenario: Scenario, result: Result) -> Iterable[Edit]:
    for failure in result.failures:
        if failure.instead is not None:
            yield Edit(at=failure.at, text=failure.instead)
    if scenario.empty is not None and not result.failures:
        states = f"visited: [{', '.join(result.visited)}]"
        ended = f"ended: {result.ended}, " if result.ended else ""
        yield Edit(at=scenario.empty, text=f"{{{ended}{states}}}")


def edited(text: str, edits: Iterable[Edit]) -> str:
    """Return a text with each edit in its place."""
    starts = [0, *(match.end() for match in LINE_BREAK.finditer(text))]
    for edit in sorted(edits, key=lambda each: (each.at.line, each.at.column), reverse=True):
        start = starts[edit.at.line - 1] + edit.at.column - 1
        end = starts[edit.at.end_line - 1] + edit.at.end_column - 1
        if text[start : start + 1] == ":":  # a value that isn't written ends where its key does
            start = end = start + 1
        space = " " if text[start - 1 : start] == ":" else ""
        text = text[:start] + space + edit.text + text[end:]
    return text
