"""What every expression of a flow reads, and whether it has a value of the right type there.

Definite assignment is a forward data flow over the graph of states: what is assigned on every way
to a state. `input` is assigned by a menu or collect that hears, and gone with the next event; after
one that asks for a secret it is not known to be plain.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache

import msgspec
from jinja2 import nodes

from ivrflow.analysis.graph import Way
from ivrflow.analysis.subject import STRING, Subject
from ivrflow.compiler.values import ENVIRONMENT, parameter
from ivrflow.diagnostics import START, Span, did_you_mean
from ivrflow.errors import ExpressionError
from ivrflow.expr.check import (
    TEXTLESS,
    SecretError,
    UnknownNameError,
    accepts,
    describe,
    infer,
)
from ivrflow.expr.functions import Keyed, evaluated
from ivrflow.expr.parse import offset_of, parse_expression, parse_text, whole_expression
from ivrflow.expr.secrecy import REMEDY, is_secret, keeps
from ivrflow.expr.types import T, Type
from ivrflow.model.flow import (
    Collect,
    Computed,
    Conference,
    Connect,
    Constant,
    Decl,
    DeclaredPrompt,
    Duration,
    Expr,
    ListValue,
    LocaleStep,
    LogStep,
    Menu,
    Move,
    ObjectValue,
    Park,
    PlayPart,
    Prompt,
    PromptStep,
    Record,
    RecordOperation,
    RecordStep,
    Request,
    RequestAction,
    Return,
    Run,
    SayPart,
    SendDtmfStep,
    Set,
    State,
    Step,
    Template,
    Text,
    TextValue,
)
from ivrflow.model.given import as_prompt, is_computed
from ivrflow.source.node import Scalar

INPUT = "input"
PLAIN_INPUT = "input, which is no secret"
"""Among the names that are assigned: on no way here `input` is what a secret collect heard."""

IN_CLEAR = "sent but to an address that begins with https://"

SECRET_INPUT = Type(name=T.STRING, secret=True)
MAX_DEPTH = 20
"""Beyond it declared prompts are not followed; a rule of its own refuses less."""

USE_BY_STEP: Mapping[type, str] = {
    LocaleStep: "used as a locale",
    SendDtmfStep: "sent as tones",
    LogStep: "logged",
}
"""What a step does with its text, in words."""

Names = frozenset[str]


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


class Fault(msgspec.Struct, frozen=True):
    sort: Sort
    span: Span
    message: str
    help: str = ""


@lru_cache(maxsize=1)
def faults(subject: Subject) -> tuple[Fault, ...]:
    """Return what is wrong with the expressions of a flow, one fault a place at most.

    Several rules ask for it in turn, so the last answer is kept.
    """
    entered = _entered(subject)
    reader = _Reader(subject)
    everything = frozenset(subject.variables) | {INPUT, PLAIN_INPUT}
    for state in subject.states.values():
        reader.state(state, entered.get(state.name, everything))
    start = _start(subject)
    for name in ("ended", "recording", "transcript"):
        for move in subject.flow.on.by_outcome.get(name, ()):
            reader.move(move, start)
    for declared in subject.flow.prompts.values():
        reader.declared(declared, everything)
    return (*reader.found.values(), *request_faults(subject.flow.requests))


def type_of(subject: Subject, template: Template) -> Type | None:
    """Return the type of a value in `subject`, None where it can't be told: because of one of its
    `faults`, for example."""
    everything = frozenset(subject.variables) | {INPUT, PLAIN_INPUT}
    return _Reader(subject).value(template, everything)


def prompt_faults(prompts: Mapping[str, DeclaredPrompt], names: Mapping[str, Type]) -> list[Fault]:
    """Return what is wrong with prompts that see `names` only: those of an application."""
    reader = _Reader(None)
    reader.types = dict(names)
    for declared in prompts.values():
        reader.declared(declared, frozenset({PLAIN_INPUT}))
    return list(reader.found.values())


def request_faults(requests: Mapping[str, Request]) -> list[Fault]:
    """Return what is wrong with the texts of requests, which see their parameters only."""
    found: list[Fault] = []
    for request in requests.values():
        reader = _Reader(None)
        reader.types = {name: decl.type for name, decl in request.params.items()}
        reader.request(request)
        found += reader.found.values()
    return found


# -- definite assignment --------------------------------------------------------------------------


def _start(subject: Subject) -> Names:
    given = (name for name, decl in subject.flow.vars.items() if decl.has_default)
    return frozenset(given) | {PLAIN_INPUT}


def _entered(subject: Subject) -> dict[str, Names]:
    """Return what is assigned on every way to each state that can be reached."""
    start = _start(subject)
    entered: dict[str, Names] = {}
    todo: list[tuple[str, Names]] = [(subject.flow.start.name, start)]
    if subject.flow.on.error is not None:
        todo.append((subject.flow.on.error.name, start))
    while todo:
        name, assigned = todo.pop()
        state = subject.states.get(name)
        if state is None:
            continue
        before = entered.get(name)
        after = assigned if before is None else before & assigned
        if after == before:
            continue
        entered[name] = after
        left = after | _set_by(state.steps)
        for way in subject.ways_by_state[name]:
            todo += _arrivals(way, left)
    return entered


def _arrivals(way: Way, assigned: Names) -> Iterable[tuple[str, Names]]:
    assigned = _on(way, assigned)
    for move in way.transition:
        if move.next is not None:
            yield move.next.name, assigned | _set_by(move.steps)


def _on(way: Way, assigned: Names) -> Names:
    """What is assigned where a way begins."""
    kept = {way.into} if way.into else set()
    if not way.event:
        return assigned | kept
    heard = {INPUT} if way.hears else set()
    plain = set() if way.secret else {PLAIN_INPUT}
    return assigned - {INPUT, PLAIN_INPUT} | heard | kept | plain


def _set_by(steps: Iterable[Step]) -> Names:
    return frozenset(name for step in steps if (name := _set_in(step)))


def _set_in(step: Step) -> str:
    """The variable that a step gives a value, "" for none."""
    match step:
        case Set(name=name):
            return name
        case RecordOperation(into=into) if into is not None:
            return into.name
        case _:
            return ""


# -- reading --------------------------------------------------------------------------------------


class _Reader:
    """Reads expressions in the order in which they are evaluated."""

    def __init__(self, subject: Subject | None) -> None:
        self.subject = subject
        self.variables = {} if subject is None else subject.variables
        self.prompts = {} if subject is None else subject.flow.prompts
        self.records = {} if subject is None else _keyed(subject.records)
        self.returns = {} if subject is None else subject.flow.returns
        own: dict[str, Type | None] = {} if subject is None else dict(subject.names)
        self.types: dict[str, Type | None] = {**own, **self.variables}
        self.found: dict[Span, Fault] = {}
        self.played_with: set[tuple[str, Names]] = set()
        self.depth = 0

    def note(self, fault: Fault) -> None:
        self.found.setdefault(fault.span, fault)

    def state(self, state: State, assigned: Names) -> None:
        assigned = self.steps(state.steps, assigned)
        self.prompt(state.prompt, assigned)
        self.action(state, self.asking(state, assigned))
        ways = self.subject.ways_by_state[state.name] if self.subject else []
        for way in ways:
            here = _on(way, assigned)
            for move in way.transition:
                self.move(move, here)

    def move(self, move: Move, assigned: Names) -> None:
        if move.when is not None:
            self.expression(move.when, assigned)
        self.prompt(move.prompt, self.steps(move.steps, assigned))

    def steps(self, steps: Iterable[Step], assigned: Names) -> Names:
        for step in steps:
            self.step(step, assigned)
            assigned |= _set_by((step,))
        return assigned

    def step(self, step: Step, assigned: Names) -> None:
        match step:
            case Set():
                self.assignment(step, assigned)
            case PromptStep(prompt=prompt):
                self.prompt(prompt, assigned)
            case LocaleStep(locale=text) | SendDtmfStep(tones=text) | LogStep(text=text):
                self.text(text, assigned, use=USE_BY_STEP[type(step)])
            case RecordStep(to=target, credentials=credentials):
                self.text(target, assigned, use="part of an address")
                if credentials is not None:
                    self.credentials(credentials)
            case RecordOperation(key=key, any=several, value=value):
                for template in (key, several, value):
                    if template is not None and is_secret(self.value(template, assigned)):
                        self.note(_leak(span_of(template), "kept in a record"))
            case _:
                pass

    def assignment(self, step: Set, assigned: Names) -> None:
        wanted = self.variables.get(step.name)
        if step.name not in self.variables:
            help = did_you_mean(step.name, self.variables) or "declare it under `vars:`"
            message = f'no variable is called "{step.name}"'
            self.note(Fault(Sort.UNKNOWN, step.at, message, help))
            return
        given = self.value(step.value, assigned)
        if not accepts(wanted, given):
            message = f'"{step.name}" is {describe(wanted)}, not {describe(given)}'
            help = ""
            if given is not None and given.nullable:
                help = "give a value for null with `| default(...)`, or declare it nullable"
            self.note(Fault(Sort.ASSIGNMENT, step.at, message, help))
        self.exposed(step.name, wanted, given, step.at)

    def exposed(self, name: str, wanted: Type | None, given: Type | None, span: Span) -> None:
        if not keeps(wanted, given):
            self.note(Fault(Sort.EXPOSED, span, *exposure(name, wanted)))

    def value(self, template: Template, assigned: Names) -> Type | None:
        match template:
            case TextValue(text=text):
                return self.whole_or_text(text, assigned)
            case ObjectValue(properties=properties):
                parts = {name: self.value(each, assigned) for name, each in properties.items()}
                known = {name: each for name, each in parts.items() if each is not None}
                return Type(name=T.OBJECT, properties=known)
            case ListValue(items=items):
                of = [self.value(item, assigned) for item in items]
                return Type(name=T.LIST, of=next(filter(is_secret, of), None))
            case Constant():
                return None  # read by its variable's type already

    def whole_or_text(
        self, text: Text, assigned: Names, *, use: str = "joined with other text"
    ) -> Type | None:
        try:
            whole = whole_expression(text.source)
        except ExpressionError:
            whole = None
        if whole is None:
            is_text = self.text(text, assigned, use=use)
            return STRING if is_text and "{{" in text.source else None
        return self.tree(whole, text.source, text.scalar, assigned)

    def prompt(self, prompt: Prompt, assigned: Names) -> None:
        for part in prompt:
            if part.when is not None:
                self.expression(part.when, assigned)
            if isinstance(part, PlayPart):
                self.text(part.target, assigned, use="part of an address")
                self.played(part.target.source, assigned)
            else:
                self.text(part.text, assigned, heard=isinstance(part, SayPart), use="spoken")

    def played(self, name: str, assigned: Names) -> None:
        declared = self.prompts.get(name)
        if declared is None or (name, assigned) in self.played_with or self.depth > MAX_DEPTH:
            return
        self.played_with.add((name, assigned))
        self.depth += 1
        self.declared(declared, assigned)
        self.depth -= 1

    def declared(self, declared: DeclaredPrompt, assigned: Names) -> None:
        for prompt in declared.by_locale.values():
            self.prompt(prompt, assigned)
        if declared.audio is not None:
            self.text(declared.audio, assigned, use="part of an address")

    def asking(self, state: State, assigned: Names) -> Names:
        """What is assigned where a state asks: when it asks again it sees what it heard."""
        secret = self.subject is not None and self.subject.graph.asks_secret(state)
        return assigned - {PLAIN_INPUT} if secret else assigned

    def action(self, state: State, assigned: Names) -> None:
        match state.action:
            case Menu(prompt=prompt, reprompt=reprompt):
                self.prompt(prompt, assigned)
                self.prompt(reprompt, assigned)
            case Collect() as collect:
                self.number(collect.digits.computed_min, assigned)
                self.number(collect.digits.computed_max, assigned)
                self.prompt(collect.prompt, assigned)
                self.prompt(collect.reprompt, assigned)
                self.prompt(collect.wrong, assigned | {INPUT})
                if collect.check is not None:
                    self.expression(collect.check, assigned | {INPUT})
            case Connect() as connect:
                self.connect(connect, assigned)
            case Conference(id=room):
                self.text(room, assigned, use="the name of a room")
            case RequestAction() as action:
                self.look_up(action, assigned)
            case Run() as run:
                self.run(run, assigned)
            case Return(name=name, values=values):
                self.given(values, self.returns.get(name.name, {}), assigned)
            case Park(intro=intro, prompt=prompt, max_duration=duration):
                self.prompt(intro, assigned)
                self.prompt(prompt, assigned)
                self.duration(duration, assigned)
            case _:
                pass

    def run(self, run: Run, assigned: Names) -> None:
        flow = self.subject.others.get(run.flow.name) if self.subject else None
        declared = {} if flow is None else flow.params
        heard = {
            name for name in run.params if name in declared and declared[name].type.name is T.PROMPT
        }
        for name in heard:
            with suppress(ValueError):  # that it is nothing to hear is a rule's to say
                self.prompt(as_prompt(run.params[name]), assigned)
        rest = {name: each for name, each in run.params.items() if name not in heard}
        self.given(rest, declared, assigned)

    def look_up(self, action: RequestAction, assigned: Names) -> None:
        request = self.subject.graph.request_of(action) if self.subject else None
        self.given(action.params, {} if request is None else request.params, assigned)
        self.prompt(action.meanwhile, assigned - {INPUT})  # said again when the input is gone

    def request(self, request: Request) -> None:
        self.text(_without_environment(request.url), frozenset(), use="part of an address")
        use = "" if request.url.source.startswith("https://") else IN_CLEAR
        for text in (*request.headers.values(), *(request.form or {}).values()):
            self.text(_without_environment(text), frozenset(), use=use)
        if request.json is not None:
            self.outgoing(request.json, use)

    def outgoing(self, template: Template, use: str) -> None:
        """Read a value that a request sends."""
        match template:
            case TextValue(text=text):
                given = self.whole_or_text(_without_environment(text), frozenset(), use=use)
                if use and is_secret(given):
                    self.note(_leak(_span(text.scalar), use))
            case ListValue(items=items):
                for item in items:
                    self.outgoing(item, use)
            case ObjectValue(properties=properties):
                for each in properties.values():
                    self.outgoing(each, use)
            case Constant():
                pass

    def given(
        self, values: Mapping[str, Template], declared: Mapping[str, Decl], assigned: Names
    ) -> None:
        """Read what another flow gets; literals are judged where the declaration is known."""
        for name, template in values.items():
            wanted = declared[name].type if name in declared else None
            given = self.value(template, assigned)
            if is_computed(template) and not accepts(wanted, given):
                message = f'"{name}" is {describe(wanted)}, not {describe(given)}'
                self.note(Fault(Sort.TYPE, span_of(template), message))
            self.exposed(name, wanted, given, span_of(template))

    def connect(self, connect: Connect, assigned: Names) -> None:
        self.text(connect.target, assigned, use="dialled")
        if connect.cli is not None:
            self.text(connect.cli, assigned, use="shown to the called party")
        if connect.dtmf is not None:
            self.text(connect.dtmf, assigned, use="sent as tones")
        for header in connect.headers.values():
            self.text(header, assigned, use="a header of a call")
        self.duration(connect.timeout, assigned)
        self.duration(connect.max_duration, assigned)

    def duration(self, duration: Duration | None, assigned: Names) -> None:
        if not isinstance(duration, Computed):
            return
        given = self.whole_or_text(duration.text, assigned)
        if is_secret(given):
            self.note(_leak(_span(duration.text.scalar), "a duration"))
        elif given is not None and given.name is not T.DURATION:
            message = f"a duration is needed here, not {describe(given)}"
            self.note(Fault(Sort.TYPE, _span(duration.text.scalar), message))

    def number(self, text: Text | None, assigned: Names) -> None:
        if text is None:
            return
        given = self.whole_or_text(text, assigned)
        if is_secret(given):
            self.note(_leak(_span(text.scalar), "a number of digits"))
        elif given is not None and (given.name is not T.INTEGER or given.nullable):
            message = f"a whole number is needed here, not {describe(given)}"
            self.note(Fault(Sort.TYPE, _span(text.scalar), message))

    def expression(self, expression: Expr, assigned: Names) -> None:
        def read() -> None:
            tree = parse_expression(expression.source)
            self.tree(tree, expression.source, expression.scalar, assigned)

        self.attempt(read, expression.source, expression.scalar)

    def text(
        self, text: Text, assigned: Names, *, use: str = "put into a text", heard: bool = False
    ) -> bool:
        """Read a text, and return whether it is one; where it is `heard`, one whole parameter may
        be a prompt.

        `use` says in words what is done with it, "" for what may be done with a secret.
        """
        textless = TEXTLESS - {T.PROMPT} if heard and parameter(text) else TEXTLESS

        def read() -> None:
            for segment in parse_text(text.source):
                if not isinstance(segment, str):
                    given = self.tree(segment, text.source, text.scalar, assigned)
                    if use and is_secret(given):
                        self.note(_leak(_place_of(segment, text), use))
                    elif given is not None and given.name in textless:
                        help = "ask for its hours(...)" if given.name is T.SCHEDULE else ""
                        raise _NoTextError(f"{describe(given)} has no text", help=help)

        return self.attempt(read, text.source, text.scalar)

    def credentials(self, text: Text) -> None:
        rest = ENVIRONMENT.sub("", text.source)
        if "{{" in rest or "{%" in rest:
            message = "only {{ env.NAME }} may stand in credentials"
            self.note(Fault(Sort.SYNTAX, _span(text.scalar), message))

    def attempt(self, read: Callable[[], None], source: str, scalar: Scalar | None) -> bool:
        try:
            read()
        except ExpressionError as error:
            sort = Sort.TYPE if isinstance(error, _NoTextError) else Sort.SYNTAX
            span = _place(scalar, error.offset, source)
            self.note(Fault(sort, span, error.message, error.help))
            return False
        return True

    def tree(
        self, tree: nodes.Node, source: str, scalar: Scalar | None, assigned: Names
    ) -> Type | None:
        """Type a tree, and check that what it reads has a value; faults are noted."""
        types = self.types
        if INPUT in types and PLAIN_INPUT not in assigned:
            types = {**types, INPUT: SECRET_INPUT}
        try:
            given = infer(tree, types, source, self.records)
        except UnknownNameError as error:
            sort = Sort.ENVIRONMENT if '"env"' in error.message else Sort.UNKNOWN
            self.note(Fault(sort, _place(scalar, error.offset, source), error.message, error.help))
            return None
        except ExpressionError as error:
            sort = Sort.COMPUTED if isinstance(error, SecretError) else Sort.TYPE
            self.note(Fault(sort, _place(scalar, error.offset, source), error.message, error.help))
            return None
        for name in sorted(_read(tree) - assigned):
            if name in self.variables or name == INPUT:
                span = _place(scalar, offset_of(name, source), source)
                help = "give it a value on every way here, or use `| default(...)`"
                message = f'"{name}" may have no value here'
                self.note(Fault(Sort.UNASSIGNED, span, message, help))
        return given


def _keyed(records: Mapping[str, Record]) -> dict[str, Keyed]:
    return {
        name: Keyed(key=each.key, is_queue=each.kind == "queue") for name, each in records.items()
    }


def _without_environment(text: Text) -> Text:
    """Put words of the same length where a request may read the environment."""
    source = ENVIRONMENT.sub(lambda found: "-" * len(found.group()), text.source)
    return Text(source=source, scalar=text.scalar)


class _NoTextError(ExpressionError):
    """A value that can't stand in a text."""


