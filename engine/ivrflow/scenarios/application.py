"""The application that scenarios are about: its flows, and who answers their calls."""

from collections.abc import Callable
from datetime import date
from functools import cached_property
from pathlib import Path

from ivrflow.analysis.subject import Application
from ivrflow.checking import Checked, check_home
from ivrflow.compiler.platform import Platform
from ivrflow.diagnostics import Diagnostic
from ivrflow.errors import NothingToReadError
from ivrflow.library import Catalog, Library, alone, compile_catalog, unanswered
from ivrflow.machine.program import Program
from ivrflow.machine.routing import Route
from ivrflow.model.app import App
from ivrflow.scenarios.model import Scenario

NOTHING = Checked(app=App(), flows={}, shipped={}, wanted=frozenset(), diagnostics=(), texts={})
"""An application without a flow."""


class UnderTest:
    """An application, ready to be called if it has no errors. `spotted` returns a program that
    behaves the same, and is looked into."""

    def __init__(
        self,
        home: Path,
        checked: Checked,
        platform: Platform,
        spotted: Callable[[Program], Program],
    ) -> None:
        self.home = home
        self.checked = checked
        self.platform = platform
        self._spotted = spotted
        self._direct: dict[str, Library] = {}
        self._calling: dict[str, Library] = {}

    @property
    def application(self) -> Application:
        flows = tuple(self.checked.flows.values())
        return Application(self.checked.app, flows, self.platform, self.checked.shipped)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        return tuple(each for each in self.checked.diagnostics if each.is_error)

    def library(self, scenario: Scenario) -> Library:
        """Return who answers the call: what the routes say of a number that is dialled, else the
        flow that is tested, as its first route would have it. Where a scenario begins with a
        callout, nobody who calls in is answered."""
        if scenario.callout is not None:
            return self._called_out(scenario.callout.flow)
        if scenario.dialled and self._routed is not None:
            return self._routed
        if scenario.flow not in self._direct:
            self._direct[scenario.flow] = self._answered_by(scenario.flow)
        return self._direct[scenario.flow]

    def _called_out(self, flow: str) -> Library:
        if flow not in self._calling:
            self._calling[flow] = self._open(unanswered(self.checked, self.platform, flow))
        return self._calling[flow]

    def _answered_by(self, flow: str) -> Library:
        routes = self._routed.current.routes if self._routed is not None else ()
        found = next((route for route in routes if route.flow == flow), None)
        route = Route(flow=flow, params={}) if found is None else found
        return self._open(alone(self.checked, self.platform, route))

    @cached_property
    def _routed(self) -> Library | None:
        if not self.checked.app.routes:
            return None
        return self._open(compile_catalog(self.checked, self.platform))

    def _open(self, catalog: Catalog) -> Library:
        programs = {name: self._spotted(each) for name, each in catalog.programs.items()}
        spotted = Catalog(app=catalog.app, programs=programs, routes=catalog.routes)
        return Library(self.home, self.platform, spotted)


def open_application(
    home: Path, platform: Platform, spotted: Callable[[Program], Program], year: int
) -> UnderTest:
    """Return the application that lies in `home`, with the holidays of `year`."""
    try:
        _, checked = check_home(home, platform, today=date(year, 1, 1))
    except NothingToReadError:
        checked = NOTHING
    return UnderTest(home, checked, platform, spotted)
