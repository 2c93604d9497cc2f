"""Flows to programs. What runs is always compiled from the closure that the store keeps."""

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ivrflow.compiler.actions import ActionCompiler, by_value, option
from ivrflow.compiler.callouts import compile_callouts, compile_step
from ivrflow.compiler.closure import Closure, close, identify, open_closure, within
from ivrflow.compiler.platform import Platform
from ivrflow.compiler.prompts import compile_declared, compile_prompt
from ivrflow.compiler.records import compile_operation, compile_records
from ivrflow.compiler.requests import compile_request
from ivrflow.compiler.schedules import compile_schedules
from ivrflow.compiler.values import condition, duration, plain, target, text, value
from ivrflow.errors import ExpressionError, ProgramError
from ivrflow.expr.secrecy import is_secret
from ivrflow.expr.types import T, Type
from ivrflow.machine import program
from ivrflow.machine.environment import marked
from ivrflow.machine.opening import qualified
from ivrflow.machine.program import Program
from ivrflow.model import flow as model
from ivrflow.model.app import App
from ivrflow.model.inherit import Visible, handlers_of, keys_of, visible
from ivrflow.model.waiting import is_parked


def compile_flow(
    flow: model.Flow, app: App, platform: Platform, others: Mapping[str, model.Flow]
) -> Program:
    """Return the program of a flow in which `analyse` found no error; `others` are the flows that
    it can run."""
    return load_program(close(flow, app, others), platform)


def load_program(closure: bytes, platform: Platform) -> Program:
    """Return the program of a stored closure; raises `ProgramError` for bytes that are none."""
    try:
        return _program(closure, platform)
    except KeyError as error:
        raise ProgramError(f'"{error.args[0]}" is named and not there') from error
    except (msgspec.DecodeError, ExpressionError, ValueError) as error:
        raise ProgramError(str(error)) from error


def _program(closure: bytes, platform: Platform) -> Program:
    closed = open_closure(closure)
    sources = (closed.flow, *closed.flows.values())
    flows = {each.name: _compiler(each, closed, platform).flow() for each in sources}
    return Program(
        id=identify(closure),
        closure=closure,
        flow=flows[closed.flow.name],
        flows=flows,
        schedules=compile_schedules(closed.schedules, sources),
        secret=any(is_secret(each) for each in within(closed, Type)),
        dial_allow=closed.dial_allow,
        sorry=closed.sorry,
    )


