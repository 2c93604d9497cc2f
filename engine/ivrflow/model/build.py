"""Nodes to flows and applications: the author's text as typed values.

What the schema finds wrong is left out here without a word, so a damaged file still gives its
names. What only the meaning of the text shows wrong is a finding.
"""

from typing import Literal, cast

import msgspec

from ivrflow.diagnostics import Diagnostic, Kind, Span
from ivrflow.expr.types import T, Type, parse_type
from ivrflow.model.app import DEFAULT_LOCALE, App, Route, Webhook
from ivrflow.model.build_actions import ActionBuilder
from ivrflow.model.build_callouts import build_callouts
from ivrflow.model.build_prompts import build_declared, build_own_prompt, refuse_two_prompts
from ivrflow.model.build_records import build_records
from ivrflow.model.build_requests import build_requests
from ivrflow.model.build_schedules import build_schedules
from ivrflow.model.build_steps import StepBuilder
from ivrflow.model.flow import Decl, Flow, Handlers, Origin, Ref, State, Text, Transition
from ivrflow.model.literals import EXAMPLE_BY_TYPE, guess
from ivrflow.model.reader import (
    Reader,
    boolean,
    child,
    entries,
    fixed,
    items,
    place,
    ref,
    several,
    text,
    word,
)
from ivrflow.numbers import is_e164
from ivrflow.source.node import Entry, Mapping, Node, Scalar, Sequence

LATER_IN_APP = ("region",)
LATER_TYPES = (T.DESTINATION,)
TYPED = frozenset({"type", "enum", "default", "secret", "of", "properties"})

HEARD = (T.PROMPT, T.SCHEDULE, T.DESTINATION)
"""Types whose values are there to be heard, asked or dialled."""

UNTYPED = Kind(
    "E605",
    "untyped-declaration",
    "A declaration does not tell its type, or has a default that its type can't have.",
    bad="""
flow: example
start: greet
vars: {name: null}
states:
  greet: {say: "Hello, {{ name | default('you') }}.", hangup: }
""",
    good="""
flow: example
start: greet
vars: {name: string?}
states:
  greet: {say: "Hello, {{ name | default('you') }}.", hangup: }
""",
    fatal=True,
)
WRONG_SECRET = Kind(
    "E806",
    "wrong-secret",
    "Something is declared secret that is there to be heard, or whose parts have no types.",
    bad="""
flow: example
start: greet
vars: {door: {type: object, secret: true, default: {}}}
states:
  greet: {say: Hello., hangup: }
""",
    good="""
flow: example
start: greet
vars: {door: {type: object, secret: true, default: {}, properties: {code: digits}}}
states:
  greet: {say: Hello., hangup: }
""",
    fatal=True,
)
COMPUTED = Kind(
    "E681",
    "computed-declaration",
    "A declaration computes its value: no call is there yet to compute it from.",
    bad="""
flow: example
start: greet
vars: {caller: "{{ call.from }}"}
states:
  greet: {say: "Hello, {{ caller }}.", hangup: }
""",
    good="""
flow: example
start: greet
vars: {caller: phone?}
states:
  greet:
    set: {caller: "{{ call.from }}"}
    say: "Hello, {{ caller | default('you') }}."
    hangup:
""",
)
NO_NUMBER = Kind(
    "E701",
    "not-a-number",
    "A route names a number that is not in international form: it would match no call.",
    bad="""
app: example
routes: [{to: "0850000000", flow: example}]
""",
    good="""
app: example
routes: [{to: "+46850000000", flow: example}]
""",
    fatal=True,
)


def build_flow(path: str, root: Node) -> tuple[Flow | None, tuple[Diagnostic, ...]]:
    """Build the flow of the file `path`; no flow where it has no name."""
    reader = Reader(path)
    flow = _FlowBuilder(reader, root).flow()
    return flow, tuple(reader.findings)


