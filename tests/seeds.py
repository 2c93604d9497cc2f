"""Faults that people make, put one by one into the flows that ship."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIRECTORIES = ("flows", "tests/library", "examples/embedding/flows")

OUTCOMES = "no_input|no_match|collected|invalid|ok|error|wrong|done|failed|gave_up|verified|locked"
TARGET = re.compile(rf'(?:\b(?:next|start|{OUTCOMES}|[0-9])|"[*0-9]"): (?P<name>[a-z_]+)\b')
OUTCOME = re.compile(rf"      (?P<name>{OUTCOMES}): \w+")
ACTION = re.compile(r"    (menu|collect|connect|request|run|conference):")
KEY = re.compile(
    r" *(?P<name>menu|collect|connect|conference|request|prompt|reprompt|retries|choices|timeout"
    r"|length|check|start|states|next|ended|into|meanwhile|routes|flow|dial|returns): ?.*"
)


@dataclass(frozen=True)
class Seed:
    """An application in which one thing was made wrong, and the line that tells of it."""

    what: str
    files: dict[str, str]
    path: str
    line: int


@cache
def applications() -> list[dict[str, str]]:
    """The texts of each application's flows, by the names of their files."""
    return [
        {
            each.name: each.read_text("utf-8")
            for each in sorted((ROOT / directory).glob("*.yaml"))
            if not each.name.endswith(".calltest.yaml")
        }
        for directory in DIRECTORIES
    ]


def misspelled_targets() -> Iterator[Seed]:
    """Each place that names a state, with two letters swapped."""
    for files in applications():
        for path, text in files.items():
            states = states_of(text)
            for found in TARGET.finditer(text):
                if found["name"] in states:
                    start, end = found.span("name")
                    new = text[:start] + slip(found["name"]) + text[end:]
                    line = text.count("\n", 0, start) + 1
                    yield Seed(f"{path}:{line} {found[0]}", {**files, path: new}, path, line)


def dropped_outcomes() -> Iterator[Seed]:
    """Each state without one of its outcomes: told at its action."""
    for files in applications():
        for path, text in files.items():
            lines = text.split("\n")
            for at, line in enumerate(lines):
                if OUTCOME.fullmatch(line):
                    new = "\n".join(lines[:at] + lines[at + 1 :])
                    action = next(n for n in range(at, 0, -1) if ACTION.match(lines[n]))
                    what = f"{path}:{at + 1} without {line.strip()}"
                    yield Seed(what, {**files, path: new}, path, action + 1)


def misspelled_keys() -> Iterator[Seed]:
    """Each key of the language and each outcome, with two letters swapped."""
    for files in applications():
        for path, text in files.items():
            lines = text.split("\n")
            for at, line in enumerate(lines):
                found = KEY.fullmatch(line) or OUTCOME.fullmatch(line)
                if found is not None:
                    start, end = found.span("name")
                    new = line[:start] + slip(found["name"]) + line[end:]
                    changed = "\n".join([*lines[:at], new, *lines[at + 1 :]])
                    what = f"{path}:{at + 1} {new.strip()}"
                    yield Seed(what, {**files, path: changed}, path, at + 1)


def states_of(text: str) -> set[str]:
    return set(re.findall(r"^  ([a-z_]+):", text.partition("\nstates:")[2], re.MULTILINE))


def slip(word: str) -> str:
    """Swap the second letter and the third, as fingers do it; where that shows nothing, one of them
    is missing, or comes twice."""
    if len(word) < 3:
        return word + word[-1]
    return word[0] + word[2] + word[1] + word[3:] if word[1] != word[2] else word[:2] + word[3:]


def edited(path: str, old: str, new: str, at: str = "") -> Seed:
    """One place of the shipped flow `path`, which is told in the line that holds `at`, else in the
    first that is new."""
    files = next(each for each in applications() if path in each)
    text = files[path]
    assert old in text, f"{path} holds no {old!r} any more: seed another place"
    changed = text.replace(old, new, 1)
    pairs = enumerate(zip(text, changed, strict=False))
    first = next(number for number, (was, is_now) in pairs if was != is_now)
    line = changed.count("\n", 0, changed.index(at) if at else first) + 1
    return Seed(f"{path}: {old} -> {new}", {**files, path: changed}, path, line)
