"""Requests from nodes: what is looked up over HTTP."""

from collections.abc import Callable
from typing import Literal, cast

import msgspec

from ivrflow.diagnostics import Kind
from ivrflow.expr.types import T, parse_type
from ivrflow.model.flow import (
    Constant,
    Decl,
    ListValue,
    ObjectValue,
    Ref,
    Request,
    Template,
    Text,
    TextValue,
)
from ivrflow.model.literals import guess
from ivrflow.model.reader import Reader, child, entries, fixed, integer, text, texts, word
from ivrflow.source.node import Entry, Mapping, Node, Scalar, Sequence

METHODS = ("get", "post", "put", "patch", "delete")
TIMEOUT = 1_000
"""Milliseconds, where the author's own number is a finding already."""

RESULT_WITH_VALUE = Kind(
    "E671",
    "result-with-value",
    "What a request returns is declared with a value: only the answer can tell it.",
    bad="""
flow: example
start: find
requests:
  find:
    get: "https://crm.example.com/customers"
    timeout: 1s
    returns: {name: Ada}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    good="""
flow: example
start: find
requests:
  find:
    get: "https://crm.example.com/customers"
    timeout: 1s
    returns: {name: string}
states:
  find: {request: {name: find}, on: {ok: bye, error: bye}}
  bye: {hangup: }
""",
    fatal=True,
)

Declare = Callable[[Reader, Node | None], dict[str, Decl]]


def build_requests(reader: Reader, node: Node | None, declare: Declare) -> dict[str, Request]:
    """Build `requests:`, by name; `declare` reads declarations."""
    built = {each.key.text: _request(reader, each, declare) for each in entries(node)}
    return {name: request for name, request in built.items() if request is not None}


def _request(reader: Reader, entry: Entry, declare: Declare) -> Request | None:
    node = entry.value
    method = next((each for each in METHODS if child(node, each) is not None), "")
    url = text(child(node, method))
    if url is None:
        return None
    retries, body = child(node, "retries"), child(node, "json")
    returns, form = child(node, "returns"), child(node, "form")
    return Request(
        method=cast(Literal["GET", "POST", "PUT", "PATCH", "DELETE"], method.upper()),
        url=url,
        params=declare(reader, child(node, "params")),
        headers=texts(child(node, "headers")),
        json=None if body is None else json_value(body),
        form=None if form is None else texts(form),
        timeout=fixed(child(node, "timeout"), TIMEOUT),
        retries=None if retries is None else integer(retries, 0),
        status={
            each.key.text: Ref(name=word(each.value), at=each.key.span)
            for each in entries(child(node, "status"))
        },
        returns=None if returns is None else _results(reader, declare(reader, _unquoted(returns))),
        at=entry.key.span,
    )


def _unquoted(node: Node) -> Node:
    """Take the quoted names of types for types: nothing else may stand where they are."""
    if not isinstance(node, Mapping):
        return node
    replace = msgspec.structs.replace
    entries = {
        name: replace(each, value=replace(each.value, style=""))
        if isinstance(each.value, Scalar) and parse_type(each.value.text)
        else each
        for name, each in node.entries.items()
    }
    return replace(node, entries=entries)


def _results(reader: Reader, declared: dict[str, Decl]) -> dict[str, Decl]:
    for name, decl in declared.items():
        if decl.has_default:
            message = f'"{name}" needs a type here, not a value'
            help = "write a type such as `integer`, or `integer?` if it may be missing"
            reader.note(RESULT_WITH_VALUE, decl.at, message, help)
    return declared


def json_value(node: Node) -> Template:
    """Read what is sent: numbers, booleans and null by their look, all other scalars as text."""
    match node:
        case Mapping():
            properties = {each.key.text: json_value(each.value) for each in node}
            return ObjectValue(properties=properties, at=node.span)
        case Sequence():
            return ListValue(items=tuple(json_value(each) for each in node), at=node.span)
        case Scalar():
            type_, value = guess(node)
            if type_.name in (T.INTEGER, T.NUMBER, T.BOOLEAN, T.NULL):
                constant = cast(int | float | bool | None, value)
                return Constant(value=constant, at=node.span)
            return TextValue(text=Text(source=node.text, scalar=node))
