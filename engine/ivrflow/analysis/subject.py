"""What rules look at: a flow in its application on its platform, and what follows from it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

import msgspec

from ivrflow.analysis.circles import last_first
from ivrflow.analysis.contexts import Contexts, Visits, explore
from ivrflow.analysis.costs import Costs, of_lookups, of_states
from ivrflow.analysis.graph import Graph, Way, steps_of, transitions_of, wanted_digits
from ivrflow.analysis.passing import Passing
from ivrflow.analysis.patience.bounds import Bounds, Rounds
from ivrflow.analysis.patience.lengths import chosen_locales, lengths_of
from ivrflow.compiler.platform import Platform
from ivrflow.diagnostics import nearest
from ivrflow.expr.functions import Keyed
from ivrflow.expr.relations import either
from ivrflow.expr.secrecy import keeps
from ivrflow.expr.types import T, Type
from ivrflow.model.app import App, Route
from ivrflow.model.context import Context
from ivrflow.model.flow import (
    FATES,
    CalloutStep,
    Collect,
    Decl,
    DeclaredPrompt,
    Flow,
    Hold,
    Menu,
    Move,
    Park,
    Part,
    Prompt,
    Record,
    RecordOperation,
    Ref,
    Request,
    RequestAction,
    Run,
    State,
    Step,
    Transition,
    callee,
    lookups,
    prompts_of,
    runs,
    targets,
)
from ivrflow.model.given import as_prompt
from ivrflow.model.inherit import Visible, visible
from ivrflow.model.records import yields
from ivrflow.model.schedule import Schedule

STRING = Type(name=T.STRING)
DIGITS = Type(name=T.DIGITS)
SCHEDULE = Type(name=T.SCHEDULE)
INTEGER = Type(name=T.INTEGER)

DOMAINS = ("pstn", "app", "sip", "conference")
"""Where callers can be."""

CALL = Type(
    name=T.OBJECT,
    properties={
        "id": STRING,
        "from": Type(name=T.PHONE, nullable=True),
        "user": Type(name=T.STRING, nullable=True),
        "to": STRING,
        "domain": Type(name=T.STRING, enum=DOMAINS),
        "headers": Type(name=T.OBJECT, of=Type(name=T.STRING, nullable=True)),
        "custom": STRING,
        "region": STRING,
    },
)
"""What `call` holds; see the language's Names."""

WORDS = {
    "call": CALL,
    "params": Type(name=T.OBJECT),
    "visits": Type(name=T.OBJECT),
    "input": STRING,
    "tries": INTEGER,
    "amd": STRING,
    "beeped": Type(name=T.BOOLEAN),
    "result": STRING,
    "reason": STRING,
    "legs": INTEGER,
    "signal": Type(name=T.OBJECT),
    "locale": STRING,
    "now": Type(name=T.INSTANT),
    "run": Type(name=T.OBJECT, properties={"id": STRING}),
}
"""What expressions see in every flow; each knows more of its `params` and `visits`."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What expressions can see: names with their types, and records that they can ask."""

    types: Mapping[str, Type | None]
    records: Mapping[str, Keyed]


