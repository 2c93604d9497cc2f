"""Making a turn: from an event and a call in hand to what the store commits.

Nothing here waits. It may run in the transaction of a store, in whichever thread that is, and more
than once: what it asked for and was told is kept by the event's arrival.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime

import msgspec

from ivrflow.callouts import Callout
from ivrflow.clock import as_exact_text, as_milliseconds
from ivrflow.jobs import Job
from ivrflow.machine.asking import answered
from ivrflow.machine.effects import Tell
from ivrflow.machine.events import Event, LegBridged, Unknown, identity
from ivrflow.machine.journal import journalled, masked_facts
from ivrflow.machine.lookups import BUDGET, Lookup, Pending
from ivrflow.machine.outcome import Answer, Facts, Join, Need, Question, Recorded, Step, Verdict
from ivrflow.machine.program import Program
from ivrflow.machine.raised import accept
from ivrflow.machine.session import FORMAT, Session
from ivrflow.machine.step import step
from ivrflow.pace import LONGEST_CALL
from ivrflow.runtime.callouts import Callouts
from ivrflow.runtime.live import FLAG_BY_VERDICT, RESCUED, Live, revive
from ivrflow.runtime.lookups import Told, looked_up
from ivrflow.runtime.mailbox import Key
from ivrflow.runtime.outbox import Outbox
from ivrflow.runtime.programs import Programs
from ivrflow.runtime.rescue import EMPTY
from ivrflow.runtime.vault import Vault
from ivrflow.sinch.render import render
from ivrflow.store.base import Draft, Records, Turn

_encoder = msgspec.json.Encoder()


class Arrival(msgspec.Struct):
    """An event that came at `at` and waits for its answer until the monotonic time `deadline`.

    `key` is the hash of its identity, known when its call is. `facts` are those that its turn has
    asked for so far; they are kept when the turn is run again. So are the answers of look-ups, by
    question: `told`. `patience` is how many seconds look-ups may still take. `kept` is the event as
    JSON for the journal, known when it has been stepped. `callout` is what the callout of the call
    becomes with this event, `verdict` what became of the event.
    """

    event: Event
    call: Key
    deadline: float
    at: datetime
    key: bytes = b""
    facts: Facts = Facts()
    kept: bytes = b""
    told: dict[bytes, Told] = {}
    patience: float = BUDGET / 1000
    callout: Callout | None = None
    verdict: Verdict | None = None

    def tell_time(self) -> str:
        """Return what time it is; the journal keeps that it was asked for."""
        now = as_exact_text(self.at)
        self.facts = msgspec.structs.replace(self.facts, now=now)
        return now


class _RecordsAskedError(Exception):
    """A turn asks for records where none are at hand."""


class Making(msgspec.Struct):
    """A turn of a call that is being made, once or, where a transaction was undone, again. `also`
    are the turns of other calls that come with it."""

    arrival: Arrival
    live: Live
    turn: Turn | None = None
    taken: Step | None = None
    also: tuple[Turn, ...] = ()

    def made(self) -> tuple[Turn, Step]:
        assert self.turn is not None  # noqa: S101  it is committed
        assert self.taken is not None  # noqa: S101
        return self.turn, self.taken


class Maker:
    """Makes the turns of calls. `identity_key` keys the hashes of their events; `who` names this
    process in the store."""

    def __init__(
        self,
        vault: Vault,
        callouts: Callouts,
        outbox: Outbox,
        programs: Programs,
        *,
        identity_key: bytes,
        who: str,
    ) -> None:
        self._vault = vault
        self._callouts = callouts
        self._outbox = outbox
        self._programs = programs
        self._identities = hashlib.blake2b(digest_size=16, key=identity_key)
        self._rooms = hashlib.blake2b(digest_size=12, key=identity_key, person=b"ivrflow room")
        self._who = who

    def key(self, event: Event, program: Program) -> bytes:
        """Return the hash of an event's identity."""
        keyed = (self._vault.identities if program.secret else self._identities).copy()
        keyed.update(identity(event).encode("utf-8", "surrogatepass"))
        return keyed.digest()

    def draft(self, making: Making) -> Draft:
        """Leave the turn to the transaction of the store."""

        def make(records: Records) -> Turn:
            turn = self.make(making, records)
            assert turn is not None  # noqa: S101  with records at hand there is nothing to wait for
            return turn

        app, call = making.arrival.call
        at = as_milliseconds(making.arrival.at)
        return Draft(app=app, call=call, at=at, make=make)

    def make(self, making: Making, records: Records | None) -> Turn | None:
        """Step and make the turn; None where it asks for records and none are at hand.

        Raises `AskFirstError` for what has to be looked up.
        """
        arrival, live = making.arrival, making.live

        def take(facts: Facts) -> Step | Need:
            return step(live.program, live.session, arrival.event, facts)

        making.also = ()
        try:
            answer = self._answers(making, records)
            found = answered(take, arrival.facts, arrival.tell_time, answer)
        except _RecordsAskedError:
            return None
        taken = found.taken
        reply = _reply(arrival.event, taken, live)
        _note(arrival, live, taken.verdict)
        shown = masked_facts(found.facts, found.asked)
        turn = self._as_turn(arrival, live, taken, reply, shown)
        making.turn = msgspec.structs.replace(turn, also=making.also) if making.also else turn
        making.taken = taken
        return making.turn

    def rescued(self, arrival: Arrival, live: Live, session: Session, body: bytes) -> Turn:
        """Return the turn that puts the rescue reply `body` in the place of one that was late."""
        if not arrival.kept:
            _note(arrival, live, Verdict.IGNORED)
        taken = Step(session=session, verdict=Verdict.MOVED)
        turn = self._as_turn(arrival, live, taken, body, arrival.facts)
        return msgspec.structs.replace(turn, flags=RESCUED, callouts=())

    def _answers(
        self, making: Making, records: Records | None
    ) -> Callable[[int, Question], Answer]:
        def answer(ordinal: int, question: Question) -> Answer:
            if isinstance(question, Lookup | Pending):
                return looked_up(making.arrival.told, ordinal, question)
            if records is None:
                raise _RecordsAskedError
            if isinstance(question, Join):
                return Recorded(self._join(making, question, records))
            return Recorded(records.perform(question))

        return answer

    def _join(self, making: Making, join: Join, records: Records) -> str:
        """Return the room where a leg and its parent talk, "" where the parent waits no more; what
        the parent becomes is committed with the leg's turn."""
        app = making.arrival.call[0]
        parent = app, join.parent
        stored = records.call(*parent)
        if stored is None or stored.over:
            return ""
        program = self._programs.at_hand(stored.program)
        live = revive(stored, self._vault.open(parent, stored.session), program)
        room = self._room(parent, join.leg)
        event = LegBridged(app=app, call=join.parent, leg=join.leg, room=room)
        step = accept(program, live.session, event)
        if step is None:
            return ""
        arrival = Arrival(event, parent, making.arrival.deadline, making.arrival.at)
        arrival.key = self.key(event, program)
        _note(arrival, live, step.verdict)
        making.also = (self._as_turn(arrival, live, step, b"", arrival.facts),)
        return room

    def _room(self, parent: Key, leg: int) -> str:
        """Return a name that nobody else can tell."""
        hashed = self._rooms.copy()
        name = "\x1f".join((*parent, str(leg)))
        hashed.update(name.encode("utf-8", "surrogatepass"))
        return f"ivrflow-{hashed.hexdigest()}"

    def _as_turn(
        self, arrival: Arrival, live: Live, taken: Step, reply: bytes, facts: Facts
    ) -> Turn:
        at = as_milliseconds(arrival.at)
        app, call = arrival.call
        return Turn(
            app=app,
            call=call,
            rev=live.rev + 1,
            place=live.place,
            program=live.program.id,
            closure=live.program.closure,
            format=FORMAT,
            at=at,
            due=at + LONGEST_CALL,
            over=at if taken.session.over else 0,
            who=self._who,
            session=self._stored(arrival.call, live.program, taken.session),
            flags=FLAG_BY_VERDICT[taken.verdict],
            key=arrival.key,
            event=arrival.kept,
            facts=_encoder.encode(facts),
            reply=reply,
            callouts=self._callouts_of(arrival, at, taken),
            jobs=self._jobs_of(arrival, live.program, at, taken),
        )

    def _jobs_of(self, arrival: Arrival, program: Program, at: int, taken: Step) -> tuple[Job, ...]:
        if not taken.effects:
            return ()
        return tuple(self._outbox.asked(arrival.call, arrival.key, at, program, taken))

    def _callouts_of(self, arrival: Arrival, at: int, taken: Step) -> tuple[Callout, ...]:
        own = () if arrival.callout is None else (arrival.callout,)
        if not taken.effects:
            return own
        return (*own, *self._callouts.ordered(arrival.call, arrival.key, at, taken))

    def _stored(self, call: Key, program: Program, session: Session) -> bytes:
        content = _encoder.encode(session)
        return self._vault.seal(call, content) if program.secret else content


def _note(arrival: Arrival, live: Live, verdict: Verdict) -> None:
    """Note what the journal keeps of an event that came to `live`."""
    kept = journalled(arrival.event, live.program, live.session, verdict)
    arrival.kept = _encoder.encode(kept)


def _reply(event: Event, taken: Step, live: Live) -> bytes:
    """Return what the platform is answered, or told where it has not asked."""
    if taken.reply is not None:
        return render(taken.reply)
    for effect in taken.effects:
        if isinstance(effect, Tell):
            return render(effect.reply)
    if taken.verdict is Verdict.STALE:
        return live.reply
    return EMPTY if isinstance(event, Unknown) else b""
