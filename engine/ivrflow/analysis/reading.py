"""What every expression of a flow reads, in the order in which it is evaluated."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache

from ivrflow.analysis.assignment import (
    INPUT,
    PLAIN_INPUT,
    Names,
    after_steps,
    begun,
    entered,
    everything,
    moves,
    on_way,
)
from ivrflow.analysis.faults import Fault, Sort, leak, scalar_span, span_of
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.subject import Application, Subject
from ivrflow.analysis.texts import Texts
from ivrflow.analysis.values import mismatch
from ivrflow.diagnostics import did_you_mean
from ivrflow.expr.secrecy import is_secret
from ivrflow.expr.types import T, Type
from ivrflow.machine.environment import WRITTEN
from ivrflow.model.flow import (
    Collect,
    Conference,
    Connect,
    Constant,
    Decl,
    DeclaredPrompt,
    ListValue,
    LocaleStep,
    LogStep,
    Menu,
    Move,
    ObjectValue,
    Park,
    PromptStep,
    RecordOperation,
    RecordStep,
    Request,
    RequestAction,
    Return,
    Run,
    SendDtmfStep,
    Set,
    State,
    Step,
    Template,
    Text,
    TextValue,
)
from ivrflow.model.given import as_prompt, is_computed

IN_CLEAR = "sent but to an address that begins with https://"

USE_BY_STEP: Mapping[type, str] = {
    LocaleStep: "used as a locale",
    SendDtmfStep: "sent as tones",
    LogStep: "logged",
}
"""What a step does with its text, in words."""


@lru_cache(maxsize=1)
def faults(subject: Subject) -> tuple[Fault, ...]:
    """Return what is wrong with the expressions of a flow, one fault a place at most.

    Several rules ask for it in turn, so the last answer is kept.
    """
    assigned = entered(subject)
    reader = _Reader(subject)
    unreached = everything(subject)
    for state in subject.states.values():
        reader.state(state, assigned.get(state.name, unreached))
    for name in ("ended", "recording", "transcript"):
        for move in subject.flow.on.by_outcome.get(name, ()):
            reader.move(move, begun(subject))
    for declared in subject.flow.prompts.values():
        reader.texts.declared(declared, unreached)
    return (*reader.texts.found.values(), *request_faults(subject.flow.requests))


TypeOf = Callable[[Template], Type | None]


def typing_of(subject: Subject) -> TypeOf:
    """Return what gives the type of a value in `subject`, None where it can't be told: because of
    one of its `faults`, for example."""
    texts, assigned = Texts(subject), everything(subject)
    return lambda template: texts.value(template, assigned)


def prompt_faults(prompts: Mapping[str, DeclaredPrompt], names: Mapping[str, Type]) -> list[Fault]:
    """Return what is wrong with prompts that see `names` only: those of an application."""
    texts = Texts(None, names)
    for declared in prompts.values():
        texts.declared(declared, frozenset({PLAIN_INPUT}))
    return list(texts.found.values())


def request_faults(requests: Mapping[str, Request]) -> list[Fault]:
    """Return what is wrong with the texts of requests, which see their parameters only."""
    found: list[Fault] = []
    for request in requests.values():
        texts = Texts(None, {name: decl.type for name, decl in request.params.items()})
        _request(texts, request)
        found += texts.found.values()
    return found


@lru_cache(maxsize=1)
def shared_faults(application: Application) -> tuple[Fault, ...]:
    """Return what is wrong with the texts of the application's requests. As with `faults`, several
    rules ask."""
    return tuple(request_faults(application.app.requests))


def of_sort(found: Iterable[Fault], sort: Sort) -> Iterator[Finding]:
    for fault in found:
        if fault.sort is sort:
            yield Finding(fault.span, fault.message, fault.help)


def _request(texts: Texts, request: Request) -> None:
    texts.text(_without_environment(request.url), frozenset(), use="part of an address")
    use = "" if request.url.source.startswith("https://") else IN_CLEAR
    for text in (*request.headers.values(), *(request.form or {}).values()):
        texts.text(_without_environment(text), frozenset(), use=use)
    if request.json is not None:
        _outgoing(texts, request.json, use)


def _outgoing(texts: Texts, template: Template, use: str) -> None:
    """Read a value that a request sends."""
    match template:
        case TextValue(text=text):
            given = texts.whole_or_text(_without_environment(text), frozenset(), use=use)
            if use and is_secret(given):
                texts.note(leak(scalar_span(text.scalar), use))
        case ListValue(items=items):
            for item in items:
                _outgoing(texts, item, use)
        case ObjectValue(properties=properties):
            for each in properties.values():
                _outgoing(texts, each, use)
        case Constant():
            pass


def _without_environment(text: Text) -> Text:
    """Put words of the same length where a request may read the environment."""
    source = WRITTEN.sub(lambda found: "-" * len(found.group()), text.source)
    return Text(source=source, scalar=text.scalar)


class _Reader:
    """Reads expressions in the order in which they are evaluated."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.texts = Texts(subject)

    def state(self, state: State, assigned: Names) -> None:
        assigned = self.steps(state.steps, assigned)
        self.texts.prompt(state.prompt, assigned)
        self.action(state, self.asking(state, assigned))
        for way in self.subject.ways_by_state[state.name]:
            for move, here in moves(way.transition, on_way(way, assigned)):
                self.move(move, here)

    def move(self, move: Move, assigned: Names) -> None:
        if move.when is not None:
            self.texts.expression(move.when, assigned)
        self.texts.prompt(move.prompt, self.steps(move.steps, assigned))

    def steps(self, steps: Iterable[Step], assigned: Names) -> Names:
        for step in steps:
            self.step(step, assigned)
            assigned = after_steps((step,), assigned)
        return assigned

    def step(self, step: Step, assigned: Names) -> None:
        match step:
            case Set():
                self.assignment(step, assigned)
            case PromptStep(prompt=prompt):
                self.texts.prompt(prompt, assigned)
            case LocaleStep(locale=text) | SendDtmfStep(tones=text) | LogStep(text=text):
                self.texts.text(text, assigned, use=USE_BY_STEP[type(step)])
            case RecordStep(to=target, credentials=credentials):
                self.texts.text(target, assigned, use="part of an address")
                if credentials is not None:
                    self.texts.credentials(credentials)
            case RecordOperation(key=key, any=several, value=value):
                for template in (key, several, value):
                    if template is not None and is_secret(self.texts.value(template, assigned)):
                        self.texts.note(leak(span_of(template), "kept in a record"))
            case _:
                pass

    def assignment(self, step: Set, assigned: Names) -> None:
        wanted = self.texts.variables.get(step.name)
        if step.name not in self.texts.variables:
            help = did_you_mean(step.name, self.texts.variables) or "declare it under `vars:`"
            message = f'no variable is called "{step.name}"'
            self.texts.note(Fault(Sort.UNKNOWN, step.at, message, help))
            return
        given = self.texts.value(step.value, assigned)
        wrong = mismatch(f'"{step.name}"', wanted, given)
        if wrong is not None:
            self.texts.note(Fault(Sort.ASSIGNMENT, step.at, *wrong))
        self.texts.exposed(step.name, wanted, given, step.at)

    def asking(self, state: State, assigned: Names) -> Names:
        """What is assigned where a state asks: when it asks again it sees what it heard."""
        secret = self.subject.graph.asks_secret(state)
        return assigned - {PLAIN_INPUT} if secret else assigned

    def action(self, state: State, assigned: Names) -> None:
        match state.action:
            case Menu(prompt=prompt, reprompt=reprompt):
                self.texts.prompt(prompt, assigned)
                self.texts.prompt(reprompt, assigned)
            case Collect() as collect:
                self.texts.number(collect.digits.computed_min, assigned)
                self.texts.number(collect.digits.computed_max, assigned)
                self.texts.prompt(collect.prompt, assigned)
                self.texts.prompt(collect.reprompt, assigned)
                self.texts.prompt(collect.wrong, assigned | {INPUT})
                if collect.check is not None:
                    self.texts.expression(collect.check, assigned | {INPUT})
            case Connect() as connect:
                self.connect(connect, assigned)
            case Conference(id=room):
                self.texts.text(room, assigned, use="the name of a room")
            case RequestAction() as action:
                self.look_up(action, assigned)
            case Run() as run:
                self.run(run, assigned)
            case Return(name=name, values=values):
                self.given(values, self.subject.flow.returns.get(name.name, {}), assigned)
            case Park(intro=intro, prompt=prompt, max_duration=duration):
                self.texts.prompt(intro, assigned)
                self.texts.prompt(prompt, assigned)
                self.texts.duration(duration, assigned)
            case _:
                pass

    def run(self, run: Run, assigned: Names) -> None:
        flow = self.subject.others.get(run.flow.name)
        declared = {} if flow is None else flow.params
        heard = {
            name for name in run.params if name in declared and declared[name].type.name is T.PROMPT
        }
        for name in heard:
            with suppress(ValueError):  # that it is nothing to hear is a rule's to say
                self.texts.prompt(as_prompt(run.params[name]), assigned)
        rest = {name: each for name, each in run.params.items() if name not in heard}
        self.given(rest, declared, assigned)

    def look_up(self, action: RequestAction, assigned: Names) -> None:
        request = self.subject.graph.request_of(action)
        self.given(action.params, {} if request is None else request.params, assigned)
        self.texts.prompt(action.meanwhile, assigned - {INPUT})  # said again when the input is gone

    def given(
        self, values: Mapping[str, Template], declared: Mapping[str, Decl], assigned: Names
    ) -> None:
        """Read what another flow gets; literals are judged where the declaration is known."""
        for name, template in values.items():
            wanted = declared[name].type if name in declared else None
            given = self.texts.value(template, assigned)
            wrong = mismatch(f'"{name}"', wanted, given) if is_computed(template) else None
            if wrong is not None:
                self.texts.note(Fault(Sort.TYPE, span_of(template), *wrong))
            self.texts.exposed(name, wanted, given, span_of(template))

    def connect(self, connect: Connect, assigned: Names) -> None:
        self.texts.text(connect.target, assigned, use="dialled")
        if connect.cli is not None:
            self.texts.text(connect.cli, assigned, use="shown to the called party")
        if connect.dtmf is not None:
            self.texts.text(connect.dtmf, assigned, use="sent as tones")
        for header in connect.headers.values():
            self.texts.text(header, assigned, use="a header of a call")
        self.texts.duration(connect.timeout, assigned)
        self.texts.duration(connect.max_duration, assigned)