@dataclass(frozen=True, eq=False)
class Application:
    """An application and its flows, those of the same name included; `shipped` are the flows of the
    library that they run, `library` the names of all that it has."""

    app: App
    flows: tuple[Flow, ...]
    platform: Platform
    shipped: Mapping[str, Flow] = field(default_factory=dict)
    library: tuple[str, ...] = ()

    @cached_property
    def all_flows(self) -> Mapping[str, Flow]:
        """Every flow that a call can come to, by name."""
        return {**self.shipped, **{flow.name: flow for flow in reversed(self.flows)}}

    @cached_property
    def visible(self) -> Mapping[str, Visible]:
        """What each flow can name."""
        return {name: visible(flow, self.app) for name, flow in self.all_flows.items()}

    @cached_property
    def contexts(self) -> Contexts:
        longest = self.platform.limits.park
        return explore(self.beginnings, self.all_flows, self.visible, longest)

    @cached_property
    def passing(self) -> Passing:
        return Passing(self.all_flows)

    @cached_property
    def waits(self) -> Costs:
        """How long look-ups take before one reply."""
        return Costs(self.passing, of_lookups(self.visible))

    @cached_property
    def passed(self) -> Costs:
        """How many states one reply passes."""
        return Costs(self.passing, of_states)

    @cached_property
    def around(self) -> Mapping[str, tuple[str, ...]]:
        """The longest row of flows, outermost first, that run each other and then each flow."""
        found: dict[str, tuple[str, ...]] = {flow.name: () for flow, _ in self.beginnings}
        for name in reversed(list(last_first(found, self.run_by))):
            for inner in self.run_by(name):
                known = found.get(inner, ())
                if len(found[name]) >= len(known) and inner not in (name, *found[name]):
                    found[inner] = (*found[name], name)
        return found

    def run_by(self, name: str) -> list[str]:
        """Return the flows that a flow runs."""
        flow = self.all_flows.get(name)
        return [] if flow is None else [each.flow.name for each in runs(flow)]

    @cached_property
    def domains(self) -> Mapping[str, frozenset[str]]:
        """Where the callers are that can come to each flow, as the routes let them."""
        found: dict[str, frozenset[str]] = {}
        for flow in self.entries:
            own = _domains(self.app.routes, flow.name)
            for name in last_first([flow.name], self.run_by):
                found[name] = found.get(name, frozenset()) | own
        return found

    @cached_property
    def beginnings(self) -> list[tuple[Flow, Context]]:
        """The flows in which calls begin, and in which context: incoming ones, and callouts."""
        answered = [self.all_flows[name] for name in sorted(self.called & self.all_flows.keys())]
        incoming = ((flow, Context.ICE) for flow in self.entries)
        return [*incoming, *((flow, Context.ANSWERED) for flow in answered)]

    @cached_property
    def called(self) -> set[str]:
        """The names of the flows that callouts run."""
        flows = self.all_flows.values()
        return {callee(each, flow) for flow in flows for each in flow.callouts.values()}

    @cached_property
    def rounds(self) -> Rounds:
        return Rounds(self.all_flows, self.visible, self.platform)

    @cached_property
    def bounds(self) -> Bounds:
        """How long calls last at most, in any of the locales in which they can be."""
        return self.bounds_in(self.locales)

    def bounds_in(self, locales: Mapping[str, frozenset[str]]) -> Bounds:
        """Return how long calls last at most that are in `locales`, by flow."""
        lengths = lengths_of(self.all_flows, self.visible, locales, self.app.locale)
        return Bounds(self.rounds, lengths)

    @cached_property
    def locales(self) -> Mapping[str, frozenset[str]]:
        """The locales in which calls can be in each flow: that in which they begin, or chosen."""
        chosen = chosen_locales(self.all_flows.values())
        begun: dict[str, frozenset[str]] = dict.fromkeys(self.all_flows, chosen)
        for flow, _ in self.beginnings:
            routed = {each.locale for each in self.app.routes if each.flow.name == flow.name}
            begun[flow.name] |= {each or flow.locale or self.app.locale for each in routed or {""}}
        for name in reversed(self.rounds.inner_first):
            for run in runs(self.all_flows[name]):
                if run.flow.name in begun:
                    begun[run.flow.name] |= begun[name]
        return begun

    @cached_property
    def entries(self) -> list[Flow]:
        """The flows in which incoming calls begin: those of the routes, and those that no other
        runs or calls out for."""
        routed = {route.flow.name for route in self.app.routes}
        used = {
            name
            for flow in self.all_flows.values()
            for name in (
                *(each.flow.name for each in runs(flow)),
                *(callee(each, flow) for each in flow.callouts.values()),
            )
            if name != flow.name
        }
        return [flow for flow in self.flows if flow.name in routed or flow.name not in used]