def build_app(path: str, root: Node) -> tuple[App | None, tuple[Diagnostic, ...]]:
    """Build the application of the file `path`."""
    reader = Reader(path)
    app = _build_app(reader, root) if isinstance(root, Mapping) else None
    return app, tuple(reader.findings)


class _FlowBuilder:
    def __init__(self, reader: Reader, root: Node) -> None:
        self.reader = reader
        self.root = root
        self.params = _declarations(reader, child(root, "params"))
        self.vars = _variables(reader, child(root, "vars"))
        declared = {name: decl.type for name, decl in self.vars.items()}
        digits = dict.fromkeys(_collected(child(root, "states")), Type(name=T.DIGITS))
        self.steps = StepBuilder(reader, digits | declared)
        self.returns = {
            each.key.text: _declarations(reader, each.value)
            for each in entries(child(root, "returns"))
        }
        self.actions = ActionBuilder(reader, self.steps, self.returns)

    def flow(self) -> Flow | None:
        root = self.root
        name = word(child(root, "flow"))
        if not name:
            return None
        start = ref(child(root, "start"))
        states = {each.key.text: self.state(each) for each in entries(child(root, "states"))}
        return Flow(
            name=name,
            start=start or Ref(name="", at=place(child(root, "flow"))),
            title=word(child(root, "title")),
            locale=word(child(root, "locale")),
            answer=cast(Literal["auto", "never"], word(child(root, "answer"), "auto")),
            params=self.params,
            vars=self.vars,
            returns=self.returns,
            prompts=build_declared(self.reader, child(root, "prompts")),
            schedules=build_schedules(self.reader, child(root, "schedules")),
            records=build_records(self.reader, child(root, "records"), _type),
            requests=build_requests(self.reader, child(root, "requests"), _declarations),
            callouts=build_callouts(child(root, "callouts")),
            on=self.handlers(child(root, "on")),
            states=states,
            origin=Origin(
                path=self.reader.path,
                locale=place(child(root, "locale")),
                budget={
                    each.key.text: fixed(each.value, 0) for each in entries(child(root, "budget"))
                },
            ),
        )

    def state(self, entry: Entry) -> State:
        node = entry.value
        refuse_two_prompts(self.reader, node)
        return State(
            name=entry.key.text,
            steps=self.steps.steps_of(node),
            prompt=build_own_prompt(self.reader, node),
            action=self.actions.action(node),
            on=Handlers(
                by_outcome=self.outcomes(child(node, "on")), places=_places(child(node, "on"))
            ),
            timers=self.steps.timers(child(node, "timers")),
            next=self.steps.transition(child(node, "next")),
            at=entry.key.span,
        )

    def outcomes(self, node: Node | None) -> dict[str, Transition]:
        return {each.key.text: self.steps.transition(each.value) for each in entries(node)}

    def handlers(self, node: Node | None) -> Handlers:
        """Build the handlers of a flow, where `error` names the state that speaks on a failure."""
        own = self.outcomes(node)
        return Handlers(
            by_outcome={name: each for name, each in own.items() if name not in ("keys", "error")},
            places=_places(node),
            keys=self.steps.choices(child(node, "keys")),
            error=ref(child(node, "error")),
        )


def _collected(states: Node | None) -> list[str]:
    """Return the variables that hold digits because a menu or collect puts them there."""
    found = []
    for state in entries(states):
        for holder in (
            child(state.value, "collect"),
            child(child(state.value, "menu"), "extension"),
        ):
            name = word(child(holder, "into"))
            found += [name] if name else []
    return found


def _declarations(reader: Reader, node: Node | None) -> dict[str, Decl]:
    return {each.key.text: _declaration(reader, each) for each in entries(node)}


def _variables(reader: Reader, node: Node | None) -> dict[str, Decl]:
    """Read variables: one that may be null is so from the start."""
    return {
        name: msgspec.structs.replace(decl, has_default=decl.has_default or decl.type.nullable)
        for name, decl in _declarations(reader, node).items()
    }


