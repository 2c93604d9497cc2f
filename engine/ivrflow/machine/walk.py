"""Walking a program from an outcome to the next action, collecting the reply on the way."""

from dataclasses import dataclass, replace

import msgspec

from ivrflow.errors import EvaluationError
from ivrflow.expr.compile import bounded_value
from ivrflow.machine import program
from ivrflow.machine.effects import Effect, Log
from ivrflow.machine.outcome import Facts, Step, Trace, Verdict
from ivrflow.machine.program import (
    AnswerStep,
    LocaleStep,
    LogStep,
    Move,
    Program,
    Prompt,
    PromptStep,
    RecordStep,
    SendDtmfStep,
    SetStep,
    State,
    StopRecordingStep,
    Transition,
)
from ivrflow.machine.replies import Action as ReplyAction
from ivrflow.machine.replies import (
    Answer,
    Audio,
    Instruction,
    Menu,
    Park,
    Part,
    Record,
    Reply,
    Say,
    SendDtmf,
    Ssml,
    StopRecording,
)
from ivrflow.machine.session import Failures, Frame, Session
from ivrflow.machine.speak import speak
from ivrflow.model.context import Context
from ivrflow.model.locales import is_locale

MAX_PASSING = 100
"""Passing states in one turn. Lint proves that they don't circle; this holds without lint."""


class FactMissingError(Exception):
    """The walk read a fact that it wasn't given."""

    def __init__(self, fact: str) -> None:
        super().__init__(fact)
        self.fact = fact


class Visits(dict[str, int]):
    """How often each state was entered; never entered is 0."""

    def __missing__(self, state: str) -> int:
        return 0