def _domains(routes: Sequence[Route], flow: str) -> frozenset[str]:
    """The domains of the calls that routes lead to a flow: all where none does, for it may be tried
    alone."""
    found: set[str] = set()
    taken: set[str] = set()
    for route in routes:
        own = {route.domain} if route.domain else set(DOMAINS)
        found |= own - taken if route.flow.name == flow else set()
        taken |= set() if route.numbers or route.prefixes else own
    return frozenset(found or DOMAINS)


@dataclass(frozen=True, eq=False)
class Subject:
    """One flow in its application."""

    flow: Flow
    application: Application

    @property
    def platform(self) -> Platform:
        return self.application.platform

    @property
    def app(self) -> App:
        return self.application.app

    @property
    def others(self) -> Mapping[str, Flow]:
        """The flows that this one can run, itself included."""
        return self.application.all_flows

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.flow, self.others, self.requests)

    @property
    def states(self) -> Mapping[str, State]:
        return self.flow.states

    @cached_property
    def reachable(self) -> set[str]:
        """The states that a call can come to; a misspelled one counts as the one that is meant, and
        an outcome that never happens as one that does: it is a finding already."""
        wanted = {move.next.name for move in self.moves() if move.next is not None}
        if self.flow.on.error is not None:
            wanted.add(self.flow.on.error.name)
        meant = {nearest(name, self.states) for name in wanted - self.states.keys()}
        never = {
            ref.name
            for state in self.states.values()
            for outcome, transition in state.on.by_outcome.items()
            if outcome not in self.graph.outcomes_of(state)
            for ref in targets(transition)
        }
        return self.graph.reachable({each for each in meant if each is not None} | never)

    @cached_property
    def visits(self) -> Visits:
        return self.application.contexts.visits_by_flow.get(self.flow.name, {})

    @cached_property
    def ways_by_state(self) -> dict[str, list[Way]]:
        return {name: list(self.graph.ways(state)) for name, state in self.states.items()}

    @cached_property
    def visible(self) -> Visible:
        """What the flow can name: its own, and what the application shares."""
        return visible(self.flow, self.app)

    @property
    def prompts(self) -> dict[str, DeclaredPrompt]:
        return self.visible.prompts

    @property
    def schedules(self) -> dict[str, Schedule]:
        return self.visible.schedules

    @property
    def records(self) -> dict[str, Record]:
        return self.visible.records

    @property
    def requests(self) -> dict[str, Request]:
        return self.visible.requests

    @cached_property
    def variables(self) -> dict[str, Type | None]:
        """Every variable with its type: the declared ones, and those that `into` declares.

        What several places put into one variable must have a type in common, else the first counts.
        """
        used: dict[str, Type | None] = {}
        for into, type_ in self.intos:
            known = used.get(into.name, type_)
            used[into.name] = known if known == type_ else either(known, type_) or known
        return used | {name: decl.type for name, decl in self.flow.vars.items()}

    @cached_property
    def intos(self) -> list[tuple[Ref, Type | None]]:
        """Every place where an action or a step on a record puts a value into a variable, with the
        value's type, None where it can't be told."""
        found: list[tuple[Ref, Type | None]] = []
        for state in self.states.values():
            digits = wanted_digits(state)
            if digits is not None and digits.into is not None:
                found.append((digits.into, DIGITS))
        for run in runs(self.flow):
            if run.into is not None:
                found.append((run.into, _returned(self.graph.returns_of(run))))
        for step in self.steps():
            if isinstance(step, RecordOperation) and step.into is not None:
                record = self.records.get(step.record.name)
                type_ = None if record is None else yields(step.operation, record)
                found.append((step.into, type_))
            elif isinstance(step, CalloutStep) and step.into is not None:
                found.append((step.into, Type(name=T.STRING, enum=FATES)))
        for each in lookups(self.flow):
            request = self.graph.request_of(each)
            if each.into is not None:
                given = Type(name=T.OBJECT) if request is None else request.answer
                found.append((each.into, given))
        return found

    @cached_property
    def scope(self) -> dict[str, Type | None]:
        """All that expressions can see; a variable hides a name of the language."""
        return {**self.names, **self.variables}

    @cached_property
    def sight(self) -> Sight:
        return Sight(self.scope, self.keyed)

    @cached_property
    def keyed(self) -> dict[str, Keyed]:
        """What expressions can ask of the records that the flow can use."""
        return {
            name: Keyed(key=each.key, is_queue=each.kind == "queue")
            for name, each in self.records.items()
        }

    @cached_property
    def names(self) -> dict[str, Type | None]:
        """What expressions can see, variables left out."""
        return {**dict.fromkeys(self.schedules, SCHEDULE), **self.words}

    @cached_property
    def words(self) -> dict[str, Type | None]:
        """What expressions can see that the language names, not the author."""
        params = {name: decl.type for name, decl in self.flow.params.items()}
        return {
            **WORDS,
            "params": Type(name=T.OBJECT, properties=params),
            "visits": Type(name=T.OBJECT, properties=dict.fromkeys(self.states, INTEGER)),
        }

    def transitions(self) -> Iterator[tuple[str, Transition]]:
        """Yield every transition that the author wrote, with the outcome that it is for."""
        yield from transitions_of(self.flow)

    def moves(self) -> Iterator[Move]:
        for _, transition in self.transitions():
            yield from transition

    def steps(self) -> Iterator[Step]:
        yield from steps_of(self.flow)

    def parts(self) -> Iterator[Part]:
        """Yield every part of every prompt of the flow, the declared ones included."""
        yield from self._parts

    @cached_property
    def _parts(self) -> tuple[Part, ...]:
        return tuple(part for prompt in self.all_prompts() for part in prompt)

    def asked(self, state: State) -> Iterator[Prompt]:
        """Yield what the action of `state` says, and what it gives another flow to say."""
        yield from action_prompts(state)
        if not isinstance(state.action, Run) or state.action.flow.name not in self.others:
            return
        params = self.others[state.action.flow.name].params
        for name, value in state.action.params.items():
            if name in params and params[name].type.name is T.PROMPT:
                with suppress(ValueError):  # told by a rule of its own
                    yield as_prompt(value)

    def all_prompts(self) -> Iterator[Prompt]:
        for declared in self.flow.prompts.values():
            yield from declared.by_locale.values()
        for state in self.states.values():
            yield state.prompt
            yield from self.asked(state)
        for move in self.moves():
            yield move.prompt
        yield from prompts_of(self.steps())