def _declaration(reader: Reader, entry: Entry) -> Decl:
    """Read a literal (the type from it), the name of a type, or both written out."""
    value, span = entry.value, entry.key.span
    _refuse_computed(reader, value)
    match value:
        case Scalar():
            named = parse_type(value.text)
            if named is not None:
                if not value.plain:
                    _refuse_quoted(reader, value)
                return Decl(type=_supported(reader, value, named), at=span)
            type_, default = guess(value)
            if type_.name is T.NULL:
                message = f'nothing tells the type of "{entry.key.text}"'
                reader.note(UNTYPED, span, message, "name one: `string?`, `digits`, `integer`")
            return Decl(type=type_, default=default, has_default=True, at=span)
        case Sequence():
            return Decl(type=Type(name=T.LIST), default=_plain(value), has_default=True, at=span)
        case Mapping() if value.entries and value.entries.keys() <= TYPED:
            return _typed(reader, value, entry)
        case _:
            return Decl(type=Type(name=T.OBJECT), default=_plain(value), has_default=True, at=span)


def _refuse_quoted(reader: Reader, value: Scalar) -> None:
    """Note the name of a type in quotes: a text by its look, and hardly meant as one."""
    message = f'"{value.text}" is the name of a type, in quotes'
    help = f"write it without quotes; for the text write {{type: string, default: {value.text}}}"
    reader.note(UNTYPED, value.span, message, help)


def _typed(reader: Reader, node: Mapping, entry: Entry) -> Decl:
    type_ = _type(reader, node)
    default = node.get("default")
    if default is None:
        return Decl(type=type_, at=entry.key.span)
    if type_.name is T.PROMPT:
        help = "declare it `prompt?`, and say your own words where it is none"
        reader.note(UNTYPED, default.span, "a prompt has no default", help)
        return Decl(type=type_, at=entry.key.span)
    if isinstance(default, Scalar):
        value: object = reader.literal(default, type_)
    else:
        value = _plain(default)
        if type_.name not in (T.LIST, T.OBJECT):
            message = f"not {EXAMPLE_BY_TYPE.get(type_.name, type_.name)}"
            reader.note(UNTYPED, default.span, message)
    return Decl(type=type_, default=value, has_default=True, at=entry.key.span)


def _refuse_computed(reader: Reader, node: Node) -> None:
    """Note values that stand in a declaration, where no call is there yet to compute them."""
    match node:
        case Scalar() if "{{" in node.text:
            help = "declare its type alone, and `set` it in the first state"
            reader.note(COMPUTED, node.span, "a value from the start can't be computed", help)
        case Sequence():
            for each in node:
                _refuse_computed(reader, each)
        case Mapping():
            for entry in node:
                _refuse_computed(reader, entry.value)
        case _:
            pass


def _type(reader: Reader, node: Node | None) -> Type:
    """Read a type: its name, or `{type, enum, secret, of, properties}`."""
    if isinstance(node, Scalar):
        return _supported(reader, node, parse_type(node.text) or Type(name=T.STRING))
    kind = child(node, "type")
    enum = tuple(word(each) for each in items(child(node, "enum")))
    named = parse_type(word(kind, "string")) or Type(name=T.STRING)
    of, properties = child(node, "of"), child(node, "properties")
    built = Type(
        name=_supported(reader, kind or node, named).name,
        nullable=named.nullable,
        enum=enum,
        of=None if of is None else _inner(reader, of),
        properties=None
        if properties is None
        else {each.key.text: _inner(reader, each.value) for each in entries(properties)},
    )
    secret = child(node, "secret")
    return _secret(reader, secret, built) if boolean(secret, default=False) else built


