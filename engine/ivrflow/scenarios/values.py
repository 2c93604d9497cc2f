"""JSON values as authors of scenarios write them in YAML, held against real ones."""

import re
from collections.abc import Iterator

import msgspec

from ivrflow.source.node import BOOLEANS, Mapping, Node, Scalar, Sequence

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]+)?([eE][-+]?[0-9]{1,3})?")

_PLAIN = re.compile(r"(?!null$|true$|false$|yes$|no$)[a-z][a-z0-9_]*")

_ODD = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What JSON takes as it is, and YAML for a line break, or not at all."""


def value_of(node: Node) -> object:
    """Return the JSON value of a node. What JSON would not read as a number stays text: `0123`."""
    match node:
        case Mapping():
            return {each.key.text: value_of(each.value) for each in node}
        case Sequence():
            return [value_of(each) for each in node]
        case Scalar(text=text) if not node.plain:
            return text
        case Scalar(text=text):
            return None if node.is_null else BOOLEANS.get(text, _number_or(text))


def _number_or(text: str) -> str | int | float:
    if _NUMBER.fullmatch(text) is None:
        return text
    return int(text) if text.lstrip("-").isdigit() else float(text)


def written(value: object) -> str:
    """Return a value as one would write it in YAML, on one line."""
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else quoted(value)


def flow_style(value: object) -> str:
    """Return a value as one would write it in YAML on one line, its keys and words bare."""
    match value:
        case dict():
            return (
                "{" + ", ".join(f"{key}: {flow_style(each)}" for key, each in value.items()) + "}"
            )
        case list():
            return "[" + ", ".join(map(flow_style, value)) + "]"
        case _:
            return written(value)


def quoted(value: object) -> str:
    """Return a value as YAML and JSON both read it, its texts in double quotes."""
    json = msgspec.json.encode(value).decode()
    return _ODD.sub(lambda found: f"\\u{ord(found.group()):04x}", json)


def equals(node: Node, value: object) -> bool:
    """Whether `value` is what a node says, read by the type that the value has: `0123` is the text
    of those digits and `3` a number. Of a mapping only what the node says must be in there."""
    match node:
        case Mapping():
            return isinstance(value, dict) and all(
                each.key.text in value and equals(each.value, value[each.key.text]) for each in node
            )
        case Sequence(items=items):
            return (
                isinstance(value, list)
                and len(items) == len(value)
                and all(equals(each, part) for each, part in zip(items, value, strict=True))
            )
        case Scalar():
            return _scalar_equals(node, value)


def differences(node: Node, value: object, path: str = "") -> Iterator[tuple[str, Node, object]]:
    """Yield where `value` is not what a node says: the path to it, what is said there, and what is
    so, None where nothing is there."""
    match node:
        case Mapping() if isinstance(value, dict):
            for each in node:
                key = each.key.text
                yield from differences(each.value, value.get(key), f"{path}.{key}" if path else key)
        case Sequence(items=items) if isinstance(value, list) and len(items) == len(value):
            for number, (item, part) in enumerate(zip(items, value, strict=True)):
                yield from differences(item, part, f"{path}[{number}]")
        case _:
            if not equals(node, value):
                yield path, node, value


def _scalar_equals(scalar: Scalar, value: object) -> bool:
    match value:
        case None:
            return scalar.is_null
        case bool():
            return BOOLEANS.get(scalar.text) is value
        case int() | float():
            number = _number_or(scalar.text)
            return not isinstance(number, str) and number == value
        case str():
            return scalar.text == value
        case _:
            return False
