"""Trees as their authors most likely meant them, where a key is misspelled.

A slip is one finding. Without it what the key should have held would be missing, and each thing
that needs it a finding more.
"""

from collections.abc import Iterable
from collections.abc import Mapping as MappingType

import msgspec

from ivrflow.diagnostics import Diagnostic, Span, meant
from ivrflow.source.kinds import UNKNOWN_KEY
from ivrflow.source.node import Entry, Mapping, Node, Sequence


def as_meant(root: Node, findings: Iterable[Diagnostic]) -> Node:
    """Return `root` with the keys that `findings` tell the one likely spelling of, so spelled."""
    unknown = (each for each in findings if each.code == UNKNOWN_KEY.code)
    words = {each.span: word for each in unknown if (word := meant(each.help))}
    return _renamed(root, words) if words else root


def _renamed(node: Node, words: MappingType[Span, str]) -> Node:
    match node:
        case Mapping():
            return msgspec.structs.replace(node, entries=_entries(node, words))
        case Sequence():
            items = [_renamed(each, words) for each in node]
            return msgspec.structs.replace(node, items=items)
        case _:
            return node


def _entries(mapping: Mapping, words: MappingType[Span, str]) -> dict[str, Entry]:
    entries = {}
    for entry in mapping:
        word = words.get(entry.key.span, entry.key.text)
        if word in mapping.entries or word in entries:
            word = entry.key.text
        key = msgspec.structs.replace(entry.key, text=word)
        entries[word] = Entry(key, _renamed(entry.value, words))
    return entries
