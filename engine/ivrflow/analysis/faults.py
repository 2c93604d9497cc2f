"""What can be wrong with an expression, and where it stands."""

import re
from enum import StrEnum

import msgspec
from jinja2 import nodes

from ivrflow.diagnostics import START, Related, Span
from ivrflow.expr.parse import offset_of
from ivrflow.expr.secrecy import REMEDY
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import Template, Text, TextValue
from ivrflow.source.node import Scalar


class Sort(StrEnum):
    """What can be wrong with an expression."""

    SYNTAX = "syntax"
    UNKNOWN = "unknown"
    TYPE = "type"
    UNASSIGNED = "unassigned"
    ASSIGNMENT = "assignment"
    ENVIRONMENT = "environment"
    COMPUTED = "computed"
    LEAK = "leak"
    EXPOSED = "exposed"
    ALWAYS = "always"
    NEVER = "never"


class Fault(msgspec.Struct, frozen=True):
    sort: Sort
    span: Span
    message: str
    help: str = ""
    related: tuple[Related, ...] = ()


def exposure(name: str, wanted: Type | None) -> tuple[str, str]:
    """Say that `name`, declared as `wanted`, is given a secret: a message and a remedy."""
    kind = wanted.name if wanted is not None else T.DIGITS
    if kind in (T.LIST, T.OBJECT):
        help = "declare with `secret: true` what is secret in it"
    else:
        help = f"declare it {{type: {kind}, secret: true}}"
    return f'"{name}" is given a secret, but is not declared secret', help


def leak(span: Span, use: str) -> Fault:
    return Fault(Sort.LEAK, span, f"a secret can't be {use}", REMEDY)


def place_of(tree: nodes.Node, text: Text) -> Span:
    name = tree if isinstance(tree, nodes.Name) else tree.find(nodes.Name)
    offset = 0 if name is None else offset_of(name.name, text.source)
    return place(text.scalar, offset, text.source)


def place(scalar: Scalar | None, offset: int, source: str) -> Span:
    if scalar is None:
        return START
    word = re.match(r"\w+(\.\w+)*|\S", source[offset:])
    return scalar.part(offset, len(word.group()) if word else 1)


def span_of(template: Template) -> Span:
    """Return where a value stands."""
    match template:
        case TextValue(text=text):
            return scalar_span(text.scalar)
        case _:
            return template.at


def scalar_span(scalar: Scalar | None) -> Span:
    return START if scalar is None else scalar.span


def placed(span: Span, at: Span) -> Span:
    """Return where something stands: `at` for what has no place of its own."""
    return at if span == START else span
