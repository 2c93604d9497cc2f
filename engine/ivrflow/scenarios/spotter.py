"""Which moves a call takes and which prompts it hears, seen without the engine knowing.

A program that is looked into is the same tables with conditions that also take a note: the machine
asks a move whether it holds, and a part of a prompt whether it is said, and needs no code of its
own for this.
"""

from collections.abc import Mapping
from dataclasses import replace

from ivrflow.expr.compile import Scope, Value
from ivrflow.machine.program import (
    Choice,
    Collect,
    DeclaredPrompt,
    Flow,
    Hold,
    Menu,
    Move,
    Program,
    Prompt,
    State,
    Transition,
)

Hit = tuple[str, ...]
"""`move FLOW STATE OUTCOME NUMBER` (STATE "" for the flow's own), `prompt FLOW NAME LOCALE`."""


def timer(place: int) -> str:
    """Return the outcome of the timer at a place among those of its state."""
    return f"timer {place}"


class Spotter:
    """Notes what happens in the programs that it has spotted in."""

    def __init__(self) -> None:
        self.hits: set[Hit] = set()

    def __call__(self, program: Program) -> Program:
        flows = {name: self._flow(flow) for name, flow in program.flows.items()}
        return replace(program, flow=flows[program.flow.name], flows=flows)

    def _flow(self, flow: Flow) -> Flow:
        return replace(
            flow,
            states={name: self._state(flow.name, each) for name, each in flow.states.items()},
            on=self._outcomes(flow.name, "", flow.on),
            keys=self._choices(flow.name, "", flow.keys),
            prompts={
                name: self._prompt(flow.name, name, each) for name, each in flow.prompts.items()
            },
        )

    def _state(self, flow: str, state: State) -> State:
        action = state.action
        if isinstance(action, Menu):
            action = replace(
                action,
                choice_by_value=self._choices(flow, state.name, action.choice_by_value),
                choice_by_key=self._choices(flow, state.name, action.choice_by_key),
            )
        elif isinstance(action, Collect | Hold):
            choices = self._choices(flow, state.name, action.choice_by_value)
            action = replace(action, choice_by_value=choices)
        return replace(
            state,
            action=action,
            next=self._transition(flow, state.name, "next", state.next),
            on=self._outcomes(flow, state.name, state.on),
            timers=tuple(
                replace(each, move=self._move(each.move, ("move", flow, state.name, timer(n), "0")))
                for n, each in enumerate(state.timers)
            ),
        )

    def _choices(self, flow: str, state: str, choices: Mapping[str, Choice]) -> dict[str, Choice]:
        return {
            word: replace(each, transition=self._transition(flow, state, each.key, each.transition))
            for word, each in choices.items()
        }

    def _outcomes(
        self, flow: str, state: str, outcomes: Mapping[str, Transition]
    ) -> dict[str, Transition]:
        return {name: self._transition(flow, state, name, each) for name, each in outcomes.items()}

    def _transition(self, flow: str, state: str, outcome: str, moves: Transition) -> Transition:
        return tuple(
            self._move(move, ("move", flow, state, outcome, str(number)))
            for number, move in enumerate(moves)
        )

    def _move(self, move: Move, hit: Hit) -> Move:
        return replace(move, when=self._noting(move.when, hit))

    def _prompt(self, flow: str, name: str, prompt: DeclaredPrompt) -> DeclaredPrompt:
        audio = prompt.audio
        if audio is not None:
            return replace(prompt, audio=self._heard(audio, ("prompt", flow, name, "")))
        by_locale = {
            locale: self._parts(parts, ("prompt", flow, name, locale))
            for locale, parts in prompt.by_locale.items()
        }
        return replace(prompt, by_locale=by_locale)

    def _parts(self, parts: Prompt, hit: Hit) -> Prompt:
        return tuple(replace(part, when=self._noting(part.when, hit)) for part in parts)

    def _noting(self, when: Value | None, hit: Hit) -> Value:
        def holds(scope: Scope) -> object:
            held = when is None or when(scope)
            if held:
                self.hits.add(hit)
            return held

        return holds

    def _heard(self, value: Value, hit: Hit) -> Value:
        def given(scope: Scope) -> object:
            self.hits.add(hit)
            return value(scope)

        return given
