"""The flows that a rehearsed call is answered by: an application's, or one flow alone."""

from dataclasses import replace
from pathlib import Path

from ivrflow.checking import Checked
from ivrflow.errors import UsageError
from ivrflow.library import Catalog, Library, alone, only_application, unanswered
from ivrflow.machine.routing import Route
from ivrflow.model.flow import Flow
from ivrflow.sinch.platform import PLATFORM

ANY_NUMBER = "+46850000000"
"""What is dialled where every number is answered."""

SHORTEST_NUMBER = 12


def open_flows(
    path: Path, locale: str = "", *, is_called: bool = True
) -> tuple[Library | None, Checked]:
    """Return the library of a directory, or of one flow's file, and what was found.

    No library if there are errors. With `locale` calls are in that language, whatever routes say.
    A flow that nobody calls, unless `is_called`, may want parameters. Raises `UsageError` for what
    can't answer a call.
    """
    library, checked = (
        Library.open(path, PLATFORM) if path.is_dir() else _open_flow(path, is_called=is_called)
    )
    if library is not None and locale:
        catalog = library.current
        routes = tuple(replace(each, locale=locale) for each in catalog.routes)
        library.current = replace(catalog, routes=routes)
    return library, checked


def usual_path() -> Path:
    """Return where the flows are if nobody says it: in `flows/` if there is one, else here."""
    return Path("flows") if Path("flows").is_dir() else Path()


def number_of(catalog: Catalog) -> str:
    """Return a number that the application answers."""
    if any(not (each.numbers or each.prefixes) for each in catalog.routes):
        return ANY_NUMBER
    first = catalog.routes[0]
    if first.numbers:
        return min(first.numbers)
    return first.prefixes[0].ljust(SHORTEST_NUMBER, "0")


def requests_of(checked: Checked) -> set[str]:
    """Return the names of all look-ups that the flows may make, the application's among them."""
    own = {name for flow in checked.all_flows.values() for name in flow.requests}
    return own | checked.app.requests.keys()


def _open_flow(file: Path, *, is_called: bool) -> tuple[Library | None, Checked]:
    checked = only_application(file, PLATFORM)
    if not checked.is_good:
        return None, checked
    name = next(iter(checked.wanted), "")
    if not name:
        raise UsageError(f"{file} is no flow; name a *.flow.yaml or its directory")
    flow = checked.flows[name]
    if not is_called:
        return Library(file.parent, PLATFORM, unanswered(checked, PLATFORM, name)), checked
    _require_no_params(flow)
    catalog = alone(checked, PLATFORM, Route(flow=name, params={}))
    return Library(file.parent, PLATFORM, catalog), checked


def _require_no_params(flow: Flow) -> None:
    missing = [name for name, each in flow.params.items() if not each.has_default]
    if missing:
        raise UsageError(
            f'"{flow.name}" wants {", ".join(missing)} of who runs it; call a flow that does'
        )
