"""Texts, conditions and durations of the model as closures over the names in scope."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ivrflow.expr import pattern
from ivrflow.expr.compile import Value, compile_segments, compile_tree
from ivrflow.expr.parse import parse_expression, parse_text, whole_expression
from ivrflow.model import flow as model

ENVIRONMENT = re.compile(r"\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")
"""How an environment variable stands in a text: only its name may be asked for, nothing else."""


def text(source: model.Text, insert: Callable[[str], str]) -> Value:
    """Return a closure that yields the text; `insert` makes values safe for where they land."""
    return compile_segments(parse_text(source.source), insert)


def target(source: model.Text, insert: Callable[[str], str]) -> Value:
    """Return a closure that yields an address: one whole `{{ }}` is the address itself, and is
    judged as one when it is used; a value inside a longer text is a piece of it."""
    whole = whole_expression(source.source) is not None
    return text(source, plain if whole else insert)


def plain(inserted: str) -> str:
    """Insert a value as it is, where nothing can read it as more than text."""
    return inserted


def condition(source: model.Expr) -> Value:
    return compile_tree(parse_expression(source.source))


def value(template: model.Template) -> Value:
    """Return a closure that yields a JSON value; one whole `{{ }}` keeps its value's type."""
    match template:
        case model.Constant(value=constant):
            return lambda scope: constant
        case model.TextValue(text=source):
            whole = whole_expression(source.source)
            return text(source, plain) if whole is None else compile_tree(whole)
        case model.ListValue(items=items):
            values = [value(each) for each in items]
            return lambda scope: [each(scope) for each in values]
        case model.ObjectValue(properties=properties):
            named = {name: value(each) for name, each in properties.items()}
            return lambda scope: {name: each(scope) for name, each in named.items()}


def credentials(source: model.Text) -> str:
    """Return the text with a mark in the place of each environment variable, see `replies.Record`.

    The variable's value enters only the bytes that are sent.
    """
    return ENVIRONMENT.sub("\x01\\1\x01", source.source)


def duration(source: model.Duration | None) -> Value | None:
    """Return a closure that yields milliseconds, None where the author says nothing."""
    match source:
        case None:
            return None
        case model.Fixed(milliseconds=milliseconds):
            return lambda scope: milliseconds
        case model.Computed(text=computed):
            whole = whole_expression(computed.source)
            return text(computed, plain) if whole is None else compile_tree(whole)


@dataclass(frozen=True, slots=True)
class DigitsFit:
    """Whether digits are what a menu or collect wants."""

    min: int
    max: int
    pattern: str

    def fits(self, digits: str) -> bool:
        if not (self.min <= len(digits) <= self.max and digits.isascii() and digits.isdigit()):
            return False
        return not self.pattern or pattern.fits(self.pattern, digits)

    def begins(self, digits: str) -> bool:
        """Whether something that fits begins with `digits`."""
        if not (len(digits) <= self.max and digits.isascii() and digits.isdigit()):
            return False
        return not self.pattern or pattern.begins(self.pattern, digits)


def digits_fit(digits: model.Digits) -> DigitsFit:
    return DigitsFit(digits.min, digits.max, digits.pattern)
