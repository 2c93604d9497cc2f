"""The states of a flow in regions, in the order in which they can be reckoned."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ivrflow.analysis.circles import Dominators, components, last_first
from ivrflow.analysis.patience.hops import Scene
from ivrflow.model.flow import targets

Region = tuple[str, ...]

BEGINNING: Region = ("",)
"""Where calls come from. No state is called so."""


@dataclass(frozen=True, eq=False)
class Plan:
    """The regions of a scene: states that lead to each other without a caller's choice."""

    scene: Scene

    @cached_property
    def regions(self) -> list[Region]:
        place = {name: at for at, name in enumerate(self.scene.flow.states)}
        found = components(place, self._onward)
        return [tuple(sorted(each, key=place.__getitem__)) for each in found]

    @property
    def looped(self) -> Iterator[Region]:
        """Yield the regions in which calls can come back to where they were."""
        return (each for each in self.regions if self.is_looped(each))

    @property
    def backwards(self) -> list[list[Region]]:
        """Return the regions, each after all that calls go on to from there.

        A caller who chooses what leads back to a region that every call has been in goes back; what
        leads round otherwise stands together.
        """
        passed = Dominators(BEGINNING, self._after)

        def onward(region: Region) -> list[Region]:
            return [each for each in self._after(region) if not passed.dominates(each, region)]

        return [each for each in components([BEGINNING], onward) if each != [BEGINNING]]

    def _after(self, region: Region) -> list[Region]:
        if region is BEGINNING:
            return self._first
        names = (name for each in region for name in (*self._onward(each), *self._chosen(each)))
        return [
            each
            for each in dict.fromkeys(map(self._region_of.__getitem__, names))
            if each != region
        ]

    @cached_property
    def _first(self) -> list[Region]:
        """The region in which a flow begins, and those that no call comes to from there."""
        start = self._region_of.get(self.scene.flow.start.name)
        first = [start] if start else []
        reached = set(last_first(first, self._after))
        for region in reversed(self.regions):
            if region not in reached:
                first.append(region)
                reached.update(last_first([region], self._after))
        return first

    @cached_property
    def _region_of(self) -> dict[str, Region]:
        return {name: each for each in self.regions for name in each}

    def is_looped(self, region: Region) -> bool:
        return len(region) > 1 or region[0] in self._onward(region[0])

    def _onward(self, name: str) -> list[str]:
        return self._successors.get(name, ([], []))[0]

    def _chosen(self, name: str) -> list[str]:
        return self._successors.get(name, ([], []))[1]

    @cached_property
    def _successors(self) -> dict[str, tuple[list[str], list[str]]]:
        """The states that each leads to: without a choice, and by one."""
        found: dict[str, tuple[list[str], list[str]]] = {}
        states = self.scene.flow.states
        for name, state in states.items():
            found[name] = ([], [])
            for leave in self.scene.leaves(state):
                known = (ref.name for ref in targets(leave.transition) if ref.name in states)
                found[name][leave.chosen].extend(known)
        return found
