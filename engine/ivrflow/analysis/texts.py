"""Texts, expressions and prompts, typed where they stand; what is wrong with them is kept."""

from collections.abc import Callable, Mapping

from jinja2 import nodes

from ivrflow.analysis.assignment import INPUT, SECRET_INPUT, SIGNALLED, SOMETIMES, Known, told
from ivrflow.analysis.decisions import Before, Decision, decision
from ivrflow.analysis.faults import Fault, Sort, exposure, leak, place, place_of, scalar_span
from ivrflow.analysis.subject import STRING, Sight, Subject
from ivrflow.compiler.values import parameter
from ivrflow.diagnostics import Span
from ivrflow.errors import ExpressionError
from ivrflow.expr.check import TEXTLESS, SecretError, UnknownNameError, infer
from ivrflow.expr.functions import evaluated
from ivrflow.expr.parse import offset_of, parse_expression, parse_text, whole_expression
from ivrflow.expr.relations import describe
from ivrflow.expr.secrecy import is_secret, keeps
from ivrflow.expr.types import T, Type
from ivrflow.machine.environment import WRITTEN
from ivrflow.model.flow import (
    Computed,
    Constant,
    DeclaredPrompt,
    Duration,
    Expr,
    ListValue,
    ObjectValue,
    PlayPart,
    Prompt,
    SayPart,
    Template,
    Text,
    TextValue,
)
from ivrflow.source.node import Scalar

MAX_DEPTH = 20
"""Beyond it declared prompts are not followed; a rule of its own refuses less."""

MAX_WAYS = 50
"""Ways to come to a prompt, each with other values known, that are looked at."""


