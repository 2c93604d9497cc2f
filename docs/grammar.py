"""The schemas as an author's grammar: which keys there are, and which of them work."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft7Validator

from ivrflow import schemas
from ivrflow.source.node import Node
from ivrflow.source.schema import to_json

Json = dict[str, Any]

NOT_YET = " Not supported yet."
INNER = ("if", "then", "else", "items", "additionalProperties")


class Grammar:
    """One schema. An owner is what has keys: `flow`, `menu`, `menu.extension`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.schema = schemas.load(name)
        self.keys: dict[str, dict[str, Json]] = {}
        self.required: dict[str, set[str]] = {}
        self.later: list[tuple[str, str]] = []
        self._read(self.schema, name)

    def _read(self, node: Any, owner: str) -> None:
        """Note all keys of `node` that work, and those below them."""
        if not isinstance(node, dict):
            return
        definition = _definition(node)
        if definition:
            if definition not in self.keys:
                self.keys[definition] = {}
                self._read(self.schema["definitions"][definition], definition)
            return
        for name, inner in node.get("properties", {}).items():
            if inner.get("description", "").endswith(NOT_YET):
                self.later.append((owner, name))
                continue
            self.keys.setdefault(owner, {})[name] = inner
            self._read(inner, f"{owner}.{name}")
        self.required.setdefault(owner, set()).update(node.get("required", ()))
        for key in INNER:
            self._read(node.get(key), owner)
        for inner in node.get("patternProperties", {}).values():
            self._read(inner, owner)

    @property
    def supported(self) -> set[tuple[str, str]]:
        """Every key that works, with its owner."""
        return {(owner, name) for owner, keys in self.keys.items() for name in keys}

    def used(self, root: Node) -> set[tuple[str, str]]:
        """Return the keys that stand in a valid tree, with their owners."""
        return set(self._used(self.schema, to_json(root), self.name))

    def _used(self, node: Any, value: Any, owner: str) -> Iterator[tuple[str, str]]:
        if not isinstance(node, dict):
            return
        if owner == "step" and isinstance(value, str):
            yield owner, value  # `answer`, which stands alone
        definition = _definition(node)
        if definition:
            yield from self._used(self.schema["definitions"][definition], value, definition)
            return
        if "if" in node:
            holds = Draft7Validator(node["if"]).is_valid(value)
            yield from self._used(node.get("then" if holds else "else"), value, owner)
        if isinstance(value, dict):
            for name, each in value.items():
                yield from self._used_entry(node, name, each, owner)
        elif isinstance(value, list):
            for each in value:
                yield from self._used(node.get("items"), each, owner)

    def _used_entry(self, node: Json, name: str, value: Any, owner: str) -> Iterator[Any]:
        known = node.get("properties", {})
        if name in known:
            yield owner, name
            yield from self._used(known[name], value, f"{owner}.{name}")
            return
        for inner in (
            *node.get("patternProperties", {}).values(),
            node.get("additionalProperties"),
        ):
            yield from self._used(inner, value, owner)


def _definition(node: Json) -> str:
    return str(node.get("$ref", "")).removeprefix("#/definitions/")
