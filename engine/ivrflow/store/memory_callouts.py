"""Callouts in a dict."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from ivrflow.callouts import Callout, State
from ivrflow.errands import leg_ended
from ivrflow.errors import ConflictError
from ivrflow.jobs import Job
from ivrflow.records import Ordered
from ivrflow.store.base import CalloutFilter

BUSY = (State.PLACING, State.PLACED, State.LIVE)
"""States in which there may be a call."""

Name = tuple[str, ...]


class MemoryCallouts:
    """Every callout of a store, by id, in the order in which they were added. Those that are not
    over are found by their keys and calls, too. `tell` adds jobs."""

    def __init__(self, tell: Callable[[Iterable[Job]], None]) -> None:
        self._tell = tell
        self._rows: dict[str, Callout] = {}
        self._open: dict[str, Callout] = {}
        self._by_key: dict[Name, Callout] = {}
        self._by_call: dict[Name, Callout] = {}

    def put(self, callouts: Sequence[Callout]) -> list[bool]:
        """See `Store.put_callouts`."""
        before: list[tuple[str, Callout | None]] = []
        kept: list[bool] = []
        try:
            for each in callouts:
                before.append((each.id, self._rows.get(each.id)))
                kept.append(self._put(each))
        except ConflictError:
            for id, known in reversed(before):
                self._set(id, known)
            raise
        self._tell(self._told(callouts, kept))
        return kept

    def _told(self, callouts: Sequence[Callout], kept: list[bool]) -> Iterator[Job]:
        """Yield what parents are told of legs that are over, or never began since their key is
        taken."""
        for callout, was_kept in zip(callouts, kept, strict=True):
            known = callout.id in self._rows
            over = callout.state is State.OVER if was_kept else not known
            if callout.parent and over:
                yield leg_ended(callout, kept=was_kept)

    def _put(self, callout: Callout) -> bool:
        known = self._rows.get(callout.id)
        if callout.rev > 1:
            if known is None or known.rev + 1 != callout.rev:
                raise ConflictError(f"callout {callout.id} was changed by another")
        elif known is not None or _key(callout) in self._by_key:
            return False
        self._set(callout.id, callout)
        return True

    def _set(self, id: str, callout: Callout | None) -> None:
        known = self._open.pop(id, None)
        if known is not None:
            self._by_key.pop(_key(known), None)
            self._by_call.pop(_call(known), None)
        if callout is None:
            self._rows.pop(id, None)
            return
        self._rows[id] = callout
        if callout.state is not State.OVER:
            self._add(callout)

    def _add(self, callout: Callout) -> None:
        self._open[callout.id] = callout
        if callout.key:
            self._by_key[_key(callout)] = callout
        if callout.call:
            self._by_call[_call(callout)] = callout

    def is_ordered(self, app: str, wanted: Ordered) -> bool:
        """Whether a callout of a key waits or is live."""
        return (app, wanted.flow, wanted.record, wanted.key) in self._by_key

    def get(self, id: str) -> Callout | None:
        return self._rows.get(id)

    def of(self, app: str, call: str) -> Callout | None:
        return self._by_call.get((app, call))

    def waiting(self, app: str, at: int, limit: int) -> list[Callout]:
        due = self._due(at, waiting=True)
        return [each for each in due if not each.parent and each.app == app][:limit]

    def waiting_legs(self, at: int) -> list[Callout]:
        return [each for each in self._due(at, waiting=True) if each.parent]

    def due(self, at: int, limit: int) -> list[Callout]:
        return self._due(at, waiting=False)[:limit]

    def _due(self, at: int, *, waiting: bool) -> list[Callout]:
        due = [each for each in self._open.values() if each.due <= at and _waits(each) == waiting]
        return sorted(due, key=lambda each: each.due)

    def next_due(self, dialled: Iterable[str]) -> int | None:
        apps = frozenset(dialled)
        counted = (
            each.due
            for each in self._open.values()
            if not _waits(each) or each.parent or each.app in apps
        )
        return min(counted, default=None)

    def busy(self) -> dict[str, int]:
        calling = {each.app for each in self._open.values() if _waits(each) and not each.parent}
        calls = Counter(each.app for each in self._open.values() if each.state in BUSY)
        return {app: calls[app] for app in sorted(calling)}

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


def _key(callout: Callout) -> Name:
    return callout.app, callout.flow, callout.name, callout.key


def _call(callout: Callout) -> Name:
    return callout.app, callout.call


def _waits(callout: Callout) -> bool:
    return callout.state is State.WAITING


def _wanted(callout: Callout, only: CalloutFilter) -> bool:
    return all(
        not wanted or wanted == given
        for wanted, given in (
            (only.flow, callout.flow),
            (only.name, callout.name),
            (only.state, callout.state),
        )
    )