def exposure(name: str, wanted: Type | None) -> tuple[str, str]:
    """Say that `name`, declared as `wanted`, is given a secret: a message and a remedy."""
    kind = wanted.name if wanted is not None else T.DIGITS
    if kind in (T.LIST, T.OBJECT):
        help = "declare with `secret: true` what is secret in it"
    else:
        help = f"declare it {{type: {kind}, secret: true}}"
    return f'"{name}" is given a secret, but is none', help


def _leak(span: Span, use: str) -> Fault:
    return Fault(Sort.LEAK, span, f"a secret can't be {use}", REMEDY)


def _place_of(tree: nodes.Node, text: Text) -> Span:
    name = tree if isinstance(tree, nodes.Name) else tree.find(nodes.Name)
    offset = 0 if name is None else offset_of(name.name, text.source)
    return _place(text.scalar, offset, text.source)


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


def _place(scalar: Scalar | None, offset: int, source: str) -> Span:
    if scalar is None:
        return START
    word = re.match(r"\w+(\.\w+)*|\S", source[offset:])
    return scalar.part(offset, len(word.group()) if word else 1)


def span_of(template: Template) -> Span:
    """Return where a value stands."""
    match template:
        case TextValue(text=text):
            return _span(text.scalar)
        case _:
            return template.at


def _span(scalar: Scalar | None) -> Span:
    return START if scalar is None else scalar.span
