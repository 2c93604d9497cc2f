"""What a state has from its flow, and a flow from its application, where they say nothing
themselves."""

from typing import Protocol

import msgspec

from ivrflow.model.flow import (
    Choice,
    Collect,
    DeclaredPrompt,
    Flow,
    Hold,
    Menu,
    Record,
    Request,
    State,
    Transition,
)
from ivrflow.model.schedule import Schedule

NOT_FOUND = "not_found"

INHERITED = ("no_input", "no_match", "invalid")
"""Outcomes whose handlers menus and collects inherit."""


class Visible(msgspec.Struct, frozen=True, kw_only=True):
    """What a flow can name, by name."""

    prompts: dict[str, DeclaredPrompt]
    schedules: dict[str, Schedule]
    records: dict[str, Record]
    requests: dict[str, Request]


class Shared(Protocol):
    """What flows share: an application, or what a program keeps of one."""

    @property
    def prompts(self) -> dict[str, DeclaredPrompt]: ...
    @property
    def schedules(self) -> dict[str, Schedule]: ...
    @property
    def records(self) -> dict[str, Record]: ...
    @property
    def requests(self) -> dict[str, Request]: ...


def visible(flow: Flow, app: Shared) -> Visible:
    """Return what `flow` can name: its own, which hide those of the same name in `app`."""
    return Visible(
        prompts=app.prompts | flow.prompts,
        schedules=app.schedules | flow.schedules,
        records=app.records | flow.records,
        requests=app.requests | flow.requests,
    )


def keys_of(flow: Flow, state: State) -> tuple[Choice, ...]:
    """Return the keys of a menu, hold or collect, its own first.

    Of the flow's keys a collect has `*` alone: a digit would be the first of the number asked for.
    """
    match state.action:
        case Menu(choices=own) | Hold(keys=own):
            offered = flow.on.keys
        case Collect(keys=own):
            offered = tuple(each for each in flow.on.keys if each.key == "*")
        case _:
            return ()
    taken = {choice.key for choice in own}
    return (*own, *(each for each in offered if each.key not in taken))


def handlers_of(flow: Flow, state: State) -> dict[str, Transition]:
    """Return the handlers of a state by outcome; those of the flow's `ended` come beside, later."""
    own = state.on.by_outcome
    if not isinstance(state.action, Menu | Collect):
        return own
    inherited = {name: each for name, each in flow.on.by_outcome.items() if name in INHERITED}
    return inherited | own


def outcome_by_status(request: Request, state: State) -> dict[str, str]:
    """Return the outcomes that status codes have in `state`: those that the request names, and
    `not_found` for 404 where the state handles it."""
    named = {code: each.name for code, each in request.status.items()}
    return {"404": NOT_FOUND, **named} if NOT_FOUND in state.on.by_outcome else named
