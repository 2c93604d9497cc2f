"""Actions of the model as tables: what goes out as options, what comes back as digits."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from ivrflow.compiler.platform import Platform
from ivrflow.compiler.prompts import compile_prompt
from ivrflow.compiler.values import (
    bounds,
    condition,
    digits_fit,
    duration,
    given,
    how_many,
    plain,
    target,
    text,
    value,
)
from ivrflow.expr.types import T
from ivrflow.machine import program
from ivrflow.machine.replies import Key
from ivrflow.model import flow as model
from ivrflow.model.given import as_prompt, is_null

Handled = (
    model.Menu
    | model.Collect
    | model.Connect
    | model.Conference
    | model.Bridge
    | model.Park
    | model.Run
    | model.Return
    | model.Continue
    | model.Hangup
)
"""All actions but look-ups, which `ivrflow.compiler.requests` compiles, and holds, which depend on
their state."""

CompileTransition = Callable[[model.Transition], program.Transition]


@dataclass(frozen=True, slots=True)
class ActionCompiler:
    """Compiles the action of one state, which offers `keys`, among `flows` that it may run."""

    keys: tuple[model.Choice, ...]
    platform: Platform
    flows: Mapping[str, model.Flow]
    transition: CompileTransition

    def compile(self, action: Handled) -> program.Action:
        match action:
            case model.Menu():
                return self.menu(action)
            case model.Collect():
                return self.collect(action)
            case model.Connect():
                return self.connect(action)
            case model.Conference():
                return self.conference(action)
            case model.Park():
                return self.park(action)
            case model.Bridge(to=to):
                return program.Bridge(to=to)
            case _:
                return self.passing(action)

    def passing(
        self, action: model.Run | model.Return | model.Continue | model.Hangup
    ) -> program.Action:
        match action:
            case model.Run():
                return self.run(action)
            case model.Return():
                values = {name: value(each) for name, each in action.values.items()}
                return program.Return(name=action.name.name, values=values)
            case model.Continue():
                return program.Continue()
            case model.Hangup():
                return program.Hangup()

    def menu(self, menu: model.Menu) -> program.Menu:
        values = by_value(self.keys)
        digits = menu.extension
        retries = menu.retries
        return program.Menu(
            prompt=compile_prompt(menu.prompt, self.platform),
            reprompt=compile_prompt(menu.reprompt, self.platform),
            repeats=retries.together or 0,
            no_input=retries.no_input if retries.together is None else None,
            no_match=retries.no_match if retries.together is None else None,
            timeout=menu.timeout.milliseconds,
            barge=menu.barge,
            speech=menu.speech,
            offered=tuple(
                option(value, each)
                for value, each in values
                if not (digits and can_begin(each.key, digits))
            ),
            choice_by_value={value: self.choice(each) for value, each in values},
            choice_by_key={each.key: self.choice(each) for each in self.keys},
            extension=None if digits is None else wanted(digits),
        )

    def collect(self, collect: model.Collect) -> program.Collect:
        values = by_value(self.keys)
        return program.Collect(
            prompt=compile_prompt(collect.prompt, self.platform),
            reprompt=compile_prompt(collect.reprompt, self.platform),
            wrong=compile_prompt(collect.wrong, self.platform),
            digits=wanted(collect.digits),
            check=None if collect.check is None else condition(collect.check),
            retries=collect.retries,
            timeout=collect.timeout.milliseconds,
            barge=collect.barge,
            offered=tuple(option(value, each) for value, each in values),
            choice_by_value={value: self.choice(each) for value, each in values},
        )

    def choice(self, choice: model.Choice) -> program.Choice:
        return program.Choice(key=choice.key, transition=self.transition(choice.transition))

    def connect(self, connect: model.Connect) -> program.Connect:
        name = self.platform.insert_name
        return program.Connect(
            to=connect.to,
            target=target(connect.target, name),
            fenced=connect.to == "number" and "{{" in connect.target.source,
            cli=None if connect.cli is None else text(connect.cli, name),
            timeout=duration(connect.timeout),
            max_duration=duration(connect.max_duration),
            tones="" if connect.tones is None else connect.tones.source,
            dtmf=None if connect.dtmf is None else text(connect.dtmf, plain),
            headers={key: text(header, name) for key, header in connect.headers.items()},
            amd=connect.amd,
            hold_music=connect.hold_music,
            transport=connect.transport,
            callbacks=connect.callbacks,
        )

    def conference(self, conference: model.Conference) -> program.Conference:
        return program.Conference(
            id=text(conference.id, self.platform.insert_name),
            hold_music=cast(model.HoldMusic, conference.hold_music) or None,
            dtmf=conference.dtmf,
            max_digits=conference.max_digits,
            timeout=conference.timeout.milliseconds,
            max=None if conference.max is None else how_many(conference.max),
            start_on_enter=conference.start_on_enter,
            end_on_exit=conference.end_on_exit,
        )

    def run(self, run: model.Run) -> program.Run:
        types = {name: decl.type for name, decl in self.flows[run.flow.name].params.items()}
        heard = {
            name
            for name, each in run.params.items()
            if types[name].name is T.PROMPT and not is_null(each)
        }
        return program.Run(
            flow=run.flow.name,
            params={
                name: given(each, types[name])
                for name, each in run.params.items()
                if name not in heard
            },
            prompts={
                name: compile_prompt(as_prompt(run.params[name]), self.platform)
                for name in sorted(heard)
            },
            into=None if run.into is None else run.into.name,
        )

    def park(self, park: model.Park) -> program.Park:
        return program.Park(
            intro=compile_prompt(park.intro, self.platform),
            prompt=compile_prompt(park.prompt, self.platform),
            max_duration=duration(park.max_duration),
        )


def can_begin(key: str, digits: model.Digits) -> bool:
    """Whether a caller who dials `digits` may begin with `key`, so the menu must wait for more."""
    return digits_fit(digits).begins(key)


def by_value(choices: Iterable[model.Choice]) -> list[tuple[str, model.Choice]]:
    """Pair each choice with what it returns: its state's name where that tells it from the others,
    which reads well in logs and on the wire, else its key."""
    choices = list(choices)
    targets = [_target(choice) for choice in choices]
    return [
        (target if target and targets.count(target) == 1 else choice.key, choice)
        for target, choice in zip(targets, choices, strict=True)
    ]


def _target(choice: model.Choice) -> str:
    """The state that a choice leads to, whatever happens on the way; "" if that depends."""
    if len(choice.transition) != 1 or choice.transition[0].next is None:
        return ""
    return choice.transition[0].next.name


def option(value: str, choice: model.Choice) -> Key:
    return Key(key=choice.key, value=value, words=choice.words)


def wanted(digits: model.Digits) -> program.Digits:
    return program.Digits(
        bounds=bounds(digits),
        fits=digits_fit(digits).fits,
        into=None if digits.into is None else digits.into.name,
    )
