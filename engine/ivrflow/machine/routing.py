"""Which flow answers an incoming call."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ivrflow.machine.events import Incoming


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Calls that `flow` answers. Empty `numbers`, `prefixes` and `domain` match every call.

    `numbers` are E.164 with `+`, `prefixes` their beginnings. `domain` is `pstn`, `app`, `sip` or
    `conference`. `params` are the flow's, `locale` ("": the flow's own) the call's.
    """

    flow: str
    numbers: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    domain: str = ""
    params: Mapping[str, object]
    locale: str = ""

    def matches(self, event: Incoming) -> bool:
        if self.domain and event.domain != self.domain:
            return False
        if not self.numbers and not self.prefixes:
            return True
        return event.called in self.numbers or event.called.startswith(self.prefixes)


def route(routes: Iterable[Route], event: Incoming) -> Route | None:
    """Return the first route that matches, or None: the call is for nobody."""
    return next((each for each in routes if each.matches(event)), None)