def declared_parts(prompts: Mapping[str, DeclaredPrompt]) -> Iterator[Part]:
    """Yield every part of declared prompts, in each of their locales."""
    for declared in prompts.values():
        for prompt in declared.by_locale.values():
            yield from prompt


def _returned(outcomes: Mapping[str, Mapping[str, Decl]]) -> Type:
    """What a flow gives: the values of its outcomes; what only some give may be null, what is a
    secret in one is one."""
    giving = [values for values in outcomes.values() if values]
    properties: dict[str, Type] = {}
    for values in giving:
        for name, decl in values.items():
            sure = all(name in each for each in giving)
            nullable = decl.type.nullable or not sure
            given = msgspec.structs.replace(decl.type, nullable=nullable)
            properties[name] = _more_secret(properties.get(name), given)
    return Type(name=T.OBJECT, properties=properties)


def _more_secret(one: Type | None, other: Type) -> Type:
    return other if one is None or keeps(other, one) else one


def action_prompts(state: State) -> Iterator[Prompt]:
    match state.action:
        case Menu(prompt=prompt, reprompt=reprompt):
            yield from (prompt, reprompt)
        case Collect(prompt=prompt, reprompt=reprompt, wrong=wrong):
            yield from (prompt, reprompt, wrong)
        case Park(intro=intro, prompt=prompt):
            yield from (intro, prompt)
        case RequestAction(meanwhile=prompt) | Hold(prompt=prompt):
            yield prompt
        case _:
            pass
