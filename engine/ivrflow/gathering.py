"""The files of applications: which belong together, and what is in them.

It imports nothing of what judges them, so that a lint of files that are known already is quick.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ivrflow.errors import NothingToReadError

FLOW_SUFFIXES = (".flow.yaml", ".flow.yml")
APP_NAMES = ("app.yaml", "app.yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The files of one application, as far as they could be read.

    `contents` are their bytes by path, `unreadable` why others have none. `wanted` are the paths
    of those that were asked for; the others are there because they belong to the same application.
    """

    contents: Mapping[str, bytes]
    unreadable: Mapping[str, str]
    wanted: frozenset[str]


def as_text(content: bytes) -> str:
    """Return the text of a file, as well as it can be shown."""
    return content.decode("utf-8-sig", "replace")


def gather(
    paths: Iterable[Path], *, edited: Mapping[Path, bytes] | None = None
) -> Iterator[Gathered]:
    """Yield the applications of all flows under `paths`.

    The flows of an application lie beside or below its `app.yaml`, which is read also where only
    some of its flows are asked for; without one, those of a directory belong together. `edited`
    are the contents of files that count instead of what is on disk. Raises `NothingToReadError`
    if there is no flow at all.
    """
    paths = list(paths)
    files = sorted({file for path in paths for file in files_under(path)})
    if not files:
        raise NothingToReadError(f"no *.flow.yaml or app.yaml in {', '.join(map(str, paths))}")
    groups: dict[Path, list[Path]] = {}
    for file in files:
        groups.setdefault(home_of(file.parent), []).append(file)
    contents = {file.absolute(): content for file, content in (edited or {}).items()}
    for home, group in groups.items():
        yield _gathered(home, group, contents)


def gather_home(directory: Path) -> tuple[Path, Gathered]:
    """Return the application that files in `directory` belong to, and where it lies.

    Raises `NothingToReadError` if there is no flow.
    """
    home = home_of(directory)
    files = [_from_here(file) for file in sorted(_application_at(home))]
    if not files:
        raise NothingToReadError(f"no *.flow.yaml or app.yaml in {home} or above")
    return home, _gathered(home, files, {})


def files_under(path: Path) -> Iterator[Path]:
    """Yield the flows and applications under `path`, or what it names itself."""
    if not path.is_dir():
        yield path
        return
    for file in path.rglob("*.y*ml"):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        if not hidden and (file.name in APP_NAMES or file.name.endswith(FLOW_SUFFIXES)):
            yield file


def _from_here(file: Path) -> Path:
    """Return a path as people write it who work in the working directory."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def home_of(directory: Path) -> Path:
    """Return the directory of the application that the flows in `directory` belong to."""
    for parent in (directory, *directory.absolute().parents):
        if _app_in(parent):
            return parent.absolute()
        if (parent / ".git").exists():
            break
    return directory.absolute()


def _app_in(directory: Path) -> Path | None:
    return next((directory / name for name in APP_NAMES if (directory / name).is_file()), None)


def _application_at(home: Path) -> list[Path]:
    """Return the files of the application at `home`: those below it that have no other home."""
    return [file for file in files_under(home) if home_of(file.parent) == home]


def _gathered(home: Path, files: list[Path], edited: Mapping[Path, bytes]) -> Gathered:
    asked_for = {file.absolute(): str(file) for file in files}
    together = files if _app_in(home) is None else _application_at(home)
    contents: dict[str, bytes] = {}
    unreadable: dict[str, str] = {}
    for file in sorted({*asked_for, *(each.absolute() for each in together)}):
        path = asked_for.get(file, str(file))
        try:
            contents[path] = edited[file] if file in edited else file.read_bytes()
        except OSError as error:
            unreadable[path] = error.strerror or type(error).__name__
    return Gathered(contents=contents, unreadable=unreadable, wanted=frozenset(map(str, files)))
