"""Callouts from nodes: whom to call, when, and how often."""

from typing import Literal, cast

from ivrflow.model.flow import Callout, Retry
from ivrflow.model.reader import (
    amd,
    child,
    duration,
    entries,
    expression,
    fixed,
    integer,
    items,
    ref,
    text,
    word,
)
from ivrflow.source.node import Entry, Node

EVERY = 600_000
"""Milliseconds between two tries, where the author says nothing."""

RESULTS = ("busy", "no_answer")
"""After which results a callout is tried again, where the author names none."""

Result = Literal["busy", "no_answer", "failed"]


def build_callouts(node: Node | None) -> dict[str, Callout]:
    """Build `callouts:`, by name."""
    built = {each.key.text: _callout(each) for each in entries(node)}
    return {name: callout for name, callout in built.items() if callout is not None}


def _callout(entry: Entry) -> Callout | None:
    node = entry.value
    to = text(child(node, "to"))
    if to is None:
        return None
    hours = text(child(node, "hours"))
    computed = hours is not None and "{{" in hours.source
    return Callout(
        to=to,
        flow=ref(child(node, "flow")),
        cli=text(child(node, "cli")),
        timeout=duration(child(node, "timeout")),
        max_duration=duration(child(node, "max_duration")),
        amd=amd(child(node, "amd")),
        dtmf=text(child(node, "dtmf")),
        key=text(child(node, "key")),
        unless=expression(child(node, "unless")),
        hours=None if computed else ref(child(node, "hours")),
        computed_hours=hours if computed else None,
        retry=_retry(child(node, "retry")),
        at=entry.key.span,
    )


def _retry(node: Node | None) -> Retry | None:
    if node is None:
        return None
    named = tuple(cast(Result, word(each)) for each in items(child(node, "results")))
    return Retry(
        results=named or cast(tuple[Result, ...], RESULTS),
        times=integer(child(node, "times"), 1),
        every=fixed(child(node, "every"), EVERY),
    )
