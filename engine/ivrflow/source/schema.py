"""What a JSON Schema says of a tree, as findings: one a fault, at its place, with the likely word.

The schema is the grammar; this module only turns its errors into what an author understands. The
title of a subschema says what is expected there ("a duration such as 20s"), so messages need no
table of their own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ivrflow.diagnostics import Diagnostic, Kind, Span, did_you_mean, nearest
from ivrflow.source.kinds import (
    MISSING_KEY,
    ONE_OF,
    UNKNOWN_KEY,
    WRONG_NAME,
    WRONG_SIZE,
    WRONG_VALUE,
)
from ivrflow.source.node import BOOLEANS, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from jsonschema import Draft7Validator
    from jsonschema.exceptions import ValidationError

try:
    import jsonschema_rs
except ImportError:  # the extra `fast`: two hundred times faster, but it only says yes or no
    jsonschema_rs = None  # type: ignore[assignment]


NOT_YET = "Not supported yet."

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")

WORDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "nothing",
    "number": "a number",
    "object": "a mapping",
    "string": "text",
}
"""The types of JSON as authors know them."""

DAY = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)[a-z]*", re.IGNORECASE)

DURATION = re.compile("([0-9]+(h|m|s|ms))+")

LISTED = "write a list: [{after: 5m, next: some_state}]"
"""How timers are written."""

Json = dict[str, Any]


def check(path: str, root: Node, schema: Json) -> list[Diagnostic]:
    """Return what `schema` finds wrong in the tree of the file `path`, in no order."""
    instance = to_json(root)
    if _is_valid(_Key(schema), instance):
        return []
    checker = _Checker(path, root)
    errors = list(_validator(_Key(schema)).iter_errors(instance))
    for error in errors:
        if error.validator == "additionalProperties":
            checker.unknown_keys(error)
    for error in sorted(errors, key=_leans_on_others):
        checker.note(error)
    return checker.findings


def to_json(node: Node) -> Any:
    """Return a tree as YAML 1.2's core schema reads it, as editors do."""
    match node:
        case Scalar():
            return _scalar(node)
        case Mapping():
            return {key: to_json(entry.value) for key, entry in node.entries.items()}
        case Sequence():
            return [to_json(each) for each in node]


def _scalar(scalar: Scalar) -> str | int | float | bool | None:
    text = scalar.text
    if not scalar.plain:
        return text
    if scalar.is_null:
        return None
    if text in BOOLEANS:
        return BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


class _Key:
    """A schema as a key of the cache: by identity, for it is loaded once."""

    def __init__(self, schema: Json) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.schema is self.schema


def _is_valid(key: _Key, instance: Any) -> bool:
    """Whether the fast validator, where it is installed, finds nothing: most flows are valid."""
    if jsonschema_rs is None:
        return False
    return bool(_fast_validator(key).is_valid(instance))


@lru_cache(maxsize=8)
def _fast_validator(key: _Key) -> Any:
    return jsonschema_rs.validator_for(key.schema)


@lru_cache(maxsize=8)
def _validator(key: _Key) -> Draft7Validator:
    # Costs as much to import as a small flow to lint, and says no more than yes of a valid one.
    from jsonschema import Draft7Validator

    return Draft7Validator(key.schema)


