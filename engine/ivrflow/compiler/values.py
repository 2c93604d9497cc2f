"""Texts, conditions and durations of the model as closures over the names in scope."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from jinja2 import nodes

from ivrflow.errors import EvaluationError, ExpressionError
from ivrflow.expr import pattern, spoken
from ivrflow.expr.compile import Scope, Value, compile_segments, compile_tree
from ivrflow.expr.parse import parse_expression, parse_text, whole_expression
from ivrflow.expr.types import T, Type
from ivrflow.machine.replies import Audio, Part, Say, Ssml
from ivrflow.model import flow as model
from ivrflow.model.given import STRING, as_prompt, coerce, is_computed, is_null
from ivrflow.model.literals import property_type


def text(source: model.Text, insert: Callable[[str], str]) -> Value:
    """Return a closure that yields the text; `insert` makes values safe for where they land."""
    return compile_segments(parse_text(source.source), insert)


def target(source: model.Text, insert: Callable[[str], str]) -> Value:
    """Return a closure that yields an address: one whole `{{ }}` is the address itself, and is
    judged as one when it is used; a value inside a longer text is a piece of it."""
    whole = whole_expression(source.source) is not None
    return text(source, plain if whole else insert)


def parameter(source: model.Text) -> str:
    """Return NAME of a text that is one whole `{{ params.NAME }}`, "" of any other."""
    try:
        whole = whole_expression(source.source)
    except ExpressionError:
        return ""
    match whole:
        case nodes.Getattr(node=nodes.Name(name="params"), attr=name):
            return str(name)
        case _:
            return ""


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
            return text(source, plain) if whole is None else _kept(compile_tree(whole))
        case model.ListValue(items=items):
            values = [value(each) for each in items]
            return lambda scope: [each(scope) for each in values]
        case model.ObjectValue(properties=properties):
            named = {name: value(each) for name, each in properties.items()}
            return lambda scope: {name: each(scope) for name, each in named.items()}


def _kept(value: Value) -> Value:
    """A variable holds the text of a value, not how it is said: a stored session has no more."""
    return lambda scope: spoken.plain(value(scope))


def given(template: model.Template, type_: Type) -> Value:
    """Return a closure that yields a value for a parameter of `type_`, declared in another flow."""
    if not is_computed(template):
        constant = coerce(template, type_)
        return lambda scope: constant
    match template:
        case model.ListValue(items=items):
            values = [given(each, type_.of or STRING) for each in items]
            return lambda scope: [each(scope) for each in values]
        case model.ObjectValue(properties=properties):
            named = {
                name: given(each, property_type(type_, name) or STRING)
                for name, each in properties.items()
            }
            return lambda scope: {name: each(scope) for name, each in named.items()}
        case _:
            return value(template)


def given_literal(template: model.Template, type_: Type) -> object:
    """Return the value of a literal for a parameter of `type_`; raises `ValueError`.

    Of something to hear that are its parts, filled in: no call is there yet to fill in more.
    """
    if type_.name is not T.PROMPT or is_null(template):
        return coerce(template, type_)
    return msgspec.to_builtins([_filled(part) for part in as_prompt(template)])


def _filled(part: model.Part) -> Part:
    if part.when is not None:
        raise ValueError("`when` can't be asked here: no call is there yet")
    source = (part.target if isinstance(part, model.PlayPart) else part.text).source
    if "{{" in source:
        raise ValueError("{{ }} can't be filled in here: no call is there yet")
    match part:
        case model.PlayPart() if "://" not in source:
            raise ValueError(f'"{source}" is no URL: prompts by name are not known here')
        case model.PlayPart():
            return Audio(url=source)
        case model.SsmlPart():
            return Ssml(text=source, voice=part.voice or part.locale)
        case model.SayPart():
            return Say(text=source, voice=part.voice or part.locale)


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

    max: int
    pattern: str

    def fits(self, digits: str, least: int, most: int) -> bool:
        if not (least <= len(digits) <= most and digits.isascii() and digits.isdigit()):
            return False
        return not self.pattern or pattern.fits(self.pattern, digits)

    def begins(self, digits: str) -> bool:
        """Whether something that fits begins with `digits`."""
        if not (len(digits) <= self.max and digits.isascii() and digits.isdigit()):
            return False
        return not self.pattern or pattern.begins(self.pattern, digits)


def digits_fit(digits: model.Digits) -> DigitsFit:
    return DigitsFit(digits.max, digits.pattern)


def how_many(source: model.Text) -> Callable[[Scope], int]:
    """Return a closure that yields a whole number from 1."""
    whole = whole_expression(source.source)
    if whole is None:
        literal = int(source.source)
        return lambda scope: literal
    yields = compile_tree(whole)

    def computed(scope: Scope) -> int:
        found = yields(scope)
        if not isinstance(found, int) or isinstance(found, bool) or found < 1:
            raise EvaluationError(f'"{found}" is no whole number from 1')
        return found

    return computed


def bounds(digits: model.Digits) -> Callable[[Scope], tuple[int, int]]:
    """Return a closure that yields how many digits are wanted, at least and at most."""
    least, most = digits.computed_min, digits.computed_max
    if least is None and most is None:
        literal = (digits.min, digits.max)
        return lambda scope: literal
    low = _number(least, digits.min)
    high = _number(most, digits.max)

    def computed(scope: Scope) -> tuple[int, int]:
        found = low(scope), high(scope)
        if not (isinstance(found[0], int) and isinstance(found[1], int)):
            raise EvaluationError("how many digits? that is no number")
        if not 1 <= found[0] <= found[1]:
            raise EvaluationError(f"from {found[0]} to {found[1]} digits: no input fits")
        return found[0], found[1]

    return computed


def _number(computed: model.Text | None, literal: int) -> Value:
    whole = None if computed is None else whole_expression(computed.source)
    return compile_tree(whole) if whole is not None else lambda scope: literal
