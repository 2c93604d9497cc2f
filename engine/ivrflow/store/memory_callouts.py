"""Callouts in a dict."""

from collections.abc import Iterable, Iterator

from ivrflow.callouts import Callout, State
from ivrflow.errors import ConflictError
from ivrflow.store.base import CalloutFilter

BUSY = (State.PLACING, State.PLACED, State.LIVE)
"""States in which there may be a call."""


class MemoryCallouts:
    """Every callout of a store, by id, in the order in which they were added."""

    def __init__(self) -> None:
        self._rows: dict[str, Callout] = {}

    def put(self, callouts: Iterable[Callout]) -> None:
        """See `Store.put_callouts`."""
        before = dict(self._rows)
        try:
            for each in callouts:
                self._put(each)
        except ConflictError:
            self._rows = before
            raise

    def _put(self, callout: Callout) -> None:
        known = self._rows.get(callout.id)
        if callout.rev > 1:
            if known is None or known.rev + 1 != callout.rev:
                raise ConflictError(f"callout {callout.id} was changed by another")
            self._rows[callout.id] = callout
        elif known is None and not self._taken(callout):
            self._rows[callout.id] = callout

    def _taken(self, callout: Callout) -> bool:
        name = _key(callout)
        return bool(callout.key) and any(_key(each) == name for each in self._open())

    def get(self, id: str) -> Callout | None:
        return self._rows.get(id)

    def of(self, app: str, call: str) -> Callout | None:
        found = (each for each in self._open() if (each.app, each.call) == (app, call))
        return next(found, None)

    def due(self, at: int, limit: int) -> list[Callout]:
        due = [each for each in self._open() if each.due <= at]
        return sorted(due, key=lambda each: each.due)[:limit]

    def next_due(self) -> int | None:
        return min((each.due for each in self._open()), default=None)

    def busy(self) -> int:
        return sum(each.state in BUSY for each in self._rows.values())

    def _open(self) -> Iterator[Callout]:
        return (each for each in self._rows.values() if each.state is not State.OVER)

    def listed(self, only: CalloutFilter, before: str, limit: int) -> list[Callout]:
        rows = list(reversed(self._rows.values()))
        ids = [each.id for each in rows]
        start = ids.index(before) + 1 if before in ids else 0
        return [each for each in rows[start:] if _wanted(each, only)][:limit]

    def sweep(self, before: int, limit: int) -> int:
        old = [
            each.id
            for each in self._rows.values()
            if each.state is State.OVER and each.due < before
        ][:limit]
        for id in old:
            del self._rows[id]
        return len(old)


def _key(callout: Callout) -> tuple[str, str, str, str]:
    return callout.app, callout.flow, callout.name, callout.key


def _wanted(callout: Callout, only: CalloutFilter) -> bool:
    return all(
        not wanted or wanted == given
        for wanted, given in (
            (only.flow, callout.flow),
            (only.name, callout.name),
            (only.state, callout.state),
        )
    )
