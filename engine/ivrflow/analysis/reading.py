"""What every expression of a flow reads, in the order in which it is evaluated."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import lru_cache

import msgspec

from ivrflow.analysis.assignment import (
    INPUT,
    Known,
    after_steps,
    anytime,
    change,
    entered,
    everything,
    later,
    moves,
    on_way,
    ways,
)
from ivrflow.analysis.decisions import Before, Decision
from ivrflow.analysis.faults import Fault, Sort, leak, scalar_span, span_of
from ivrflow.analysis.graph import ASIDE
from ivrflow.analysis.registry import Finding
from ivrflow.analysis.subject import SCHEDULE, WORDS, Application, Sight, Subject
from ivrflow.analysis.texts import Texts
from ivrflow.analysis.values import mismatch, no_number
from ivrflow.diagnostics import Related, Span, did_you_mean
from ivrflow.expr.relations import describe
from ivrflow.expr.secrecy import is_secret
from ivrflow.expr.types import T, Type
from ivrflow.machine.environment import WRITTEN
from ivrflow.model.app import Webhook
from ivrflow.model.flow import (
    Callout,
    CalloutStep,
    Collect,
    Conference,
    Connect,
    Constant,
    ControlStep,
    Decl,
    DeclaredPrompt,
    EmitStep,
    Hold,
    ListValue,
    LocaleStep,
    LogStep,
    Menu,
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
    SignalStep,
    State,
    Step,
    Template,
    Text,
    TextValue,
    Transition,
    callee,
)
from ivrflow.model.given import as_prompt, is_computed

SIGNALLED = "sent with a signal"
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
    reader = _read(subject)
    faults = (
        *reader.texts.found.values(),
        *request_faults(subject.flow.requests),
        *callout_faults(subject),
    )
    return (*faults, *_decided(subject, reader.texts))


@lru_cache(maxsize=1)
def _read(subject: Subject) -> "_Reader":
    found = entered(subject)
    reader = _Reader(subject)
    unreached = everything(subject)
    for state in subject.states.values():
        reader.state(state, found.get(state.name, unreached))
    for name in ASIDE:
        reader.transition(subject.flow.on.by_outcome.get(name, ()), anytime(subject))
    for declared in subject.flow.prompts.values():
        reader.texts.declared(declared, unreached)
    return reader


def _decided(subject: Subject, texts: Texts) -> Iterator[Fault]:
    """Tell of the conditions that are decided wherever they are asked, and in one way."""
    for span, decisions in texts.decisions.items():
        found = {None if each is None else each.holds for each in decisions}
        if len(found) == 1 and None not in found:
            first = next(each for each in decisions if each is not None)
            yield _fault(first, span, subject.flow.path)


def _fault(decided: Decision, span: Span, path: str) -> Fault:
    sort = Sort.ALWAYS if decided.holds else Sort.NEVER
    calls = "all other calls" if decided.holds else "these calls"
    why = f"the moves before it take {calls}" if decided.moves else decided.why
    related = tuple(Related(path, each, "it comes first") for each in decided.moves)
    return Fault(sort, span, f'"{decided.condition}" {sort} holds', why, related)


NOTHING = Known()


def is_private(webhook: Webhook | None) -> bool:
    """Whether nobody else can read what a webhook is sent; what is not there is told elsewhere."""
    return webhook is None or webhook.url.source.startswith("https://")


TypeOf = Callable[[Template], Type | None]


def typing_of(subject: Subject) -> TypeOf:
    """Return what gives the type of a value in `subject`, None where it can't be told: because of
    one of its `faults`, for example. What a step keeps is null nowhere if it is null on no way
    there."""
    texts, known, read = Texts(subject), everything(subject), _read(subject).kept

    def type_of(template: Template) -> Type | None:
        given, here = texts.value(template, known), read.get(span_of(template), ())
        if given is None or not here or any(each is None or each.nullable for each in here):
            return given
        return msgspec.structs.replace(given, nullable=False)

    return type_of


def prompt_faults(prompts: Mapping[str, DeclaredPrompt], names: Mapping[str, Type]) -> list[Fault]:
    """Return what is wrong with prompts that see `names` only: those of an application."""
    texts = Texts(None, names)
    for declared in prompts.values():
        texts.declared(declared, NOTHING)
    return list(texts.found.values())


def request_faults(requests: Mapping[str, Request]) -> list[Fault]:
    """Return what is wrong with the texts of requests, which see their parameters only."""
    found: list[Fault] = []
    for request in requests.values():
        texts = Texts(None, {name: decl.type for name, decl in request.params.items()})
        _request(texts, request)
        found += texts.found.values()
    return found


def callout_faults(subject: Subject) -> list[Fault]:
    """Return what is wrong with the texts of callouts, which see the parameters of the flow that
    they run; their conditions can ask records and schedules too."""
    found: list[Fault] = []
    for callout in subject.flow.callouts.values():
        flow = subject.others.get(callee(callout, subject.flow))
        if flow is not None:
            params = {name: decl.type for name, decl in flow.params.items()}
            texts, asking = Texts(None, params), Texts(None)
            asking.sight = Sight({**_askable(subject), **params}, subject.keyed)
            _callout(texts, asking, callout)
            found += (*texts.found.values(), *asking.found.values())
    return found


def _askable(subject: Subject) -> dict[str, Type | None]:
    """What the condition of a callout sees besides its parameters."""
    return {**dict.fromkeys(subject.schedules, SCHEDULE), "now": WORDS["now"]}


def _callout(texts: Texts, asking: Texts, callout: Callout) -> None:
    for text, use in (
        (callout.to, "dialled"),
        (callout.cli, "shown to the called party"),
        (callout.dtmf, "sent as tones"),
        (callout.key, "the key of a callout"),
    ):
        if text is not None:
            texts.text(_without_environment(text), NOTHING, use=use)
    texts.duration(callout.timeout, NOTHING)
    texts.duration(callout.max_duration, NOTHING)
    if callout.unless is not None:
        asking.expression(callout.unless, NOTHING)
    if callout.computed_hours is not None:
        given = asking.whole_or_text(callout.computed_hours, NOTHING)
        if given is not None and given.name is not T.SCHEDULE:
            message = f"a schedule is needed here, not {describe(given)}"
            asking.note(Fault(Sort.TYPE, scalar_span(callout.computed_hours.scalar), message))


@lru_cache(maxsize=1)
def shared_faults(application: Application) -> tuple[Fault, ...]:
    """Return what is wrong with the texts of the application's requests. As with `faults`, several
    rules ask."""
    return tuple(request_faults(application.app.requests))


def of_sort(found: Iterable[Fault], sort: Sort) -> Iterator[Finding]:
    for fault in found:
        if fault.sort is sort:
            yield Finding(fault.span, fault.message, fault.help, fault.related)


def _request(texts: Texts, request: Request) -> None:
    texts.text(_without_environment(request.url), NOTHING, use="part of an address")
    use = "" if request.url.source.startswith("https://") else IN_CLEAR
    for text in (*request.headers.values(), *(request.form or {}).values()):
        texts.text(_without_environment(text), NOTHING, use=use)
    if request.json is not None:
        _outgoing(texts, request.json, use)


def _outgoing(texts: Texts, template: Template, use: str) -> None:
    """Read a value that a request sends."""
    match template:
        case TextValue(text=text):
            given = texts.whole_or_text(_without_environment(text), NOTHING, use=use)
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
        self.kept: dict[Span, list[Type | None]] = {}

    def state(self, state: State, known: Known) -> None:
        known = self.steps(state.steps, known)
        self.texts.prompt(state.prompt, known)
        asking = self.asking(state, known)
        self.action(state, asking)
        for timer in state.timers:
            self.texts.duration(timer.time, asking)
        for way in ways(self.subject, state):
            begins = on_way(self.subject, state, way, known)
            self.transition(way.transition, begins, answered=way.answered)

    def transition(self, transition: Transition, known: Known, *, answered: bool = False) -> None:
        """Read moves; where somebody waits for an answer, that the last of them always holds need
        not be told: E204 asks for one without a condition."""
        for index, (move, asked, taken) in enumerate(moves(self.subject, transition, known)):
            if move.when is not None:
                last = answered and index + 1 == len(transition)
                self.texts.expression(move.when, asked, Before(known, transition[:index], last))
            self.texts.prompt(move.prompt, self.steps(move.steps, taken))

    def steps(self, steps: Iterable[Step], known: Known) -> Known:
        for step in steps:
            self.step(step, known)
            known = after_steps(self.subject, (step,), known)
        return known

    def step(self, step: Step, known: Known) -> None:
        match step:
            case Set():
                self.assignment(step, known)
            case PromptStep(prompt=prompt):
                self.texts.prompt(prompt, known)
            case LocaleStep(locale=text) | SendDtmfStep(tones=text) | LogStep(text=text):
                self.texts.text(text, known, use=USE_BY_STEP[type(step)])
            case RecordStep(to=target, credentials=credentials):
                self.texts.text(target, known, use="part of an address")
                if credentials is not None:
                    self.texts.credentials(credentials)
            case CalloutStep() | EmitStep() | SignalStep() | RecordOperation():
                self.beyond(step, known)
            case ControlStep(conference=room, who=who):
                self.texts.text(room, known, use="the name of a room")
                if who is not None:
                    self.texts.text(who, known, use="the id of a call")
            case _:
                pass

    def beyond(
        self, step: CalloutStep | EmitStep | SignalStep | RecordOperation, known: Known
    ) -> None:
        """Read a step whose effect outlives the call."""
        match step:
            case CalloutStep():
                self.callout(step, known)
            case EmitStep():
                self.emit(step, known)
            case SignalStep(to=to, data=data):
                self.texts.text(to, known, use="the id of a call")
                if data is not None:
                    self.sent(data, known, SIGNALLED)
            case RecordOperation(key=key, any=several, value=value):
                for template in (each for each in (key, several, value) if each is not None):
                    given = self.texts.value(template, known)
                    self.kept.setdefault(span_of(template), []).append(given)
                    if is_secret(given):
                        self.texts.note(leak(span_of(template), "kept in a record"))

    def emit(self, step: EmitStep, known: Known) -> None:
        use = "" if is_private(self.subject.app.webhook(step.to)) else IN_CLEAR
        for template in step.data.values():
            self.sent(template, known, use)

    def sent(self, template: Template, known: Known, use: str) -> None:
        """Read a value that goes with an event."""
        match template:
            case TextValue(text=text):
                given = self.texts.whole_or_text(text, known, use=use)
                if use and is_secret(given):
                    self.texts.note(leak(scalar_span(text.scalar), use))
                elif given is not None and given.name in (T.PROMPT, T.SCHEDULE):
                    message = f"{describe(given)} can't be sent"
                    self.texts.note(Fault(Sort.TYPE, scalar_span(text.scalar), message))
            case ListValue(items=items):
                for item in items:
                    self.sent(item, known, use)
            case ObjectValue(properties=properties):
                for each in properties.values():
                    self.sent(each, known, use)
            case Constant():
                pass

    def callout(self, step: CalloutStep, known: Known) -> None:
        subject = self.subject
        declared = subject.flow.callouts.get(step.callout.name)
        flow = None if declared is None else subject.others.get(callee(declared, subject.flow))
        if step.when is not None:
            given = self.texts.whole_or_text(step.when, known, use="a point in time")
            if given is not None and given.name is not T.INSTANT:
                message = f"a point in time is needed here, not {describe(given)}"
                self.texts.note(Fault(Sort.TYPE, scalar_span(step.when.scalar), message))
        sight = self.texts.sight
        self.texts.sight = Sight({**sight.types, **self.item(step, known)}, sight.records)
        self.given(step.params, {} if flow is None else flow.params, known)
        self.texts.sight = sight

    def item(self, step: CalloutStep, known: Known) -> dict[str, Type | None]:
        """Return what `item` is in a step for each item of a list."""
        if step.for_each is None:
            return {}
        given = self.texts.whole_or_text(step.for_each, known)
        if given is not None and given.name is not T.LIST:
            message = f"a list is needed here, not {describe(given)}"
            self.texts.note(Fault(Sort.TYPE, scalar_span(step.for_each.scalar), message))
        return {"item": None if given is None else given.of}

    def assignment(self, step: Set, known: Known) -> None:
        wanted = self.texts.variables.get(step.name)
        if step.name not in self.texts.variables:
            help = did_you_mean(step.name, self.texts.variables) or "declare it under `vars:`"
            message = f'no variable is called "{step.name}"'
            self.texts.note(Fault(Sort.UNKNOWN, step.at, message, help))
            return
        given = self.texts.value(step.value, known)
        wrong = mismatch(f'"{step.name}"', wanted, given)
        if wrong is not None:
            self.texts.note(Fault(Sort.ASSIGNMENT, step.at, *wrong))
        self.texts.exposed(step.name, wanted, given, step.at)

    def asking(self, state: State, known: Known) -> Known:
        """What is assigned where a state asks: when it asks again it sees what it heard."""
        secret = self.subject.graph.asks_secret(state)
        known = known.without(INPUT)
        return change(known, plain=False) if secret else known

    def action(self, state: State, known: Known) -> None:
        match state.action:
            case Menu(prompt=prompt, reprompt=reprompt):
                self.texts.prompt(prompt, known)
                self.texts.prompt(reprompt, known)
            case Collect() as collect:
                self.texts.number(collect.digits.computed_min, known)
                self.texts.number(collect.digits.computed_max, known)
                self.texts.prompt(collect.prompt, known)
                self.texts.prompt(collect.reprompt, known)
                heard = change(known.without(INPUT), assigned=known.assigned | {INPUT})
                self.texts.prompt(collect.wrong, heard)
                if collect.check is not None:
                    self.texts.expression(collect.check, heard)
            case Connect() as connect:
                self.connect(connect, known)
            case Conference() as conference:
                self.conference(conference, known)
            case Hold(prompt=prompt):  # said again when the event is gone
                self.texts.prompt(prompt, later(self.subject, state, known))
            case Park(intro=intro, prompt=prompt, max_duration=duration):
                self.texts.prompt(intro, known)
                self.texts.prompt(prompt, known)
                self.texts.duration(duration, known)
            case _:
                self.passing(state, known)

    def passing(self, state: State, known: Known) -> None:
        """Read an action that another flow or server has a part in."""
        match state.action:
            case RequestAction() as action:
                self.look_up(action, known)
                self.texts.prompt(action.meanwhile, later(self.subject, state, known))
            case Run() as run:
                self.run(run, known)
            case Return(name=name, values=values):
                self.given(values, self.subject.flow.returns.get(name.name, {}), known)
            case _:
                pass

    def run(self, run: Run, known: Known) -> None:
        flow = self.subject.others.get(run.flow.name)
        declared = {} if flow is None else flow.params
        heard = {
            name for name in run.params if name in declared and declared[name].type.name is T.PROMPT
        }
        for name in heard:
            with suppress(ValueError):  # that it is nothing to hear is a rule's to say
                self.texts.prompt(as_prompt(run.params[name]), known)
        rest = {name: each for name, each in run.params.items() if name not in heard}
        self.given(rest, declared, known)

    def conference(self, conference: Conference, known: Known) -> None:
        self.texts.text(conference.id, known, use="the name of a room")
        if conference.max is not None and "{{" in conference.max.source:
            self.texts.number(conference.max, known, "a number of participants")

    def look_up(self, action: RequestAction, known: Known) -> None:
        request = self.subject.graph.request_of(action)
        self.given(action.params, {} if request is None else request.params, known)

    def given(
        self, values: Mapping[str, Template], declared: Mapping[str, Decl], known: Known
    ) -> None:
        """Read what another flow gets; literals are judged where the declaration is known."""
        for name, template in values.items():
            wanted = declared[name].type if name in declared else None
            given = self.texts.value(template, known)
            wrong = mismatch(f'"{name}"', wanted, given) if is_computed(template) else None
            if wrong is not None:
                message, help = wrong
                help = no_number(wanted, template) or help
                self.texts.note(Fault(Sort.TYPE, span_of(template), message, help))
            self.texts.exposed(name, wanted, given, span_of(template))

    def connect(self, connect: Connect, known: Known) -> None:
        self.texts.text(connect.target, known, use="dialled")
        given = self.texts.whole_or_text(connect.target, known, use="dialled")
        if given is not None and given.nullable:
            span = scalar_span(connect.target.scalar)
            message = f"{describe(given)} can't be called: it may be null"
            help = "come here only `when` it is not none, or give a value with `| default(...)`"
            self.texts.note(Fault(Sort.TYPE, span, message, help))
        if connect.cli is not None:
            self.texts.text(connect.cli, known, use="shown to the called party")
        if connect.dtmf is not None:
            self.texts.text(connect.dtmf, known, use="sent as tones")
        for header in connect.headers.values():
            self.texts.text(header, known, use="a header of a call")
        self.texts.duration(connect.timeout, known)
        self.texts.duration(connect.max_duration, known)
