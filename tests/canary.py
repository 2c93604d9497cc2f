"""The secret that callers type in the tests, and the look for it in all that a run leaves behind.

A pytest plugin: whatever test it was that let the secret out, the run fails.
"""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

CANARY = "4929317086531744"
"""Longer than a telephone number, so that no mask of the log hides it; like nothing else in a run.

It passes the Luhn check.
"""

FORMS = tuple(form.encode() for form in (CANARY, " ".join(CANARY)))

LEAKS = pytest.StashKey[set[str]]()
PLACES = pytest.StashKey[list[Path]]()


def places_with_canary(directory: Path) -> Iterator[Path]:
    """Yield the files below `directory` that hold the secret: logs, databases, whatever it is."""
    for path in sorted(directory.rglob("*")):
        if path.is_file() and holds_canary(path.read_bytes()):
            yield path


def holds_canary(content: bytes) -> bool:
    return any(form in content for form in FORMS)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEAKS] = set()
    config.stash[PLACES] = []


@pytest.fixture(scope="session", autouse=True)
def _place_of_files(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[None]:
    yield
    pytestconfig.stash[PLACES].append(tmp_path_factory.getbasetemp())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Look through what a test said on its streams and in its logs."""
    report = yield
    for name, content in report.sections:
        if holds_canary(content.encode()):
            item.config.stash[LEAKS].add(f"{item.nodeid}: {name}")
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    leaks = session.config.stash[LEAKS]
    for directory in session.config.stash[PLACES]:
        leaks.update(map(str, places_with_canary(directory)))
    told = getattr(session.config, "workeroutput", None)
    if told is not None:  # of xdist: the run is another process's
        told["leaks"] = sorted(leaks)
    elif leaks:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of the run has found; one that crashed fails the run by itself."""
    node.config.stash[LEAKS].update(getattr(node, "workeroutput", {}).get("leaks", ()))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    leaks = config.stash[LEAKS]
    for leak in sorted(leaks):
        terminalreporter.write_line(f"FAILED a secret was let out: {leak}", red=True)
