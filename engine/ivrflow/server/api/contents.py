"""The application that is served, as people look at it: its flows, records and schedules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from ivrflow.library import Catalog
from ivrflow.machine.calendar import Calendar
from ivrflow.machine.program import Program
from ivrflow.model.flow import Flow, Record

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a catalog holds, each in the order of its names: all flows that a call can come to, the
    programs of those in which one can begin, records by their store-wide and schedules by their
    qualified names."""

    flows: Mapping[str, Flow]
    programs: Mapping[str, Program]
    records: Mapping[str, Record]
    schedules: Mapping[str, Calendar]


class Shelf:
    """Keeps the contents of the catalog that was looked at last."""

    def __init__(self) -> None:
        self._last: tuple[Catalog, Contents] | None = None

    def of(self, catalog: Catalog) -> Contents:
        """Return the contents of a catalog."""
        if self._last is None or self._last[0] is not catalog:
            self._last = catalog, contents_of(catalog)
        return self._last[1]


def contents_of(catalog: Catalog) -> Contents:
    """Return what a catalog holds."""
    schedules: dict[str, Calendar] = {}
    for program in catalog.programs.values():
        schedules |= program.schedules
    own = {
        f"{flow.name}.{name}": record
        for flow in catalog.flows.values()
        for name, record in flow.records.items()
    }
    return Contents(
        flows=_sorted(catalog.flows),
        programs=catalog.programs,
        records=_sorted({**catalog.app.records, **own}),
        schedules=_sorted(schedules),
    )


class _Named(msgspec.Struct):
    name: str


class _Begun(msgspec.Struct):
    flow: _Named


def begun_by(closure: bytes | None) -> str:
    """Return the flow in which calls on a program begin, "" if nobody can tell."""
    try:
        return msgspec.json.decode(closure or b"", type=_Begun).flow.name
    except msgspec.DecodeError:
        return ""


def _sorted(values: Mapping[str, V]) -> dict[str, V]:
    return dict(sorted(values.items()))