def _compiler(source: model.Flow, closed: Closure, platform: Platform) -> "_Compiler":
    return _Compiler(
        source=source,
        closed=closed,
        platform=platform,
        records=compile_records(source, closed.records),
        visible=visible(source, closed),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiler:
    """Compiles the parts of one flow; `closed` is what it was closed with, `visible` what it can
    name, `records` those of that under the names by which the store keeps them."""

    source: model.Flow
    closed: Closure
    platform: Platform
    records: Mapping[str, program.DeclaredRecord]
    visible: Visible

    def flow(self) -> program.Flow:
        flow = self.source
        return program.Flow(
            name=flow.name,
            start=flow.start.name,
            locale=flow.locale,
            answer=flow.answer == "auto",
            known=frozenset(flow.params),
            params=self.defaults(flow.params),
            vars=self.defaults(flow.vars),
            secrets=frozenset(name for name, decl in flow.vars.items() if is_secret(decl.type)),
            prompts=compile_declared(self.visible.prompts, self.platform),
            records=self.records,
            callouts=compile_callouts(flow, self.closed.callees, self.platform),
            states={name: self.state(state) for name, state in flow.states.items()},
            on=self.outcomes(flow.on),
            keys={each.key: self.choice(each) for each in flow.on.keys},
            error=None if flow.on.error is None else flow.on.error.name,
        )

    def state(self, state: model.State) -> program.State:
        return program.State(
            name=state.name,
            steps=self.steps(state.steps),
            prompt=compile_prompt(state.prompt, self.platform),
            action=None if state.action is None else self.action(state, state.action),
            next=self.transition(state.next),
            on={
                name: self.transition(each)
                for name, each in handlers_of(self.source, state).items()
            },
            timers=tuple(self.timer(each) for each in state.timers),
        )

    def unjudged(self, name: str, source: model.Template) -> Type | None:
        """Return what a variable must be that is set to something which only a call can judge."""
        declared = self.source.vars.get(name)
        signalled = any("signal" in each.source for each in within(source, model.Text))
        return declared.type if declared is not None and signalled else None

    def timer(self, timer: model.Timer) -> program.Timer:
        time = duration(timer.time)
        assert time is not None  # noqa: S101  a timer without one is never built
        return program.Timer(time=time, every=timer.every, move=self.move(timer.move))

    def action(self, state: model.State, action: model.Action) -> program.Action:
        if isinstance(action, model.RequestAction):
            return compile_request(action, state, self.visible.requests, self.platform)
        keys = keys_of(self.source, state)
        if isinstance(action, model.Hold):
            return self.hold(state, action, keys)
        return ActionCompiler(keys, self.platform, self.closed.flows, self.transition).compile(
            action
        )

    def hold(
        self, state: model.State, hold: model.Hold, keys: tuple[model.Choice, ...]
    ) -> program.Hold:
        values = by_value(keys)
        return program.Hold(
            prompt=compile_prompt(hold.prompt, self.platform),
            every=hold.every.milliseconds,
            offered=tuple(option(value, each) for value, each in values),
            choice_by_value={value: self.choice(each) for value, each in values},
            parks=is_parked(self.source, state, self.platform.limits.park),
        )

    def choice(self, choice: model.Choice) -> program.Choice:
        return program.Choice(key=choice.key, transition=self.transition(choice.transition))

    def outcomes(self, handlers: model.Handlers) -> dict[str, program.Transition]:
        return {name: self.transition(each) for name, each in handlers.by_outcome.items()}

    def transition(self, transition: model.Transition) -> program.Transition:
        return tuple(self.move(move) for move in transition)

    def move(self, move: model.Move) -> program.Move:
        return program.Move(
            when=None if move.when is None else condition(move.when),
            steps=self.steps(move.steps),
            prompt=compile_prompt(move.prompt, self.platform),
            next=None if move.next is None else move.next.name,
        )

    def steps(self, steps: tuple[model.Step, ...]) -> tuple[program.Step, ...]:
        return tuple(self.step(step) for step in steps)

    def step(self, step: model.Step) -> program.Step:
        match step:
            case model.Set(name=name, value=source):
                return program.SetStep(
                    name=name, value=value(source), type=self.unjudged(name, source)
                )
            case model.PromptStep(prompt=prompt):
                return program.PromptStep(prompt=compile_prompt(prompt, self.platform))
            case model.LocaleStep(locale=locale):
                return program.LocaleStep(locale=text(locale, plain))
            case model.AnswerStep():
                return program.AnswerStep()
            case model.RecordStep():
                return self.record(step)
            case (
                model.RecordOperation()
                | model.CalloutStep()
                | model.EmitStep()
                | model.SignalStep()
                | model.ControlStep()
            ):
                return self.beyond(step)
            case model.StopRecordingStep():
                return program.StopRecordingStep()
            case model.SendDtmfStep(tones=tones):
                return program.SendDtmfStep(tones=text(tones, plain))
            case model.LogStep(text=line):
                return program.LogStep(text=text(line, plain))

    def beyond(
        self,
        step: model.RecordOperation
        | model.CalloutStep
        | model.EmitStep
        | model.SignalStep
        | model.ControlStep,
    ) -> program.Step:
        """Compile a step whose effect reaches beyond the call."""
        match step:
            case model.ControlStep():
                return self.control(step)
            case model.RecordOperation(record=record):
                return compile_operation(step, self.records[record.name])
            case model.CalloutStep():
                return compile_step(step, self.source, self.closed.callees)
            case model.EmitStep(event=event, data=data, to=to):
                return program.EmitStep(
                    event=event,
                    data={name: value(each) for name, each in data.items()},
                    to=self.closed.webhook if to is None else to.name,
                )
            case model.SignalStep(name=name, to=to, data=data):
                return program.SignalStep(
                    name=name, to=text(to, plain), data=None if data is None else value(data)
                )

    def control(self, step: model.ControlStep) -> program.ControlStep:
        meant = "" if step.who is None else step.who.source.strip()
        everybody = step.command == "kick_all" or meant == model.ALL
        return program.ControlStep(
            command=step.command,
            room=text(step.conference, self.platform.insert_name),
            who=None if everybody or step.who is None else text(step.who, plain),
            everybody=everybody,
            hold_music=step.hold_music,
        )

    def record(self, step: model.RecordStep) -> program.StartRecordingStep:
        return program.StartRecordingStep(
            to=target(step.to, self.platform.insert_url),
            credentials="" if step.credentials is None else marked(step.credentials.source),
            format=step.format,
            transcribe=step.transcribe,
        )

    def defaults(self, declared: dict[str, model.Decl]) -> dict[str, object]:
        return {name: self.default(decl) for name, decl in declared.items() if decl.has_default}

    def default(self, decl: model.Decl) -> object:
        own = decl.type.name is T.SCHEDULE and decl.default in self.source.schedules
        return qualified(self.source.name, str(decl.default)) if own else decl.default