class _Checker:
    """Turns the errors of one file into findings; an error that another explains is left out.

    `meant` are the keys that misspelled ones most likely are, by the path of their mapping;
    `strange` are the paths of mappings with a key that is like none.
    """

    def __init__(self, path: str, root: Node) -> None:
        self.path = path
        self.root = root
        self.findings: list[Diagnostic] = []
        self.meant: dict[tuple[str | int, ...], set[str]] = {}
        self.strange: set[tuple[str | int, ...]] = set()

    def add(self, kind: Kind, span: Span, message: str, help: str = "") -> None:
        self.findings.append(kind.at(self.path, span, message, help=help))

    def note(self, error: ValidationError) -> None:
        match error.validator:
            case "additionalProperties":
                pass
            case "required":
                self.missing_key(error)
            case "oneOf":
                self.not_one(error)
            case _ if "dependencies" in error.schema_path:
                self.missing_beside(error)
            case "propertyNames" | "minProperties" | "maxProperties" | "minItems":
                self.wrong_size(error)
            case _:
                self.wrong_value(error)

    def unknown_keys(self, error: ValidationError) -> None:
        node = self.node(error)
        schema = _schema(error)
        known = list(schema.get("properties", ()))
        patterns = list(schema.get("patternProperties", ()))
        for entry in node if isinstance(node, Mapping) else ():
            word = entry.key.text
            if word in known or any(re.search(each, word) for each in patterns):
                continue
            likely = nearest(word, known)
            path = tuple(error.absolute_path)
            if likely is None:
                self.strange.add(path)
            else:
                self.meant.setdefault(path, set()).add(likely)
            title = schema.get("title", "this mapping")
            help = did_you_mean(word, _supported(schema)) if known else _examples(schema)
            with_hyphen = word.replace("_", "-")
            if any(re.search(each, with_hyphen) for each in patterns):
                help = f'did you mean "{with_hyphen}"?'
            self.add(UNKNOWN_KEY, entry.key.span, f'"{word}" is no key of {title}', help)

    def missing_key(self, error: ValidationError) -> None:
        # jsonschema makes one error a missing key and names it in the message alone.
        wanted = error.message.split("'")[1]
        if wanted in self.meant.get(tuple(error.absolute_path), ()):
            return
        schema = _schema(error)
        title = schema.get("title", "this mapping")
        example = schema.get("properties", {}).get(wanted, {}).get("examples", [None])[0]
        help = f"for example `{wanted}: {_quoted(example)}`" if isinstance(example, str) else ""
        self.add(MISSING_KEY, self.place(error), f'{title} needs "{wanted}"', help)

    def not_one(self, error: ValidationError) -> None:
        if not isinstance(error.instance, dict):
            return  # that it is no mapping is told already
        alternatives: Any = error.validator_value
        choices = [each["required"][0] for each in alternatives]
        given = [each for each in self.words(error) if each in choices]
        title = _schema(error).get("title", "this mapping")
        if not given:
            path = tuple(error.absolute_path)
            if path in self.strange or set(choices) & self.meant.get(path, set()):
                return
            message = f"{title} needs one of {', '.join(choices)}"
            self.add(ONE_OF, self.place(error), message)
            self.strange.add(path)
            return
        node = self.node(error)
        second = node.entries[given[1]].key.span if isinstance(node, Mapping) else node.span
        message = f'{title} has either "{given[0]}" or "{given[1]}", not both'
        self.add(ONE_OF, second, message, "remove one of them")

    def missing_beside(self, error: ValidationError) -> None:
        """A key says nothing without another, or one of others: see `dependencies`."""
        path = tuple(error.absolute_path)
        if path in self.strange or self.meant.get(path):
            return  # what else is wrong with the mapping explains it
        if error.validator == "dependencies":  # which of its keys, only the message tells
            other, word = error.message.split("'")[1:4:2]
            wanted = f'"{other}"'
        else:
            alternatives: Any = error.validator_value
            word = str(error.schema_path[-2])
            wanted = f"one of {', '.join(each['required'][0] for each in alternatives)}"
        node = self.node(error)
        span = node.entries[word].key.span if isinstance(node, Mapping) else node.span
        self.add(MISSING_KEY, span, f'"{word}" needs {wanted} beside it')

    def wrong_size(self, error: ValidationError) -> None:
        title = _schema(error).get("title", "this")
        match error.validator:
            case "minProperties" | "minItems":
                help = LISTED if title == "a list of timers" else ""
                self.add(WRONG_SIZE, self.place(error), f"{title} is empty", help)
            case _:
                node = self.node(error)
                spans = [entry.key.span for entry in node] if isinstance(node, Mapping) else []
                place = spans[1] if len(spans) > 1 else self.place(error)
                help = "write each as an item of its own" if spans[1:] else ""
                self.add(WRONG_SIZE, place, f"expected {title}", help)

    def wrong_value(self, error: ValidationError) -> None:
        if "propertyNames" in error.absolute_schema_path:
            self.wrong_name(error)
            return
        node = self.node(error)
        title = _schema(error).get("title")
        expected = title or _expected(error)
        if isinstance(node, Scalar):
            shown = "nothing" if node.is_null else f'"{_short(node.text)}"'
            known = [str(each) for each in _schema(error).get("enum", ()) if isinstance(each, str)]
            help = did_you_mean(node.text, known) if known and not title else ""
            likely = nearest(node.text, known)
            help = f'did you mean "{likely}"?' if likely else help or _remedy(error, node)
            self.add(WRONG_VALUE, self.place(error), f"expected {expected}, not {shown}", help)
            return
        kind = "a mapping" if isinstance(node, Mapping) else "a list"
        help = LISTED if expected == "a list of timers" else ""
        self.add(WRONG_VALUE, self.place(error), f"expected {expected}, not {kind}", help)

    def wrong_name(self, error: ValidationError) -> None:
        node = self.node(error)
        name = str(error.instance)
        entry = node.entries.get(name) if isinstance(node, Mapping) else None
        span = node.span if entry is None else entry.key.span
        expected = _schema(error).get("title", "a name of lower case letters, digits and _")
        self.add(WRONG_NAME, span, f'"{name}" is not {expected}', _likely_name(error, name))

    def words(self, error: ValidationError) -> list[str]:
        """Return the keys of the mapping at fault."""
        node = self.node(error)
        return list(node.entries) if isinstance(node, Mapping) else []

    def node(self, error: ValidationError) -> Node:
        return self.nodes(error)[-1]

    def nodes(self, error: ValidationError) -> list[Node]:
        """Return the nodes on the way from the root to the one at fault."""
        found = [self.root]
        for step in error.absolute_path:
            node = found[-1]
            if isinstance(node, Mapping) and isinstance(step, str):
                found.append(node.entries[step].value)
            elif isinstance(node, Sequence) and isinstance(step, int):
                found.append(node.items[step])
        return found

    def place(self, error: ValidationError) -> Span:
        """The scalar at fault; of a mapping or list, or of nothing, the key that it belongs to."""
        nodes = self.nodes(error)
        node = nodes[-1]
        if isinstance(node, Scalar) and not (node.is_null and not node.text):
            return node.span
        last = error.absolute_path[-1] if error.absolute_path else None
        holder = nodes[-2] if len(nodes) > 1 else None
        if isinstance(holder, Mapping) and isinstance(last, str):
            return holder.entries[last].key.span
        return Span(node.line, node.column, node.line, node.column + 1)


