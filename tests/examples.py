"""The files that a kind of finding is explained by."""

import re
from pathlib import Path

FILE_NAME = re.compile(r"^# (\S+\.yaml)\n", re.MULTILINE)

TOLD_IN_WORDS = {"E222", "E223"}
"""Findings whose example would be too long to read; tests of their own find them."""

BESIDE_APP = {
    "example.flow.yaml": """\
flow: example
start: a
params: {department: {type: string, default: x}}
states:
  a: {say: Hello., hangup: }
""",
    "inner.flow.yaml": """\
flow: inner
start: a
returns: {done: {}}
states:
  a: {say: Hello., return: {name: done}}
""",
}
"""What the applications of examples route to, where an example is the application alone."""


def write_example(directory: Path, example: str) -> None:
    """Write the files of `example` to `directory`."""
    for name, text in files_of(example.lstrip()).items():
        (directory / name).write_text(text)


def files_of(example: str) -> dict[str, str]:
    """Return the texts of an example's files by name."""
    _, *named = FILE_NAME.split(example)
    if named:
        return dict(zip(named[::2], named[1::2], strict=True))
    if example.startswith("app:"):
        return {"app.yaml": example, **BESIDE_APP}
    return {"example.flow.yaml": example}