class Names(dict[str, object]):
    """What templates see. Lint proves that each has a value; reading one without is a fault."""

    def __missing__(self, name: str) -> object:
        if name == "now":
            raise FactMissingError(name)
        raise EvaluationError(f'"{name}" has no value yet')


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn begins with."""

    program: Program
    session: Session
    facts: Facts

    def after(self, **changes: object) -> "Turn":
        """This turn with some fields of its session changed."""
        return replace(self, session=msgspec.structs.replace(self.session, **changes))


class Walk:
    """One turn's working copy of a session. Nobody sees it before the turn is whole."""

    def __init__(self, turn: Turn, context: Context) -> None:
        session = turn.session
        frame = session.frame
        self.program = turn.program
        self.flow = turn.program.flow
        self.session = session
        self.context = context
        self.state = frame.state
        self.vars = dict(frame.vars)
        self.visits = Visits(frame.visits)
        self.locale = session.locale
        self.tries = session.tries
        self.failures = session.failures
        self.wait = session.wait
        self.instructions: list[Instruction] = []
        self.action: ReplyAction | None = None
        self.effects: list[Effect] = []
        self.visited: list[str] = []
        self.names = self._names(session, frame, turn.facts)

    def _names(self, session: Session, frame: Frame, facts: Facts) -> Names:
        call = session.call
        names = Names(self.vars)
        names["call"] = {
            "id": call.id,
            "from": call.caller,
            "to": call.called,
            "domain": call.domain,
            "headers": call.headers,
            "custom": call.custom,
            "region": call.region,
        }
        names["params"] = frame.params
        names["visits"] = self.visits
        names["locale"] = self.locale
        names["tries"] = self.tries
        names["amd"] = session.amd
        names["result"] = session.result
        names["reason"] = session.reason
        names["run"] = {"id": call.id}
        if facts.now:
            names["now"] = facts.now
        return names

    @property
    def current(self) -> State:
        """The state that the call is in."""
        return self._state(self.state)

    def _state(self, name: str) -> State:
        state = self.flow.states.get(name)
        if state is None:
            raise EvaluationError(f'there is no state "{name}"')
        return state

    def assign(self, name: str, value: object) -> None:
        self.vars[name] = self.names[name] = bounded_value(value)

    def say(self, prompt: Prompt) -> list[Part]:
        return speak(prompt, self.flow, self.names, self.locale) if prompt else []

    def go(self, transition: Transition) -> State | None:
        """Take the first move that holds, and on through passing states.

        Returns the state whose action is due, or None where the call stays as it is.
        """
        for _ in range(MAX_PASSING):
            move = self._first_that_holds(transition)
            if move is None:
                return None
            self.perform(move.steps)
            self.instructions += self.say(move.prompt)
            if move.next is None:
                return None
            state = self.enter(move.next)
            if state.action is not None:
                return state
            transition = state.next
        raise EvaluationError(f'passing states go round in a circle at "{self.visited[-1]}"')

    def _first_that_holds(self, transition: Transition) -> Move | None:
        for move in transition:
            if move.when is None or move.when(self.names):
                return move
        return None

    def enter(self, name: str) -> State:
        """Count the visit, run the state's steps and say its prompt."""
        state = self._state(name)
        self.visits[name] += 1
        self.visited.append(name)
        if state.action is not None:
            self._arrive(name)
        self.perform(state.steps)
        self.instructions += self.say(state.prompt)
        return state

    def _arrive(self, name: str) -> None:
        """Coming back to the waiting state one is in counts on; any other starts anew."""
        self.tries = self.tries + 1 if name == self.state else 1
        self.failures = Failures()
        self.state = name
        self.names["tries"] = self.tries

    def perform(self, steps: tuple[program.Step, ...]) -> None:
        for step in steps:
            self._perform(step)

    def _perform(self, step: program.Step) -> None:
        match step:
            case SetStep(name=name, value=value):
                self.assign(name, value(self.names))
            case PromptStep(prompt=prompt):
                self.instructions += self.say(prompt)
            case LocaleStep(locale=locale):
                self.locale = self._locale(str(locale(self.names)))
                self.names["locale"] = self.locale
            case AnswerStep():
                self.instructions.append(Answer())
            case RecordStep():
                self.instructions.append(self._record(step))
            case StopRecordingStep():
                self.instructions.append(StopRecording())
            case SendDtmfStep(tones=tones):
                self.instructions.append(SendDtmf(tones=str(tones(self.names))))
            case LogStep(text=text):
                line = str(text(self.names))
                self.effects.append(Log(flow=self.flow.name, state=self.state, text=line))

    def _locale(self, wanted: str) -> str:
        if not is_locale(wanted):
            raise EvaluationError(f'"{wanted}" is no locale')
        return wanted

    def _record(self, step: RecordStep) -> Record:
        target = str(step.to(self.names))
        if "://" not in target:
            raise EvaluationError(f'"{target}" is no place for a recording')
        return Record(
            to=target,
            credentials=step.credentials,
            format=step.format,
            transcribe=self.locale if step.transcribe == "" else step.transcribe or "",
        )

    def reply(self) -> Reply | None:
        """The reply as walked so far; None if no action was reached."""
        if self.action is None:
            return None
        instructions = tuple(self.instructions)
        if self.context is Context.ICE and self.flow.answer:
            instructions = _answered(instructions, self.action)
        return Reply(number=self.session.offer + 1, instructions=instructions, action=self.action)

    def frames(self) -> tuple[Frame, ...]:
        """The session's frames after this walk."""
        outer = self.session.frames[:-1]
        params = self.session.frame.params
        frame = Frame(
            flow=self.flow.name,
            state=self.state,
            vars=self.vars,
            params=params,
            visits=self.visits,
        )
        return (*outer, frame)

    def step(self, outcome: str) -> Step:
        """The turn that took `outcome` and ended in a reply."""
        session = msgspec.structs.replace(
            self.session,
            frames=self.frames(),
            locale=self.locale,
            context=self.context,
            wait=self.wait,
            offer=self.session.offer + 1,
            tries=self.tries,
            failures=self.failures,
        )
        return Step(
            session=session,
            verdict=Verdict.MOVED,
            reply=self.reply(),
            effects=tuple(self.effects),
            trace=Trace(outcome=outcome, visited=tuple(self.visited)),
        )


def _answered(
    instructions: tuple[Instruction, ...], action: ReplyAction
) -> tuple[Instruction, ...]:
    """An unanswered caller may not hear what is played: audible replies begin with `answer`."""
    audible = isinstance(action, Menu) or (
        isinstance(action, Park) and (action.intro or action.prompt)
    )
    audible = audible or any(isinstance(each, Say | Ssml | Audio) for each in instructions)
    if not audible or any(isinstance(each, Answer) for each in instructions):
        return instructions
    return (Answer(), *instructions)
