"""The canonical form of a program: all that it means, nothing of how it is laid out.

A closure holds the flow and what it inherits from its application. Places in files, comments,
titles, routes and environment values are left out, so two texts that mean the same give the same
bytes, and their hash names the program.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar, cast

import msgspec
from jinja2 import nodes

from ivrflow.expr.functions import record_of
from ivrflow.expr.parse import parse_expression, parse_text
from ivrflow.expr.types import T
from ivrflow.model.app import App
from ivrflow.model.flow import (
    PLACE,
    Decl,
    DeclaredPrompt,
    EmitStep,
    Expr,
    Flow,
    PlayPart,
    Record,
    RecordOperation,
    Request,
    Text,
    callee,
    lookups,
    runs,
)
from ivrflow.model.schedule import Schedule

FORMAT = 1

V = TypeVar("V", bound=msgspec.Struct)


class Closure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One flow with its application's share. `flows` are those that it runs, and they run in turn,
    by name; `callees` are the parameters of those that its callouts run. `prompts`, `schedules`,
    `records` and `requests` are those of the application in use. `webhook` is the application's
    only one, if events go to it unnamed; where webhooks are is not for calls to keep.

    Every field is written out, defaults too: an engine with other defaults reads the same meaning.
    """

    format: int
    flow: Flow
    flows: dict[str, Flow] = {}
    prompts: dict[str, DeclaredPrompt] = {}
    schedules: dict[str, Schedule] = {}
    records: dict[str, Record] = {}
    requests: dict[str, Request] = {}
    callees: dict[str, dict[str, Decl]] = {}
    webhook: str = ""
    dial_allow: tuple[str, ...] | None = None
    sorry: str = ""


def close(flow: Flow, app: App, others: Mapping[str, Flow]) -> bytes:
    """Return the closure of `flow` within `app`, as canonical JSON; `others` are the flows that it
    can run."""
    flows = {each.name: each for each in _run_by(flow, others)}
    prompts: dict[str, DeclaredPrompt] = {}
    schedules: dict[str, Schedule] = {}
    records: dict[str, Record] = {}
    requests: dict[str, Request] = {}
    for each in (flow, *flows.values()):
        played = _prompts_in_use(each, app)
        prompts |= played
        schedules |= _schedules_in_use(each, app, played)
        records |= _records_in_use(each, app)
        requests |= _requests_in_use(each, app)
    closure = Closure(
        format=FORMAT,
        flow=_meant(flow, app),
        flows={name: _meant(each, app) for name, each in sorted(flows.items())},
        prompts=prompts,
        schedules=schedules,
        records=records,
        requests=requests,
        callees={
            name: others[name].params
            for name in sorted(_called_by((flow, *flows.values())) & others.keys())
        },
        webhook=_only_webhook((flow, *flows.values()), app),
        dial_allow=app.dial_allow,
        sorry=app.sorry,
    )
    plain = _without_places(msgspec.to_builtins(closure, order="sorted"))
    return msgspec.json.encode(plain, order="sorted")


def _meant(flow: Flow, app: App) -> Flow:
    return msgspec.structs.replace(flow, title="", locale=flow.locale or app.locale)


def _run_by(flow: Flow, others: Mapping[str, Flow]) -> list[Flow]:
    """Return the flows that `flow` runs, directly or not."""
    found: dict[str, Flow] = {}
    todo = list(runs(flow))
    while todo:
        name = todo.pop().flow.name
        if name not in found and name != flow.name and name in others:
            found[name] = others[name]
            todo += runs(others[name])
    return list(found.values())


def _called_by(flows: Iterable[Flow]) -> set[str]:
    """Return the names of the flows that callouts run."""
    return {callee(each, flow) for flow in flows for each in flow.callouts.values()}


def _only_webhook(flows: Iterable[Flow], app: App) -> str:
    """Return the webhook that is meant where an event names none, "" if none is meant."""
    if len(app.webhooks) != 1:
        return ""
    unnamed = any(step.to is None for flow in flows for step in within(flow, EmitStep))
    return next(iter(app.webhooks)) if unnamed else ""


