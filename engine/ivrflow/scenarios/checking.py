"""Files of scenarios, checked beside the flows that they call: all that lint tells of them."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from ivrflow.analysis.subject import Application
from ivrflow.checking import UNREADABLE, Checked
from ivrflow.compiler.platform import Platform
from ivrflow.diagnostics import START, Diagnostic
from ivrflow.gathering import home_of
from ivrflow.model.app import App
from ivrflow.scenarios.application import open_application
from ivrflow.scenarios.build import MONDAY, build, read
from ivrflow.scenarios.files import content_of


def check_scenarios(
    files: Iterable[Path], platform: Platform, edited: Mapping[Path, bytes]
) -> Checked:
    """Return what is wrong with files of scenarios: what their application makes wrong, too, if it
    has no errors itself. `edited` are contents that count instead of what is on disk."""
    found: list[Diagnostic] = []
    texts: dict[str, str] = {}

    @cache
    def called_from(directory: Path) -> Application | None:
        return _application(directory, platform)

    for file in files:
        path = str(file)
        try:
            content = edited[file] if file in edited else content_of(file)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            found.append(UNREADABLE.at(path, START, f"can't be read: {reason}"))
            continue
        found += _found(path, content, called_from(file.absolute().parent))
        texts[path] = content.decode("utf-8-sig", "replace")
    return Checked(
        app=App(),
        flows={},
        shipped={},
        wanted=frozenset(),
        diagnostics=tuple(found),
        texts=texts,
    )


def _found(path: str, content: bytes, application: Application | None) -> Iterable[Diagnostic]:
    _, found = read(path, content) if application is None else build(path, content, application)
    return found


def _application(directory: Path, platform: Platform) -> Application | None:
    """Return the application that scenarios in a directory call; None if it has errors."""
    found = open_application(home_of(directory), platform, lambda program: program, MONDAY.year)
    return found.application if found.checked.is_good else None