class Texts:
    """Reads texts of one flow, or of one that sees `types` only. `found` has a fault a place."""

    def __init__(
        self, subject: Subject | None, types: Mapping[str, Type | None] | None = None
    ) -> None:
        self.variables = {} if subject is None else subject.variables
        self.prompts = {} if subject is None else subject.flow.prompts
        self.playable = {} if subject is None else subject.prompts
        self.sight = Sight(types or {}, {}) if subject is None else subject.sight
        self.decisions: dict[Span, set[Decision | None]] = {}
        self.found: dict[Span, Fault] = {}
        self.noted = 0
        self.played_with: dict[str, set[object]] = {}
        self.depth = 0

    def note(self, fault: Fault) -> None:
        self.noted += 1
        self.found.setdefault(fault.span, fault)

    def exposed(self, name: str, wanted: Type | None, given: Type | None, span: Span) -> None:
        if not keeps(wanted, given):
            self.note(Fault(Sort.EXPOSED, span, *exposure(name, wanted)))

    def value(self, template: Template, known: Known) -> Type | None:
        match template:
            case TextValue(text=text):
                return self.whole_or_text(text, known)
            case ObjectValue(properties=properties):
                parts = {name: self.value(each, known) for name, each in properties.items()}
                typed = {name: each for name, each in parts.items() if each is not None}
                return Type(name=T.OBJECT, properties=typed)
            case ListValue(items=items):
                of = [self.value(item, known) for item in items]
                return Type(name=T.LIST, of=next(filter(is_secret, of), None))
            case Constant():
                return None  # read by its variable's type already

    def whole_or_text(
        self, text: Text, known: Known, *, use: str = "joined with other text"
    ) -> Type | None:
        try:
            whole = whole_expression(text.source)
        except ExpressionError:
            whole = None
        if whole is None:
            is_text = self.text(text, known, use=use)
            return STRING if is_text and "{{" in text.source else None
        return self.tree(whole, text.source, text.scalar, known)

    def prompt(self, prompt: Prompt, known: Known) -> None:
        for part in prompt:
            if part.when is not None:
                self.expression(part.when, known)
            here = told(self.sight, part.when, True, known)
            if isinstance(part, PlayPart):
                self.text(part.target, here, use="part of an address")
                self.played(part.target.source, here)
            else:
                self.text(part.text, here, heard=isinstance(part, SayPart), use="spoken")

    def played(self, name: str, known: Known) -> None:
        declared = self.prompts.get(name)
        if declared is None or self.depth > MAX_DEPTH:
            return
        before = self.played_with.setdefault(name, set())
        if known.shape in before or len(before) == MAX_WAYS:
            return
        before.add(known.shape)
        self.depth += 1
        self.declared(declared, known)
        self.depth -= 1

    def declared(self, declared: DeclaredPrompt, known: Known) -> None:
        for prompt in declared.by_locale.values():
            self.prompt(prompt, known)
        if declared.audio is not None:
            self.text(declared.audio, known, use="part of an address")

    def duration(self, duration: Duration | None, known: Known) -> None:
        if not isinstance(duration, Computed):
            return
        given = self.whole_or_text(duration.text, known)
        if is_secret(given):
            self.note(leak(scalar_span(duration.text.scalar), "a duration"))
        elif given is not None and given.name is not T.DURATION:
            message = f"a duration is needed here, not {describe(given)}"
            self.note(Fault(Sort.TYPE, scalar_span(duration.text.scalar), message))

    def number(self, text: Text | None, known: Known, use: str = "a number of digits") -> None:
        if text is None:
            return
        given = self.whole_or_text(text, known)
        if is_secret(given):
            self.note(leak(scalar_span(text.scalar), use))
        elif given is not None and (given.name is not T.INTEGER or given.nullable):
            message = f"a whole number is needed here, not {describe(given)}"
            self.note(Fault(Sort.TYPE, scalar_span(text.scalar), message))

    def expression(self, expression: Expr, known: Known, before: Before | None = None) -> None:
        """Read a condition; `before` are the moves that stand before it."""
        noted = self.noted

        def read() -> None:
            if expression.source.lstrip().startswith("{{"):
                help = "write it without the braces"
                raise ExpressionError("an expression stands here, not a text", help=help)
            tree = parse_expression(expression.source)
            self.tree(tree, expression.source, expression.scalar, known)

        self.attempt(read, expression.source, expression.scalar)
        if self.noted == noted:
            found = decision(self.sight, expression, known, before)
            self.decisions.setdefault(scalar_span(expression.scalar), set()).add(found)

    def text(
        self, text: Text, known: Known, *, use: str = "put into a text", heard: bool = False
    ) -> bool:
        """Read a text, and return whether it is one; where it is `heard`, one whole parameter may
        be a prompt.

        `use` says in words what is done with it, "" for what may be done with a secret.
        """
        textless = TEXTLESS - {T.PROMPT} if heard and parameter(text) else TEXTLESS

        def read() -> None:
            for segment in parse_text(text.source):
                if not isinstance(segment, str):
                    given = self.tree(segment, text.source, text.scalar, known)
                    if use and is_secret(given):
                        self.note(leak(place_of(segment, text), use))
                    elif given is not None and given.name in textless:
                        help = "ask for its hours(...)" if given.name is T.SCHEDULE else ""
                        raise _NoTextError(f"{describe(given)} has no text", help=help)

        return self.attempt(read, text.source, text.scalar)

    def credentials(self, text: Text) -> None:
        rest = WRITTEN.sub("", text.source)
        if "{{" in rest or "{%" in rest:
            message = "only {{ env.NAME }} may stand in credentials"
            self.note(Fault(Sort.SYNTAX, scalar_span(text.scalar), message))

    def attempt(self, read: Callable[[], None], source: str, scalar: Scalar | None) -> bool:
        try:
            read()
        except ExpressionError as error:
            sort = Sort.TYPE if isinstance(error, _NoTextError) else Sort.SYNTAX
            span = place(scalar, error.offset, source)
            self.note(Fault(sort, span, error.message, error.help))
            return False
        return True

    def remedy(self, error: UnknownNameError) -> str:
        """What to write where a name is none of expressions, but something else."""
        if error.name in self.playable:
            return f"it is a prompt: write `play: {error.name}`"
        return "variables are read by their bare names" if error.name == "vars" else error.help

    def tree(
        self, tree: nodes.Node, source: str, scalar: Scalar | None, known: Known
    ) -> Type | None:
        """Type a tree, and check that what it reads has a value; faults are noted."""
        types = self.sight.types
        if INPUT in types and not known.plain:
            types = {**types, INPUT: SECRET_INPUT}
        try:
            given = infer(tree, types, source, self.sight.records, known.present)
        except UnknownNameError as error:
            sort = Sort.ENVIRONMENT if error.name == "env" else Sort.UNKNOWN
            help = self.remedy(error)
            self.note(Fault(sort, place(scalar, error.offset, source), error.message, help))
            return None
        except ExpressionError as error:
            sort = Sort.COMPUTED if isinstance(error, SecretError) else Sort.TYPE
            self.note(Fault(sort, place(scalar, error.offset, source), error.message, error.help))
            return None
        for name in sorted(_read(tree) - known.assigned):
            if name in self.variables or name in SOMETIMES:
                span = place(scalar, offset_of(name, source), source)
                help = "give it a value on every way here, or use `| default(...)`"
                if name in _within_defaults(tree):
                    help = (
                        f"the default is for a part of `{name}`: give it a value on every way here"
                    )
                if name == SIGNALLED:
                    help = "it comes with a signal: read it where `signal.NAME` is handled"
                message = f'"{name}" may have no value here'
                self.note(Fault(Sort.UNASSIGNED, span, message, help))
        return given


class _NoTextError(ExpressionError):
    """A value that can't stand in a text."""


def _within_defaults(tree: nodes.Node) -> set[str]:
    """Return the names of which a part has a default, as in `how.place | default(0)`."""
    filters = [
        each for each in (tree, *tree.find_all(nodes.Filter)) if isinstance(each, nodes.Filter)
    ]
    parts = (each.node for each in filters if each.name == "default")
    found = (each for each in parts if isinstance(each, nodes.Getattr | nodes.Getitem))
    return {name.name for each in found for name in each.find_all(nodes.Name)}


def _read(tree: nodes.Node) -> set[str]:
    """Return the names that must have a value; those with a default need none."""
    if isinstance(tree, nodes.Name):
        return {tree.name}
    if isinstance(tree, nodes.Call):
        return set[str]().union(*(_read(each) for each in evaluated(tree)))
    found: set[str] = set()
    for child in tree.iter_child_nodes():
        if isinstance(tree, nodes.Call) and child is tree.node:
            continue
        has_default = isinstance(tree, nodes.Filter) and tree.name == "default"
        if has_default and child is getattr(tree, "node", None) and isinstance(child, nodes.Name):
            continue
        found |= _read(child)
    return found
