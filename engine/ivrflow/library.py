"""The application in a directory, compiled; a broken edit leaves the last good state."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ivrflow.checking import Checked, check
from ivrflow.compiler.closure import within
from ivrflow.compiler.compile import compile_flow
from ivrflow.compiler.platform import Platform
from ivrflow.compiler.values import given_literal
from ivrflow.diagnostics import Diagnostic
from ivrflow.errors import NothingToReadError, StoreError, UsageError
from ivrflow.machine.environment import WRITTEN
from ivrflow.machine.program import Program
from ivrflow.machine.routing import Route
from ivrflow.model.app import App
from ivrflow.model.flow import Flow, Text, callee, runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """One good state of an application: the programs that new calls run on, and who gets which.
    `flows` are those that calls can come to, as they are written."""

    app: App
    programs: Mapping[str, Program]
    routes: tuple[Route, ...]
    flows: Mapping[str, Flow] = field(default_factory=dict, repr=False)

    @property
    def environment(self) -> set[str]:
        """The environment variables that programs and webhooks read."""
        texts = [program.closure.decode() for program in self.programs.values()]
        for webhook in self.app.webhooks.values():
            texts += [webhook.url.source, "" if webhook.secret is None else webhook.secret.source]
        return {name for text in texts for name in WRITTEN.findall(text)}

    @property
    def sent(self) -> set[str]:
        """Those of them that are sent to others than the platform: by look-ups and webhooks."""
        asked = [each for flow in self.flows.values() for each in flow.requests.values()]
        told = (*asked, *self.app.requests.values(), *self.app.webhooks.values())
        texts = (text.source for text in within(told, Text))
        return {name for text in texts for name in WRITTEN.findall(text)}


Judge = Callable[[Catalog], None]
"""Refuses flows that may not answer calls: raises `UsageError` or `StoreError`."""


class Library:
    """The application in a directory, as the server uses it.

    `current` is its last good state. `problem` tells why the directory isn't that any more, ""
    while it is.
    """

    def __init__(self, directory: Path, platform: Platform, current: Catalog) -> None:
        self.directory = directory
        self.platform = platform
        self.current = current
        self.problem = ""
        self._judges: list[Judge] = []

    @classmethod
    def open(cls, directory: Path, platform: Platform) -> "tuple[Library | None, Checked]":
        """Return the library and what was found; no library if the directory has errors."""
        checked = only_application(directory, platform)
        if not checked.is_good:
            return None, checked
        return cls(directory, platform, compile_catalog(checked, platform)), checked

    def accept(self, judge: Judge) -> None:
        """Have `judge` asked of all that is to answer calls.

        Raises what it raises of `current`; a later edit that it refuses is broken.
        """
        judge(self.current)
        self._judges.append(judge)

    def reload(self) -> tuple[Diagnostic, ...]:
        """Read the directory again. Errors leave `current` as it is and are returned."""
        try:
            checked = only_application(self.directory, self.platform)
            if checked.is_good:
                catalog = compile_catalog(checked, self.platform)
                for judge in self._judges:
                    judge(catalog)
                self.current, self.problem = catalog, ""
                return ()
        except (UsageError, NothingToReadError, StoreError) as error:
            self.problem = str(error)
            return ()
        errors = tuple(each for each in checked.diagnostics if each.is_error)
        self.problem = f"{len(errors)} errors, the first in {errors[0].path}"
        return errors


def only_application(directory: Path, platform: Platform) -> Checked:
    applications = check([directory], platform)
    if len(applications) > 1:
        raise UsageError(
            f"{directory} holds {len(applications)} applications: serve one of them, "
            "or give them one app.yaml above"
        )
    return applications[0]


def compile_catalog(checked: Checked, platform: Platform) -> Catalog:
    """Compile an application without errors; raises `UsageError` if no flow can answer calls."""
    routes = _routes(checked)
    begun = (*(route.flow for route in routes), *_calling(checked.all_flows.values()))
    programs = _compiled(checked, platform, begun)
    known = {name for program in programs.values() for name in program.flows}
    flows = {name: flow for name, flow in checked.all_flows.items() if name in known}
    return Catalog(app=checked.app, programs=programs, routes=routes, flows=flows)


def alone(checked: Checked, platform: Platform, route: Route) -> Catalog:
    """Compile the flow of a route, which answers every call, and those that its callouts need; the
    application has no errors."""
    programs = _compiled(checked, platform, (route.flow, *_calling(_met(checked, route.flow))))
    every = Route(flow=route.flow, params=route.params, locale=route.locale)
    return Catalog(app=checked.app, programs=programs, routes=(every,))


def unanswered(checked: Checked, platform: Platform, flow: str) -> Catalog:
    """Compile what the callouts of a flow need; nobody who calls is answered. The application has
    no errors."""
    programs = _compiled(checked, platform, _calling(_met(checked, flow)))
    return Catalog(app=checked.app, programs=programs, routes=())


def _compiled(checked: Checked, platform: Platform, names: Iterable[str]) -> dict[str, Program]:
    flows = checked.all_flows
    return {
        name: compile_flow(flows[name], checked.app, platform, flows)
        for name in dict.fromkeys(names)
    }


def _met(checked: Checked, flow: str) -> list[Flow]:
    """Return a flow and all that calls meet after it: those that it runs or lets call somebody."""
    found = {flow: checked.all_flows[flow]}
    left = list(found.values())
    for each in left:
        next_ = {one.flow.name for one in runs(each)}
        next_ |= {callee(one, each) for one in each.callouts.values()}
        new = {name: checked.all_flows[name] for name in sorted(next_ - found.keys())}
        found.update(new)
        left += new.values()
    return left


def _calling(flows: Iterable[Flow]) -> Iterator[str]:
    """Yield the names of flows that declare callouts, and of those that these run."""
    for flow in flows:
        for callout in flow.callouts.values():
            yield flow.name
            yield callee(callout, flow)


def _routes(checked: Checked) -> tuple[Route, ...]:
    if checked.app.routes:
        return tuple(
            Route(
                flow=each.flow.name,
                numbers=frozenset(each.numbers),
                prefixes=each.prefixes,
                domain=each.domain,
                params={
                    name: given_literal(value, checked.flows[each.flow.name].params[name].type)
                    for name, value in each.params.items()
                },
                locale=each.locale,
            )
            for each in checked.app.routes
        )
    run = {each.flow.name for flow in checked.flows.values() for each in runs(flow)}
    run |= {
        callee(each, flow)
        for flow in checked.flows.values()
        for each in flow.callouts.values()
        if callee(each, flow) != flow.name
    }
    alone = [name for name in checked.flows if name not in run]
    if len(alone) == 1:
        return (Route(flow=alone[0], params={}),)
    names = ", ".join(sorted(alone)) or "none"
    raise UsageError(
        f"which flow answers a call? write an app.yaml with routes (flows here: {names})"
    )
