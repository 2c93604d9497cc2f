"""What an author gives, judged against a declaration: of a flow, a request, a record, a variable.

A value that is written out is read as its declaration says; of one that is computed the type is
judged. Where null may come and must not, the remedy is the same everywhere.
"""

import re
from collections.abc import Iterator, Mapping

from ivrflow.analysis.faults import placed, span_of
from ivrflow.analysis.registry import Finding
from ivrflow.compiler.values import given_literal
from ivrflow.diagnostics import START, Span, did_you_mean, nearest
from ivrflow.expr.relations import accepts, describe
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import Decl, Template, TextValue
from ivrflow.model.given import as_prompt, is_computed, is_null
from ivrflow.numbers import is_e164

_OTHERWISE = re.compile(r"""\|\s*default\(\s*['"]([^'"]*)['"]""")

FOR_NULL = "give a value for null with `| default(...)`, or declare it nullable"


def mismatch(what: str, wanted: Type | None, given: Type | None) -> tuple[str, str] | None:
    """Return why a value of type `given` can't be `what`, declared as `wanted`, and what to do
    about it; None where it can."""
    if wanted is None or given is None or accepts(wanted, given):
        return None
    message = f"{what} is {describe(wanted)}, not {describe(given)}"
    if wanted.name is T.LIST and given.name not in (T.LIST, T.NULL):
        return message, 'write a list: ["{{ ... }}"]'
    return message, FOR_NULL if given.nullable and not wanted.nullable else ""


def no_number(wanted: Type | None, template: Template) -> str:
    """Say which number that stands for null in `template` is none, "" where all are."""
    if wanted is None or wanted.name is not T.PHONE or not isinstance(template, TextValue):
        return ""
    wrong = (each for each in _OTHERWISE.findall(template.text.source) if not is_e164(each))
    found = next(wrong, None)
    return "" if found is None else f'"{found}" is no phone number: write it in full, +46850000001'


def wrong_literal(what: str, wanted: Type, given: Template, at: Span = START) -> Iterator[Finding]:
    """Judge a value that is written out, and whether it can be heard where a prompt is wanted; `at`
    is where values stand that have no place of their own."""
    try:
        if wanted.name is T.PROMPT and not is_null(given):
            as_prompt(given)
        elif not is_computed(given):
            given_literal(given, wanted)
    except ValueError as error:
        help = "write a value, or declare it nullable" if is_null(given) else ""
        yield Finding(placed(span_of(given), at), f"{what}: {error}", help)


def wrong_values(
    given: Mapping[str, Template], declared: Mapping[str, Decl], told: str, at: Span
) -> Iterator[Finding]:
    """Find values that nothing declares (`told` and their name), and those written as another
    type."""
    for name, value in given.items():
        decl = declared.get(name)
        if decl is None:
            yield Finding(
                placed(span_of(value), at), f'{told} "{name}"', did_you_mean(name, declared)
            )
        elif decl.type.name is T.SCHEDULE and isinstance(value, TextValue):
            yield from _quoted_schedule(name, value, at)
        else:
            yield from wrong_literal(f'"{name}"', decl.type, value, at)


def _quoted_schedule(name: str, value: TextValue, at: Span) -> Iterator[Finding]:
    if not is_computed(value):
        written = value.text.source
        message = f'"{name}": "{written}" is text, not a schedule'
        yield Finding(placed(span_of(value), at), message, f'write "{{{{ {written} }}}}"')


def missing_values(
    given: Mapping[str, Template], declared: Mapping[str, Decl], told: str, at: Span
) -> Iterator[Finding]:
    """Find values that are needed and not given; one that is misspelled is told elsewhere."""
    misspelled = {nearest(name, declared) for name in given if name not in declared}
    for name, decl in declared.items():
        if name in given or name in misspelled:
            continue
        if not decl.has_default and not decl.type.nullable:
            help = f"add it under `with:`, or give it a default over there: {name}: ..."
            yield Finding(at, f'{told} "{name}"', help)
