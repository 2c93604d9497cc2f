"""Calls that this process has in hand: their sessions, so that no turn needs to read the store."""

from collections import OrderedDict

import msgspec

from ivrflow.errors import StoreUnavailableError
from ivrflow.machine.outcome import Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.session import FORMAT, Session
from ivrflow.runtime.mailbox import Key
from ivrflow.store.base import KEPT, Place, Stored, Turn

MAX_LIVE = 50_000
"""Calls kept in hand; those that were quiet for longest are read again when they speak."""

FLAG_BY_VERDICT = {Verdict.MOVED: 0, Verdict.STALE: 1, Verdict.IGNORED: 2, Verdict.FAILED: 4}
RESCUED = 8
OFFERING = frozenset({FLAG_BY_VERDICT[Verdict.MOVED], FLAG_BY_VERDICT[Verdict.FAILED], RESCUED})
"""Flags of turns whose reply is an offer; that to a stale or ignored event repeats one."""

_decoder = msgspec.json.Decoder(Session)


class Live(msgspec.Struct):
    """One call: its session after `rev` turns, and what it was answered lately.

    `place` is None until its first turn is committed. `reply` is that of the current offer, due
    again when an older one is answered. `recent` are the keys of its last events, the oldest first;
    `answer` is what the last of them got. What the others got is in the store.
    """

    program: Program
    session: Session
    rev: int = 0
    place: Place | None = None
    reply: bytes = b""
    answer: bytes = b""
    recent: dict[bytes, None] = {}

    def is_last(self, key: bytes) -> bool:
        return bool(self.recent) and next(reversed(self.recent)) == key

    def take(self, turn: Turn, session: Session, place: Place) -> None:
        """Be the call after `turn`, which is committed."""
        if turn.reply and turn.flags in OFFERING:
            self.reply = turn.reply
        self.session, self.rev, self.place = session, turn.rev, place
        self.answer = turn.reply
        self.recent.pop(turn.key, None)
        self.recent[turn.key] = None
        if len(self.recent) > KEPT:
            del self.recent[next(iter(self.recent))]


class LiveCalls:
    """The calls in hand, by application and call id."""

    def __init__(self) -> None:
        self._calls: OrderedDict[Key, Live] = OrderedDict()

    def get(self, key: Key) -> Live | None:
        return self._calls.get(key)

    def put(self, key: Key, live: Live) -> None:
        self._calls[key] = live
        self._calls.move_to_end(key)
        if len(self._calls) > MAX_LIVE:
            self._calls.popitem(last=False)

    def drop(self, key: Key) -> None:
        self._calls.pop(key, None)


def revive(stored: Stored, session: bytes, program: Program) -> Live:
    """Return a call as it was stored, `session` unsealed.

    Raises `StoreUnavailableError` for a newer engine's form.
    """
    if stored.format > FORMAT:
        raise StoreUnavailableError(f"the call is stored in form {stored.format}, newer than ours")
    offers = [each.reply for each in stored.recent if each.reply and each.flags in OFFERING]
    return Live(
        program=program,
        session=_decoder.decode(session),
        rev=stored.rev,
        place=stored.place,
        reply=offers[-1] if offers else b"",
        answer=stored.recent[-1].reply,
        recent=dict.fromkeys(each.key for each in stored.recent),
    )