def _leans_on_others(error: ValidationError) -> bool:
    """Whether an error is only told where no other explains it."""
    return "dependencies" in error.schema_path


def _schema(error: ValidationError) -> Json:
    return error.schema if isinstance(error.schema, dict) else {}


def _supported(schema: Json) -> list[str]:
    """The keys that work: others are in the grammar, and say so."""
    return [
        key
        for key, each in schema.get("properties", {}).items()
        if NOT_YET not in each.get("description", "")
    ]


def _expected(error: ValidationError) -> str:
    wanted: Any = error.validator_value
    match error.validator:
        case "type":
            return " or ".join(
                WORDS[each] for each in ([wanted] if isinstance(wanted, str) else wanted)
            )
        case "enum":
            return "one of " + ", ".join(map(str, wanted))
        case "pattern":
            return f"text like {wanted}"
        case _:
            return f"{error.validator} {wanted}"


def _examples(schema: Json) -> str:
    patterns: Iterator[str] = iter(schema.get("patternProperties", ()))
    first = next(patterns, "")
    return "keys are 0-9 * #" if first == "^[0-9*#]$" else ""


def _quoted(example: str) -> str:
    """Return an example as it can stand behind a key."""
    return f'"{example}"' if example.startswith("{") else example


def _remedy(error: ValidationError, node: Scalar) -> str:
    """Say what to write instead of a text that is right but for its form, or of nothing."""
    text = node.text
    if error.validator == "type" and "prompt" in _schema(error).get("properties", {}):
        if not node.is_null and not DURATION.fullmatch(text):
            return f"write {{prompt: {json.dumps(_short(text), ensure_ascii=False)}}}"
        help = "write {prompt: Please hold.}"
        return help if node.is_null else f"{help}, and how long it lasts under `timers:`"
    if error.validator == "type" and error.validator_value == "array":
        return f"write a list: [{_short(text)}]"
    title = str(_schema(error).get("title", ""))
    if title.startswith("a duration") and re.fullmatch("[0-9]{1,9}", text):
        return f"write {text}s for seconds"
    return ""


def _likely_name(error: ValidationError, name: str) -> str:
    shorter = DAY.sub(lambda day: day.group(1).lower(), name)
    pattern = str(_schema(error).get("pattern", ""))
    fits = shorter != name and pattern and re.search(pattern, shorter)
    return f'did you mean "{shorter}"?' if fits else ""


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
