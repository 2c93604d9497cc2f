"""Baselines: findings that are known and let pass, so that a new one is seen."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from ivrflow.cli.fingerprints import Mark, marks
from ivrflow.cli.reporters import Shown
from ivrflow.diagnostics import Diagnostic
from ivrflow.errors import UsageError


class Known(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding of the baseline."""

    code: str
    path: str
    line: str


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file: findings in the order in which they were shown."""

    findings: list[Known]


def write(file: Path, shown: Shown) -> None:
    """Write what is `shown` to `file`; raises `UsageError`."""
    content = Baseline([Known(*mark) for mark in marks(shown)])
    text = msgspec.json.format(msgspec.json.encode(content)).decode() + "\n"
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"can't write {file}: {error.strerror}") from error


def read(file: Path) -> Counter[Mark]:
    """Return the findings of the baseline `file` and how often each is known.

    Raises `UsageError` if it can't be read.
    """
    try:
        baseline = msgspec.json.decode(file.read_bytes(), type=Baseline)
    except OSError as error:
        help = "write one with --write-baseline"
        raise UsageError(f"can't read the baseline {file}: {error.strerror}; {help}") from error
    except msgspec.DecodeError as error:
        help = "write it anew with --write-baseline"
        raise UsageError(f"{file} is no baseline: {error}; {help}") from error
    return Counter((each.code, each.path, each.line) for each in baseline.findings)


def unknown(shown: Shown, known: Counter[Mark]) -> Iterator[Diagnostic]:
    """Yield the findings that are not `known`, and take those that are out of it."""
    for finding, mark in zip(shown.findings, marks(shown), strict=True):
        if known[mark] > 0:
            known[mark] -= 1
        else:
            yield finding
