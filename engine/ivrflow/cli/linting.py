"""Applications as lint shows them: as the cache knows them, else checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ivrflow.cli.cache import Cache, Entry
from ivrflow.clock import now
from ivrflow.diagnostics import Diagnostic
from ivrflow.errors import NothingToReadError
from ivrflow.gathering import Gathered, as_text, gather, gather_home
from ivrflow.scenarios.files import content_of, is_scenarios

if TYPE_CHECKING:
    from ivrflow.checking import Checked


class Linted(msgspec.Struct, frozen=True, kw_only=True):
    """One application: its findings, how many flows were asked for, and the texts of the files."""

    findings: tuple[Diagnostic, ...]
    flows: int
    texts: Mapping[str, str]


def lint(paths: Iterable[Path], cache: Path | None) -> Iterator[Linted]:
    """Yield the applications under `paths`; the directory `cache`, if any, knows some already.

    Raises `NothingToReadError` if there is no flow at all.
    """
    today = now().date()

    def check(gathered: Gathered) -> Entry:
        # What checks takes long to import, and may not be needed.
        from ivrflow.checking import check_application
        from ivrflow.sinch.platform import PLATFORM

        return _entry(check_application(gathered, PLATFORM, today=today))

    known = None if cache is None else Cache(cache, today)
    for gathered in gather(paths):
        entry = check(gathered) if known is None else known.entry(gathered, check)
        texts = {
            path: as_text(content)
            for path, content in gathered.contents.items()
            if path in gathered.wanted
        }
        yield Linted(findings=entry.findings, flows=entry.flows, texts=texts)


def lint_scenarios(files: Sequence[Path], cache: Path | None) -> list[Linted]:
    """Return files of scenarios, together, if there are any; `cache` as in `lint`."""
    if not files:
        return []
    gathered = _around(files)

    def check(gathered: Gathered) -> Entry:
        from ivrflow.scenarios.checking import check_scenarios
        from ivrflow.sinch.platform import PLATFORM

        edited = {file: gathered.contents[str(file)] for file in files if str(file) in wanted}
        return _entry(check_scenarios(files, PLATFORM, edited))

    wanted = gathered.wanted & gathered.contents.keys()
    entry = check(gathered) if cache is None else Cache(cache, now().date()).entry(gathered, check)
    texts = {path: as_text(gathered.contents[path]) for path in sorted(wanted)}
    return [Linted(findings=entry.findings, flows=entry.flows, texts=texts)]


def _around(files: Sequence[Path]) -> Gathered:
    """Return files of scenarios with those of the applications that they call."""
    contents: dict[str, bytes] = {}
    unreadable: dict[str, str] = {}
    for file in files:
        try:
            contents[str(file)] = content_of(file)
        except OSError as error:
            unreadable[str(file)] = error.strerror or type(error).__name__
    for directory in sorted({file.absolute().parent for file in files}):
        with suppress(NothingToReadError):
            _, called = gather_home(directory)
            # Which application is called from where counts, too.
            contents |= {f"{directory} {path}": text for path, text in called.contents.items()}
            unreadable |= called.unreadable
    return Gathered(contents=contents, unreadable=unreadable, wanted=frozenset(map(str, files)))


def lint_text(content: bytes, filename: str | None) -> Linted:
    """Check what an editor holds, as a file of its application or alone.

    It is another text at each key, so nothing is kept of it.
    """
    from ivrflow.checking import check, check_text
    from ivrflow.sinch.platform import PLATFORM

    if filename is None:
        return linted(check_text("stdin.flow.yaml", content, PLATFORM))
    file = Path(filename)
    if is_scenarios(file):
        from ivrflow.scenarios.checking import check_scenarios

        return linted(check_scenarios([file], PLATFORM, {file: content}))
    (checked,) = check([file], PLATFORM, edited={file: content})
    return linted(checked)


def linted(checked: Checked) -> Linted:
    """Return an application that was checked as lint shows it."""
    entry = _entry(checked)
    return Linted(findings=entry.findings, flows=entry.flows, texts=checked.texts)


def _entry(checked: Checked) -> Entry:
    return Entry(findings=checked.diagnostics, flows=len(checked.wanted))
