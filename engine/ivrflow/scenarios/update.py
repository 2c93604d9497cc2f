"""Expectations rewritten as things are: edits by place, so comments and layout stay.

An author's file is no place for guesses. What can't be edited without a change of something else is
left, and told.
"""

import asyncio
from collections.abc import Callable, Iterator

import msgspec

from ivrflow.diagnostics import Span
from ivrflow.scenarios.edits import Edit, kept
from ivrflow.scenarios.model import Scenario
from ivrflow.scenarios.run import Result
from ivrflow.scenarios.suite import Applications

ROUNDS = 100
"""How often a scenario may stop at another step before we stop."""

BOM = "\ufeff"


class Updated(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it should be: its text, how many places were changed, and where what is expected is
    not so and was left to its author."""

    text: str
    changed: int = 0
    left: tuple[Span, ...] = ()


def updated(
    path: str, content: bytes, applications: Applications, wanted: Callable[[Scenario], bool]
) -> Updated:
    """Return a file in which the wanted scenarios expect what is the case.

    What failed for another reason still does. `content` can be read: it is UTF-8.
    """
    text = content.decode("utf-8-sig")
    begins = BOM if content.startswith(BOM.encode()) else ""
    changed_by_text = {text: 0}
    edits = _edits(path, text, applications, wanted)
    for _ in range(ROUNDS):
        new, done = kept(text, edits)
        if new in changed_by_text:  # nothing to do, or scenarios that share a place and don't agree
            text = new
            break
        changed_by_text[new] = changed_by_text[text] + len(done)
        text = new
        edits = _edits(path, text, applications, wanted)
    left = sorted({each.at for each in edits}, key=lambda at: (at.line, at.column))
    return Updated(text=begins + text, changed=changed_by_text[text], left=tuple(left))


def _edits(
    path: str, text: str, applications: Applications, wanted: Callable[[Scenario], bool]
) -> set[Edit]:
    """Play a text's scenarios, and return what would make them pass."""
    file = applications.read_bytes(path, text.encode()).file
    scenarios = [each for each in file.scenarios if wanted(each)] if file else []
    results = asyncio.run(_run(applications, scenarios))
    return {
        edit
        for scenario, result in zip(scenarios, results, strict=True)
        for edit in _edits_of(scenario, result)
    }


async def _run(applications: Applications, scenarios: list[Scenario]) -> list[Result]:
    return [await applications.run(each) for each in scenarios]


def _edits_of(scenario: Scenario, result: Result) -> Iterator[Edit]:
    for failure in result.failures:
        if failure.instead is not None:
            yield Edit(at=failure.at, text=failure.instead)
    if scenario.empty is not None and not result.failures:
        yield Edit(at=scenario.empty, text=_expected(scenario, result))


def _expected(scenario: Scenario, result: Result) -> str:
    """Return all that one would expect who writes nothing."""
    ended = f"ended: {result.ended}, " if result.ended else ""
    states = f"visited: [{', '.join(result.visited)}]"
    called = f", callouts: [{', '.join(result.callouts)}]" if result.callouts else ""
    return f"{{{ended}{states}{called}}}"
