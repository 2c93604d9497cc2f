"""`lint --fix`: repairs tried one by one, and kept where the files then lint better."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

import msgspec

from ivrflow.checking import Checked, check
from ivrflow.diagnostics import Diagnostic
from ivrflow.sinch.platform import PLATFORM
from ivrflow.source.fixes import Fix, apply, fix_of
from ivrflow.source.lines import lines_of

TEXT_IS_WRONG = "E0"
"""Codes of findings that hide others: fewer of them are better, whatever comes to light."""

MAX_ROUNDS = 20
MAX_TRIED = 200
"""Bounds of the search: each repair that is tried costs a lint."""

Candidate = tuple[Diagnostic, Fix]


class Fixed(msgspec.Struct, frozen=True, kw_only=True):
    """What repairs have made of the files: each one's old and new text by its path.

    `applications` are those files as they then lint, `fixes` what was done for which finding.
    """

    applications: list[Checked]
    texts: Mapping[str, tuple[str, str]]
    fixes: list[tuple[Diagnostic, str]]


def fix(paths: Iterable[Path], is_wanted: Callable[[Diagnostic], bool]) -> Fixed:
    """Repair what is certain of the `is_wanted` findings under `paths`; writes nothing."""
    fixer = _Fixer(list(paths))
    for _ in range(MAX_ROUNDS):
        if not fixer.round(is_wanted):
            break
    return fixer.fixed()


class _Fixer:
    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        self.edited: dict[Path, bytes] = {}
        self.applications = check(paths, PLATFORM)
        self.old = dict(self.texts())
        self.done: list[tuple[Diagnostic, str]] = []
        self.refused: set[tuple[str, Fix]] = set()

    def round(self, is_wanted: Callable[[Diagnostic], bool]) -> bool:
        """Try the repairs of what is found now, all at once, else each alone."""
        tried = list(islice(self.candidates(is_wanted), MAX_TRIED))
        if self.attempt(tried):
            return True
        kept: set[tuple[str, int]] = set()
        for finding, fix in tried if len(tried) > 1 else ():
            # What else was found in a line that has changed has moved: the next round looks again.
            here = (finding.path, fix.line)
            if here not in kept and self.attempt([(finding, fix)]):
                kept.add(here)
        return bool(kept)

    def candidates(self, is_wanted: Callable[[Diagnostic], bool]) -> Iterator[Candidate]:
        """Yield repairs that don't overlap and have not been refused."""
        texts = dict(self.texts())
        taken: dict[str, list[Fix]] = {}
        found: dict[str, list[Diagnostic]] = {}
        for finding in self.findings():
            found.setdefault(finding.path, []).append(finding)
        for path, findings in found.items():
            lines = lines_of(texts.get(path, ""))
            for finding in filter(is_wanted, findings):
                fix = fix_of(finding, lines, findings)
                if fix is None or (path, fix) in self.refused:
                    continue
                if not any(fix.overlaps(other) for other in taken.setdefault(path, [])):
                    taken[path].append(fix)
                    yield finding, fix

    def attempt(self, tried: list[Candidate]) -> bool:
        """Keep the repairs `tried` if the files then lint better."""
        texts = dict(self.texts())
        edited = dict(self.edited)
        for path in {finding.path for finding, _ in tried}:
            fixes = [fix for finding, fix in tried if finding.path == path]
            edited[Path(path)] = apply(texts[path], fixes).encode("utf-8")
        if edited == self.edited:
            return False
        applications = check(self.paths, PLATFORM, edited=edited)
        if not _is_better(self.findings(), _found(applications)):
            self.refused.update((finding.path, fix) for finding, fix in tried if len(tried) == 1)
            return False
        self.applications, self.edited = applications, edited
        for finding, fix in tried:
            old = lines_of(texts[finding.path])[fix.line - 1][fix.start : fix.end]
            self.done.append((finding, f"{old} -> {fix.text}"))
        return True

    def findings(self) -> list[Diagnostic]:
        return _found(self.applications)

    def texts(self) -> Iterator[tuple[str, str]]:
        for application in self.applications:
            yield from application.texts.items()

    def fixed(self) -> Fixed:
        new = dict(self.texts())
        changed = {path: (self.old[path], new[path]) for path in map(str, self.edited)}
        return Fixed(applications=self.applications, texts=changed, fixes=self.done)


def _found(applications: Iterable[Checked]) -> list[Diagnostic]:
    return [each for application in applications for each in application.diagnostics]


def _is_better(before: list[Diagnostic], after: list[Diagnostic]) -> bool:
    """Whether something is gone and nothing has come, but for what wrong text has hidden."""
    if _moves_on(before, after):
        return True
    damage, damage_left = _counts(before, hiding=True), _counts(after, hiding=True)
    if damage_left != damage:
        return damage_left < damage
    return _counts(after, hiding=False) < _counts(before, hiding=False)


def _moves_on(before: list[Diagnostic], after: list[Diagnostic]) -> bool:
    """Whether reading comes further in a file and stops nowhere sooner: at a wrong word it stops,
    and the next one comes to light only when that is repaired."""
    stopped, stops = _stops(before), _stops(after)
    further = {path for path, place in stops.items() if place > stopped.get(path, place)}
    return bool(further) and all(
        path in stopped and place >= stopped[path] for path, place in stops.items()
    )


def _stops(findings: Iterable[Diagnostic]) -> dict[str, tuple[int, int]]:
    """Where the reading of each file stopped, of those with one wrong word."""
    wrong: dict[str, list[tuple[int, int]]] = {}
    for each in findings:
        if each.code.startswith(TEXT_IS_WRONG):
            wrong.setdefault(each.path, []).append((each.span.line, each.span.column))
    return {path: places[0] for path, places in wrong.items() if len(places) == 1}


def _counts(findings: Iterable[Diagnostic], *, hiding: bool) -> Counter[tuple[str, str, str]]:
    return Counter(
        (each.path, each.code, each.message)
        for each in findings
        if each.code.startswith(TEXT_IS_WRONG) is hiding
    )