def open_closure(closure: bytes) -> Closure:
    """Return what `close` made; raises `msgspec.DecodeError` for anything else."""
    opened = msgspec.json.decode(closure, type=Closure)
    if opened.format != FORMAT:
        raise msgspec.ValidationError(f"a closure of form {opened.format}, not {FORMAT}")
    return opened


def identify(closure: bytes) -> str:
    """Return the program's id."""
    return "sha256:" + hashlib.sha256(closure).hexdigest()


def _prompts_in_use(flow: Flow, app: App) -> dict[str, DeclaredPrompt]:
    """The application's prompts that the flow plays, directly or not; all, if a name is computed.

    A prompt that the flow declares itself hides the application's of that name.
    """
    visible = {name: each for name, each in app.prompts.items() if name not in flow.prompts}
    in_use: dict[str, DeclaredPrompt] = {}
    wanted = {part.target.source for part in within(flow, PlayPart)}
    if any("{{" in name for name in wanted):
        return visible
    while wanted:
        name = wanted.pop()
        if name in visible and name not in in_use:
            in_use[name] = visible[name]
            wanted |= {part.target.source for part in within(visible[name], PlayPart)}
    return in_use


def _schedules_in_use(
    flow: Flow, app: App, prompts: Mapping[str, DeclaredPrompt]
) -> dict[str, Schedule]:
    """The application's schedules that expressions name; all, if the flow can be given one."""
    if not app.schedules or any(each.type.name is T.SCHEDULE for each in _declared(flow)):
        return app.schedules
    named = set().union(*(_names(each) for each in _expressions((flow, prompts))))
    named |= {each.hours.name for each in flow.callouts.values() if each.hours is not None}
    hidden = flow.schedules.keys()
    return {name: each for name, each in app.schedules.items() if name in named - hidden}


def _declared(flow: Flow) -> Iterator[Decl]:
    for declared in (flow.params, flow.vars, *flow.returns.values()):
        yield from declared.values()


def _expressions(value: object) -> Iterator[nodes.Expr]:
    for condition in within(value, Expr):
        yield parse_expression(condition.source)
    for text in within(value, Text):
        yield from (each for each in parse_text(text.source) if not isinstance(each, str))


def _calls(tree: nodes.Expr) -> list[nodes.Call]:
    inner = list(tree.find_all(nodes.Call))
    return [tree, *inner] if isinstance(tree, nodes.Call) else inner


def _names(tree: nodes.Expr) -> set[str]:
    found = {each.name for each in tree.find_all(nodes.Name)}
    return found | ({tree.name} if isinstance(tree, nodes.Name) else set())


def _records_in_use(flow: Flow, app: App) -> dict[str, Record]:
    """The application's records that the flow uses; its own hide those."""
    if not app.records:
        return {}
    used = {step.record.name for step in within(flow, RecordOperation)}
    used |= {record_of(call) for each in _expressions(flow) for call in _calls(each)}
    shared = app.records.items()
    return {name: each for name, each in shared if name in used and name not in flow.records}


def _requests_in_use(flow: Flow, app: App) -> dict[str, Request]:
    """The application's requests that the flow asks, but for those that it declares itself."""
    wanted = {each.request.name for each in lookups(flow)} - flow.requests.keys()
    return {name: app.requests[name] for name in sorted(wanted & app.requests.keys())}


def within(value: object, kind: type[V]) -> Iterator[V]:
    """Yield the structs of a kind that `value` holds."""
    if isinstance(value, kind):
        yield value
    elif isinstance(value, msgspec.Struct):
        for field in value.__struct_fields__:
            yield from within(getattr(value, field), kind)
    elif isinstance(value, dict):
        for item in value.values():
            yield from within(item, kind)
    elif isinstance(value, tuple):
        for item in value:
            yield from within(item, kind)


def _without_places(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_places(item) for key, item in value.items() if key != PLACE}
    if isinstance(value, list | tuple):
        return [_without_places(item) for item in cast(list[object], value)]
    return value