def _secret(reader: Reader, node: Node | None, type_: Type) -> Type:
    """Return the type of a secret: all of its parts are secrets, so each must be known."""
    if type_.name in HEARD:
        reader.note(WRONG_SECRET, place(node), f"a {type_.name} can't be a secret")
    open_list = type_.name is T.LIST and type_.of is None
    if open_list or (type_.name is T.OBJECT and type_.properties is None):
        help = "write the types of its parts: " + ("of: digits" if open_list else "properties: ..")
        reader.note(WRONG_SECRET, place(node), f"nothing tells what the {type_.name} holds", help)
    return msgspec.structs.replace(
        type_,
        secret=True,
        of=None if type_.of is None else _secret(reader, node, type_.of),
        properties=None
        if type_.properties is None
        else {name: _secret(reader, node, each) for name, each in type_.properties.items()},
    )


def _inner(reader: Reader, node: Node) -> Type:
    type_ = _type(reader, node)
    if type_.name is T.SCHEDULE:
        reader.not_yet(place(node), "a schedule in a list or object")
    return type_


def _supported(reader: Reader, node: Node | None, type_: Type) -> Type:
    if type_.name in LATER_TYPES:
        reader.not_yet(place(node), type_.name)
    return type_


def _plain(node: Node) -> object:
    """Return a literal list or mapping as its JSON value."""
    match node:
        case Scalar():
            return guess(node)[1]
        case Sequence():
            return [_plain(each) for each in node]
        case Mapping():
            return {each.key.text: _plain(each.value) for each in node}


# -- applications ---------------------------------------------------------------------------------


def _build_app(reader: Reader, root: Mapping) -> App:
    reader.refuse(root, LATER_IN_APP)
    dial = child(root, "dial")
    allow = child(dial, "allow")
    return App(
        locale=word(child(root, "locale"), DEFAULT_LOCALE),
        routes=tuple(
            route
            for each in items(child(root, "routes"))
            if (route := _route(reader, each)) is not None
        ),
        prompts=build_declared(reader, child(root, "prompts")),
        schedules=build_schedules(reader, child(root, "schedules")),
        records=build_records(reader, child(root, "records"), _type),
        requests=build_requests(reader, child(root, "requests"), _declarations),
        webhooks=_webhooks(child(root, "webhooks")),
        dial_allow=None if allow is None else tuple(word(each) for each in several(allow)),
        sorry=word(child(child(root, "on"), "error")),
        origin=Origin(path=reader.path, locale=place(child(root, "locale"))),
    )


def _webhooks(node: Node | None) -> dict[str, Webhook]:
    """Build `webhooks:`, by name; one without an address has a name that events may use."""
    return {
        each.key.text: Webhook(
            url=text(child(each.value, "url")) or Text(source=""),
            secret=text(child(each.value, "secret")),
            at=each.key.span,
        )
        for each in entries(node)
    }


def _route(reader: Reader, node: Node) -> Route | None:
    flow = ref(child(node, "flow"))
    if flow is None:
        return None
    numbers, prefixes = _numbers(reader, child(node, "to"))
    return Route(
        flow=flow,
        numbers=numbers,
        prefixes=prefixes,
        domain=cast(Literal["", "pstn", "app", "sip", "conference"], word(child(node, "domain"))),
        params={
            each.key.text: reader.as_written(each.value) for each in entries(child(node, "with"))
        },
        locale=word(child(node, "locale")),
        at=node.span,
    )


def _numbers(reader: Reader, node: Node | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read `to`: one whole number, or prefixes; a `*` at its end makes any of them a prefix."""
    if isinstance(node, Scalar) and not node.text.endswith("*"):
        if not is_e164(node.text):
            message = f'"{node.text}" is no number in international form'
            help = 'write "+46850000000", or "+4685*" for all that begin so'
            reader.note(NO_NUMBER, node.span, message, help)
        return (node.text,), ()
    prefixes = several(node)
    for each in prefixes:
        if not word(each).startswith(("+", "*")):
            message = f'no number begins like "{word(each)}": they begin with "+"'
            reader.note(NO_NUMBER, each.span, message, 'write "+4685*"')
    return (), tuple(word(each).removesuffix("*") for each in prefixes)


def _places(node: Node | None) -> dict[str, Span]:
    return {each.key.text: each.key.span for each in entries(node)}
