"""The application that scenarios are about: its flows, and who answers their calls."""

from collections.abc import Callable
from datetime import date
from functools import cached_property
from pathlib import Path

from ivrflow.analysis.subject import Application
from ivrflow.checking import Checked, check_home
from ivrflow.compiler.compile import compile_flow
from ivrflow.compiler.platform import Platform
from ivrflow.errors import UsageError
from ivrflow.library import Catalog, Library, compile_catalog
from ivrflow.machine.program import Program
from ivrflow.machine.routing import Route
from ivrflow.scenarios.model import Scenario

Watch = Callable[[Program], Program]
"""Returns a program that behaves the same and is watched."""


class UnderTest:
    """An application without errors, ready to be called. `watch` may look into its programs."""

    def __init__(self, home: Path, checked: Checked, platform: Platform, watch: Watch) -> None:
        self.home = home
        self.checked = checked
        self.platform = platform
        self._watch = watch
        self._direct: dict[str, Library] = {}

    @property
    def application(self) -> Application:
        flows = tuple(self.checked.flows.values())
        return Application(self.checked.app, flows, self.platform, self.checked.shipped)

    def library(self, scenario: Scenario) -> Library:
        """Return who answers the call: what the routes say of a number that is dialled, else the
        flow that is tested, as its first route would have it."""
        if scenario.dialled and self._routed is not None:
            return self._routed
        if scenario.flow not in self._direct:
            self._direct[scenario.flow] = self._answered_by(scenario.flow)
        return self._direct[scenario.flow]

    def _answered_by(self, flow: str) -> Library:
        routes = self._routed.current.routes if self._routed is not None else ()
        found = next((route for route in routes if route.flow == flow), None)
        params, locale = (found.params, found.locale) if found is not None else ({}, "")
        checked = self.checked
        program = compile_flow(
            checked.all_flows[flow], checked.app, self.platform, checked.all_flows
        )
        route = Route(flow=flow, params=params, locale=locale)
        programs = {flow: self._watch(program)}
        return self._open(Catalog(app=checked.app, programs=programs, routes=(route,)))

    @cached_property
    def _routed(self) -> Library | None:
        if not self.checked.app.routes:
            return None
        catalog = compile_catalog(self.checked, self.platform)
        programs = {name: self._watch(each) for name, each in catalog.programs.items()}
        return self._open(Catalog(app=catalog.app, programs=programs, routes=catalog.routes))

    def _open(self, catalog: Catalog) -> Library:
        return Library(self.home, self.platform, catalog)


def open_application(directory: Path, platform: Platform, watch: Watch, year: int) -> UnderTest:
    """Return the application that the files in `directory` belong to, with the holidays of `year`.

    Raises `NothingToReadError` if there is none, `UsageError` if it has errors.
    """
    home, checked = check_home(directory, platform, today=date(year, 1, 1))
    errors = [each for each in checked.diagnostics if each.is_error]
    if errors:
        first = errors[0]
        raise UsageError(
            f"{first.path}:{first.span.line}:{first.span.column}: {first.message} "
            f"({len(errors)} in all: see `ivrflow lint {home}`)"
        )
    return UnderTest(home, checked, platform, watch)
