"""E8xx: servers that a caller could choose."""

import re
from collections.abc import Iterator

from jinja2 import nodes

from ivrflow.analysis.faults import scalar_span
from ivrflow.analysis.graph import wanted_digits
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.rules import FLOW
from ivrflow.analysis.rules.speech import sounds
from ivrflow.analysis.subject import Subject
from ivrflow.errors import ExpressionError
from ivrflow.expr.parse import parse_text
from ivrflow.expr.secrecy import is_secret
from ivrflow.model.flow import Connect, RecordStep, Set, Text, TextValue

AUTHORITY = re.compile(r"\s*(?:[a-z0-9]+://)?((?:\{\{.*?\}\}|[^/?#{])*)", re.DOTALL)
"""The server of an address, values in braces included."""

OF_CALLERS = frozenset({"headers", "custom", "from", "user"})
"""Parts of `call` that whoever calls can fill in."""


@FLOW.add(
    "E812",
    "caller-chosen-host",
    bad="""
flow: example
start: ring
states:
  ring: {connect: {sip: "agent@{{ call.headers.site }}"}}
""",
    good="""
flow: example
start: ring
states:
  ring: {connect: {sip: "{{ call.headers.agent }}@sip.example.com"}}
""",
)
def caller_chosen_host(subject: Subject) -> Iterator[Finding]:
    """What a caller keys or sends decides which server is called, streamed to, played from or
    recorded to: they could choose one of their own.

    The user of a SIP address, and the path of another, may hold such values.
    """
    theirs = _theirs(subject)
    for text in _addresses(subject):
        server = AUTHORITY.match(text.source)
        host = server[1].rpartition("@")[2] if server else ""
        word = next((each for each in _read(host) if each in theirs), "")
        if word:
            message = f'"{word}" is the caller\'s, and decides which server this is'
            help = "write the server out, or choose among your own with `when:`"
            yield Finding(scalar_span(text.scalar), message, help)


def _addresses(subject: Subject) -> Iterator[Text]:
    for state in subject.states.values():
        if isinstance(state.action, Connect) and state.action.to in ("sip", "stream"):
            yield state.action.target
    for step in subject.steps():
        if isinstance(step, RecordStep):
            yield step.to
    yield from sounds(subject.parts(), subject.flow.prompts)


def _theirs(subject: Subject) -> set[str]:
    """Return the names whose values callers decide: what they key and send, and what variables have
    of it."""
    found = {"input", *(f"call.{each}" for each in OF_CALLERS)}
    for state in subject.states.values():
        digits = wanted_digits(state)
        if digits is not None and digits.into is not None:
            found.add(digits.into.name)
    given = [
        (step.name, step.value.text.source)
        for step in subject.steps()
        if isinstance(step, Set) and isinstance(step.value, TextValue)
    ]
    while new := {name for name, source in given if found & set(_read(source))} - found:
        found |= new
    secret = {name for name, decl in subject.flow.vars.items() if is_secret(decl.type)}
    return found - secret  # that they leave is told already


def _read(source: str) -> Iterator[str]:
    """Yield the names that a text reads, those of `call` with their part."""
    try:
        segments = parse_text(source)
    except ExpressionError:  # told where it is read
        return
    for segment in segments:
        for node in () if isinstance(segment, str) else (segment, *segment.find_all(nodes.Expr)):
            match node:
                case nodes.Getattr(node=nodes.Name(name="call"), attr=part):
                    yield f"call.{part}"
                case nodes.Name(name=name):
                    yield name
                case _:
                    pass
