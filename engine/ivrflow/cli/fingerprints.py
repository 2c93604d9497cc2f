"""By what a finding is known again after its file has changed: not by the number of its line."""

import hashlib
from collections import Counter

from ivrflow.cli.reporters import Shown

Mark = tuple[str, str, str]
"""Code, path, and the text of the line without the blanks around it."""


def marks(shown: Shown) -> list[Mark]:
    """Return the mark of each finding; equal ones are told apart by their number alone."""
    return [(each.code, each.path, (shown.line(each) or "").strip()) for each in shown.findings]


def fingerprints(shown: Shown) -> list[str]:
    """Return a short text for each finding that no other one has."""
    seen: Counter[Mark] = Counter()
    found = []
    for mark in marks(shown):
        seen[mark] += 1
        text = "\0".join((*mark, str(seen[mark])))
        found.append(hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32])
    return found
