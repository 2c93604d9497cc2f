"""Rules: each with its code, its name, what it says, and a flow that breaks it beside one that
keeps it. Tests and the list of rules come from here.

A rule is a generator over a `Subject` that yields `Finding`s; `Rules` keeps those of one kind of
subject. Its docstring names the offence first, then what a caller would notice.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

import msgspec

from ivrflow.diagnostics import KIND_BY_CODE, Diagnostic, Kind, Related, Severity, Span

S = TypeVar("S")


class Finding(msgspec.Struct, frozen=True):
    """What a rule found: the place in the subject's file, the message and the remedy."""

    span: Span
    message: str
    help: str = ""
    related: tuple[Related, ...] = ()


class Rule(msgspec.Struct, Generic[S], frozen=True, kw_only=True):
    """One rule. `whole`: it needs a flow without errors of syntax and schema to be right."""

    kind: Kind
    check: Callable[[S], Iterable[Finding]]
    whole: bool = True

    def apply(self, subject: S, path: str) -> Iterator[Diagnostic]:
        for found in self.check(subject):
            yield self.kind.at(
                path, found.span, found.message, help=found.help, related=found.related
            )


class Rules(Generic[S]):
    """The rules for one kind of subject, by code."""

    def __init__(self) -> None:
        self.by_code: dict[str, Rule[S]] = {}

    def add(  # noqa: PLR0913  a rule has as many attributes as it has
        self,
        code: str,
        name: str,
        *,
        bad: str,
        good: str,
        severity: Severity = Severity.ERROR,
        fatal: bool = False,
        whole: bool = True,
    ) -> Callable[[Callable[[S], Iterable[Finding]]], Callable[[S], Iterable[Finding]]]:
        """Register the decorated generator; its docstring is the text of its kind."""

        def register(
            check: Callable[[S], Iterable[Finding]],
        ) -> Callable[[S], Iterable[Finding]]:
            lines = (check.__doc__ or "").strip().splitlines()
            text = "\n".join(line.strip() for line in lines)
            kind = Kind(code, name, text, bad=bad, good=good, severity=severity, fatal=fatal)
            self.by_code[code] = Rule(kind=kind, check=check, whole=whole)
            return check

        return register

    def also(
        self, code: str
    ) -> Callable[[Callable[[S], Iterable[Finding]]], Callable[[S], Iterable[Finding]]]:
        """Register the decorated generator for a kind that a rule for another subject declared: the
        same offence has one code, wherever it is written."""

        def register(
            check: Callable[[S], Iterable[Finding]],
        ) -> Callable[[S], Iterable[Finding]]:
            self.by_code[code] = Rule(kind=KIND_BY_CODE[code], check=check)
            return check

        return register
